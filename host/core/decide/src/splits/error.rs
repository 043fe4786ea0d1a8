//! Why a dataset cannot be split as asked.

/// Why a dataset cannot be split, or variants cannot be judged, as asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SplitError {
    /// There are no bars.
    #[error("there are no bars to split")]
    NoBars,
    /// Times are not in order.
    #[error(
        "the time of row {row} lies before that of the row before it: bars are split in the order of time"
    )]
    Unsorted {
        /// The row, from 0.
        row: usize,
    },
    /// A setting makes no sense whatever the bars are.
    #[error("`{setting}` {problem}")]
    Setting {
        /// Its name, with the table's.
        setting: &'static str,
        /// What is wrong with it, and what to write.
        problem: String,
    },
    /// A part has no bars.
    #[error("`{part}` has no bars: {why}")]
    Empty {
        /// The part.
        part: String,
        /// Where it is, and where the bars are.
        why: String,
    },
    /// Two parts share times.
    #[error("`{earlier}` ends at {ends}, after `{later}` begins at {begins}: parts must not overlap")]
    Overlap {
        /// The part that comes first.
        earlier: &'static str,
        /// When it ends.
        ends: String,
        /// The part after it.
        later: &'static str,
        /// When it begins.
        begins: String,
    },
    /// More parts than anybody can want.
    #[error("the settings make more than {most} {what}: {hint}")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many there may be.
        most: usize,
        /// What to change.
        hint: &'static str,
    },
    /// The returns that are to be judged do not fit.
    #[error("the returns of variant {variant}: {problem}")]
    Returns {
        /// Its place among the variants, from 0.
        variant: usize,
        /// What is wrong with them.
        problem: String,
    },
}

impl SplitError {
    pub(super) fn setting(setting: &'static str, problem: impl Into<String>) -> Self {
        Self::Setting { setting, problem: problem.into() }
    }
}
