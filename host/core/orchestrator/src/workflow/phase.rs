//! Where a workflow can be, and where it can go from there.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The shape of a workflow: which phases it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkflowKind {
    /// Strategies that are there already, run once: no research, no gate, one iteration.
    Sweep,
    /// From research to a strategy that passes the quality gate, in as many iterations as the limits allow.
    Search,
}

impl fmt::Display for WorkflowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sweep => "sweep",
            Self::Search => "search",
        })
    }
}

/// What a workflow is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It was just made.
    Initialization,
    /// Tools that the research needs are being made.
    ToolDevelopment,
    /// Something to base strategies on is being looked for.
    Research,
    /// Strategies and their variants are being made.
    StrategyDevelopment,
    /// Variants are being run.
    Backtesting,
    /// What was run is being judged.
    QualityGate,
    /// It came to its end. Nothing follows.
    Completed,
    /// It was given up, with a reason. Nothing follows.
    Failed,
}

impl Phase {
    /// Every phase, in the order of a workflow.
    pub const ALL: [Self; 8] = [
        Self::Initialization,
        Self::ToolDevelopment,
        Self::Research,
        Self::StrategyDevelopment,
        Self::Backtesting,
        Self::QualityGate,
        Self::Completed,
        Self::Failed,
    ];

    /// A stable name, as in stored states.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Initialization => "initialization",
            Self::ToolDevelopment => "tool_development",
            Self::Research => "research",
            Self::StrategyDevelopment => "strategy_development",
            Self::Backtesting => "backtesting",
            Self::QualityGate => "quality_gate",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing follows.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }

    /// Whether a workflow of this kind can be in this phase.
    pub(super) fn belongs_to(self, kind: WorkflowKind) -> bool {
        kind == WorkflowKind::Search
            || !matches!(self, Self::ToolDevelopment | Self::Research | Self::QualityGate)
    }

    /// The phases that may follow in a workflow of this kind, in order. `Failed`, which may follow every phase that is
    /// not terminal, is not among them: it takes a reason.
    #[must_use]
    pub fn next(self, kind: WorkflowKind) -> &'static [Self] {
        match (kind, self) {
            (WorkflowKind::Sweep, Self::Initialization) => &[Self::StrategyDevelopment],
            (WorkflowKind::Sweep, Self::Backtesting) => &[Self::Completed],
            (WorkflowKind::Sweep, Self::ToolDevelopment | Self::Research | Self::QualityGate) => &[],
            (WorkflowKind::Search, Self::Initialization) => {
                &[Self::ToolDevelopment, Self::Research, Self::StrategyDevelopment]
            }
            (WorkflowKind::Search, Self::ToolDevelopment) => &[Self::Research, Self::StrategyDevelopment],
            (WorkflowKind::Search, Self::Research) => &[Self::StrategyDevelopment],
            (WorkflowKind::Search, Self::Backtesting) => &[Self::QualityGate],
            (WorkflowKind::Search, Self::QualityGate) => {
                &[Self::Completed, Self::StrategyDevelopment, Self::Research]
            }
            (_, Self::StrategyDevelopment) => &[Self::Backtesting],
            (_, Self::Completed | Self::Failed) => &[],
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// How a workflow stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub enum Status {
    /// It goes on.
    Running,
    /// It waits in its phase until it is resumed.
    Paused {
        /// Why, for people: bounded and escaped.
        reason: String,
    },
    /// It is in [`Phase::Completed`].
    Completed,
    /// It is in [`Phase::Failed`].
    Failed {
        /// The phase it was in before.
        during: Phase,
        /// Why, for people: bounded and escaped.
        reason: String,
    },
}

impl Status {
    /// A stable name for reports.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused { .. } => "paused",
            Self::Completed => "completed",
            Self::Failed { .. } => "failed",
        }
    }

    /// Why it is paused or failed.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Paused { reason } | Self::Failed { reason, .. } => Some(reason),
            Self::Running | Self::Completed => None,
        }
    }
}
