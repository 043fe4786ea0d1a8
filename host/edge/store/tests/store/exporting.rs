//! Exported results.

use stratbox_domain::{Axis, AxisValues, ParamValue, Space};
use stratbox_metrics::MetricName;
use stratbox_store::{Batch, Format, StoreError, Trial};

use super::{Fixture, completed, experiment, key, settled, trial};

fn export(fixture: &Fixture, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    fixture.workspace.reader().unwrap().export(fixture.id, format, &mut out).unwrap();
    out
}

/// Header and records.
fn csv(fixture: &Fixture) -> (Vec<String>, Vec<Vec<String>>) {
    let text = export(fixture, Format::Csv);
    let mut reader = csv::Reader::from_reader(&*text);
    let fields = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
    let header = fields(reader.headers().unwrap());
    (header, reader.records().map(|record| fields(&record.unwrap())).collect())
}

/// A named cell of a record.
fn cell<'a>((header, records): &'a (Vec<String>, Vec<Vec<String>>), record: usize, name: &str) -> &'a str {
    &records[record][header.iter().position(|it| it == name).unwrap()]
}

#[test]
fn lines_have_parameters_and_metrics_as_objects() {
    let fixture = Fixture::with_results(10);
    let text = String::from_utf8(export(&fixture, Format::Jsonl)).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 10);
    let first = &lines[0];
    assert_eq!((&first["variant"], &first["strategy"]), (&0.into(), &"alpha".into()));
    assert_eq!(first["run_key"], key(0).to_string());
    assert_eq!(first["params"], serde_json::json!({ "length": 1, "mode": "=fast", "strict": false }));
    assert_eq!(first["metrics"].as_object().unwrap().len(), MetricName::ALL.len());
    assert_eq!(first["metrics"]["trades"].to_string(), "0");
    assert!(first["metrics"]["win_rate"].is_null() && first["fault_label"].is_null());
    assert_eq!((&lines[3]["outcome"], &lines[3]["fault_label"]), (&"faulted".into(), &"panic".into()));
    assert!(lines[3]["metrics"].is_null());
    assert_eq!((&lines[8]["interruption"], &lines[8]["fuel"]), (&"timeout".into(), &serde_json::Value::Null));
}

#[test]
fn tables_have_a_column_for_every_metric_and_parameter() {
    let table = csv(&Fixture::with_results(10));
    let fixed = [
        "variant",
        "iteration",
        "strategy",
        "run_key",
        "outcome",
        "fault_label",
        "fault_code",
        "fault_bar",
        "fault_message",
        "interruption",
        "fuel",
    ];
    let metrics = MetricName::ALL.map(MetricName::as_str);
    let params = ["param.length", "param.mode", "param.strict"];
    let expected: Vec<&str> = fixed.into_iter().chain(metrics).chain(params).collect();
    assert_eq!(table.0, expected);
    assert_eq!((cell(&table, 4, "param.length"), cell(&table, 4, "param.strict")), ("1", "false"));
    assert_eq!((cell(&table, 0, "total_return"), cell(&table, 0, "win_rate")), ("0.0", ""));
    assert_eq!((cell(&table, 3, "fault_bar"), cell(&table, 3, "total_return")), ("7", ""));
}

#[test]
fn text_that_a_spreadsheet_would_take_for_a_formula_is_defused_and_numbers_are_not() {
    let mut fixture = Fixture::with_results(5);
    fixture.commit(vec![trial(5, &completed(-0.5))]);
    let table = csv(&fixture);
    assert_eq!(cell(&table, 0, "param.mode"), "'=fast");
    assert_eq!(cell(&table, 2, "param.mode"), "slow");
    assert_eq!(cell(&table, 4, "param.mode"), "'-1");
    assert_eq!(cell(&table, 3, "fault_message"), "'=cmd(\"x\"), as it said");
    assert_eq!(cell(&table, 5, "total_return"), "-0.5");
}

#[test]
fn how_it_came_about_does_not_show() {
    let plain = Fixture::with_results(20);
    let mut other = Fixture::new();
    let id = other.id;
    // Another experiment, in another order, at other times, after retries, partly answered from the store.
    let other_id = other.another();
    for variant in (0..20).rev() {
        let trial = Trial {
            at: 1,
            attempts: 3,
            settled: "reproduced",
            reused: Some(id),
            fuel: if variant % 10 == 8 { 5 } else { 100 + variant },
            ..settled(variant)
        };
        other.writer.commit(other_id, &Batch { trials: vec![trial], ..Batch::default() }).unwrap();
    }
    let other = Fixture { id: other_id, ..other };
    for format in Format::ALL {
        assert!(export(&plain, *format) == export(&other, *format), "{format:?}");
    }
}

#[test]
fn strategies_with_different_parameters_share_a_table() {
    let mut experiment = experiment();
    let grid = |values| Space::grid(vec![Axis { name: "length".into(), values }]).unwrap();
    let lists = [ParamValue::Number(0.5), ParamValue::Integer(2)];
    let space = grid(AxisValues::List(lists.to_vec()));
    experiment.strategies[1].points = space.len();
    experiment.strategies[1].space = Some(space);
    let mut fixture = Fixture::of(&experiment);
    fixture.commit([0, 60, 61].map(settled).to_vec());
    let table = csv(&fixture);
    let lengths = [0, 1, 2].map(|record| cell(&table, record, "param.length"));
    assert_eq!(lengths, ["1.0", "0.5", "2.0"], "one type for all");
    assert_eq!(cell(&table, 1, "param.mode"), "");
}

