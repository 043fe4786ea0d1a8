//! What was tried on which data, what is held out, and who looked at it: kept for as long as the workspace is.

use std::fmt;

use serde::{Deserialize, Serialize};
use stratbox_domain::{Digest, RunKey, must_be_escaped};

use crate::{ExperimentId, StoreError};

/// The longest name of who looks at a holdout, characters.
pub const MAX_WHO: usize = 200;
/// The longest reason for a look, characters.
pub const MAX_WHY: usize = 1_000;
/// The most that is kept of the figures that were seen, bytes.
pub const MAX_FIGURES: usize = 64 << 10;

/// Bars that something was tried on: those of a dataset between two times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataRange {
    /// Of the whole dataset, not only of the bars between the times, so that ranges of it can be compared.
    pub dataset: Digest,
    /// From this time on, nanoseconds since the Unix epoch; `None` from the first bar on.
    pub from: Option<i64>,
    /// Before this time; `None` up to the last bar.
    pub to: Option<i64>,
}

impl DataRange {
    /// All of a dataset.
    #[must_use]
    pub fn all(dataset: Digest) -> Self {
        Self { dataset, from: None, to: None }
    }

    /// Whether a bar can be in both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let ((from, to), (other_from, other_to)) = (self.bounds(), other.bounds());
        self.dataset == other.dataset && from < other_to && other_from < to
    }

    /// The times as they are stored: the ends of all time where there is no bound.
    pub(crate) fn bounds(&self) -> (i64, i64) {
        (self.from.unwrap_or(i64::MIN), self.to.unwrap_or(i64::MAX))
    }

    pub(crate) fn of_bounds(dataset: Digest, (from, to): (i64, i64)) -> Self {
        Self { dataset, from: (from > i64::MIN).then_some(from), to: (to < i64::MAX).then_some(to) }
    }

    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let (from, to) = self.bounds();
        if from < to {
            return Ok(());
        }
        Err(StoreError::Unfit(format!("no bar can be from time {from} on and before time {to}")))
    }
}

/// How often something was tried on some bars, see [`Reader::trials`](crate::Reader::trials).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Trials {
    /// Every trial on a range that overlaps the one asked for, each answer from the store included; see
    /// [`Trials::made`].
    pub total: u64,
    /// Those of them that were answered from the store.
    pub reused: u64,
    /// Sessions in which they were made: what one process did of one experiment, or of one range outside of experiments.
    pub sessions: u64,
    /// The same, by experiment and range: in the order of ranges, then of experiments.
    pub parts: Vec<Tried>,
}

impl Trials {
    /// Trials by which a choice is deflated: those that were made. What was answered from the store was counted when it was
    /// made, and to ask for it again makes no more of it.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.total.saturating_sub(self.reused)
    }

    /// Trials of each experiment, in the order of their numbers; first those outside of experiments, under `None`.
    #[must_use]
    pub fn by_experiment(&self) -> Vec<(Option<ExperimentId>, u64)> {
        let mut sums = std::collections::BTreeMap::<_, u64>::new();
        for part in &self.parts {
            let sum = sums.entry(part.experiment).or_default();
            *sum = sum.saturating_add(part.trials);
        }
        sums.into_iter().collect()
    }
}

/// What one experiment, or everything outside of experiments, has tried on one range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// The bars.
    pub data: DataRange,
    /// Who tried; it may have been deleted since. `None` outside of experiments.
    pub experiment: Option<ExperimentId>,
    /// Every result that was stored, those that were settled again included, and every failed attempt that was followed by
    /// another.
    pub trials: u64,
    /// Those of them that were answered from the store.
    pub reused: u64,
    /// Processes that tried.
    pub sessions: u64,
    /// When the first was written down, milliseconds since the Unix epoch.
    pub first: u64,
    /// When the last was.
    pub last: u64,
}

impl Tried {
    /// Those that were made, and not answered from the store.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.trials.saturating_sub(self.reused)
    }
}

/// A holdout's number in its workspace, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HoldoutId(pub(crate) i64);

impl HoldoutId {
    /// The number.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for HoldoutId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Bars that nothing that chooses may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Holdout {
    /// Its number.
    pub id: HoldoutId,
    /// The bars.
    pub data: DataRange,
    /// Who declared it first; it may have been deleted since. `None` outside of experiments.
    pub experiment: Option<ExperimentId>,
    /// When, milliseconds since the Unix epoch.
    pub at: u64,
    /// How often somebody looked.
    pub looks: u64,
}

/// Somebody is about to be shown what came of a run on a holdout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLook {
    /// The holdout.
    pub holdout: HoldoutId,
    /// The experiment whose variant was run; `None` for a run outside of experiments.
    pub experiment: Option<ExperimentId>,
    /// The variant's number in it.
    pub variant: Option<u64>,
    /// What was run.
    pub key: RunKey,
    /// Who looks: one line, at most [`MAX_WHO`] characters.
    pub who: String,
    /// Why: one line, at most [`MAX_WHY`] characters.
    pub why: String,
    /// The figures that are seen: a JSON object of at most [`MAX_FIGURES`] bytes.
    pub figures: String,
    /// When, milliseconds since the Unix epoch.
    pub at: u64,
}

impl NewLook {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        line("who looks", &self.who, MAX_WHO)?;
        line("the reason for it", &self.why, MAX_WHY)?;
        if self.figures.len() > MAX_FIGURES {
            let (found, most) = (self.figures.len(), MAX_FIGURES);
            return refused(format_args!("the figures have {found} bytes, and may have {most}"));
        }
        match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&self.figures) {
            Ok(_) => Ok(()),
            Err(error) => refused(format_args!("the figures are no JSON object: {error}")),
        }
    }
}

fn line(what: &str, text: &str, most: usize) -> Result<(), StoreError> {
    if text.trim().is_empty() {
        return refused(format_args!("{what} is not said"));
    }
    let found = text.chars().count();
    if found > most {
        return refused(format_args!("{what} has {found} characters, and may have {most}"));
    }
    match text.chars().find(|c| must_be_escaped(*c)) {
        Some(c) => refused(format_args!(
            "{what} has the character `{}`, which is not shown as it is",
            c.escape_unicode()
        )),
        None => Ok(()),
    }
}

fn refused(problem: fmt::Arguments<'_>) -> Result<(), StoreError> {
    Err(StoreError::Unfit(format!("a look at a holdout must be accounted for: {problem}")))
}

/// A look at a holdout that was written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Look {
    /// Its number in the workspace, from 1, without gaps.
    pub number: u64,
    /// The holdout.
    pub holdout: HoldoutId,
    /// The experiment whose variant was run; it may have been deleted since.
    pub experiment: Option<ExperimentId>,
    /// The variant's number in it.
    pub variant: Option<u64>,
    /// What was run.
    pub key: RunKey,
    /// Who looked.
    pub who: String,
    /// Why.
    pub why: String,
    /// The figures that were seen, as JSON.
    pub figures: String,
    /// When, milliseconds since the Unix epoch.
    pub at: u64,
}
