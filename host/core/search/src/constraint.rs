//! What a result must keep to be chosen at all.

use std::fmt;

use serde::{Deserialize, Serialize};
use stratbox_metrics::{Figure, MetricName};

/// Bounds of a metric, inclusive. At least one is given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constraint {
    /// What is bounded.
    pub metric: MetricName,
    /// The smallest value that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// The largest value that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
}

/// A constraint that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstraintError {
    /// What is bounded.
    pub metric: MetricName,
    /// What is wrong with it and what would be right.
    pub problem: String,
}

impl fmt::Display for ConstraintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "constraint on `{}`: {}", self.metric, self.problem)
    }
}

impl std::error::Error for ConstraintError {}

impl Constraint {
    /// Checks the bounds.
    ///
    /// # Errors
    /// There is none, one is not a finite number, or no value is within both.
    pub fn validate(&self) -> Result<(), ConstraintError> {
        let error = |problem| Err(ConstraintError { metric: self.metric, problem });
        let bounds = [("at_least", self.at_least), ("at_most", self.at_most)];
        for (name, bound) in bounds.into_iter().filter_map(|(name, bound)| Some((name, bound?))) {
            if !bound.is_finite() {
                return error(format!("`{name}` is `{bound}`: it must be a finite number"));
            }
        }
        match (self.at_least, self.at_most) {
            (None, None) => error("it has no bound: give `at_least`, `at_most` or both".to_owned()),
            (Some(low), Some(high)) if low > high => {
                error(format!("`at_least` is `{low}`: it must be at most `at_most`, which is `{high}`"))
            }
            _ => Ok(()),
        }
    }

    /// By how much a figure misses the bounds, as a share of the bound that it misses (as it is for a bound of zero), so
    /// that metrics of different units add up; 0 when it keeps them, `None` when there is no figure.
    #[must_use]
    pub fn missed_by(&self, figure: Figure) -> Option<f64> {
        let value = figure.value()?;
        let short = self.at_least.map_or(0.0, |bound| relative(bound - value, bound));
        let over = self.at_most.map_or(0.0, |bound| relative(value - bound, bound));
        Some(short.max(over))
    }
}

fn relative(missed: f64, bound: f64) -> f64 {
    match missed > 0.0 {
        false => 0.0,
        // A miss that rounds to nothing, or overflows, is a miss all the same.
        true if bound == 0.0 => missed.min(f64::MAX),
        true => (missed / bound.abs()).clamp(f64::MIN_POSITIVE, f64::MAX),
    }
}

/// The total by which constraints are missed, for [`Outcome::violation`](crate::Outcome::violation); `None` when one of
/// their metrics has no value.
pub fn violation(constraints: &[Constraint], figure: impl Fn(MetricName) -> Figure) -> Option<f64> {
    let total = constraints.iter().try_fold(0.0, |total: f64, constraint| {
        Some(total + constraint.missed_by(figure(constraint.metric))?)
    })?;
    Some(total.min(f64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stratbox_metrics::Missing;

    fn constraint(at_least: Option<f64>, at_most: Option<f64>) -> Constraint {
        Constraint { metric: MetricName::MaxDrawdown, at_least, at_most }
    }

    #[test]
    fn bounds_belong_to_what_is_kept() {
        let missed = |value| constraint(Some(-0.2), Some(0.5)).missed_by(Figure::of(value));
        assert_eq!([-0.2, 0.0, 0.5].map(missed), [Some(0.0); 3]);
    }

    #[test]
    fn a_miss_is_measured_by_its_bound() {
        let missed = |at_least, at_most, value| constraint(at_least, at_most).missed_by(Figure::of(value));
        assert_eq!(missed(Some(-0.5), None, -0.75), Some(0.5));
        assert_eq!(missed(None, Some(100.0), 150.0), Some(0.5));
        assert_eq!(missed(Some(0.0), None, -3.0), Some(3.0), "a bound of zero measures nothing");
    }

    #[test]
    fn the_smallest_and_the_largest_miss_are_finite_misses() {
        let missed = |bound, value| constraint(None, Some(bound)).missed_by(Figure::of(value)).unwrap();
        assert!(missed(1e300, 1e300_f64.next_up()) > 0.0);
        assert_eq!(missed(1e-300, 1e300), f64::MAX);
        assert_eq!(missed(-f64::MAX, f64::MAX), f64::MAX);
        let both = [constraint(None, Some(1e-300)); 2];
        assert_eq!(violation(&both, |_| Figure::of(1e300)), Some(f64::MAX));
    }

    #[test]
    fn a_missing_metric_makes_the_violation_unknown() {
        let both = [
            constraint(Some(-0.2), None),
            Constraint { metric: MetricName::Trades, at_least: Some(10.0), at_most: None },
        ];
        let of = |trades: Figure| {
            violation(&both, |name| if name == MetricName::Trades { trades } else { Figure::of(-0.1) })
        };
        assert_eq!(of(Figure::of(12.0)), Some(0.0));
        assert_eq!(of(Figure::of(5.0)), Some(0.5));
        assert_eq!(of(Missing::NoData.into()), None);
        assert_eq!(violation(&[], |_| Missing::NoData.into()), Some(0.0));
    }

    #[test]
    fn a_constraint_without_sense_is_refused_with_what_would_make_sense() {
        let refused = |at_least, at_most| constraint(at_least, at_most).validate().unwrap_err().to_string();
        assert_eq!(
            refused(None, None),
            "constraint on `max_drawdown`: it has no bound: give `at_least`, `at_most` or both"
        );
        assert!(refused(Some(f64::NAN), None).contains("`at_least` is `NaN`: it must be a finite number"));
        assert!(refused(Some(2.0), Some(1.0)).contains("it must be at most `at_most`, which is `1`"));
        assert_eq!(constraint(Some(1.0), Some(1.0)).validate(), Ok(()));
    }

    #[test]
    fn a_constraint_is_written_as_its_fields_and_nothing_else() {
        let read = |text| serde_json::from_str::<Constraint>(text).map_err(|error| error.to_string());
        let written = r#"{"metric":"max_drawdown","at_least":-0.2}"#;
        assert_eq!(read(written), Ok(constraint(Some(-0.2), None)));
        assert_eq!(serde_json::to_string(&read(written).unwrap()).unwrap(), written);
        assert!(
            read(r#"{"metric":"max_drawdown","above":1}"#).unwrap_err().contains("unknown field `above`")
        );
    }
}
