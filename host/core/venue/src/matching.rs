//! At what price, if any, an order trades within one bar. Pure functions of the order, the bar and the policy.

use stratbox_domain::{Bar, LimitFill, OrderKind, Side};

/// A bar hides the order of its prices. Orders are matched in these moments, one after the other, which decides for the
/// pessimistic reading: when a stop and a target are both inside the bar, the stop goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    /// The open: market orders, and whatever the market has gapped through.
    Open,
    /// Stops inside the bar.
    Stops,
    /// Limits inside the bar.
    Limits,
}

impl Moment {
    pub(crate) const ALL: [Self; 3] = [Self::Open, Self::Stops, Self::Limits];
}

/// What a moment does to an order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Match {
    /// Nothing.
    None,
    /// It trades at this price, which slippage does not touch: a limit is a promise.
    AtLimit(f64),
    /// It trades at this price before slippage.
    AtMarket(f64),
    /// Its stop traded, and it waits as a limit order: from now on, or from the next bar on when what the bar did after
    /// the stop traded is unknown.
    Woken {
        /// The limit price.
        limit: f64,
        /// Whether the rest of this bar certainly came after.
        this_bar: bool,
    },
}

/// What a moment of a bar does to an order. `best` is the best price that a trailing stop has seen.
pub(crate) fn match_order(
    kind: OrderKind,
    side: Side,
    best: f64,
    bar: &Bar,
    moment: Moment,
    rule: LimitFill,
) -> Match {
    let within = |price, limit| is_within(side, price, limit, rule);
    let kind = match kind {
        OrderKind::TrailingStop(trail) => OrderKind::Stop(trail.level(side, best)),
        kind => kind,
    };
    match (moment, kind) {
        (Moment::Open, OrderKind::Market) => Match::AtMarket(bar.open),
        (Moment::Open, OrderKind::Limit(limit)) if within(bar.open, limit) => Match::AtLimit(bar.open),
        (Moment::Open, OrderKind::Stop(stop)) if is_through(side, bar.open, stop) => {
            Match::AtMarket(bar.open)
        }
        (Moment::Open, OrderKind::StopLimit { stop, limit }) if is_through(side, bar.open, stop) => {
            if within(bar.open, limit) {
                Match::AtLimit(bar.open)
            } else {
                Match::Woken { limit, this_bar: true }
            }
        }
        (Moment::Stops, OrderKind::Stop(stop)) if is_through(side, worst(side, bar), stop) => {
            Match::AtMarket(stop)
        }
        (Moment::Stops, OrderKind::StopLimit { stop, limit }) if is_through(side, worst(side, bar), stop) => {
            if within(stop, limit) {
                Match::AtLimit(stop)
            } else {
                Match::Woken { limit, this_bar: false }
            }
        }
        (Moment::Limits, OrderKind::Limit(limit)) if within(best_of(side, bar), limit) => {
            Match::AtLimit(limit)
        }
        _ => Match::None,
    }
}

/// Whether a limit order trades at `price`: at the limit, if that is enough, or better.
fn is_within(side: Side, price: f64, limit: f64, rule: LimitFill) -> bool {
    match (side, rule) {
        (Side::Buy, LimitFill::Touch) => price <= limit,
        (Side::Sell, LimitFill::Touch) => price >= limit,
        (Side::Buy, LimitFill::Penetrate) => price < limit,
        (Side::Sell, LimitFill::Penetrate) => price > limit,
    }
}

/// Whether `price` is the stop or beyond.
fn is_through(side: Side, price: f64, stop: f64) -> bool {
    match side {
        Side::Buy => price >= stop,
        Side::Sell => price <= stop,
    }
}

/// The best price of a bar for who trades on this side.
fn best_of(side: Side, bar: &Bar) -> f64 {
    match side {
        Side::Buy => bar.low,
        Side::Sell => bar.high,
    }
}

fn worst(side: Side, bar: &Bar) -> f64 {
    match side {
        Side::Buy => bar.high,
        Side::Sell => bar.low,
    }
}
