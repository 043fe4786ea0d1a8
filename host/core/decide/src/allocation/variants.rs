//! How many variants of an approach are tried.

use serde::{Deserialize, Serialize};
use stratbox_metrics::{Direction, Figure};

use super::{AllocationError, refuse};

/// Most variants of an approach.
pub const MAX_VARIANTS: u64 = 1_000_000_000_000;

/// How many variants of an approach are tried: a number, or as many as it takes. Written as `32`, or as `{ adaptive = {} }`
/// with what is to be other than by default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(into = "super::written::Variants")]
pub enum Variants {
    /// So many.
    Fixed(u64),
    /// More of them, as long as the best still gets better.
    Adaptive(Adaptive),
}

/// Trying more while that helps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Adaptive {
    /// Variants of a round; 16 by default.
    pub batch: u64,
    /// Variants of all rounds, at most; 256 by default.
    pub most: u64,
    /// So many rounds in a row, together, without getting better by enough are the end; 2 by default.
    pub patience: u64,
    /// What is enough, as a share of the size of the best figure before them; 0.01 by default. From zero, anything is enough.
    pub min_improvement: f64,
}

impl Default for Adaptive {
    fn default() -> Self {
        Self { batch: 16, most: 256, patience: 2, min_improvement: 0.01 }
    }
}

impl Default for Variants {
    /// 32.
    fn default() -> Self {
        Self::Fixed(32)
    }
}

impl Variants {
    /// Checks every number.
    ///
    /// # Errors
    /// The first that is out of range.
    pub fn check(&self) -> Result<(), AllocationError> {
        match *self {
            Self::Fixed(count) if !(1..=MAX_VARIANTS).contains(&count) => {
                refuse("variants", count, "from 1 to 1000000000000")
            }
            Self::Fixed(_) => Ok(()),
            Self::Adaptive(adaptive) => adaptive.check(),
        }
    }

    /// The most that there may be in all rounds.
    #[must_use]
    pub fn most(&self) -> u64 {
        match *self {
            Self::Fixed(count) => count,
            Self::Adaptive(adaptive) => adaptive.most,
        }
    }

    /// How many more to try, given the best figure that was found up to the end of each round so far; `None` when that
    /// was enough. Each round before the last had as many as this said.
    #[must_use]
    pub fn next(&self, best_after: &[Figure], direction: Direction) -> Option<u64> {
        match self {
            Self::Fixed(count) => best_after.is_empty().then_some(*count),
            Self::Adaptive(adaptive) => adaptive.next(best_after, direction),
        }
    }
}

impl Adaptive {
    fn check(&self) -> Result<(), AllocationError> {
        let Self { batch, most, patience, min_improvement } = *self;
        if !(1..=MAX_VARIANTS).contains(&most) {
            return refuse("most", most, "from 1 to 1000000000000");
        }
        if !(1..=most).contains(&batch) {
            return refuse("batch", batch, &format!("from 1 to `most`, which is {most}"));
        }
        if patience == 0 {
            return refuse("patience", patience, "at least 1");
        }
        if !(min_improvement.is_finite() && min_improvement >= 0.0) {
            return refuse("min_improvement", min_improvement, "zero or a finite number above");
        }
        Ok(())
    }

    fn next(&self, best_after: &[Figure], direction: Direction) -> Option<u64> {
        let tried = self.batch.saturating_mul(best_after.len() as u64);
        let more = self.batch.min(self.most.saturating_sub(tried));
        (more > 0 && moves(best_after, direction, self.patience, self.min_improvement)).then_some(more)
    }
}

/// Whether the best figure got better by more than a share of its size in the last rounds together. It does as long as
/// there were not more of them.
pub(super) fn moves(best_after: &[Figure], direction: Direction, patience: u64, enough: f64) -> bool {
    let patience = usize::try_from(patience).unwrap_or(usize::MAX);
    let Some(before) = best_after.len().checked_sub(patience).filter(|count| *count > 0) else { return true };
    match (best(&best_after[..before], direction), best(best_after, direction)) {
        (Some(then), Some(now)) => {
            // Halved, because figures of opposite signs may be further apart than any number.
            let gain = match direction {
                Direction::HigherIsBetter => now / 2.0 - then / 2.0,
                Direction::LowerIsBetter => then / 2.0 - now / 2.0,
            };
            gain > enough * (then.abs() / 2.0)
        }
        (then, now) => then.is_none() && now.is_some(),
    }
}

