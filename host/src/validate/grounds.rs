//! The bars that each tier reads, and what the workspace has to say about reading them.

use std::sync::Arc;

use stratbox_decide::Tier;
use stratbox_domain::{BarSource, Digest};
use stratbox_market::Dataset;
use stratbox_store::{DataRange, Reader, Workspace};

use super::cases::{Asked, Field};
use crate::bars::{Bars, Times};
use crate::failure::{Failure, FailureKind};
use crate::render::text::{counted, inline};
use crate::session::now;
use crate::sweep::refuse_holdouts;
use crate::wiring::Engine;

/// Bars that one tier reads.
pub(super) struct Stage {
    pub(super) bars: Bars,
    /// As the ledger counts them.
    pub(super) range: DataRange,
    /// Digests of other datasets that have the same bars.
    also: Vec<Digest>,
    /// For people.
    pub(super) split: String,
}

/// The bars of some data: of each tier, or why there are none.
pub(super) struct Ground {
    stages: [Result<Stage, String>; 3],
}

impl Ground {
    /// Data without bars.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self { stages: std::array::from_fn(|_| Err("there are none".to_owned())) }
    }

    /// The bars of a tier, or why there are none.
    pub(super) fn stage(&self, tier: Tier) -> Result<&Stage, &str> {
        let place = Tier::ALL.iter().position(|it| *it == tier).unwrap_or_default();
        self.stages[place].as_ref().map_err(String::as_str)
    }

    fn stages(&self) -> impl Iterator<Item = (Tier, &Stage)> {
        Tier::ALL.into_iter().zip(&self.stages).filter_map(|(tier, stage)| Some((tier, stage.as_ref().ok()?)))
    }

    /// Opens the bars of some data. Data that cannot be had is no failure of the command: its strategies are told so.
    ///
    /// # Errors
    /// The cache cannot be used.
    fn open(engine: &Engine, asked: &Asked, field: &Field) -> Result<Self, Failure> {
        let unavailable = |failure: Failure| match failure.kind {
            FailureKind::Environment => Err(failure),
            _ => Ok(inline(&failure.message)),
        };
        let open = |sources| match engine.bars(sources) {
            Ok(dataset) => Ok(Ok(dataset)),
            Err(failure) => unavailable(failure).map(Err),
        };
        let all = open(&field.sources)?;
        let few = match asked.rules.instruments {
            count if count >= field.sources.len() => all.clone(),
            count => open(&field.sources[..count])?,
        };
        let digest = |dataset: &Result<Arc<Dataset>, String>| dataset.as_ref().ok().map(|it| it.digest());
        let others = [digest(&few), digest(&all)];
        let stage = |dataset: &Result<Arc<Dataset>, String>, times: Times, words: &str| {
            let dataset = Arc::clone(dataset.as_ref().map_err(Clone::clone)?);
            Stage::of(dataset, times, words, &others).map_err(|failure| inline(&failure.message))
        };
        let selection = field.selection();
        let cheap = few.as_ref().map_err(Clone::clone).and_then(|dataset| {
            let whole =
                Bars::of(Arc::clone(dataset), selection).map_err(|failure| inline(&failure.message))?;
            let last = whole.source.span().map_or(0, |(_, last)| last.saturating_add(1));
            let end = selection.1.unwrap_or(last);
            let from = months_before(end, asked.rules.months);
            let from = selection.0.map_or(from, |first| first.max(from));
            stage(&few, (Some(from), selection.1), "the last of what choosing may read")
        });
        let held = match field.holdout {
            Some(times) => stage(&all, times, "the holdout"),
            None => Err("nothing is held out: write `holdout: {from: DATE}` below `data`".to_owned()),
        };
        Ok(Self { stages: [cheap, stage(&all, selection, "all that choosing may read"), held] })
    }
}

impl Stage {
    fn of(
        dataset: Arc<Dataset>,
        times: Times,
        words: &str,
        datasets: &[Option<Digest>],
    ) -> Result<Self, Failure> {
        let digest = dataset.digest();
        let bars = Bars::of(dataset, times)?;
        let summary = &bars.summary;
        let split = format!(
            "{words}: {} to {}, {} of {}",
            summary.from,
            summary.to,
            counted(summary.steps, "step"),
            counted(summary.instruments.len() as u64, "instrument")
        );
        let range = DataRange { dataset: digest, from: times.0, to: times.1 };
        let also = datasets.iter().flatten().copied().filter(|other| *other != digest).collect();
        Ok(Self { bars, range, also, split })
    }

    /// Every trial that was ever made on bars that a choice on these could have used.
    pub(super) fn trials(&self, reader: &Reader) -> Result<u64, Failure> {
        Ok(reader.trials(&self.range, &self.also)?.made())
    }

    /// The same of all bars of the dataset, also those that are held out.
    pub(super) fn trials_of_all(&self, reader: &Reader) -> Result<u64, Failure> {
        Ok(reader.trials(&DataRange::all(self.range.dataset), &self.also)?.made())
    }
}

/// Opens all data, declares what is held out, and refuses to choose by bars that are.
pub(super) fn open(engine: &Engine, asked: &Asked, workspace: &Workspace) -> Result<Vec<Ground>, Failure> {
    let open = |field: &Field| Ground::open(engine, asked, field);
    let grounds: Vec<Ground> = asked.fields.iter().map(open).collect::<Result<_, _>>()?;
    let mut writer = workspace.writer()?;
    for (ground, field) in grounds.iter().zip(&asked.fields) {
        let Some((from, to)) = field.holdout else { continue };
        let datasets: Vec<Digest> = ground.stages().map(|(_, stage)| stage.range.dataset).collect();
        for (place, dataset) in datasets.iter().enumerate() {
            if !datasets[..place].contains(dataset) {
                writer.declare_holdout(&DataRange { dataset: *dataset, from, to }, None, now())?;
            }
        }
    }
    let reader = workspace.reader()?;
    for ground in &grounds {
        for (_, stage) in ground.stages().filter(|(tier, _)| *tier != Tier::L2) {
            for dataset in std::iter::once(&stage.range.dataset).chain(&stage.also) {
                let range = DataRange { dataset: *dataset, ..stage.range };
                refuse_holdouts(&reader, &range, "nothing that chooses may read them")?;
            }
        }
    }
    Ok(grounds)
}

/// The time so many months before another, by the calendar in UTC; the beginning of time where the calendar ends.
fn months_before(at: i64, months: u32) -> i64 {
    let earlier = || {
        let zoned = jiff::Timestamp::from_nanosecond(i128::from(at)).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
        let span = jiff::Span::new().try_months(i64::from(months)).ok()?;
        i64::try_from(zoned.checked_sub(span).ok()?.timestamp().as_nanosecond()).ok()
    };
    earlier().unwrap_or(i64::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_counted_back_by_the_calendar() {
        let at = |text: &str| stratbox_market::parse_date(text).unwrap();
        assert_eq!(months_before(at("2022-01-01"), 6), at("2021-07-01"));
        assert_eq!(months_before(at("2020-08-31"), 6), at("2020-02-29"));
        assert_eq!(months_before(at("2022-01-01"), u32::MAX), i64::MIN);
    }
}
