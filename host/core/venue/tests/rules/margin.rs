use super::*;

/// Twice the equity may be held, and a quarter of it must be there.
fn margin() -> VenuePolicy {
    VenuePolicy { leverage: 2.0, maintenance_margin: 0.25, ..free() }
}

#[test]
fn an_account_below_its_margin_is_closed_out_at_the_next_open() {
    let mut venue = holding(margin(), 2_000.0);
    // At 67 equity is 34,000 of 134,000; at 66 it is 32,000 of 132,000.
    assert_eq!(filled(&mut venue, &flat(2, 67.0)), []);
    let stop = sent(&mut venue, Order::sell(0, 2_000.0).stop(1.0));
    assert_eq!(filled(&mut venue, &flat(3, 66.0)), []);
    assert_eq!(venue.open_quantity(stop), 2_000.0, "the step is not over yet");
    assert_eq!(filled(&mut venue, &flat(4, 65.0)), [(0, 2_000.0, 65.0)]);
    let summary = venue.summary();
    assert_eq!((venue.quantity(0), summary.liquidations, summary.dropped), (0.0, 1, 1));
    assert_eq!(venue.account().equity, 30_000.0);
    sent(&mut venue, Order::buy(0, 100.0));
}

#[test]
fn a_margin_that_is_just_kept_is_kept() {
    // A third of 300,000 is just the equity after a fall to 75: 2,000 x 75 = 150,000, equity 50,000.
    let mut venue = holding(VenuePolicy { maintenance_margin: 1.0 / 3.0, ..margin() }, 2_000.0);
    play(&mut venue, &flat(2, 75.0));
    assert_eq!(filled(&mut venue, &flat(3, 75.0)), []);
    play(&mut venue, &flat(4, 74.9));
    assert_eq!(filled(&mut venue, &flat(5, 80.0)), [(0, 2_000.0, 80.0)], "whatever the open is by then");
}

#[test]
fn a_short_position_is_closed_out_when_the_price_rises() {
    let mut venue = holding(margin(), -2_000.0);
    play(&mut venue, &flat(2, 125.0));
    assert_eq!(filled(&mut venue, &flat(3, 126.0)), [(0, 2_000.0, 126.0)]);
}

#[test]
fn every_instrument_is_closed_at_its_own_next_open_and_takes_no_orders_until_then() {
    let mut venue = Venue::new(margin(), 2);
    let second = |day, price| Bar { instrument: 1, ..flat(day, price) };
    play(&mut venue, &flat(0, 100.0));
    play(&mut venue, &second(0, 100.0));
    sent(&mut venue, Order::buy(0, 1_000.0));
    sent(&mut venue, Order::buy(1, 1_000.0));
    play(&mut venue, &flat(1, 100.0));
    play(&mut venue, &second(1, 100.0));
    play(&mut venue, &flat(2, 10.0));
    play(&mut venue, &second(2, 100.0));
    assert_eq!(filled(&mut venue, &flat(3, 10.0)), [(0, 1_000.0, 10.0)]);
    assert_eq!(venue.submit(Order::sell(1, 1_000.0)), Err(Rejection::InsufficientFunds));
    assert_eq!(play(&mut venue, &second(4, 90.0)).len(), 1);
    assert_eq!((venue.quantity(0), venue.quantity(1)), (0.0, 0.0));
}

#[test]
fn a_close_out_takes_as_many_bars_as_the_volume_makes_it() {
    let mut venue = Venue::new(VenuePolicy { volume_share: Some(1.0), ..margin() }, 1);
    let of = |day, volume, price| Bar { volume, ..flat(day, price) };
    play(&mut venue, &of(0, 1.0, 100.0));
    sent(&mut venue, Order::buy(0, 2_000.0));
    play(&mut venue, &of(1, 5_000.0, 100.0));
    play(&mut venue, &of(2, 5_000.0, 60.0));
    assert_eq!(filled(&mut venue, &of(3, 1_500.0, 60.0)), [(0, 1_500.0, 60.0)]);
    assert_eq!(filled(&mut venue, &of(4, 1_500.0, 60.0)), [(0, 500.0, 60.0)]);
    assert_eq!(venue.summary().liquidations, 2);
}

#[test]
fn without_a_maintenance_margin_nothing_is_closed() {
    let mut venue = holding(VenuePolicy { maintenance_margin: 0.0, ..margin() }, 2_000.0);
    for day in 2..5 {
        assert_eq!(filled(&mut venue, &flat(day, 1.0)), []);
    }
    assert!(venue.account().equity < 0.0);
}

/// All of a leverage of 2 at 100, for some bars at that price.
fn fully_used(fee_bps: f64, maintenance_margin: f64) -> u64 {
    let policy = VenuePolicy { fee_bps, maintenance_margin, ..margin() };
    assert_eq!(policy.validate(), Ok(()));
    let mut venue = holding(policy, 2_000.0);
    for day in 2..5 {
        play(&mut venue, &flat(day, 100.0));
    }
    venue.summary().liquidations
}

#[test]
fn the_highest_margin_leaves_no_room_for_the_cost_of_an_entry_and_a_lower_one_does() {
    assert_eq!(fully_used(0.0, 0.5), 0, "what is just affordable");
    assert_eq!(fully_used(5.0, 0.5), 1, "the fee was too much");
    assert_eq!(fully_used(5.0, 0.499), 0);
    let above = VenuePolicy { maintenance_margin: 0.501, ..margin() };
    assert!(above.validate().is_err_and(|error| error.to_string().contains("just affordable")));
}
