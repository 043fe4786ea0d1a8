//! What is put into the store.

use serde::{Deserialize, Serialize};
use stratbox_domain::{Digest, RunKey, Space};
use stratbox_metrics::MetricName;

use crate::{DataRange, EncodedOutcome, ExperimentId};

/// An experiment that is about to begin.
#[derive(Debug, Clone)]
pub struct NewExperiment {
    /// What people call it.
    pub name: String,
    /// Where it was described: a path, for people.
    pub file: String,
    /// What its variants are ranked by.
    pub objective: MetricName,
    /// The engine's version, for people.
    pub engine: String,
    /// The bars that its variants run on: its trials are counted under them.
    pub data: DataRange,
    /// Everything else that was asked: JSON with its own version, which is kept and not looked at.
    pub plan: String,
    /// At least one, in the order of the plan.
    pub strategies: Vec<NewStrategy>,
    /// How many variants are to be settled: at most the points of all strategies, as points that repeat an earlier one
    /// need not be run.
    pub variants: u64,
}

/// A strategy of an experiment. It owns the variants `first .. first + points`.
#[derive(Debug, Clone, PartialEq)]
pub struct NewStrategy {
    /// The name that no other strategy of the experiment has.
    pub label: String,
    /// Where it was read from: a path, for people.
    pub source: String,
    /// The component that is run; it must have been kept, see [`Workspace::keep_component`](crate::Workspace::keep_component).
    pub component: Digest,
    /// A digest of everything that its run keys have in common, which is all but the parameters.
    pub base: Digest,
    /// The number of its first variant.
    pub first: u64,
    /// How many numbers it owns, at least one: the length of `space`, or 1 without.
    pub points: u64,
    /// The parameters of variant `first + n` are the space's point `n`. `None` for a strategy without parameters.
    pub space: Option<Space>,
}

/// Where an experiment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It runs; or it was killed, when nobody holds its lock.
    Running,
    /// It was stopped, and can go on.
    Paused,
    /// All that was asked is done.
    Completed,
    /// It cannot go on.
    Failed,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Running, Self::Paused, Self::Completed, Self::Failed];

    /// A stable name for reports.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn named(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.label() == label)
    }
}

/// What is written in one transaction: all of it, or nothing.
///
/// Trials and failed attempts are numbered in the order of their times, each kind in its own order; transitions come
/// after them.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Variants that were settled.
    pub trials: Vec<Trial>,
    /// Attempts that failed.
    pub attempts: Vec<FailedAttempt>,
    /// Changes of the experiment itself, in order.
    pub transitions: Vec<Transition>,
    /// Spaces of which more points are chosen: the first variant of their strategy, and the space as it is now.
    pub spaces: Vec<(u64, Space)>,
    /// The time of the transitions, milliseconds since the Unix epoch.
    pub at: u64,
}

/// A variant that was settled.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Its number in the experiment.
    pub variant: u64,
    /// The round of the workflow.
    pub iteration: u32,
    /// What was run.
    pub key: RunKey,
    /// What came of it.
    pub outcome: EncodedOutcome,
    /// What it is ranked by; `None` when it did not complete or its metric has no value. Kept only when it is finite.
    pub figure: Option<f64>,
    /// Of the last attempt.
    pub fuel: u64,
    /// How many there were; where it was answered from the store, of the run that it is the answer of.
    pub attempts: u32,
    /// Why there was no other attempt: a stable label such as `conclusive` or `reproduced`.
    pub settled: &'static str,
    /// The experiment whose answer this is, when nothing was run.
    pub reused: Option<ExperimentId>,
    /// When, milliseconds since the Unix epoch.
    pub at: u64,
}

/// An attempt that was not the last one, and why it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedAttempt {
    /// The variant.
    pub variant: u64,
    /// The round of the workflow.
    pub iteration: u32,
    /// From 1.
    pub attempt: u32,
    /// A stable label, such as `timeout`, `worker_lost killed` or `fault fuel out_of_fuel`.
    pub reason: String,
    /// What happened, for people; cut at [`MAX_DETAIL`] bytes.
    pub detail: String,
    /// The worker that ran it.
    pub worker: u32,
    /// How long it will wait for its next attempt, milliseconds.
    pub delay_ms: u64,
    /// When, milliseconds since the Unix epoch.
    pub at: u64,
}

/// The most that is kept of a failed attempt's detail and of a transition's reason, bytes.
pub const MAX_DETAIL: usize = 4 << 10;

/// A change of the experiment itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// What happened.
    pub what: Milestone,
    /// Where the experiment stands then.
    pub status: Status,
    /// Why, when that is worth saying; cut at [`MAX_DETAIL`] bytes.
    pub reason: Option<String>,
    /// The workflow's state then: JSON with its own version, which is kept and not looked at.
    pub state: String,
}

/// A kind of [`Transition`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Milestone {
    /// It goes on after a pause or after it was killed.
    Resumed,
    /// The workflow entered the phase of this name.
    Phase(String),
    /// It was stopped, and can go on.
    Paused,
    /// All that was asked is done.
    Completed,
    /// It cannot go on.
    Failed,
}
