//! Rows in the order of one metric.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use stratbox_metrics::{Direction, MetricName, Metrics};

/// What runs are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// The metric, in its own direction.
    pub metric: MetricName,
}

impl Objective {
    /// Indices of `rows`, best first. Rows without metrics (a run that failed) or without this one come last; equal
    /// rows are in the order of their keys, which must differ, as run keys do.
    pub fn rank<'a, T, K: Ord>(
        self,
        rows: &'a [T],
        metrics: impl Fn(&'a T) -> Option<&'a Metrics>,
        key: impl Fn(&'a T) -> K,
    ) -> Vec<usize> {
        let figure = |row: &'a T| metrics(row).and_then(|metrics| metrics.get(self.metric).value());
        rank(rows, figure, self.metric.direction(), key)
    }
}

/// Indices of `rows`, best first. Rows without a figure, or with one that is not a number, come last; equal rows are
/// in the order of `tie_break`, so that the result does not depend on the order of `rows` when no two keys are equal.
pub fn rank<'a, T, K: Ord>(
    rows: &'a [T],
    figure: impl Fn(&'a T) -> Option<f64>,
    direction: Direction,
    tie_break: impl Fn(&'a T) -> K,
) -> Vec<usize> {
    let standing = |row| (figure(row).filter(|value| !value.is_nan()), tie_break(row));
    let standings: Vec<_> = rows.iter().map(standing).collect();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|&a, &b| {
        let ((one, one_key), (other, other_key)) = (&standings[a], &standings[b]);
        best_first(*one, *other, direction).then_with(|| one_key.cmp(other_key))
    });
    order
}

fn best_first(one: Option<f64>, other: Option<f64>, direction: Direction) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) => {
            // Not a number was filtered out, so every two values compare; -0 equals 0.
            let ascending = one.partial_cmp(&other).unwrap_or(Ordering::Equal);
            match direction {
                Direction::LowerIsBetter => ascending,
                Direction::HigherIsBetter => ascending.reverse(),
            }
        }
        (one, other) => one.is_none().cmp(&other.is_none()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stratbox_domain::VenueSummary;
    use stratbox_metrics::Accumulator;

    type Row = (Option<f64>, u32);

    fn ranked(rows: &[Row], direction: Direction) -> Vec<Row> {
        rank(rows, |row| row.0, direction, |row| row.1).into_iter().map(|index| rows[index]).collect()
    }

    #[test]
    fn the_best_comes_first_in_either_direction() {
        let rows = [(Some(2.0), 1), (Some(3.0), 2), (Some(1.0), 3)];
        let keys = |direction| ranked(&rows, direction).iter().map(|row| row.1).collect::<Vec<_>>();
        assert_eq!(keys(Direction::HigherIsBetter), [2, 1, 3]);
        assert_eq!(keys(Direction::LowerIsBetter), [3, 1, 2]);
    }

    #[test]
    fn rows_without_a_figure_come_last_in_either_direction() {
        let rows = [(None, 1), (Some(-5.0), 2), (Some(f64::NAN), 0), (Some(5.0), 3)];
        for direction in [Direction::HigherIsBetter, Direction::LowerIsBetter] {
            let keys: Vec<_> = ranked(&rows, direction).iter().map(|row| row.1).collect();
            assert_eq!(keys[2..], [0, 1]);
        }
    }

    #[test]
    fn the_two_zeros_are_a_tie() {
        let rows = [(Some(0.0), 2), (Some(-0.0), 1)];
        assert_eq!(ranked(&rows, Direction::HigherIsBetter)[0].1, 1);
        assert_eq!(ranked(&rows, Direction::LowerIsBetter)[0].1, 1);
    }

    #[test]
    fn an_objective_ranks_by_its_metric_in_its_direction() {
        let run = |fees| {
            let summary = VenueSummary { fees, ..VenueSummary::default() };
            Some(Accumulator::new(100.0, 252.0).finish(&summary, None))
        };
        let runs = [(run(3.0), 'a'), (None, 'b'), (run(1.0), 'c')];
        let objective = |metric| Objective { metric }.rank(&runs, |row| row.0.as_ref(), |row| row.1);
        assert_eq!(objective(MetricName::Fees), [2, 0, 1]);
        assert_eq!(objective(MetricName::Sharpe), [0, 1, 2], "no run has one, so the keys decide");
    }

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let figure = prop_oneof![
            1 => Just(None),
            3 => (-3_i32..3).prop_map(|value| Some(f64::from(value))),
            1 => any::<f64>().prop_map(Some),
        ];
        let number = |figures: Vec<_>| figures.into_iter().zip(0..).collect();
        prop::collection::vec(figure, 0..40).prop_map(number)
    }

    proptest! {
        #[test]
        fn the_order_of_the_rows_does_not_matter(
            (rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        ) {
            for direction in [Direction::HigherIsBetter, Direction::LowerIsBetter] {
                let keys = |rows: &[Row]| ranked(rows, direction).iter().map(|row| row.1).collect::<Vec<_>>();
                prop_assert_eq!(keys(&rows), keys(&shuffled));
            }
        }

        #[test]
        fn every_row_has_one_place_and_no_row_is_better_than_one_before_it(rows in rows()) {
            let mut order = rank(&rows, |row| row.0, Direction::HigherIsBetter, |row| row.1);
            for pair in order.windows(2) {
                let (before, after) = (rows[pair[0]], rows[pair[1]]);
                let number = |row: Row| row.0.filter(|value| !value.is_nan());
                match (number(before), number(after)) {
                    (Some(one), Some(other)) => prop_assert!(one > other || (one == other && before.1 < after.1)),
                    (None, None) => prop_assert!(before.1 < after.1),
                    (one, _) => prop_assert!(one.is_some(), "a missing figure comes last"),
                }
            }
            order.sort_unstable();
            prop_assert_eq!(order, (0..rows.len()).collect::<Vec<_>>());
        }
    }
}
