use super::*;

#[test]
fn an_order_that_fills_cancels_the_others_of_its_group() {
    let mut venue = holding(free(), 10.0);
    let stop = sent(&mut venue, Order::sell(0, 10.0).stop(90.0));
    let target = sent(&mut venue, Order::sell(0, 10.0).limit(110.0).one_cancels(stop));
    let higher = sent(&mut venue, Order::sell(0, 10.0).limit(120.0).one_cancels(target));
    assert_eq!(filled(&mut venue, &bar(2, 100.0, 130.0, 100.0, 100.0)), [(target, 10.0, 110.0)]);
    assert_eq!([stop, target, higher].map(|id| venue.open_quantity(id)), [0.0; 3]);
}

#[test]
fn a_part_that_fills_shrinks_the_others_by_the_same_share() {
    let mut venue = holding(VenuePolicy { volume_share: Some(0.01), ..free() }, 10.0);
    let stop = sent(&mut venue, Order::sell(0, 8.0).stop(90.0));
    let target = sent(&mut venue, Order::sell(0, 4.0).limit(110.0).one_cancels(stop));
    let thin = Bar { volume: 100.0, ..bar(2, 100.0, 110.0, 100.0, 100.0) };
    assert_eq!(filled(&mut venue, &thin), [(target, 1.0, 110.0)]);
    assert_eq!([stop, target].map(|id| venue.open_quantity(id)), [6.0, 3.0]);
}

#[test]
fn an_order_that_is_cancelled_or_expires_leaves_the_others_alone() {
    let mut venue = holding(free(), 10.0);
    let stop = sent(&mut venue, Order::sell(0, 10.0).stop(90.0));
    let day = Order::sell(0, 10.0).limit(110.0).time_in_force(stratbox_domain::TimeInForce::Day);
    let target = sent(&mut venue, day.one_cancels(stop));
    let other = sent(&mut venue, Order::sell(0, 10.0).limit(120.0).one_cancels(stop));
    assert!(venue.cancel(other));
    play(&mut venue, &flat(2, 100.0));
    play(&mut venue, &flat(3, 100.0));
    assert_eq!([stop, target].map(|id| venue.open_quantity(id)), [10.0, 0.0]);
    assert_eq!(venue.summary().expired, 1);
}

#[test]
fn a_group_needs_an_order_that_is_open() {
    let mut venue = holding(free(), 10.0);
    for other in [0, 1, 99, u64::MAX] {
        let order = Order::sell(0, 10.0).limit(110.0).one_cancels(other);
        assert_eq!(venue.submit(order), Err(Rejection::UnknownOrder), "{other}");
    }
}

#[test]
fn a_group_may_span_instruments() {
    let mut venue = Venue::new(free(), 2);
    let second = |day| Bar { instrument: 1, ..flat(day, 100.0) };
    play(&mut venue, &flat(0, 100.0));
    play(&mut venue, &second(0));
    let first = sent(&mut venue, Order::buy(0, 10.0).limit(90.0));
    let other = sent(&mut venue, Order::buy(1, 10.0).one_cancels(first));
    play(&mut venue, &flat(1, 100.0));
    play(&mut venue, &second(1));
    assert_eq!((venue.quantity(1), venue.open_quantity(first), venue.open_quantity(other)), (10.0, 0.0, 0.0));
}

#[test]
fn what_may_only_reduce_takes_no_more_than_there_is() {
    for (held, order, position) in [
        (10.0, Order::sell(0, 25.0), 0.0),
        (10.0, Order::sell(0, 4.0), 6.0),
        (-10.0, Order::buy(0, 25.0), 0.0),
    ] {
        let mut venue = holding(free(), held);
        sent(&mut venue, order.reduce_only());
        play(&mut venue, &flat(2, 100.0));
        assert_eq!(venue.quantity(0), position, "{order:?}");
        assert!(venue.is_quiet());
    }
}

#[test]
fn what_has_nothing_to_reduce_is_dropped_when_it_would_trade() {
    for held in [10.0, -10.0] {
        let mut venue = holding(free(), held);
        let adds = if held > 0.0 { Order::buy(0, 5.0) } else { Order::sell(0, 5.0) };
        sent(&mut venue, adds.reduce_only());
        assert_eq!(filled(&mut venue, &flat(2, 100.0)), []);
        assert_eq!((venue.quantity(0), venue.summary().dropped), (held, 1));
    }
}

#[test]
fn an_exit_that_only_reduces_can_be_sent_ahead_of_its_position() {
    let mut venue = venue(VenuePolicy { allow_short: false, ..free() });
    sent(&mut venue, Order::sell(0, 10.0).stop(95.0).reduce_only());
    sent(&mut venue, Order::buy(0, 10.0));
    play(&mut venue, &flat(1, 100.0));
    assert_eq!(filled(&mut venue, &bar(2, 100.0, 100.0, 94.0, 96.0)), [(1, 10.0, 95.0)]);
}

#[test]
fn what_only_reduces_costs_no_funds() {
    let mut venue = holding(free(), 1_000.0);
    assert_eq!(venue.account().buying_power, 0.0);
    sent(&mut venue, Order::sell(0, 5_000.0).stop(90.0).reduce_only());
    assert_eq!(venue.submit(Order::sell(0, 5_000.0).stop(90.0)), Err(Rejection::InsufficientFunds));
}
