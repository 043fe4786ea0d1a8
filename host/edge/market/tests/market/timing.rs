//! Which instruments can be in one dataset: those whose bars do not show each other's future.

use std::fmt::Write;

use stratbox_domain::{Bar, Instrument};
use stratbox_market::{Dataset, MarketError};

use crate::{DAY, Folder, YEAR_2020, bar, shipped, table, with};

const HOUR: i64 = DAY / 24;
const MINUTE: i64 = HOUR / 60;

/// Instruments `A`, `B` and so on, whose bars open at these times after 2020 began.
fn dataset(times: &[&[i64]]) -> Result<Dataset, MarketError> {
    let bars: Vec<Bar> = (0..)
        .zip(times)
        .flat_map(|(index, times)| times.iter().map(move |time| bar(index, YEAR_2020 + time, 10.0)))
        .collect();
    let symbols = ('A'..).take(times.len());
    Dataset::from_bars(symbols.map(|symbol| Instrument { symbol: symbol.to_string() }).collect(), bars)
}

#[track_caller]
fn refused(times: &[&[i64]]) -> String {
    dataset(times).unwrap_err().to_string()
}

#[test]
fn a_day_beside_its_hours_would_show_the_future() {
    let (hours, days) = ([0, HOUR, 2 * HOUR], [0, DAY]);
    assert_eq!(
        refused(&[&hours, &days]),
        "bars of `A` are 1 h long and those of `B` 1 d: the longer ones would show the future, so resample them to one \
         length, or leave one instrument out"
    );
    dataset(&[&hours, &hours]).unwrap();
    dataset(&[&days, &days]).unwrap();
}

#[test]
fn hours_that_open_at_different_minutes_would_show_the_future() {
    let past = |minutes: i64| [0, HOUR, 2 * HOUR].map(|time| time + minutes * MINUTE);
    assert_eq!(
        refused(&[&past(0), &past(30)]),
        "the bar of `B` at `2020-01-01T00:30:00Z` opens inside that of `A`, which opens at `2020-01-01T00:00:00Z` and \
         closes at `2020-01-01T01:00:00Z`: it would be traded with a close known that comes later, so make both of \
         shorter bars, with the same `resample`, `timezone` and `session`, or leave one instrument out"
    );
    dataset(&[&past(30), &past(30)]).unwrap();
}

#[test]
fn daylight_saving_that_moves_all_alike_shows_nothing() {
    let (winter, summer) = (14 * HOUR + 30 * MINUTE, 13 * HOUR + 30 * MINUTE);
    let both = [winter, DAY + winter, 100 * DAY + summer, 101 * DAY + summer];
    dataset(&[&both, &both]).unwrap();
    // One that has traded in winter only does what the other did then.
    dataset(&[&both[..2], &both]).unwrap();
    dataset(&[&both, &both[..2]]).unwrap();
    let said = refused(&[&both, &[0, DAY]]);
    assert!(said.starts_with("the bar of `A` at `2020-01-01T14:30:00Z` opens inside that of `B`"), "{said}");
}

#[test]
fn instruments_need_not_open_together_where_none_is_open_beside_another() {
    let (winter, summer) = ([0, DAY], [100 * DAY - HOUR, 101 * DAY - HOUR]);
    let both = [winter, summer].concat();
    dataset(&[&winter, &both, &summer]).unwrap();
    let said = refused(&[&[99 * DAY, 100 * DAY], &both]);
    assert!(said.starts_with("the bar of `B` at `2020-04-09T23:00:00Z` opens inside that of `A`"), "{said}");
}

#[test]
fn a_phase_that_another_instrument_has_only_at_other_times_is_no_excuse() {
    // London's days open at 23:00 UTC in summer and at midnight in winter, when they are days of UTC, too.
    let folder = Folder::new();
    let source = |name: &str, days: &[&str], zone: &str| {
        with(folder.write(name, table(days)), |options| options.timezone = Some(zone.to_owned()))
    };
    let days = ["2024-03-28", "2024-03-29", "2024-03-30", "2024-03-31", "2024-04-01", "2024-04-02"];
    let open = |days: &[&str], zones: [&str; 2]| {
        folder.open(&[source("a.csv", days, zones[0]), source("b.csv", days, zones[1])])
    };
    for zones in [["Europe/London", "UTC"], ["UTC", "Europe/London"]] {
        let said = open(&days, zones).unwrap_err().to_string();
        assert!(said.contains("at `2024-03-31T23:00:00Z` opens inside that of"), "{said}");
        open(&days[..3], zones).unwrap();
        open(&days, [zones[0]; 2]).unwrap();
    }
}

