//! What came of strategies, and how the queue says it.

use std::sync::Arc;

use stratbox_decide::{Category, GateAnswer, Status, Tier};
use stratbox_queue::Managed;

use super::cases::Case;
use super::kept::Evaluation;
use super::work::Judgement;
use crate::render::text::inline;

/// What came of one strategy at one tier.
pub(super) struct Row {
    pub(super) place: usize,
    pub(super) tier: Tier,
    pub(super) category: Category,
    pub(super) reason: Option<String>,
    pub(super) fingerprint: Option<String>,
    pub(super) evaluation: Option<Arc<Evaluation>>,
    pub(super) judgement: Judgement,
    pub(super) origin: Way,
    /// Tries at this tier, as the queue has them.
    pub(super) tries: u32,
    /// Attempts of this validation that were followed by another.
    pub(super) retries: u32,
    /// Time of all attempts.
    pub(super) micros: u64,
}

/// How a row came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    Ran,
    Kept,
    SameAs(String),
    /// It was not validated again, since nothing was changed after a failure that a change may mend.
    Unchanged,
}

/// What is left when a tier is over.
#[derive(Default)]
pub(super) struct Left {
    pub(super) rows: Vec<Row>,
    /// Workers that were started, and that were lost because they were silent.
    pub(super) workers: (u64, u64),
    /// Attempts whose time ran out.
    pub(super) timed_out: u64,
    /// Somebody edited the queue.
    pub(super) edited: bool,
}

/// What the queue says of a strategy at this tier: now, or when it was read, for who was mended climbs again from the first tier and
/// is no newcomer where it fell.
pub(super) fn before(case: &Case, tier: Tier) -> Option<&Managed> {
    let at_tier = |managed: &&Managed| matches!(managed.status, Status::Done(at, _) | Status::Validating(at) if at == tier);
    [&case.managed, &case.was].into_iter().find(at_tier)
}

/// Tries of a strategy at a tier, with this one. What was tried already, by a process that was killed, is no other try.
pub(super) fn tries(case: &Case, tier: Tier, fingerprint: Option<&str>) -> u32 {
    match before(case, tier) {
        None => 1,
        Some(before) if fingerprint.is_some() && before.fingerprint.as_deref() == fingerprint => {
            before.attempts.max(1)
        }
        Some(before) => before.attempts.saturating_add(1),
    }
}

/// What the gates said, in one line.
pub(super) fn verdict_text(tier: Tier, judgement: &Judgement) -> Option<String> {
    let reasons = judgement.verdict.as_ref()?.gates.iter().map(GateAnswer::reason);
    let all: Vec<String> = reasons.chain(judgement.caveat.clone()).collect();
    Some(format!("{tier}: {}", inline(&all.join("; "))))
}
