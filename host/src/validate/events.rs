//! What is said of a validation in the stream of `--events`.

use serde::Serialize;
use stratbox_decide::validation::{Escalation, Summary};
use stratbox_decide::{Category, Tier};

/// What happened.
#[derive(Serialize)]
#[serde(tag = "event")]
pub(super) enum Happened<'a> {
    /// A tier begins.
    #[serde(rename = "validation.start")]
    Start { tier: Tier, strategies: u64, workers: u64 },
    /// A strategy is begun.
    #[serde(rename = "strategy.validating")]
    Validating { id: &'a str, tier: Tier },
    /// An attempt failed, and is followed by another.
    #[serde(rename = "strategy.retry")]
    Retry { id: &'a str, tier: Tier, attempt: u32, reason: &'static str, detail: &'a str, delay_ms: u64 },
    /// What came of it is kept.
    #[serde(rename = "strategy.validated")]
    Validated {
        id: &'a str,
        tier: Tier,
        category: Category,
        seconds: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        fingerprint: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
    },
    /// Somebody has to decide.
    #[serde(rename = "validation.escalated")]
    Escalated { escalation: &'a Escalation },
    /// It is over.
    #[serde(rename = "validation.complete")]
    Complete { metrics: &'a Summary },
}
