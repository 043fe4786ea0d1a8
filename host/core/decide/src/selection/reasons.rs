//! Why a contender goes on, or does not.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use stratbox_metrics::{Figure, Missing};

use super::{Contender, Rule};
use crate::names::quoted;
use crate::words::number;

/// Why one goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    by: By,
    likest: Option<Likest>,
}

/// By which rule it was taken.
#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Objective(Figure),
    Passed(Figure),
    Front,
    Score(f64),
    Outside,
}

/// Which of those that were taken before it its returns are most like.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Likest {
    /// Its name.
    pub to: String,
    /// Pearson's correlation of their returns.
    pub correlation: f64,
}

/// Why one does not go on.
#[derive(Debug, Clone, PartialEq)]
pub enum PassedOver {
    /// It did not pass its gates.
    NotAccepted,
    /// It has no figure for an objective.
    NoFigure {
        /// Why.
        why: Missing,
    },
    /// It has no score.
    NoScore,
    /// Another is at least as good in every objective and better in one.
    Dominated {
        /// The front that it is on, counted from 0, the one of those that are taken.
        front: u64,
    },
    /// Its returns are too much like those of one that was taken.
    TooSimilar {
        /// Its name.
        to: String,
        /// Pearson's correlation of their returns.
        correlation: f64,
    },
    /// It has no returns, so that nobody can tell whether they are different.
    NoReturns,
    /// Its returns have no correlation with those of another, or with any others.
    NoCorrelation {
        /// Whose.
        with: Option<String>,
        /// Why.
        why: Missing,
    },
    /// As many as asked for are better.
    BehindTheChosen,
    /// Those were taken that somebody named, and nobody named it.
    NotNamed,
}

impl Why {
    pub(super) fn of<K>(rule: &Rule, contender: &Contender<'_, K>, likest: Option<Likest>) -> Self {
        let figure = || contender.figures.first().copied().unwrap_or(Missing::NotRecorded.into());
        let by = match rule {
            Rule::Best | Rule::TopK(_) => By::Objective(figure()),
            Rule::Passing => By::Passed(figure()),
            Rule::Pareto => By::Front,
            Rule::Weighted(_) => By::Score(contender.score.unwrap_or_default()),
            Rule::Chosen(_) => By::Outside,
        };
        Self { by, likest }
    }

    /// A stable name of the reason.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self.by {
            By::Objective(_) => "objective",
            By::Passed(_) => "passing",
            By::Front => "pareto",
            By::Score(_) => "score",
            By::Outside => "chosen_from_outside",
        }
    }

    /// Whether somebody outside chose it, and not a rule.
    #[must_use]
    pub fn is_from_outside(&self) -> bool {
        matches!(self.by, By::Outside)
    }

    /// Which of those before it its returns are most like, where returns were compared.
    #[must_use]
    pub fn likest(&self) -> Option<&Likest> {
        self.likest.as_ref()
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |figure: Figure| figure.value().map_or("none".to_owned(), number);
        match self.by {
            By::Objective(figure) => write!(f, "by the objective, {}", told(figure))?,
            By::Passed(figure) => write!(f, "it passed its gates; by the objective, {}", told(figure))?,
            By::Front => f.write_str("no other is as good in every objective and better in one")?,
            By::Score(score) => write!(f, "by its score, {}", number(score))?,
            By::Outside => f.write_str("chosen from outside")?,
        }
        match &self.likest {
            None => Ok(()),
            Some(Likest { to, correlation }) => {
                write!(f, "; most like {}: correlation {}", quoted(to), number(*correlation))
            }
        }
    }
}

impl PassedOver {
    /// A stable name of the reason.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::NotAccepted => "not_accepted",
            Self::NoFigure { .. } => "no_figure",
            Self::NoScore => "no_score",
            Self::Dominated { .. } => "dominated",
            Self::TooSimilar { .. } => "too_similar",
            Self::NoReturns => "no_returns",
            Self::NoCorrelation { .. } => "no_correlation",
            Self::BehindTheChosen => "behind_the_chosen",
            Self::NotNamed => "not_named",
        }
    }
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAccepted => f.write_str("it did not pass its gates"),
            Self::NoFigure { why } => write!(f, "it has no figure for an objective: {why}"),
            Self::NoScore => f.write_str("it has no score"),
            Self::Dominated { front } => {
                write!(
                    f,
                    "dominated: another is as good in every objective and better in one (front {front})"
                )
            }
            Self::TooSimilar { to, correlation } => {
                write!(f, "too similar to {}: correlation {}", quoted(to), number(*correlation))
            }
            Self::NoReturns => f.write_str("it has no returns, so that it cannot be shown to be different"),
            Self::NoCorrelation { with, why } => {
                let with = with.as_ref().map(|with| format!(" with {}", quoted(with))).unwrap_or_default();
                write!(f, "it cannot be shown to be different: its returns have no correlation{with}, {why}")
            }
            Self::BehindTheChosen => f.write_str("others are better, as many as were asked for"),
            Self::NotNamed => f.write_str("nobody chose it"),
        }
    }
}

/// `reason`, its stable name; `sentence`; and `likest`, where returns were compared.
impl Serialize for Why {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("reason", self.label())?;
        map.serialize_entry("sentence", &self.to_string())?;
        if let Some(likest) = &self.likest {
            map.serialize_entry("likest", likest)?;
        }
        map.end()
    }
}

/// `reason`, its stable name; `sentence`; and what there is to know of the reason: `front`, or `to` and `correlation`.
impl Serialize for PassedOver {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("reason", self.label())?;
        map.serialize_entry("sentence", &self.to_string())?;
        match self {
            Self::Dominated { front } => map.serialize_entry("front", front)?,
            Self::TooSimilar { to, correlation } => {
                map.serialize_entry("to", to)?;
                map.serialize_entry("correlation", correlation)?;
            }
            _ => {}
        }
        map.end()
    }
}
