//! Margin calls: an account that can no longer carry its positions is closed out.

use crate::Venue;
use crate::execution::Offer;
use stratbox_domain::Side;

impl Venue {
    /// At the end of a time step: when equity is below the maintenance margin, every order is taken away, and every
    /// position closes at its instrument's next open.
    pub(crate) fn call_margin(&mut self) {
        if self.policy.maintenance_margin == 0.0 {
            return;
        }
        let gross: f64 = self.holdings.iter().map(|holding| holding.value().abs()).sum();
        if gross == 0.0 || self.equity() >= self.policy.maintenance_margin * gross {
            return;
        }
        self.counts.dropped += self.orders.len() as u64;
        self.orders.clear();
        for holding in &mut self.holdings {
            holding.liquidating = holding.quantity != 0.0;
        }
    }

    /// Closes the position in the current bar's instrument at the open, as far as the volume goes, if it must be.
    pub(crate) fn liquidate(&mut self) -> bool {
        let Some(holding) = self.holdings.get(self.instrument as usize) else { return false };
        if !holding.liquidating {
            return false;
        }
        let held = holding.quantity;
        let side = if held > 0.0 { Side::Sell } else { Side::Buy };
        let quantity = self.available(self.instrument, held.abs());
        if quantity <= 0.0 {
            return false;
        }
        let open = self.tapes[self.instrument as usize].bar.open;
        self.trade(0, self.instrument, side, quantity, Offer::at_market(open));
        self.counts.liquidations += 1;
        let holding = &mut self.holdings[self.instrument as usize];
        holding.liquidating = holding.quantity != 0.0;
        true
    }
}
