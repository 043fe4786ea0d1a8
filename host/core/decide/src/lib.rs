//! From figures to decisions.
//!
//! Which of many runs are better, by rules that are written down: the answer depends on the runs alone, never on the
//! order in which they came in. Nothing in here computes a figure or runs anything.

mod ranking;

pub use ranking::{Objective, rank};
