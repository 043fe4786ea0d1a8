use super::*;

/// Ten units with a target of 110 and a stop of 90.
fn bracketed(kind: OrderKind) -> Order {
    Order { kind, ..Order::buy(0, 10.0).bracket(110.0, 90.0) }
}

#[test]
fn a_bracket_opens_when_its_entry_fills_with_the_ids_that_were_reserved() {
    let mut venue = venue(free());
    let entry = sent(&mut venue, bracketed(OrderKind::Market));
    assert_eq!([1, 2].map(|next| venue.open_quantity(entry + next)), [0.0, 0.0]);
    play(&mut venue, &flat(1, 100.0));
    assert_eq!([0, 1, 2].map(|next| venue.open_quantity(entry + next)), [0.0, 10.0, 10.0]);
    assert_eq!(sent(&mut venue, Order::buy(0, 1.0)), entry + 3);
}

#[test]
fn the_target_cancels_the_stop_and_the_stop_the_target() {
    for (next, expected) in [
        (bar(2, 100.0, 111.0, 95.0, 100.0), (3, 10.0, 110.0)),
        (bar(2, 100.0, 105.0, 89.0, 100.0), (2, 10.0, 90.0)),
        (bar(2, 100.0, 111.0, 89.0, 100.0), (2, 10.0, 90.0)),
    ] {
        let mut venue = venue(free());
        sent(&mut venue, bracketed(OrderKind::Market));
        play(&mut venue, &flat(1, 100.0));
        assert_eq!(filled(&mut venue, &next), [expected], "{next:?}");
        assert!(venue.is_quiet(), "nothing is left");
        assert_eq!(venue.summary().dropped, 0, "cancelled by its group");
    }
}

#[test]
fn after_an_entry_at_the_open_the_rest_of_the_bar_is_the_brackets_the_stop_first() {
    for (next, exit) in [
        (bar(1, 100.0, 111.0, 95.0, 100.0), (3, 10.0, 110.0)),
        (bar(1, 100.0, 111.0, 89.0, 100.0), (2, 10.0, 90.0)),
        // The open is beyond the stop, or the target.
        (bar(1, 85.0, 100.0, 80.0, 100.0), (2, 10.0, 85.0)),
        (bar(1, 115.0, 120.0, 80.0, 100.0), (3, 10.0, 115.0)),
    ] {
        let mut venue = venue(free());
        let entry = sent(&mut venue, bracketed(OrderKind::Market));
        assert_eq!(filled(&mut venue, &next), [(entry, 10.0, next.open), exit], "{next:?}");
    }
}

#[test]
fn after_an_entry_inside_the_bar_the_stop_can_trade_in_it_and_the_target_cannot() {
    let inside = |low| {
        let mut venue = venue(free());
        sent(&mut venue, bracketed(OrderKind::Limit(95.0)));
        let fills = filled(&mut venue, &bar(1, 100.0, 112.0, low, 100.0));
        (fills, filled(&mut venue, &bar(2, 100.0, 112.0, 100.0, 100.0)))
    };
    assert_eq!(inside(94.0), (vec![(1, 10.0, 95.0)], vec![(3, 10.0, 110.0)]));
    assert_eq!(inside(89.0), (vec![(1, 10.0, 95.0), (2, 10.0, 90.0)], vec![]));
}

#[test]
fn a_stop_does_not_trade_at_an_open_that_was_before_its_entry() {
    // The open of 80 is far below the stop, and the entry only came at 105.
    let mut venue = venue(free());
    let entry = Order { kind: OrderKind::Stop(105.0), ..Order::buy(0, 10.0).bracket(120.0, 102.0) };
    sent(&mut venue, entry);
    let fills = filled(&mut venue, &bar(1, 80.0, 106.0, 79.0, 104.0));
    assert_eq!(fills, [(1, 10.0, 105.0), (2, 10.0, 102.0)]);
}

