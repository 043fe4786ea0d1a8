//! From what happened to a category, and whether there is another try.

use stratbox_metrics::Missing;

use crate::{Bound, Category, GateAnswer, Tier, Verdict};

/// A figure that misses its threshold by no more than this share of it may be mended.
pub const DEFAULT_MARGIN: f64 = 0.25;

/// How often a fixable failure is queued for another try.
pub const DEFAULT_RETRIES: u32 = 3;

/// What happened to a strategy in a tier, when everything that is tried again by itself has been.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome<'a> {
    /// It was validated.
    Judged(Tier, &'a Verdict),
    /// It has a mistake of its own: it does not compile, its parameters are refused, it faults. In L2, also that it took too
    /// long on the holdout.
    Broken(Tier, &'a str),
    /// Its time ran out, with the limit in words.
    TimedOut(&'a str),
    /// Its worker was lost too often.
    Lost(&'a str),
    /// There are no bars for it, or too few.
    NoData(&'a str),
}

/// What is said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// What came of it.
    pub category: Category,
    /// Why; nothing for what passed.
    pub reason: Option<String>,
}

impl Outcome<'_> {
    /// The category of it. What has a mistake is fixable, and what misses a gate when [`fixable`] says so, but neither in L2:
    /// whoever mends a strategy until it passes the holdout has chosen by the holdout, and a mistake that shows there tells of it too.
    #[must_use]
    pub fn settle(self, margin: f64) -> Settled {
        let because = |category, reason: &str| Settled { category, reason: Some(reason.to_owned()) };
        let (tier, verdict) = match self {
            Self::Broken(Tier::L2, reason) => return because(Category::Fail, reason),
            Self::Broken(_, reason) => return because(Category::Fixable, reason),
            Self::TimedOut(reason) => return because(Category::Timeout, reason),
            Self::Lost(reason) => return because(Category::Error, reason),
            Self::NoData(reason) => return because(Category::DataUnavailable, reason),
            Self::Judged(tier, verdict) => (tier, verdict),
        };
        if verdict.accepted {
            return Settled { category: Category::Pass, reason: None };
        }
        match fixable(verdict, margin).filter(|_| tier != Tier::L2) {
            Some(reason) => Settled { category: Category::Fixable, reason: Some(reason) },
            None => because(Category::Fail, &misses(verdict)),
        }
    }
}

fn misses(verdict: &Verdict) -> String {
    let reasons: Vec<String> = verdict.failed().map(GateAnswer::reason).collect();
    if reasons.is_empty() { "no gate was asked".to_owned() } else { reasons.join("; ") }
}

/// Why a change of parameters may mend what a verdict says, when it may: every gate that was missed was missed by no more
/// than `margin` of its threshold, or is of the kind `AwayFrom`, or has no figure for lack of trades or signals. A threshold of
/// zero is missed narrowly by nothing but zero.
#[must_use]
pub fn fixable(verdict: &Verdict, margin: f64) -> Option<String> {
    let mut failed = verdict.failed().peekable();
    failed.peek()?;
    let why: Option<Vec<String>> =
        failed.map(|answer| Some(format!("{} ({})", answer.reason(), mendable(answer, margin)?))).collect();
    why.map(|why| why.join("; "))
}

/// Why one missed gate may be mended.
fn mendable(answer: &GateAnswer, margin: f64) -> Option<&'static str> {
    if let Some(missing) = answer.value.missing() {
        return idle(&answer.gate.figure, missing).then_some("for lack of trades or signals");
    }
    if matches!(answer.gate.bound, Bound::AwayFrom { .. }) {
        return Some("depends on parameters");
    }
    let miss = -answer.margin?;
    (miss <= margin * answer.threshold.abs()).then_some("a narrow miss")
}

/// Whether a figure is missing because too little was done. Returns that do not vary are those of nobody who trades; an
/// information coefficient without pairs is one without signals.
fn idle(figure: &str, missing: Missing) -> bool {
    match missing {
        Missing::NoSignals | Missing::NoClosedTrades | Missing::NothingHeld | Missing::ZeroVariance => true,
        Missing::NoData | Missing::TooFewReturns => figure == "ic",
        _ => false,
    }
}

/// What is next for a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is queued for another try, once its source or parameters were changed; after that there are this many more.
    Again {
        /// Tries that are left after the next one.
        left: u32,
    },
    /// This is what came of it.
    Final(Category),
}

/// Whether there is another try: for what is fixable, and at most `limit` times. `attempts` are those that ended in a way that
/// was fixable, this one included; when there are more than `limit` of them, it failed.
#[must_use]
pub fn next_try(category: Category, attempts: u32, limit: u32) -> Next {
    match category {
        Category::Fixable if attempts <= limit => Next::Again { left: limit - attempts },
        Category::Fixable => Next::Final(Category::Fail),
        other => Next::Final(other),
    }
}

#[cfg(test)]
mod tests;
