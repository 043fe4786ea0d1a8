//! The tiers of a validation, what came of one, and where a strategy stands.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How thoroughly a strategy is validated, from cheap to dear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tier {
    /// Cheap: a few months, one instrument, default parameters.
    L0,
    /// Thorough: all bars that choosing may read, walked forward, with costs.
    L1,
    /// Final: the holdout, with every trial made on the way counted.
    L2,
}

/// What came of one tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    /// Every gate was passed.
    Pass,
    /// A gate was missed, and nothing suggests that another try would change that.
    Fail,
    /// Its time ran out, also in the last try.
    Timeout,
    /// It could not be validated for no fault of its own: its worker was lost.
    Error,
    /// There are no bars to validate it on.
    DataUnavailable,
    /// It failed in a way that a change of the source or of parameters may mend.
    Fixable,
}

/// Where a strategy of a queue stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Nothing was done.
    Pending,
    /// It is being validated, or was when its process ended.
    Validating(Tier),
    /// The last tier that it was in, and what came of that.
    Done(Tier, Category),
}

impl Tier {
    /// All, from cheap to dear.
    pub const ALL: [Self; 3] = [Self::L0, Self::L1, Self::L2];

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| *tier > self)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::L0 => "L0",
            Self::L1 => "L1",
            Self::L2 => "L2",
        }
    }
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Pass, Self::Fail, Self::Timeout, Self::Error, Self::DataUnavailable, Self::Fixable];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Timeout => "TIMEOUT",
            Self::Error => "ERROR",
            Self::DataUnavailable => "DATA_UNAVAILABLE",
            Self::Fixable => "FIXABLE",
        }
    }

    /// How a status ends that says so.
    fn ending(self) -> &'static str {
        match self {
            Self::Pass => "PASSED",
            Self::Fail => "FAILED",
            other => other.as_str(),
        }
    }
}

impl Status {
    /// The tier that is next, up to `until`. Whoever failed for good or has passed all has none; other failures are tried
    /// again, as their cause may be gone.
    #[must_use]
    pub fn due(self, until: Tier) -> Option<Tier> {
        let next = match self {
            Self::Pending => Some(Tier::L0),
            Self::Validating(tier) => Some(tier),
            Self::Done(tier, Category::Pass) => tier.next(),
            Self::Done(_, Category::Fail) => None,
            Self::Done(tier, _) => Some(tier),
        };
        next.filter(|tier| *tier <= until)
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// As in queue files: `PENDING`, `L0_VALIDATING`, `L0_PASSED`, `L0_FAILED`, `L0_TIMEOUT` and so on.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.pad("PENDING"),
            Self::Validating(tier) => f.pad(&format!("{tier}_VALIDATING")),
            Self::Done(tier, category) => f.pad(&format!("{tier}_{}", category.ending())),
        }
    }
}

impl Status {
    /// All that there are.
    pub fn all() -> impl Iterator<Item = Self> {
        let of = |tier| {
            let done = Category::ALL.into_iter().map(move |category| Self::Done(tier, category));
            std::iter::once(Self::Validating(tier)).chain(done)
        };
        std::iter::once(Self::Pending).chain(Tier::ALL.into_iter().flat_map(of))
    }
}

/// A text that is no status; the message names all that there are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such status: write {}", known())]
pub struct NoStatus;

fn known() -> String {
    Status::all().map(|status| format!("`{status}`")).collect::<Vec<_>>().join(", ")
}

impl FromStr for Status {
    type Err = NoStatus;

    fn from_str(text: &str) -> Result<Self, NoStatus> {
        Self::all().find(|status| status.to_string() == text).ok_or(NoStatus)
    }
}

impl Serialize for Status {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_as_it_is_written() {
        assert_eq!(Status::all().count(), 22);
        for status in Status::all() {
            assert_eq!(status.to_string().parse(), Ok(status));
        }
        assert_eq!(Status::Done(Tier::L0, Category::Pass).to_string(), "L0_PASSED");
        assert_eq!(Status::Done(Tier::L2, Category::DataUnavailable).to_string(), "L2_DATA_UNAVAILABLE");
        let refused = "l0_passed".parse::<Status>().unwrap_err().to_string();
        assert!(refused.contains("`L1_VALIDATING`"), "{refused}");
    }

    #[test]
    fn who_has_passed_goes_on_to_the_next_tier_and_no_further_than_was_asked() {
        let passed = Status::Done(Tier::L0, Category::Pass);
        assert_eq!((passed.due(Tier::L2), passed.due(Tier::L0)), (Some(Tier::L1), None));
        assert_eq!(Status::Done(Tier::L2, Category::Pass).due(Tier::L2), None);
    }

    #[test]
    fn who_failed_for_good_is_not_tried_again_and_who_did_not_is() {
        assert_eq!(Status::Done(Tier::L1, Category::Fail).due(Tier::L2), None);
        for category in [Category::Timeout, Category::Error, Category::DataUnavailable, Category::Fixable] {
            assert_eq!(Status::Done(Tier::L1, category).due(Tier::L2), Some(Tier::L1));
        }
        assert_eq!(Status::Validating(Tier::L1).due(Tier::L2), Some(Tier::L1));
    }
}