#[test]
fn what_fills_in_parts_is_protected_in_parts() {
    let policy = VenuePolicy { volume_share: Some(0.004), ..free() };
    let mut venue = venue(policy);
    let entry = sent(&mut venue, bracketed(OrderKind::Market));
    for (day, held) in [(1, 4.0), (2, 8.0), (3, 10.0)] {
        play(&mut venue, &flat(day, 100.0));
        assert_eq!([1, 2].map(|next| venue.open_quantity(entry + next)), [held, held]);
    }
    // The exits share the volume as well, and shrink together.
    assert_eq!(filled(&mut venue, &bar(4, 100.0, 111.0, 100.0, 105.0)), [(entry + 2, 4.0, 110.0)]);
    assert_eq!([1, 2].map(|next| venue.open_quantity(entry + next)), [6.0, 6.0]);
}

#[test]
fn a_leg_that_is_cancelled_ahead_never_comes() {
    let mut venue = venue(free());
    let entry = sent(&mut venue, bracketed(OrderKind::Market));
    assert!(venue.cancel(entry + 2) && !venue.cancel(entry + 2) && !venue.cancel(entry + 3));
    play(&mut venue, &flat(1, 100.0));
    assert_eq!([1, 2].map(|next| venue.open_quantity(entry + next)), [10.0, 0.0]);
}

#[test]
fn cancelling_an_entry_takes_the_bracket_along_and_leaves_what_protects_a_position() {
    let mut venue = venue(VenuePolicy { volume_share: Some(0.004), ..free() });
    let entry = sent(&mut venue, bracketed(OrderKind::Market));
    play(&mut venue, &flat(1, 100.0));
    assert!(venue.cancel(entry));
    assert_eq!([0, 1, 2].map(|next| venue.open_quantity(entry + next)), [0.0, 4.0, 4.0]);
}

#[test]
fn a_bracket_whose_position_is_closed_otherwise_does_not_touch_the_next_one() {
    let mut venue = venue(free());
    let entry = sent(&mut venue, bracketed(OrderKind::Market));
    play(&mut venue, &flat(1, 100.0));
    sent(&mut venue, Order::sell(0, 10.0));
    play(&mut venue, &flat(2, 100.0));
    assert_eq!([1, 2].map(|next| venue.open_quantity(entry + next)), [0.0, 0.0]);
    assert_eq!(venue.summary().dropped, 2);
}

#[test]
fn one_leg_is_enough() {
    let mut venue = venue(free());
    let stop_only = sent(&mut venue, Order::buy(0, 10.0).stop_loss(90.0));
    let target_only = sent(&mut venue, Order::buy(0, 10.0).take_profit(110.0));
    play(&mut venue, &flat(1, 100.0));
    let open = |id| [1, 2].map(|next| venue.open_quantity(id + next));
    assert_eq!((open(stop_only), open(target_only)), ([10.0, 0.0], [0.0, 10.0]));
}

#[test]
fn a_bracket_that_contradicts_its_entry_is_rejected() {
    let limit = |price| bracketed(OrderKind::Limit(price));
    let sell = |order: Order| Order { side: Side::Sell, ..order };
    for order in [
        Order::buy(0, 10.0).bracket(90.0, 110.0),
        Order::buy(0, 10.0).bracket(100.0, 100.0),
        sell(bracketed(OrderKind::Market)),
        limit(90.0),
        limit(110.0),
        limit(120.0),
        Order::buy(0, 10.0).stop_limit(100.0, 111.0).bracket(110.0, 90.0),
        bracketed(OrderKind::Market).reduce_only(),
        Order::buy(0, 10.0).trailing(stratbox_domain::Trail::Percent(1.0)).stop_loss(90.0),
    ] {
        assert_eq!(venue(free()).submit(order), Err(Rejection::InvalidTicket), "{order:?}");
    }
    for order in [limit(100.0), sell(Order::buy(0, 10.0).limit(100.0).bracket(90.0, 110.0))] {
        assert!(venue(free()).submit(order).is_ok(), "{order:?}");
    }
}

#[test]
fn a_bracket_counts_as_the_orders_that_it_may_become() {
    let policy = VenuePolicy { max_open_orders: 4, ..free() };
    let mut venue = venue(policy);
    sent(&mut venue, bracketed(OrderKind::Limit(95.0)));
    sent(&mut venue, Order::buy(0, 1.0).limit(95.0));
    assert_eq!(venue.submit(Order::buy(0, 1.0).limit(95.0)), Err(Rejection::TooManyOpenOrders));
}
