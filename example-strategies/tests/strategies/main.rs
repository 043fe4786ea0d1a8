//! What each example strategy does, on hand-made prices and in general.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

mod buy_and_hold;
mod donchian_breakout;
mod laws;
mod momentum_rotation;
mod pairs_spread;
mod rsi_reversion;
mod sma_cross;
mod sweeps;

use std::fs;
use std::path::{Path, PathBuf};

use stratbox_sdk::testing::{Report, bars_from_closes};
use stratbox_sdk::{Bar, ParamValue, Side};

const DAY: i64 = 86_400_000_000_000;

/// This package's directory, or a file in it.
fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn int(value: i64) -> ParamValue {
    ParamValue::Integer(value)
}

fn num(value: f64) -> ParamValue {
    ParamValue::Number(value)
}

/// Daily bars of one instrument: open, high, low, close.
fn bars(prices: &[[f64; 4]]) -> Vec<Bar> {
    let bar = |(day, &[open, high, low, close]): (usize, &[f64; 4])| Bar {
        instrument: 0,
        time: day as i64 * DAY,
        open,
        high,
        low,
        close,
        volume: 1_000.0,
    };
    prices.iter().enumerate().map(bar).collect()
}

/// Daily bars of several instruments from their closes, day by day; each opens at its close before.
fn together(closes: &[Vec<f64>]) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    for (instrument, closes) in (0..).zip(closes) {
        bars.extend(bars_from_closes(closes).into_iter().map(|bar| Bar { instrument, ..bar }));
    }
    bars.sort_by_key(|bar| (bar.time, bar.instrument));
    bars
}

/// The rows of a file of daily prices that comes with the examples: month/day/year, open, high, low, close.
fn shipped(file: &str) -> Vec<Bar> {
    let text = fs::read_to_string(here("data").join(file)).unwrap();
    let number = |text: &str| text.parse::<f64>().unwrap();
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let date: Vec<i64> = fields[0].split('/').map(|part| part.parse().unwrap()).collect();
        Bar {
            instrument: 0,
            time: days_since_1970(date[2], date[0], date[1]) * DAY,
            open: number(fields[1]),
            high: number(fields[2]),
            low: number(fields[3]),
            close: number(fields[4]),
            volume: number(fields[6]),
        }
    };
    text.lines().skip(1).map(row).collect()
}

/// Days of the Gregorian calendar, with the year taken to begin in March so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

/// An expected execution: day, instrument, side, units, price.
type Trade = (i64, u32, Side, f64, f64);

/// Checks the executions; prices that were worked out by hand in decimals may differ in the last digits.
#[track_caller]
fn assert_trades(report: &Report, expected: &[Trade]) {
    let trades = report.fills.iter().map(|f| (f.time / DAY, f.instrument, f.side, f.quantity, f.price));
    let trades: Vec<Trade> = trades.collect();
    let same = |a: &Trade, b: &Trade| {
        (a.0, a.1, a.2) == (b.0, b.1, b.2) && a.3 == b.3 && (a.4 - b.4).abs() <= 1e-9 * b.4
    };
    let all = trades.len() == expected.len() && trades.iter().zip(expected).all(|(a, b)| same(a, b));
    assert!(all, "traded {trades:?}\ninstead of {expected:?}");
}

#[track_caller]
fn assert_near(value: f64, expected: f64) {
    assert!((value - expected).abs() <= 1e-9 * expected.abs(), "{value} instead of {expected}");
}

/// The message of a run that was refused.
#[track_caller]
fn refusal(run: Result<Report, String>) -> String {
    run.expect_err("these parameters and instruments make no sense")
}

#[test]
fn the_shipped_files_are_read_with_their_dates() {
    let bars = shipped("sp500-daily.csv");
    assert_eq!(bars.len(), 5_031);
    // 1999-01-04 and 2018-12-31.
    assert_eq!((bars[0].time / DAY, bars[5_030].time / DAY), (10_595, 17_896));
    assert!(bars.is_sorted_by(|a, b| a.time < b.time));
}
