//! Draws of a random search that repeat an earlier one, found in bounded memory.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use stratbox_domain::Space;

use crate::bits::Bits;
use crate::key::params_digest;

/// Draws that are looked at together: some 16 MiB of memory.
const AT_ONCE: u64 = 1 << 18;
/// Different draws that are remembered on the way: all of those of a small space, whose repetitions need not be written down.
const REMEMBERED: usize = 1 << 14;

/// Points whose parameters an earlier point has.
pub(super) fn repeats(space: &Space) -> io::Result<Bits> {
    repeats_within(space, AT_ONCE)
}

/// Equal draws have equal prints. So draws are dealt out by print to files on disk, and each file is looked at alone.
fn repeats_within(space: &Space, at_once: u64) -> io::Result<Bits> {
    let mut repeats = Bits::none(space.len());
    let mut piles = Vec::new();
    for _ in 0..space.len().div_ceil(at_once) {
        piles.push(BufWriter::new(tempfile::tempfile()?));
    }
    let mut remembered: HashMap<u64, u64> = HashMap::new();
    for (index, params) in (0_u64..).zip(space.iter()) {
        let print = print(params_digest(&params).as_bytes());
        match remembered.get(&print) {
            Some(first) if space.get(*first).as_ref() == Some(&params) => {
                repeats.insert(index);
                continue;
            }
            None if remembered.len() < REMEMBERED => drop(remembered.insert(print, index)),
            _ => {}
        }
        let pile = (print % piles.len() as u64) as usize;
        piles[pile].write_all(&print.to_le_bytes())?;
        piles[pile].write_all(&index.to_le_bytes())?;
    }
    for pile in piles {
        look_at(space, pile.into_inner().map_err(io::IntoInnerError::into_error)?, &mut repeats)?;
    }
    Ok(repeats)
}

/// Marks the repetitions of one pile.
fn look_at(space: &Space, mut pile: File, repeats: &mut Bits) -> io::Result<()> {
    pile.rewind()?;
    let mut pile = BufReader::new(pile);
    let mut draws: Vec<(u64, u64)> = Vec::new();
    let mut bytes = [[0; 8]; 2];
    while pile.read_exact(bytes.as_flattened_mut()).is_ok() {
        draws.push((u64::from_le_bytes(bytes[0]), u64::from_le_bytes(bytes[1])));
    }
    draws.sort_unstable();
    for group in draws.chunk_by(|one, other| one.0 == other.0).filter(|group| group.len() > 1) {
        // Prints of different draws are hardly ever equal: where they are, the parameters decide.
        let mut distinct = HashSet::new();
        for (_, index) in group {
            let params = space.get(*index).unwrap_or_default();
            if !distinct.insert(params_digest(&params)) {
                repeats.insert(*index);
            }
        }
    }
    Ok(())
}

fn print(digest: &[u8; 32]) -> u64 {
    digest[..8].iter().fold(0, |word, byte| (word << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stratbox_domain::{Axis, AxisValues, ParamValue};

    #[test]
    fn of_draws_with_the_same_parameters_all_but_the_first_are_repeats_in_however_many_piles() {
        let values = AxisValues::IntegerRange { min: 0, max: 20, step: 1 };
        let axes = ["a", "b"].map(|name| Axis { name: name.to_owned(), values: values.clone() });
        let space = Space::random(axes.to_vec(), 1_000, 7).unwrap();
        let repeats = repeats(&space).unwrap();
        assert!(repeats.len() > 559, "there are but 441 different ones");
        let mut distinct = Vec::new();
        for index in 0..1_000 {
            let params = space.get(index).unwrap();
            assert_eq!(repeats.contains(index), distinct.contains(&params), "{index}");
            distinct.push(params);
        }
        assert_eq!(repeats_within(&space, 100).unwrap(), repeats);
    }

    #[test]
    fn more_different_draws_than_are_remembered_are_told_apart() {
        let values = AxisValues::IntegerRange { min: 0, max: 39_999, step: 1 };
        let space = Space::random(vec![Axis { name: "a".to_owned(), values }], 60_000, 7).unwrap();
        let mut distinct = HashSet::new();
        let expected = space.iter().filter(|params| !distinct.insert(params_digest(params))).count() as u64;
        assert_eq!(repeats_within(&space, 10_000).unwrap().len(), expected);
    }

    #[test]
    fn draws_of_which_no_two_are_alike_are_no_repeats() {
        let values = AxisValues::UniformNumber { min: 0.0, max: 1.0, scale: stratbox_domain::Scale::Linear };
        let space = Space::random(vec![Axis { name: "a".to_owned(), values }], 1_000, 7).unwrap();
        assert_eq!(repeats(&space).unwrap().len(), 0);
    }

    #[test]
    fn many_draws_of_few_values_are_repeats_but_for_the_first_of_each() {
        let values = AxisValues::List([false, true].map(ParamValue::Boolean).to_vec());
        let space = Space::random(vec![Axis { name: "a".to_owned(), values }], 10_000, 7).unwrap();
        assert_eq!(repeats_within(&space, 100).unwrap().len(), 9_998);
    }
}
