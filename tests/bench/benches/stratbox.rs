//! The full benchmarks: how long each step takes, with criterion's statistics.

#![expect(clippy::unwrap_used, reason = "a benchmark of something that fails must not go on")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use criterion::{BatchSize, Criterion, SamplingMode, Throughput};
use stratbox_bench::{BARS, Backtest, Code, Lab, hourly, serve_if_worker, this_binary, write_csv};
use stratbox_compiler::Source;
use stratbox_domain::{Bar, Order, Side, VenuePolicy};
use stratbox_venue::Venue;

/// A year of hours.
const YEAR: usize = 8_760;

fn main() -> ExitCode {
    if let Some(served) = serve_if_worker() {
        return served;
    }
    let lab = Lab::open(this_binary().unwrap(), &mut || {}).unwrap();
    let source = lab.strategy().unwrap();
    let code = lab.workshop().unwrap().build(&source).unwrap();
    let mut criterion = Criterion::default().configure_from_args();
    bar(&mut criterion, &lab, &code);
    instantiate(&mut criterion, &lab, &code);
    compile(&mut criterion, &lab, &source);
    dataset_open(&mut criterion);
    venue(&mut criterion);
    criterion.final_summary();
    ExitCode::SUCCESS
}

/// The whole backtest on both sides.
fn bar(criterion: &mut Criterion, lab: &Lab, code: &Code) {
    let backtest = Backtest::new(BARS).unwrap();
    backtest.check(lab, code).unwrap();
    let mut group = criterion.benchmark_group("bar");
    group.throughput(Throughput::Elements(BARS as u64));
    group.bench_function("native", |bencher| bencher.iter(|| backtest.native().unwrap()));
    group.bench_function("sandbox", |bencher| bencher.iter(|| backtest.sandboxed(lab, code).unwrap()));
    group.finish();
}

/// A run of one bar: store, instance, `init`, the bar, and all of it dropped.
fn instantiate(criterion: &mut Criterion, lab: &Lab, code: &Code) {
    let backtest = Backtest::new(1).unwrap();
    criterion.bench_function("instantiate", |bencher| {
        bencher.iter(|| backtest.sandboxed(lab, code).unwrap());
    });
}

/// From source to compiled code, a step at a time with caches that are empty, and as a whole with caches that are not.
fn compile(criterion: &mut Criterion, lab: &Lab, source: &Source) {
    let warm = lab.workshop().unwrap();
    let component = warm.compile(source).unwrap().component;
    let cold = || lab.workshop().unwrap();
    let mut group = criterion.benchmark_group("compile");
    group.sampling_mode(SamplingMode::Flat).sample_size(10).measurement_time(Duration::from_secs(10));
    // The workshop is given back so that deleting it is not measured.
    group.bench_function("source_to_component", |bencher| {
        bencher.iter_batched(
            cold,
            |workshop| (workshop.compile(source).unwrap(), workshop),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("compose_and_cranelift", |bencher| {
        bencher.iter_batched(
            cold,
            |workshop| (workshop.link(&component).unwrap(), workshop),
            BatchSize::PerIteration,
        );
    });
    group.finish();
    criterion.bench_function("cached_artifact", |bencher| bencher.iter(|| warm.build(source).unwrap()));
}

/// A file of bars that was read before.
fn dataset_open(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bars.csv");
    write_csv(&path, &hourly(YEAR)).unwrap();
    let sources = [stratbox_market::Source::new(path)];
    let open = || stratbox_market::Dataset::open(&sources, dir.path()).unwrap();
    open();
    let mut group = criterion.benchmark_group("dataset_open");
    group.throughput(Throughput::Elements(YEAR as u64));
    group.bench_function("cached", |bencher| bencher.iter(open));
    group.finish();
}

/// An order from its submission to its fill, natively.
fn venue(criterion: &mut Criterion) {
    // Fees for as many orders as criterion may want.
    let policy = VenuePolicy { initial_cash: 1e15, ..VenuePolicy::default() };
    let mut venue = Venue::new(policy, 1);
    let mut bar =
        Bar { instrument: 0, time: 0, open: 100.0, high: 101.0, low: 99.0, close: 100.0, volume: 1e6 };
    venue.step(&bar);
    let mut side = Side::Buy;
    criterion.bench_function("venue_order", |bencher| {
        bencher.iter(|| {
            venue.submit(Order { side, ..Order::buy(0, 1.0) }).unwrap();
            bar.time += 1;
            assert!(venue.step(black_box(&bar)).1);
            let fill = venue.last_fill().unwrap();
            assert!(!venue.resume());
            side = if side == Side::Buy { Side::Sell } else { Side::Buy };
            fill
        });
    });
}
