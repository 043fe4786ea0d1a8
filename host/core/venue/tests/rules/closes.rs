use stratbox_domain::{FillAt, TimeInForce};

use super::*;

fn at_close() -> VenuePolicy {
    VenuePolicy { fill_at: FillAt::SameClose, ..free() }
}

fn settled(venue: &mut Venue) -> Vec<(OrderId, f64, f64)> {
    let traded = venue.settle();
    finish(venue, traded).iter().map(|fill| (fill.order, fill.quantity, fill.price)).collect()
}

#[test]
fn a_market_order_fills_at_the_close_of_the_bar_it_was_sent_on() {
    let mut venue = Venue::new(at_close(), 1);
    play(&mut venue, &bar(0, 90.0, 105.0, 90.0, 100.0));
    let id = sent(&mut venue, Order::buy(0, 10.0));
    assert_eq!(settled(&mut venue), [(id, 10.0, 100.0)]);
    assert_eq!(play(&mut venue, &flat(1, 110.0)), []);
    assert_eq!(venue.account().equity, 100_100.0);
}

#[test]
fn what_fills_at_a_close_is_in_the_equity_of_its_step() {
    let mut venue = Venue::new(VenuePolicy { fee_bps: 100.0, ..at_close() }, 1);
    play(&mut venue, &flat(0, 100.0));
    sent(&mut venue, Order::buy(0, 10.0));
    settled(&mut venue);
    assert_eq!(venue.step(&flat(1, 100.0)).0, Some(99_990.0));
}

#[test]
fn nothing_settles_where_market_orders_fill_at_the_open() {
    let mut venue = venue(free());
    sent(&mut venue, Order::buy(0, 10.0));
    assert!(!venue.settle() && !venue.settles());
}

#[test]
fn an_order_for_another_instrument_fills_at_its_close_of_the_same_time_before_or_after() {
    let mut venue = Venue::new(at_close(), 2);
    let second = |day, price| Bar { instrument: 1, ..flat(day, price) };
    play(&mut venue, &flat(0, 100.0));
    play(&mut venue, &second(0, 50.0));
    play(&mut venue, &flat(1, 101.0));
    let ahead = sent(&mut venue, Order::buy(1, 1.0));
    assert_eq!(settled(&mut venue), [], "its last close is of yesterday");
    play(&mut venue, &second(1, 51.0));
    let behind = sent(&mut venue, Order::buy(0, 1.0));
    assert_eq!(settled(&mut venue), [(ahead, 1.0, 51.0), (behind, 1.0, 101.0)]);
}

#[test]
fn an_order_sent_in_answer_to_a_fill_at_the_close_waits() {
    let mut venue = Venue::new(at_close(), 1);
    play(&mut venue, &flat(0, 100.0));
    sent(&mut venue, Order::buy(0, 1.0));
    assert!(venue.settle());
    let late = sent(&mut venue, Order::sell(0, 1.0));
    assert!(!venue.resume());
    play(&mut venue, &flat(1, 105.0));
    assert_eq!(settled(&mut venue), [(late, 1.0, 105.0)]);
}

#[test]
fn limits_and_stops_wait_for_the_next_bar_as_ever() {
    let mut venue = Venue::new(at_close(), 1);
    play(&mut venue, &bar(0, 100.0, 110.0, 90.0, 100.0));
    let limit = sent(&mut venue, Order::buy(0, 1.0).limit(100.0));
    assert_eq!(settled(&mut venue), []);
    assert_eq!(filled(&mut venue, &bar(1, 101.0, 102.0, 99.0, 101.0)), [(limit, 1.0, 100.0)]);
}

#[test]
fn a_bracket_of_an_entry_at_the_close_begins_with_the_next_bar() {
    let mut venue = Venue::new(at_close(), 1);
    play(&mut venue, &bar(0, 100.0, 120.0, 80.0, 100.0));
    sent(&mut venue, Order::buy(0, 1.0).bracket(110.0, 90.0));
    assert_eq!(settled(&mut venue).len(), 1);
    assert_eq!(filled(&mut venue, &bar(1, 100.0, 111.0, 95.0, 100.0)), [(3, 1.0, 110.0)]);
}

#[test]
fn the_volume_of_the_bar_is_shared_and_what_is_left_over_waits_for_the_next_close() {
    let policy = VenuePolicy { volume_share: Some(0.01), ..at_close() };
    let order = |time_in_force| Order::buy(0, 15.0).time_in_force(time_in_force);
    for (lifetime, first, second) in [
        (TimeInForce::GoodTillCancelled, vec![10.0], vec![5.0]),
        (TimeInForce::ImmediateOrCancel, vec![10.0], vec![]),
        (TimeInForce::FillOrKill, vec![], vec![]),
        (TimeInForce::Day, vec![10.0], vec![]),
    ] {
        let mut venue = Venue::new(policy.clone(), 1);
        play(&mut venue, &flat(0, 100.0));
        sent(&mut venue, order(lifetime));
        let quantities = |fills: Vec<(u64, f64, f64)>| -> Vec<f64> {
            fills.iter().map(|(_, quantity, _)| *quantity).collect()
        };
        assert_eq!(quantities(settled(&mut venue)), first, "{lifetime:?}");
        play(&mut venue, &flat(1, 100.0));
        assert_eq!(quantities(settled(&mut venue)), second, "{lifetime:?}");
    }
}
