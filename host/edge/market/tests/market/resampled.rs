//! Longer bars made of shorter ones.

use std::fmt::Write;

use stratbox_domain::{Bar, BarSource};
use stratbox_market::{LeftOut, Partial, SourceOptions};

use crate::{DAY, Folder, at, bars, with};

const HOUR: i64 = DAY / 24;

/// Bars that open at these times (seconds after 1970) with prices that tell them apart.
fn rising(times: impl IntoIterator<Item = i64>) -> String {
    let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
    for (index, time) in times.into_iter().enumerate() {
        let price = 100 + index;
        writeln!(text, "{time},{price},{},{},{price}.5,1", price + 2, price - 2).unwrap();
    }
    text
}

fn made(text: &str, change: impl FnOnce(&mut SourceOptions)) -> Result<Vec<Bar>, String> {
    let folder = Folder::new();
    let source = with(folder.write("x.csv", text), change);
    folder.open(&[source]).map(|dataset| bars(&dataset)).map_err(|error| error.to_string())
}

fn minutes(count: i64) -> impl Iterator<Item = i64> {
    (0..count).map(|minute| at("2024-01-02") / 1_000_000_000 + minute * 60)
}

#[test]
fn a_longer_bar_is_the_first_open_the_extremes_the_last_close_and_the_sum_of_volumes() {
    let hours =
        made(&rising(minutes(120)), |options| options.resample = Some("1h".parse().unwrap())).unwrap();
    let hour = |start: i64, first: f64| Bar {
        instrument: 0,
        time: start,
        open: first,
        high: first + 61.0,
        low: first - 2.0,
        close: first + 59.5,
        volume: 60.0,
    };
    assert_eq!(hours, [hour(at("2024-01-02"), 100.0), hour(at("2024-01-02") + HOUR, 160.0)]);
}

#[test]
fn a_last_bar_that_the_data_end_in_the_middle_of_is_left_out_or_kept() {
    let count = |minutes_there: i64, partial: Partial| {
        let set = |options: &mut SourceOptions| {
            options.resample = Some("1h".parse().unwrap());
            options.partial = partial;
        };
        made(&rising(minutes(minutes_there)), set).unwrap().len()
    };
    assert_eq!((count(119, Partial::Drop), count(119, Partial::Keep)), (1, 2));
    assert_eq!((count(120, Partial::Drop), count(120, Partial::Keep)), (2, 2));
}

#[test]
fn days_are_those_of_the_zone_whatever_its_clock_does() {
    let hours = (0..24 * 4).map(|hour| at("2024-03-09T05:00:00Z") / 1_000_000_000 + hour * 3_600);
    let days = made(&rising(hours), |options| {
        options.timezone = Some("America/New_York".to_owned());
        options.resample = Some("1d".parse().unwrap());
    })
    .unwrap();
    let expected =
        ["2024-03-09T05:00:00Z", "2024-03-10T05:00:00Z", "2024-03-11T04:00:00Z", "2024-03-12T04:00:00Z"];
    assert_eq!(days.iter().map(|bar| bar.time).collect::<Vec<_>>(), expected.map(at));
    assert_eq!(days.iter().map(|bar| bar.volume).collect::<Vec<_>>(), [24.0, 23.0, 24.0, 24.0]);
}

#[test]
fn hours_are_counted_from_the_session() {
    let halves = (0..8).map(|half| at("2024-01-02T09:30:00Z") / 1_000_000_000 + half * 1_800);
    let hours = made(&rising(halves), |options| {
        options.resample = Some("1h".parse().unwrap());
        options.session = Some("09:30".parse().unwrap());
    })
    .unwrap();
    assert_eq!(
        hours.iter().map(|bar| bar.time).collect::<Vec<_>>(),
        ["2024-01-02T09:30:00Z", "2024-01-02T10:30:00Z", "2024-01-02T11:30:00Z", "2024-01-02T12:30:00Z",]
            .map(at)
    );
}

#[test]
fn shorter_bars_cannot_be_made_of_longer_ones() {
    let days = (0..3).map(|day| at("2024-01-02") / 1_000_000_000 + day * 86_400);
    let said =
        made(&rising(days.clone()), |options| options.resample = Some("1h".parse().unwrap())).unwrap_err();
    assert!(
        said.ends_with("x.csv`: bars of `X` are 1 d long, of which no bars of `1h` can be made"),
        "{said}"
    );
    assert_eq!(
        made(&rising(days), |options| options.resample = Some("1d".parse().unwrap())).unwrap().len(),
        3
    );
}

#[test]
fn volumes_that_no_number_holds_are_refused() {
    let text = rising(minutes(120)).replace(".5,1\n", ".5,1e308\n");
    let said = made(&text, |options| options.resample = Some("1h".parse().unwrap())).unwrap_err();
    assert!(said.contains("the bar of `X` at `2024-01-02T00:00:00Z`: `inf` is not finite"), "{said}");
}

#[test]
fn resampled_files_can_stand_beside_files_of_that_length() {
    let folder = Folder::new();
    let fast = with(folder.write("fast.csv", rising(minutes(180))), |options| {
        options.resample = Some("1h".parse().unwrap());
    });
    let slow =
        folder.write("slow.csv", rising((0..3).map(|hour| at("2024-01-02") / 1_000_000_000 + hour * 3_600)));
    assert_eq!(folder.open(&[fast, slow]).unwrap().steps(), 3);
}

