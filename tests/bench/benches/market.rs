//! How fast files of bars are read, and datasets made of them: `cargo bench -p stratbox-bench --bench market`.
//!
//! One thread does all of it. Throughput is of the text's bytes for CSV, packed or not, and of bars for Parquet.

#![expect(clippy::unwrap_used, reason = "a benchmark of something that fails must not go on")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use stratbox_domain::{Bar, BarSource, Instrument};
use stratbox_market::{Dataset, Output, Packing, Source, check_file};

/// A million bars, some seventy megabytes of text.
const BARS: i64 = 1_000_000;

/// Minutes whose prices have the digits that prices have.
fn dataset() -> Arc<Dataset> {
    let bar = |index: i64| {
        let cents = |value: i64| f64::from(i32::try_from(value).unwrap()) / 100.0;
        let middle = 10_000 + index * 7_919 % 1_000;
        let time = (1_577_836_800 + index * 60) * 1_000_000_000;
        let (open, close) = (cents(middle), cents(middle + index % 13 - 6));
        let volume = f64::from(i32::try_from(index * 104_729 % 1_000_000).unwrap());
        Bar { instrument: 0, time, open, high: cents(middle + 25), low: cents(middle - 25), close, volume }
    };
    let instruments = vec![Instrument { symbol: "BENCH".to_owned() }];
    Arc::new(Dataset::from_bars(instruments, (0..BARS).map(bar).collect()).unwrap())
}

fn write(dir: &Path, name: &str, output: Output) -> PathBuf {
    let path = dir.join(name);
    let mut file = std::fs::File::create(&path).unwrap();
    dataset().view(None, None).write(output, &mut file).unwrap();
    path
}

fn reading(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let csv = write(dir.path(), "bars.csv", Output::Csv(Packing::None));
    let bytes = std::fs::metadata(&csv).unwrap().len();
    let gzip = write(dir.path(), "bars.csv.gz", Output::Csv(Packing::Gzip));
    let zstd = write(dir.path(), "bars.csv.zst", Output::Csv(Packing::Zstd));
    let parquet = write(dir.path(), "bars.parquet", Output::Parquet);
    let mut group = criterion.benchmark_group("read");
    group.sampling_mode(SamplingMode::Flat).sample_size(10).measurement_time(Duration::from_secs(5));
    for (name, path) in [("csv", &csv), ("csv_gzip", &gzip), ("csv_zstd", &zstd)] {
        group.throughput(Throughput::Bytes(bytes));
        let source = Source::new(path);
        group.bench_function(name, |bencher| bencher.iter(|| check_file(&source).unwrap()));
    }
    group.throughput(Throughput::Elements(BARS as u64));
    let source = Source::new(&parquet);
    group.bench_function("parquet", |bencher| bencher.iter(|| check_file(&source).unwrap()));
    group.finish();
    let mut group = criterion.benchmark_group("open");
    group.sampling_mode(SamplingMode::Flat).sample_size(10).measurement_time(Duration::from_secs(5));
    group.throughput(Throughput::Elements(BARS as u64));
    let open = |cache: &Path| Dataset::open(std::slice::from_ref(&source), cache).unwrap().rows();
    group.bench_function("parquet_first_time", |bencher| {
        bencher.iter(|| open(tempfile::tempdir_in(dir.path()).unwrap().path()));
    });
    group.bench_function("cached", |bencher| bencher.iter(|| open(dir.path())));
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
