//! The numbers of experiments.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An experiment's number in its workspace, from 1. A number is never given twice, even when its experiment was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExperimentId(pub(crate) i64);

impl ExperimentId {
    /// The experiment with this number; `None` below 1.
    #[must_use]
    pub fn new(number: i64) -> Option<Self> {
        (number >= 1).then_some(Self(number))
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for ExperimentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Text that is no experiment's number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the number of an experiment: give a whole number from 1")]
pub struct NotAnId(pub String);

impl FromStr for ExperimentId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        text.parse().ok().and_then(Self::new).ok_or_else(|| NotAnId(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_survives_its_text() {
        assert_eq!("12".parse(), Ok(ExperimentId(12)));
        assert_eq!(ExperimentId(12).to_string(), "12");
    }

    #[test]
    fn what_is_below_one_is_no_number() {
        for text in ["0", "-1", "", "one", "1.0", "99999999999999999999"] {
            assert_eq!(text.parse::<ExperimentId>(), Err(NotAnId(text.to_owned())), "{text}");
        }
    }
}
