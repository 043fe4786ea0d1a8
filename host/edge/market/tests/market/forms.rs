//! Which files are read, and as what.

use stratbox_domain::BarSource;
use stratbox_market::{Dataset, DateFormat, Source, SourceOptions};

use crate::{DAY, Folder, YEAR_2020, bar, bars, shipped, symbols};

/// Two days of the plain form.
const PLAIN: &str = "timestamp,open,high,low,close,volume\n\
                     2020-01-01,10,12,9,11,100\n\
                     2020-01-02,20,22,19,21,100\n";

#[track_caller]
fn is_two_days(contents: impl AsRef<[u8]>) {
    let folder = Folder::new();
    let dataset = folder.open(&[folder.write("x.csv", contents)]).unwrap();
    assert_eq!(bars(&dataset), [bar(0, YEAR_2020, 10.0), bar(0, YEAR_2020 + DAY, 20.0)]);
}

#[test]
fn the_plain_form_is_read() {
    is_two_days(PLAIN);
}

#[test]
fn yahoo_s_form_is_read_without_its_adjusted_close() {
    let folder = Folder::new();
    let text =
        "Date,Open,High,Low,Close,Adj Close,Volume\n1/1/2020,10,12,9,11,5,100\n1/2/2020,20,22,19,21,x,100\n";
    let source = folder.write("x.csv", text);
    let options = SourceOptions { date_format: Some(DateFormat::MonthFirst), ..SourceOptions::default() };
    let dataset = folder.open(&[Source { options, ..source }]).unwrap();
    assert_eq!(bars(&dataset), [bar(0, YEAR_2020, 10.0), bar(0, YEAR_2020 + DAY, 20.0)]);
}

#[test]
fn columns_are_known_by_name_in_any_order_and_case() {
    is_two_days(
        "VOLUME,close,Low,High,Open,TimeStamp\n100,11,9,12,10,2020-01-01\n100,21,19,22,20,2020-01-02\n",
    );
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    is_two_days(format!("\u{feff}{PLAIN}"));
}

#[test]
fn all_line_ends_and_blank_lines_are_taken() {
    is_two_days(PLAIN.replace('\n', "\r\n"));
    is_two_days(PLAIN.replace('\n', "\r"));
    is_two_days(PLAIN.replace('\n', "\n\n"));
    is_two_days(PLAIN.trim_end());
}

#[test]
fn quotes_and_spaces_round_cells_are_taken() {
    is_two_days(PLAIN.replace(',', " , "));
    is_two_days(PLAIN.replace("2020-01-01,10", "\"2020-01-01\",\"10\"").replace("open", "\"open\""));
}

#[test]
fn a_symbol_column_holds_several_instruments_in_the_order_of_their_first_rows() {
    let folder = Folder::new();
    for header in ["symbol", "Instrument"] {
        let source = folder.write(
            "many.csv",
            format!(
                "timestamp,{header},open,high,low,close,volume\n\
                 2020-01-01,ZZZ,10,12,9,11,100\n\
                 2020-01-02,ZZZ,20,22,19,21,100\n\
                 2020-01-01,Abc,30,32,29,31,100\n"
            ),
        );
        let dataset = folder.open(&[source]).unwrap();
        assert_eq!(symbols(&dataset), ["ZZZ", "Abc"]);
        let expected = [bar(0, YEAR_2020, 10.0), bar(1, YEAR_2020, 30.0), bar(0, YEAR_2020 + DAY, 20.0)];
        assert_eq!(bars(&dataset), expected);
        assert_eq!(dataset.steps(), 2);
    }
}

#[test]
fn sources_are_merged_by_time_and_then_in_their_own_order() {
    let folder = Folder::new();
    let late = folder.write("late-daily.csv", PLAIN);
    let early = folder
        .write("early.csv", PLAIN.replace("2020-01-01", "2019-12-31").replace("2020-01-02", "2020-01-01"));
    let dataset = folder.open(&[late.clone(), early.clone()]).unwrap();
    assert_eq!(symbols(&dataset), ["LATE", "EARLY"]);
    let expected = [
        bar(1, YEAR_2020 - DAY, 10.0),
        bar(0, YEAR_2020, 10.0),
        bar(1, YEAR_2020, 20.0),
        bar(0, YEAR_2020 + DAY, 20.0),
    ];
    assert_eq!(bars(&dataset), expected);
    assert_eq!(dataset.steps(), 3);
    assert_eq!(symbols(&folder.open(&[early, late]).unwrap()), ["EARLY", "LATE"]);
}

#[test]
fn a_given_symbol_replaces_the_file_s_name() {
    let folder = Folder::new();
    let source = Source { symbol: Some("My Index".to_owned()), ..folder.write("x.csv", PLAIN) };
    assert_eq!(symbols(&folder.open(&[source]).unwrap()), ["My Index"]);
}

#[test]
fn the_shipped_files_are_twenty_years_of_days_each() {
    let folder = Folder::new();
    // 1999-01-04 and 2018-12-31.
    let span = (10_595 * DAY, 17_896 * DAY);
    for (name, symbol, first_open) in
        [("sp500-daily.csv", "SP500", 1_229.229_98), ("nasdaq-daily.csv", "NASDAQ", 2_207.540_039)]
    {
        let dataset = folder.open(&[shipped(name)]).unwrap();
        assert_eq!(symbols(&dataset), [symbol]);
        assert_eq!((dataset.rows(), dataset.steps(), dataset.span()), (5_031, 5_031, Some(span)));
        assert_eq!(dataset.bar(0).open.to_bits(), f64::to_bits(first_open));
    }
}

#[test]
fn the_shipped_files_merge_into_pairs_of_one_day() {
    let folder = Folder::new();
    let dataset = folder.open(&[shipped("sp500-daily.csv"), shipped("nasdaq-daily.csv")]).unwrap();
    assert_eq!((dataset.rows(), dataset.steps()), (10_062, 5_031));
    for pair in bars(&dataset).chunks(2) {
        assert_eq!((pair[0].instrument, pair[1].instrument, pair[0].time), (0, 1, pair[1].time));
    }
}

#[test]
fn a_file_of_several_sorted_parts_is_merged_to_the_same_bars_as_in_memory() {
    let folder = Folder::new();
    let rows = 100_000_u32;
    let mut text = "timestamp,symbol,open,high,low,close,volume\n".to_owned();
    let mut expected = Vec::new();
    for instrument in 0..2 {
        for row in 0..rows {
            let seconds = YEAR_2020 / 1_000_000_000 + i64::from(row) * 60;
            let price = f64::from(10 + row % 7 + instrument);
            text += &format!(
                "{seconds},S{instrument},{price},{},{},{},100\n",
                price + 2.0,
                price - 1.0,
                price + 1.0
            );
            expected.push(bar(instrument, seconds * 1_000_000_000, price));
        }
    }
    let dataset = folder.open(&[folder.write("x.csv", text)]).unwrap();
    let memory = Dataset::from_bars(dataset.instruments().to_vec(), expected).unwrap();
    assert_eq!((dataset.rows(), dataset.digest()), (memory.rows(), memory.digest()));
    assert_eq!(folder.cached().len(), 1, "nothing else stays in the cache");
}
