//! The most frequent of many values, in a few words of memory.

/// Values that are counted at once. One that is more than every seventeenth is among them, whatever the others are.
const COUNTED: usize = 16;

/// Misra and Gries' summary: counts are never too high, and too low by the same for all.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Frequent {
    counts: Vec<(u64, u64)>,
}

impl Frequent {
    pub(crate) fn add(&mut self, value: u64) {
        if let Some(place) = self.counts.iter().position(|(known, _)| *known == value) {
            self.counts[place].1 += 1;
            // Where it is found soonest next time.
            if place > 0 && self.counts[place - 1].1 < self.counts[place].1 {
                self.counts.swap(place - 1, place);
            }
        } else if self.counts.len() < COUNTED {
            self.counts.push((value, 1));
        } else {
            self.counts.iter_mut().for_each(|(_, count)| *count -= 1);
            self.counts.retain(|(_, count)| *count > 0);
        }
    }

    /// The most frequent value and its count; of some that are as frequent, the greatest.
    pub(crate) fn most(&self) -> Option<(u64, u64)> {
        self.counts.iter().copied().max_by_key(|(value, count)| (*count, *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frequent_value_is_found_among_any_number_of_others() {
        let mut frequent = Frequent::default();
        assert_eq!(frequent.most(), None);
        for value in 0..10_000 {
            frequent.add(if value % 3 == 0 { 7 } else { 1_000 + value });
        }
        assert_eq!(frequent.most().map(|(value, _)| value), Some(7));
    }

    #[test]
    fn few_values_are_counted_exactly() {
        let mut frequent = Frequent::default();
        [3, 5, 3, 9, 5].into_iter().for_each(|value| frequent.add(value));
        assert_eq!(frequent.most(), Some((5, 2)));
    }
}
