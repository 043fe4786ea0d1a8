//! What variants are chosen by: objectives, and what they must keep to.

use serde::{Deserialize, Serialize};
use stratbox_metrics::{Direction, MetricName, Metrics};
use stratbox_search::{Constraint, violation};
use toml::Spanned;

use super::file::SweepFile;
use crate::failure::Failure;
use crate::render::text::inline;

/// What variants are chosen by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Aim {
    /// What they are ranked by.
    pub(crate) objective: MetricName,
    /// What else matters: which of them are on the Pareto front.
    pub(crate) others: Vec<MetricName>,
    /// A variant that breaks one of them is not ranked.
    pub(crate) constraints: Vec<Constraint>,
}

/// A constraint as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConstraintEntry {
    metric: Spanned<String>,
    at_least: Option<Spanned<f64>>,
    at_most: Option<Spanned<f64>>,
}

impl Aim {
    /// What a run is ranked by; `None` when it has no such figure, or breaks a constraint.
    pub(crate) fn figure(&self, metrics: &Metrics) -> Option<f64> {
        metrics.get(self.objective).value().filter(|_| self.is_feasible(metrics))
    }

    /// Whether a run keeps to all constraints. One without a figure does not.
    pub(crate) fn is_feasible(&self, metrics: &Metrics) -> bool {
        violation(&self.constraints, |name| metrics.get(name)) == Some(0.0)
    }

    /// All objectives, the one to rank by first.
    pub(crate) fn objectives(&self) -> impl Iterator<Item = MetricName> {
        std::iter::once(self.objective).chain(self.others.iter().copied())
    }

    /// Which way each objective gets better.
    pub(crate) fn directions(&self) -> Vec<Direction> {
        self.objectives().map(MetricName::direction).collect()
    }

    pub(super) fn of(file: &SweepFile) -> Result<Self, Failure> {
        let content = &file.content;
        let metric = |key: &str, text: &Spanned<String>| {
            let metric = inline(text.get_ref()).parse::<MetricName>();
            metric.map_err(|error| file.at(text.span(), format_args!("`{key}`: {error}")))
        };
        let mut all = match (&content.objective, &content.objectives) {
            (None, None) => vec![MetricName::Sharpe],
            (Some(text), None) => vec![metric("objective", text)?],
            (None, Some(texts)) => texts
                .get_ref()
                .iter()
                .map(|text| metric("objectives", text))
                .collect::<Result<Vec<_>, _>>()?,
            (Some(_), Some(texts)) => {
                let problem = "`objective` and `objectives` are both given: leave one out";
                return Err(file.at(texts.span(), problem));
            }
        };
        if let Some(texts) = &content.objectives {
            let repeated = (1..all.len()).find(|place| all[..*place].contains(&all[*place]));
            if let Some(place) = repeated {
                let problem = format!("`objectives` names `{}` twice: leave one out", all[place]);
                return Err(file.at(texts.get_ref()[place].span(), problem));
            }
            if all.is_empty() {
                return Err(file.at(texts.span(), "`objectives` is empty: name at least one metric"));
            }
        }
        let objective = all.remove(0);
        let constraint = |entry: &Spanned<ConstraintEntry>| {
            let ConstraintEntry { metric: name, at_least, at_most } = entry.get_ref();
            let name = metric("metric", name)?;
            let bound = |bound: &Option<Spanned<f64>>| bound.as_ref().map(|bound| *bound.get_ref());
            let constraint = Constraint { metric: name, at_least: bound(at_least), at_most: bound(at_most) };
            constraint.validate().map_err(|error| file.at(entry.span(), error))?;
            Ok::<_, Failure>(constraint)
        };
        let constraints = content.constraints.iter().map(constraint).collect::<Result<_, _>>()?;
        Ok(Self { objective, others: all, constraints })
    }
}
