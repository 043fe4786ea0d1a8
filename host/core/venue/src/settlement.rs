//! Market orders at the close of the bar that they were sent on: optimistic, and only where the policy says so.

use stratbox_domain::{FillAt, OrderKind, TimeInForce};

use crate::execution::{Met, Offer};
use crate::orders::OpenOrder;
use crate::{DAY_NS, Venue};

impl Venue {
    /// Whether market orders fill at the close, so that [`Venue::settle`] has something to do after each bar.
    #[must_use]
    pub fn settles(&self) -> bool {
        self.policy.fill_at == FillAt::SameClose
    }

    /// After the strategy has seen a bar: fills the market orders that it has sent, of instruments whose latest bar is of
    /// this time, at their closes. Whether one traded: then call [`Venue::resume`] until none does. Orders sent in answer
    /// wait for the next time. Does nothing when market orders fill at the next open.
    pub fn settle(&mut self) -> bool {
        if !self.settles() {
            return false;
        }
        self.settling = Some(self.next_id);
        self.settle_next()
    }

    /// Whether an order fills at a close, and not in the course of a bar.
    pub(crate) fn is_for_close(&self, open: &OpenOrder) -> bool {
        self.settles() && open.order.kind == OrderKind::Market
    }

    /// Whether an order can fill at the latest close of its instrument, if it has not tried.
    fn is_due(&self, open: &OpenOrder) -> bool {
        self.has_close(open) && open.missed != Some(self.now)
    }

    /// Whether the latest close of its instrument is the one that an order was sent for.
    fn has_close(&self, open: &OpenOrder) -> bool {
        self.is_for_close(open)
            && self.settling.is_some_and(|bound| open.id < bound)
            && self.tapes[open.order.instrument as usize].bar.time == self.now
    }

    pub(crate) fn settle_next(&mut self) -> bool {
        let mut index = 0;
        while index < self.orders.len() {
            let open = &self.orders[index];
            if !self.is_due(open) {
                index += 1;
                continue;
            }
            let close = self.tapes[open.order.instrument as usize].bar.close;
            self.orders[index].first_day.get_or_insert(self.now.div_euclid(DAY_NS));
            match self.execute(index, Offer::at_close(close)) {
                Met::Traded => return true,
                Met::Gone => {}
                Met::Waits => index += 1,
            }
        }
        self.end_settling();
        false
    }

    fn end_settling(&mut self) {
        let before = self.orders.len();
        let orders = std::mem::take(&mut self.orders);
        let stays = |open: &OpenOrder| {
            let one_bar_only =
                matches!(open.order.time_in_force, TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill);
            !(one_bar_only && self.has_close(open))
        };
        self.orders = orders.into_iter().filter(stays).collect();
        self.counts.expired += (before - self.orders.len()) as u64;
        self.settling = None;
    }
}
