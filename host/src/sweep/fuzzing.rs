//! A door for fuzz targets: bytes as a sweep file.

use std::path::Path;

use stratbox_domain::must_be_escaped;
use stratbox_market::parse_date;
use stratbox_metrics::MetricName;

use super::file::SweepFile;
use super::values::Values;

/// Reads `bytes` as a sweep file, and everything in it that can be read without the files that it names.
///
/// # Panics
/// A message or a name would do something to a terminal, or a file is accepted whose settings are not.
pub fn sweep_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match SweepFile::parse(Path::new("folder/sweep.toml"), text.to_owned()) {
        Ok(file) => accepted(&file, text),
        Err(failure) => {
            harmless(&failure.message);
            assert!(failure.message.starts_with("folder/sweep.toml:"), "{}", failure.message);
        }
    }
}

fn accepted(file: &SweepFile, text: &str) {
    let content = &file.content;
    assert!(content.venue.validate().is_ok() && content.limits.validate().is_ok());
    assert!(!content.strategies.is_empty() && !file.sources().is_empty());
    let actions = file.sources().iter().filter(|source| source.options.actions.is_some()).count();
    assert_eq!(file.inputs().len(), 1 + file.sources().len() + actions + content.strategies.len());
    harmless(&file.name());
    if let Some(objective) = &content.objective {
        let _ = objective.get_ref().parse::<MetricName>();
    }
    for date in [&content.data.from, &content.data.to].into_iter().flatten() {
        let _ = parse_date(&date.get_ref().0);
    }
    let lines = text.split('\n').count();
    for entry in &content.strategies {
        for (name, values) in &entry.get_ref().params {
            assert!(line(file, name.span()) <= lines && line(file, values.span()) <= lines);
            if let Values::List(values) = values.get_ref() {
                assert!(values.iter().all(|value| value.span().end <= text.len()));
            }
        }
    }
}

/// The line of a place, which a message would name.
fn line(file: &SweepFile, span: std::ops::Range<usize>) -> usize {
    let place = file.place(span);
    let line = place.rsplit(':').next().and_then(|line| line.parse().ok());
    line.expect("a place ends with the number of its line")
}

fn harmless(text: &str) {
    assert!(!text.chars().any(must_be_escaped), "{text:?}");
}
