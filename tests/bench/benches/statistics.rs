//! What statistics of many variants cost, and what the probability of overfitting is where there is nothing but noise.

#![expect(clippy::unwrap_used, reason = "a benchmark of something that fails must not go on")]

use std::hint::black_box;
use std::io::Write;

use criterion::{Criterion, SamplingMode};
use stratbox_domain::uniform;
use stratbox_metrics::normal::quantile;
use stratbox_metrics::overfitting::{Intervals, Resampling, effective_trials, pbo, spa};
use stratbox_metrics::series::{Moments, Returns, rolling};

const VARIANTS: usize = 1_000;
const DAYS: usize = 5_000;
const BLOCKS: usize = 16;
const RESAMPLES: usize = 1_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let matrix = noise(DAYS, VARIANTS, 1);
    variants(&mut criterion, &matrix);
    series(&mut criterion, &matrix[0]);
    criterion.final_summary();
    // Criterion has options to filter its benchmarks, and none for what is no benchmark.
    if std::env::args().any(|arg| arg == "noise") {
        overfitting_of_noise();
    }
}

/// Columns of independent normal values with a deviation of 1 %.
fn noise(rows: usize, columns: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut draw = uniform(seed);
    (0..columns).map(|_| (0..rows).map(|_| 0.01 * quantile(draw().max(1e-300))).collect()).collect()
}

fn variants(criterion: &mut Criterion, matrix: &[Vec<f64>]) {
    let mut group = criterion.benchmark_group("variants");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.bench_function("pbo", |bencher| bencher.iter(|| pbo(black_box(matrix), BLOCKS).unwrap()));
    // The usual length; blocks so short that each row is drawn alone; the length at which one way of adding up becomes the other.
    for (name, block_length) in
        [("spa", None), ("spa, blocks of 1", Some(1.0)), ("spa, blocks of 4", Some(4.0))]
    {
        let how = Resampling { resamples: RESAMPLES, block_length, seed: 1 };
        group.bench_function(name, |bencher| bencher.iter(|| spa(black_box(matrix), how).unwrap()));
    }
    group.bench_function("effective trials", |bencher| {
        bencher.iter(|| effective_trials(black_box(matrix)).unwrap());
    });
    group.finish();
}

fn series(criterion: &mut Criterion, values: &[f64]) {
    let mut group = criterion.benchmark_group("series");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    let returns = Returns::new(values, 252.0);
    let how = Resampling { resamples: RESAMPLES, block_length: None, seed: 1 };
    group.bench_function("intervals", |bencher| {
        bencher.iter(|| Intervals::of(black_box(&returns), 0.0, 0.95, how).unwrap());
    });
    group.bench_function("rolling", |bencher| bencher.iter(|| rolling(black_box(&returns), 252, 0.0)));
    group.finish();
}

/// `cargo bench -p stratbox-bench --bench statistics -- noise`: sixty matrices of 1,000 rows and 200 variants, S = 16.
fn overfitting_of_noise() {
    let of = |seed| pbo(&noise(1_000, 200, seed), BLOCKS).unwrap().probability.get().unwrap();
    let values: Vec<f64> = (1..=60).map(of).collect();
    let Moments { mean, deviation, .. } = Moments::of(&values).unwrap();
    let line = format!("pbo of noise over {} matrices: {mean:.4} +- {deviation:.4}\n", values.len());
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}
