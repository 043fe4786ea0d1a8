use stratbox_examples::rsi_reversion::RsiReversion;
use stratbox_sdk::Side::{Buy, Sell};
use stratbox_sdk::testing::{Backtest, Report};
use stratbox_sdk::{Bar, ParamValue};

use crate::{assert_trades, bars, int, num, refusal, together};

/// The index over 2 changes is 0 at the close of the third day.
const FALL: [[f64; 4]; 3] =
    [[100.0, 100.0, 100.0, 100.0], [100.0, 100.0, 98.0, 98.0], [98.0, 98.0, 96.0, 96.0]];

fn after_the_fall(prices: &[[f64; 4]], more: &[(&str, ParamValue)]) -> Report {
    let bars = bars(&[&FALL, prices].concat());
    let values = [&[("length", int(2)), ("discount", num(1.0)), ("target", num(2.0))], more].concat();
    Backtest::new(bars).run_with::<RsiReversion>(&values).unwrap()
}

#[test]
fn it_buys_at_its_limit_below_the_close_and_sells_at_its_limit_above_the_entry() {
    let report = after_the_fall(&[[96.0, 96.0, 95.0, 96.0], [96.0, 98.0, 96.0, 97.0]], &[]);
    // The bid: 96 less 1 %; 95,000 / 95.04 is 999.6. The offer: 95.04 and 2 %.
    assert_trades(&report, &[(3, 0, Buy, 999.0, 95.04), (4, 0, Sell, 999.0, 96.9408)]);
}

#[test]
fn a_price_that_does_not_come_down_to_the_bid_leaves_it_unfilled() {
    assert_trades(&after_the_fall(&[[96.0, 97.0, 95.05, 97.0], [97.0, 99.0, 97.0, 99.0]], &[]), &[]);
}

#[test]
fn a_stale_bid_is_replaced_by_one_under_the_new_close() {
    // Missed at 95.04. The index is still only 20 at the close of 96.5: the new bid is 95.535, and it alone is hit.
    let report = after_the_fall(&[[96.0, 97.0, 95.5, 96.5], [96.5, 96.5, 95.0, 96.0]], &[]);
    assert_trades(&report, &[(4, 0, Buy, 994.0, 95.535)]);
}

#[test]
fn a_stale_bid_is_withdrawn_when_the_weakness_is_over() {
    // At the close of 99 the index is 60. The crash after that is nobody's bargain.
    assert_trades(&after_the_fall(&[[96.0, 99.0, 96.0, 99.0], [99.0, 99.0, 90.0, 99.0]], &[]), &[]);
}

#[test]
fn it_leaves_at_the_open_when_its_time_is_up() {
    let quiet = [96.0, 96.0, 95.5, 96.0];
    let report =
        after_the_fall(&[[96.0, 96.0, 95.0, 96.0], quiet, [95.8, 99.0, 95.5, 99.0]], &[("patience", int(2))]);
    // The third day of the trade would have hit the offer: it was withdrawn.
    assert_trades(&report, &[(3, 0, Buy, 999.0, 95.04), (5, 0, Sell, 999.0, 95.8)]);
}

#[test]
fn every_trade_has_the_same_time() {
    let first = [[96.0, 96.0, 95.0, 96.0], [96.0, 96.0, 95.5, 96.0], [95.8, 95.8, 94.0, 94.0]];
    let second = [[94.0, 94.0, 93.0, 93.5], [93.5, 93.9, 93.4, 93.6], [93.2, 93.4, 93.1, 93.2]];
    let report = after_the_fall(&[first, second].concat(), &[("patience", int(2))]);
    assert_trades(
        &report,
        &[
            (3, 0, Buy, 999.0, 95.04),
            (5, 0, Sell, 999.0, 95.8),
            (6, 0, Buy, 1_027.0, 93.06),
            (8, 0, Sell, 1_027.0, 93.2),
        ],
    );
}

#[test]
fn an_index_at_the_threshold_is_not_below_it() {
    // The first bid is missed, and the index is 20 at the close of 96.5.
    let prices = [[96.0, 97.0, 95.5, 96.5], [96.5, 96.5, 95.0, 96.0]];
    assert_trades(&after_the_fall(&prices, &[("oversold", num(20.0))]), &[]);
    assert_trades(&after_the_fall(&prices, &[("oversold", num(20.5))]), &[(4, 0, Buy, 994.0, 95.535)]);
}

#[test]
fn more_than_one_instrument_is_refused() {
    let closes = || vec![100.0; 3];
    let message = refusal(Backtest::new(together(&[closes(), closes()])).run_with::<RsiReversion>(&[]));
    assert_eq!(message, "it trades one instrument, not `2`: run it on each alone");
    let alone: Vec<Bar> = together(&[closes()]);
    assert!(Backtest::new(alone).run_with::<RsiReversion>(&[]).is_ok());
}

#[test]
fn parameters_out_of_bounds_are_refused() {
    let backtest = Backtest::new(bars(&FALL));
    for (name, value) in
        [("length", int(1)), ("oversold", num(80.0)), ("target", num(0.0)), ("patience", int(0))]
    {
        let message = refusal(backtest.run_with::<RsiReversion>(&[(name, value)]));
        assert!(message.contains(name), "{message}");
    }
}
