use stratbox_domain::{FeeModel, MakerTaker, PerShare};

use super::*;

const YEAR: i64 = 365;

#[test]
fn cash_earns_interest_for_the_time_that_has_passed() {
    let mut venue = venue(VenuePolicy { interest_bps_a_year: 500.0, ..free() });
    let (ended, _) = venue.step(&flat(YEAR, 100.0));
    assert_eq!(ended, Some(100_000.0), "the step before is over");
    assert_eq!((venue.financing(), venue.account().equity), (5_000.0, 105_000.0));
    venue.step(&flat(YEAR + 73, 100.0));
    assert!((venue.financing() - 6_050.0).abs() < 1e-9, "a fifth of a year, on what there is");
}

#[test]
fn bars_of_one_time_are_charged_once() {
    let mut venue = Venue::new(VenuePolicy { interest_bps_a_year: 500.0, ..free() }, 2);
    for day in [0, YEAR] {
        venue.step(&flat(day, 100.0));
        venue.step(&Bar { instrument: 1, ..flat(day, 100.0) });
    }
    assert_eq!(venue.financing(), 5_000.0);
}

#[test]
fn cash_below_zero_pays_its_own_rate() {
    let policy =
        VenuePolicy { leverage: 2.0, debit_bps_a_year: 1_000.0, interest_bps_a_year: 100.0, ..free() };
    let mut venue = holding(policy, 2_000.0);
    let before = venue.financing();
    venue.step(&flat(1 + YEAR, 100.0));
    assert_eq!(venue.financing() - before, -(200_000.0 - 100_000.0 - before) * 0.1);
}

#[test]
fn what_is_sold_short_is_borrowed() {
    let mut venue = holding(VenuePolicy { borrow_bps_a_year: 200.0, ..free() }, -500.0);
    assert_eq!(venue.financing(), 0.0);
    play(&mut venue, &flat(2, 80.0));
    let before = venue.financing();
    venue.step(&flat(2 + YEAR, 80.0));
    assert!((venue.financing() - before + 800.0).abs() < 1e-9, "a fiftieth of 40,000");
}

#[test]
fn a_maker_is_who_waits_at_a_limit_inside_a_bar() {
    let fees = FeeModel::MakerTaker(MakerTaker { maker_bps: 1.0, taker_bps: 10.0 });
    let fee = |order: Order, next: Bar| {
        let mut venue = venue(VenuePolicy { fees, ..free() });
        sent(&mut venue, order);
        let fill = play(&mut venue, &next)[0];
        (fill.fee / (fill.price * fill.quantity) * 1e4).round()
    };
    let next = bar(1, 100.0, 110.0, 90.0, 100.0);
    let buy = Order::buy(0, 10.0);
    assert_eq!(fee(buy.limit(95.0), next), 1.0);
    assert_eq!(fee(buy.limit(105.0), next), 10.0, "the open is better than the limit");
    assert_eq!(fee(buy, next), 10.0);
    assert_eq!(fee(buy.stop(105.0), next), 10.0);
    assert_eq!(fee(buy.stop_limit(105.0, 106.0), next), 10.0);
}

#[test]
fn a_fee_a_unit_is_charged_for_every_fill() {
    let fees = FeeModel::PerShare(PerShare { amount: 0.01, minimum: 1.0, maximum_share: None });
    let mut venue = venue(VenuePolicy { fees, volume_share: Some(0.15), ..free() });
    sent(&mut venue, Order::buy(0, 200.0));
    let fees: Vec<f64> =
        (1..3).flat_map(|day| play(&mut venue, &flat(day, 100.0))).map(|it| it.fee).collect();
    assert_eq!(fees, [1.5, 1.0]);
    assert_eq!(venue.account().fees, 2.5);
}

#[test]
fn an_order_that_is_dropped_is_counted_once() {
    let mut venue = holding(VenuePolicy { allow_short: false, ..free() }, 10.0);
    sent(&mut venue, Order::sell(0, 10.0).limit(110.0));
    sent(&mut venue, Order::sell(0, 10.0).stop(90.0));
    play(&mut venue, &bar(2, 100.0, 111.0, 89.0, 100.0));
    let summary = venue.summary();
    assert_eq!((summary.orders, summary.dropped, summary.rejections), (3, 1, [0; Rejection::ALL.len()]));
}
