//! What is read from the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stratbox_domain::{Digest, Params, RunKey, RunOutcome, Space};
use stratbox_metrics::{MetricName, Metrics};

use crate::{DataRange, EncodedOutcome, ExperimentId, MetricNames, Status};

/// How many variants were settled, and how. Kept beside the experiment, so that asking for them costs nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Reached the last bar.
    pub completed: u64,
    /// Faulted.
    pub faulted: u64,
    /// Faulted, by the fault's label; only labels that occurred.
    pub faults: BTreeMap<String, u64>,
    /// Stopped from outside, for good.
    pub interrupted: u64,
    /// Those of the above that were answered from the store.
    pub reused: u64,
    /// Attempts that failed and were followed by another.
    pub failed_attempts: u64,
}

impl Counts {
    /// All variants that were settled.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.completed + self.faulted + self.interrupted
    }
}

/// An experiment in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ExperimentHead {
    /// Its number.
    pub id: ExperimentId,
    /// What people call it.
    pub name: String,
    /// Where it was described.
    pub file: String,
    /// What its variants are ranked by.
    pub objective: MetricName,
    /// The engine's version.
    pub engine: String,
    /// The bars that its variants run on. Of one that was begun before format 3, `dataset` is the digest of just these bars.
    pub data: DataRange,
    /// How many variants are to be settled.
    pub variants: u64,
    /// Where it stands; `Running` although nobody holds its lock means that it was killed.
    pub status: Status,
    /// Why it stands there, when that was said.
    pub reason: Option<String>,
    /// When it was created, milliseconds since the Unix epoch.
    pub created: u64,
    /// When something last happened, milliseconds since the Unix epoch.
    pub updated: u64,
    /// The number of its last event.
    pub events: u64,
    /// What was settled.
    pub counts: Counts,
}

/// All about an experiment but its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// What lists show.
    pub head: ExperimentHead,
    /// What was asked, as it was given.
    pub plan: String,
    /// The workflow's state, as it was last given.
    pub state: String,
    /// In the order of the plan.
    pub strategies: Vec<StoredStrategy>,
    /// The metrics that its outcomes have.
    pub metrics: MetricNames,
}

impl Experiment {
    /// The strategy that owns a variant.
    #[must_use]
    pub fn strategy(&self, variant: u64) -> Option<&StoredStrategy> {
        let after = self.strategies.partition_point(|strategy| strategy.first <= variant);
        let strategy = self.strategies.get(after.checked_sub(1)?)?;
        (variant - strategy.first < strategy.points).then_some(strategy)
    }
}

/// A strategy of an experiment; see [`NewStrategy`](crate::NewStrategy).
#[derive(Debug, Clone, PartialEq)]
pub struct StoredStrategy {
    /// The name that no other strategy of the experiment has.
    pub label: Arc<str>,
    /// Where it was read from.
    pub source: String,
    /// The component that is run.
    pub component: Digest,
    /// A digest of everything that its run keys have in common.
    pub base: Digest,
    /// The number of its first variant.
    pub first: u64,
    /// How many numbers it owns.
    pub points: u64,
    /// Its parameters; `None` without.
    pub space: Option<Space>,
}

impl StoredStrategy {
    /// The parameters of one of its variants; none when the strategy has none or does not own the variant.
    #[must_use]
    pub fn params(&self, variant: u64) -> Params {
        let point = variant.checked_sub(self.first);
        let space = self.space.as_ref();
        space.zip(point).and_then(|(space, point)| space.get(point)).unwrap_or_default()
    }
}

/// How a trial ended, without what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OutcomeKind {
    /// It reached the last bar.
    Completed,
    /// The guest's own behaviour ended it.
    Faulted,
    /// It was stopped from outside.
    Interrupted,
}

impl OutcomeKind {
    /// A stable name for reports.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Faulted => "faulted",
            Self::Interrupted => "interrupted",
        }
    }

    /// How an outcome ended.
    #[must_use]
    pub fn of<R>(outcome: &RunOutcome<R>) -> Self {
        match outcome {
            RunOutcome::Completed(_) => Self::Completed,
            RunOutcome::Faulted(_) => Self::Faulted,
            RunOutcome::Interrupted(_) => Self::Interrupted,
        }
    }

    pub(crate) fn number(self) -> i64 {
        self as i64
    }

    pub(crate) fn numbered(number: i64) -> Option<Self> {
        [Self::Completed, Self::Faulted, Self::Interrupted].into_iter().find(|kind| kind.number() == number)
    }
}

/// A settled variant, with all that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its number in the experiment.
    pub variant: u64,
    /// The round of the workflow.
    pub iteration: u32,
    /// The strategy's label.
    pub strategy: Arc<str>,
    /// Every parameter.
    pub params: Params,
    /// What was run.
    pub key: RunKey,
    /// What came of it.
    pub outcome: RunOutcome<Box<Metrics>>,
    /// What it is ranked by.
    pub figure: Option<f64>,
    /// Of the last attempt.
    pub fuel: u64,
    /// How many there were; where it was answered from the store, of the run that it is the answer of.
    pub attempts: u32,
    /// Why there was no other attempt.
    pub settled: String,
    /// The experiment whose answer this is, when nothing was run.
    pub reused: Option<ExperimentId>,
    /// When, milliseconds since the Unix epoch.
    pub at: u64,
}

/// A settled variant's place in a ranking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// From 1; `None` without a figure to rank by.
    pub rank: Option<u64>,
    /// The variant.
    pub variant: u64,
    /// The round of the workflow.
    pub iteration: u32,
    /// What was run.
    pub key: RunKey,
    /// What it is ranked by.
    pub figure: Option<f64>,
}

/// What an earlier experiment knows of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownTrial {
    /// That experiment: the first that knows it.
    pub experiment: ExperimentId,
    /// What came of it.
    pub outcome: RunOutcome<Box<Metrics>>,
    /// The same, as [`Trial`](crate::Trial) takes it.
    pub encoded: EncodedOutcome,
    /// What the run took.
    pub fuel: u64,
    /// How many attempts there were.
    pub attempts: u32,
    /// Why there was no other attempt: `conclusive` or `reproduced`.
    pub settled: &'static str,
}

/// How one metric is spread over the completed variants of an experiment. Values are absent where they mean nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// The metric.
    pub metric: MetricName,
    /// Completed variants that have a value.
    pub count: u64,
    /// Completed variants that have none.
    pub missing: u64,
    /// Mean.
    pub mean: Option<f64>,
    /// Standard deviation (ddof 1); from two values on.
    pub std: Option<f64>,
    /// Smallest.
    pub min: Option<f64>,
    /// A quarter of the values are below; between two values linearly, as the other quartiles.
    pub lower_quartile: Option<f64>,
    /// Half of the values are below.
    pub median: Option<f64>,
    /// Three quarters of the values are below.
    pub upper_quartile: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
}

/// One of the experiments that are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The experiment.
    pub experiment: ExperimentHead,
    /// Its best variant by its own objective, when one has a figure.
    pub best: Option<Row>,
    /// Every metric that it has, in the order of [`MetricName::ALL`].
    pub spreads: Vec<Spread>,
}

/// How one session of an experiment went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The experiment.
    pub experiment: ExperimentId,
    /// When it ended, milliseconds since the Unix epoch.
    pub at: u64,
    /// JSON with its own version, as it was given.
    pub report: String,
}
