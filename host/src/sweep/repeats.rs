//! Draws of a random search that repeat an earlier one, found in bounded memory.

use stratbox_domain::Space;

use crate::bits::Bits;
use crate::key::params_digest;

/// Digests held at once. More draws are looked at in several rounds, each of which holds the digests of its share.
const AT_ONCE: u64 = 1 << 20;

/// Points whose parameters an earlier point has.
pub(super) fn repeats(space: &Space) -> Bits {
    repeats_within(space, AT_ONCE)
}

fn repeats_within(space: &Space, at_once: u64) -> Bits {
    let mut repeats = Bits::none(space.len());
    let rounds = space.len().div_ceil(at_once);
    for round in 0..rounds {
        let mut seen = Vec::new();
        for (index, params) in (0_u64..).zip(space.iter()) {
            let digest = params_digest(&params);
            // Half a digest tells a million draws apart; where two are equal, the parameters decide.
            let (share, print) = halves(digest.as_bytes());
            if share % rounds == round {
                seen.push((print, index));
            }
        }
        seen.sort_unstable();
        for group in seen.chunk_by(|one, other| one.0 == other.0).filter(|group| group.len() > 1) {
            mark(space, group, &mut repeats);
        }
    }
    repeats
}

/// Marks the points of a group of equal prints that repeat an earlier one of it.
fn mark(space: &Space, group: &[(u64, u64)], repeats: &mut Bits) {
    let mut distinct = Vec::new();
    for (_, index) in group {
        let params = space.get(*index);
        if distinct.contains(&params) {
            repeats.insert(*index);
        } else {
            distinct.push(params);
        }
    }
}

fn halves(digest: &[u8; 32]) -> (u64, u64) {
    let word = |at: usize| digest[at..at + 8].iter().fold(0, |word, byte| (word << 8) | u64::from(*byte));
    (word(0), word(8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stratbox_domain::{Axis, AxisValues, ParamValue};

    #[test]
    fn of_draws_with_the_same_parameters_all_but_the_first_are_repeats_in_however_many_rounds() {
        let values = AxisValues::List([false, true].map(ParamValue::Boolean).to_vec());
        let axes = ["a", "b"].map(|name| Axis { name: name.to_owned(), values: values.clone() });
        let space = Space::random(axes.to_vec(), 1_000, 7).unwrap();
        let repeats = repeats(&space);
        assert_eq!(repeats.len(), 996);
        let mut distinct = Vec::new();
        for index in 0..1_000 {
            let params = space.get(index).unwrap();
            assert_eq!(repeats.contains(index), distinct.contains(&params), "{index}");
            distinct.push(params);
        }
        assert_eq!(repeats_within(&space, 100), repeats);
    }

    #[test]
    fn draws_of_which_no_two_are_alike_are_no_repeats() {
        let values = AxisValues::UniformNumber { min: 0.0, max: 1.0, scale: stratbox_domain::Scale::Linear };
        let space = Space::random(vec![Axis { name: "a".to_owned(), values }], 1_000, 7).unwrap();
        assert_eq!(repeats(&space).len(), 0);
    }
}
