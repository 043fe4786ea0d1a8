//! What the account can afford: decided when an order is accepted.
//!
//! Exposure is counted before it exists. Market orders are taken as done, since they fill at the next open whatever it
//! is; of the resting orders the worse side counts, so that a stop and a target around one position cost nothing
//! twice. An order that does not add exposure is always accepted: no one is kept from getting out. What was accepted is
//! checked once more when it fills, with slack for what the market has done since.

use stratbox_domain::{Order, OrderKind, Rejection, Side};

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

/// The price an order is valued at before it trades: the worst that it can trade at, as far as that is known. A limit to
/// buy and a stop to sell trade at their price or below; the others trade at the market when that is higher.
fn reference_price(order: &Order, mark: f64) -> f64 {
    match (order.kind, order.side) {
        (OrderKind::Market, _) => mark,
        (OrderKind::Limit(price) | OrderKind::StopLimit { limit: price, .. }, Side::Buy)
        | (OrderKind::Stop(price), Side::Sell) => price,
        (OrderKind::Stop(price), Side::Buy)
        | (OrderKind::Limit(price) | OrderKind::StopLimit { limit: price, .. }, Side::Sell) => {
            larger(price, mark)
        }
    }
}

fn is_price(price: f64) -> bool {
    price.is_finite() && price > 0.0
}

fn has_valid_prices(kind: OrderKind) -> bool {
    match kind {
        OrderKind::Market => true,
        OrderKind::Limit(price) | OrderKind::Stop(price) => is_price(price),
        OrderKind::StopLimit { stop, limit } => is_price(stop) && is_price(limit),
    }
}

/// Like `f64::max`, but without its rules for numbers that are not, which cost a call in wasm.
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

impl Venue {
    /// Why an order cannot be accepted, the simplest reason first.
    pub(crate) fn check(&self, order: &Order) -> Result<(), Rejection> {
        if self.closed {
            return Err(Rejection::MarketClosed);
        }
        let holding = self.holdings.get(order.instrument as usize).ok_or(Rejection::UnknownInstrument)?;
        if !is_price(order.quantity) {
            return Err(Rejection::InvalidQuantity);
        }
        if !has_valid_prices(order.kind) {
            return Err(Rejection::InvalidPrice);
        }
        if holding.mark == 0.0 {
            return Err(Rejection::NoPrice);
        }
        if self.orders.len() >= self.policy.max_open_orders as usize || self.has_sent_too_many() {
            return Err(Rejection::TooManyOpenOrders);
        }
        if order.side == Side::Sell
            && !self.policy.allow_short
            && is_short(self.projected_quantity(order.instrument), order.quantity)
        {
            return Err(Rejection::ShortNotAllowed);
        }
        let before = self.exposure(order.instrument, None);
        let after = self.exposure(order.instrument, Some(order));
        let total = self.gross_exposure() - before + after;
        if after <= before || self.is_within(total, TOLERANCE) {
            Ok(())
        } else {
            Err(Rejection::InsufficientFunds)
        }
    }

    fn has_sent_too_many(&self) -> bool {
        let (time, sent) = self.sent;
        (time == self.now && sent >= self.policy.max_orders_per_bar)
            || self.counts.orders >= u64::from(self.policy.max_orders)
    }

    /// Why an accepted order that is about to fill must not; it is still among the open orders.
    pub(crate) fn check_fill(&self, order: &Order) -> Result<(), Rejection> {
        let held = self.quantity(order.instrument);
        if order.side == Side::Sell && !self.policy.allow_short && is_short(held, order.quantity) {
            return Err(Rejection::ShortNotAllowed);
        }
        let adds = (held + order.side.sign() * order.quantity).abs() > held.abs();
        if adds && !self.is_within(self.gross_exposure(), FILL_SLACK) {
            return Err(Rejection::InsufficientFunds);
        }
        Ok(())
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
    fn projected_quantity(&self, instrument: u32) -> f64 {
        let market = self.orders_of(instrument).filter(|order| order.kind == OrderKind::Market);
        self.quantity(instrument) + market.map(|order| order.side.sign() * order.quantity).sum::<f64>()
    }

    /// The largest value that the position in one instrument can reach through its open orders and one more.
    fn exposure(&self, instrument: u32, extra: Option<&Order>) -> f64 {
        let holding = &self.holdings[instrument as usize];
        let (mut base, mut buys, mut sells) = (holding.value(), 0.0, 0.0);
        for order in self.orders_of(instrument).chain(extra) {
            let value = order.quantity * reference_price(order, holding.mark);
            match (order.kind, order.side) {
                (OrderKind::Market, side) => base += side.sign() * value,
                (_, Side::Buy) => buys += value,
                (_, Side::Sell) => sells += value,
            }
        }
        larger(base.abs(), larger((base + buys).abs(), (base - sells).abs()))
    }

    fn orders_of(&self, instrument: u32) -> impl Iterator<Item = &Order> {
        self.orders.iter().map(|open| &open.order).filter(move |order| order.instrument == instrument)
    }
}
