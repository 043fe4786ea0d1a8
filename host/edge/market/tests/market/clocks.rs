//! Times as local clocks show them, dates whose order is open, and which end of a bar a time is.

use stratbox_market::{Dataset, DateFormat, Delimiter, Dst, MarketError, SourceOptions, Stamp, check_file};

use crate::{DAY, Folder, at, table, with};

const NEW_YORK: &str = "America/New_York";

fn times(dataset: &Dataset) -> Vec<i64> {
    dataset.times().collect()
}

fn read(text: &str, change: impl FnOnce(&mut SourceOptions)) -> Result<Vec<i64>, MarketError> {
    let folder = Folder::new();
    folder.open(&[with(folder.write("x.csv", text), change)]).map(|dataset| times(&dataset))
}

fn refusal(text: &str, change: impl FnOnce(&mut SourceOptions)) -> String {
    let error = read(text, change).unwrap_err().to_string();
    let start = error.find("x.csv`").unwrap_or(0);
    error[start..].to_owned()
}

fn in_new_york(options: &mut SourceOptions) {
    options.timezone = Some(NEW_YORK.to_owned());
}

#[test]
fn a_time_without_an_offset_is_of_the_given_zone_and_one_with_an_offset_is_not() {
    let text = table(&["2024-01-02 09:30", "2024-07-02 09:30", "2024-07-02T14:00:00Z"]);
    let expected = ["2024-01-02T14:30:00Z", "2024-07-02T13:30:00Z", "2024-07-02T14:00:00Z"].map(at);
    assert_eq!(read(&text, in_new_york).unwrap(), expected);
    let utc = ["2024-01-02T09:30:00Z", "2024-07-02T09:30:00Z", "2024-07-02T14:00:00Z"].map(at);
    assert_eq!(read(&text, |_| {}).unwrap(), utc);
}

#[test]
fn a_day_begins_at_local_midnight() {
    let expected = ["2024-03-09T05:00:00Z", "2024-03-10T05:00:00Z", "2024-03-11T04:00:00Z"].map(at);
    assert_eq!(read(&table(&["2024-03-09", "2024-03-10", "2024-03-11"]), in_new_york).unwrap(), expected);
}

#[test]
fn days_of_one_zone_are_of_one_length_though_clocks_change_and_holidays_differ() {
    let folder = Folder::new();
    let all =
        ["2024-03-08", "2024-03-09", "2024-03-10", "2024-03-11", "2024-11-02", "2024-11-03", "2024-11-04"];
    let some = ["2024-03-08", "2024-03-10", "2024-03-11"];
    let source = |name: &str, days: &[&str], zone: &str| {
        with(folder.write(name, table(days)), |options| options.timezone = Some(zone.to_owned()))
    };
    folder.open(&[source("a.csv", &all, NEW_YORK), source("b.csv", &some, NEW_YORK)]).unwrap();
    let error = folder.open(&[source("a.csv", &all, NEW_YORK), source("b.csv", &all, "UTC")]).unwrap_err();
    assert!(matches!(error, MarketError::Overlap { .. }), "{error}");
}

#[test]
fn a_zone_that_does_not_exist() {
    let said = refusal(&table(&["2024-01-02"]), |options| options.timezone = Some("Mars/Olympus".to_owned()));
    assert_eq!(
        said,
        "x.csv`: `Mars/Olympus` is no time zone: use a name of the IANA database, such as `America/New_York` or `UTC`"
    );
}

#[test]
fn a_time_that_the_clock_was_set_forward_over() {
    let text = table(&["2024-03-10 01:30", "2024-03-10 02:30", "2024-03-10 04:00"]);
    assert_eq!(
        refusal(&text, in_new_york),
        "x.csv` line 3, column `timestamp`: `2024-03-10 02:30` does not exist in `America/New_York`, for the clock was \
         set forward over it: write times with an offset, or set `dst` to `shift`"
    );
    let shifted = read(&text, |options| {
        in_new_york(options);
        options.dst = Dst::Shift;
    });
    let expected = ["2024-03-10T06:30:00Z", "2024-03-10T07:30:00Z", "2024-03-10T08:00:00Z"].map(at);
    assert_eq!(shifted.unwrap(), expected);
}

#[test]
fn times_that_were_twice_are_told_apart_by_their_order() {
    let text = table(&[
        "2024-11-03 00:30",
        "2024-11-03 01:00",
        "2024-11-03 01:30",
        "2024-11-03 01:00",
        "2024-11-03 01:30",
        "2024-11-03 02:00",
    ]);
    let half_hours: Vec<i64> = (0..6).map(|count| at("2024-11-03T04:30:00Z") + count * DAY / 48).collect();
    assert_eq!(read(&text, in_new_york).unwrap(), half_hours);
}

#[test]
fn times_that_were_twice_and_are_there_once_need_a_setting() {
    let text = table(&["2024-11-03 00:30", "2024-11-03 01:30", "2024-11-03 02:30"]);
    assert_eq!(
        refusal(&text, in_new_york),
        "x.csv` line 3, column `timestamp`: `2024-11-03 01:30:00` was twice in `America/New_York`, and the order of the \
         rows does not tell which is meant: write times with an offset, or set `dst` to `earlier` or `later`"
    );
    for (dst, expected) in [(Dst::Earlier, "2024-11-03T05:30:00Z"), (Dst::ShiftLater, "2024-11-03T06:30:00Z")]
    {
        let times = read(&text, |options| {
            in_new_york(options);
            options.dst = dst;
        });
        assert_eq!(times.unwrap()[1], at(expected));
    }
    // Also where the file ends with it.
    let last = table(&["2024-11-03 00:30", "2024-11-03 01:30"]);
    assert!(
        refusal(&last, in_new_york).contains("line 3, column `timestamp`: `2024-11-03 01:30:00` was twice")
    );
}

