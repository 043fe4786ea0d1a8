//! One run's equity and fills, as they come, to its metrics.

use std::collections::BTreeMap;

use stratbox_domain::{Fill, Rejection, VenueSummary};

use crate::curve::EquityCurve;
use crate::periods::{as_number, years_between};
use crate::sum::Sum;
use crate::{Figure, Metrics, Missing, Trade, TradeBook};

/// Shorter runs have no growth a year.
const SHORTEST_SPAN: f64 = 1.0 / 365.25;

/// Collects what a run leaves behind. Its size depends on the number of instruments alone.
#[derive(Debug, Clone)]
pub struct Accumulator {
    curve: EquityCurve,
    book: TradeBook,
    tally: Tally,
    fills: u64,
    periods_per_year: Option<f64>,
}

impl Accumulator {
    /// Starts with the account's cash before the first bar and the number of time steps in a year, which may be what
    /// [`periods_per_year`](crate::periods_per_year) found. Without one, or one that is not a finite number greater
    /// than zero, what would be annualised with it is missing.
    #[must_use]
    pub fn new(initial_equity: f64, periods_per_year: impl Into<Option<f64>>) -> Self {
        Self {
            curve: EquityCurve::new(initial_equity),
            book: TradeBook::default(),
            tally: Tally::default(),
            fills: 0,
            periods_per_year: periods_per_year.into().filter(|periods| periods.is_finite() && *periods > 0.0),
        }
    }

    /// Takes the equity at the end of each of the next time steps. How steps are cut into batches does not matter.
    pub fn equity(&mut self, values: &[f64]) {
        values.iter().for_each(|&value| self.curve.push(value));
    }

    /// Takes the next fill and returns the trade it closes.
    pub fn fill(&mut self, fill: &Fill) -> Option<Trade> {
        self.fills += 1;
        let trade = self.book.fill(fill);
        if let Some(trade) = &trade {
            self.tally.add(trade);
        }
        trade
    }

    /// The metrics, with the venue's own counts and the times of the first and the last row in nanoseconds.
    ///
    /// Ratios of returns are missing once equity has been zero or below, even when it recovered.
    #[must_use]
    pub fn finish(self, summary: &VenueSummary, span: Option<(i64, i64)>) -> Metrics {
        let curve = &self.curve;
        let cagr = cagr(curve, summary.final_equity, span);
        let annual = |per_period: Result<f64, Missing>| {
            let value = per_period?;
            self.periods_per_year.map(|periods| value * periods.sqrt()).ok_or(Missing::UnknownPeriod)
        };
        Metrics {
            total_return: curve.growth(summary.final_equity).map(|growth| growth - 1.0).into(),
            cagr: cagr.into(),
            volatility: annual(curve.deviation()).into(),
            sharpe: annual(curve.sharpe()).into(),
            sortino: annual(curve.sortino()).into(),
            calmar: cagr.and_then(|cagr| Ok(cagr / curve.depth()?)).into(),
            max_drawdown: curve.max_drawdown().into(),
            win_rate: share(self.tally.wins, self.tally.trades, Missing::NoClosedTrades),
            profit_factor: self.tally.profit_factor().into(),
            hit_rate: share(summary.signal_hits, summary.signals, Missing::NoSignals),
            exposure: share(summary.steps_in_market, summary.steps, Missing::NoData),
            fees: Figure::of(summary.fees),
            final_equity: Figure::of(summary.final_equity),
            financing: Figure::of(summary.financing),
            partial_fills: Figure::of(as_number(summary.partial_fills)),
            expired: Figure::of(as_number(summary.expired)),
            dropped: Figure::of(as_number(summary.dropped)),
            liquidations: Figure::of(as_number(summary.liquidations)),
            trades: self.tally.trades,
            signals: summary.signals,
            fills: self.fills,
            orders: summary.orders,
            rejections: rejections(summary),
            periods_per_year: self.periods_per_year,
        }
    }
}

