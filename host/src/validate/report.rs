//! What came of a validation.

use std::collections::BTreeMap;

use serde::Serialize;
use stratbox_decide::validation::{Alert, Choice, Counts, Escalation, Said, Summary, Timing, Workers};
use stratbox_decide::{Category, Status, Tier, TierVerdict};
use stratbox_domain::Params;

use super::cases::Asked;
use super::kept::Number;
use super::rows::{Row, Way};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Report;
use crate::render::text::inline;
use crate::wiring::Walls;

/// What came of a validation.
#[derive(Serialize)]
pub(crate) struct ValidateReport {
    pub(crate) queue: String,
    /// Strategies of the queue that nothing was to be done with.
    pub(crate) not_due: usize,
    pub(crate) tiers: Vec<TierReport>,
    #[serde(rename = "parallel_validation_metrics")]
    pub(crate) metrics: Metrics,
    pub(crate) alerts: Vec<Said<Alert>>,
    /// Why strategies did not pass, with how many.
    pub(crate) failures: BTreeMap<String, u64>,
    /// Why somebody has to decide, of the tier after which that was so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) escalation: Option<Escalated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) isolation: Option<Walls>,
    /// What was not begun, where nothing more was to be begun after the first strategy that does not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stopped: Option<StoppedEarly>,
    /// Whether somebody asked for an end.
    pub(crate) interrupted: bool,
    #[serde(skip)]
    pub(crate) failure: Option<Failure>,
}

/// An end after the first failure.
#[derive(Serialize)]
pub(crate) struct StoppedEarly {
    /// The strategies that did not pass, of the tier at which it ended.
    pub(crate) failed: Vec<String>,
    /// Strategies that were due, or would have gone on, and were not begun.
    pub(crate) not_begun: Vec<String>,
}

/// The figures of a validation.
#[derive(Serialize)]
pub(crate) struct Metrics {
    pub(crate) run_date: String,
    #[serde(flatten)]
    pub(crate) summary: Summary,
}

/// A question, what was decided, and what can be done.
#[derive(Serialize)]
pub(crate) struct Escalated {
    #[serde(flatten)]
    pub(crate) escalation: Escalation,
    /// A command or a change for each option.
    pub(crate) to_do: Vec<String>,
    /// `continue` or `stop`.
    pub(crate) decision: &'static str,
}

/// One tier.
#[derive(Serialize)]
pub(crate) struct TierReport {
    pub(crate) tier: Tier,
    pub(crate) workers: usize,
    pub(crate) wall_seconds: f64,
    pub(crate) categories: Counts,
    /// In the order of the queue.
    pub(crate) strategies: Vec<StrategyReport>,
    /// Strategies that were due and have no result.
    pub(crate) without_result: Vec<String>,
    /// What people should know.
    pub(crate) notes: Vec<String>,
}

/// One strategy at one tier.
#[derive(Serialize)]
pub(crate) struct StrategyReport {
    pub(crate) id: String,
    pub(crate) category: Category,
    pub(crate) status: Status,
    pub(crate) reason: Option<String>,
    /// Null where there was nothing to ask gates about.
    pub(crate) verdict: Option<TierVerdict>,
    pub(crate) figures: BTreeMap<String, Number>,
    pub(crate) params: Option<Params>,
    pub(crate) remarks: Vec<String>,
    /// `ran`, `kept`, `same` or `unchanged`.
    pub(crate) answered: &'static str,
    /// The strategy that it is the same as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) same_as: Option<String>,
    pub(crate) tries: u32,
    pub(crate) retries: u32,
    pub(crate) seconds: f64,
}

impl Report for ValidateReport {
    fn human(&self) -> String {
        crate::render::validate::human(self)
    }

    fn exit(&self) -> Exit {
        match &self.escalation {
            _ if self.interrupted => Exit::Cancelled,
            Some(Escalated { decision: "stop", .. }) => Exit::Paused,
            _ if self.stopped.is_some() => Exit::Paused,
            _ => Exit::Ok,
        }
    }

    fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }
}

