//! How often a workflow goes round, and how often it may.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Phase, Refused};

/// No limit is higher than this.
const HIGHEST: u32 = 1_000;

/// Which limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitName {
    /// [`IterationLimits::strategy`]
    Strategy,
    /// [`IterationLimits::research`]
    Research,
    /// [`IterationLimits::total`]
    Total,
}

impl fmt::Display for LimitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Strategy => "strategy",
            Self::Research => "research",
            Self::Total => "total",
        })
    }
}

/// How many iterations a workflow may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IterationLimits {
    /// Strategy iterations on the same research, 1 to 1,000.
    pub strategy: u32,
    /// Research iterations, 0 to 1,000.
    pub research: u32,
    /// Strategy iterations in all, 1 to 1,000.
    pub total: u32,
}

impl Default for IterationLimits {
    fn default() -> Self {
        Self { strategy: 5, research: 3, total: 15 }
    }
}

impl IterationLimits {
    /// # Errors
    /// A limit that lets nothing run, or that bounds nothing.
    pub(super) fn checked(self) -> Result<Self, Refused> {
        let ranges = [
            (LimitName::Strategy, self.strategy, 1),
            (LimitName::Research, self.research, 0),
            (LimitName::Total, self.total, 1),
        ];
        match ranges.into_iter().find(|(_, value, least)| !(*least..=HIGHEST).contains(value)) {
            Some((limit, value, least)) => {
                Err(Refused::LimitOutOfRange { limit, value, least, most: HIGHEST })
            }
            None => Ok(self),
        }
    }
}

/// How many iterations there were, the current one included. An iteration begins where
/// [`Phase::StrategyDevelopment`] is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Iterations {
    /// Since the latest research began.
    pub strategy: u32,
    /// How often research began.
    pub research: u32,
    /// All of them.
    pub total: u32,
}

impl Iterations {
    /// The counters after `phase` is entered.
    ///
    /// Research is for the iterations that follow it, so it is not begun when none may follow.
    pub(super) fn entering(self, phase: Phase, limits: IterationLimits) -> Result<Self, Refused> {
        let another = |count: u32, limit: LimitName, value: u32| {
            if count < value { Ok(count + 1) } else { Err(Refused::LimitReached { limit, value }) }
        };
        let total = || another(self.total, LimitName::Total, limits.total);
        match phase {
            Phase::StrategyDevelopment => {
                let strategy = another(self.strategy, LimitName::Strategy, limits.strategy)?;
                Ok(Self { strategy, total: total()?, ..self })
            }
            Phase::Research => {
                let research = another(self.research, LimitName::Research, limits.research)?;
                total().map(|_| Self { strategy: 0, research, ..self })
            }
            _ => Ok(self),
        }
    }

    /// Whether a workflow that keeps to `limits` can have counted to this in `phase`.
    pub(super) fn fit(self, phase: Phase, limits: IterationLimits) -> bool {
        let within = self.strategy <= limits.strategy
            && self.research <= limits.research
            && self.total <= limits.total
            && self.strategy <= self.total;
        // Each earlier research had the most strategy iterations at most; without research all iterations are these.
        let earlier = self.total.saturating_sub(self.strategy);
        let possible = earlier <= self.research.saturating_mul(limits.strategy);
        let phase_fits = match phase {
            Phase::Initialization | Phase::ToolDevelopment => self == Self::default(),
            Phase::Research => self.research > 0 && self.strategy == 0,
            Phase::StrategyDevelopment | Phase::Backtesting | Phase::QualityGate | Phase::Completed => {
                self.strategy > 0
            }
            Phase::Failed => true,
        };
        within && possible && phase_fits
    }
}
