//! The bars of a run or a sweep, and what is said about them in results.

use std::sync::Arc;

use serde::Serialize;
use stratbox_domain::{Bar, BarSource, Digest};
use stratbox_market::{Dataset, DatasetView, Source};
use stratbox_metrics::periods_per_year;

use crate::failure::Failure;
use crate::render::text::{inline, time};
use crate::wiring::Engine;

/// First time, and first time that is left out, in nanoseconds since the Unix epoch.
pub(crate) type Times = (Option<i64>, Option<i64>);

/// Bars that are ready to run on.
pub(crate) struct Bars {
    /// All rows of their files.
    pub(crate) dataset: Arc<Dataset>,
    /// Which times of them.
    pub(crate) times: Times,
    pub(crate) source: Arc<DatasetView>,
    /// How many of their time steps make a year, if that can be told.
    pub(crate) periods_per_year: Option<f64>,
    pub(crate) summary: BarsSummary,
}

/// Which bars they are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct BarsSummary {
    /// Symbols, in the order of indices.
    pub(crate) instruments: Vec<String>,
    pub(crate) rows: u64,
    /// Distinct times.
    pub(crate) steps: u64,
    /// Time of the first row.
    pub(crate) from: String,
    /// Time of the last row.
    pub(crate) to: String,
    pub(crate) digest: Digest,
}

impl Bars {
    /// The bars of what can be traded, in their order, if there are no more than so many.
    pub(crate) fn tradable(&self, most: u64) -> Option<Vec<Bar>> {
        let source = &self.source;
        let bars = || (0..source.rows()).map(|row| source.bar(row));
        (source.rows() <= most).then(|| bars().filter(|bar| bar.instrument < source.tradable()).collect())
    }

    /// The rows of some files from one time up to another, at least one of each instrument.
    pub(crate) fn open(engine: &Engine, sources: &[Source], times: Times) -> Result<Self, Failure> {
        Self::of(engine.bars(sources)?, times)
    }

    /// The rows of a dataset from one time up to another, at least one of each instrument.
    pub(crate) fn of(dataset: Arc<Dataset>, (from, to): Times) -> Result<Self, Failure> {
        let view = dataset.view(from, to);
        let Some((first, last)) = view.span() else {
            return Err(no_rows("rows", dataset.span(), (from, to)));
        };
        if let Some(&absent) = view.absent().first() {
            let symbol = inline(&view.instruments()[absent as usize].symbol);
            let failure = no_rows(&format!("rows of `{symbol}`"), dataset.span_of(absent), (from, to));
            return Err(failure.hint("leave the instrument out, or choose times that it covers"));
        }
        let summary = BarsSummary {
            instruments: view.instruments().iter().map(|instrument| inline(&instrument.symbol)).collect(),
            rows: view.rows(),
            steps: view.steps(),
            from: time(first),
            to: time(last),
            digest: view.digest(),
        };
        let periods_per_year = periods_per_year(view.times());
        Ok(Self { dataset, times: (from, to), source: Arc::new(view), periods_per_year, summary })
    }
}

fn no_rows(what: &str, span: Option<(i64, i64)>, (from, to): (Option<i64>, Option<i64>)) -> Failure {
    let asked = match (from, to) {
        (Some(from), Some(to)) => format!("from {} and before {}", time(from), time(to)),
        (Some(from), None) => format!("from {}", time(from)),
        (None, Some(to)) => format!("before {}", time(to)),
        (None, None) => "at all".to_owned(),
    };
    let covered =
        span.map_or("nothing".to_owned(), |(first, last)| format!("{} to {}", time(first), time(last)));
    Failure::input(format!("there are no {what} {asked}: the data covers {covered}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_range_is_answered_with_what_there_is() {
        let day = 86_400_000_000_000;
        let failure = no_rows("rows", Some((0, 9 * day)), (Some(20 * day), Some(30 * day)));
        assert_eq!(
            failure.message,
            "there are no rows from 1970-01-21 and before 1970-01-31: the data covers 1970-01-01 to 1970-01-10"
        );
    }
}
