//! When somebody must be asked how to go on, and what can be answered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stratbox_metrics::series::percentile;

use super::{Counts, Said, exceeds};
use crate::words::{counted, number, percent};
use crate::{Bound, Category, Gate, GateAnswer, Tier, Verdict};

/// When to ask.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EscalationSettings {
    /// When more than this share of the strategies of a tier did not pass, from 0 to 1.
    pub share: f64,
    /// When as many of them or more ran out of time; at least 1.
    pub timeouts: u64,
}

/// More than one half, or three time-outs: more than that is seldom the strategies' own doing.
impl Default for EscalationSettings {
    fn default() -> Self {
        Self { share: 0.5, timeouts: 3 }
    }
}

/// A question about the strategies of one tier, with what can be answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Escalation {
    /// Where.
    pub tier: Tier,
    /// Why it is asked; at least one.
    pub because: Vec<Said<Asked>>,
    /// What can be done; at least one.
    pub options: Vec<Said<Choice>>,
}

/// Why somebody is asked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "label", rename_all = "snake_case")]
pub enum Asked {
    /// Too many did not pass.
    MostFailed {
        /// Strategies that did not pass, whatever the cause.
        failed: u64,
        /// All of the tier.
        of: u64,
    },
    /// Too many ran out of time.
    ManyTimeouts {
        /// Strategies whose time ran out.
        timed_out: u64,
        /// All of the tier.
        of: u64,
    },
}

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "label", rename_all = "snake_case")]
pub enum Choice {
    /// Lower the bar that most did not clear.
    RelaxThresholds {
        /// The gate that most strategies failed.
        gate: Gate,
        /// How many failed it.
        failed: u64,
        /// How many of these had no figure to compare; no threshold helps them.
        without_figure: u64,
        /// By how much the others missed it, in the middle.
        median_miss: Option<f64>,
        /// The gate as it would have to be for that; about half of the others would pass it.
        relaxed: Option<Gate>,
    },
    /// Go on with the strategies that passed, and leave the others.
    Continue {
        /// How many passed.
        passed: u64,
    },
    /// None passed: change those whose failures may be mended, and validate them again.
    Mend {
        /// How many there are.
        fixable: u64,
    },
    /// Validate those that ran out of time again, with more of it.
    MoreTime {
        /// How many there are.
        timed_out: u64,
    },
    /// Give these up and write other strategies.
    NewIdeas,
}

/// Whether somebody must be asked after a tier: when more than a share of all did not pass, or many ran out of time.
/// `verdicts` are those of the strategies that were judged; passed ones among them change nothing.
#[must_use]
pub fn escalation<'a>(
    tier: Tier,
    counts: &Counts,
    verdicts: impl IntoIterator<Item = &'a Verdict>,
    settings: &EscalationSettings,
) -> Option<Escalation> {
    let (of, failed) = (counts.total(), counts.not_passed());
    let (timed_out, passed) = (counts.get(Category::Timeout), counts.get(Category::Pass));
    let most = exceeds(failed, of, settings.share).then_some(Asked::MostFailed { failed, of });
    let slow = timed_out >= settings.timeouts.max(1);
    let because: Vec<Asked> =
        most.into_iter().chain(slow.then_some(Asked::ManyTimeouts { timed_out, of })).collect();
    if because.is_empty() {
        return None;
    }
    let fixable = counts.get(Category::Fixable);
    let options = [
        (passed == 0 && fixable > 0).then_some(Choice::Mend { fixable }),
        (passed > 0).then_some(Choice::Continue { passed }),
        (timed_out > 0).then_some(Choice::MoreTime { timed_out }),
        relax(verdicts),
        Some(Choice::NewIdeas),
    ];
    Some(Escalation {
        tier,
        because: because.into_iter().map(|what| Said { sentence: what.sentence(), what }).collect(),
        options: options.into_iter().flatten().map(|what| Said { sentence: what.sentence(), what }).collect(),
    })
}

/// The gate that failed most, the first by name and bound of several.
fn relax<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> Option<Choice> {
    let mut gates: BTreeMap<_, Vec<&GateAnswer>> = BTreeMap::new();
    for answer in verdicts.into_iter().flat_map(Verdict::failed) {
        gates.entry((&answer.gate.figure, answer.gate.bound.words())).or_default().push(answer);
    }
    let most = gates.values().map(Vec::len).max()?;
    let all = gates.into_values().find(|answers| answers.len() == most)?;
    let gate = &all.first()?.gate;
    let mut misses: Vec<f64> = all.iter().filter_map(|answer| answer.margin).map(|margin| -margin).collect();
    misses.sort_unstable_by(f64::total_cmp);
    let median_miss = (!misses.is_empty()).then(|| percentile(&misses, 0.5));
    Some(Choice::RelaxThresholds {
        failed: all.len() as u64,
        without_figure: (all.len() - misses.len()) as u64,
        median_miss,
        relaxed: median_miss.map(|miss| Gate { bound: relaxed(gate.bound, miss), ..gate.clone() }),
        gate: gate.clone(),
    })
}

fn relaxed(bound: Bound, miss: f64) -> Bound {
    match bound {
        Bound::AtLeast(bound) => Bound::AtLeast(bound - miss),
        Bound::Above(bound) => Bound::Above(bound - miss),
        Bound::AtMost(bound) => Bound::AtMost(bound + miss),
        Bound::Below(bound) => Bound::Below(bound + miss),
        Bound::AwayFrom { value, by } => Bound::AwayFrom { value, by: (by - miss).max(0.0) },
    }
}

fn strategies(count: u64) -> String {
    counted(count, "strategy", "strategies")
}

impl Asked {
    /// One sentence for people.
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::MostFailed { failed, of } => {
                format!(
                    "{failed} of {} did not pass ({})",
                    strategies(of),
                    percent(failed as f64 / of.max(1) as f64)
                )
            }
            Self::ManyTimeouts { timed_out, of } => {
                format!("{timed_out} of {} ran out of time", strategies(of))
            }
        }
    }
}

impl Choice {
    /// A stable name of it.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::RelaxThresholds { .. } => "relax_thresholds",
            Self::Continue { .. } => "continue",
            Self::Mend { .. } => "mend",
            Self::MoreTime { .. } => "more_time",
            Self::NewIdeas => "new_ideas",
        }
    }

    /// One sentence for people.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::RelaxThresholds { gate, failed, without_figure, median_miss, .. } => {
                let miss = match (median_miss, without_figure) {
                    (Some(miss), 0) => format!("the median misses it by {}", number(*miss)),
                    (Some(miss), none) => format!(
                        "the median misses it by {}, and {none} have no figure, which no threshold helps",
                        number(*miss)
                    ),
                    (None, _) => "none of them has a figure, which no threshold helps".to_owned(),
                };
                format!(
                    "relax thresholds: {} failed `{}` {}; {miss}; what passes then deserves less belief",
                    strategies(*failed),
                    gate.figure,
                    gate.bound.words()
                )
            }
            Self::Continue { passed } => format!("go on with the {} that passed", strategies(*passed)),
            Self::Mend { fixable } => {
                format!("mend what is fixable: {} may pass when changed", strategies(*fixable))
            }
            Self::MoreTime { timed_out } => {
                format!("try the {} again that ran out of time, with a longer limit", strategies(*timed_out))
            }
            Self::NewIdeas => "give these up and write new strategies".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
