//! The validation of a queue as a person starts it: with one worker and with two.

use std::fs;
use std::process::{Command, Output, Stdio};

use serde::Deserialize;
use stratbox_compiler::Source;

use crate::sweep::{binary, finished};
use crate::{Result, cache_dir, hourly, write_csv};

/// Strategies of the queue, each with a source of its own.
const STRATEGIES: usize = 8;
/// Bars of each run.
const STEPS: usize = 8_760;
/// Pairs of validations, one right after the other.
const PAIRS: usize = 3;

/// The time that two workers take, as a share of what one takes: eight strategies that were never compiled before.
pub(crate) fn two_workers(source: &Source) -> Result<f64> {
    let stratbox = binary()?;
    let pair = |number: usize| -> Result<f64> {
        let run = |workers| wall_seconds(&stratbox, source, (number, workers));
        // Whoever comes second finds the machine warm: each as often as the other.
        let (one, two) = if number.is_multiple_of(2) {
            let one = run(1)?;
            (one, run(2)?)
        } else {
            let two = run(2)?;
            (run(1)?, two)
        };
        Ok(two / one)
    };
    (0..PAIRS).map(pair).collect::<Result<Vec<_>>>().map(crate::quick::median)
}

/// Seconds for one validation.
fn wall_seconds(stratbox: &std::path::Path, source: &Source, (pair, workers): (usize, usize)) -> Result<f64> {
    let dir = tempfile::tempdir()?;
    write_csv(&dir.path().join("bars.csv"), &hourly(STEPS))?;
    let mut queue = "data: {sources: [{path: bars.csv, symbol: BENCH}]}\n\
         validation: {cpu_threshold: 1.0, memory_threshold: 1.0}\n\
         tiers: {L0: {gates: [{figure: signals, at_least: 0}]}}\nstrategies:\n"
        .to_owned();
    for number in 0..STRATEGIES {
        // A parameter is described differently, which is part of the component: nothing of it was compiled before.
        let words = format!("/// {} {pair} {workers} {number}\n    #[param(", std::process::id());
        let text = source.text().replacen("#[param(", &words, 1);
        fs::write(dir.path().join(format!("s{number}.rs")), text)?;
        queue += &format!("  - {{id: s{number}, source: s{number}.rs}}\n");
    }
    fs::write(dir.path().join("queue.yaml"), queue)?;
    let mut command = Command::new(stratbox);
    command.args(["validate", "--format", "json", "--workers", &workers.to_string()]);
    command.arg(dir.path().join("queue.yaml"));
    command.env("STRATBOX_CACHE", cache_dir()).stderr(Stdio::piped());
    command.env("STRATBOX_WORKSPACE", dir.path().join("workspace"));
    let Output { status, stdout, stderr } = finished(&mut command)?;
    if !status.success() {
        let [stdout, stderr] = [stdout, stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
        return Err(
            format!("`stratbox validate` failed ({status}): {}{}", stdout.trim(), stderr.trim()).into()
        );
    }
    seconds_of(&stdout)
}

/// How long it took, provided that all passed.
fn seconds_of(document: &[u8]) -> Result<f64> {
    #[derive(Deserialize)]
    struct Document {
        parallel_validation_metrics: Metrics,
    }
    #[derive(Deserialize)]
    struct Metrics {
        strategies_passed: usize,
        wall_clock_seconds: f64,
    }
    let Document { parallel_validation_metrics: metrics } = serde_json::from_slice(document)?;
    match metrics.strategies_passed {
        STRATEGIES => Ok(metrics.wall_clock_seconds),
        passed => Err(format!("of {STRATEGIES} strategies {passed} passed").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validation_counts_when_every_strategy_passed() {
        let document = |passed: usize| {
            format!(
                r#"{{"parallel_validation_metrics": {{"strategies_passed": {passed}, "wall_clock_seconds": 1.5}}}}"#
            )
        };
        assert_eq!(seconds_of(document(8).as_bytes()).unwrap(), 1.5);
        let refusal = seconds_of(document(7).as_bytes()).unwrap_err();
        assert_eq!(refusal.to_string(), "of 8 strategies 7 passed");
    }
}
