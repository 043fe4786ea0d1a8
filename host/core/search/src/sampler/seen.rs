//! Which points were suggested before.

use std::collections::BTreeSet;

use stratbox_domain::{Cube, Params};

use crate::random::{Permutation, seed_of};

/// The points of a finite space that were suggested, as numbers; of any other only those that were enqueued, since no
/// two others are the same but by a chance of one in a million million.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// Number of points and the order in which what is left of them is walked through.
    finite: Option<(u64, Permutation)>,
    numbers: BTreeSet<u64>,
    texts: BTreeSet<String>,
    walked: u64,
}

impl Seen {
    pub(super) fn new(cube: &Cube, seed: u64) -> Self {
        let order = |len| (len, Permutation::new(len, seed_of("rest of a space", seed, "")));
        let finite = cube.cardinality().map(order);
        Self { finite, numbers: BTreeSet::new(), texts: BTreeSet::new(), walked: 0 }
    }

    /// Remembers a point of the space; false when it was remembered before.
    pub(super) fn insert(&mut self, cube: &Cube, point: &Params) -> bool {
        match cube.number_of(point) {
            Some(number) => self.numbers.insert(number),
            None => self.texts.is_empty() || !self.texts.contains(&text(point)),
        }
    }

    /// Remembers an enqueued point; false when it was remembered before.
    pub(super) fn enqueue(&mut self, cube: &Cube, point: &Params) -> bool {
        match cube.number_of(point) {
            Some(number) => self.numbers.insert(number),
            None => self.texts.insert(text(point)),
        }
    }

    pub(super) fn contains(&self, cube: &Cube, point: &Params) -> bool {
        !self.numbers.is_empty() && cube.number_of(point).is_some_and(|number| self.numbers.contains(&number))
    }

    /// Whether every point was suggested.
    pub(super) fn is_full(&self) -> bool {
        self.finite.is_some_and(|(len, _)| self.numbers.len() as u64 >= len)
    }

    /// A point of a finite space that was not suggested, which is remembered. All calls together walk through the space
    /// once.
    pub(super) fn any_other(&mut self, cube: &Cube) -> Option<Params> {
        let (len, order) = self.finite?;
        while self.walked < len {
            let number = order.at(self.walked);
            self.walked += 1;
            if self.numbers.insert(number) {
                return cube.at_number(number);
            }
        }
        None
    }
}

/// Params as text that no other has.
fn text(point: &Params) -> String {
    format!("{point:?}")
}
