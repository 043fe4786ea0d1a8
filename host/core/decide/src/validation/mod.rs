//! The rules of a validation: what becomes of a strategy that failed, when somebody must be asked, and what is said of all.
//!
//! Everything in here is a function of what it is given: the order of results never matters, and times are inputs, in
//! microseconds.

mod alerts;
mod escalation;
mod merge;
mod outcome;
mod summary;

pub use alerts::{Alert, MANY_TIMEOUTS, SLOW, Timing, alerts};
pub use escalation::{Asked, Choice, Escalation, EscalationSettings, escalation};
pub use merge::{Conflict, ResultKey, merge};
pub use outcome::{DEFAULT_MARGIN, DEFAULT_RETRIES, Next, Outcome, Settled, fixable, next_try};
pub use summary::{Summary, Workers};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Category;

/// Something with the sentence that people read of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Said<T> {
    /// The data, with a stable `label`.
    #[serde(flatten)]
    pub what: T,
    /// One sentence for people. Ids in it are as they were given: escape them before you show it.
    pub sentence: String,
}

/// How many strategies came to what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counts(BTreeMap<Category, u64>);

impl Counts {
    /// Of one category.
    #[must_use]
    pub fn get(&self, category: Category) -> u64 {
        self.0.get(&category).copied().unwrap_or(0)
    }

    /// Of all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Those that did not pass, whatever the cause.
    #[must_use]
    pub fn not_passed(&self) -> u64 {
        self.total() - self.get(Category::Pass)
    }

    /// Categories that occurred, with how often.
    pub fn iter(&self) -> impl Iterator<Item = (Category, u64)> {
        self.0.iter().map(|(category, count)| (*category, *count))
    }
}

impl FromIterator<Category> for Counts {
    fn from_iter<I: IntoIterator<Item = Category>>(categories: I) -> Self {
        let mut counts = BTreeMap::new();
        for category in categories {
            *counts.entry(category).or_insert(0) += 1;
        }
        Self(counts)
    }
}

/// Whether `part` is more than this share of `all`. A share that is not a number is never exceeded.
fn exceeds(part: u64, all: u64, share: f64) -> bool {
    part as f64 > share * all as f64
}
