//! What came of an exploration: what was tried, what came of each approach, and what to make of it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use stratbox_decide::comparison::Comparison;
use stratbox_decide::selection::Selection;
use stratbox_domain::{Limits, Params, RunKey, RunOutcome, VenuePolicy};
use stratbox_metrics::{Figure, MetricName, Metrics};
use stratbox_store::ExperimentId;

use super::approach::State;
use super::evaluation::{Evaluation, Key};
use super::settings::Settings;
use crate::backtest::Stamped;
use crate::bars::BarsSummary;
use crate::belief::{Belief, Standing};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::{self, Report};
use crate::session::Early;
use crate::sweep::Validated;
use crate::wiring::Walls;

/// What came of an exploration.
pub(crate) struct ExploreReport {
    pub(crate) name: String,
    pub(crate) problem: String,
    pub(crate) file: String,
    pub(crate) objective: MetricName,
    pub(crate) data: BarsSummary,
    pub(crate) policy: VenuePolicy,
    pub(crate) limits: Limits,
    pub(crate) engine: String,
    pub(crate) isolation: Walls,
    pub(crate) settings: Settings,
    pub(crate) rounds: Vec<RoundDocument>,
    /// Why there was no further round.
    pub(crate) ended: String,
    /// Whether other ideas are needed before anything else is tried.
    pub(crate) research: bool,
    pub(crate) approaches: Vec<ApproachDocument>,
    /// Trials that were ever made on these bars.
    pub(crate) trials: u64,
    /// Of each experiment's best.
    pub(crate) beliefs: Vec<(ExperimentId, Belief)>,
    /// `None` when it was stopped.
    pub(crate) evaluation: Option<Evaluation>,
    pub(crate) times: Times,
    /// The recommended approach's source, when it is to be shown.
    pub(crate) code: Option<String>,
    /// The best of all variants, as many as were asked for.
    pub(crate) leaders: Vec<Leader>,
    /// Why it stopped early, and the command that goes on.
    pub(crate) stopped: Option<(Early, String)>,
    /// Why it is not all there is, or not where it should be.
    pub(crate) failure: Option<Failure>,
}

/// A round.
#[derive(Debug, Serialize)]
pub(crate) struct RoundDocument {
    /// From 1.
    pub(crate) round: usize,
    /// What it was for.
    pub(crate) why: String,
    pub(crate) experiments: Vec<ExperimentId>,
    /// Those that had something new to try, with all variants that they have by then.
    pub(crate) approaches: BTreeMap<String, u64>,
}

/// What came of an approach.
#[derive(Serialize)]
pub(crate) struct ApproachDocument {
    pub(crate) approach: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) rationale: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) characteristics: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) scores: BTreeMap<String, f64>,
    pub(crate) state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
    pub(crate) variants: u64,
    pub(crate) completed: u64,
    pub(crate) faulted: u64,
    pub(crate) interrupted: u64,
    pub(crate) best: Option<BestDocument>,
    /// What the gates say of the best, and by which figures.
    #[serde(flatten)]
    pub(crate) standing: Option<Standing>,
    /// What came of the best on the validation part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) validation: Option<Validated>,
}

/// One of the best variants.
#[derive(Serialize)]
pub(crate) struct Leader {
    pub(crate) approach: String,
    pub(crate) params: Params,
    pub(crate) run_key: RunKey,
    /// What it is ranked by.
    pub(crate) figure: Option<f64>,
}

/// The best variant of an approach.
#[derive(Serialize)]
pub(crate) struct BestDocument {
    /// In the last experiment.
    pub(crate) number: u64,
    pub(crate) params: Params,
    pub(crate) run_key: RunKey,
    /// What it is ranked by.
    pub(crate) figure: Option<f64>,
    pub(crate) metrics: Option<Metrics>,
    /// Beside the metrics; null where there is none.
    pub(crate) appraisal: BTreeMap<&'static str, Figure>,
}

