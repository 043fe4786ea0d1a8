//! What is not read, and how it is said. Every refused file differs in one place from one that is read.

use stratbox_domain::{Bar, Instrument};
use stratbox_market::{Dataset, Source};

use crate::{DAY, Folder, YEAR_2020, bar};

const GOOD: &str = "timestamp,open,high,low,close,volume\n\
                    2020-01-01,10,12,9,11,100\n\
                    2020-01-02,20,22,19,21,0\n\
                    2020-01-03,30,32,29,31,300\n";

/// The words about `x.csv`, without the directory it is in.
#[track_caller]
fn refusal(contents: impl AsRef<[u8]>) -> String {
    let folder = Folder::new();
    let error = folder.open(&[folder.write("x.csv", contents)]).unwrap_err();
    assert!(!folder.cache().exists(), "nothing is cached of a refused file");
    error.to_string().replace(&format!("{}/", folder.path().display()), "")
}

#[track_caller]
fn accepts(contents: impl AsRef<[u8]>) {
    let folder = Folder::new();
    folder.open(&[folder.write("x.csv", contents)]).unwrap();
}

/// Changes one thing in the good file.
#[track_caller]
fn refuses(good: &str, bad: &str, message: &str) {
    accepts(GOOD);
    assert!(GOOD.contains(good));
    assert_eq!(refusal(GOOD.replacen(good, bad, 1)), message);
}

#[test]
fn a_time_before_the_row_above() {
    refuses(
        "2020-01-02",
        "2019-12-31",
        "`x.csv` line 3, column `timestamp`: `2019-12-31T00:00:00Z` is before `2020-01-01T00:00:00Z`, the time of the \
         same instrument's row before: sort the rows by time",
    );
}

#[test]
fn a_time_twice() {
    refuses(
        "2020-01-02",
        "2020-01-01",
        "`x.csv` line 3, column `timestamp`: `2020-01-01T00:00:00Z` is the time of the same instrument's row before, \
         too: remove one of them",
    );
}

#[test]
fn a_time_that_is_none() {
    refuses(
        "2020-01-02",
        "someday",
        "`x.csv` line 3, column `timestamp`: `someday` is not a date: write `2018-12-31` or, with an offset from UTC, \
         `2018-12-31T16:00:00Z`",
    );
}

#[test]
fn integers_of_two_units() {
    let epochs = "timestamp,open,high,low,close,volume\n1577836800,10,12,9,11,1\n1577923200,20,22,19,21,2\n";
    accepts(epochs);
    assert_eq!(
        refusal(epochs.replace("1577923200", "1577923200000")),
        "`x.csv` line 3, column `timestamp`: `1577923200000` looks like milliseconds where the rows before have \
         seconds: use one unit in a file"
    );
}

#[test]
fn a_high_below_the_low() {
    refuses(
        "22,19",
        "18,19",
        "`x.csv` line 3, column `high`: high `18` is below low `19`: correct the row, or remove it",
    );
}

#[test]
fn an_open_above_the_high_by_however_little() {
    refuses(
        "10,12",
        "12.000000000000002,12",
        "`x.csv` line 2, column `open`: `12.000000000000002` is outside the bar's range from low `9` to high `12`: \
         correct the row, or remove it",
    );
    accepts(GOOD.replacen("10,12", "12,12", 1));
}

#[test]
fn a_close_below_the_low() {
    refuses(
        "9,11",
        "9,8",
        "`x.csv` line 2, column `close`: `8` is outside the bar's range from low `9` to high `12`: correct the row, \
         or remove it",
    );
    accepts(GOOD.replacen("9,11", "9,9", 1));
}

#[test]
fn a_number_that_is_not_finite() {
    for (text, shown) in [("NaN", "NaN"), ("inf", "inf"), ("-Infinity", "-inf"), ("1e999", "inf")] {
        refuses(
            "32",
            text,
            &format!("`x.csv` line 4, column `high`: `{shown}` is not finite: correct it, or remove the row"),
        );
    }
    refuses(
        "300",
        "nan",
        "`x.csv` line 4, column `volume`: `NaN` is not finite: correct it, or remove the row",
    );
}

