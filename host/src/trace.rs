//! What a run did on the way: its equity, its fills and its forecasts. A run's figures are small and are always kept; its trace is made by
//! running it again, which gives the same bits, and is kept by nobody.

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};
use stratbox_domain::{BarSource, Fill};

/// Fills of a trace, at most; the rest is counted.
pub(crate) const MAX_FILLS: usize = 1 << 17;
/// Forecasts of a trace, at most; the rest is counted.
pub(crate) const MAX_SIGNALS: usize = 1 << 20;
/// Points of an equity curve, at most: four thousand years of days, two years of minutes.
pub(crate) const MAX_POINTS: u64 = 1 << 20;

/// What is kept of a run besides how it ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Keeps {
    /// What the strategy logged.
    pub(crate) log: bool,
    /// The equity at the end of every so many time steps, and of the last.
    pub(crate) equity_every: Option<NonZeroU64>,
    pub(crate) fills: bool,
    /// Forecasts that were scored.
    pub(crate) signals: bool,
}

impl Keeps {
    /// The log, if it is wanted.
    pub(crate) fn log(log: bool) -> Self {
        Self { log, ..Self::default() }
    }

    /// The equity of a run on `steps` time steps, in at most so many points and one.
    pub(crate) fn equity(steps: u64, points: u64) -> Self {
        Self { equity_every: Some(stride(steps, points)), ..Self::default() }
    }

    /// Whether anything is kept that makes a trace.
    pub(crate) fn traces(&self) -> bool {
        self.equity_every.is_some() || self.fills || self.signals
    }

    /// Points of the equity curve of a run on `steps` time steps.
    pub(crate) fn points(&self, steps: u64) -> u64 {
        self.equity_every.map_or(0, |every| steps.div_ceil(every.get()))
    }
}

/// How many steps one point must stand for, so that there are no more than `points` and one.
fn stride(steps: u64, points: u64) -> NonZeroU64 {
    NonZeroU64::new(steps.div_ceil(points.max(1))).unwrap_or(NonZeroU64::MIN)
}

/// What a run did on the way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trace {
    /// At the ends of the time steps that were asked for.
    pub(crate) equity: Vec<f64>,
    pub(crate) fills: Vec<Fill>,
    /// Fills for which there was no room.
    pub(crate) dropped: u64,
    /// Forecasts, each with the return of its instrument one bar ahead.
    pub(crate) signals: Vec<(f64, f64)>,
    /// Forecasts for which there was no room.
    pub(crate) dropped_signals: u64,
}

/// Collects a trace while a run goes on.
#[derive(Debug)]
pub(crate) struct Tracer {
    keeps: Keeps,
    /// Time steps so far.
    steps: u64,
    /// The equity of a step that is no point, unless it should be the last one.
    last: Option<f64>,
    trace: Trace,
}

impl Tracer {
    /// `None` when nothing is to be kept, which costs nothing.
    pub(crate) fn new(keeps: Keeps) -> Option<Self> {
        keeps.traces().then(|| Self { keeps, steps: 0, last: None, trace: Trace::default() })
    }

    pub(crate) fn equity(&mut self, values: &[f64]) {
        let Some(every) = self.keeps.equity_every else { return };
        for &value in values {
            self.steps += 1;
            self.last = if self.steps.is_multiple_of(every.get()) {
                self.trace.equity.push(value);
                None
            } else {
                Some(value)
            };
        }
    }

    pub(crate) fn fill(&mut self, fill: &Fill) {
        if !self.keeps.fills {
        } else if self.trace.fills.len() < MAX_FILLS {
            self.trace.fills.push(*fill);
        } else {
            self.trace.dropped += 1;
        }
    }

    pub(crate) fn signals(&mut self, pairs: &[[f64; 2]]) {
        if !self.keeps.signals {
            return;
        }
        let room = (MAX_SIGNALS - self.trace.signals.len()).min(pairs.len());
        let (kept, dropped) = pairs.split_at(room);
        self.trace.signals.extend(kept.iter().map(|&[value, forward]| (value, forward)));
        self.trace.dropped_signals += dropped.len() as u64;
    }

    pub(crate) fn finish(mut self) -> Trace {
        self.trace.equity.extend(self.last);
        self.trace
    }
}

/// Times of the points of an equity curve, of the kind that `keeps` asks for: those of the last rows of their steps.
pub(crate) fn times(bars: &dyn BarSource, keeps: Keeps) -> Vec<i64> {
    points(bars, keeps, |time, _| time)
}

/// The latest close of the first instrument at each of these points; NaN before its first bar.
pub(crate) fn closes(bars: &dyn BarSource, keeps: Keeps) -> Vec<f64> {
    points(bars, keeps, |_, close| close)
}