#[test]
fn each_instrument_of_a_file_has_its_own_order() {
    let row = |time: &str, symbol: &str| format!("2024-11-03 {time},{symbol},10,12,9,11,100\n");
    let mut text = "date,symbol,open,high,low,close,volume\n".to_owned();
    for (time, symbol) in
        [("01:00", "A"), ("01:00", "B"), ("01:00", "A"), ("01:00", "B"), ("02:00", "A"), ("02:00", "B")]
    {
        text += &row(time, symbol);
    }
    let hours = [5, 5, 6, 6, 7, 7].map(|hour| at("2024-11-03") + hour * DAY / 24);
    assert_eq!(read(&text, in_new_york).unwrap(), hours);
}

#[test]
fn a_date_is_read_in_the_order_that_any_row_of_the_file_decides() {
    let american = ["1/12/2020", "1/13/2020"];
    let european = ["12/1/2020", "13/1/2020"];
    let expected = ["2020-01-12", "2020-01-13"].map(at);
    assert_eq!(read(&table(&american), |_| {}).unwrap(), expected);
    assert_eq!(read(&table(&european), |_| {}).unwrap(), expected);
    let dotted = table(&["12.01.2020 09:00", "13.01.2020 09:00"]);
    assert_eq!(read(&dotted, |_| {}).unwrap(), expected.map(|day| day + 9 * DAY / 24));
}

#[test]
fn a_date_whose_order_nothing_decides_needs_a_setting() {
    let text = table(&["1/1/2020", "1/2/2020", "1/3/2020"]);
    assert_eq!(
        refusal(&text, |_| {}),
        "x.csv` line 3, column `timestamp`: `1/2/2020` could be a month's day or a day's month, and no row of the file \
         decides it: set `date_format` to `m/d/y` or `d/m/y`"
    );
    for (format, expected) in [(DateFormat::MonthFirst, "2020-01-02"), (DateFormat::DayFirst, "2020-02-01")] {
        assert_eq!(read(&text, |options| options.date_format = Some(format)).unwrap()[1], at(expected));
    }
    // Where a day is the number of its month there is nothing to decide.
    assert_eq!(
        read(&table(&["1/1/2020", "2/2/2020"]), |_| {}).unwrap(),
        ["2020-01-01", "2020-02-02"].map(at)
    );
}

#[test]
fn a_row_that_contradicts_the_order_is_refused() {
    let said = refusal(&table(&["1/12/2020", "1/13/2020", "14/1/2020"]), |_| {});
    assert!(said.starts_with("x.csv` line 4, column `timestamp`: `14/1/2020` is not a date"), "{said}");
}

#[test]
fn a_calendar_day_of_digits_needs_a_setting() {
    let text = table(&["20200101", "20200102"]);
    assert!(refusal(&text, |_| {}).contains("`20200101` could be a date or a count of seconds"));
    let read = read(&text, |options| options.date_format = Some(DateFormat::Digits)).unwrap();
    assert_eq!(read, ["2020-01-01", "2020-01-02"].map(at));
}

#[test]
fn a_time_of_day_may_stand_in_a_column_of_its_own() {
    let text = "Date;Time;Open;High;Low;Close;Vol\n2024-01-02;09:30;10;12;9;11;100\n2024-01-02;09:31;10;12;9;11;100\n";
    assert_eq!(read(text, |_| {}).unwrap(), ["2024-01-02T09:30:00Z", "2024-01-02T09:31:00Z"].map(at));
    let metatrader = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\n2024.01.13\t09:30:00\t10\t12\t9\t11\t100\n";
    assert!(refusal(metatrader, |_| {}).contains("is not a date"));
}

#[test]
fn times_of_closes_are_moved_to_the_opens() {
    let closes = table(&["2024-01-02 10:30", "2024-01-02 11:30", "2024-01-02 12:30"]);
    let opens = ["2024-01-02T09:30:00Z", "2024-01-02T10:30:00Z", "2024-01-02T11:30:00Z"].map(at);
    assert_eq!(read(&closes, |options| options.stamp = Stamp::Close).unwrap(), opens);
}

#[test]
fn a_day_is_the_same_day_whichever_end_it_is_stamped_with() {
    let days = ["2024-03-08", "2024-03-09", "2024-03-10", "2024-03-11"];
    let close = |options: &mut SourceOptions| {
        in_new_york(options);
        options.stamp = Stamp::Close;
    };
    assert_eq!(read(&table(&days), close).unwrap(), read(&table(&days), in_new_york).unwrap());
    // Weeks that are named after their last day.
    let weeks = read(&table(&["2024-01-05", "2024-01-12"]), |options| options.stamp = Stamp::Close).unwrap();
    assert_eq!(weeks, ["2023-12-30", "2024-01-06"].map(at));
}

#[test]
fn the_length_of_a_single_bar_cannot_be_told() {
    let said = refusal(&table(&["2024-01-02 10:30"]), |options| options.stamp = Stamp::Close);
    assert!(said.contains("the length of bars cannot be told from the only one of `X`"), "{said}");
}

#[test]
fn a_delimiter_is_known_from_the_header_or_given() {
    let folder = Folder::new();
    let text = table(&["2020-01-01", "2020-01-02"]);
    for delimiter in [";", "\t", "|"] {
        assert_eq!(check_file(&folder.write("x.csv", text.replace(',', delimiter))).unwrap(), 2);
    }
    let source = folder.write("x.csv", text.replace(',', ";"));
    let error = check_file(&with(source, |options| options.delimiter = Some(Delimiter::Comma))).unwrap_err();
    assert!(error.to_string().contains("unknown header"), "{error}");
}
