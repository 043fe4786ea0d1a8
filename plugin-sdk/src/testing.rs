//! Runs a strategy natively, through the venue's own code: for `cargo test` in an author's crate.
//!
//! The figures are those of the sandbox, to the bit.

use std::borrow::Borrow;
use std::cell::RefCell;

use stratbox_domain::{Bar, Fill, Instrument, ParamValue, VenuePolicy, VenueSummary};
use stratbox_venue::Venue;

use crate::log::Level;
use crate::{Broker, Params, Strategy};

const DAY_NS: i64 = 86_400_000_000_000;

thread_local! {
    static LOG: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn write_log(level: Level, message: &str) {
    LOG.with_borrow_mut(|log| log.push((level, message.to_owned())));
}

/// Bars and conventions to run strategies on.
#[derive(Debug, Clone)]
pub struct Backtest {
    bars: Vec<Bar>,
    instruments: Vec<Instrument>,
    /// How many of them can be traded: the first ones.
    tradable: usize,
    policy: VenuePolicy,
}

/// What a run left behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Equity at the end of each time step.
    pub equity: Vec<f64>,
    /// Every execution.
    pub fills: Vec<Fill>,
    /// What the strategy logged.
    pub log: Vec<(Level, String)>,
    /// What the venue counted, rejections among it.
    pub summary: VenueSummary,
}

impl Backtest {
    /// A backtest on `bars`, which are in the order of time, with the default policy. Instruments are named `A`, `B` and
    /// so on.
    #[must_use]
    pub fn new(bars: Vec<Bar>) -> Self {
        let count = bars.iter().map(|bar| bar.instrument + 1).max().unwrap_or(1);
        let name = |i: u32| char::from_u32(u32::from(b'A') + i).map_or_else(|| i.to_string(), String::from);
        let instruments: Vec<Instrument> = (0..count).map(|i| Instrument { symbol: name(i) }).collect();
        Self { bars, tradable: instruments.len(), instruments, policy: VenuePolicy::default() }
    }

    /// The same with the last `count` instruments as views: their bars are shown to the strategy and cannot be traded, as
    /// those of slower timeframes. At most all but one.
    #[must_use]
    pub fn views(self, count: usize) -> Self {
        let tradable = self.instruments.len().saturating_sub(count).max(1);
        Self { tradable, ..self }
    }

    /// The same under another policy.
    #[must_use]
    pub fn policy(self, policy: VenuePolicy) -> Self {
        Self { policy, ..self }
    }

    /// Runs a strategy with these parameters.
    ///
    /// # Errors
    /// What is wrong with the policy, or what the strategy's `new` said.
    pub fn run<S: Strategy>(&self, params: S::Params) -> Result<Report, String> {
        LOG.take();
        self.policy.validate().map_err(|error| error.to_string())?;
        let tradable = &self.instruments[..self.tradable];
        let increments = self.policy.increments(tradable).map_err(|error| error.to_string())?;
        let mut strategy = S::new(params, &self.instruments)?;
        let mut venue = Venue::with_increments(self.policy.clone(), increments);
        let (mut equity, mut fills) = (Vec::new(), Vec::new());
        drive(&mut strategy, &mut venue, &self.bars, &mut |value| equity.push(value), &mut |fill| {
            fills.push(fill);
        });
        Ok(Report { equity, fills, log: LOG.take(), summary: venue.summary() })
    }

    /// Runs a strategy with parameter values by name, as a sweep would; what is not named takes its default.
    ///
    /// # Errors
    /// An unknown name, a value out of bounds, or what the strategy's `new` said.
    pub fn run_with<S: Strategy>(&self, values: &[(&str, ParamValue)]) -> Result<Report, String> {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        self.run::<S>(S::Params::from_values(&values).map_err(|error| error.to_string())?)
    }
}

/// The loop of a run, natively: what the driver's component does in the sandbox.
pub fn drive<S: Strategy>(
    strategy: &mut S,
    venue: &mut Venue,
    bars: impl IntoIterator<Item: Borrow<Bar>>,
    equity: &mut impl FnMut(f64),
    fills: &mut impl FnMut(Fill),
) {
    let (tradable, settles) = (venue.tradable(), venue.settles());
    for bar in bars {
        let bar = bar.borrow();
        if bar.instrument < tradable {
            let (ended, traded) = venue.step(bar);
            if let Some(value) = ended {
                equity(value);
            }
            tell_fills(strategy, venue, traded, fills);
        }
        strategy.on_bar(bar, &mut Broker::new(venue));
        if settles {
            let traded = venue.settle();
            tell_fills(strategy, venue, traded, fills);
        }
    }
    if let Some(value) = venue.close() {
        equity(value);
    }
    strategy.finish(&mut Broker::new(venue));
}

#[inline]
fn tell_fills<S: Strategy>(
    strategy: &mut S,
    venue: &mut Venue,
    mut traded: bool,
    fills: &mut impl FnMut(Fill),
) {
    while traded {
        if let Some(fill) = venue.last_fill() {
            fills(fill);
            strategy.on_fill(&fill, &mut Broker::new(venue));
        }
        traded = venue.resume();
    }
}

/// Daily bars of one instrument from closing prices: each opens at the close before.
#[must_use]
pub fn bars_from_closes(closes: &[f64]) -> Vec<Bar> {
    let opens = closes.first().into_iter().chain(closes);
    let bars = closes.iter().zip(opens).enumerate();
    bars.map(|(day, (&close, &open))| Bar {
        instrument: 0,
        time: day as i64 * DAY_NS,
        open,
        high: open.max(close),
        low: open.min(close),
        close,
        volume: 1_000.0,
    })
    .collect()
}

/// Daily bars of `instruments` instruments that wander at random from 100, the same for the same seed: bars on which
/// no strategy has an edge. At most some 100,000 days, or their nanoseconds do not fit.
#[must_use]
pub fn random_walk(seed: u64, days: usize, instruments: u32) -> Vec<Bar> {
    let mut uniform = stratbox_domain::uniform(seed);
    let mut closes = vec![100.0; instruments as usize];
    let mut bars = Vec::with_capacity(days * closes.len());
    for day in 0..days {
        for (instrument, last) in (0..).zip(&mut closes) {
            let open = *last * (1.0 + 0.01 * (uniform() - 0.5));
            let close = open * (1.0 + 0.04 * (uniform() - 0.5));
            let high = open.max(close) * (1.0 + 0.01 * uniform());
            let low = open.min(close) * (1.0 - 0.01 * uniform());
            let volume = (1e6 * uniform()).floor();
            bars.push(Bar { instrument, time: day as i64 * DAY_NS, open, high, low, close, volume });
            *last = close;
        }
    }
    bars
}