/// Closed trades, added up.
#[derive(Debug, Clone, Default)]
struct Tally {
    trades: u64,
    wins: u64,
    losses: u64,
    profit: Sum,
    loss: Sum,
}

impl Tally {
    fn add(&mut self, trade: &Trade) {
        self.trades += 1;
        if trade.pnl > 0.0 {
            self.wins += 1;
            self.profit.add(trade.pnl);
        } else if trade.pnl < 0.0 {
            self.losses += 1;
            self.loss.add(-trade.pnl);
        }
    }

    fn profit_factor(&self) -> Result<f64, Missing> {
        match (self.trades, self.losses) {
            (0, _) => Err(Missing::NoClosedTrades),
            (_, 0) => Err(Missing::NoLosingTrades),
            _ => Ok(self.profit.value() / self.loss.value()),
        }
    }
}

fn cagr(curve: &EquityCurve, final_equity: f64, span: Option<(i64, i64)>) -> Result<f64, Missing> {
    curve.solvent()?;
    let growth = curve.growth(final_equity)?;
    let (start, end) = span.ok_or(Missing::NoData)?;
    let years = years_between(start, end);
    if years < SHORTEST_SPAN {
        return Err(Missing::SpanTooShort);
    }
    // The standard library's power function differs between systems in its last bits.
    let cagr = libm::pow(growth, 1.0 / years) - 1.0;
    if cagr.is_finite() { Ok(cagr) } else { Err(Missing::NotRepresentable) }
}

fn share(part: u64, whole: u64, missing: Missing) -> Figure {
    if whole == 0 { missing.into() } else { Figure::of(as_number(part) / as_number(whole)) }
}

