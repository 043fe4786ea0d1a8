use stratbox_examples::donchian_breakout::DonchianBreakout;
use stratbox_sdk::Side::{Buy, Sell};
use stratbox_sdk::testing::{Backtest, Report};

use crate::{assert_trades, bars, int, num, refusal, together};

/// Twenty quiet days: the channel goes from 99 to 101, and the average range is 2.
const QUIET: [[f64; 4]; 20] = [[100.0, 101.0, 99.0, 100.0]; 20];

fn after_the_quiet(prices: &[[f64; 4]], atr_multiple: f64) -> Report {
    let bars = bars(&[&QUIET, prices].concat());
    let values =
        [("entry", int(5)), ("exit", int(3)), ("margin", num(1.0)), ("atr_multiple", num(atr_multiple))];
    Backtest::new(bars).run_with::<DonchianBreakout>(&values).unwrap()
}

/// Breaks through 102.01, which is 1 % above the channel.
const BREAK: [f64; 4] = [101.0, 103.0, 100.5, 102.5];

#[test]
fn it_buys_when_the_price_is_beyond_the_channel_by_the_margin() {
    // 95,000 / 102.01 is 931.3.
    assert_trades(&after_the_quiet(&[BREAK], 3.0), &[(20, 0, Buy, 931.0, 102.01)]);
    assert_trades(&after_the_quiet(&[[100.0, 102.0, 100.0, 101.0]], 3.0), &[]);
}

#[test]
fn an_entry_that_did_not_trade_follows_the_channel_down() {
    let lower = [99.0, 99.5, 98.5, 99.0];
    let report = after_the_quiet(&[lower, lower, lower, lower, lower, [99.0, 101.0, 99.0, 100.0]], 3.0);
    // 1 % above 99.5. Were the first entry still there, at 102.01, nothing would have traded.
    assert_trades(&report, &[(25, 0, Buy, 945.0, 100.495)]);
}

#[test]
fn the_first_stop_is_a_multiple_of_the_range_below_the_price_paid() {
    // 0.5 times 2 below 102.01, which is above the lows of the last three days.
    let report = after_the_quiet(&[BREAK, [102.0, 102.0, 101.0, 102.0]], 0.5);
    assert_trades(&report, &[(20, 0, Buy, 931.0, 102.01), (21, 0, Sell, 931.0, 101.01)]);
}

#[test]
fn after_a_gap_the_first_stop_counts_from_the_open() {
    let report = after_the_quiet(&[[110.0, 111.0, 109.0, 110.0], [110.0, 110.0, 108.0, 109.0]], 0.5);
    assert_trades(&report, &[(20, 0, Buy, 931.0, 110.0), (21, 0, Sell, 931.0, 109.0)]);
}

#[test]
fn the_stop_rises_with_the_lows_of_the_channel() {
    let rise = [[103.0, 105.0, 102.0, 104.0], [104.0, 107.0, 104.0, 106.0]];
    // The lows of the three days before the fall are 100.5, 102 and 104.
    let report = after_the_quiet(&[BREAK, rise[0], rise[1], [106.0, 106.0, 100.0, 103.0]], 3.0);
    assert_trades(&report, &[(20, 0, Buy, 931.0, 102.01), (23, 0, Sell, 931.0, 100.5)]);
}

#[test]
fn a_gap_through_the_stop_is_sold_at_the_open() {
    let report = after_the_quiet(&[BREAK, [95.0, 96.0, 94.0, 95.0]], 3.0);
    assert_trades(&report, &[(20, 0, Buy, 931.0, 102.01), (21, 0, Sell, 931.0, 95.0)]);
}

#[test]
fn a_level_that_does_not_move_costs_no_new_order() {
    assert_eq!(after_the_quiet(&[], 3.0).summary.orders, 1);
    assert_eq!(after_the_quiet(&QUIET, 3.0).summary.orders, 1);
    assert_eq!(after_the_quiet(&[BREAK], 3.0).summary.orders, 2);
}

#[test]
fn an_exit_channel_longer_than_the_entry_channel_is_refused() {
    let run = |exit| {
        Backtest::new(bars(&QUIET)).run_with::<DonchianBreakout>(&[("entry", int(20)), ("exit", int(exit))])
    };
    assert_eq!(refusal(run(21)), "`exit` is `21`: it must be at most `entry`, which is `20`");
    assert!(run(20).is_ok());
}

#[test]
fn more_than_one_instrument_is_refused() {
    let bars = together(&[vec![100.0; 3], vec![100.0; 3]]);
    let message = refusal(Backtest::new(bars).run_with::<DonchianBreakout>(&[]));
    assert_eq!(message, "it trades one instrument, not `2`: run it on each alone");
}
