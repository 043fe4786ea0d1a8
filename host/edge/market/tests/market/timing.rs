//! Which instruments can be in one dataset: those whose bars do not show each other's future.

use std::fmt::Write;

use stratbox_domain::{Bar, Instrument};
use stratbox_market::{Dataset, MarketError};

use crate::{DAY, Folder, YEAR_2020, bar, shipped};

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
        "bars of `A` and of `B` are 1 h long but do not open together: some of the former open 0 s past a full 1 h \
         (counted from 1970-01-01, UTC), the latter 30 min past it; the later ones would show the future, so resample \
         them to one time of day, or leave one instrument out"
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
    assert!(said.contains("open 0 s past") && said.contains("the latter 13 h 30 min"), "{said}");
}

#[test]
fn two_that_each_fit_a_third_must_fit_each_other() {
    let (winter, summer) = ([0, DAY], [100 * DAY - HOUR, 101 * DAY - HOUR]);
    let both = [winter, summer].concat();
    dataset(&[&winter, &both]).unwrap();
    dataset(&[&both, &summer]).unwrap();
    let said = refused(&[&winter, &both, &summer]);
    assert!(said.starts_with("bars of `A` and of `C` are 1 d long"), "{said}");
}

#[test]
fn gaps_and_other_first_days_and_single_bars_are_fine() {
    dataset(&[&[0, DAY, 9 * DAY], &[-3 * DAY, 5 * DAY, 6 * DAY]]).unwrap();
    dataset(&[&[0, HOUR], &[7 * MINUTE]]).unwrap();
    dataset(&[&[7 * MINUTE], &[8 * MINUTE]]).unwrap();
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
    assert!(error.starts_with("bars of `X` and of `Y` are 1 h long but do not open together"), "{error}");
    folder.open(&[shipped("sp500-daily.csv"), shipped("nasdaq-daily.csv")]).unwrap();
}
