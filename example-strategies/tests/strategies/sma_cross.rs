use stratbox_examples::sma_cross::SmaCross;
use stratbox_sdk::Side::{Buy, Sell};
use stratbox_sdk::testing::{Backtest, bars_from_closes};

use crate::{assert_near, assert_trades, int, num, refusal, together};

/// The averages over 2 and 5 bars cross upwards at the close of day 5 and downwards at that of day 8.
const CLOSES: [f64; 11] = [100.0, 100.0, 100.0, 100.0, 100.0, 110.0, 110.0, 112.0, 88.0, 90.0, 90.0];

#[test]
fn it_buys_the_open_after_the_cross_up_and_sells_the_open_after_the_cross_down() {
    let backtest = Backtest::new(bars_from_closes(&CLOSES));
    let report = backtest.run_with::<SmaCross>(&[("fast", int(2)), ("slow", int(5))]).unwrap();
    // 95,000 / 110 is 863.6.
    assert_trades(&report, &[(6, 0, Buy, 863.0, 110.0), (9, 0, Sell, 863.0, 88.0)]);
    let fees = 863.0 * (110.0 + 88.0) * 5e-4;
    assert_near(report.summary.final_equity, 100_000.0 - 863.0 * 22.0 - fees);
}

#[test]
fn averages_that_are_equal_are_no_reason_to_buy_and_one_to_sell() {
    let closes = [[100.0; 5], [110.0; 5]].concat();
    let values = [("fast", int(2)), ("slow", int(5))];
    let report = Backtest::new(bars_from_closes(&closes)).run_with::<SmaCross>(&values).unwrap();
    // Both are 100 at the close of day 4, and the last bar, whose close makes them both 110, is the one to sell after.
    assert_trades(&report, &[(6, 0, Buy, 863.0, 110.0)]);
    assert_eq!(report.summary.orders, 2);
}

#[test]
fn an_entry_takes_no_more_than_the_others_have_left() {
    // The first triples after it was bought for half of the account, before the second goes up.
    let first = [&[100.0; 5][..], &[110.0, 110.0], &[330.0; 8]].concat();
    let second = [&[50.0; 10][..], &[60.0; 5]].concat();
    let values = [("fast", int(2)), ("slow", int(10)), ("fraction", num(1.0))];
    let bars = together(&[[&[100.0; 5][..], &first].concat(), [&[50.0; 5][..], &second].concat()]);
    let report = Backtest::new(bars).run_with::<SmaCross>(&values).unwrap();
    // 454 units at 110 and the fee leave 50,035.03; half of the equity would be 99,927.5.
    assert_trades(&report, &[(11, 0, Buy, 454.0, 110.0), (16, 1, Buy, 833.0, 60.0)]);
    assert_eq!((report.summary.rejections.iter().sum::<u64>(), report.summary.dropped), (0, 0));
}

#[test]
fn instruments_have_averages_of_their_own_and_share_the_account() {
    let mirrored = CLOSES.map(|close| 200.0 - close).to_vec();
    let bars = together(&[CLOSES.to_vec(), mirrored]);
    let values = [("fast", int(2)), ("slow", int(5)), ("fraction", num(0.5))];
    let report = Backtest::new(bars).run_with::<SmaCross>(&values).unwrap();
    let first = [(6, 0, Buy, 227.0, 110.0), (9, 0, Sell, 227.0, 88.0)];
    // Equity at the close of day 8: 100,000 - 12.485 - 227 * 22, a quarter of it 23,748.4, at 112 each.
    assert_trades(&report, &[first[0], first[1], (9, 1, Buy, 212.0, 112.0)]);
}

#[test]
fn a_fast_average_that_is_not_the_faster_one_is_refused() {
    let backtest = Backtest::new(bars_from_closes(&CLOSES));
    for (fast, slow) in [(5, 5), (50, 20)] {
        let message = refusal(backtest.run_with::<SmaCross>(&[("fast", int(fast)), ("slow", int(slow))]));
        assert_eq!(message, format!("`fast` is `{fast}`: it must be below `slow`, which is `{slow}`"));
    }
    assert!(backtest.run_with::<SmaCross>(&[("fast", int(4)), ("slow", int(5))]).is_ok());
}
