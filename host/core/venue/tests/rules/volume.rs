use stratbox_domain::LimitFill;

use super::*;

fn capped(share: f64) -> VenuePolicy {
    VenuePolicy { volume_share: Some(share), ..free() }
}

#[test]
fn orders_of_one_bar_share_its_volume_in_the_order_of_matching() {
    let mut venue = venue(capped(0.1));
    let limit = sent(&mut venue, Order::buy(0, 60.0).limit(99.0));
    let market = sent(&mut venue, Order::buy(0, 70.0));
    let fills = filled(&mut venue, &bar(1, 100.0, 100.0, 98.0, 100.0));
    assert_eq!(fills, [(market, 70.0, 100.0), (limit, 30.0, 99.0)]);
}

#[test]
fn a_bar_without_volume_fills_nothing() {
    let mut venue = venue(capped(1.0));
    let id = sent(&mut venue, Order::buy(0, 1.0));
    assert_eq!(filled(&mut venue, &Bar { volume: 0.0, ..flat(1, 100.0) }), []);
    assert_eq!(filled(&mut venue, &flat(2, 100.0)), [(id, 1.0, 100.0)]);
}

#[test]
fn without_a_cap_volume_does_not_matter() {
    let mut venue = venue(free());
    let id = sent(&mut venue, Order::buy(0, 500.0));
    assert_eq!(filled(&mut venue, &Bar { volume: 0.0, ..flat(1, 100.0) }), [(id, 500.0, 100.0)]);
}

#[test]
fn a_stop_that_was_reached_stays_reached_for_what_the_volume_left_over() {
    let mut venue = holding(capped(0.1), 100.0);
    let id = sent(&mut venue, Order::sell(0, 100.0).stop(95.0));
    let thin = Bar { volume: 600.0, ..bar(2, 100.0, 100.0, 94.0, 99.0) };
    assert_eq!(filled(&mut venue, &thin), [(id, 60.0, 95.0)]);
    assert_eq!(filled(&mut venue, &flat(3, 120.0)), [(id, 40.0, 120.0)], "it is a market order now");
}

#[test]
fn a_limit_of_which_a_part_has_filled_keeps_its_limit() {
    let mut venue = venue(capped(0.01));
    let id = sent(&mut venue, Order::buy(0, 15.0).limit(99.0));
    assert_eq!(filled(&mut venue, &bar(1, 100.0, 100.0, 98.0, 100.0)), [(id, 10.0, 99.0)]);
    assert_eq!(filled(&mut venue, &flat(2, 100.0)), []);
    assert_eq!(filled(&mut venue, &flat(3, 98.0)), [(id, 5.0, 98.0)]);
}

#[test]
fn a_limit_needs_a_better_price_where_touching_is_not_enough() {
    let filled_at = |limit_fill, next: Bar| {
        let mut venue = venue(VenuePolicy { limit_fill, ..free() });
        sent(&mut venue, Order::buy(0, 10.0).limit(95.0));
        filled(&mut venue, &next).first().map(|(_, _, price)| *price)
    };
    let (touched, beyond) = (bar(1, 100.0, 100.0, 95.0, 97.0), bar(1, 100.0, 100.0, 94.9, 97.0));
    assert_eq!([touched, beyond].map(|bar| filled_at(LimitFill::Touch, bar)), [Some(95.0); 2]);
    assert_eq!([touched, beyond].map(|bar| filled_at(LimitFill::Penetrate, bar)), [None, Some(95.0)]);
    let (at, below) = (flat(1, 95.0), flat(1, 94.0));
    assert_eq!([at, below].map(|bar| filled_at(LimitFill::Penetrate, bar)), [None, Some(94.0)]);
}
