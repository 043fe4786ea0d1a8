//! What a workflow does not do, and why.

use stratbox_metrics::MetricName;

use super::{LimitName, MAX_LESSONS, Phase, WorkflowKind};

/// A change that a workflow refuses. Its state is as it was before.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// There is no such way.
    #[error("a {kind} does not go from `{from}` to `{to}`, but to {}", one_of(from.next(*kind)))]
    NoSuchWay {
        /// The workflow's kind.
        kind: WorkflowKind,
        /// The phase it is in.
        from: Phase,
        /// The phase it was to enter.
        to: Phase,
    },
    /// [`Phase::Failed`] is entered by failing, which takes a reason.
    #[error("a workflow does not enter `failed` like another phase: fail it, with a reason")]
    FailureNeedsReason,
    /// It has come to its end.
    #[error("the workflow has ended (`{phase}`): nothing about it changes any more, start another one")]
    Ended {
        /// [`Phase::Completed`] or [`Phase::Failed`].
        phase: Phase,
    },
    /// It is paused.
    #[error("the workflow is paused ({reason}): resume it first")]
    Paused {
        /// Why it is paused.
        reason: String,
    },
    /// It is not paused, so it cannot be resumed.
    #[error("the workflow is not paused: there is nothing to resume")]
    NotPaused,
    /// A new iteration would be one too many.
    #[error("the workflow has had all its iterations: limit `{limit}` is `{value}`; {}", way_out(*limit))]
    LimitReached {
        /// Which limit.
        limit: LimitName,
        /// Its value.
        value: u32,
    },
    /// A limit that lets nothing run, or that bounds nothing.
    #[error("limit `{limit}` is `{value}`: give it `{least}` to `{most}` iterations")]
    LimitOutOfRange {
        /// Which limit.
        limit: LimitName,
        /// Its value.
        value: u32,
        /// The lowest it may be.
        least: u32,
        /// The highest it may be.
        most: u32,
    },
    /// The workflow has no name, or a very long one.
    #[error("a workflow's name has `1` to `{most}` characters when it is shown, this one has `{length}`")]
    Name {
        /// Characters of the name, escaped.
        length: usize,
        /// Characters it may have.
        most: usize,
    },
    /// Nothing is run in this phase, so nothing can be the best.
    #[error("there are no results in phase `{phase}`: they come in `backtesting` or `quality_gate`")]
    NoResults {
        /// The phase it is in.
        phase: Phase,
    },
    /// A result that was measured by something else.
    #[error("the workflow's objective is `{objective}`, and the result is measured by `{metric}`")]
    OtherMetric {
        /// What the workflow measures by.
        objective: MetricName,
        /// What the result was measured by.
        metric: MetricName,
    },
    /// A result that is not a finite number.
    #[error("variant `{variant}` has `{figure}` as its `{metric}`: only finite figures can be compared")]
    NotFinite {
        /// The variant's number.
        variant: u64,
        /// What it was measured by.
        metric: MetricName,
        /// The value.
        figure: f64,
    },
    /// A lesson without a word.
    #[error("a lesson without a word teaches nothing")]
    EmptyLesson,
    /// There are too many lessons.
    #[error("the workflow has learned `{MAX_LESSONS}` lessons, and keeps no more")]
    TooManyLessons,
}

fn one_of(phases: &[Phase]) -> String {
    let phases: Vec<_> = phases.iter().map(|phase| format!("`{phase}`")).collect();
    phases.join(" or ")
}

fn way_out(limit: LimitName) -> &'static str {
    match limit {
        LimitName::Strategy => "go back to research, or fail it",
        LimitName::Research | LimitName::Total => "fail it, or start one with a higher limit",
    }
}
