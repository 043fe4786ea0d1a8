//! Why an order cannot be accepted.

use stratbox_domain::{Bracket, Increments, Order, OrderKind, Rejection, Side};

use crate::Venue;
use crate::increments::is_multiple;
use crate::orders::order_weight;
use crate::position::Holding;
use crate::risk::is_short;

impl Venue {
    /// The instrument's last close, or why an order cannot be accepted, the simplest reason first.
    pub(crate) fn check(&self, order: &Order) -> Result<f64, Rejection> {
        if self.closed {
            return Err(Rejection::MarketClosed);
        }
        let holding = self.holdings.get(order.instrument as usize).ok_or(Rejection::UnknownInstrument)?;
        if !order.has_valid_quantity() {
            return Err(Rejection::InvalidQuantity);
        }
        if !order.has_valid_prices() {
            return Err(Rejection::InvalidPrice);
        }
        let increments = self.increments[order.instrument as usize];
        check_increments(order, holding, increments)?;
        if !is_coherent(order) {
            return Err(Rejection::InvalidTicket);
        }
        if holding.mark == 0.0 {
            return Err(Rejection::NoPrice);
        }
        // A stop that would sell at less than nothing.
        if let OrderKind::TrailingStop(trail) = order.kind
            && trail.level(order.side, holding.mark) <= 0.0
        {
            return Err(Rejection::InvalidPrice);
        }
        if order.one_cancels.is_some_and(|other| self.open_quantity(other) == 0.0) {
            return Err(Rejection::UnknownOrder);
        }
        self.check_counts(order)?;
        if order.side == Side::Sell
            && !self.policy.allow_short
            && !order.reduce_only
            && is_short(self.projected_quantity(order.instrument), order.quantity)
        {
            return Err(Rejection::ShortNotAllowed);
        }
        // What a margin call is closing is out of the strategy's hands.
        if holding.liquidating || !self.affords(order) {
            return Err(Rejection::InsufficientFunds);
        }
        Ok(holding.mark)
    }

    /// What is quick to say comes first: a strategy may go on sending long after the book is full, and to weigh the book for
    /// each such order takes as long as the book.
    fn check_counts(&self, order: &Order) -> Result<(), Rejection> {
        let weight = order_weight(order);
        let most = self.policy.max_open_orders as usize;
        let (time, sent) = self.sent;
        let too_many_now = time == self.now && sent >= self.policy.max_orders_per_bar;
        let too_many = self.counts.orders >= u64::from(self.policy.max_orders);
        let is_full = self.orders.len() + weight > most;
        if too_many_now || too_many || is_full || self.weight() + weight > most {
            return Err(Rejection::TooManyOpenOrders);
        }
        Ok(())
    }
}

/// What takes the position to exactly zero has whatever quantity that takes.
fn check_increments(order: &Order, holding: &Holding, increments: Increments) -> Result<(), Rejection> {
    let Increments { tick, lot, min_quantity } = increments;
    let on_tick = |price| is_multiple(price, tick);
    let kind = match order.kind {
        OrderKind::Market | OrderKind::TrailingStop(_) => true,
        OrderKind::Limit(price) | OrderKind::Stop(price) => on_tick(price),
        OrderKind::StopLimit { stop, limit } => on_tick(stop) && on_tick(limit),
    };
    if !kind || !order.bracket.is_none_or(|bracket| bracket.prices().all(on_tick)) {
        return Err(Rejection::OffTick);
    }
    let closes = order.side.sign() * order.quantity == -holding.quantity;
    if !closes && (!is_multiple(order.quantity, lot) || order.quantity < min_quantity) {
        return Err(Rejection::OffLot);
    }
    Ok(())
}

/// Whether the parts of an order go together: a bracket belongs to an entry whose price is known or the market's, with the
/// stop on its losing side and the target on its winning side.
fn is_coherent(order: &Order) -> bool {
    let Some(Bracket { take_profit, stop_loss }) = order.bracket else { return true };
    let (lowest, highest) = match order.kind {
        OrderKind::TrailingStop(_) => return false,
        OrderKind::Market => (f64::INFINITY, 0.0),
        OrderKind::Limit(price) | OrderKind::Stop(price) => (price, price),
        OrderKind::StopLimit { stop, limit } => (stop.min(limit), stop.max(limit)),
    };
    let (below, above) = match order.side {
        Side::Buy => (stop_loss, take_profit),
        Side::Sell => (take_profit, stop_loss),
    };
    let (below, above) = (below.unwrap_or(0.0), above.unwrap_or(f64::INFINITY));
    !order.reduce_only && below < above && below < lowest && above > highest
}
