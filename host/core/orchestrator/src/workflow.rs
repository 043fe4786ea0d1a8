//! Where a workflow stands: a value that changes by methods only, and can be stored and read back at any time.
//!
//! The ways from phase to phase, of a [`WorkflowKind::Search`]:
//!
//! | from | to |
//! |---|---|
//! | `initialization` | `tool_development`, `research`, `strategy_development` |
//! | `tool_development` | `research`, `strategy_development` |
//! | `research` | `strategy_development` |
//! | `strategy_development` | `backtesting` |
//! | `backtesting` | `quality_gate` |
//! | `quality_gate` | `completed`, `strategy_development` (next strategy iteration), `research` (next research iteration) |
//!
//! and of a [`WorkflowKind::Sweep`]:
//!
//! | from | to |
//! |---|---|
//! | `initialization` | `strategy_development` |
//! | `strategy_development` | `backtesting` |
//! | `backtesting` | `completed` |
//!
//! From every phase that is not terminal a workflow can fail, paused or not; it goes on to other phases only while it is
//! not paused. `completed` and `failed` are final: after them nothing changes.
//!
//! An iteration begins with `strategy_development`. Iterations are counted since the latest research and in all; research
//! is counted where it begins, and starts the count of strategy iterations again. One that would exceed a limit is refused.

mod best;
mod iterations;
#[cfg(test)]
mod laws;
mod phase;
mod refused;
mod stored;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use stratbox_domain::escaped;
use stratbox_metrics::MetricName;

pub use best::Best;
pub use iterations::{IterationLimits, Iterations, LimitName};
pub use phase::{Phase, Status, WorkflowKind};
pub use refused::Refused;

use crate::version::Version;
use stored::Stored;

/// Milliseconds since 1970 in UTC.
pub type UnixMillis = u64;

/// The end of the year 9999: no time is later.
const LATEST: UnixMillis = 253_402_300_799_999;
/// Characters of a name, when it is shown.
const MAX_NAME: usize = 200;
/// Characters of a lesson or a reason, when it is shown.
const MAX_TEXT: usize = 500;
/// Lessons that are kept.
const MAX_LESSONS: usize = 100;

/// Where one workflow stands. All of its fields are bounded: it takes less than half a megabyte, however long it runs.
///
/// Methods that change it take the time and either do so or refuse and leave it as it was. Its time of change never goes
/// backwards: an earlier `now` counts as the latest known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct WorkflowState {
    version: Version<1>,
    name: String,
    kind: WorkflowKind,
    objective: MetricName,
    phase: Phase,
    status: Status,
    limits: IterationLimits,
    iterations: Iterations,
    #[serde(skip_serializing_if = "Option::is_none")]
    best: Option<Best>,
    lessons: Vec<String>,
    created_ms: UnixMillis,
    updated_ms: UnixMillis,
}

impl WorkflowState {
    /// A workflow in its first phase. Its name is escaped; what it finds is compared by `objective`.
    ///
    /// # Errors
    /// A name that is empty or longer than 200 characters, or a limit out of range.
    pub fn new(
        name: &str,
        kind: WorkflowKind,
        objective: MetricName,
        limits: IterationLimits,
        now: UnixMillis,
    ) -> Result<Self, Refused> {
        let name = escaped(name.trim(), false);
        let length = name.chars().count();
        if !(1..=MAX_NAME).contains(&length) {
            return Err(Refused::Name { length, most: MAX_NAME });
        }
        let now = now.min(LATEST);
        Ok(Self {
            version: Version,
            name,
            kind,
            objective,
            phase: Phase::Initialization,
            status: Status::Running,
            limits: limits.checked()?,
            iterations: Iterations::default(),
            best: None,
            lessons: Vec::new(),
            created_ms: now,
            updated_ms: now,
        })
    }

    /// Goes on to `phase`, which begins an iteration where it is one that does.
    ///
    /// # Errors
    /// The workflow is paused or has ended, there is no such way, or an iteration would exceed a limit.
    pub fn enter(&mut self, phase: Phase, now: UnixMillis) -> Result<(), Refused> {
        self.not_ended()?;
        self.not_paused()?;
        if phase == Phase::Failed {
            return Err(Refused::FailureNeedsReason);
        }
        if !self.phase.next(self.kind).contains(&phase) {
            return Err(Refused::NoSuchWay { kind: self.kind, from: self.phase, to: phase });
        }
        self.iterations = self.iterations.entering(phase, self.limits)?;
        self.phase = phase;
        if phase == Phase::Completed {
            self.status = Status::Completed;
        }
        self.touch(now);
        Ok(())
    }

    /// Waits in its phase, until it is resumed.
    ///
    /// # Errors
    /// The workflow is paused already, or has ended.
    pub fn pause(&mut self, reason: &str, now: UnixMillis) -> Result<(), Refused> {
        self.not_ended()?;
        self.not_paused()?;
        self.status = Status::Paused { reason: reason_of(reason) };
        self.touch(now);
        Ok(())
    }

