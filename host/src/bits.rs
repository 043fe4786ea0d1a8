//! A set of small numbers, in a bit for each that there could be: of ten million variants it takes a mebibyte.

/// Numbers from 0 up to a bound.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Bits {
    words: Vec<u64>,
    count: u64,
}

impl Bits {
    /// None of the numbers below `bound`.
    pub(crate) fn none(bound: u64) -> Self {
        Self { words: vec![0; usize::try_from(bound.div_ceil(64)).unwrap_or(usize::MAX)], count: 0 }
    }

    /// Adds a number; one beyond the bound is not added.
    pub(crate) fn insert(&mut self, number: u64) {
        if let Some(word) = self.words.get_mut((number / 64) as usize) {
            let bit = 1 << (number % 64);
            self.count += u64::from(*word & bit == 0);
            *word |= bit;
        }
    }

    pub(crate) fn contains(&self, number: u64) -> bool {
        self.words.get((number / 64) as usize).is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    /// How many numbers are in it.
    pub(crate) fn len(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_in_it_once_it_was_added_and_counts_once() {
        let mut bits = Bits::none(130);
        for number in [0, 63, 64, 129, 129] {
            assert_eq!(bits.contains(number), number == 129 && bits.len() == 4);
            bits.insert(number);
            assert!(bits.contains(number));
        }
        assert_eq!((bits.len(), bits.contains(1), bits.contains(128)), (4, false, false));
    }

    #[test]
    fn what_is_beyond_the_bound_is_not_in_it() {
        let mut bits = Bits::none(64);
        bits.insert(64);
        assert_eq!((bits.len(), bits.contains(64), Bits::default().contains(0)), (0, false, false));
    }
}
