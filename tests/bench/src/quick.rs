//! The quick benchmark: some seconds for the figures that the product is held to.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Instant;

use serde::Serialize;
use stratbox_compiler::Source;

use crate::sweep::{self, Sweep};
use crate::{BARS, Backtest, Code, Lab, Result, Workshop, neighbour, overhead, table, validation};

/// A second or so.
const PAIRS: usize = 401;
const INSTANTIATIONS: usize = 2_000;
const NEW_SOURCES: usize = 7;
const CACHED_SOURCES: usize = 51;
const SWEEPS: usize = 11;

/// What was measured: medians all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quick {
    /// Nanoseconds a bar, natively.
    pub native_ns_per_bar: f64,
    /// Nanoseconds a bar in the sandbox.
    pub sandbox_ns_per_bar: f64,
    /// How many times longer the sandbox takes: the median of the ratios of pairs of runs, one right after the other.
    pub sandbox_tax: f64,
    /// Microseconds for a run of one bar: store, instance, `init`, the bar, and all of it dropped.
    pub instantiate_us: f64,
    /// Milliseconds from a source that is new to code that runs.
    pub source_to_artifact_ms: f64,
    /// Milliseconds from a source that was seen before to code that runs.
    pub cached_artifact_ms: f64,
    /// Seconds for a thousand variants on a year of hours, on all cores, as the command line reports them.
    #[serde(rename = "sweep_1000x8760_s")]
    pub sweep_s: f64,
    /// How many times longer that takes in worker processes than on threads of one process: the median of the ratios of
    /// pairs of sweeps, one right after the other.
    pub process_tax: f64,
    /// How many times longer a sweep of 101,460 runs of 1,000 bars takes than the same runs in a bare loop around the sandbox, one
    /// thread a core: queue, worker processes and store together.
    pub sweep_tax: f64,
    /// The same of runs of 40 bars, which take as long as it takes to make an instance.
    pub sweep_tax_40: f64,
    /// How many times faster two workers are than one, where there are two cores; 8,000 variants on a year of hours.
    pub speed_up: f64,
    /// The time that two workers take to validate a queue of eight strategies, as a share of what one takes: sources that are new,
    /// compiled, linked and run.
    pub validation_share: f64,
    /// How many times longer an honest run takes beside the worst hostile run than beside another honest one.
    pub neighbour_tax: f64,
    /// The wasm engine's version and settings.
    pub engine: String,
    /// Threads that the machine runs at once.
    pub cores: usize,
}

impl Quick {
    /// A table of the figures beside their targets.
    #[must_use]
    pub fn human(&self) -> String {
        table::human(self)
    }
}

/// Measures everything.
///
/// # Errors
/// Something could not be set up, failed, or gave another result than it must.
pub fn measure(lab: &Lab) -> Result<Quick> {
    let workshop = lab.workshop()?;
    let source = lab.strategy()?;
    let code = workshop.build(&source)?;
    let bars = bars(lab, &code)?;
    let (sweep_s, process_tax) = sweep(&source)?;
    Ok(Quick {
        native_ns_per_bar: bars.native_ns,
        sandbox_ns_per_bar: bars.sandbox_ns,
        sandbox_tax: bars.tax,
        instantiate_us: instantiate(lab, &code)? * 1e6,
        source_to_artifact_ms: source_to_artifact(lab, &source)? * 1e3,
        cached_artifact_ms: cached_artifact(&workshop, &source)? * 1e3,
        sweep_s,
        process_tax,
        sweep_tax: overhead::tax(lab, &source, &code, 1_000)?,
        sweep_tax_40: overhead::tax(lab, &source, &code, 40)?,
        speed_up: overhead::speed_up(&source)?,
        validation_share: validation::two_workers(&source)?,
        neighbour_tax: neighbour::tax(lab, &workshop, &code)?,
        engine: lab.sandbox.version().to_owned(),
        cores: available_parallelism().map_or(1, NonZeroUsize::get),
    })
}

struct PerBar {
    native_ns: f64,
    sandbox_ns: f64,
    tax: f64,
}

