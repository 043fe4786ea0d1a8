use stratbox_examples::buy_and_hold::BuyAndHold;
use stratbox_sdk::Side::Buy;
use stratbox_sdk::VenuePolicy;
use stratbox_sdk::testing::{Backtest, bars_from_closes};

use crate::{DAY, assert_near, assert_trades, num, refusal, shipped, together};

#[test]
fn it_buys_whole_units_at_the_second_open_and_never_trades_again() {
    let report = Backtest::new(bars_from_closes(&[98.0, 110.0, 120.0])).run_with::<BuyAndHold>(&[]).unwrap();
    // 95,000 / 98 is 969.4.
    assert_trades(&report, &[(1, 0, Buy, 969.0, 98.0)]);
    let cash = 100_000.0 - 969.0 * 98.0 * 1.0005;
    assert_near(report.equity[0], 100_000.0);
    assert_near(report.equity[1], cash + 969.0 * 110.0);
    assert_near(report.equity[2], cash + 969.0 * 120.0);
}

#[test]
fn several_instruments_get_equal_parts() {
    let bars = together(&[vec![100.0; 3], vec![50.0; 3]]);
    let report = Backtest::new(bars).run_with::<BuyAndHold>(&[("fraction", num(0.5))]).unwrap();
    assert_trades(&report, &[(1, 0, Buy, 250.0, 100.0), (1, 1, Buy, 500.0, 50.0)]);
}

#[test]
fn an_instrument_that_comes_late_gets_no_more_than_the_account_has_left() {
    // The first one triples before the second has a price: half of the equity is not there any more.
    let mut bars = together(&[vec![100.0, 100.0, 300.0, 300.0, 300.0], vec![50.0; 5]]);
    bars.retain(|bar| bar.instrument == 0 || bar.time >= 2 * DAY);
    let report = Backtest::new(bars).run_with::<BuyAndHold>(&[("fraction", num(1.0))]).unwrap();
    // The first cost 50,000 and a fee of 25: the cash left is 49,975.
    assert_trades(&report, &[(1, 0, Buy, 500.0, 100.0), (3, 1, Buy, 999.0, 50.0)]);
    assert_eq!((report.summary.rejections.iter().sum::<u64>(), report.summary.dropped), (0, 0));
}

#[test]
fn a_unit_that_costs_more_than_the_account_is_tried_once_and_logged() {
    let backtest = Backtest::new(bars_from_closes(&[98.0; 5]));
    let poor = VenuePolicy { initial_cash: 50.0, ..VenuePolicy::default() };
    let report = backtest.policy(poor).run_with::<BuyAndHold>(&[]).unwrap();
    assert_eq!((report.fills.len(), report.log.len()), (0, 1));
    assert_eq!(report.summary.rejections.iter().sum::<u64>(), 1);
}

#[test]
fn a_fraction_that_is_no_part_of_the_equity_is_refused() {
    let backtest = Backtest::new(bars_from_closes(&[98.0; 5]));
    for fraction in [-0.5, 0.0, 1.5, f64::NAN] {
        let message = refusal(backtest.run_with::<BuyAndHold>(&[("fraction", num(fraction))]));
        assert!(message.contains("fraction"), "{message}");
    }
    assert!(backtest.run_with::<BuyAndHold>(&[("fraction", num(1.0))]).is_ok());
}

#[test]
fn on_the_s_and_p_500_it_ends_with_the_value_worked_out_by_hand() {
    let report = Backtest::new(shipped("sp500-daily.csv")).run_with::<BuyAndHold>(&[]).unwrap();
    // 95,000 / 1228.099976 is 77.4, and the second day opens at that close: 94,563.698152 and a fee of 47.281849076.
    assert_trades(&report, &[(10_596, 0, Buy, 77.0, 1228.099976)]);
    // 5,389.019998924 in cash and 77 units at 2506.850098.
    assert_near(*report.equity.last().unwrap(), 198_416.477544924);
    assert_eq!(report.equity.len(), 5_031);
    assert_eq!(report.summary.steps_in_market, 5_030);
}
