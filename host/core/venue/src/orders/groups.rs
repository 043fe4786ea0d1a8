//! Orders that depend on others: groups of which one cancels the others, brackets, and what may only reduce.

use stratbox_domain::{Bracket, Order, OrderId, OrderKind, Side, TimeInForce};

use super::OpenOrder;
use crate::Venue;
use crate::increments::whole_steps;
use crate::matching::Moment;
use crate::position::DUST;

/// What is added to an entry's id for its stop and its target.
const STOP: OrderId = 1;
const TARGET: OrderId = 2;

impl Venue {
    /// The group of an open order; 0 when it is not open.
    pub(super) fn join(&mut self, other: OrderId) -> OrderId {
        let Some(open) = self.orders.iter_mut().find(|open| open.id == other) else { return 0 };
        if open.group == 0 {
            open.group = open.id;
        }
        open.group
    }

    /// As far as an order has filled, the others of its group go. A share of 1 is all of it.
    pub(crate) fn shrink_group(&mut self, filled: &OpenOrder, share: f64) {
        if filled.group == 0 {
            return;
        }
        let increments = &self.increments;
        self.orders.retain_mut(|open| {
            if open.group != filled.group || open.id == filled.id {
                return true;
            }
            let lot = increments[open.order.instrument as usize].lot;
            open.remaining = whole_steps(open.remaining * (1.0 - share), lot);
            open.remaining > DUST * open.order.quantity
        });
    }

    /// When a fill has ended a position, what waited to reduce it is dropped: it must not reduce another.
    pub(crate) fn tidy(&mut self, instrument: u32, before: f64) {
        let after = self.quantity(instrument);
        let goes_on = after != 0.0 && (after > 0.0) == (before > 0.0);
        if before == 0.0 || goes_on {
            return;
        }
        let count = self.orders.len();
        self.orders.retain(|open| {
            let reduces = open.order.instrument == instrument && open.order.reduce_only;
            !reduces || -open.order.side.sign() * after > 0.0
        });
        self.counts.dropped += (count - self.orders.len()) as u64;
    }

    /// After an entry has filled: opens the orders of its bracket, or makes them larger. In the bar of the fill both can
    /// trade when that was at the open. When it was inside, only the stop can, which is the pessimistic reading; when
    /// the bar was over, neither.
    pub(crate) fn grow_bracket(&mut self, entry: &OpenOrder, quantity: f64, is_inside: bool, is_last: bool) {
        let Some(Bracket { stop_loss, take_profit }) = entry.order.bracket else { return };
        let legs = [(STOP, stop_loss.map(OrderKind::Stop)), (TARGET, take_profit.map(OrderKind::Limit))];
        let now = self.now;
        for (number, kind) in legs {
            let Some(kind) = kind else { continue };
            let waits = is_last || (is_inside && number == TARGET);
            let sent = if waits { now } else { entry.sent };
            let born = is_inside.then_some((now, Moment::Stops));
            let id = entry.id + number;
            match self.orders.iter_mut().find(|open| open.id == id) {
                Some(open) => {
                    open.remaining += quantity;
                    if waits {
                        open.sent = now;
                    }
                }
                None => self.orders.push(OpenOrder {
                    id,
                    order: leg(entry, kind, quantity),
                    remaining: quantity,
                    sent,
                    born,
                    missed: None,
                    first_day: None,
                    best: 0.0,
                    group: entry.id + STOP,
                }),
            }
        }
    }

    /// Takes an order that has not come yet out of its bracket, and out of what the entry's next fills bring.
    pub(super) fn cancel_leg(&mut self, id: OrderId) -> bool {
        self.orders.iter_mut().any(|open| {
            let Some(bracket) = &mut open.order.bracket else { return false };
            match id.checked_sub(open.id) {
                Some(STOP) => bracket.stop_loss.take().is_some(),
                Some(TARGET) => bracket.take_profit.take().is_some(),
                _ => false,
            }
        })
    }
}

/// One order of a bracket.
fn leg(entry: &OpenOrder, kind: OrderKind, quantity: f64) -> Order {
    let side = match entry.order.side {
        Side::Buy => Side::Sell,
        Side::Sell => Side::Buy,
    };
    Order {
        side,
        kind,
        quantity,
        time_in_force: TimeInForce::GoodTillCancelled,
        reduce_only: true,
        one_cancels: None,
        bracket: None,
        ..entry.order
    }
}