fn best(figures: &[Figure], direction: Direction) -> Option<f64> {
    let values = figures.iter().filter_map(|figure| figure.value());
    values.reduce(match direction {
        Direction::HigherIsBetter => f64::max,
        Direction::LowerIsBetter => f64::min,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{HigherIsBetter as Higher, LowerIsBetter as Lower};
    use proptest::prelude::*;
    use stratbox_metrics::Missing;

    fn figures(values: &[f64]) -> Vec<Figure> {
        values.iter().copied().map(Figure::of).collect()
    }

    fn adaptive() -> Variants {
        Variants::Adaptive(Adaptive { batch: 10, most: 45, patience: 2, min_improvement: 0.125 })
    }

    #[test]
    fn a_fixed_number_is_tried_once() {
        assert_eq!(Variants::Fixed(7).next(&[], Higher), Some(7));
        assert_eq!(Variants::Fixed(7).next(&figures(&[1.0]), Higher), None);
    }

    #[test]
    fn more_are_tried_while_the_best_gets_better_by_enough() {
        let next = |values: &[f64]| adaptive().next(&figures(values), Higher);
        assert_eq!((next(&[]), next(&[1.0]), next(&[1.0, 1.0])), (Some(10), Some(10), Some(10)));
        assert_eq!(next(&[1.0, 1.0, 1.0]), None, "two rounds without any gain");
        assert_eq!(next(&[1.0, 1.0625, 1.125]), None, "an eighth is not more than an eighth");
        assert_eq!(next(&[1.0, 1.0625, 1.25]), Some(10), "two small steps are enough together");
        assert_eq!(next(&[1.0, 2.0, 3.0, 4.0]), Some(5), "no more than there may be");
        assert_eq!(next(&[1.0, 2.0, 3.0, 4.0, 5.0]), None);
    }

    #[test]
    fn less_is_more_where_lower_is_better_and_a_worse_round_is_no_step_back() {
        assert_eq!(adaptive().next(&figures(&[-1.0, -1.0, -2.0]), Lower), Some(10));
        assert_eq!(adaptive().next(&figures(&[-1.0, -1.0, -0.5]), Lower), None);
    }

    #[test]
    fn the_first_figure_of_all_is_a_step_forward_and_none_is_not() {
        let none: Figure = Missing::NoClosedTrades.into();
        assert_eq!(adaptive().next(&[none, none, Figure::of(-9.0)], Higher), Some(10));
        assert_eq!(adaptive().next(&[none, none, none], Higher), None);
        assert_eq!(adaptive().next(&figures(&[0.0, 0.0, 1e-9]), Higher), Some(10));
    }

    #[test]
    fn numbers_out_of_range_are_refused_with_the_range() {
        let refused = |it: Variants| it.check().unwrap_err().to_string();
        assert_eq!(refused(Variants::Fixed(0)), "`variants` is `0`: it must be from 1 to 1000000000000");
        let with = |batch, most, patience, min_improvement| {
            Variants::Adaptive(Adaptive { batch, most, patience, min_improvement })
        };
        assert_eq!(refused(with(9, 8, 1, 0.0)), "`batch` is `9`: it must be from 1 to `most`, which is 8");
        assert!(refused(with(1, 0, 1, 0.0)).starts_with("`most`"));
        assert!(refused(with(1, 1, 0, 0.0)).starts_with("`patience`"));
        assert!(refused(with(1, 1, 1, f64::NAN)).starts_with("`min_improvement`"));
        assert_eq!(Variants::default().check(), Ok(()));
        assert_eq!(Variants::Adaptive(Adaptive::default()).check(), Ok(()));
    }

    proptest! {
        #[test]
        fn all_rounds_together_are_no_more_than_the_most_and_come_to_an_end(
            batch in 1_u64..20, more in 0_u64..60, patience in 1_u64..4, values in prop::collection::vec(-9.0..9.0_f64, 100),
        ) {
            let it = Variants::Adaptive(Adaptive { batch, most: batch + more, patience, min_improvement: 0.01 });
            let (mut tried, mut rounds) = (0, 0);
            while let Some(more) = it.next(&figures(&values[..rounds]), Higher) {
                prop_assert!(more >= 1);
                tried += more;
                rounds += 1;
            }
            prop_assert!(tried >= batch && tried <= it.most());
        }
    }
}