#[test]
fn a_price_of_zero_or_less() {
    for (text, column, good) in [("0", "low", "9,"), ("-9", "low", "9,"), ("-0", "open", "10,")] {
        refuses(
            good,
            &format!("{text},"),
            &format!(
                "`x.csv` line 2, column `{column}`: price `{text}` is not greater than zero: correct it, or remove \
                 the row"
            ),
        );
    }
}

#[test]
fn a_negative_volume_though_not_a_volume_of_zero() {
    refuses(
        "300",
        "-1",
        "`x.csv` line 4, column `volume`: volume `-1` is negative: correct it (zero is allowed)",
    );
    accepts(GOOD.replacen("300", "0", 1));
}

#[test]
fn an_empty_cell() {
    for (good, bad, column) in
        [("2020-01-02", "", "timestamp"), ("20,22", " ,22", "open"), ("21,0", "21,", "volume")]
    {
        refuses(
            good,
            bad,
            &format!("`x.csv` line 3, column `{column}`: the cell is empty: fill it, or remove the row"),
        );
    }
}

#[test]
fn text_for_a_number() {
    refuses("21,0", "21,n/a", "`x.csv` line 3, column `volume`: `n/a` is not a number: write it as `1234.5`");
    refuses("22", "\"2,2\"", "`x.csv` line 3, column `high`: `2,2` is not a number: write it as `1234.5`");
}

#[test]
fn yahoo_s_row_of_nulls() {
    let yahoo = "Date,Open,High,Low,Close,Adj Close,Volume\n2020-01-01,10,12,9,11,11,100\n";
    accepts(yahoo);
    assert_eq!(
        refusal(format!("{yahoo}2020-01-02,null,null,null,null,null,null\n")),
        "`x.csv` line 3, column `Open`: the cell says `null`, which is Yahoo's way to say that it has no bar: remove \
         the row"
    );
}

#[test]
fn too_few_cells() {
    refuses(
        "21,0",
        "21",
        "`x.csv` line 3, column `volume`: the row has 5 cells where the header has 6: look for a stray or missing \
         comma",
    );
}

#[test]
fn too_many_cells() {
    refuses(
        "21,0",
        "21,0,",
        "`x.csv` line 3, column `7`: the row has 7 cells where the header has 6: look for a stray or missing comma",
    );
}

#[test]
fn a_header_that_means_nothing() {
    for unknown in ["vwap", "2020-01-01", ""] {
        let message = format!(
            "`x.csv` line 1, column `{unknown}`: unknown header: use `timestamp` (or `date`), `open`, `high`, `low`, \
             `close`, `volume` and, if wanted, `symbol` (or `instrument`) or `adj close`"
        );
        refuses("volume", unknown, &message);
    }
}

#[test]
fn a_header_twice() {
    let twice = "the header has a second column for this: remove one";
    refuses("low", "High", &format!("`x.csv` line 1, column `High`: {twice}"));
    refuses("volume", "date", &format!("`x.csv` line 1, column `date`: {twice}"));
}

#[test]
fn a_header_that_lacks_a_column() {
    refuses(
        ",volume",
        "",
        "`x.csv` line 1, column `volume`: the header lacks this column: add it (headers are \
         `timestamp,open,high,low,close,volume`)",
    );
}

#[test]
fn an_empty_file() {
    accepts(GOOD);
    for (empty, line) in [("", 1), ("\u{feff}", 1), ("\n\r\n", 3)] {
        assert_eq!(
            refusal(empty),
            format!(
                "`x.csv` line {line}, column `timestamp`: the file is empty: it needs a header such as \
                 `timestamp,open,high,low,close,volume`, and rows"
            )
        );
    }
}

#[test]
fn a_header_without_rows() {
    accepts("date,open,high,low,close,volume\n2020-01-01,10,12,9,11,100\n");
    assert_eq!(
        refusal("date,open,high,low,close,volume\n"),
        "`x.csv` line 2, column `date`: no rows follow the header: add some, or leave the file out"
    );
}