impl StrategyReport {
    /// `trials` are those that were made on its bars, by the places of data.
    pub(super) fn of(asked: &Asked, row: &Row, trials: &[u64]) -> Self {
        let (answered, same_as) = match &row.origin {
            Way::Ran => ("ran", None),
            Way::Kept => ("kept", None),
            Way::SameAs(id) => ("same", Some(id.clone())),
            Way::Unchanged => ("unchanged", None),
        };
        let evaluation = row.evaluation.as_deref();
        let case = &asked.cases[row.place];
        let verdict = evaluation.zip(row.judgement.verdict.as_ref()).map(|(it, verdict)| TierVerdict {
            tier: it.tier,
            fingerprint: it.fingerprint.clone(),
            split: match &row.judgement.caveat {
                Some(caveat) => format!("{}; {caveat}", it.split),
                None => it.split.clone(),
            },
            trials: trials.get(case.field).copied().unwrap_or_default(),
            verdict: verdict.clone(),
        });
        Self {
            id: case.id.clone(),
            category: row.category,
            status: Status::Done(row.tier, row.category),
            reason: row.reason.clone(),
            verdict,
            figures: row.judgement.figures.clone(),
            params: evaluation.and_then(|it| it.params.clone()),
            remarks: row.judgement.remarks.clone(),
            answered,
            same_as,
            tries: row.tries,
            retries: row.retries,
            seconds: row.micros as f64 / 1e6,
        }
    }
}

/// The figures of some rows.
pub(super) fn summary(rows: &[Row], timed_out: u64, wall_micros: u64) -> Summary {
    let ran = || rows.iter().filter(|row| row.origin == Way::Ran);
    let started: u64 = ran().map(|row| 1 + u64::from(row.retries)).sum();
    let in_vain = |row: &&Row| matches!(row.category, Category::Timeout | Category::Error);
    let completed = ran().filter(|row| !in_vain(row)).count() as u64;
    // Of a strategy that went up, what it came to in the end.
    let last: BTreeMap<usize, Category> = rows.iter().map(|row| (row.place, row.category)).collect();
    let counts: Counts = last.into_values().collect();
    Summary::of(Workers { started, completed, timed_out }, counts, &times(rows), wall_micros)
}

/// How long each strategy took that was really validated.
pub(super) fn times(rows: &[Row]) -> Vec<Timing> {
    let mut sums: BTreeMap<usize, u64> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.origin == Way::Ran) {
        let sum = sums.entry(row.place).or_default();
        *sum = sum.saturating_add(row.micros);
    }
    sums.into_iter().map(|(place, micros)| Timing { id: place.to_string(), micros }).collect()
}

/// Why strategies did not pass, with how many: by gate, or by category where no gate was asked.
pub(super) fn failures(rows: &[Row]) -> BTreeMap<String, u64> {
    let mut failures = BTreeMap::new();
    for row in rows.iter().filter(|row| row.category != Category::Pass) {
        let missed: Vec<String> = match (&row.judgement.verdict, row.evaluation.is_some()) {
            (Some(verdict), _) => verdict
                .failed()
                .map(|answer| format!("{} `{}` {}", row.tier, answer.gate.figure, answer.gate.bound.words()))
                .collect(),
            (None, true) => vec![format!("{} does not run", row.tier)],
            (None, false) => vec![format!("{} {}", row.tier, row.category)],
        };
        missed.into_iter().for_each(|why| *failures.entry(why).or_insert(0) += 1);
    }
    failures
}

/// What failed for good is not looked at again before somebody says so; what is kept of it answers.
const PENDING: &str = "write `status: PENDING` for those that failed by it";

/// What to type or change for an option.
pub(super) fn to_do(choice: &Choice, tier: Tier, validate: &str) -> String {
    match choice {
        // Nothing that is chosen may be chosen by what is held out.
        Choice::RelaxThresholds { .. } if tier == Tier::L2 => {
            "only before the next holdout: what passes a threshold that was relaxed after a look was chosen by that look".to_owned()
        }
        Choice::RelaxThresholds { relaxed: Some(relaxed), .. } => {
            let gate = serde_json::to_string(relaxed).unwrap_or_default();
            let (gate, figure) = (inline(&gate), inline(&relaxed.figure));
            format!("write {gate} in place of the gate on `{figure}` in `tiers.{tier}.gates`, {PENDING}, and run {validate}")
        }
        Choice::RelaxThresholds { gate, .. } => {
            let figure = inline(&gate.figure);
            format!("leave `{figure}` out of `tiers.{tier}.gates`, {PENDING}, and run {validate}")
        }
        Choice::Continue { .. } => format!("{validate} --on-failures continue"),
        Choice::Mend { .. } => {
            format!("change sources or `params` as their `reason` says, and run {validate}")
        }
        Choice::MoreTime { .. } => format!("raise `validation.worker_timeout_seconds`, and run {validate}"),
        Choice::NewIdeas => "stratbox new NAME".to_owned(),
    }
}