impl BestDocument {
    pub(super) fn of(row: &stratbox_store::Row, appraisal: BTreeMap<&'static str, Figure>) -> Self {
        let metrics = match &row.outcome {
            RunOutcome::Completed(metrics) => Some((**metrics).clone()),
            RunOutcome::Faulted(_) | RunOutcome::Interrupted(_) => None,
        };
        let (number, run_key, figure) = (row.variant, row.key, row.figure);
        Self { number, params: row.params.clone(), run_key, figure, metrics, appraisal }
    }
}

/// How long it took: of no result.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Times {
    /// From the beginning until all had run, without judging them.
    pub(crate) wall_seconds: f64,
    /// What it took besides to compare and to judge what had run.
    pub(crate) judging_seconds: f64,
    /// What compiling and all runs took together: as long as one after another would have taken at least.
    pub(crate) one_after_another_seconds: f64,
    pub(crate) saved_seconds: f64,
    pub(crate) workers: usize,
}

impl Times {
    /// `wall` is the part of `all` in which approaches were compiled and run.
    pub(super) fn of((wall, all): (Duration, Duration), work: Duration, workers: usize) -> Self {
        Self {
            wall_seconds: wall.as_secs_f64(),
            judging_seconds: all.saturating_sub(wall).as_secs_f64(),
            one_after_another_seconds: work.as_secs_f64(),
            saved_seconds: work.saturating_sub(wall).as_secs_f64(),
            workers,
        }
    }
}

impl Report for ExploreReport {
    fn human(&self) -> String {
        render::explore::human(self)
    }

    fn exit(&self) -> Exit {
        self.stopped.as_ref().map_or(Exit::Ok, |(early, _)| early.exit())
    }

    fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }
}

impl Serialize for ExploreReport {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// What was asked.
        #[derive(Serialize)]
        struct Exploration<'a> {
            name: &'a str,
            #[serde(skip_serializing_if = "str::is_empty")]
            problem: &'a str,
            file: &'a str,
            objective: MetricName,
            data: &'a BarsSummary,
            venue: Stamped<'a>,
            limits: &'a Limits,
            engine: &'a str,
            isolation: Walls,
            settings: &'a Settings,
        }
        #[derive(Serialize)]
        struct OfExperiment<'a> {
            experiment: ExperimentId,
            #[serde(flatten)]
            belief: &'a Belief,
        }
        /// The document, in its order.
        #[derive(Serialize)]
        struct Document<'a> {
            exploration: Exploration<'a>,
            rounds: &'a [RoundDocument],
            ended: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            next: Option<&'static str>,
            approaches: &'a [ApproachDocument],
            leaders: &'a [Leader],
            trials: u64,
            beliefs: Vec<OfExperiment<'a>>,
            comparison: Option<&'a Comparison>,
            accepted: bool,
            selection: Option<&'a Selection<Key>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            selection_note: Option<&'a str>,
            times: Times,
            /// The command that goes on, when it stopped early.
            #[serde(skip_serializing_if = "Option::is_none")]
            resume: Option<&'a str>,
        }
        let exploration = Exploration {
            name: &self.name,
            problem: &self.problem,
            file: &self.file,
            objective: self.objective,
            data: &self.data,
            venue: Stamped::of(&self.policy),
            limits: &self.limits,
            engine: &self.engine,
            isolation: self.isolation,
            settings: &self.settings,
        };
        let evaluation = self.evaluation.as_ref();
        let beliefs = self.beliefs.iter().map(|(id, belief)| OfExperiment { experiment: *id, belief });
        Document {
            exploration,
            rounds: &self.rounds,
            ended: &self.ended,
            next: self.research.then_some("research"),
            approaches: &self.approaches,
            leaders: &self.leaders,
            trials: self.trials,
            beliefs: beliefs.collect(),
            comparison: evaluation.and_then(|it| it.comparison.as_ref()),
            accepted: evaluation.is_some_and(|it| it.accepted),
            selection: evaluation.and_then(|it| it.selection.as_ref()),
            selection_note: evaluation.and_then(|it| it.selection_note.as_deref()),
            times: self.times,
            resume: self.stopped.as_ref().map(|(_, command)| command.as_str()),
        }
        .serialize(serializer)
    }
}
