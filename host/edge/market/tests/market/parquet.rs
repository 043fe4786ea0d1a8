//! Parquet files, as others write them.

use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use stratbox_domain::BarSource;
use stratbox_market::{Output, Packing, Source, check_file};

use crate::{DAY, Folder, YEAR_2020, at, bar, bars, shipped, symbols, with};

/// A column of a file.
#[derive(Clone)]
enum Values {
    Double(Vec<f64>),
    Float(Vec<f32>),
    Long(Vec<i64>),
    Int(Vec<i32>),
    Text(Vec<&'static str>),
}

#[derive(Clone)]
struct Column {
    name: &'static str,
    values: Values,
    logical: Option<LogicalType>,
    /// Which rows have a value, if some may lack one.
    present: Option<Vec<bool>>,
}

fn column(name: &'static str, values: Values) -> Column {
    Column { name, values, logical: None, present: None }
}

fn write(columns: &[Column], compression: Compression) -> Vec<u8> {
    let field = |column: &Column| {
        let physical = match column.values {
            Values::Double(_) => Physical::DOUBLE,
            Values::Float(_) => Physical::FLOAT,
            Values::Long(_) => Physical::INT64,
            Values::Int(_) => Physical::INT32,
            Values::Text(_) => Physical::BYTE_ARRAY,
        };
        let repetition = if column.present.is_some() { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        let field = Type::primitive_type_builder(column.name, physical).with_repetition(repetition);
        let (scale, precision) = match &column.logical {
            Some(LogicalType::Decimal(decimal)) => (decimal.scale, decimal.precision),
            _ => (-1, -1),
        };
        let field = field.with_scale(scale).with_precision(precision);
        Arc::new(field.with_logical_type(column.logical.clone()).build().unwrap())
    };
    let fields = columns.iter().map(field).collect();
    let schema = Arc::new(Type::group_type_builder("schema").with_fields(fields).build().unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for column in columns {
        let levels: Option<Vec<i16>> =
            column.present.as_ref().map(|present| present.iter().map(|is| i16::from(*is)).collect());
        let levels = levels.as_deref();
        let mut writer = group.next_column().unwrap().unwrap();
        match (writer.untyped(), &column.values) {
            (ColumnWriter::DoubleColumnWriter(writer), Values::Double(values)) => {
                writer.write_batch(values, levels, None)
            }
            (ColumnWriter::FloatColumnWriter(writer), Values::Float(values)) => {
                writer.write_batch(values, levels, None)
            }
            (ColumnWriter::Int64ColumnWriter(writer), Values::Long(values)) => {
                writer.write_batch(values, levels, None)
            }
            (ColumnWriter::Int32ColumnWriter(writer), Values::Int(values)) => {
                writer.write_batch(values, levels, None)
            }
            (ColumnWriter::ByteArrayColumnWriter(writer), Values::Text(values)) => {
                let values: Vec<ByteArray> = values.iter().map(|text| ByteArray::from(*text)).collect();
                writer.write_batch(&values, levels, None)
            }
            _ => panic!("a column of another type"),
        }
        .unwrap();
        writer.close().unwrap();
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}

/// Two days, as doubles and nanoseconds.
fn two_days() -> Vec<Column> {
    let mut time = column("timestamp", Values::Long(vec![YEAR_2020, YEAR_2020 + DAY]));
    time.logical = Some(LogicalType::timestamp(true, TimeUnit::NANOS));
    let numbers = [
        ("open", [10.0, 20.0]),
        ("high", [12.0, 22.0]),
        ("low", [9.0, 19.0]),
        ("close", [11.0, 21.0]),
        ("volume", [100.0, 100.0]),
    ];
    let numbers = numbers.map(|(name, values)| column(name, Values::Double(values.to_vec())));
    std::iter::once(time).chain(numbers).collect()
}

fn read(columns: &[Column], compression: Compression) -> Result<Vec<stratbox_domain::Bar>, String> {
    let folder = Folder::new();
    let source = folder.write("x.parquet", write(columns, compression));
    folder
        .open(&[source])
        .map(|dataset| bars(&dataset))
        .map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

#[track_caller]
fn is_two_days(columns: &[Column]) {
    let expected = [bar(0, YEAR_2020, 10.0), bar(0, YEAR_2020 + DAY, 20.0)];
    assert_eq!(read(columns, Compression::UNCOMPRESSED).unwrap(), expected);
}

#[test]
fn every_usual_compression_is_read() {
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(Default::default()),
        Compression::LZ4_RAW,
    ] {
        let expected = [bar(0, YEAR_2020, 10.0), bar(0, YEAR_2020 + DAY, 20.0)];
        assert_eq!(read(&two_days(), compression).unwrap(), expected, "{compression:?}");
    }
}

#[test]
fn times_are_read_in_every_unit_and_as_days_and_text() {
    let time = |values: Values, logical| Column { logical, ..column("date", values) };
    let millis = Values::Long(vec![YEAR_2020 / 1_000_000, (YEAR_2020 + DAY) / 1_000_000]);
    let seconds = Values::Long(vec![YEAR_2020 / 1_000_000_000, (YEAR_2020 + DAY) / 1_000_000_000]);
    for first in [
        time(millis.clone(), Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
        time(millis.clone(), Some(LogicalType::timestamp(false, TimeUnit::MILLIS))),
        time(millis, None),
        time(seconds, None),
        time(Values::Int(vec![18_262, 18_263]), Some(LogicalType::Date)),
        time(Values::Text(vec!["2020-01-01", "2020-01-02"]), Some(LogicalType::String)),
    ] {
        let mut columns = two_days();
        columns[0] = first;
        is_two_days(&columns);
    }
}

#[test]
fn a_timestamp_without_utc_is_of_the_zone() {
    let folder = Folder::new();
    let mut columns = two_days();
    columns[0].logical = Some(LogicalType::timestamp(false, TimeUnit::NANOS));
    let source = with(folder.write("x.parquet", write(&columns, Compression::SNAPPY)), |options| {
        options.timezone = Some("America/New_York".to_owned());
    });
    let dataset = folder.open(&[source]).unwrap();
    assert_eq!(dataset.span(), Some((at("2020-01-01T05:00:00Z"), at("2020-01-02T05:00:00Z"))));
}

#[test]
fn numbers_are_read_from_every_usual_type() {
    let mut columns = two_days();
    columns[5].values = Values::Long(vec![100, 100]);
    columns[1].values = Values::Float(vec![10.0, 20.0]);
    columns[2] = Column {
        logical: Some(LogicalType::decimal(2, 9)),
        ..column("high", Values::Int(vec![1_200, 2_200]))
    };
    columns[3].values = Values::Int(vec![9, 19]);
    is_two_days(&columns);
}

#[test]
fn columns_that_could_lack_values_and_do_not_are_read() {
    let mut columns = two_days();
    columns.iter_mut().for_each(|column| column.present = Some(vec![true, true]));
    is_two_days(&columns);
}

#[test]
fn a_value_that_is_lacking_is_told_with_row_and_column() {
    let mut columns = two_days();
    columns[4] = Column { present: Some(vec![true, false]), ..column("close", Values::Double(vec![11.0])) };
    assert_eq!(
        read(&columns, Compression::SNAPPY).unwrap_err(),
        "`x.parquet` row 2, column `close`: the cell is empty: fill it, or remove the row"
    );
}

#[test]
fn what_breaks_a_rule_is_told_with_row_and_column() {
    for (index, values, words) in [
        (
            2,
            vec![12.0, 18.0],
            "row 2, column `high`: high `18` is below low `19`: correct the row, or remove it",
        ),
        (1, vec![f64::NAN, 20.0], "row 1, column `open`: `NaN` is not finite: correct it, or remove the row"),
        (
            5,
            vec![-1.0, f64::INFINITY],
            "row 1, column `volume`: volume `-1` is negative: correct it (zero is allowed) (1 more row of the file breaks a rule)",
        ),
    ] {
        let mut columns = two_days();
        columns[index].values = Values::Double(values);
        assert_eq!(read(&columns, Compression::SNAPPY).unwrap_err(), format!("`x.parquet` {words}"));
    }
    let mut columns = two_days();
    columns[0].values = Values::Long(vec![YEAR_2020, YEAR_2020]);
    let said = read(&columns, Compression::SNAPPY).unwrap_err();
    assert!(
        said.starts_with("`x.parquet` row 2, column `timestamp`: `2020-01-01T00:00:00Z` is the time of"),
        "{said}"
    );
}

#[test]
fn a_column_of_the_wrong_type_is_told_with_its_type() {
    let mut columns = two_days();
    columns[1] = column("open", Values::Text(vec!["10", "20"]));
    assert_eq!(
        read(&columns, Compression::SNAPPY).unwrap_err(),
        "`x.parquet`, column `open`: the column holds BYTE_ARRAY, and numbers (DOUBLE, FLOAT, INT64 or INT32) was expected: \
         write it as that"
    );
    let mut columns = two_days();
    columns[0] = column("timestamp", Values::Double(vec![0.0, 1.0]));
    assert!(read(&columns, Compression::SNAPPY).unwrap_err().contains("the column holds DOUBLE"));
    let mut columns = two_days();
    columns.remove(3);
    let said = read(&columns, Compression::SNAPPY).unwrap_err();
    assert!(said.starts_with("`x.parquet`, column `low`: the header lacks this column"), "{said}");
}

#[test]
fn a_symbol_column_holds_several_instruments() {
    let folder = Folder::new();
    let mut columns = two_days();
    columns.push(Column {
        logical: Some(LogicalType::String),
        ..column("symbol", Values::Text(vec!["B", "A"]))
    });
    let dataset = folder.open(&[folder.write("x.parquet", write(&columns, Compression::SNAPPY))]).unwrap();
    assert_eq!(symbols(&dataset), ["B", "A"]);
}

#[test]
fn any_cut_or_flipped_byte_gets_an_answer() {
    let folder = Folder::new();
    let good = write(&two_days(), Compression::SNAPPY);
    for length in 0..good.len() {
        check_file(&folder.write("x.parquet", &good[..length])).unwrap_err();
    }
    for place in 4..good.len() {
        let mut bad = good.clone();
        bad[place] ^= 0x21;
        // Most are noticed; a flipped digit is another file.
        let _ = check_file(&folder.write("x.parquet", &bad));
    }
    assert_eq!(check_file(&folder.write("x.parquet", &good)).unwrap(), 2);
}

#[test]
fn bars_survive_being_written_in_every_form() {
    let folder = Folder::new();
    let one = folder.open(&[shipped("sp500-daily.csv")]).unwrap();
    let two = folder.open(&[shipped("sp500-daily.csv"), shipped("nasdaq-daily.csv")]).unwrap();
    for (name, output) in [
        ("sp500.csv", Output::Csv(Packing::None)),
        ("sp500.csv.gz", Output::Csv(Packing::Gzip)),
        ("sp500.csv.zst", Output::Csv(Packing::Zstd)),
        ("sp500.parquet", Output::Parquet),
    ] {
        assert_eq!(Output::of_name(name.as_ref()), Ok(output));
        for dataset in [&one, &two] {
            let path = folder.path().join(name);
            let written =
                dataset.view(None, None).write(output, &mut std::fs::File::create(&path).unwrap()).unwrap();
            assert_eq!(written, dataset.rows());
            assert_eq!(folder.open(&[Source::new(path)]).unwrap().digest(), dataset.digest(), "{name}");
        }
    }
    assert!(Output::of_name("a.xlsx".as_ref()).is_err());
}
