//! What holding costs: interest on cash, and the loan of what is sold short.

use stratbox_domain::VenuePolicy;

use crate::{BASIS_POINT, Venue};

/// 365 days.
const YEAR_NS: f64 = 365.0 * 86_400.0 * 1e9;

/// Whether holding costs or earns anything.
pub(crate) fn is_charged(policy: &VenuePolicy) -> bool {
    [policy.borrow_bps_a_year, policy.interest_bps_a_year, policy.debit_bps_a_year]
        .iter()
        .any(|rate| *rate > 0.0)
}

impl Venue {
    /// Charges the time since the time step at `before`: simple interest for the nanoseconds between the two, on cash and
    /// short positions as they were at the end of that step.
    pub(crate) fn accrue(&mut self, before: i64) {
        if !is_charged(&self.policy) {
            return;
        }
        let years = self.now.abs_diff(before) as f64 / YEAR_NS;
        let rate =
            if self.cash > 0.0 { self.policy.interest_bps_a_year } else { self.policy.debit_bps_a_year };
        let short: f64 = self.holdings.iter().map(|holding| (-holding.value()).max(0.0)).sum();
        let interest = self.cash * (rate * BASIS_POINT) * years;
        let borrowing = short * (self.policy.borrow_bps_a_year * BASIS_POINT) * years;
        let financing = interest - borrowing;
        self.cash += financing;
        self.counts.financing += financing;
    }
}
