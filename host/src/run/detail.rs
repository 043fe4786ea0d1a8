//! Everything that can be said about one run: from its trace, its bars and its trades.

use std::path::Path;

use stratbox_domain::{Bar, BarSource};
use stratbox_metrics::overfitting::Resampling;
use stratbox_metrics::round_trips::{Prices, RoundTrip, round_trips};
use stratbox_metrics::series::equity_returns;
use stratbox_metrics::{Detail, DetailReport, Missing, Trade, TradeBook, activity};

use crate::bars::Bars;
use crate::failure::Failure;
use crate::file;
use crate::render::text::time;
use crate::trace::{Keeps, MAX_POINTS, Trace, times};

/// Rows that are held in memory for what needs them: excursions of trades, turnover.
const MOST_ROWS: u64 = 5_000_000;
/// Points of a series that intervals are drawn on.
const RESAMPLED_POINTS: usize = 20_000;
const RESAMPLES: usize = 1_000;

/// What a run leaves behind for its detail.
pub(super) fn keeps(bars: &Bars, log: bool) -> Keeps {
    Keeps { log, fills: true, signals: true, ..Keeps::equity(bars.source.steps(), MAX_POINTS) }
}

/// A run in full.
pub(crate) struct Whole {
    pub(crate) report: Result<DetailReport, Missing>,
    /// Ends of time steps, nanoseconds since the Unix epoch.
    times: Vec<i64>,
    equity: Vec<f64>,
    trades: Vec<RoundTrip>,
    /// Fills that are in no trade, because there were too many.
    pub(crate) dropped: u64,
    /// Forecasts that are in no coefficient, because there were too many.
    pub(crate) dropped_signals: u64,
}

impl Whole {
    /// `initial` is the account's cash at the start, `trials` how many were made on these bars.
    pub(super) fn of(bars: &Bars, trace: Trace, initial: f64, trials: Option<u64>) -> Self {
        let source = &*bars.source;
        let keeps = keeps(bars, false);
        let mut book = TradeBook::default();
        let closed: Vec<Trade> = trace.fills.iter().filter_map(|fill| book.fill(fill)).collect();
        let rows = bars.tradable(MOST_ROWS).unwrap_or_default();
        let trades = match rows.is_empty() {
            true => closed.into_iter().map(RoundTrip::without_bars).collect(),
            false => round_trips(&closed, &rows, Prices::HighsAndLows),
        };
        let moved = (!rows.is_empty()).then(|| activity(&trace.fills, &rows));
        let times = times(source, keeps);
        let stride = keeps.equity_every.map_or(1, u64::from);
        let report = equity_returns(initial, &trace.equity).map(|returns| {
            let benchmark = holding(source, &rows, returns.len());
            let periods = bars.periods_per_year.map(|periods| periods / stride as f64);
            let resampling = Resampling { resamples: RESAMPLES, block_length: None, seed: 0 };
            let detail = Detail {
                times: (times.len() == returns.len()).then_some(&times[..]),
                trades: Some(&trades),
                activity: moved.as_ref(),
                signals: Some(&trace.signals),
                benchmark: benchmark.as_deref(),
                resampling: (returns.len() <= RESAMPLED_POINTS).then_some(resampling),
                trials: trials.map(|trials| (trials as f64, None)),
                ..Detail::new(&returns, periods)
            };
            detail.report()
        });
        let Trace { equity, dropped, dropped_signals, .. } = trace;
        Self { report, times, equity, trades, dropped, dropped_signals }
    }

    /// The equity curve as comma-separated values: `time,equity`.
    pub(super) fn write_equity(&self, path: &Path) -> Result<(), Failure> {
        file::write(path, |out| {
            writeln!(out, "time,equity")?;
            let points = self.times.iter().zip(&self.equity);
            points.into_iter().try_for_each(|(at, equity)| writeln!(out, "{},{equity}", time(*at)))
        })
    }

    /// The trades as comma-separated values.
    pub(super) fn write_trades(&self, path: &Path, symbols: &[String]) -> Result<(), Failure> {
        file::write(path, |out| {
            writeln!(
                out,
                "instrument,side,entry_time,exit_time,quantity,entry_price,exit_price,pnl,fees,profit_share,mae,mfe,bars"
            )?;
            for trip in &self.trades {
                let Trade {
                    instrument,
                    side,
                    entry_time,
                    exit_time,
                    quantity,
                    entry_price,
                    exit_price,
                    pnl,
                    fees,
                } = trip.trade;
                let side = if side.sign() > 0.0 { "long" } else { "short" };
                let symbol = symbols.get(instrument as usize).map_or("", String::as_str).replace('"', "\"\"");
                let figure = |figure: stratbox_metrics::Figure| {
                    figure.value().map(|value| value.to_string()).unwrap_or_default()
                };
                let bars = trip.bars.map(|bars| bars.to_string()).unwrap_or_default();
                let [share, mae, mfe] = [trip.profit_share, trip.mae, trip.mfe].map(figure);
                writeln!(
                    out,
                    "\"{symbol}\",{side},{},{},{quantity},{entry_price},{exit_price},{pnl},{fees},{share},{mae},{mfe},{bars}",
                    time(entry_time),
                    time(exit_time)
                )?;
            }
            Ok(())
        })
    }
}

/// Returns of holding the only instrument: from the first open, then from close to close.
fn holding(source: &dyn BarSource, rows: &[Bar], returns: usize) -> Option<Vec<f64>> {
    let one = source.tradable() == 1 && rows.len() == returns;
    let first = rows.first().filter(|_| one)?;
    let before = std::iter::once(first.open).chain(rows.iter().map(|bar| bar.close));
    Some(rows.iter().zip(before).map(|(bar, before)| bar.close / before - 1.0).collect())
}