/// Both sides in turn, so that a machine that is slow for a while is slow for both.
fn bars(lab: &Lab, code: &Code) -> Result<PerBar> {
    let backtest = Backtest::new(BARS)?;
    backtest.check(lab, code)?;
    let native = || seconds(|| backtest.native());
    let sandboxed = || seconds(|| backtest.sandboxed(lab, code));
    let pair = |number: usize| -> Result<(f64, f64)> {
        // Whoever comes second finds the bars in the cache: each side as often as the other.
        if number.is_multiple_of(2) {
            let native = native()?;
            Ok((native, sandboxed()?))
        } else {
            let sandboxed = sandboxed()?;
            Ok((native()?, sandboxed))
        }
    };
    let pairs = (0..PAIRS).map(pair).collect::<Result<Vec<_>>>()?;
    let ns_per_bar = |seconds: f64| seconds * 1e9 / BARS as f64;
    Ok(PerBar {
        native_ns: median(pairs.iter().map(|(native, _)| ns_per_bar(*native)).collect()),
        sandbox_ns: median(pairs.iter().map(|(_, sandboxed)| ns_per_bar(*sandboxed)).collect()),
        tax: median(pairs.iter().map(|(native, sandboxed)| sandboxed / native).collect()),
    })
}

fn instantiate(lab: &Lab, code: &Code) -> Result<f64> {
    let backtest = Backtest::new(1)?;
    median_seconds(INSTANTIATIONS, || backtest.sandboxed(lab, code))
}

fn source_to_artifact(lab: &Lab, source: &Source) -> Result<f64> {
    let compile = |number: usize| {
        // The comment changes the source and not the component, so that the artifacts have to be forgotten as well.
        let workshop = lab.workshop()?;
        let source = Source::new(source.name(), format!("{}// {number}\n", source.text()));
        seconds(|| workshop.build(&source))
    };
    (0..NEW_SOURCES).map(compile).collect::<Result<_>>().map(median)
}

fn cached_artifact(workshop: &Workshop<'_>, source: &Source) -> Result<f64> {
    if !workshop.compile(source)?.cached {
        return Err("a source was compiled twice: the cache does not work".into());
    }
    median_seconds(CACHED_SOURCES, || workshop.build(source))
}

fn sweep(source: &Source) -> Result<(f64, f64)> {
    let sweep = Sweep::prepare(source, sweep::YEAR, sweep::FILE, sweep::THOUSAND)?;
    let run = |isolation| sweep.run(&["--isolation", isolation]);
    let pair = |number: usize| -> Result<(f64, f64)> {
        let both = |first, second| Ok((run(first)?, run(second)?));
        if number.is_multiple_of(2) {
            both("processes", "threads")
        } else {
            both("threads", "processes").map(|(threads, processes)| (processes, threads))
        }
    };
    let pairs = (0..SWEEPS).map(pair).collect::<Result<Vec<_>>>()?;
    let processes = median(pairs.iter().map(|(processes, _)| *processes).collect());
    let tax = median(pairs.iter().map(|(processes, threads)| processes / threads).collect());
    Ok((processes, tax))
}

fn median_seconds<T>(count: usize, mut work: impl FnMut() -> Result<T>) -> Result<f64> {
    (0..count).map(|_| seconds(&mut work)).collect::<Result<_>>().map(median)
}

fn seconds<T>(work: impl FnOnce() -> Result<T>) -> Result<f64> {
    let started = Instant::now();
    let result = black_box(work()?);
    let elapsed = started.elapsed();
    drop(result);
    Ok(elapsed.as_secs_f64())
}

/// Of at least one sample; of an even number the upper one.
pub(crate) fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_unstable_by(f64::total_cmp);
    samples[samples.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_does_not_care_for_order_or_for_one_sample_that_is_far_off() {
        assert_eq!(median(vec![3.0, 1e9, 1.0, 2.0, 2.5]), 2.5);
        assert_eq!(median(vec![4.0]), 4.0);
    }
}
