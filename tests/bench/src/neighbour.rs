//! What an honest run notices of a hostile one on the other worker.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use stratbox_compiler::Source;

use crate::quick::median;
use crate::{Backtest, Code, Lab, Result, Workshop};

/// Runs of each kind.
const RUNS: usize = 41;
const BARS: usize = 100_000;

/// What hostile runs do with all that they are given.
const HOSTILE: [(&str, &str); 3] = [
    ("computes", "loop { std::hint::black_box(bar.close); }"),
    ("allocates", "loop { self.kept.push(vec![1; 1 << 16]); if self.kept.len() > 500 { panic!(); } }"),
    ("logs", r#"loop { log::info("x".repeat(1 << 12)); }"#),
];

/// How many times longer an honest run takes beside the worst of the hostile ones than beside another honest one: the ratio
/// of the medians of runs taken in turn.
pub(crate) fn tax(lab: &Lab, workshop: &Workshop<'_>, honest: &Code) -> Result<f64> {
    let backtest = Backtest::new(BARS)?;
    let mut worst: f64 = 0.0;
    for (name, body) in HOSTILE {
        let hostile = workshop.build(&Source::new(name, source(body)))?;
        let (mut beside_honest, mut beside_hostile) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            beside_honest.push(beside(lab, &backtest, honest, || backtest.sandboxed(lab, honest).map(drop))?);
            beside_hostile.push(beside(lab, &backtest, honest, || backtest.faulted(lab, &hostile))?);
        }
        worst = worst.max(median(beside_hostile) / median(beside_honest));
    }
    Ok(worst)
}

/// Seconds that the honest run takes while `other` is done again and again on another thread.
fn beside(
    lab: &Lab,
    backtest: &Backtest,
    honest: &Code,
    other: impl Fn() -> Result<()> + Sync,
) -> Result<f64> {
    let (begun, done) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let neighbour = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                begun.store(true, Ordering::Relaxed);
                other().map_err(|error| error.to_string())?;
            }
            Ok::<(), String>(())
        });
        while !begun.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
        let started = Instant::now();
        let ran = backtest.sandboxed(lab, honest);
        let seconds = started.elapsed().as_secs_f64();
        done.store(true, Ordering::Relaxed);
        let neighbour = neighbour.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        neighbour?;
        ran.map(|_| seconds)
    })
}

fn source(body: &str) -> String {
    format!(
        r"use stratbox_sdk::prelude::*;
        pub struct Hostile {{ kept: Vec<Vec<u8>> }}
        #[derive(Params)]
        pub struct Settings {{
            #[param(default = 10, min = 2, max = 200)] fast: usize,
            #[param(default = 50, min = 5, max = 500)] slow: usize,
            #[param(default = 0.95, min = 0.05, max = 1.0)] fraction: f64,
        }}
        impl Strategy for Hostile {{
            type Params = Settings;
            fn new(settings: Settings, _: &[Instrument]) -> Result<Self, String> {{
                let _ = (settings.fast, settings.slow, settings.fraction);
                Ok(Self {{ kept: Vec::new() }})
            }}
            #[allow(unused_variables)]
            fn on_bar(&mut self, bar: &Bar, broker: &mut Broker) {{ {body} }}
        }}
        strategy!(Hostile);"
    )
}
