//! From fills to round trips.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stratbox_domain::{Fill, Side};

use crate::Figure;
use crate::sum::Sum;

/// A profit below this share of the traded value is the rounding of its own additions, and counts as none.
const NOISE: f64 = 1e-12;

/// A round trip in one instrument: from flat to flat.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trade {
    /// Index into the run's list of instruments.
    pub instrument: u32,
    /// `Buy` when it was long, `Sell` when it was short.
    pub side: Side,
    /// Time of the fill that opened it, nanoseconds since the Unix epoch.
    pub entry_time: i64,
    /// Time of the fill that closed it.
    pub exit_time: i64,
    /// Largest position held, units, greater than zero.
    pub quantity: f64,
    /// Mean price of the units that made the position larger, before fees.
    pub entry_price: f64,
    /// Mean price of the units that made it smaller, before fees.
    pub exit_price: f64,
    /// Profit after the fees of both sides, in the account's currency; exactly 0 when it is only rounding, and not
    /// finite only when the traded value is beyond the range of floating point.
    pub pnl: f64,
    /// Fees of both sides.
    pub fees: f64,
}

impl Trade {
    /// Nanoseconds from the fill that opened it to the one that closed it.
    #[must_use]
    pub fn duration(&self) -> i64 {
        self.exit_time.saturating_sub(self.entry_time)
    }

    /// Profit after fees over the value of the largest position at the entry price.
    #[must_use]
    pub fn profit_share(&self) -> Figure {
        Figure::of(self.pnl / (self.quantity * self.entry_price))
    }
}

/// Turns fills, in their order, into trades. Remembers one open trade an instrument and nothing else.
#[derive(Debug, Clone, Default)]
pub struct TradeBook {
    open: BTreeMap<u32, OpenTrade>,
}

#[derive(Debug, Clone)]
struct OpenTrade {
    side: Side,
    entry_time: i64,
    position: f64,
    quantity: f64,
    cash: Sum,
    traded: f64,
    fees: Sum,
    entered: Leg,
    left: Leg,
}

/// Units and what they were traded for.
#[derive(Debug, Clone, Copy, Default)]
struct Leg {
    quantity: f64,
    value: f64,
}

impl TradeBook {
    /// Takes the next fill and returns the trade it closes.
    ///
    /// A position is what the fill says it is, and flat only when that is exactly 0. A fill through zero closes one
    /// trade and opens the next; its fee is split by quantity.
    pub fn fill(&mut self, fill: &Fill) -> Option<Trade> {
        let after = fill.position;
        let Some(mut open) = self.open.remove(&fill.instrument) else {
            self.start(fill, fill.fee);
            return None;
        };
        if after != 0.0 && (after > 0.0) == (open.position > 0.0) {
            open.add(fill, fill.quantity, fill.fee);
            open.hold(after);
            self.open.insert(fill.instrument, open);
            return None;
        }
        let closing = open.position.abs();
        let fee = fill.fee * (closing / (closing + after.abs()));
        open.add(fill, closing, fee);
        self.start(fill, fill.fee - fee);
        Some(open.close(fill))
    }

    /// Opens a trade with the position that the fill leaves, if it leaves one.
    fn start(&mut self, fill: &Fill, fee: f64) {
        if fill.position == 0.0 {
            return;
        }
        let mut open = OpenTrade {
            side: if fill.position > 0.0 { Side::Buy } else { Side::Sell },
            entry_time: fill.time,
            position: 0.0,
            quantity: 0.0,
            cash: Sum::default(),
            traded: 0.0,
            fees: Sum::default(),
            entered: Leg::default(),
            left: Leg::default(),
        };
        open.add(fill, fill.position.abs(), fee);
        open.hold(fill.position);
        self.open.insert(fill.instrument, open);
    }
}

impl OpenTrade {
    fn add(&mut self, fill: &Fill, quantity: f64, fee: f64) {
        let value = quantity * fill.price;
        self.cash.add(-fill.side.sign() * value);
        self.cash.add(-fee);
        self.fees.add(fee);
        self.traded += value;
        let leg = if fill.side == self.side { &mut self.entered } else { &mut self.left };
        leg.quantity += quantity;
        leg.value += value;
    }

    fn hold(&mut self, position: f64) {
        self.position = position;
        self.quantity = self.quantity.max(position.abs());
    }

