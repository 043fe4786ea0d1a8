//! The book: what is open, for how long, and what depends on what.

mod check;
mod groups;

use stratbox_domain::{Bar, Order, OrderId, OrderKind, Side, TimeInForce};

use crate::matching::Moment;
use crate::{DAY_NS, Venue};

/// An order that is waiting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenOrder {
    pub(crate) id: OrderId,
    /// As it was sent, but for its kind: a stop that was reached has become what it becomes.
    pub(crate) order: Order,
    /// Units that have not filled.
    pub(crate) remaining: f64,
    /// It can fill in bars after this time only: never in the one whose close it was sent on.
    pub(crate) sent: i64,
    /// In the bar of this time it can fill from this moment on: it did not exist before.
    pub(crate) born: Option<(i64, Moment)>,
    /// The time of the latest bar whose volume was not enough for it.
    pub(crate) missed: Option<i64>,
    /// The UTC day of the first bar on which it could fill.
    pub(crate) first_day: Option<i64>,
    /// The best price since it was sent, for a trailing stop.
    pub(crate) best: f64,
    /// Orders with the same number, other than 0, cancel one another.
    pub(crate) group: OrderId,
}

impl OpenOrder {
    /// Whether this moment of a bar is its chance.
    pub(crate) fn may_trade(&self, bar: &Bar, moment: Moment) -> bool {
        self.order.instrument == bar.instrument
            && self.sent < bar.time
            && self.missed != Some(bar.time)
            && self.born.is_none_or(|(time, from)| time != bar.time || moment >= from)
    }

    /// It had its chance in the bar of this time, and volume was what was missing: it waits for another bar as what it has
    /// become.
    pub(crate) fn wait_for_volume(&mut self, time: i64) {
        self.missed = Some(time);
        self.order.kind = match self.order.kind {
            OrderKind::Stop(_) | OrderKind::TrailingStop(_) => OrderKind::Market,
            OrderKind::StopLimit { limit, .. } => OrderKind::Limit(limit),
            kind => kind,
        };
    }
}

/// How many orders it may be at once.
fn order_weight(order: &Order) -> usize {
    1 + order.bracket.map_or(0, |bracket| bracket.prices().count())
}

impl Venue {
    /// Withdraws an open order; `false` when it is not open. An order that will come of a bracket can be withdrawn ahead,
    /// for as long as the bracket's entry is open.
    pub fn cancel(&mut self, id: OrderId) -> bool {
        let found = self.orders.iter().position(|open| open.id == id);
        found.map(|index| self.orders.remove(index)).is_some() | self.cancel_leg(id)
    }

    /// Units of an order that have not filled; 0 when it is not open.
    #[must_use]
    pub fn open_quantity(&self, id: OrderId) -> f64 {
        self.orders.iter().find(|open| open.id == id).map_or(0.0, |open| open.remaining)
    }

    /// Puts an order that was found good into the book, at the instrument's last close.
    pub(crate) fn accept(&mut self, order: Order, mark: f64) -> OrderId {
        let id = self.next_id;
        // The ids of what a bracket becomes are known from the start.
        self.next_id += if order.bracket.is_some() { 3 } else { 1 };
        self.counts.orders += 1;
        self.sent = (self.now, if self.sent.0 == self.now { self.sent.1 + 1 } else { 1 });
        let group = order.one_cancels.map_or(0, |other| self.join(other));
        let (remaining, sent) = (order.quantity, self.now);
        self.orders.push(OpenOrder {
            id,
            order,
            remaining,
            sent,
            born: None,
            missed: None,
            first_day: None,
            best: mark,
            group,
        });
        id
    }

    /// How many orders are open, or will be when those that are fill.
    pub(crate) fn weight(&self) -> usize {
        self.orders.iter().map(|open| order_weight(&open.order)).sum()
    }

    /// Notes which orders this bar may fill, and drops the day orders of earlier days.
    pub(crate) fn activate(&mut self, bar: &Bar) {
        let today = bar.time.div_euclid(DAY_NS);
        let before = self.orders.len();
        self.orders.retain_mut(|open| {
            if open.order.instrument != bar.instrument || open.sent >= bar.time {
                return true;
            }
            let first_day = *open.first_day.get_or_insert(today);
            open.order.time_in_force != TimeInForce::Day || first_day == today
        });
        self.counts.expired += (before - self.orders.len()) as u64;
    }

    /// Drops the orders that had this one bar to fill, and lets trailing stops follow the bar, now that it is known.
    pub(crate) fn end_bar(&mut self) {
        let Some(bar) = self.tapes.get(self.instrument as usize).map(|tape| tape.bar) else { return };
        let before = self.orders.len();
        let settles = self.settles();
        self.orders.retain_mut(|open| {
            if open.order.instrument != bar.instrument || open.first_day.is_none() {
                return true;
            }
            open.follow(&bar);
            let one_bar_only =
                matches!(open.order.time_in_force, TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill);
            let has_had_it = !(settles && open.order.kind == OrderKind::Market);
            !(one_bar_only && has_had_it)
        });
        self.counts.expired += (before - self.orders.len()) as u64;
    }
}

impl OpenOrder {
    fn follow(&mut self, bar: &Bar) {
        if self.sent < bar.time && matches!(self.order.kind, OrderKind::TrailingStop(_)) {
            self.best = match self.order.side {
                Side::Buy => self.best.min(bar.low),
                Side::Sell => self.best.max(bar.high),
            };
        }
    }
}
