//! What gates answered, and how that is read back.

use serde::{Deserialize, Serialize, Serializer};
use stratbox_metrics::{Figure, Missing};

use super::{Bound, Gate, WrittenBound};
use crate::words::{number, shown};

/// What a gate answered.
///
/// Reading one back asks its gate again about the figure that was written down: an answer never contradicts its numbers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "WrittenAnswer")]
pub struct GateAnswer {
    /// The rule.
    pub gate: Gate,
    /// Null when there is none.
    pub value: Figure,
    /// The number that the figure was compared with: [`Bound::threshold`].
    pub threshold: f64,
    /// How far on the right side the figure is; negative on the wrong side, null without a figure.
    pub margin: Option<f64>,
    /// Whether it passes; never without a figure.
    pub passed: bool,
    /// Why there is no figure.
    pub missing: Option<String>,
}

/// What several gates answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "WrittenVerdict")]
pub struct Verdict {
    /// In the order of the gates.
    pub gates: Vec<GateAnswer>,
    /// Whether all of them passed; never without a gate.
    pub accepted: bool,
}

impl GateAnswer {
    /// One sentence for people: the figure, where it is, and how far that is from the threshold. Made when it is asked for: of a
    /// hundred thousand verdicts few are read.
    #[must_use]
    pub fn reason(&self) -> String {
        let figure = &self.gate.figure;
        match (self.value.value(), &self.missing) {
            (Some(value), _) => format!("`{figure}` is {}", self.gate.bound.said_of(value)),
            (None, Some(why)) => format!("`{figure}` is missing: {why}"),
            (None, None) => format!("`{figure}` is missing"),
        }
    }
}

impl Serialize for GateAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written<'a> {
            #[serde(flatten)]
            gate: &'a Gate,
            value: Figure,
            threshold: f64,
            margin: Option<f64>,
            passed: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            missing: Option<&'a str>,
            reason: String,
        }
        let Self { gate, value, threshold, margin, passed, missing } = self;
        let (value, threshold, margin, passed) = (*value, *threshold, *margin, *passed);
        let (missing, reason) = (missing.as_deref(), self.reason());
        Written { gate, value, threshold, margin, passed, missing, reason }.serialize(serializer)
    }
}

impl Verdict {
    /// Asks each gate about its figure. A figure that nobody has fails.
    #[must_use]
    pub fn of(gates: &[Gate], figure: impl Fn(&str) -> Figure) -> Self {
        gates.iter().map(|gate| gate.ask(figure(&gate.figure))).collect::<Vec<_>>().into()
    }

    /// The answers of the gates that did not pass.
    pub fn failed(&self) -> impl Iterator<Item = &GateAnswer> {
        self.gates.iter().filter(|answer| !answer.passed)
    }
}

impl From<Vec<GateAnswer>> for Verdict {
    fn from(gates: Vec<GateAnswer>) -> Self {
        let accepted = !gates.is_empty() && gates.iter().all(|answer| answer.passed);
        Self { gates, accepted }
    }
}

impl Bound {
    /// A figure and where it is: `0.85: less than 1 by 0.15`.
    pub(super) fn said_of(self, value: f64) -> String {
        let (passed, by) = (self.admits(value), number(self.margin(value).abs()));
        let on_it = self.margin(value) == 0.0;
        let said = match (self, passed) {
            (Self::AtLeast(bound), true) => format!("at least {}, with {by} to spare", number(bound)),
            (Self::AtLeast(bound), false) => format!("less than {} by {by}", number(bound)),
            (Self::AtMost(bound), true) => format!("at most {}, with {by} to spare", number(bound)),
            (Self::AtMost(bound), false) => format!("more than {} by {by}", number(bound)),
            (Self::Below(bound), true) => format!("less than {} by {by}", number(bound)),
            (Self::Below(bound), false) if on_it => format!("not less than {}", number(bound)),
            (Self::Below(bound), false) => format!("more than {} by {by}", number(bound)),
            (Self::Above(bound), true) => format!("more than {} by {by}", number(bound)),
            (Self::Above(bound), false) if on_it => format!("not more than {}", number(bound)),
            (Self::Above(bound), false) => format!("less than {} by {by}", number(bound)),
            (Self::AwayFrom { value: near, by }, passed) => {
                let (far, needed, near) = (number((value - near).abs()), number(by), number(near));
                match passed {
                    true => format!("{far} away from {near}, which is more than {needed}"),
                    false => format!("only {far} away from {near}, which must be more than {needed}"),
                }
            }
        };
        format!("{}: {said}", number(value))
    }
}

/// What is read of an answer; the rest follows from it.
#[derive(Deserialize)]
struct WrittenAnswer {
    figure: String,
    #[serde(flatten)]
    bound: WrittenBound,
    value: Option<f64>,
    missing: Option<String>,
}

#[derive(Deserialize)]
struct WrittenVerdict {
    gates: Vec<GateAnswer>,
}

impl From<WrittenVerdict> for Verdict {
    fn from(written: WrittenVerdict) -> Self {
        written.gates.into()
    }
}

impl TryFrom<WrittenAnswer> for GateAnswer {
    type Error = String;

    fn try_from(written: WrittenAnswer) -> Result<Self, String> {
        let wrong = |problem: &str| format!("gate on `{}`: {problem}", shown(&written.figure));
        let bound = written.bound.bound().map_err(|error| wrong(&error.to_string()))?;
        let named = |text: &str| {
            let reason = Missing::ALL.into_iter().find(|missing| missing.sentence() == text);
            reason.ok_or_else(|| wrong(&format!("no such reason for a missing figure: `{}`", shown(text))))
        };
        let figure = match (written.value, written.missing.as_deref()) {
            (Some(value), None) => Figure::of(value),
            (None, Some(text)) => named(text)?.into(),
            _ => return Err(wrong("give it a figure, or the reason why there is none")),
        };
        Ok(Gate::new(&written.figure, bound).ask(figure))
    }
}
