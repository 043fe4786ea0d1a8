//! What the account can afford: decided when an order is accepted.
//!
//! Exposure is counted before it exists. Market orders are taken as done, since they fill at the next open whatever it
//! is; of the resting orders the worse side counts, so that a stop and a target around one position cost nothing
//! twice. An order that does not add exposure is always accepted: no one is kept from getting out. What was accepted is
//! checked once more when it fills, with slack for what the market has done since.

use stratbox_domain::{Order, OrderKind, Side};

use crate::Venue;
use crate::position::DUST;

/// Rounding must not refuse an order for exactly all of the account.
const TOLERANCE: f64 = 1e-9;

/// Whether selling `quantity` out of `held` would leave a short position.
pub(crate) fn is_short(held: f64, quantity: f64) -> bool {
    quantity - held > DUST * quantity.max(held.abs())
}

/// How far above its limit the exposure may be when an accepted order fills. Prices move between the two, and the account
/// with them; what is beyond this is not the market's doing but a withdrawn order that paid for this one, or an order
/// that has outlived the account it was accepted for.
const FILL_SLACK: f64 = 0.25;

/// What an order may yet trade.
#[derive(Clone, Copy)]
struct Claim<'a> {
    order: &'a Order,
    quantity: f64,
    /// The best price that it has seen, if it trails.
    best: f64,
}

impl Claim<'_> {
    /// The price an order is valued at before it trades: the worst that it can trade at, as far as that is known. A limit
    /// to buy and a stop to sell trade at their price or below; the others trade at the market when that is higher.
    fn reference_price(&self, mark: f64) -> f64 {
        match (self.order.kind, self.order.side) {
            (OrderKind::Market, _) => mark,
            (OrderKind::Limit(price) | OrderKind::StopLimit { limit: price, .. }, Side::Buy)
            | (OrderKind::Stop(price), Side::Sell) => price,
            (OrderKind::Stop(price), Side::Buy)
            | (OrderKind::Limit(price) | OrderKind::StopLimit { limit: price, .. }, Side::Sell) => {
                larger(price, mark)
            }
            (OrderKind::TrailingStop(trail), Side::Buy) => larger(trail.level(Side::Buy, self.best), mark),
            // It rises with the market.
            (OrderKind::TrailingStop(_), Side::Sell) => larger(self.best, mark),
        }
    }
}

/// A position, in units or as a value, once a market order is done: one that only reduces goes no further than to nothing.
fn done(held: f64, order: &Order, amount: f64) -> f64 {
    let after = held + order.side.sign() * amount;
    let reduces = held * order.side.sign() < 0.0;
    match (order.reduce_only, reduces) {
        (false, _) => after,
        (true, false) => held,
        (true, true) if after * held < 0.0 => 0.0,
        (true, true) => after,
    }
}

/// Like `f64::max`, but without its rules for numbers that are not, which cost a call in wasm.
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

impl Venue {
    /// Whether the account affords a new order.
    pub(crate) fn affords(&self, order: &Order) -> bool {
        if order.reduce_only {
            return true;
        }
        let before = self.exposure(order.instrument, None);
        let after = self.exposure(order.instrument, Some(order));
        let total = self.gross_exposure() - before + after;
        after <= before || self.is_within(total, TOLERANCE)
    }

    /// Whether an accepted order may fill with this quantity; it is still among the open orders.
    pub(crate) fn permits(&self, order: &Order, quantity: f64) -> bool {
        let held = self.quantity(order.instrument);
        if order.side == Side::Sell && !self.policy.allow_short && is_short(held, quantity) {
            return false;
        }
        let adds = (held + order.side.sign() * quantity).abs() > held.abs();
        !adds || self.is_within(self.gross_exposure(), FILL_SLACK)
    }

    /// Written so that a sum that is not a number is not within anything.
    fn is_within(&self, exposure: f64, slack: f64) -> bool {
        exposure <= self.policy.leverage * self.equity() * (1.0 + slack)
    }

    /// What new exposure may still cost.
    pub(crate) fn buying_power(&self) -> f64 {
        larger(self.policy.leverage * self.equity() - self.gross_exposure(), 0.0)
    }

    fn gross_exposure(&self) -> f64 {
        if self.orders.is_empty() {
            return self.holdings.iter().map(|holding| holding.value().abs()).sum();
        }
        (0..self.holdings.len()).map(|instrument| self.exposure(instrument as u32, None)).sum()
    }

    /// The position once the open market orders have filled.
    pub(crate) fn projected_quantity(&self, instrument: u32) -> f64 {
        let market = self.claims(instrument).filter(|claim| claim.order.kind == OrderKind::Market);
        market.fold(self.quantity(instrument), |held, claim| done(held, claim.order, claim.quantity))
    }

    /// The largest value that the position in one instrument can reach through its open orders and one more.
    fn exposure(&self, instrument: u32, extra: Option<&Order>) -> f64 {
        let holding = &self.holdings[instrument as usize];
        let extra = extra.map(|order| Claim { order, quantity: order.quantity, best: holding.mark });
        let (mut base, mut buys, mut sells) = (holding.value(), 0.0, 0.0);
        for claim in self.claims(instrument).chain(extra) {
            let value = claim.quantity * claim.reference_price(holding.mark);
            match (claim.order.kind, claim.order.side) {
                (OrderKind::Market, _) => base = done(base, claim.order, value),
                (_, Side::Buy) => buys += value,
                (_, Side::Sell) => sells += value,
            }
        }
        larger(base.abs(), larger((base + buys).abs(), (base - sells).abs()))
    }

    /// What may be traded in one instrument, but by resting orders that only reduce: they cost nothing, and free nothing before
    /// they fill.
    fn claims(&self, instrument: u32) -> impl Iterator<Item = Claim<'_>> {
        let counts = move |order: &Order| {
            order.instrument == instrument && (!order.reduce_only || order.kind == OrderKind::Market)
        };
        self.orders.iter().filter(move |open| counts(&open.order)).map(|open| Claim {
            order: &open.order,
            quantity: open.remaining,
            best: open.best,
        })
    }
}
