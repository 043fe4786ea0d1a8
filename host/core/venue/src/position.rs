//! What is held of one instrument, and what it has earned.

use stratbox_domain::{Position, Side};

/// A position whose remainder is smaller than this share of the traded quantity is flat: sums of decimal fractions leave
/// dust that no one can hold, and a trade would never close over it.
pub(crate) const DUST: f64 = 1e-12;

/// The books of one instrument.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Holding {
    /// Units, negative when short.
    pub(crate) quantity: f64,
    average_price: f64,
    realised: f64,
    /// Last close; 0 before the first bar, so it doubles as "has no price yet".
    pub(crate) mark: f64,
    /// The forecast for the next bar; 0 when there is none.
    pub(crate) signal: f64,
    /// When it was made: a bar of that very time had closed, or was about to, and is no future to forecast.
    pub(crate) signalled: i64,
    /// Whether a margin call closes the position.
    pub(crate) liquidating: bool,
}

impl Holding {
    /// Market value at the last close; negative when short.
    pub(crate) fn value(&self) -> f64 {
        self.quantity * self.mark
    }

    pub(crate) fn realised(&self) -> f64 {
        self.realised
    }

    pub(crate) fn unrealised(&self) -> f64 {
        self.quantity * (self.mark - self.average_price)
    }

    pub(crate) fn position(&self) -> Position {
        Position {
            quantity: self.quantity,
            average_price: self.average_price,
            realised_pnl: self.realised,
            unrealised_pnl: self.unrealised(),
        }
    }

    /// Books an execution: opening averages the entry price, closing realises profit against it, and what goes through
    /// zero opens anew at the execution's price.
    pub(crate) fn execute(&mut self, side: Side, quantity: f64, price: f64) {
        let before = self.quantity;
        let change = side.sign() * quantity;
        let mut after = before + change;
        if after.abs() <= DUST * quantity.max(before.abs()) {
            after = 0.0;
        }
        let opens = before == 0.0 || before.is_sign_positive() == change.is_sign_positive();
        if opens {
            let held = before.abs();
            self.average_price = (self.average_price * held + price * quantity) / (held + quantity);
        } else {
            let closed = quantity.min(before.abs());
            self.realised += closed * (price - self.average_price) * before.signum();
            if after == 0.0 {
                self.average_price = 0.0;
            } else if after.is_sign_positive() != before.is_sign_positive() {
                self.average_price = price;
            }
        }
        self.quantity = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(fills: &[(Side, f64, f64)]) -> Holding {
        let mut holding = Holding::default();
        for &(side, quantity, price) in fills {
            holding.execute(side, quantity, price);
        }
        holding
    }

    #[test]
    fn adding_averages_the_entry_price() {
        let h = holding(&[(Side::Buy, 10.0, 100.0), (Side::Buy, 30.0, 120.0)]);
        assert_eq!((h.quantity, h.average_price, h.realised), (40.0, 115.0, 0.0));
    }

    #[test]
    fn closing_part_of_a_long_realises_profit_and_keeps_the_entry_price() {
        let h = holding(&[(Side::Buy, 10.0, 100.0), (Side::Sell, 4.0, 110.0)]);
        assert_eq!((h.quantity, h.average_price, h.realised), (6.0, 100.0, 40.0));
    }

    #[test]
    fn a_short_earns_when_the_price_falls() {
        let h = holding(&[(Side::Sell, 10.0, 100.0), (Side::Buy, 10.0, 90.0)]);
        assert_eq!((h.quantity, h.average_price, h.realised), (0.0, 0.0, 100.0));
    }

    #[test]
    fn going_through_zero_closes_one_position_and_opens_the_next_at_the_new_price() {
        let h = holding(&[(Side::Buy, 10.0, 100.0), (Side::Sell, 15.0, 110.0)]);
        assert_eq!((h.quantity, h.average_price, h.realised), (-5.0, 110.0, 100.0));
    }

    #[test]
    fn the_dust_of_decimal_fractions_is_flat() {
        let tenth = (Side::Buy, 0.1, 50.0);
        let h = holding(&[tenth, tenth, tenth, (Side::Sell, 0.3, 50.0)]);
        assert_eq!((h.quantity, h.average_price), (0.0, 0.0));
    }
}
