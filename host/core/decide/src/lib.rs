//! From figures to decisions.
//!
//! Which of many runs are better, by rules that are written down: the answer depends on the runs alone, never on the
//! order in which they came in; whether a figure passes a [`Gate`]; and, in [`splits`], on which bars a choice is made and on
//! which it is judged. Nothing in here runs anything.

mod gates;
mod ranking;
pub mod splits;

pub use gates::{Bound, Gate, GateAnswer, Verdict, overfitting_gates};
pub use ranking::{Objective, rank};