#[test]
fn a_destination_that_takes_nothing_is_an_error_that_says_so() {
    /// A disk without room.
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let fixture = Fixture::with_results(10);
    let reader = fixture.workspace.reader().unwrap();
    for format in Format::ALL {
        let refused = reader.export(fixture.id, *format, Full).unwrap_err();
        assert!(refused.to_string().starts_with("the results cannot be written"), "{format:?}: {refused}");
        assert!(reader.export(fixture.id, *format, std::io::sink()).is_ok());
    }
}

#[test]
fn the_number_of_rows_that_were_written_is_told() {
    for n in [0, 10] {
        let fixture = Fixture::with_results(n);
        for format in Format::ALL {
            let reader = fixture.workspace.reader().unwrap();
            assert_eq!(reader.export(fixture.id, *format, std::io::sink()).unwrap(), n, "{format:?}");
        }
    }
}

#[test]
fn an_export_of_an_experiment_that_is_deleted_meanwhile_fails() {
    /// Deletes an experiment when the first bytes arrive.
    struct Deletes(Option<(stratbox_store::Writer, stratbox_store::ExperimentId)>);
    impl std::io::Write for Deletes {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if let Some((mut writer, id)) = self.0.take() {
                writer.delete(id).unwrap();
            }
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for format in Format::ALL {
        let mut fixture = Fixture::new();
        let rounds = (1..=150).flat_map(|iteration| (0..60).map(move |v| Trial { iteration, ..settled(v) }));
        fixture.commit(rounds.collect());
        let Fixture { dir: _dir, workspace, writer, id, lock } = fixture;
        drop(lock);
        let reader = workspace.reader().unwrap();
        assert_eq!(reader.export(id, *format, Deletes(None)).unwrap(), 9_000);
        let refused = reader.export(id, *format, Deletes(Some((writer, id)))).unwrap_err();
        assert!(matches!(refused, StoreError::Unknown { .. }), "{format:?}: {refused}");
    }
}

#[test]
fn formats_are_known_by_their_names() {
    for format in Format::ALL {
        assert_eq!(format.as_str().parse(), Ok(*format));
    }
    let message = "xlsx".parse::<Format>().unwrap_err().to_string();
    assert!(message.starts_with("`xlsx` is not a format of results: use one of `jsonl`, `csv`"), "{message}");
}

#[cfg(feature = "parquet")]
mod parquet {
    use super::*;
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::record::Field;

    fn read(bytes: Vec<u8>) -> (usize, Vec<Vec<(String, Field)>>) {
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        let rows = reader.get_row_iter(None).unwrap();
        let columns = |row: ::parquet::record::Row| {
            row.get_column_iter().map(|(name, field)| (name.clone(), field.clone())).collect()
        };
        (reader.num_row_groups(), rows.map(|row| columns(row.unwrap())).collect())
    }

    fn field<'a>(row: &'a [(String, Field)], name: &str) -> &'a Field {
        &row.iter().find(|(it, _)| it == name).unwrap().1
    }

    #[test]
    fn columns_have_types_and_what_is_not_there_is_null() {
        let (_, rows) = read(export(&Fixture::with_results(10), Format::Parquet));
        assert_eq!(rows.len(), 10);
        let row = &rows[7];
        assert_eq!(field(row, "variant"), &Field::Long(7));
        assert_eq!(field(row, "strategy"), &Field::Str("alpha".into()));
        assert_eq!(field(row, "param.length"), &Field::Long(2));
        assert_eq!(field(row, "param.mode"), &Field::Str("=fast".into()), "nothing is defused here");
        assert_eq!(field(row, "param.strict"), &Field::Bool(true));
        let super::super::Outcome::Completed(metrics) = completed(7.0 * 7_919.0 % 101.0 / 100.0) else {
            panic!("it completed")
        };
        assert_eq!(field(row, "total_return"), &Field::Double(metrics.total_return.value().unwrap()));
        assert_eq!((field(row, "trades"), field(row, "win_rate")), (&Field::Long(0), &Field::Null));
        assert_eq!(field(&rows[3], "fault_bar"), &Field::Long(7));
        assert_eq!((field(&rows[3], "trades"), field(&rows[8], "fuel")), (&Field::Null, &Field::Null));
    }

    #[test]
    fn an_experiment_without_results_is_a_table_without_rows() {
        let (groups, rows) = read(export(&Fixture::new(), Format::Parquet));
        assert_eq!((groups, rows.len()), (0, 0));
    }

    #[test]
    fn many_rows_are_written_in_groups_of_bounded_size() {
        let mut fixture = Fixture::new();
        let rounds = (1..=150).flat_map(|iteration| (0..60).map(move |v| Trial { iteration, ..settled(v) }));
        fixture.commit(rounds.collect());
        let (groups, rows) = read(export(&fixture, Format::Parquet));
        assert_eq!((groups, rows.len()), (2, 9_000));
        assert_eq!(field(&rows[8_999], "iteration"), &Field::Long(150));
    }
}