#[test]
fn bytes_that_are_not_utf_8() {
    accepts(GOOD);
    let (head, rest) = GOOD.split_once("21,0").unwrap();
    assert_eq!(
        refusal([head.as_bytes(), b"21,\xff", rest.as_bytes()].concat()),
        "`x.csv` line 3, column `volume`: not UTF-8 text: save the file as UTF-8"
    );
    let utf_16: Vec<u8> = "\u{feff}date".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(refusal(utf_16), "`x.csv` line 1, column `1`: not UTF-8 text: save the file as UTF-8");
}

#[test]
fn a_cell_of_more_than_a_thousand_bytes() {
    let zeros = |count: usize| format!("21.{}", "0".repeat(count));
    accepts(GOOD.replacen("21", &zeros(1_021), 1));
    refuses(
        "21",
        &zeros(1_022),
        "`x.csv` line 3, column `close`: the cell is longer than 1024 bytes: look for a quote that is not closed",
    );
}

#[test]
fn a_quote_that_is_not_closed() {
    refuses(
        "22,19",
        "\"22,19",
        "`x.csv` line 3, column `low`: the row has 3 cells where the header has 6: look for a stray or missing comma",
    );
    let rows: String =
        (0..99).map(|day| format!("{},10,12,9,11,100\n", 1_600_000_000 + day * 86_400)).collect();
    let long = format!("{GOOD}{rows}");
    accepts(&long);
    assert_eq!(
        refusal(long.replacen("22,19", "\"22,19", 1)),
        "`x.csv` line 3, column `high`: the cell is longer than 1024 bytes: look for a quote that is not closed"
    );
}

#[test]
fn a_row_of_more_than_sixty_four_thousand_bytes() {
    let padded = |count: usize| format!("20,{}22", " ".repeat(count));
    accepts(GOOD.replacen("20,22", &padded(1_000), 1));
    refuses(
        "20,22",
        &padded(100_000),
        "`x.csv` line 3, column `high`: the row is longer than 65536 bytes: look for a missing line end or a quote \
         that is not closed",
    );
    let header = "column `1`: the row is longer than 65536 bytes: look for a missing line end or a quote that is not closed";
    assert_eq!(refusal(vec![0; 1 << 20]), format!("`x.csv` line 1, {header}"));
}

#[test]
fn lines_are_counted_as_an_editor_shows_them() {
    accepts(GOOD);
    for (line_end, line) in [("\n", 4), ("\r\n", 4), ("\r", 4), ("\n\n", 7), ("\r\n\r\n", 7)] {
        let bad = GOOD.replacen("300", "-1", 1).replace('\n', line_end);
        for text in [bad.clone(), format!("\u{feff}{bad}"), bad.trim_end().to_owned()] {
            assert!(
                refusal(&text).starts_with(&format!("`x.csv` line {line}, column `volume`: ")),
                "{text:?}"
            );
        }
    }
}

#[test]
fn what_a_file_says_is_repeated_clipped_and_escaped() {
    let noise = format!("\u{1b}[31m{}", "x".repeat(100));
    let shown = format!("\\u{{1b}}[31m{}…", "x".repeat(35));
    refuses(
        "21,0",
        &format!("21,{noise}"),
        &format!("`x.csv` line 3, column `volume`: `{shown}` is not a number: write it as `1234.5`"),
    );
}

#[test]
fn two_sources_of_one_name() {
    let folder = Folder::new();
    let daily = folder.write("x-daily.csv", GOOD);
    let other = folder.write("x.csv", GOOD);
    let error = folder.open(&[daily.clone(), other.clone()]).unwrap_err().to_string();
    assert!(error.ends_with(
        "x.csv` line 1, column `symbol`: symbol `X` is already taken by another instrument: choose another for one of \
         them"
    ));
    folder.open(&[daily, Source { symbol: Some("Y".to_owned()), ..other }]).unwrap();
}

