use proptest::prelude::*;
use stratbox_examples::pairs_spread::PairsSpread;
use stratbox_sdk::Side::{Buy, Sell};
use stratbox_sdk::testing::{Backtest, random_walk};
use stratbox_sdk::{Bar, ParamValue, VenuePolicy};

use crate::{DAY, assert_trades, int, num, refusal, together};

const VALUES: [(&str, ParamValue); 3] = [
    ("lookback", ParamValue::Integer(10)),
    ("entry", ParamValue::Number(2.0)),
    ("exit", ParamValue::Number(0.5)),
];

/// The first instrument wavers between 100 and 101 for ten days, is at `strayed` on days 10 and 11, and then back; the
/// second stays at 100.
fn pair(strayed: f64) -> Vec<Bar> {
    let mut first = [100.0, 101.0].repeat(5);
    first.extend([strayed, strayed, 100.0, 100.0, 101.0]);
    let second = vec![100.0; first.len()];
    together(&[first, second])
}

#[test]
fn when_the_first_is_dear_it_is_sold_short_and_the_second_bought_until_the_ratio_is_back() {
    let report = Backtest::new(pair(120.0)).run_with::<PairsSpread>(&VALUES).unwrap();
    // Half of 90,000 each, at the closes of day 10; both are closed at the open after the return on day 12.
    assert_trades(
        &report,
        &[
            (11, 0, Sell, 375.0, 120.0),
            (11, 1, Buy, 450.0, 100.0),
            (13, 0, Buy, 375.0, 100.0),
            (13, 1, Sell, 450.0, 100.0),
        ],
    );
}

#[test]
fn when_the_first_is_cheap_it_is_bought_and_the_second_sold_short() {
    let report = Backtest::new(pair(80.0)).run_with::<PairsSpread>(&VALUES).unwrap();
    assert_trades(
        &report,
        &[
            (11, 0, Buy, 562.0, 80.0),
            (11, 1, Sell, 450.0, 100.0),
            (13, 0, Sell, 562.0, 100.0),
            (13, 1, Buy, 450.0, 100.0),
        ],
    );
}

#[test]
fn bars_without_their_counterpart_are_not_compared() {
    let mut bars = pair(120.0);
    bars.retain(|bar| (bar.instrument, bar.time) != (1, 10 * DAY));
    // The stray is first seen on day 11.
    let report = Backtest::new(bars).run_with::<PairsSpread>(&VALUES).unwrap();
    assert_eq!(report.fills[0].time, 12 * DAY);
}

#[test]
fn where_short_positions_are_not_allowed_a_bet_is_tried_once_and_no_leg_of_it_is_left() {
    let policy = VenuePolicy { allow_short: false, ..VenuePolicy::default() };
    let report = Backtest::new(pair(120.0)).policy(policy).run_with::<PairsSpread>(&VALUES).unwrap();
    assert_trades(&report, &[]);
    assert_eq!((report.summary.rejections.iter().sum::<u64>(), report.log.len()), (1, 1));
}

#[test]
fn a_short_leg_is_withdrawn_when_the_long_one_is_refused() {
    // One open order is one leg.
    let policy = VenuePolicy { max_open_orders: 1, ..VenuePolicy::default() };
    let report = Backtest::new(pair(120.0)).policy(policy).run_with::<PairsSpread>(&VALUES).unwrap();
    assert_trades(&report, &[]);
    assert_eq!((report.summary.orders, report.log.len()), (1, 1));
}

#[test]
fn leaving_further_out_than_entering_is_refused() {
    let run = |exit| {
        Backtest::new(pair(120.0)).run_with::<PairsSpread>(&[("entry", num(2.0)), ("exit", num(exit))])
    };
    assert_eq!(refusal(run(2.0)), "`exit` is `2`: it must be below `entry`, which is `2`");
    assert!(run(1.75).is_ok());
}

#[test]
fn anything_but_a_pair_is_refused() {
    for count in [1, 3] {
        let bars = together(&vec![vec![100.0; 3]; count]);
        let message = refusal(Backtest::new(bars).run_with::<PairsSpread>(&VALUES));
        assert_eq!(message, format!("it trades a pair, not `{count}` instruments: give it two"));
    }
}

proptest! {
    #[test]
    fn every_day_ends_flat_or_with_one_leg_long_and_one_short(
        seed in any::<u64>(), entry in 1.0..2.0_f64, exit in 0.0..0.9_f64,
    ) {
        let values = [("lookback", int(10)), ("entry", num(entry)), ("exit", num(exit))];
        let report = Backtest::new(random_walk(seed, 300, 2)).run_with::<PairsSpread>(&values).unwrap();
        prop_assert!(!report.fills.is_empty());
        for day in report.fills.chunk_by(|a, b| a.time == b.time) {
            prop_assert_eq!(day.len(), 2);
            let legs = (day[0].position, day[1].position);
            prop_assert!(legs == (0.0, 0.0) || legs.0 * legs.1 < 0.0, "{:?}", legs);
        }
    }
}
