//! Scores to totals, and totals to ranks.

/// Totals that are no further apart than this share of the greater one are equal. Totals in a row, each as near to the
/// one before it, are all equal: whether two are does not depend on where one begins.
const SAME: f64 = 1e-12;

/// The weighted mean of scores, from 0 to 1. At least one weight is above zero.
pub(super) fn total(weights: &[f64], scores: &[f64]) -> f64 {
    // Beside the greatest of them, tiny weights are no nearer to the end of what a number can be than any others.
    let greatest = weights.iter().copied().fold(0.0, f64::max);
    let shares = || weights.iter().map(|weight| weight / greatest);
    let weighted: f64 = shares().zip(scores).map(|(share, score)| share * score).sum();
    (weighted / shares().sum::<f64>()).clamp(0.0, 1.0)
}

/// Indices, best first, each with its rank: equal ones share it, and those after them go on with their place (1, 1, 3).
/// Equal ones are in the order of their names.
pub(super) fn ranked(totals: &[f64], name: impl Fn(usize) -> String) -> Vec<(usize, u64)> {
    let mut order: Vec<usize> = (0..totals.len()).collect();
    order.sort_by(|&one, &other| totals[other].total_cmp(&totals[one]));
    let same = |one: &usize, other: &usize| totals[*one] - totals[*other] <= SAME * totals[*one];
    let mut ranked = Vec::with_capacity(order.len());
    for group in order.chunk_by(same) {
        let rank = ranked.len() as u64 + 1;
        let mut group = group.to_vec();
        group.sort_by_key(|index| name(*index));
        ranked.extend(group.into_iter().map(|index| (index, rank)));
    }
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_the_weighted_mean() {
        assert_eq!(total(&[1.0, 3.0], &[1.0, 0.0]), 0.25);
        assert_eq!(total(&[0.0, 2.0], &[1.0, 0.5]), 0.5);
        assert_eq!(total(&[5e-324, 5e-324], &[1.0, 0.0]), 0.5);
    }

    #[test]
    fn equal_totals_share_a_rank_and_the_next_one_has_its_place() {
        let ranks = ranked(&[0.5, 0.9, 0.9, 0.1], |index| ["a", "c", "b", "d"][index].to_owned());
        assert_eq!(ranks, [(2, 1), (1, 1), (0, 3), (3, 4)]);
    }

    #[test]
    fn totals_that_differ_by_rounding_are_equal_also_in_a_row() {
        let totals = [0.5, 0.5 + 4e-13, 0.5 + 8e-13, 0.5 + 1e-9];
        let ranks: Vec<u64> = ranked(&totals, |index| index.to_string()).iter().map(|it| it.1).collect();
        assert_eq!(ranks, [1, 2, 2, 2]);
    }
}