/// What `each` makes of the time and of the first instrument's latest close at each point of an equity curve.
fn points<T>(bars: &dyn BarSource, keeps: Keeps, each: impl Fn(i64, f64) -> T) -> Vec<T> {
    const ROWS: u32 = 4_096;
    let Some(every) = keeps.equity_every else { return Vec::new() };
    let (mut points, mut steps, mut last) = (Vec::new(), 0_u64, None);
    let mut close = f64::NAN;
    let mut row = 0;
    loop {
        let columns = bars.columns(row, ROWS);
        if columns.rows == 0 {
            break;
        }
        row += columns.rows as u64;
        let instruments = columns.instrument.as_chunks::<4>().0;
        let prices = columns.ohlcv.as_chunks::<8>().0.as_chunks::<5>().0;
        for ((instrument, time), price) in instruments.iter().zip(columns.time.as_chunks::<8>().0).zip(prices)
        {
            let (instrument, time) = (u32::from_le_bytes(*instrument), i64::from_le_bytes(*time));
            if instrument >= bars.tradable() {
                continue;
            }
            if last != Some(time) {
                let ended = last.filter(|_| steps.is_multiple_of(every.get()));
                points.extend(ended.map(|time| each(time, close)));
                last = Some(time);
                steps += 1;
            }
            if instrument == 0 {
                close = f64::from_le_bytes(price[3]);
            }
        }
    }
    points.extend(last.map(|time| each(time, close)));
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traced(every: u64, values: &[f64]) -> Vec<f64> {
        let keeps = Keeps { equity_every: NonZeroU64::new(every), ..Keeps::default() };
        let mut tracer = Tracer::new(keeps).unwrap();
        values.chunks(2).for_each(|chunk| tracer.equity(chunk));
        tracer.finish().equity
    }

    #[test]
    fn an_equity_curve_has_every_so_many_steps_and_the_last() {
        assert_eq!(traced(1, &[1.0, 2.0, 3.0]), [1.0, 2.0, 3.0]);
        assert_eq!(traced(2, &[1.0, 2.0, 3.0, 4.0]), [2.0, 4.0]);
        assert_eq!(traced(2, &[1.0, 2.0, 3.0, 4.0, 5.0]), [2.0, 4.0, 5.0]);
        assert_eq!(traced(9, &[1.0, 2.0]), [2.0]);
    }

    #[test]
    fn the_first_instruments_closes_stand_at_the_points_of_the_equity() {
        let bar = |instrument, time, close| stratbox_domain::Bar {
            instrument,
            time,
            open: close,
            high: close,
            low: close,
            close,
            volume: 1.0,
        };
        let rows = vec![
            bar(1, 10, 7.0),
            bar(0, 20, 2.0),
            bar(1, 20, 8.0),
            bar(1, 30, 9.0),
            bar(0, 40, 4.0),
            bar(0, 50, 5.0),
        ];
        let instruments = ["A", "B"].map(|symbol| stratbox_domain::Instrument { symbol: symbol.to_owned() });
        let bars = stratbox_market::Dataset::from_bars(instruments.to_vec(), rows).unwrap();
        let every = |steps| Keeps { equity_every: NonZeroU64::new(steps), ..Keeps::default() };
        let all = closes(&bars, every(1));
        assert!(all[0].is_nan(), "it had no bar yet");
        assert_eq!(all[1..], [2.0, 2.0, 4.0, 5.0]);
        assert_eq!(times(&bars, every(1)), [10, 20, 30, 40, 50]);
        assert_eq!(
            (closes(&bars, every(2)), times(&bars, every(2))),
            (vec![2.0, 4.0, 5.0], vec![20, 40, 50])
        );
    }

    #[test]
    fn a_long_run_is_shown_in_no_more_points_than_were_asked_for() {
        for steps in [1, 99, 100, 101, 1_000_003] {
            let points = Keeps::equity(steps, 100).points(steps);
            assert!((1..=100).contains(&points), "{points} of {steps}");
        }
        assert_eq!(Keeps::equity(100, 100).equity_every, NonZeroU64::new(1));
    }

    #[test]
    fn a_trace_that_nobody_asked_for_is_not_made() {
        assert!(Tracer::new(Keeps { log: true, ..Keeps::default() }).is_none());
    }

    #[test]
    fn fills_beyond_the_room_for_them_are_counted() {
        let fill = Fill {
            order: 1,
            instrument: 0,
            time: 0,
            side: stratbox_domain::Side::Buy,
            price: 1.0,
            quantity: 1.0,
            fee: 0.0,
            position: 1.0,
        };
        let mut tracer = Tracer::new(Keeps { fills: true, ..Keeps::default() }).unwrap();
        (0..MAX_FILLS + 3).for_each(|_| tracer.fill(&fill));
        let trace = tracer.finish();
        assert_eq!((trace.fills.len(), trace.dropped), (MAX_FILLS, 3));
    }

    #[test]
    fn forecasts_are_kept_when_they_are_wanted_and_those_beyond_the_room_for_them_are_counted() {
        let traced = |signals: bool, batches: usize| {
            let keeps = Keeps { signals, fills: true, ..Keeps::default() };
            let mut tracer = Tracer::new(keeps).unwrap();
            (0..batches).for_each(|_| tracer.signals(&[[1.0, 0.01]; 1_000]));
            tracer.finish()
        };
        let batches = MAX_SIGNALS / 1_000 + 1;
        let trace = traced(true, batches);
        let over = (batches * 1_000 - MAX_SIGNALS) as u64;
        assert_eq!((trace.signals.len(), trace.dropped_signals), (MAX_SIGNALS, over));
        assert_eq!((trace.signals[0], over > 0), ((1.0, 0.01), true));
        assert_eq!(traced(true, 1).dropped_signals, 0);
        assert_eq!(traced(false, batches), Trace::default());
    }
}
