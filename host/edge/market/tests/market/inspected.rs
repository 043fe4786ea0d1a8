//! What is said of a file that breaks no rule.

use std::fmt::Write;

use stratbox_market::{Inspection, SourceOptions};

use crate::{DAY, Folder, at, shipped, with};

fn inspect(text: &str, change: impl FnOnce(&mut SourceOptions)) -> Inspection {
    let folder = Folder::new();
    Inspection::of(&with(folder.write("x.csv", text), change), 10.0, folder.path()).unwrap()
}

/// Hours of some days, with closes that move a little; those for which `keep` says no are left out.
fn hours(
    days: i64,
    keep: impl Fn(i64) -> bool,
    close: impl Fn(i64) -> f64,
    volume: impl Fn(i64) -> u32,
) -> String {
    let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
    for hour in (0..days * 24).filter(|hour| keep(*hour)) {
        let price = close(hour);
        let time = at("2024-01-01") / 1_000_000_000 + hour * 3_600;
        writeln!(text, "{time},{price},{price},{price},{price},{}", volume(hour)).unwrap();
    }
    text
}

fn wave(hour: i64) -> f64 {
    100.0 + (hour % 7) as f64 / 10.0
}

#[test]
fn gaps_and_missing_bars_are_told_with_their_rows() {
    let found = inspect(&hours(14, |hour| !(50..53).contains(&hour), wave, |_| 1), |_| {});
    let it = &found.instruments[0];
    assert_eq!((it.rows, it.spacing.as_deref(), it.calendar.kind), (14 * 24 - 3, Some("1 h"), "24x7"));
    assert_eq!((it.calendar.missing_bars, it.calendar.missing_days), (3, 0));
    assert_eq!(it.gaps.len(), 1);
    // Line 1 is the header, so that hour 49 is on line 51.
    assert_eq!(
        (it.gaps[0].row, it.gaps[0].length.as_str(), it.gaps[0].to),
        (52, "4 h", at("2024-01-01") + 53 * DAY / 24)
    );
}

#[test]
fn repeats_silence_and_jumps_are_told_with_their_rows() {
    let close = |hour: i64| {
        if (100..105).contains(&hour) {
            100.0
        } else if hour == 200 {
            150.0
        } else {
            wave(hour)
        }
    };
    let found = inspect(&hours(14, |_| true, close, |hour| u32::from(hour != 30)), |_| {});
    let it = &found.instruments[0];
    assert_eq!((it.zero_volume, it.first_zero_volume), (1, Some(32)));
    let longest = it.longest_repeat.unwrap();
    assert_eq!(
        (it.repeated_closes, longest.rows, longest.row),
        (4 + u64::from(wave(105) == 100.0), 5 + u64::from(wave(105) == 100.0), 102)
    );
    assert_eq!((it.outliers, it.largest.len()), (2, 2));
    let mut jumps: Vec<u64> = it.largest.iter().map(|outlier| outlier.row).collect();
    jumps.sort_unstable();
    assert_eq!(jumps, [202, 203]);
}

#[test]
fn a_zone_that_nothing_named_is_told() {
    let local = crate::table(&["2024-01-02 09:30", "2024-01-02 09:31"]);
    let found = inspect(&local, |_| {});
    assert_eq!((found.timezone.as_str(), found.timezone_given, found.local_times), ("UTC", false, true));
    let found = inspect(&local, |options| options.timezone = Some("Asia/Tokyo".to_owned()));
    assert_eq!(
        (found.timezone.as_str(), found.timezone_given, found.local_times),
        ("Asia/Tokyo", true, true)
    );
    assert!(!inspect(&crate::table(&["1577836800"]), |_| {}).local_times);
}

#[test]
fn the_shipped_days_are_weekdays_and_holidays_are_missing() {
    let folder = Folder::new();
    let found = Inspection::of(&shipped("sp500-daily.csv"), 10.0, folder.path()).unwrap();
    let it = &found.instruments[0];
    assert_eq!((found.rows, it.symbol.as_str(), found.delimiter), (5_031, "SP500", Some(',')));
    assert_eq!((it.calendar.kind, it.calendar.description.as_str()), ("weekdays", "Mon-Fri"));
    assert!((150..250).contains(&it.calendar.missing_days), "{}", it.calendar.missing_days);
    // The week after 2001-09-11.
    assert_eq!((it.gaps[0].length.as_str(), it.gaps[0].from), ("7 d", at("2001-09-10")));
}

#[test]
fn a_file_that_is_refused_is_refused_in_the_same_words() {
    let folder = Folder::new();
    let source = folder.write("x.csv", crate::table(&["2020-01-01", "2020-01-01"]));
    let inspected = Inspection::of(&source, 10.0, folder.path()).unwrap_err().to_string();
    assert_eq!(inspected, folder.open(&[source]).unwrap_err().to_string());
}
