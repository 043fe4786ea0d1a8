//! The recent past, for what the ready-made indicators do not cover.

use super::checked;
use std::collections::{VecDeque, vec_deque};

/// The last values (or bars), as many as its capacity; the oldest one leaves when another comes.
///
/// ```
/// # use stratbox_sdk::indicators::Window;
/// let mut closes = Window::new(2);
/// closes.push(1.0);
/// closes.push(2.0);
/// assert_eq!(closes.push(4.0), Some(1.0));
/// assert_eq!(closes.get(0), Some(&4.0));
/// assert_eq!(closes.iter().copied().collect::<Vec<f64>>(), [2.0, 4.0]);
/// ```
#[derive(Debug, Clone)]
pub struct Window<T> {
    values: VecDeque<T>,
    /// A deque may allocate more than it was asked for, so its own capacity is no bound.
    capacity: usize,
}

impl<T> Window<T> {
    /// An empty window that keeps `capacity` values.
    ///
    /// # Panics
    /// `capacity` is 0.
    #[must_use]
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        let capacity = checked(capacity, "`Window`");
        Self { values: VecDeque::with_capacity(capacity), capacity }
    }

    /// Takes the next value; returns the one that had to leave for it, if any.
    #[inline]
    pub fn push(&mut self, value: T) -> Option<T> {
        let oldest = if self.is_full() { self.values.pop_front() } else { None };
        self.values.push_back(value);
        oldest
    }

    /// The value `age` steps ago: 0 is the newest, `len() - 1` the oldest.
    #[must_use]
    #[inline]
    pub fn get(&self, age: usize) -> Option<&T> {
        self.values.get(self.values.len().checked_sub(1)?.checked_sub(age)?)
    }

    /// From the oldest to the newest; `.rev()` for the other way round.
    #[inline]
    pub fn iter(&self) -> vec_deque::Iter<'_, T> {
        self.values.iter()
    }

    /// How many values there are.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none yet.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether there are as many as its capacity: the next one pushes the oldest out.
    #[must_use]
    #[inline]
    pub fn is_full(&self) -> bool {
        self.values.len() == self.capacity
    }

    /// How many values it keeps.
    #[must_use]
    #[inline]
    pub fn capacity(&self) -> usize {
        self.capacity
    }
}

impl<'a, T> IntoIterator for &'a Window<T> {
    type Item = &'a T;
    type IntoIter = vec_deque::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
