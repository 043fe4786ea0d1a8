use stratbox_domain::TimeInForce;

use super::*;

/// A tenth of a bar's volume: 100 units.
fn capped() -> VenuePolicy {
    VenuePolicy { volume_share: Some(0.1), ..free() }
}

fn buy(quantity: f64, time_in_force: TimeInForce) -> Order {
    Order::buy(0, quantity).time_in_force(time_in_force)
}

#[test]
fn fill_or_kill_trades_all_or_nothing() {
    let filled = |quantity| {
        let mut venue = venue(capped());
        sent(&mut venue, buy(quantity, TimeInForce::FillOrKill));
        let fills = play(&mut venue, &flat(1, 100.0)).len();
        assert!(venue.is_quiet());
        (fills, venue.quantity(0), venue.summary().expired)
    };
    assert_eq!(filled(100.0), (1, 100.0, 0));
    assert_eq!(filled(100.5), (0, 0.0, 1));
}

#[test]
fn immediate_or_cancel_takes_what_there_is_and_lets_the_rest_go() {
    let mut venue = venue(capped());
    sent(&mut venue, buy(250.0, TimeInForce::ImmediateOrCancel));
    assert_eq!(play(&mut venue, &flat(1, 100.0)).len(), 1);
    let summary = venue.summary();
    assert_eq!((venue.quantity(0), summary.partial_fills, summary.expired), (100.0, 1, 1));
    assert!(venue.is_quiet());
}

#[test]
fn good_till_cancelled_waits_for_the_rest() {
    let mut venue = venue(capped());
    let id = sent(&mut venue, buy(250.0, TimeInForce::GoodTillCancelled));
    for (day, left) in [(1, 150.0), (2, 50.0), (3, 0.0)] {
        play(&mut venue, &flat(day, 100.0));
        assert_eq!(venue.open_quantity(id), left);
    }
    let summary = venue.summary();
    assert_eq!((venue.quantity(0), summary.partial_fills, summary.orders), (250.0, 2, 1));
}

#[test]
fn a_day_order_waits_for_the_rest_until_the_day_is_over() {
    let mut venue = venue(capped());
    sent(&mut venue, buy(250.0, TimeInForce::Day));
    for hour in [1, 2] {
        play(&mut venue, &Bar { time: DAY + hour * DAY / 24, ..flat(0, 100.0) });
    }
    play(&mut venue, &flat(2, 100.0));
    assert_eq!((venue.quantity(0), venue.summary().expired), (200.0, 1));
}