#[test]
fn a_symbol_column_that_adds_to_another_source() {
    let rows = "date,open,high,low,close,volume,symbol\n2020-01-01,10,12,9,11,100,X\n";
    let folder = Folder::new();
    let first = folder.write("x.csv", GOOD);
    let error = folder.open(&[first.clone(), folder.write("many.csv", rows)]).unwrap_err().to_string();
    assert!(error.ends_with(
        "many.csv` line 2, column `symbol`: symbol `X` is already taken by another instrument: choose another for one \
         of them"
    ));
    folder.open(&[first, folder.write("many.csv", rows.replace(",X", ",Y"))]).unwrap();
}

#[test]
fn a_symbol_for_a_file_that_has_its_own() {
    let rows = "date,open,high,low,close,volume,symbol\n2020-01-01,10,12,9,11,100,X\n";
    let folder = Folder::new();
    let source = folder.write("many.csv", rows);
    folder.open(std::slice::from_ref(&source)).unwrap();
    let error = folder.open(&[Source { symbol: Some("MANY".to_owned()), ..source }]).unwrap_err().to_string();
    assert!(error.ends_with(
        "many.csv` line 1, column `symbol`: symbol `MANY` is given for a file with a symbol column: leave it out, or \
         remove the column"
    ));
}

#[test]
fn a_symbol_that_could_not_be_shown() {
    let folder = Folder::new();
    let source = folder.write("x.csv", GOOD);
    let open = |symbol: &str| folder.open(&[Source { symbol: Some(symbol.to_owned()), ..source.clone() }]);
    open(&"x".repeat(64)).unwrap();
    for symbol in ["", "a\nb", &"x".repeat(65)] {
        let error = open(symbol).unwrap_err().to_string();
        assert!(error.ends_with("cannot be a symbol: use 1 to 64 bytes of text without control characters"));
    }
}

#[test]
fn a_file_that_is_not_there() {
    let folder = Folder::new();
    let error = folder.open(&[Source::new("no/such.csv")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read `no/such.csv`: check that it is a file and that you may read it"
    );
    assert!(std::error::Error::source(&error).is_some());
    folder.open(&[folder.write("x.csv", GOOD)]).unwrap();
}

#[test]
fn no_sources_and_no_bars() {
    let instruments = vec![Instrument { symbol: "X".to_owned() }];
    Dataset::from_bars(instruments.clone(), vec![bar(0, 0, 10.0)]).unwrap();
    let error = Dataset::from_bars(instruments, Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "no bars: a dataset needs at least one");
    let error = Folder::new().open(&[]).unwrap_err();
    assert_eq!(error.to_string(), "no market data: name at least one CSV file");
}

/// The words about two bars in memory, the second changed.
#[track_caller]
fn refuses_bar(change: impl Fn(&mut Bar), message: &str) {
    let instruments = vec![Instrument { symbol: "X".to_owned() }];
    let mut bars = vec![bar(0, YEAR_2020, 10.0), bar(0, YEAR_2020 + DAY, 20.0)];
    Dataset::from_bars(instruments.clone(), bars.clone()).unwrap();
    change(&mut bars[1]);
    assert_eq!(Dataset::from_bars(instruments, bars).unwrap_err().to_string(), message);
}

#[test]
fn bars_in_memory_that_break_a_rule_of_files() {
    refuses_bar(
        |bar| bar.close = f64::NAN,
        "bar 1, column `close`: `NaN` is not finite: correct it, or remove the row",
    );
    refuses_bar(
        |bar| bar.time = YEAR_2020,
        "bar 1, column `timestamp`: `2020-01-01T00:00:00Z` is the time of the same instrument's row before, too: \
         remove one of them",
    );
    refuses_bar(
        |bar| bar.instrument = 1,
        "bar 1, column `symbol`: instrument `1` is not one of the 1 in the list: count them from zero",
    );
}

#[test]
fn more_instruments_than_a_run_takes() {
    let open = |count: usize| {
        let instruments = (0..count).map(|index| Instrument { symbol: index.to_string() }).collect();
        Dataset::from_bars(instruments, vec![bar(0, 0, 10.0)])
    };
    open(65_536).unwrap();
    assert_eq!(
        open(65_537).unwrap_err().to_string(),
        "instrument 65536, column `symbol`: more than 65536 instruments: split the data"
    );
}
