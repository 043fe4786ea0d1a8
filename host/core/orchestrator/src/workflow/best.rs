//! The best result so far.

use serde::{Deserialize, Serialize};
use stratbox_domain::RunKey;
use stratbox_metrics::{Direction, MetricName};

/// The best variant of a workflow so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// Its number.
    pub variant: u64,
    /// What makes its run the same run.
    pub run_key: RunKey,
    /// What it was measured by: the workflow's objective.
    pub metric: MetricName,
    /// The metric's value, finite.
    pub figure: f64,
}

impl Best {
    /// Whether this is better than `other`, by the direction of its metric. Of equal figures the smaller run key is
    /// better, and of equal runs the smaller number: so the best of many does not depend on their order.
    pub(super) fn beats(&self, other: &Self) -> bool {
        let better = match self.metric.direction() {
            Direction::HigherIsBetter => self.figure > other.figure,
            Direction::LowerIsBetter => self.figure < other.figure,
        };
        let standing = |it: &Self| (it.run_key, it.variant);
        better || (self.figure == other.figure && standing(self) < standing(other))
    }
}