fn rejections(summary: &VenueSummary) -> BTreeMap<String, u64> {
    let counts = Rejection::ALL.iter().zip(summary.rejections);
    counts.filter(|(_, count)| *count > 0).map(|(reason, count)| (reason.label().to_owned(), count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MetricName;
    use proptest::prelude::*;
    use stratbox_domain::Side;

    const DAY: i64 = 86_400_000_000_000;

    fn summary(equity: &[f64]) -> VenueSummary {
        let final_equity = equity.last().copied().unwrap_or(100.0);
        VenueSummary { final_equity, steps: equity.len() as u64, ..VenueSummary::default() }
    }

    fn metrics(initial: f64, equity: &[f64], span: Option<(i64, i64)>) -> Metrics {
        let mut accumulator = Accumulator::new(initial, 252.0);
        accumulator.equity(equity);
        accumulator.finish(&summary(equity), span)
    }

    /// Buys one unit at the first price and sells it at the second, for each pair.
    fn round_trips(prices: &[(f64, f64)]) -> Metrics {
        let mut accumulator = Accumulator::new(100.0, 252.0);
        for &(entry, exit) in prices {
            let buy = Fill {
                order: 1,
                instrument: 0,
                time: 0,
                side: Side::Buy,
                price: entry,
                quantity: 1.0,
                fee: 0.0,
                position: 1.0,
            };
            assert_eq!(accumulator.fill(&buy), None);
            assert!(
                accumulator.fill(&Fill { side: Side::Sell, price: exit, position: 0.0, ..buy }).is_some()
            );
        }
        accumulator.finish(&summary(&[]), None)
    }

    #[test]
    fn empyrical_mixed_returns_at_252_periods_have_empyricals_figures() {
        let returns = [0.01, 0.1, -0.04, 0.02, 0.03, 0.02, 0.01, -0.1];
        let equity: Vec<f64> = returns
            .iter()
            .scan(1.0, |equity, value| {
                *equity *= 1.0 + value;
                Some(*equity)
            })
            .collect();
        let figures = metrics(1.0, &equity, None);
        assert!((figures.sharpe.get().unwrap() - 1.723_861_396_170_686_6).abs() < 1e-12);
        assert!((figures.sortino.get().unwrap() - 2.605_531_251_673_693).abs() < 1e-12);
        assert!((figures.max_drawdown.get().unwrap() + 0.1).abs() < 1e-15);
    }

    #[test]
    fn growth_a_year_is_compounded_over_years_of_365_and_a_quarter_days() {
        let doubled = metrics(100.0, &[150.0, 120.0, 400.0], Some((0, 2 * 365 * DAY + DAY / 2)));
        assert!((doubled.cagr.get().unwrap() - 1.0).abs() < 1e-14);
        assert!((doubled.total_return.get().unwrap() - 3.0).abs() < 1e-14);
        assert!((doubled.calmar.get().unwrap() - 5.0).abs() < 1e-13, "1 over a drawdown of 20 %");
    }

    #[test]
    fn less_than_a_day_has_no_growth_a_year() {
        let over = |span| metrics(100.0, &[101.0, 99.0, 102.0], span).cagr.get();
        assert_eq!(over(Some((0, DAY - 1))), Err(Missing::SpanTooShort));
        assert_eq!(over(Some((DAY, 0))), Err(Missing::SpanTooShort));
        assert_eq!(over(None), Err(Missing::NoData));
        assert!(over(Some((0, DAY))).is_ok());
    }

    #[test]
    fn a_run_that_never_trades_has_a_return_of_zero_and_no_ratios() {
        let idle = metrics(100.0, &[100.0; 50], Some((0, 50 * DAY)));
        assert_eq!(idle.total_return.get(), Ok(0.0));
        assert_eq!(idle.cagr.get(), Ok(0.0));
        assert_eq!(idle.max_drawdown.get(), Ok(0.0));
        assert_eq!(idle.sharpe.get(), Err(Missing::ZeroVariance));
        assert_eq!(idle.sortino.get(), Err(Missing::ZeroVariance));
        assert_eq!(idle.volatility.get(), Err(Missing::ZeroVariance));
        assert_eq!(idle.calmar.get(), Err(Missing::NoDrawdown));
        assert_eq!(idle.win_rate.get(), Err(Missing::NoClosedTrades));
        assert_eq!(idle.profit_factor.get(), Err(Missing::NoClosedTrades));
        assert_eq!(idle.hit_rate.get(), Err(Missing::NoSignals));
        assert_eq!(idle.exposure.get(), Ok(0.0));
    }

    #[test]
    fn a_run_without_bars_has_no_figures_from_them() {
        let empty = metrics(100.0, &[], None);
        for name in [MetricName::TotalReturn, MetricName::Cagr, MetricName::MaxDrawdown, MetricName::Sharpe] {
            assert_eq!(empty.get(name).get(), Err(Missing::NoData), "{name}");
        }
        assert_eq!(empty.exposure.get(), Err(Missing::NoData));
    }

    #[test]
    fn a_ruined_account_has_a_total_return_but_no_growth_a_year() {
        let ruined = metrics(100.0, &[50.0, -20.0, -20.0], Some((0, 400 * DAY)));
        assert!((ruined.total_return.get().unwrap() + 1.2).abs() < 1e-15);
        assert_eq!(ruined.cagr.get(), Err(Missing::EquityNotPositive));
        assert_eq!(ruined.calmar.get(), Err(Missing::EquityNotPositive));
        assert_eq!(ruined.sharpe.get(), Err(Missing::EquityNotPositive));
    }

    #[test]
    fn without_periods_a_year_nothing_is_annualised() {
        for periods in [None, Some(0.0), Some(f64::NAN)] {
            let mut accumulator = Accumulator::new(100.0, periods);
            accumulator.equity(&[101.0, 99.0, 102.0]);
            let figures = accumulator.finish(&VenueSummary::default(), Some((0, 400 * DAY)));
            assert_eq!(figures.sharpe.get(), Err(Missing::UnknownPeriod));
            assert_eq!(figures.periods_per_year, None);
            assert!(figures.max_drawdown.get().is_ok());
        }
    }

    #[test]
    fn trades_are_counted_by_what_they_made() {
        let mixed = round_trips(&[(10.0, 13.0), (10.0, 10.0), (10.0, 8.0), (10.0, 10.5)]);
        assert_eq!((mixed.trades, mixed.fills), (4, 8));
        assert_eq!(mixed.win_rate.get(), Ok(0.5), "breaking even is not a win");
        assert_eq!(mixed.profit_factor.get(), Ok(1.75));
    }

    #[test]
    fn a_profit_factor_needs_a_losing_trade() {
        assert_eq!(round_trips(&[(10.0, 13.0)]).profit_factor.get(), Err(Missing::NoLosingTrades));
        assert_eq!(round_trips(&[(13.0, 10.0)]).profit_factor.get(), Ok(0.0));
    }

    #[test]
    fn the_venues_counts_become_shares() {
        let counts = VenueSummary {
            final_equity: 90.0,
            fees: 1.5,
            steps: 8,
            steps_in_market: 2,
            orders: 5,
            rejections: [0, 3, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
            signals: 4,
            signal_hits: 3,
            ..VenueSummary::default()
        };
        let figures = Accumulator::new(100.0, 252.0).finish(&counts, None);
        assert_eq!(figures.exposure.get(), Ok(0.25));
        assert_eq!(figures.hit_rate.get(), Ok(0.75));
        assert_eq!(figures.fees.get(), Ok(1.5));
        assert_eq!(figures.final_equity.get(), Ok(90.0));
        assert_eq!((figures.orders, figures.signals), (5, 4));
        let rejections = [("insufficient_funds".to_owned(), 1), ("invalid_quantity".to_owned(), 3)];
        assert_eq!(figures.rejections, BTreeMap::from(rejections));
    }

    fn any_equity() -> impl Strategy<Value = f64> {
        prop_oneof![
            4 => 50.0..200.0_f64,
            1 => Just(0.0),
            1 => Just(100.0),
            1 => -100.0..0.0_f64,
            1 => proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO,
        ]
    }

    proptest! {
        #[test]
        fn batches_of_any_size_give_the_same_bits(
            equity in prop::collection::vec(any_equity(), 0..200),
            size in 1_usize..20,
        ) {
            let mut batched = Accumulator::new(100.0, 252.0);
            equity.chunks(size).for_each(|batch| batched.equity(batch));
            let span = Some((0, 300 * DAY));
            prop_assert_eq!(batched.finish(&summary(&equity), span), metrics(100.0, &equity, span));
        }

        #[test]
        fn no_equity_makes_a_figure_that_is_not_finite(
            initial in any_equity(),
            equity in prop::collection::vec(any_equity(), 0..20),
            days in -10_i64..10_000,
        ) {
            let figures = metrics(initial, &equity, Some((0, days * DAY)));
            for name in MetricName::ALL {
                prop_assert!(figures.get(name).value().is_none_or(f64::is_finite), "{}", name);
            }
        }

        #[test]
        fn wins_losses_and_break_evens_are_all_the_trades(
            prices in prop::collection::vec((1_u8..20, 1_u8..20), 1..50),
        ) {
            let prices: Vec<_> = prices.iter().map(|&(a, b)| (f64::from(a), f64::from(b))).collect();
            let mut tally = Tally::default();
            let mut book = TradeBook::default();
            let mut even = 0;
            for (entry, exit) in &prices {
                let buy = Fill {
                    order: 1, instrument: 0, time: 0, side: Side::Buy, price: *entry, quantity: 2.0, fee: 0.0, position: 2.0,
                };
                prop_assert!(book.fill(&buy).is_none());
                let closed = book.fill(&Fill { side: Side::Sell, price: *exit, position: 0.0, ..buy }).unwrap();
                even += u64::from(closed.pnl == 0.0);
                tally.add(&closed);
            }
            prop_assert_eq!(tally.trades, prices.len() as u64);
            prop_assert_eq!(tally.wins + tally.losses + even, tally.trades);
        }
    }
}
