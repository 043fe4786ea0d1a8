//! Aggregates over the last `n` values in constant amortised time, without ever taking a value back out.
//!
//! The scheme of van Herk, Gil and Werman: time is cut into blocks of `n` values. A window is the tail of one block
//! and the head of the next, so its aggregate is `tail.join(head)`. The head grows by one value at a time, and all the
//! tails of a block are made in one backward sweep when the block is complete. It takes any associative operation,
//! hence sums that cannot drift, and the largest value without a search.

use super::checked;

/// What a stretch of values is summed up as.
pub(super) trait Aggregate: Copy {
    /// The aggregate of no values: joining it changes nothing.
    const EMPTY: Self;

    /// The aggregate of two neighbouring stretches.
    fn join(self, newer: Self) -> Self;
}

/// The aggregate of the last `n` values.
#[derive(Debug, Clone)]
pub(super) struct Sliding<A> {
    /// Before `next`: the values of this block. From `next` on: the tails of the previous block.
    slots: Box<[A]>,
    next: usize,
    head: A,
    current: Option<A>,
}

impl<A: Aggregate> Sliding<A> {
    #[track_caller]
    pub(super) fn new(length: usize, of: &str) -> Self {
        let slots = vec![A::EMPTY; checked(length, of)].into_boxed_slice();
        Self { slots, next: 0, head: A::EMPTY, current: None }
    }

    /// Takes the next value; answers once there are `n`.
    #[inline]
    pub(super) fn push(&mut self, value: A) -> Option<A> {
        self.head = self.head.join(value);
        self.slots[self.next] = value;
        self.next += 1;
        if self.next == self.slots.len() {
            self.complete_block();
        } else if let Some(current) = &mut self.current {
            *current = self.slots[self.next].join(self.head);
        }
        self.current
    }

    #[inline]
    pub(super) fn current(&self) -> Option<A> {
        self.current
    }

    fn complete_block(&mut self) {
        let mut tail = A::EMPTY;
        for slot in self.slots.iter_mut().rev() {
            tail = slot.join(tail);
            *slot = tail;
        }
        self.current = Some(self.head);
        self.head = A::EMPTY;
        self.next = 0;
    }
}

#[derive(Debug, Clone, Copy)]
struct Max(f64);

impl Aggregate for Max {
    const EMPTY: Self = Self(f64::NEG_INFINITY);

    #[inline]
    fn join(self, newer: Self) -> Self {
        if self.0 > newer.0 || self.0.is_nan() { self } else { newer }
    }
}

#[derive(Debug, Clone, Copy)]
struct Min(f64);

impl Aggregate for Min {
    const EMPTY: Self = Self(f64::INFINITY);

    #[inline]
    fn join(self, newer: Self) -> Self {
        if self.0 < newer.0 || self.0.is_nan() { self } else { newer }
    }
}

/// The largest of the last `n` values, this one included.
#[derive(Debug, Clone)]
pub struct Highest(Sliding<Max>);

impl Highest {
    /// Looks back over `length` values.
    ///
    /// # Panics
    /// `length` is 0.
    #[must_use]
    #[track_caller]
    pub fn new(length: usize) -> Self {
        Self(Sliding::new(length, "`Highest`"))
    }

    /// Takes the next value; `None` for the first `length - 1`.
    #[inline]
    pub fn update(&mut self, value: f64) -> Option<f64> {
        self.0.push(Max(value)).map(|max| max.0)
    }

    /// The latest answer of [`update`](Self::update).
    #[must_use]
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.0.current().map(|max| max.0)
    }
}

/// The smallest of the last `n` values, this one included.
#[derive(Debug, Clone)]
pub struct Lowest(Sliding<Min>);

impl Lowest {
    /// Looks back over `length` values.
    ///
    /// # Panics
    /// `length` is 0.
    #[must_use]
    #[track_caller]
    pub fn new(length: usize) -> Self {
        Self(Sliding::new(length, "`Lowest`"))
    }

    /// Takes the next value; `None` for the first `length - 1`.
    #[inline]
    pub fn update(&mut self, value: f64) -> Option<f64> {
        self.0.push(Min(value)).map(|min| min.0)
    }

    /// The latest answer of [`update`](Self::update).
    #[must_use]
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.0.current().map(|min| min.0)
    }
}
