use stratbox_domain::Trail;

use super::*;

fn trailing(trail: Trail) -> Order {
    Order::sell(0, 10.0).trailing(trail)
}

#[test]
fn a_trailing_stop_follows_the_highs_of_bars_that_are_over() {
    let mut venue = holding(free(), 10.0);
    let id = sent(&mut venue, trailing(Trail::Distance(5.0)));
    // The level is 95; the high of 110 counts from the next bar on.
    assert_eq!(filled(&mut venue, &bar(2, 100.0, 110.0, 96.0, 108.0)), []);
    // Now it is 105.
    assert_eq!(filled(&mut venue, &bar(3, 108.0, 112.0, 104.0, 106.0)), [(id, 10.0, 105.0)]);
}

#[test]
fn within_a_bar_its_own_high_moves_nothing() {
    let mut venue = holding(free(), 10.0);
    sent(&mut venue, trailing(Trail::Distance(5.0)));
    assert_eq!(filled(&mut venue, &bar(2, 100.0, 150.0, 95.5, 96.0)), []);
    assert_eq!(filled(&mut venue, &bar(3, 96.0, 97.0, 90.0, 95.0)).len(), 1, "145 is far above the open");
}

#[test]
fn the_bar_that_it_was_sent_on_counts_with_its_close_only() {
    let mut venue = holding(free(), 10.0);
    play(&mut venue, &bar(2, 100.0, 150.0, 100.0, 100.0));
    let id = sent(&mut venue, trailing(Trail::Percent(10.0)));
    assert_eq!(filled(&mut venue, &bar(3, 100.0, 101.0, 89.0, 95.0)), [(id, 10.0, 90.0)]);
}

#[test]
fn a_gap_through_the_level_fills_at_the_open() {
    let mut venue = holding(free(), 10.0);
    let id = sent(&mut venue, trailing(Trail::Percent(5.0)));
    assert_eq!(filled(&mut venue, &bar(2, 80.0, 96.0, 79.0, 95.0)), [(id, 10.0, 80.0)]);
}

#[test]
fn a_trailing_stop_to_buy_follows_the_lows() {
    let mut venue = holding(free(), -10.0);
    let id = sent(&mut venue, Order::buy(0, 10.0).trailing(Trail::Percent(10.0)));
    assert_eq!(filled(&mut venue, &bar(2, 100.0, 105.0, 80.0, 81.0)), []);
    assert_eq!(filled(&mut venue, &bar(3, 81.0, 90.0, 81.0, 90.0)), [(id, 10.0, 88.0)]);
}

#[test]
fn a_distance_must_be_a_number_and_leave_a_price() {
    for trail in [
        Trail::Distance(0.0),
        Trail::Distance(f64::NAN),
        Trail::Distance(100.0),
        Trail::Percent(100.0),
        Trail::Percent(-1.0),
        Trail::Percent(f64::INFINITY),
    ] {
        let mut venue = holding(free(), 10.0);
        assert_eq!(venue.submit(trailing(trail)), Err(Rejection::InvalidPrice), "{trail:?}");
    }
    let mut venue = holding(free(), 10.0);
    sent(&mut venue, trailing(Trail::Distance(99.5)));
}
