//! A state read back: what a file says is checked as if somebody else had written it.

use serde::Deserialize;
use stratbox_domain::must_be_escaped;
use stratbox_metrics::MetricName;

use super::{
    Best, IterationLimits, Iterations, LATEST, MAX_LESSONS, MAX_NAME, MAX_TEXT, Phase, Status, UnixMillis,
    WorkflowKind, WorkflowState,
};
use crate::version::Version;

/// The fields as they are written, before they are known to fit together.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stored {
    version: Version<1>,
    name: String,
    kind: WorkflowKind,
    objective: MetricName,
    phase: Phase,
    status: Status,
    limits: IterationLimits,
    iterations: Iterations,
    #[serde(default)]
    best: Option<Best>,
    lessons: Vec<String>,
    created_ms: UnixMillis,
    updated_ms: UnixMillis,
}

impl TryFrom<Stored> for WorkflowState {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        let limits = stored.limits.checked().map_err(|refused| refused.to_string())?;
        match stored.problem() {
            Some(problem) => Err(format!("this is not the state of a workflow: {problem}")),
            None => Ok(Self {
                version: stored.version,
                name: stored.name,
                kind: stored.kind,
                objective: stored.objective,
                phase: stored.phase,
                status: stored.status,
                limits,
                iterations: stored.iterations,
                best: stored.best,
                lessons: stored.lessons,
                created_ms: stored.created_ms,
                updated_ms: stored.updated_ms,
            }),
        }
    }
}

impl Stored {
    /// What no sequence of changes leads to.
    fn problem(&self) -> Option<String> {
        let Self { kind, phase, status, iterations, .. } = self;
        let checks = [
            (is_text(&self.name, MAX_NAME), "its name is empty, too long or not escaped".to_owned()),
            (phase.belongs_to(*kind), format!("a {kind} has no phase `{phase}`")),
            (self.status_fits(), format!("status `{}` does not go with phase `{phase}`", status.label())),
            (
                status.reason().is_none_or(|reason| is_text(reason, MAX_TEXT)),
                "its reason is empty, too long or not escaped".to_owned(),
            ),
            (
                self.iterations_fit(),
                format!(
                    "iterations `{}` of strategy, `{}` of research and `{}` in all cannot be in phase `{phase}`",
                    iterations.strategy, iterations.research, iterations.total
                ),
            ),
            (self.best_fits(), "its best result is not a finite figure of its objective".to_owned()),
            (
                self.lessons_fit(),
                "its lessons are too many, too long, not escaped or not different".to_owned(),
            ),
            (
                self.created_ms <= self.updated_ms && self.updated_ms <= LATEST,
                "it changed before it was made, or after the year 9999".to_owned(),
            ),
        ];
        checks.into_iter().find_map(|(holds, problem)| (!holds).then_some(problem))
    }

    fn status_fits(&self) -> bool {
        match (&self.status, self.phase) {
            (Status::Running | Status::Paused { .. }, phase) => !phase.is_terminal(),
            (Status::Completed, phase) => phase == Phase::Completed,
            (Status::Failed { during, .. }, phase) => {
                phase == Phase::Failed && !during.is_terminal() && during.belongs_to(self.kind)
            }
        }
    }

    /// The counters of a failed workflow are those of the phase that it failed in.
    fn iterations_fit(&self) -> bool {
        let phase = match self.status {
            Status::Failed { during, .. } => during,
            _ => self.phase,
        };
        let once = self.kind == WorkflowKind::Search
            || (self.iterations.total <= 1 && self.iterations.research == 0);
        once && self.iterations.fit(phase, self.limits)
    }

    fn best_fits(&self) -> bool {
        self.best.is_none_or(|best| {
            best.figure.is_finite() && best.metric == self.objective && self.iterations.total > 0
        })
    }

    fn lessons_fit(&self) -> bool {
        let different = |(index, lesson)| !self.lessons[..index].contains(lesson);
        self.lessons.len() <= MAX_LESSONS
            && self.lessons.iter().all(|lesson| is_text(lesson, MAX_TEXT))
            && self.lessons.iter().enumerate().all(different)
    }
}

fn is_text(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count()) && !text.chars().any(must_be_escaped)
}
