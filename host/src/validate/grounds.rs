//! The bars that each tier reads, and what the workspace has to say about reading them.

use std::collections::BTreeSet;
use std::sync::Arc;

use stratbox_decide::Tier;
use stratbox_domain::{BarSource, Digest};
use stratbox_market::Dataset;
use stratbox_store::{DataRange, HoldoutId, Reader, Tried, Workspace};

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
    /// What is to be said with every verdict on these bars.
    pub(super) caveat: Option<String>,
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
        Ok(Self { bars, range, also, split, caveat: None })
    }

    /// The same times of every dataset that is known to have the same bars.
    fn ranges(&self) -> impl Iterator<Item = DataRange> {
        let datasets = std::iter::once(self.range.dataset).chain(self.also.clone());
        let (from, to) = (self.range.from, self.range.to);
        datasets.map(move |dataset| DataRange { dataset, from, to })
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

/// Opens all data, refuses to choose by bars that are held out, and then declares what is held out.
pub(super) fn open(engine: &Engine, asked: &Asked, workspace: &Workspace) -> Result<Vec<Ground>, Failure> {
    let open = |field: &Field| Ground::open(engine, asked, field);
    let mut grounds: Vec<Ground> = asked.fields.iter().map(open).collect::<Result<_, _>>()?;
    let held: Vec<Vec<DataRange>> = grounds.iter().zip(&asked.fields).map(held_out).collect();
    let reader = workspace.reader()?;
    for ground in &grounds {
        for (_, stage) in ground.stages().filter(|(tier, _)| *tier != Tier::L2) {
            for range in stage.ranges() {
                refuse_holdouts(&reader, &range, "nothing that chooses may read them")?;
                if held.iter().flatten().any(|held| held.overlaps(&range)) {
                    return Err(held_out_elsewhere(&stage.split));
                }
            }
        }
    }
    let mut writer = workspace.writer()?;
    for range in held.iter().flatten() {
        writer.declare_holdout(range, None, now())?;
    }
    for ground in &mut grounds {
        ground.look_back(&reader, asked.validation.accept_used_holdout)?;
    }
    Ok(grounds)
}

/// What some data holds out, of every dataset that its tiers read.
fn held_out((ground, field): (&Ground, &Field)) -> Vec<DataRange> {
    let Some((from, to)) = field.holdout else { return Vec::new() };
    let datasets: BTreeSet<Digest> = ground.stages().map(|(_, stage)| stage.range.dataset).collect();
    datasets.into_iter().map(|dataset| DataRange { dataset, from, to }).collect()
}

fn held_out_elsewhere(split: &str) -> Failure {
    let problem = format!("other `data` of this queue hold out bars that these read ({split})");
    Failure::input(problem).hint("end before the earliest `holdout.from` of the same bars, everywhere")
}

impl Ground {
    /// Finds out whether anybody chose by the holdout before it was one.
    fn look_back(&mut self, reader: &Reader, accept: bool) -> Result<(), Failure> {
        let Ok(stage) = &mut self.stages[2] else { return Ok(()) };
        let mut trials = 0_u64;
        for range in stage.ranges() {
            trials = trials.saturating_add(trials_before(reader, &range)?);
        }
        if trials == 0 {
            return Ok(());
        }
        let used = format!(
            "{} on these bars, or on some of them, before they were held out: they are no holdout any more",
            match trials {
                1 => "a trial was made".to_owned(),
                _ => format!("{} were made", counted(trials, "trial")),
            }
        );
        if accept {
            stage.caveat = Some(used);
        } else {
            self.stages[2] = Err(format!(
                "{used}; hold out bars that nobody has used, or write `accept_used_holdout: true` below `validation`, which \
                 every verdict will say"
            ));
        }
        Ok(())
    }
}

/// Trials on bars of a holdout that are no looks and began before it was declared.
fn trials_before(reader: &Reader, range: &DataRange) -> Result<u64, Failure> {
    let holdouts = reader.holdouts(range)?;
    let looks = reader.looks(range)?;
    let Some(declared) = holdouts.iter().filter(|it| it.data == *range).map(|it| it.at).min() else {
        return Ok(0);
    };
    let looked_at = |part: &Tried| {
        let held = holdouts.iter().filter(|it| it.data == part.data).map(|it| it.id);
        let held: Vec<HoldoutId> = held.collect();
        looks.iter().filter(|it| held.contains(&it.holdout) && it.experiment == part.experiment).count()
            as u64
    };
    let parts = reader.trials(range, &[])?.parts;
    let before = parts.iter().filter(|part| part.first <= declared);
    Ok(before.map(|part| part.trials.saturating_sub(looked_at(part))).sum())
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
    use stratbox_store::NewLook;

    use super::*;

    fn range(from: i64, to: i64) -> DataRange {
        DataRange { dataset: Digest::of(b"bars"), from: Some(from), to: Some(to) }
    }

    #[test]
    fn trials_on_bars_before_they_were_held_out_are_known_for_ever_and_looks_are_none() {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::open(&dir.path().join("workspace")).unwrap();
        let mut writer = workspace.writer().unwrap();
        writer.count_trials(&range(0, 10), 3, 100).unwrap();
        let used = |range: DataRange| trials_before(&workspace.reader().unwrap(), &range).unwrap();
        let late = range(10, 20);
        let holdout = writer.declare_holdout(&late, None, 200).unwrap();
        let (who, why, figures) = ("me".to_owned(), "it was due".to_owned(), "{}".to_owned());
        let (experiment, variant, key) = (None, None, Digest::of(b"run"));
        writer
            .record_look(&NewLook { holdout, experiment, variant, key, who, why, figures, at: 300 })
            .unwrap();
        assert_eq!(used(late), 0, "these were made on other bars, and a look is none");
        let longer = range(15, 30);
        writer.declare_holdout(&longer, None, 400).unwrap();
        assert_eq!(used(longer), 0, "a look at a holdout that shares bars is none either");
        let early = range(5, 20);
        writer.declare_holdout(&early, None, 500).unwrap();
        assert_eq!(used(early), 3);
        writer.declare_holdout(&early, None, 600).unwrap();
        assert_eq!(used(early), 3, "declaring it again changes nothing");
    }

    #[test]
    fn months_are_counted_back_by_the_calendar() {
        let at = |text: &str| stratbox_market::parse_date(text).unwrap();
        assert_eq!(months_before(at("2022-01-01"), 6), at("2021-07-01"));
        assert_eq!(months_before(at("2020-08-31"), 6), at("2020-02-29"));
        assert_eq!(months_before(at("2022-01-01"), u32::MAX), i64::MIN);
    }
}
