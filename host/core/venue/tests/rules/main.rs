//! The venue's rules, one by one: orders of every form, what depends on what, policies, and the account.

mod account;
mod brackets;
mod closes;
mod groups;
mod laws;
mod lifetimes;
mod margin;
mod steps;
mod trailing;
mod volume;

use stratbox_domain::{Bar, Fill, Order, OrderId, OrderKind, Rejection, Side, VenuePolicy};
use stratbox_venue::Venue;

const DAY: i64 = 86_400_000_000_000;

/// A bar of the first instrument, with a volume of 1,000.
fn bar(day: i64, open: f64, high: f64, low: f64, close: f64) -> Bar {
    Bar { instrument: 0, time: day * DAY, open, high, low, close, volume: 1_000.0 }
}

/// A bar that does not move.
fn flat(day: i64, price: f64) -> Bar {
    bar(day, price, price, price, price)
}

/// No fees, and nothing else that costs.
fn free() -> VenuePolicy {
    VenuePolicy { fee_bps: 0.0, ..VenuePolicy::default() }
}

/// A venue after one bar that closed at 100.
fn venue(policy: VenuePolicy) -> Venue {
    let mut venue = Venue::new(policy, 1);
    venue.step(&flat(0, 100.0));
    venue
}

/// A venue that holds so many units, bought or sold at 100 on day 1.
fn holding(policy: VenuePolicy, units: f64) -> Venue {
    let mut venue = venue(policy);
    let order = if units > 0.0 { Order::buy(0, units) } else { Order::sell(0, -units) };
    sent(&mut venue, order);
    play(&mut venue, &flat(1, 100.0));
    assert_eq!(venue.quantity(0), units);
    venue
}

fn sent(venue: &mut Venue, order: Order) -> OrderId {
    venue.submit(order).unwrap_or_else(|reason| panic!("{order:?}: {reason}"))
}

/// A bar without a strategy.
fn play(venue: &mut Venue, bar: &Bar) -> Vec<Fill> {
    let (_, traded) = venue.step(bar);
    finish(venue, traded)
}

fn finish(venue: &mut Venue, mut traded: bool) -> Vec<Fill> {
    let mut fills = Vec::new();
    while traded {
        fills.extend(venue.last_fill());
        traded = venue.resume();
    }
    fills
}

/// Number, quantity and price of what filled.
fn filled(venue: &mut Venue, bar: &Bar) -> Vec<(OrderId, f64, f64)> {
    play(venue, bar).iter().map(|fill| (fill.order, fill.quantity, fill.price)).collect()
}
