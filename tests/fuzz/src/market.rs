//! Bytes as a file of bars.

use std::io::Write;

use stratbox_domain::{Bar, BarSource, must_be_escaped};
use stratbox_market::{Adjust, Dataset, Dst, Source, SourceOptions, Stamp, check_file};

/// The first byte says how the rest is to be read.
pub(crate) fn samples() -> Vec<Vec<u8>> {
    let rows = "date,open,high,low,close,volume\n2024-11-03 01:00,10,12,9,11,100\n2024-11-03 01:30,10,12,9,11,0\n\
                2024-11-03 01:00,10.5,12.25,9,11,1e3\n";
    let quoted = "\"Date\";Open;High;Low;Close;\"Adj Close\";Vol;Symbol\r\n13/1/2020;1;2;.5;1;1;0;\"A\"\r\n14/1/2020;1;2;.5;1;1;0;B\r\n";
    let texts = [rows, quoted, "timestamp\topen\thigh\tlow\tclose\tvolume\n1577836800000\t1\t1\t1\t1\t1\n"];
    let mut samples = Vec::new();
    for (mode, text) in (0..).zip(texts.into_iter().cycle()).take(8) {
        samples.push([&[mode], text.as_bytes()].concat());
    }
    samples.push([&[0], &include_bytes!("../samples/bars.parquet")[..]].concat());
    samples.push([&[0], &include_bytes!("../samples/bars.csv.gz")[..]].concat());
    samples.push([&[0], &include_bytes!("../samples/bars.csv.zst")[..]].concat());
    samples
}

/// Reads `bytes` as a file, and makes a dataset of it if it is one.
///
/// # Panics
/// A dataset breaks a promise of [`Bar`] or of its order, or a message would do something to a terminal.
pub fn market(bytes: &[u8]) {
    let Some((mode, content)) = bytes.split_first() else { return };
    let dir = tempfile::tempdir().expect("there is room");
    let path = dir.path().join("x.csv");
    let written = std::fs::File::create(&path).and_then(|mut file| file.write_all(content));
    written.expect("there is room");
    let source = Source { options: options(*mode), ..Source::new(&path) };
    let checked = check_file(&source);
    match Dataset::open(std::slice::from_ref(&source), &dir.path().join("cache")) {
        Ok(dataset) => {
            assert!(checked.is_ok(), "a file is refused and a dataset made of it");
            sound(&dataset);
        }
        Err(error) => {
            let text = error.to_string().replace(&dir.path().display().to_string(), "");
            assert!(!text.chars().any(must_be_escaped), "{text:?}");
        }
    }
}

fn options(mode: u8) -> SourceOptions {
    let set = |bit: u8| mode & bit != 0;
    let length = |text: &str| text.parse().expect("it is a length");
    SourceOptions {
        timezone: set(1).then(|| "America/New_York".to_owned()),
        stamp: if set(2) { Stamp::Close } else { Stamp::Open },
        resample: set(4).then(|| length("1h")),
        dst: if set(8) { Dst::ShiftLater } else { Dst::Error },
        adjust: set(16).then_some(Adjust::AdjClose),
        views: if set(32) { vec![length("1d")] } else { Vec::new() },
        ..SourceOptions::default()
    }
}

fn sound(dataset: &Dataset) {
    let (mut last, mut rows) = (None, 0);
    for row in 0..dataset.rows() {
        let Bar { instrument, time, open, high, low, close, volume } = dataset.bar(row);
        assert!([open, high, low, close, volume].iter().all(|value| value.is_finite()));
        assert!(low > 0.0 && low <= open.min(close) && high >= open.max(close) && volume >= 0.0);
        if instrument < dataset.tradable() {
            assert!(last.is_none_or(|last| last < (time, instrument)), "rows are in order");
            last = Some((time, instrument));
            rows += 1;
        }
    }
    assert_eq!(dataset.times().count(), rows);
    assert!(rows > 0 && dataset.steps() > 0 && dataset.span().is_some());
}
