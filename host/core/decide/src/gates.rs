//! Gates: whether a figure is good enough, with the numbers that the answer was made from.

mod answer;
mod written;

use serde::{Deserialize, Serialize};
use stratbox_metrics::{Figure, Missing};

pub use answer::{GateAnswer, Verdict};
pub use written::{AwayFrom, NotABound, WrittenBound};

/// One rule: a figure, and what it must be.
///
/// Written flat: `{ figure = "sharpe", at_least = 1.0 }`, `{ figure = "hit_rate", away_from = { value = 0.5, by = 0.01 } }`.
/// Reading one refuses unknown keys, no bound or several, and numbers that are not finite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "written::WrittenGate")]
pub struct Gate {
    /// What is looked at, by its name in reports.
    pub figure: String,
    /// What it must be.
    #[serde(flatten)]
    pub bound: Bound,
}

/// What a figure must be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// Less than this.
    Below(f64),
    /// More than this.
    Above(f64),
    /// Further than `by` from `value`, on either side.
    AwayFrom {
        /// What it must not be near to.
        value: f64,
        /// How near is too near, itself included; zero or more.
        by: f64,
    },
}

impl Gate {
    /// A rule.
    #[must_use]
    pub fn new(figure: &str, bound: Bound) -> Self {
        Self { figure: figure.to_owned(), bound }
    }

    /// Asks it about a figure.
    #[must_use]
    pub fn ask(&self, value: Figure) -> GateAnswer {
        GateAnswer {
            value,
            threshold: self.bound.threshold(),
            margin: value.value().map(|value| self.bound.margin(value)),
            passed: value.value().is_some_and(|value| self.bound.admits(value)),
            missing: value.missing().map(|missing: Missing| missing.to_string()),
            gate: self.clone(),
        }
    }
}

impl Bound {
    /// The number that figures are compared with: of `AwayFrom`, what they must not be near to.
    #[must_use]
    pub fn threshold(self) -> f64 {
        match self {
            Self::AtLeast(bound) | Self::AtMost(bound) | Self::Below(bound) | Self::Above(bound) => bound,
            Self::AwayFrom { value, .. } => value,
        }
    }

    /// Whether a figure is on the right side; one that is not a number is not.
    #[must_use]
    pub fn admits(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
            Self::Below(bound) => value < bound,
            Self::Above(bound) => value > bound,
            Self::AwayFrom { value: near, by } => (value - near).abs() > by,
        }
    }

    /// How far on the right side a figure is; negative on the wrong side. At zero only `AtLeast` and `AtMost` admit.
    #[must_use]
    pub fn margin(self, value: f64) -> f64 {
        match self {
            Self::AtLeast(bound) | Self::Above(bound) => value - bound,
            Self::AtMost(bound) | Self::Below(bound) => bound - value,
            Self::AwayFrom { value: near, by } => (value - near).abs() - by,
        }
    }

    /// What a figure must be, in words: `at least 0.95`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::AtLeast(bound) => format!("at least {bound}"),
            Self::AtMost(bound) => format!("at most {bound}"),
            Self::Below(bound) => format!("below {bound}"),
            Self::Above(bound) => format!("above {bound}"),
            Self::AwayFrom { value, by } => format!("further than {by} from {value}"),
        }
    }
}

/// The gates against overfitting that are used unless others are given: the deflated Sharpe ratio says that the best is
/// probably better than the best of as many without an edge, and the probability of backtest overfitting that choosing
/// the best of them is of some use (Bailey and Lopez de Prado 2014; Bailey, Borwein, Lopez de Prado and Zhu 2017).
#[must_use]
pub fn overfitting_gates() -> Vec<Gate> {
    vec![Gate::new("dsr", Bound::AtLeast(0.95)), Gate::new("pbo", Bound::Below(0.20))]
}

#[cfg(test)]
mod tests;