    /// Goes on after a pause.
    ///
    /// # Errors
    /// The workflow is not paused.
    pub fn resume(&mut self, now: UnixMillis) -> Result<(), Refused> {
        self.not_ended()?;
        if !matches!(self.status, Status::Paused { .. }) {
            return Err(Refused::NotPaused);
        }
        self.status = Status::Running;
        self.touch(now);
        Ok(())
    }

    /// Gives up, for `reason`, which is escaped and cut where it is longer than 500 characters. A paused workflow can fail.
    ///
    /// # Errors
    /// The workflow has ended.
    pub fn fail(&mut self, reason: &str, now: UnixMillis) -> Result<(), Refused> {
        self.not_ended()?;
        self.status = Status::Failed { during: self.phase, reason: reason_of(reason) };
        self.phase = Phase::Failed;
        self.touch(now);
        Ok(())
    }

    /// Keeps `result` when it is better than the best so far; what is not better changes nothing and is no error. In
    /// which order results are offered does not matter.
    ///
    /// # Errors
    /// The workflow has ended or runs nothing, or the result is not a finite figure of the workflow's objective.
    pub fn offer(&mut self, result: Best, now: UnixMillis) -> Result<(), Refused> {
        self.not_ended()?;
        let (phase, Best { variant, metric, figure, .. }) = (self.phase, result);
        if !matches!(phase, Phase::Backtesting | Phase::QualityGate) {
            return Err(Refused::NoResults { phase });
        }
        if metric != self.objective {
            return Err(Refused::OtherMetric { objective: self.objective, metric });
        }
        if !figure.is_finite() {
            return Err(Refused::NotFinite { variant, metric, figure });
        }
        // Adding zero makes one zero of two, so that the best is the same to the last bit in any order.
        let result = Best { figure: figure + 0.0, ..result };
        if self.best.is_none_or(|best| result.beats(&best)) {
            self.best = Some(result);
            self.touch(now);
        }
        Ok(())
    }

    /// Remembers a lesson, escaped and cut where it is longer than 500 characters. One that is known already changes
    /// nothing.
    ///
    /// # Errors
    /// The workflow has ended, the lesson is empty, or 100 others are known.
    pub fn learn(&mut self, lesson: &str, now: UnixMillis) -> Result<(), Refused> {
        self.not_ended()?;
        let lesson = bounded(lesson);
        if lesson.is_empty() {
            return Err(Refused::EmptyLesson);
        }
        if self.lessons.contains(&lesson) {
            return Ok(());
        }
        if self.lessons.len() >= MAX_LESSONS {
            return Err(Refused::TooManyLessons);
        }
        self.lessons.push(lesson);
        self.touch(now);
        Ok(())
    }

    /// Its name, escaped.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its shape.
    #[must_use]
    pub fn kind(&self) -> WorkflowKind {
        self.kind
    }

    /// What its results are compared by.
    #[must_use]
    pub fn objective(&self) -> MetricName {
        self.objective
    }

    /// What it is doing.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// How many iterations it may have.
    #[must_use]
    pub fn limits(&self) -> IterationLimits {
        self.limits
    }

    /// How many iterations it had.
    #[must_use]
    pub fn iterations(&self) -> Iterations {
        self.iterations
    }

    /// The best result so far.
    #[must_use]
    pub fn best(&self) -> Option<&Best> {
        self.best.as_ref()
    }

    /// What was learned, in the order it was.
    #[must_use]
    pub fn lessons(&self) -> &[String] {
        &self.lessons
    }

    /// When it was made.
    #[must_use]
    pub fn created(&self) -> UnixMillis {
        self.created_ms
    }

    /// When it changed last; not before it was made.
    #[must_use]
    pub fn updated(&self) -> UnixMillis {
        self.updated_ms
    }

    fn not_ended(&self) -> Result<(), Refused> {
        if self.phase.is_terminal() { Err(Refused::Ended { phase: self.phase }) } else { Ok(()) }
    }

    fn not_paused(&self) -> Result<(), Refused> {
        match &self.status {
            Status::Paused { reason } => Err(Refused::Paused { reason: reason.clone() }),
            _ => Ok(()),
        }
    }

    fn touch(&mut self, now: UnixMillis) {
        self.updated_ms = self.updated_ms.max(now.min(LATEST));
    }
}

fn reason_of(text: &str) -> String {
    let reason = bounded(text);
    if reason.is_empty() { "no reason was given".to_owned() } else { reason }
}

/// `text` on one line, escaped, and cut with an ellipsis where it is too long. Bounding it again changes nothing.
fn bounded(text: &str) -> String {
    // Escaping makes nothing shorter, so what is beyond the bound now is beyond it afterwards. One more is taken, so
    // that it shows that there was more.
    let mut out = escaped(&text.trim().chars().take(MAX_TEXT + 1).collect::<String>(), false);
    if let Some((end, _)) = out.char_indices().nth(MAX_TEXT) {
        let keep = out[..end].char_indices().next_back().map_or(0, |(last, _)| last);
        out.truncate(keep);
        out.push('…');
    }
    out
}
