use proptest::prelude::*;
use stratbox_examples::momentum_rotation::MomentumRotation;
use stratbox_sdk::Side::{Buy, Sell};
use stratbox_sdk::testing::{Backtest, Report, bars_from_closes, random_walk};
use stratbox_sdk::{Bar, ParamValue};

use crate::{DAY, assert_trades, int, refusal, together};

const VALUES: [(&str, ParamValue); 2] =
    [("lookback", ParamValue::Integer(5)), ("every", ParamValue::Integer(5))];

/// The first rises by 1 a day; the second by 5, but not before day 11.
fn closes() -> [Vec<f64>; 2] {
    let days = (0..18).map(f64::from);
    [
        days.clone().map(|day| 100.0 + day).collect(),
        days.map(|day| 100.0 + 5.0 * (day - 10.0).max(0.0)).collect(),
    ]
}

fn run(bars: Vec<Bar>) -> Report {
    Backtest::new(bars).run_with::<MomentumRotation>(&VALUES).unwrap()
}

#[test]
fn it_holds_the_strongest_and_changes_over_when_another_one_is() {
    let report = run(together(&closes()));
    // Decisions at the closes of the days 5, 10 and 15. 95,000 / 105 is 904.8. After the sale the account is worth
    // 100,000 + 904 * 10 - 47.46 at the close of day 15, and 95 % of that buys 828 at 125.
    assert_trades(
        &report,
        &[(6, 0, Buy, 904.0, 105.0), (16, 0, Sell, 904.0, 115.0), (16, 1, Buy, 828.0, 125.0)],
    );
    assert_eq!((report.summary.rejections.iter().sum::<u64>(), report.summary.dropped), (0, 0));
}

#[test]
fn a_day_on_which_an_instrument_did_not_trade_is_no_day_for_a_decision() {
    let mut bars = together(&closes());
    bars.retain(|bar| (bar.instrument, bar.time) != (1, 5 * DAY));
    // The sixth complete day is day 6.
    assert_eq!(run(bars).fills[0].time, 7 * DAY);
}

#[test]
fn a_rank_does_not_depend_on_how_many_instruments_are_worse() {
    let [first, second] = closes();
    let falling: Vec<f64> = (0..18).map(|day| 100.0 - f64::from(day)).collect();
    let report = run(together(&[falling.clone(), first, falling, second]));
    assert_trades(
        &report,
        &[(6, 1, Buy, 904.0, 105.0), (16, 1, Sell, 904.0, 115.0), (16, 3, Buy, 828.0, 125.0)],
    );
}

#[test]
fn while_nothing_rises_it_stays_out_unless_told_not_to() {
    let falling = |by: f64| (0..8).map(|day| 100.0 - by * f64::from(day)).collect::<Vec<f64>>();
    let backtest = Backtest::new(together(&[falling(2.0), falling(1.0)]));
    assert_trades(&backtest.run_with::<MomentumRotation>(&VALUES).unwrap(), &[]);
    let relative = [&VALUES[..], &[("absolute", ParamValue::Boolean(false))]].concat();
    assert_trades(&backtest.run_with::<MomentumRotation>(&relative).unwrap(), &[(6, 1, Buy, 1_000.0, 95.0)]);
}

#[test]
fn it_publishes_its_momentum_as_a_forecast_of_every_next_bar() {
    let summary = run(together(&closes())).summary;
    // Forecasts from the close of day 5 to that of day 16 were followed by a bar: 12 of the first instrument, all right.
    // The second has no momentum to speak of before day 11: 6, all right.
    assert_eq!((summary.signals, summary.signal_hits), (18, 18));
}

#[test]
fn fewer_than_two_instruments_are_refused() {
    let message = refusal(Backtest::new(bars_from_closes(&[100.0; 9])).run_with::<MomentumRotation>(&VALUES));
    assert_eq!(message, "it chooses among instruments and has `1`: give it two or more");
}

#[test]
fn a_rhythm_of_no_bars_is_refused() {
    let backtest = Backtest::new(together(&closes()));
    assert!(refusal(backtest.run_with::<MomentumRotation>(&[("every", int(0))])).contains("every"));
    assert!(backtest.run_with::<MomentumRotation>(&[("every", int(1))]).is_ok());
}

proptest! {
    #[test]
    fn the_order_in_which_the_bars_of_a_day_arrive_changes_nothing(seed in any::<u64>(), every in 1..30_i64) {
        let values = [("lookback", int(10)), ("every", int(every))];
        let bars = random_walk(seed, 200, 3);
        let reversed: Vec<Bar> = bars.chunks(3).flat_map(|day| day.iter().rev().copied()).collect();
        let [report, other] = [bars, reversed].map(|bars| {
            Backtest::new(bars).run_with::<MomentumRotation>(&values).unwrap()
        });
        let trades = |report: &Report| {
            let mut trades: Vec<_> = report.fills.iter().map(|f| (f.time, f.instrument, f.position as i64)).collect();
            trades.sort_unstable();
            trades
        };
        prop_assert!(!report.fills.is_empty());
        prop_assert_eq!(trades(&report), trades(&other));
    }

    #[test]
    fn no_day_ends_with_two_positions(seed in any::<u64>(), count in 2..5_u32, every in 1..30_i64) {
        let values = [("lookback", int(10)), ("every", int(every))];
        let report = Backtest::new(random_walk(seed, 200, count)).run_with::<MomentumRotation>(&values).unwrap();
        let mut held = vec![0.0; count as usize];
        for day in report.fills.chunk_by(|a, b| a.time == b.time) {
            for fill in day {
                held[fill.instrument as usize] = fill.position;
            }
            prop_assert!(held.iter().filter(|quantity| **quantity != 0.0).count() <= 1, "{held:?}");
        }
    }
}
