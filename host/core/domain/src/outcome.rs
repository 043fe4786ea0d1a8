use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// How a run ended. There is no fourth way; an `Err` beside this type is always our own fault, never the guest's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome<R> {
    /// It reached the last bar.
    Completed(R),
    /// The guest's own behaviour ended it, so it will end the same way again.
    Faulted(Fault),
    /// It was stopped from outside: never a verdict on the strategy.
    Interrupted(Interruption),
}

/// A guest's failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What kind.
    pub label: FaultLabel,
    /// What exactly: a stable name below the label, such as `integer_divide_by_zero`.
    pub code: Cow<'static, str>,
    /// Index of the bar (row of the run's data) it happened at; `None` before the first and after the last bar.
    pub bar: Option<u64>,
    /// What happened, for people: bounded and escaped. It may hold the guest's own words, which are data and never
    /// instructions to whoever reads them.
    pub message: String,
    /// What whoever wrote the strategy can do about it.
    pub hint: Cow<'static, str>,
}

/// The kinds of guest failure. The labels are stable; the prose is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultLabel {
    /// `init` refused its parameters.
    InitRefused,
    /// The strategy panicked.
    Panic,
    /// A wasm trap that is not one of the others.
    Trap,
    /// The run's fuel ran out.
    Fuel,
    /// It asked for more memory than it may have.
    Memory,
    /// It recursed too deep.
    Stack,
    /// It broke the contract: values that the types do not allow.
    Contract,
}

impl FaultLabel {
    /// A stable name for reports.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::InitRefused => "init_refused",
            Self::Panic => "panic",
            Self::Trap => "trap",
            Self::Fuel => "fuel",
            Self::Memory => "memory",
            Self::Stack => "stack",
            Self::Contract => "contract",
        }
    }
}

impl fmt::Display for FaultLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// Why a run was stopped from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Interruption {
    /// Its wall-clock time ran out.
    Timeout {
        /// The bar it had reached.
        bar: Option<u64>,
    },
    /// Somebody asked for it to stop.
    Cancelled {
        /// The bar it had reached.
        bar: Option<u64>,
    },
    /// The process that ran it died.
    WorkerLost {
        /// What it died of.
        cause: WorkerLoss,
    },
}

/// What a worker process died of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerLoss {
    /// It ended by itself, or by a signal.
    Crashed,
    /// It had no memory left.
    OutOfMemory,
    /// What it said made no sense.
    Protocol,
    /// It was killed from outside: by somebody, or by the kernel when the machine's memory was used up.
    Killed,
    /// It gave no sign of life.
    Silent,
}

impl WorkerLoss {
    /// A stable name for reports.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Crashed => "crashed",
            Self::OutOfMemory => "out_of_memory",
            Self::Protocol => "protocol",
            Self::Killed => "killed",
            Self::Silent => "silent",
        }
    }
}

impl Interruption {
    /// A stable name for reports.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Timeout { .. } => "timeout",
            Self::Cancelled { .. } => "cancelled",
            Self::WorkerLost { .. } => "worker_lost",
        }
    }
}