#[test]
fn a_few_odd_rows_do_not_decide_how_long_bars_are() {
    let hours: Vec<i64> = (0..12).map(|hour| hour * HOUR).collect();
    let odd = [&hours[..5], &[4 * HOUR + 7 * MINUTE], &hours[5..]].concat();
    let half = [&hours[..5], &[4 * HOUR + 30 * MINUTE], &hours[5..]].concat();
    assert_eq!(
        refused(&[&odd, &odd]),
        "the row of `A` at `2020-01-01T04:07:00Z` is 7 min after the one before it, where rows are usually 1 h apart: the \
         length of bars cannot be told, so correct or remove it"
    );
    let said = refused(&[&hours, &half]);
    assert!(said.starts_with("the row of `B` at `2020-01-01T04:30:00Z` is 30 min after"), "{said}");
    // One alone trades on no other's time, and bars that lack many others are as long as ever.
    dataset(&[&odd]).unwrap();
    let sparse: Vec<i64> = [0, 1, 3, 4, 6, 8, 11].iter().map(|hour| hour * HOUR).collect();
    dataset(&[&hours, &sparse]).unwrap();
}

#[test]
fn days_that_clocks_make_shorter_and_months_are_no_odd_rows() {
    let days = |days: &[i64]| days.iter().map(|day| day * DAY).collect::<Vec<_>>();
    let weekdays = days(&[0, 1, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 18]);
    let months = days(&[0, 31, 60, 91, 121, 152, 182, 213]);
    let mut changed = days(&[0, 1, 2, 3, 4, 5, 6]);
    changed[3..].iter_mut().for_each(|time| *time -= HOUR);
    for times in [weekdays, months, changed] {
        dataset(&[&times, &times]).unwrap();
    }
}

#[test]
fn gaps_and_other_first_days_and_single_bars_are_fine() {
    dataset(&[&[0, DAY, 9 * DAY], &[-3 * DAY, 5 * DAY, 6 * DAY]]).unwrap();
    dataset(&[&[0, HOUR], &[HOUR]]).unwrap();
    dataset(&[&[0, HOUR], &[2 * HOUR + 7 * MINUTE]]).unwrap();
    dataset(&[&[7 * MINUTE], &[8 * MINUTE]]).unwrap();
    assert!(refused(&[&[0, HOUR], &[7 * MINUTE]]).contains("opens inside that of `A`"));
}

#[test]
fn the_rule_is_for_files_too_however_they_name_their_instruments() {
    let table = |header: &str, rows: &[(i64, &str)]| {
        let mut text = format!("timestamp,open,high,low,close,volume{header}\n");
        for (time, symbol) in rows {
            writeln!(text, "{},10,12,9,11,100{symbol}", (YEAR_2020 + time) / 1_000_000_000).unwrap();
        }
        text
    };
    let folder = Folder::new();
    let hourly = folder.write("x-hourly.csv", table("", &[(0, ""), (HOUR, "")]));
    let daily = folder.write("y-daily.csv", table("", &[(0, ""), (DAY, "")]));
    let error = folder.open(&[hourly.clone(), daily.clone()]).unwrap_err().to_string();
    assert!(error.starts_with("bars of `X` are 1 h long and those of `Y` 1 d"), "{error}");
    for source in [hourly, daily] {
        folder.open(&[source]).unwrap();
    }
    let half = HOUR / 2;
    let both = [(0, ",X"), (half, ",Y"), (HOUR, ",X"), (HOUR + half, ",Y")];
    let error = folder.open(&[folder.write("many.csv", table(",symbol", &both))]).unwrap_err().to_string();
    assert!(
        error.starts_with("the bar of `Y` at `2020-01-01T00:30:00Z` opens inside that of `X`"),
        "{error}"
    );
    folder.open(&[shipped("sp500-daily.csv"), shipped("nasdaq-daily.csv")]).unwrap();
}