    fn close(self, fill: &Fill) -> Trade {
        let pnl = self.cash.value();
        let rounding = self.traded.is_finite() && pnl.abs() <= NOISE * self.traded;
        Trade {
            instrument: fill.instrument,
            side: self.side,
            entry_time: self.entry_time,
            exit_time: fill.time,
            quantity: self.quantity,
            entry_price: self.entered.value / self.entered.quantity,
            exit_price: self.left.value / self.left.quantity,
            pnl: if rounding { 0.0 } else { pnl },
            fees: self.fees.value(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Turns signed quantities at prices into the fills a venue would report, one a nanosecond.
    fn fills(instrument: u32, executions: &[(f64, f64, f64)]) -> Vec<Fill> {
        let mut position = 0.0;
        let fill = |(index, &(quantity, price, fee)): (usize, &(f64, f64, f64))| {
            position += quantity;
            Fill {
                order: index as u64 + 1,
                instrument,
                time: index as i64,
                side: if quantity > 0.0 { Side::Buy } else { Side::Sell },
                price,
                quantity: quantity.abs(),
                fee,
                position,
            }
        };
        executions.iter().enumerate().map(fill).collect()
    }

    fn trades(fills: &[Fill]) -> Vec<Trade> {
        let mut book = TradeBook::default();
        fills.iter().filter_map(|fill| book.fill(fill)).collect()
    }

    #[test]
    fn a_long_round_trip_earns_the_price_difference_less_the_fees_of_both_sides() {
        let closed = trades(&fills(3, &[(10.0, 100.0, 1.0), (-10.0, 110.0, 2.0)]));
        let expected = Trade {
            instrument: 3,
            side: Side::Buy,
            entry_time: 0,
            exit_time: 1,
            quantity: 10.0,
            entry_price: 100.0,
            exit_price: 110.0,
            pnl: 97.0,
            fees: 3.0,
        };
        assert_eq!(closed, [expected]);
    }

    #[test]
    fn a_short_round_trip_earns_when_the_price_falls() {
        let closed = trades(&fills(0, &[(-10.0, 100.0, 0.0), (10.0, 90.0, 0.0)]));
        assert_eq!((closed[0].side, closed[0].pnl), (Side::Sell, 100.0));
    }

    #[test]
    fn scaling_in_and_out_is_one_trade_of_the_largest_position() {
        let steps = [(1.0, 10.0, 0.0), (2.0, 11.0, 0.0), (-1.0, 12.0, 0.0), (-2.0, 13.0, 0.0)];
        let closed = trades(&fills(0, &steps));
        assert_eq!(closed.len(), 1);
        assert_eq!((closed[0].quantity, closed[0].pnl), (3.0, 6.0));
        assert_eq!((closed[0].entry_price, closed[0].exit_price), (32.0 / 3.0, 38.0 / 3.0));
        assert_eq!((closed[0].duration(), closed[0].profit_share().get()), (3, Ok(6.0 / 32.0)));
    }

    #[test]
    fn a_fill_through_zero_closes_one_trade_and_opens_the_next_and_splits_its_fee_by_quantity() {
        let steps = [(1.0, 10.0, 0.0), (-4.0, 12.0, 8.0), (3.0, 11.0, 0.0)];
        let closed = trades(&fills(0, &steps));
        assert_eq!(closed.len(), 2);
        assert_eq!((closed[0].side, closed[0].pnl, closed[0].fees), (Side::Buy, 0.0, 2.0));
        assert_eq!((closed[1].side, closed[1].pnl, closed[1].fees), (Side::Sell, -3.0, 6.0));
        assert_eq!((closed[1].entry_time, closed[1].quantity), (1, 3.0));
    }

    #[test]
    fn instruments_do_not_mix() {
        let one = fills(0, &[(1.0, 10.0, 0.0), (-1.0, 12.0, 0.0)]);
        let other = fills(1, &[(-1.0, 10.0, 0.0), (1.0, 12.0, 0.0)]);
        let closed = trades(&[one[0], other[0], one[1], other[1]]);
        assert_eq!(closed.iter().map(|t| (t.instrument, t.pnl)).collect::<Vec<_>>(), [(0, 2.0), (1, -2.0)]);
    }

    #[test]
    fn a_position_that_is_still_open_is_not_a_trade() {
        assert_eq!(trades(&fills(0, &[(2.0, 10.0, 0.0), (-1.0, 12.0, 0.0)])), []);
    }

    #[test]
    fn a_profit_that_is_only_rounding_is_none() {
        let mut legs = fills(0, &[(0.1, 7.7, 0.0), (0.2, 7.7, 0.0), (-0.3, 7.7, 0.0)]);
        legs[2].position = 0.0;
        assert_ne!(-0.1 * 7.7 - 0.2 * 7.7 + (0.1 + 0.2) * 7.7, 0.0);
        assert_eq!(trades(&legs)[0].pnl, 0.0);
    }

    proptest! {
        #[test]
        fn profits_of_all_trades_add_up_to_the_cash_that_came_in(
            steps in prop::collection::vec((-9_i32..=9, 1_u32..1_000, 0_u32..10), 1..200),
        ) {
            let mut executions: Vec<_> = steps
                .into_iter()
                .filter(|step| step.0 != 0)
                .map(|(quantity, price, fee)| (f64::from(quantity), f64::from(price), f64::from(fee)))
                .collect();
            let held: f64 = executions.iter().map(|step| step.0).sum();
            if held != 0.0 {
                executions.push((-held, 500.0, 1.0));
            }
            let cash: f64 = executions.iter().map(|(quantity, price, fee)| -quantity * price - fee).sum();
            let fees: f64 = executions.iter().map(|step| step.2).sum();
            let closed = trades(&fills(0, &executions));
            let pnl: f64 = closed.iter().map(|trade| trade.pnl).sum();
            prop_assert!((pnl - cash).abs() < 1e-6, "{pnl} {cash}");
            prop_assert!((closed.iter().map(|trade| trade.fees).sum::<f64>() - fees).abs() < 1e-9);
        }
    }
}
