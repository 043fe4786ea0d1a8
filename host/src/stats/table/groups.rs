//! Rows that belong together, and the order of what they belong to.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::super::times::Times;

/// The texts by which rows belong together, numbered as they first appear.
#[derive(Debug, Default)]
pub(super) struct Groups {
    numbers: BTreeMap<Vec<u8>, usize>,
}

/// What the texts are, all of them.
enum Keys {
    Numbers(Vec<f64>),
    /// Nanoseconds since the Unix epoch.
    Times(Vec<i64>),
    Texts,
}

impl Groups {
    /// The number of a cell's group.
    pub(super) fn number(&mut self, cell: &[u8]) -> usize {
        let next = self.numbers.len();
        match self.numbers.get(cell) {
            Some(number) => *number,
            None => *self.numbers.entry(cell.to_vec()).or_insert(next),
        }
    }

    /// The place of each group, by its number, among all of them: in the order of numbers when every text is one, of times when
    /// every text is one, and else of the texts.
    pub(super) fn places(self) -> Vec<usize> {
        let (texts, numbers): (Vec<Vec<u8>>, Vec<usize>) = self.numbers.into_iter().unzip();
        let keys = Keys::of(&texts);
        let mut order: Vec<usize> = (0..texts.len()).collect();
        // Stable: texts of the same number or time stay in the order of texts.
        order.sort_by(|a, b| keys.compare(*a, *b));
        let mut places = vec![0; texts.len()];
        for (place, index) in order.into_iter().enumerate() {
            places[numbers[index]] = place;
        }
        places
    }
}

impl Keys {
    fn of(texts: &[Vec<u8>]) -> Self {
        let readable = || texts.iter().map(|text| std::str::from_utf8(text).ok().map(str::trim));
        let number = |text: &str| text.parse().ok().filter(|number: &f64| number.is_finite());
        if let Some(numbers) = readable().map(|text| text.and_then(number)).collect() {
            return Self::Numbers(numbers);
        }
        let mut times = Times::default();
        let time = |text: Option<&str>| text.and_then(|text| times.read(text).ok());
        readable().map(time).collect::<Option<_>>().map_or(Self::Texts, Self::Times)
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        match self {
            Self::Numbers(numbers) => numbers[a].total_cmp(&numbers[b]),
            Self::Times(times) => times[a].cmp(&times[b]),
            Self::Texts => a.cmp(&b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts in the order of their places.
    fn ordered<'t>(texts: &[&'t str]) -> Vec<&'t str> {
        let mut groups = Groups::default();
        texts.iter().for_each(|text| _ = groups.number(text.as_bytes()));
        let places = groups.places();
        let mut ordered = vec![""; texts.len()];
        texts.iter().zip(places).for_each(|(text, place)| ordered[place] = text);
        ordered
    }

    #[test]
    fn numbers_are_in_their_order_and_so_are_dates_and_text() {
        assert_eq!(ordered(&["10", "9", "-1", "9.5"]), ["-1", "9", "9.5", "10"]);
        assert_eq!(ordered(&["20200201", "20200110"]), ["20200110", "20200201"]);
        assert_eq!(
            ordered(&["2020-01-02", "2020-01-01 23:00", "2020-01-02 03:00:00+09:00"]),
            ["2020-01-02 03:00:00+09:00", "2020-01-01 23:00", "2020-01-02"],
            "of moments, however they are written"
        );
        assert_eq!(ordered(&["tech", "10", "9", "banks"]), ["10", "9", "banks", "tech"]);
    }

    #[test]
    fn rows_with_the_same_text_have_the_same_number() {
        let mut groups = Groups::default();
        let numbers = ["b", "a", "b", "\u{e9}"].map(|text| groups.number(text.as_bytes()));
        assert_eq!(numbers, [0, 1, 0, 2]);
        assert_eq!(groups.number(b"\xff"), 3);
        assert_eq!(groups.places(), [1, 0, 2, 3]);
        assert!(Groups::default().places().is_empty());
    }
}
