//! From figures to decisions.
//!
//! Which of many runs are better, by rules that are written down: the answer depends on the runs alone, never on the
//! order in which they came in; whether a figure passes a [`Gate`]; and, in [`splits`], on which bars a choice is made and on
//! which it is judged. A [`comparison`] puts candidates side by side by several criteria, a [`selection`] takes some of
//! them, and an [`allocation`] says how much more of each to try. Nothing in here runs anything.

pub mod allocation;
pub mod comparison;
mod gates;
mod names;
mod ranking;
pub mod regimes;
pub mod robustness;
pub mod selection;
pub mod splits;
mod tier;
mod tiers;
pub mod validation;
mod words;

pub use gates::{AwayFrom, Bound, Gate, GateAnswer, NotABound, Verdict, WrittenBound, overfitting_gates};
pub use ranking::{Objective, rank};
pub use tier::{Category, NoStatus, Status, Tier};
pub use tiers::{StampedVerdict, TierSettings, TierVerdict};