#[test]
fn a_bar_that_would_close_after_its_longer_bar_is_refused() {
    let rows = |first: &str, minutes: i64| {
        let first = at(first) / 1_000_000_000;
        rising((0..12).map(move |row| first + row * minutes * 60))
    };
    let to = |length: &str, session: Option<&str>, text: &str| {
        made(text, |options| {
            options.resample = Some(length.parse().unwrap());
            options.session = session.map(|it| it.parse().unwrap());
        })
    };
    let halves = rows("2024-01-02T09:30:00Z", 60);
    let said = to("2h", None, &halves).unwrap_err();
    assert_eq!(
        said,
        "the bar of `X` at `2024-01-02T09:30:00Z` closes at `2024-01-02T10:30:00Z`, after the bar of `2h` that it would be \
         a part of, which ends at `2024-01-02T10:00:00Z`, so that it would show later prices: choose another length, or \
         the `timezone` or `session` that its bars are counted in"
    );
    assert_eq!(to("2h", Some("09:30"), &halves).unwrap().len(), 6);
    let quarters = rows("2024-01-02", 45);
    assert!(to("1h", None, &quarters).unwrap_err().contains("the bar of `X` at `2024-01-02T00:45:00Z`"));
    assert_eq!(to("90m", None, &quarters).unwrap().len(), 6);
}

#[test]
fn days_of_a_clock_that_is_changed_straddle_no_week_of_it() {
    let days: String = (1..=28).map(|day| format!("2024-03-{day:02},10,12,9,11,100\n")).collect();
    let weeks = made(&format!("timestamp,open,high,low,close,volume\n{days}"), |options| {
        options.timezone = Some("America/New_York".to_owned());
        options.resample = Some("1w".parse().unwrap());
    });
    assert_eq!(weeks.unwrap().len(), 4);
}

#[test]
fn a_few_odd_rows_do_not_decide_how_long_bars_were() {
    let set = |options: &mut SourceOptions| options.resample = Some("4h".parse().unwrap());
    let hours = |odd: Option<i64>| {
        let mut times: Vec<i64> =
            (0..12).map(|hour| at("2024-01-02") / 1_000_000_000 + hour * 3_600).collect();
        times.extend(odd.map(|after| times[5] + after));
        times.sort_unstable();
        rising(times)
    };
    for odd in [420, 1_800, 3_540] {
        let said = made(&hours(Some(odd)), set).unwrap_err();
        assert!(said.contains("where rows are usually 1 h apart"), "{said}");
        let close = |options: &mut SourceOptions| options.stamp = stratbox_market::Stamp::Close;
        assert!(made(&hours(Some(odd)), close).unwrap_err().contains("where rows are usually 1 h apart"));
        made(&hours(Some(odd)), |_| {}).unwrap();
    }
    assert_eq!(made(&hours(None), set).unwrap().len(), 3);
}

/// Hours from 14:00 of so many days, the last of which has fewer.
fn sessions(days: i64, last_hours: i64) -> String {
    let first = at("2024-01-02T14:00:00Z") / 1_000_000_000;
    let hours =
        move |day: i64| (0..if day + 1 == days { last_hours } else { 6 }).map(move |hour| (day, hour));
    rising((0..days).flat_map(hours).map(move |(day, hour)| first + day * 86_400 + hour * 3_600))
}

#[test]
fn a_last_day_that_ends_when_days_end_is_whole_and_one_that_ends_before_is_told() {
    let made = |days: i64, last_hours: i64, span: &str| {
        let folder = Folder::new();
        let source = with(folder.write("x.csv", sessions(days, last_hours)), |options| {
            options.resample = Some(span.parse().unwrap());
        });
        let dataset = folder.open(std::slice::from_ref(&source)).unwrap();
        assert_eq!(folder.open(&[source]).unwrap().left_out(), dataset.left_out());
        (dataset.rows(), dataset.left_out().to_vec())
    };
    let left_out = |time: &str, bars| vec![LeftOut { symbol: "X".to_owned(), time: at(time), bars }];
    assert_eq!(made(4, 6, "1d"), (4, Vec::new()));
    assert_eq!(made(4, 5, "1d"), (3, left_out("2024-01-05", 5)));
    // A day alone is no rule for the next one.
    assert_eq!(made(2, 7, "1d"), (2, Vec::new()));
    // The last bar of each day has four of its eight hours.
    assert_eq!(made(4, 6, "8h"), (8, Vec::new()));
    assert_eq!(made(4, 5, "8h"), (7, left_out("2024-01-05T16:00:00Z", 3)));
}

#[test]
fn buckets_that_end_with_the_day_are_no_overlap_of_several_instruments() {
    let folder = Folder::new();
    let source = |name: &str, hours: i64| {
        let first = at("2024-01-02") / 1_000_000_000;
        with(folder.write(name, rising((0..hours).map(|hour| first + hour * 3_600))), |options| {
            options.resample = Some("7h".parse().unwrap());
        })
    };
    assert_eq!(folder.open(&[source("a.csv", 96), source("b.csv", 48)]).unwrap().steps(), 16);
}
