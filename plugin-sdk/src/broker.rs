//! The strategy's handle to its account and orders. The same methods lead to the venue's component in the sandbox and
//! to the venue itself in native tests.

use crate::{Account, Order, OrderId, Position, Rejection};

#[cfg(target_family = "wasm")]
use crate::guest::Backend;
#[cfg(not(target_family = "wasm"))]
use stratbox_venue::Venue as Backend;

/// The account and the order book of the run.
pub struct Broker<'a> {
    backend: &'a mut Backend,
}

impl<'a> Broker<'a> {
    #[cfg(any(feature = "testing", target_family = "wasm"))]
    #[inline]
    pub(crate) fn new(backend: &'a mut Backend) -> Self {
        Self { backend }
    }

    /// Sends an order: a plain one, or one with a trailing stop, a bracket, a group or a bound on what it may do.
    ///
    /// # Errors
    /// Why it was not accepted; nothing has changed then.
    pub fn submit(&mut self, order: Order) -> Result<OrderId, Rejection> {
        self.backend.submit(order)
    }

    /// Withdraws an open order; `false` when it is not open any more.
    pub fn cancel(&mut self, order: OrderId) -> bool {
        self.backend.cancel(order)
    }

    /// Units of an order that have not filled yet; 0 when it is not open: it has filled, expired, been cancelled or been
    /// dropped.
    #[must_use]
    pub fn open_quantity(&self, order: OrderId) -> f64 {
        self.backend.open_quantity(order)
    }

    /// Sends a market order for whatever takes the position to zero, and never beyond, also when earlier ones are still
    /// open; `None` when it is there already, or when the order was rejected.
    pub fn close(&mut self, instrument: u32) -> Option<OrderId> {
        let held = self.quantity(instrument);
        let order = if held > 0.0 { Order::sell(instrument, held) } else { Order::buy(instrument, -held) };
        if held == 0.0 { None } else { self.submit(order.reduce_only()).ok() }
    }

    /// Units held of one instrument, negative when short. Costs next to nothing, so ask every bar.
    #[must_use]
    #[inline]
    pub fn quantity(&self, instrument: u32) -> f64 {
        self.backend.quantity(instrument)
    }

    /// The position in one instrument, with its entry price and profit.
    #[must_use]
    pub fn position(&self, instrument: u32) -> Position {
        self.backend.position(instrument)
    }

    /// Cash, equity, profit and buying power at the last close.
    #[must_use]
    pub fn account(&self) -> Account {
        self.backend.account()
    }

    /// Interest received so far, minus interest and borrowing costs paid; 0 unless the run's policy has such rates.
    #[must_use]
    pub fn financing(&self) -> f64 {
        self.backend.financing()
    }

    /// Publishes a forecast for an instrument's next bar: the sign says where the price will go, the size how strongly.
    /// Zero withdraws it.
    pub fn signal(&mut self, instrument: u32, value: f64) {
        self.backend.signal(instrument, value);
    }
}
