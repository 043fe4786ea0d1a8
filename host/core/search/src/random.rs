//! Numbers that look random and are functions of their arguments, so that a point is computed from its index alone.

use stratbox_domain::KeyBuilder;

/// Rounds of the network: four make a permutation that statistics cannot tell from a random one.
const ROUNDS: u64 = 6;

/// A seed of its own for one purpose and one axis.
pub(crate) fn seed_of(purpose: &str, seed: u64, name: &str) -> u64 {
    let digest =
        KeyBuilder::new(purpose).field("seed", &seed.to_le_bytes()).field("name", name.as_bytes()).finish();
    digest.as_bytes().iter().take(8).fold(0, |bits, byte| (bits << 8) | u64::from(*byte))
}

/// 64 bits of two numbers: the finaliser of SplitMix64 (Steele, Lea and Flood 2014) over each.
pub(crate) fn mix(seed: u64, number: u64) -> u64 {
    let finish = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    finish(finish(number.wrapping_add(0x9e37_79b9_7f4a_7c15)) ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// A number from 0 to below 1, of 53 bits.
pub(crate) fn share(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// A permutation of `0..len` without a table: a Feistel network over the next power of four, walked until it comes out
/// below `len` (Black and Rogaway 2002).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Permutation {
    len: u64,
    half: u32,
    seed: u64,
}

impl Permutation {
    /// Of at least one number and at most 2^62.
    pub(crate) fn new(len: u64, seed: u64) -> Self {
        let bits = u64::BITS - len.saturating_sub(1).leading_zeros();
        Self { len, half: bits.div_ceil(2).max(1), seed }
    }

    /// Where `index`, below `len`, goes.
    pub(crate) fn at(&self, index: u64) -> u64 {
        let mut value = self.shuffle(index);
        // Every walk ends: it is on a cycle that contains `index`. The network is at most four times as large as `len`.
        while value >= self.len {
            value = self.shuffle(value);
        }
        value
    }

    fn shuffle(&self, value: u64) -> u64 {
        let mask = (1_u64 << self.half) - 1;
        let (mut left, mut right) = (value >> self.half, value & mask);
        for round in 0..ROUNDS {
            let key = mix(self.seed, round);
            (left, right) = (right, left ^ (mix(key, right) & mask));
        }
        (left << self.half) | right
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn a_permutation_hits_every_number_once(len in 1_u64..3_000, seed: u64) {
            let permutation = Permutation::new(len, seed);
            let hit: BTreeSet<u64> = (0..len).map(|index| permutation.at(index)).collect();
            prop_assert_eq!(hit.len() as u64, len);
            prop_assert!(hit.iter().all(|value| *value < len));
        }
    }

    #[test]
    fn another_seed_is_another_permutation() {
        let order = |seed| (0..100).map(|index| Permutation::new(100, seed).at(index)).collect::<Vec<_>>();
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
    }

    #[test]
    fn no_place_is_preferred() {
        // Where the first of six goes, over 6,000 seeds: five standard deviations of a fair die are 144.
        let mut counts = [0_i32; 6];
        (0..6_000).for_each(|seed| counts[Permutation::new(6, seed).at(0) as usize] += 1);
        assert!(counts.iter().all(|count| (count - 1_000).abs() < 144), "{counts:?}");
    }
}
