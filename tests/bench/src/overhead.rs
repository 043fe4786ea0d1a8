//! What a sweep costs besides its runs: queue, worker processes and store together.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, available_parallelism};
use std::time::Instant;

use stratbox_compiler::Source;
use stratbox_domain::{ParamValue, Params};

use crate::quick::median;
use crate::sweep::{self, Sweep};
use crate::{Backtest, Code, Lab, Result};

/// 57 x 89 x 20 variants: tiny runs, and many of them.
const FILE: &str = r#"
[data]
sources = [{ path = "bars.csv", symbol = "BENCH" }]

[[strategy]]
source = "strategy.rs"

[strategy.params]
fast = { min = 2, max = 58, step = 1 }
slow = { min = 60, max = 500, step = 5 }
fraction = { min = 0.05, max = 1.0, step = 0.05 }
"#;
const VARIANTS: u64 = 57 * 89 * 20;
const PAIRS: usize = 3;

/// How many times longer a sweep of a hundred thousand runs of so many bars takes than the same runs in a bare loop around
/// the sandbox, one thread a core: the median of the ratios of pairs, one right after the other.
pub(crate) fn tax(lab: &Lab, source: &Source, code: &Code, bars: usize) -> Result<f64> {
    let sweep = Sweep::prepare(source, bars, FILE, VARIANTS)?;
    let backtest = Backtest::new(bars)?;
    let pair = |number: usize| -> Result<f64> {
        if number.is_multiple_of(2) {
            let bare = bare(lab, code, &backtest)?;
            Ok(sweep.run(&[])? / bare)
        } else {
            let whole = sweep.run(&[])?;
            Ok(whole / bare(lab, code, &backtest)?)
        }
    };
    (0..PAIRS).map(pair).collect::<Result<_>>().map(median)
}

/// How many times faster two workers are than one: the median of the ratios of pairs, one right after the other.
pub(crate) fn speed_up(source: &Source) -> Result<f64> {
    let text = sweep::FILE.to_owned() + "fraction = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0]\n";
    let sweep = Sweep::prepare(source, sweep::YEAR, &text, 8 * sweep::THOUSAND)?;
    let pair = |number: usize| -> Result<f64> {
        let both = |first, second| -> Result<(f64, f64)> {
            Ok((sweep.run(&["-j", first])?, sweep.run(&["-j", second])?))
        };
        let (one, two) = match number.is_multiple_of(2) {
            true => both("1", "2")?,
            false => both("2", "1").map(|(two, one)| (one, two))?,
        };
        Ok(one / two)
    };
    (0..PAIRS).map(pair).collect::<Result<_>>().map(median)
}

/// Seconds of the bare loop.
fn bare(lab: &Lab, code: &Code, backtest: &Backtest) -> Result<f64> {
    let next = AtomicU64::new(0);
    let work = || -> Result<()> {
        loop {
            let variant = next.fetch_add(1, Ordering::Relaxed);
            if variant >= VARIANTS {
                return Ok(());
            }
            backtest.sandboxed_with(lab, code, &params(variant))?;
        }
    };
    let cores = available_parallelism().map_or(1, NonZeroUsize::get);
    let started = Instant::now();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, Result<()>>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().try_for_each(join)
    })?;
    Ok(started.elapsed().as_secs_f64())
}

/// The parameters of a variant of the sweep.
fn params(variant: u64) -> Params {
    let (fast, slow, fraction) = (2 + variant / (89 * 20), 60 + 5 * (variant / 20 % 89), 1 + variant % 20);
    [
        ("fast".to_owned(), ParamValue::Integer(fast.cast_signed())),
        ("slow".to_owned(), ParamValue::Integer(slow.cast_signed())),
        ("fraction".to_owned(), ParamValue::Number(fraction as f64 * 0.05)),
    ]
    .into()
}
