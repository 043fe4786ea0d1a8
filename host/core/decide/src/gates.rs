//! Gates: whether a figure is good enough, with the numbers that the answer was made from.

use serde::{Deserialize, Serialize};
use stratbox_metrics::{Figure, Missing};

/// One rule: a figure, and what it must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// What is looked at, by its name in reports.
    pub figure: String,
    /// What it must be.
    #[serde(flatten)]
    pub bound: Bound,
}

/// What a figure must be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// Less than this.
    Below(f64),
}

/// What a gate answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateAnswer {
    /// The rule.
    #[serde(flatten)]
    pub gate: Gate,
    /// Null when there is none.
    pub value: Figure,
    /// How far on the right side the figure is; negative on the wrong side, null without a figure.
    pub margin: Option<f64>,
    /// Whether it passes; never without a figure.
    pub passed: bool,
    /// Why there is no figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// What several gates answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// In the order of the gates.
    pub gates: Vec<GateAnswer>,
    /// Whether all of them passed; never without a gate.
    pub accepted: bool,
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
        let margin = value.value().map(|value| self.bound.margin(value));
        let passed = value.value().is_some_and(|value| self.bound.admits(value));
        let missing = value.missing().map(|missing: Missing| missing.to_string());
        GateAnswer { gate: self.clone(), value, margin, passed, missing }
    }
}

impl Bound {
    /// The number of it.
    #[must_use]
    pub fn threshold(self) -> f64 {
        match self {
            Self::AtLeast(bound) | Self::AtMost(bound) | Self::Below(bound) => bound,
        }
    }

    /// Whether a figure is on the right side; one that is not a number is not.
    #[must_use]
    pub fn admits(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
            Self::Below(bound) => value < bound,
        }
    }

    fn margin(self, value: f64) -> f64 {
        match self {
            Self::AtLeast(bound) => value - bound,
            Self::AtMost(bound) | Self::Below(bound) => bound - value,
        }
    }
}

impl Verdict {
    /// Asks each gate about its figure. A figure that nobody has fails.
    #[must_use]
    pub fn of(gates: &[Gate], figure: impl Fn(&str) -> Figure) -> Self {
        let gates: Vec<GateAnswer> = gates.iter().map(|gate| gate.ask(figure(&gate.figure))).collect();
        let accepted = !gates.is_empty() && gates.iter().all(|answer| answer.passed);
        Self { gates, accepted }
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
mod tests {
    use super::*;

    #[test]
    fn a_gate_answers_with_the_figure_and_how_far_it_is_from_the_threshold() {
        let least = Gate::new("sharpe", Bound::AtLeast(1.0)).ask(Figure::of(1.25));
        assert_eq!((least.passed, least.margin), (true, Some(0.25)));
        let most = Gate::new("pbo", Bound::AtMost(0.5)).ask(Figure::of(0.75));
        assert_eq!((most.passed, most.margin), (false, Some(-0.25)));
    }

    #[test]
    fn a_figure_at_its_threshold_passes_unless_it_must_be_below() {
        assert!(Gate::new("dsr", Bound::AtLeast(0.95)).ask(Figure::of(0.95)).passed);
        assert!(Gate::new("drawdown", Bound::AtMost(0.2)).ask(Figure::of(0.2)).passed);
        assert!(!Gate::new("pbo", Bound::Below(0.2)).ask(Figure::of(0.2)).passed);
    }

    #[test]
    fn a_missing_figure_fails_whatever_the_rule_and_says_why() {
        for bound in [Bound::AtLeast(-1e300), Bound::AtMost(1e300), Bound::Below(1e300)] {
            let answer = Gate::new("dsr", bound).ask(Missing::TooFewReturns.into());
            assert!(!answer.passed);
            assert_eq!(answer.margin, None);
            assert_eq!(answer.missing, Some(Missing::TooFewReturns.to_string()));
        }
    }

    #[test]
    fn a_verdict_accepts_what_every_gate_passes() {
        let gates = overfitting_gates();
        let verdict = |dsr: f64, pbo: f64| {
            Verdict::of(&gates, |name| Figure::of(if name == "dsr" { dsr } else { pbo })).accepted
        };
        assert!(verdict(0.96, 0.1));
        assert!(!verdict(0.94, 0.1));
        assert!(!verdict(0.96, 0.3));
    }

    #[test]
    fn no_gate_at_all_accepts_nothing() {
        assert!(!Verdict::of(&[], |_| Figure::of(1.0)).accepted);
    }

    #[test]
    fn an_answer_is_written_with_its_rule() {
        let answer = Gate::new("dsr", Bound::AtLeast(0.5)).ask(Figure::of(0.75));
        let json = serde_json::to_string(&answer).unwrap();
        assert_eq!(json, r#"{"figure":"dsr","at_least":0.5,"value":0.75,"margin":0.25,"passed":true}"#);
    }
}
