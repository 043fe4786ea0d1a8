use stratbox_domain::{Increments, SlippageModel};

use super::*;

/// Cents, lots of ten, at least twenty.
const STEPS: Increments = Increments { tick: 0.01, lot: 10.0, min_quantity: 20.0 };

fn stepped(policy: VenuePolicy) -> Venue {
    let mut venue = Venue::with_increments(policy, vec![STEPS]);
    venue.step(&flat(0, 100.0));
    venue
}

#[test]
fn prices_off_the_tick_are_rejected_wherever_they_stand() {
    let order = Order::buy(0, 20.0);
    for bad in [
        order.limit(99.005),
        order.stop(101.001),
        order.stop_limit(101.0, 102.005),
        order.stop_limit(101.005, 102.0),
        order.bracket(110.005, 90.0),
        order.bracket(110.0, 90.005),
    ] {
        assert_eq!(stepped(free()).submit(bad), Err(Rejection::OffTick), "{bad:?}");
    }
    for good in [order.limit(99.01), order.limit(0.1 + 0.2), order.bracket(110.05, 90.07)] {
        assert!(stepped(free()).submit(good).is_ok(), "{good:?}");
    }
}

#[test]
fn quantities_off_the_lot_or_too_small_are_rejected_and_a_whole_position_never_is() {
    let mut venue = stepped(VenuePolicy { volume_share: Some(0.1), ..free() });
    for quantity in [25.0, 10.0, 0.1] {
        assert_eq!(venue.submit(Order::buy(0, quantity)), Err(Rejection::OffLot), "{quantity}");
    }
    sent(&mut venue, Order::buy(0, 20.0));
    play(&mut venue, &Bar { volume: 100.0, ..flat(1, 100.0) });
    assert_eq!(venue.quantity(0), 10.0, "one lot of two");
    assert!(venue.cancel(1));
    sent(&mut venue, Order::sell(0, 10.0));
}

#[test]
fn decimals_of_many_small_lots_are_on_them() {
    let coin = Increments { tick: 0.01, lot: 1e-8, min_quantity: 0.0 };
    let mut venue = Venue::with_increments(free(), vec![coin]);
    venue.step(&flat(0, 100.0));
    assert_eq!(venue.submit(Order::buy(0, 657.034_439_375)), Err(Rejection::OffLot));
    sent(&mut venue, Order::buy(0, 657.034_439_37));
}

#[test]
fn parts_are_whole_lots() {
    let mut venue = stepped(VenuePolicy { volume_share: Some(0.1), ..free() });
    let id = sent(&mut venue, Order::buy(0, 40.0));
    let of_volume = |day, volume| Bar { volume, ..flat(day, 100.0) };
    assert_eq!(filled(&mut venue, &of_volume(1, 299.0)), [(id, 20.0, 100.0)]);
    assert_eq!(filled(&mut venue, &of_volume(2, 99.0)), []);
    assert_eq!(filled(&mut venue, &of_volume(3, 250.0)), [(id, 20.0, 100.0)]);
}

#[test]
fn a_price_that_slippage_has_moved_is_on_a_tick_and_worse() {
    let slippage = SlippageModel::HalfSpread(0.003);
    for (order, price) in [(Order::buy(0, 20.0), 100.01), (Order::sell(0, 20.0), 99.99)] {
        let mut venue = stepped(VenuePolicy { slippage, ..free() });
        sent(&mut venue, order);
        let fills = filled(&mut venue, &bar(1, 100.0, 101.0, 99.0, 100.0));
        assert!((fills[0].2 - price).abs() < 1e-12, "{fills:?}");
    }
}

#[test]
fn rejections_are_counted_by_their_own_reasons() {
    let mut venue = stepped(free());
    assert!(venue.submit(Order::buy(0, 20.0).limit(1.001)).is_err());
    assert!(venue.submit(Order::buy(0, 21.0)).is_err());
    assert_eq!(venue.refuse(Rejection::InvalidTicket), Rejection::InvalidTicket);
    let counts = venue.summary().rejections;
    let of = |reason: Rejection| counts[reason as usize];
    let reasons = [Rejection::OffTick, Rejection::OffLot, Rejection::InvalidTicket, Rejection::InvalidPrice];
    assert_eq!(reasons.map(of), [1, 1, 1, 0]);
    assert!(Rejection::ALL.iter().enumerate().all(|(index, reason)| *reason as usize == index));
}
