//! The backtest that both sides do.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use stratbox_domain::{
    BarSource, Fill, Instrument, Limits, ParamValue, Params, Recorder, RunOutcome, VenuePolicy,
};
use stratbox_market::Dataset;
use stratbox_metrics::{Accumulator, Metrics, periods_per_year};
use stratbox_sandbox::{Artifact, RunReport, RunRequest};

use crate::{Lab, Result, hourly, native};

/// Keeps of a run what its metrics need.
pub struct Figures(pub(crate) Accumulator);

impl Recorder for Figures {
    fn equity(&mut self, values: &[f64]) {
        self.0.equity(values);
    }

    fn fill(&mut self, fill: &Fill) {
        self.0.fill(fill);
    }

    fn signals(&mut self, _pairs: &[[f64; 2]]) {}
}

/// The strategy, compiled for the sandbox.
pub type Code = Artifact<Figures>;

/// Moving averages of 10 and 50 bars that cross, on hourly bars of one instrument.
pub struct Backtest {
    pub(crate) bars: Arc<Dataset>,
    pub(crate) params: Params,
    pub(crate) policy: VenuePolicy,
    periods_per_year: Option<f64>,
    cancel: Arc<AtomicBool>,
}

impl Backtest {
    /// A backtest over `bars` hours, at least one.
    ///
    /// # Errors
    /// No bars.
    pub fn new(bars: usize) -> Result<Self> {
        let instrument = Instrument { symbol: "BENCH".to_owned() };
        let bars = Arc::new(Dataset::from_bars(vec![instrument], hourly(bars))?);
        let params = [("fast", 10), ("slow", 50)];
        Ok(Self {
            periods_per_year: periods_per_year(bars.times()),
            bars,
            params: params.map(|(name, value)| (name.to_owned(), ParamValue::Integer(value))).into(),
            policy: VenuePolicy::default(),
            cancel: Arc::default(),
        })
    }

    /// Runs it in this process, without a sandbox.
    ///
    /// # Errors
    /// The strategy refuses its parameters.
    pub fn native(&self) -> Result<Metrics> {
        let mut figures = self.figures();
        let summary = native::run(self, &mut figures)?;
        Ok(figures.0.finish(&summary, self.bars.span()))
    }

    /// Runs it in a fresh sandbox.
    ///
    /// # Errors
    /// The run did not complete.
    pub fn sandboxed(&self, lab: &Lab, code: &Code) -> Result<Metrics> {
        self.sandboxed_with(lab, code, &self.params)
    }

    /// The same, with other parameters.
    ///
    /// # Errors
    /// The run did not complete.
    pub fn sandboxed_with(&self, lab: &Lab, code: &Code, params: &Params) -> Result<Metrics> {
        let (report, figures) = self.run(lab, code, params)?;
        match report.outcome {
            RunOutcome::Completed(summary) => Ok(figures.0.finish(&summary, self.bars.span())),
            other => Err(format!("the sandboxed run did not complete: {other:?}").into()),
        }
    }

    /// Runs any strategy without parameters, or this one, in a fresh sandbox, and makes sure that it ends in a fault.
    ///
    /// # Errors
    /// The host failed, or the strategy did not fault.
    pub fn faulted(&self, lab: &Lab, code: &Code) -> Result<()> {
        match self.run(lab, code, &self.params)?.0.outcome {
            RunOutcome::Faulted(_) => Ok(()),
            other => Err(format!("the hostile run did not fault: {other:?}").into()),
        }
    }

    fn run(&self, lab: &Lab, code: &Code, params: &Params) -> Result<(RunReport, Figures)> {
        let request = RunRequest {
            bars: Arc::clone(&self.bars) as _,
            params,
            policy: &self.policy,
            limits: Limits::default(),
            cancel: Arc::clone(&self.cancel),
            seed: self.bars.digest(),
        };
        Ok(lab.sandbox.run(code, &request, || self.figures())?)
    }

    /// Makes sure that there is something to compare: both sides end in the same figures, to the bit, and these are
    /// figures of a strategy that traded.
    ///
    /// # Errors
    /// They differ, or a side did not run or trade.
    pub fn check(&self, lab: &Lab, code: &Code) -> Result<()> {
        let (native, sandboxed) = (self.native()?, self.sandboxed(lab, code)?);
        if native != sandboxed {
            let sides = format!("natively {native:?}, in the sandbox {sandboxed:?}");
            return Err(format!("both sides must end in the same figures: {sides}").into());
        }
        if native.trades == 0 {
            return Err("the strategy never traded, so most of the work is not done".into());
        }
        Ok(())
    }

    fn figures(&self) -> Figures {
        Figures(Accumulator::new(self.policy.initial_cash, self.periods_per_year))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_bars_end_in_other_figures() {
        let figures = |bars| Backtest::new(bars).unwrap().native().unwrap();
        assert_eq!(figures(2_000), figures(2_000));
        assert_ne!(figures(2_000), figures(1_999));
    }
}
