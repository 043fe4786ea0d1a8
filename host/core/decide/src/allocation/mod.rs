//! How much more to try: how many variants of an approach, how a budget is shared among approaches, and what to do when
//! none of them passes.

mod after_failure;
mod resources;
mod variants;
mod written;

pub use after_failure::{Evidence, IfNonePass, Next, NextStep, after_failure};
pub use resources::{Claim, Resources, Share, So};
pub use variants::{Adaptive, MAX_VARIANTS, Variants};

use crate::names::quoted;

/// What cannot be allocated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AllocationError {
    /// A setting is out of range.
    #[error("`{field}` {problem}")]
    Setting {
        /// Which.
        field: &'static str,
        /// What is wrong with it, and what is allowed.
        problem: String,
    },
    /// There is nobody to share with.
    #[error("there is no approach to give a share to")]
    NoApproach,
    /// An approach that is there twice.
    #[error("approach {} is there twice: give each a name of its own", quoted(.0))]
    Twice(String),
}

/// That a number is out of range.
fn refuse<T>(
    field: &'static str,
    value: impl std::fmt::Display,
    allowed: &str,
) -> Result<T, AllocationError> {
    Err(AllocationError::Setting { field, problem: format!("is `{value}`: it must be {allowed}") })
}
