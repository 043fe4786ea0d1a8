//! What candidates are compared by, and the scores that figures become.

use serde::{Deserialize, Serialize, Serializer};
use stratbox_metrics::{Direction, Figure};

/// The largest weight.
pub const MAX_WEIGHT: f64 = 1e6;

/// Something that candidates are compared by: a measured figure, or a score that somebody gave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Criterion {
    /// Its name in reports.
    pub name: String,
    /// How much it counts beside the others: zero or more, and at most [`MAX_WEIGHT`]. With zero it is shown and decides
    /// nothing.
    pub weight: f64,
    /// Which way its figures get better; written as `higher` or `lower`.
    #[serde(serialize_with = "direction")]
    pub direction: Direction,
    /// What its scores are measured against.
    pub scale: Scale,
}

/// What makes a figure a score from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// The worst figure of those that are compared is 0, the best is 1. When all are equal, all are 1: none is worse than the
    /// best.
    #[default]
    Relative,
    /// A range that is known beforehand, such as 0 to 10 for marks. What lies beyond counts as its end.
    Between {
        /// The least of it.
        from: f64,
        /// The most of it, greater than `from`.
        to: f64,
    },
}

/// What is wrong with a criterion.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum CriterionProblem {
    /// The weight.
    #[error("has weight `{0}`: it must be a number from 0 to {MAX_WEIGHT}")]
    Weight(f64),
    /// The range.
    #[error("is measured from `{0}` to `{1}`: both must be finite numbers, and the second the greater")]
    Range(f64, f64),
}

fn direction<S: Serializer>(direction: &Direction, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match direction {
        Direction::HigherIsBetter => "higher",
        Direction::LowerIsBetter => "lower",
    })
}

impl Criterion {
    /// Checks weight and range.
    ///
    /// # Errors
    /// The first that makes no sense.
    pub fn check(&self) -> Result<(), CriterionProblem> {
        if !(0.0..=MAX_WEIGHT).contains(&self.weight) {
            return Err(CriterionProblem::Weight(self.weight));
        }
        match self.scale {
            Scale::Between { from, to } if !(from.is_finite() && to.is_finite() && from < to) => {
                Err(CriterionProblem::Range(from, to))
            }
            _ => Ok(()),
        }
    }

    /// Whether it has a say.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.weight > 0.0
    }

    /// The score of each figure, from 0 to 1; 0 where there is none, and relative to the others where there is no other.
    pub(super) fn scores(&self, figures: &[Figure]) -> Vec<f64> {
        let values = || figures.iter().filter_map(|figure| figure.value());
        let (from, to) = match self.scale {
            Scale::Between { from, to } => (from, to),
            Scale::Relative => {
                (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
            }
        };
        let score = |value: f64| match self.direction {
            Direction::HigherIsBetter => share(value, from, to),
            Direction::LowerIsBetter => share(-value, -to, -from),
        };
        // What nobody else has cannot be better than anything.
        let is_alone = self.scale == Scale::Relative && figures.len() > 1 && values().count() == 1;
        figures.iter().map(|figure| figure.value().filter(|_| !is_alone).map_or(0.0, score)).collect()
    }
}

/// How far `value` is on the way; all of it when there is no way to go.
fn share(value: f64, from: f64, to: f64) -> f64 {
    if from == to {
        return 1.0;
    }
    let value = value.clamp(from, to);
    let extent = to - from;
    // Values of opposite signs may be further apart than any number.
    let share = if extent.is_finite() {
        (value - from) / extent
    } else {
        (value / 2.0 - from / 2.0) / (to / 2.0 - from / 2.0)
    };
    share.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{HigherIsBetter as Higher, LowerIsBetter as Lower};
    use stratbox_metrics::Missing;

    fn scores(direction: Direction, scale: Scale, values: &[f64]) -> Vec<f64> {
        let criterion = Criterion { name: "it".to_owned(), weight: 1.0, direction, scale };
        criterion.scores(&values.iter().copied().map(Figure::of).collect::<Vec<_>>())
    }

    #[test]
    fn the_worst_of_those_compared_is_zero_and_the_best_is_one() {
        assert_eq!(scores(Higher, Scale::Relative, &[1.0, 3.0, 2.0]), [0.0, 1.0, 0.5]);
        assert_eq!(scores(Lower, Scale::Relative, &[1.0, 3.0, 2.0]), [1.0, 0.0, 0.5]);
    }

    #[test]
    fn equal_figures_are_all_as_good_as_the_best() {
        assert_eq!(scores(Lower, Scale::Relative, &[2.0, 2.0]), [1.0, 1.0]);
    }

    #[test]
    fn a_figure_that_no_other_has_tells_nothing_apart() {
        let only = [Figure::of(-0.05), Missing::NoSignals.into()];
        let scores = |scale, figures: &[Figure]| {
            Criterion { name: "ic".to_owned(), weight: 1.0, direction: Higher, scale }.scores(figures)
        };
        assert_eq!(scores(Scale::Relative, &only), [0.0, 0.0]);
        assert_eq!(scores(Scale::Relative, &only[..1]), [1.0], "nobody else takes part");
        assert_eq!(scores(Scale::Between { from: -0.05, to: 1.0 }, &only), [0.0, 0.0]);
        assert_eq!(scores(Scale::Between { from: -1.0, to: 0.9 }, &only), [0.5, 0.0]);
    }

    #[test]
    fn a_given_range_does_not_depend_on_the_others_and_ends_where_it_ends() {
        let marks = Scale::Between { from: 0.0, to: 10.0 };
        assert_eq!(scores(Higher, marks, &[7.0, 12.0, -1.0]), [0.7, 1.0, 0.0]);
        assert_eq!(scores(Lower, marks, &[7.5]), [0.25]);
    }

    #[test]
    fn figures_as_far_apart_as_can_be_and_as_near_have_scores() {
        assert_eq!(scores(Higher, Scale::Relative, &[-f64::MAX, 0.0, f64::MAX]), [0.0, 0.5, 1.0]);
        assert_eq!(scores(Higher, Scale::Relative, &[0.0, 5e-324]), [0.0, 1.0]);
    }

    #[test]
    fn a_missing_figure_scores_nothing_and_does_not_move_the_others() {
        let criterion =
            Criterion { name: String::new(), weight: 1.0, direction: Higher, scale: Scale::Relative };
        let figures = [Figure::of(1.0), Missing::NoSignals.into(), Figure::of(2.0)];
        assert_eq!(criterion.scores(&figures), [0.0, 0.0, 1.0]);
    }

    #[test]
    fn weights_and_ranges_that_make_no_sense_are_refused() {
        let with =
            |weight, scale| Criterion { name: String::new(), weight, direction: Higher, scale }.check();
        for weight in [-1.0, f64::NAN, f64::INFINITY, 1.1e6] {
            assert!(matches!(with(weight, Scale::Relative), Err(CriterionProblem::Weight(_))), "{weight}");
        }
        for (from, to) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
            let refused = with(1.0, Scale::Between { from, to });
            assert!(matches!(refused, Err(CriterionProblem::Range(..))), "{from} {to}");
        }
        assert_eq!(with(0.0, Scale::Between { from: -1.0, to: 1.0 }), Ok(()));
    }
}
