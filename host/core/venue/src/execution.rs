//! Matches a bar against the book: which order trades next, how much of it, and what follows from that.

use stratbox_domain::{Bar, Fill, OrderId, OrderKind, Side, TimeInForce};

use crate::fees::fee;
use crate::increments::whole_steps;
use crate::matching::{Match, Moment, match_order};
use crate::orders::OpenOrder;
use crate::position::DUST;
use crate::slippage::slipped;
use crate::{Tape, Venue};

/// A price at which an order may trade.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    price: f64,
    /// Whether slippage moves it: a limit is a promise.
    slips: bool,
    is_maker: bool,
    /// Whether the bar has been somewhere else before.
    is_inside: bool,
    /// Whether the bar is over.
    is_last: bool,
}

impl Offer {
    /// What a market order gets for this price of a bar.
    pub(crate) fn at_market(price: f64) -> Self {
        Self { price, slips: true, is_maker: false, is_inside: false, is_last: false }
    }

    /// The same for the last price of a bar.
    pub(crate) fn at_close(price: f64) -> Self {
        Self { is_last: true, ..Self::at_market(price) }
    }
}

/// What came of an order that met the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Met {
    Traded,
    /// It was taken out of the book instead.
    Gone,
    Waits,
}

impl Venue {
    /// Executes the first order that trades in the current bar, if any.
    pub(crate) fn match_next(&mut self) -> bool {
        if self.liquidate() {
            return true;
        }
        let Some(Tape { bar, .. }) = self.tapes.get(self.instrument as usize).copied() else { return false };
        for moment in Moment::ALL {
            let mut index = 0;
            while index < self.orders.len() {
                match self.meet(index, &bar, moment) {
                    Met::Traded => return true,
                    Met::Gone => {}
                    Met::Waits => index += 1,
                }
            }
        }
        false
    }

    fn meet(&mut self, index: usize, bar: &Bar, moment: Moment) -> Met {
        let open = &self.orders[index];
        if !open.may_trade(bar, moment) || self.is_for_close(open) {
            return Met::Waits;
        }
        let (kind, side) = (open.order.kind, open.order.side);
        let (price, slips) = match match_order(kind, side, open.best, bar, moment, self.policy.limit_fill) {
            Match::None => return Met::Waits,
            Match::Woken { limit, this_bar } => {
                let open = &mut self.orders[index];
                open.order.kind = OrderKind::Limit(limit);
                if !this_bar {
                    open.sent = bar.time;
                }
                return Met::Waits;
            }
            Match::AtLimit(price) => (price, false),
            Match::AtMarket(price) => (price, true),
        };
        let is_inside = moment != Moment::Open;
        let offer = Offer { price, slips, is_maker: moment == Moment::Limits, is_inside, is_last: false };
        self.execute(index, offer)
    }

    /// How much of `wanted` the volume of an instrument's bar still allows: all of it, or whole lots.
    pub(crate) fn available(&self, instrument: u32, wanted: f64) -> f64 {
        let left = self.tapes[instrument as usize].left;
        let lot = self.increments[instrument as usize].lot;
        if wanted <= left { wanted } else { whole_steps(left, lot) }
    }

    /// Trades an open order, or as much of it as there is a position to reduce and volume for. It is dropped instead when
    /// the account, or the position, that it was accepted for is no longer there.
    pub(crate) fn execute(&mut self, index: usize, offer: Offer) -> Met {
        let open = self.orders[index];
        let wanted = self.wanted(&open);
        let quantity = self.available(open.order.instrument, wanted);
        let whole = quantity >= wanted;
        if wanted > 0.0
            && (quantity <= 0.0 || (!whole && open.order.time_in_force == TimeInForce::FillOrKill))
        {
            self.orders[index].wait_for_volume(self.now);
            return Met::Waits;
        }
        if wanted <= 0.0 || !self.permits(&open.order, quantity) {
            self.orders.remove(index);
            self.counts.dropped += 1;
            return Met::Gone;
        }
        let rest = wanted - quantity;
        let is_done = whole || rest <= DUST * wanted;
        if is_done {
            self.orders.remove(index);
        } else {
            let open = &mut self.orders[index];
            open.remaining = rest;
            open.wait_for_volume(self.now);
            self.counts.partial_fills += 1;
        }
        let before = self.quantity(open.order.instrument);
        self.trade(open.id, open.order.instrument, open.order.side, quantity, offer);
        self.shrink_group(&open, if is_done { 1.0 } else { quantity / wanted });
        self.tidy(open.order.instrument, before);
        self.grow_bracket(&open, quantity, offer.is_inside, offer.is_last);
        Met::Traded
    }

    /// What is left of an order, and can be done.
    fn wanted(&self, open: &OpenOrder) -> f64 {
        if !open.order.reduce_only {
            return open.remaining;
        }
        open.remaining.min(self.reducible(open.order.instrument, open.order.side))
    }

    /// How much an order on this side can take from the position.
    pub(crate) fn reducible(&self, instrument: u32, side: Side) -> f64 {
        (-side.sign() * self.quantity(instrument)).max(0.0)
    }

    /// Books a trade, for an order, or for the venue itself as order 0.
    pub(crate) fn trade(&mut self, order: OrderId, instrument: u32, side: Side, quantity: f64, offer: Offer) {
        let tape = &mut self.tapes[instrument as usize];
        // Never below zero, whatever the rounding.
        tape.left = (tape.left - quantity).max(0.0);
        let bar = tape.bar;
        let tick = self.increments[instrument as usize].tick;
        let price = if offer.slips {
            slipped(&self.policy, tick, offer.price, side, quantity, &bar)
        } else {
            offer.price
        };
        let holding = &mut self.holdings[instrument as usize];
        let before = holding.quantity;
        holding.execute(side, quantity, price);
        let position = holding.quantity;
        let traded = price * quantity;
        let fee = fee(&self.policy, traded, quantity, offer.is_maker);
        self.cash -= side.sign() * traded + fee;
        self.counts.fees += fee;
        self.last_fill =
            Some(Fill { order, instrument, time: bar.time, side, price, quantity, fee, position });
        if order == 0 {
            self.tidy(instrument, before);
        }
    }
}
