//! What is done with the bars that are kept from the choice: the best are run on the validation part, and nothing is run on
//! the holdout.

use std::num::NonZeroUsize;

use serde::Serialize;
use stratbox_domain::{Digest, RunKey};
use stratbox_store::{DataRange, ExperimentId, Holdout, Look, Reader, Workspace, Writer};

use super::Plan;
use crate::backtest::{Ended, Outcome};
use crate::bars::{Bars, BarsSummary, Times};
use crate::failure::Failure;
use crate::render::text::{counted, inline, time};
use crate::replay::Replay;
use crate::trace::Keeps;
use crate::wiring::Engine;

/// What came of the best variants on the validation part.
pub(crate) struct Validated {
    pub(crate) data: BarsSummary,
    /// By rank.
    pub(crate) runs: Vec<(u64, RunKey, Outcome)>,
}

/// Bars that nothing that chooses may read, and who looked at them all the same.
#[derive(Debug, Serialize)]
pub(crate) struct HeldOut {
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    /// Of this experiment and of others.
    pub(crate) looks: Vec<LookDocument>,
    /// Trials on these bars that are no looks: they were made before the bars were held out.
    pub(crate) trials_before: u64,
}

/// A look.
#[derive(Debug, Serialize)]
pub(crate) struct LookDocument {
    pub(crate) number: u64,
    pub(crate) experiment: Option<ExperimentId>,
    pub(crate) variant: Option<u64>,
    pub(crate) who: String,
    pub(crate) why: String,
    /// Milliseconds since the Unix epoch.
    pub(crate) at: u64,
}

impl From<Look> for LookDocument {
    fn from(look: Look) -> Self {
        let Look { number, experiment, variant, who, why, at, .. } = look;
        Self { number, experiment, variant, who, why, at }
    }
}

impl Plan {
    /// The bars that choosing reads, in words.
    pub(crate) fn split_words(&self) -> String {
        let BarsSummary { from, to, steps, .. } = &self.bars.summary;
        format!("what choosing reads: {from} to {to}, {}", counted(*steps, "step"))
    }

    /// The range of the dataset that is held out, if one is.
    pub(crate) fn holdout(&self) -> Option<DataRange> {
        self.division.holdout.map(|times| self.part(times))
    }

    fn part(&self, (from, to): Times) -> DataRange {
        DataRange { dataset: self.data.dataset, from, to }
    }

    /// Refuses to choose by bars that some experiment of the workspace holds out.
    ///
    /// # Errors
    /// It would.
    pub(crate) fn check_firewall(&self, reader: &Reader) -> Result<(), Failure> {
        // The last rung of a sweep by halving has all of them.
        let chosen_by = self.halving.as_ref().map_or(self.data, |halving| self.part(halving.times));
        let ranges = std::iter::once(chosen_by).chain(self.division.validation.map(|times| self.part(times)));
        for range in ranges {
            refuse_holdouts(reader, &range, "nothing that chooses may read them")?;
        }
        Ok(())
    }

    /// Declares what is held out, before anything runs.
    pub(crate) fn hold_out(&self, workspace: &Workspace, id: ExperimentId, at: u64) -> Result<(), Failure> {
        let Some(range) = self.holdout() else { return Ok(()) };
        workspace.writer()?.declare_holdout(&range, Some(id), at)?;
        Ok(())
    }

    /// What is held out, and who looked.
    pub(crate) fn held_out(&self, reader: &Reader) -> Result<Option<HeldOut>, Failure> {
        self.holdout().map(|range| held_out(reader, &range)).transpose()
    }

    /// Runs the best on the validation part; each of these runs is a trial there.
    pub(crate) fn validate(
        &self,
        engine: &Engine,
        writer: &mut Writer,
        best: &[(u64, u64)],
        (workers, at): (NonZeroUsize, u64),
    ) -> Result<Option<Validated>, Failure> {
        let Some(times) = self.division.validation.filter(|_| !best.is_empty()) else { return Ok(None) };
        let bars = Bars::of(std::sync::Arc::clone(&self.bars.dataset), times)?;
        writer.count_trials(&self.part(times), best.len() as u64, at)?;
        let variants: Vec<u64> = best.iter().map(|(_, variant)| *variant).collect();
        let replayed = Replay::new(engine, self, &bars, workers)?.run(&variants, Keeps::default())?;
        let runs = best.iter().zip(replayed).map(|((rank, _), it)| (*rank, it.key, it.outcome)).collect();
        Ok(Some(Validated { data: bars.summary, runs }))
    }
}

/// Every look at bars of a dataset that anybody held out, the latest last.
pub(crate) fn looks(reader: &Reader, dataset: Digest) -> Result<Vec<LookDocument>, Failure> {
    Ok(reader.looks(&DataRange::all(dataset))?.into_iter().map(LookDocument::from).collect())
}

/// Who looked at bars that are held out.
pub(crate) fn held_out(reader: &Reader, range: &DataRange) -> Result<HeldOut, Failure> {
    let looks: Vec<LookDocument> = reader.looks(range)?.into_iter().map(LookDocument::from).collect();
    let trials = reader.trials(range, &[])?.made();
    let (from, to) = (range.from.map(time), range.to.map(time));
    Ok(HeldOut { from, to, trials_before: trials.saturating_sub(looks.len() as u64), looks })
}

/// Refuses to read bars that are held out, and says for whom.
pub(crate) fn refuse_holdouts(reader: &Reader, range: &DataRange, why: &str) -> Result<(), Failure> {
    let holdouts = reader.holdouts(range)?;
    let Some(Holdout { data, experiment, .. }) = holdouts.first() else { return Ok(()) };
    let by = experiment.map_or_else(String::new, |id| format!(" by experiment {id}"));
    let from = data.from.map(|from| format!(" from {}", time(from))).unwrap_or_default();
    let hint = match data.from {
        Some(from) => {
            format!("end before them (`to = {}`), or look with `stratbox holdout look`", time(from))
        }
        None => "look with `stratbox holdout look`".to_owned(),
    };
    Err(Failure::input(format!("bars{from} on are held out{by}: {why}")).hint(hint))
}

/// Looks, in one line; nothing without any.
pub(crate) fn looks_line(looks: &[LookDocument]) -> String {
    let Some(last) = looks.last() else { return "nobody has looked".to_owned() };
    let (who, why) = (inline(&last.who), inline(&last.why));
    format!("{}, the last by {who} (\"{why}\")", counted(looks.len() as u64, "look"))
}

/// In one line.
pub(crate) fn held_out_line(held: &HeldOut) -> String {
    let from = held.from.as_deref().unwrap_or("the first bar");
    let looks = looks_line(&held.looks);
    let before = match held.trials_before {
        0 => String::new(),
        trials => format!("; {} there were made before it was held out", counted(trials, "trial")),
    };
    format!("from {from} on; {looks}{before}")
}

impl Serialize for Validated {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Run<'a> {
            rank: u64,
            #[serde(flatten)]
            ended: Ended<'a>,
            run_key: RunKey,
        }
        #[derive(Serialize)]
        struct Document<'a> {
            data: &'a BarsSummary,
            runs: Vec<Run<'a>>,
        }
        let runs = self.runs.iter().map(|(rank, key, outcome)| Run {
            rank: *rank,
            ended: Ended::from(outcome),
            run_key: *key,
        });
        Document { data: &self.data, runs: runs.collect() }.serialize(serializer)
    }
}
