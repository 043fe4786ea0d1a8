//! Tier after tier: what each comes to, and whether the next one is begun.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use stratbox_decide::validation::{Counts, EscalationSettings, ResultKey, escalation, merge};
use stratbox_decide::{Category, Status, Tier};
use stratbox_queue::Managed;

use super::book::Desk;
use super::cases::Asked;
use super::events::Happened;
use super::grounds::Ground;
use super::ledger::{Ledger, Look};
use super::phase::{self, Over, Stand, Task};
use super::population::{self, Finals};
use super::report::{self, Escalated, StoppedEarly, StrategyReport, TierReport};
use super::rows::{Row, Way, verdict_text};
use super::{edited, plan};
use crate::ask;
use crate::cli::{OnFailures, ValidateArgs};
use crate::failure::Failure;
use crate::render;

/// What came of all tiers so far.
#[derive(Default)]
pub(super) struct Whole {
    pub(super) rows: Vec<Row>,
    pub(super) tiers: Vec<TierReport>,
    pub(super) escalation: Option<Escalated>,
    pub(super) stopped: Option<StoppedEarly>,
    pub(super) timed_out: u64,
    pub(super) wall: Duration,
    /// Strategies that were due before and after it.
    pub(super) waiting: (u64, u64),
    pub(super) workers: usize,
    pub(super) interrupted: bool,
    pub(super) failure: Option<Failure>,
    /// What to type to go on.
    pub(super) command: String,
    /// Why strategies are not due where their status says, by the tier where they are.
    pub(super) notes: BTreeMap<Tier, Vec<String>>,
}

/// Tier after tier, as long as there is somebody to go on with.
pub(super) fn climb(
    stand: &Stand<'_>,
    asked: &mut Asked,
    args: &ValidateArgs,
    attended: bool,
    desk: &mut Desk<'_>,
    whole: &mut Whole,
) -> Result<(), Failure> {
    for tier in asked.tiers.clone() {
        let due = |place: &usize| asked.due_at(*place) == Some(tier);
        let order: Vec<usize> = asked.due.iter().copied().filter(due).collect();
        if order.is_empty() {
            continue;
        }
        let over = one(stand, asked, args, (tier, &order), desk)?;
        let goes_on = conclude(stand, asked, (args, attended), (tier, &order, over), desk, whole)?;
        if !goes_on || stand.leaving.load(Ordering::Relaxed) {
            return Ok(());
        }
    }
    Ok(())
}

/// What came of one tier, and what it took into account.
struct Tried {
    over: Over,
    notes: Vec<String>,
    workers: usize,
    /// By the places of data; of the last tier.
    trials: Option<Vec<u64>>,
}

/// One tier.
fn one(
    stand: &Stand<'_>,
    asked: &Asked,
    args: &ValidateArgs,
    (tier, order): (Tier, &[usize]),
    desk: &mut Desk<'_>,
) -> Result<Tried, Failure> {
    let workers = plan::workers(asked, args, order.len());
    let (strategies, count) = (order.len() as u64, workers.get() as u64);
    desk.stream.tell(&Happened::Start { tier, strategies, workers: count })?;
    let finals = match tier {
        Tier::L0 | Tier::L1 => None,
        Tier::L2 => {
            (desk.note)(
                "L2: running what was tried on the way again, for its returns: these are no new trials",
            );
            let known = (asked, stand.grounds, stand.shelf);
            Some(population::prepare(stand.engine, known, order, workers, &stand.cancel)?)
        }
    };
    let trials = finals.as_ref().map(|finals| trials_of_all(stand, asked, order, finals, &desk.ledger));
    let trials = trials.transpose()?;
    let notes = finals.as_ref().map(|finals| finals.notes.clone()).unwrap_or_default();
    notes.iter().for_each(|line| (desk.note)(line));
    // Somebody may have asked for an end meanwhile.
    let order = if stand.leaving.load(Ordering::Relaxed) { &[] } else { order };
    let known = trials.as_deref().unwrap_or_default();
    let task = Task { tier, order, finals: finals.as_ref(), trials: known, workers };
    Ok(Tried { over: phase::run(stand, asked, &task, desk)?, notes, workers: workers.get(), trials })
}

/// Trials that the verdicts of the last tier take into account, by the places of data: all that were made on the dataset, and the
/// looks that are about to be made, so that a verdict does not depend on which strategy came first. Never fewer than the
/// variants that are known, whatever became of the ledger.
fn trials_of_all(
    stand: &Stand<'_>,
    asked: &Asked,
    order: &[usize],
    finals: &Finals,
    ledger: &Ledger<'_>,
) -> Result<Vec<u64>, Failure> {
    let of = |(field, ground): (usize, &Ground)| {
        let Ok(stage) = ground.stage(Tier::L2) else { return Ok(0) };
        let mut looks = BTreeSet::new();
        for place in order.iter().filter(|place| asked.cases[**place].field == field) {
            let Some(chosen) = finals.chosen.get(place) else { continue };
            let id = asked.cases[*place].id.as_str();
            let look = Look { id, fingerprint: &chosen.fingerprint, key: chosen.key, attempt: 1 };
            let is_kept = stand.shelf.has(Tier::L2, &chosen.fingerprint);
            if !is_kept && ledger.is_new(&stage.range, &look)? {
                // The same is looked at once.
                looks.insert(chosen.fingerprint.as_str());
            }
        }
        let made = stage.trials_of_all(ledger.reader())?.saturating_add(looks.len() as u64);
        let known = finals.populations.get(&field).map_or(0, |population| population.variants);
        Ok(made.max(known))
    };
    stand.grounds.iter().enumerate().map(of).collect()
}

/// Trials that were made on the bars of a tier, by the places of data.
fn trials_now(stand: &Stand<'_>, tier: Tier, ledger: &Ledger<'_>) -> Result<Vec<u64>, Failure> {
    let of = |ground: &Ground| ground.stage(tier).map_or(Ok(0), |stage| stage.trials(ledger.reader()));
    stand.grounds.iter().map(of).collect()
}

/// Adds up a tier, and says whether the next one is to begin.
fn conclude(
    stand: &Stand<'_>,
    asked: &mut Asked,
    (args, attended): (&ValidateArgs, bool),
    (tier, order, tried): (Tier, &[usize], Tried),
    desk: &mut Desk<'_>,
    whole: &mut Whole,
) -> Result<bool, Failure> {
    let Tried { over: Over { left, wall, failure }, notes, workers, trials } = tried;
    let mut rows = left.rows;
    rows.sort_unstable_by_key(|row| row.place);
    check_merged(asked, &rows)?;
    for row in &rows {
        let managed = Managed {
            status: Status::Done(tier, row.category),
            attempts: row.tries,
            fingerprint: row.fingerprint.clone(),
            verdict: verdict_text(tier, &row.judgement),
            reason: row.reason.clone(),
        };
        asked.settle(row.place, managed);
    }
    let trials = trials.map_or_else(|| trials_now(stand, tier, &desk.ledger), Ok)?;
    let done: BTreeSet<usize> = rows.iter().map(|row| row.place).collect();
    let name = |place: &usize| asked.cases[*place].id.clone();
    whole.tiers.push(TierReport {
        tier,
        workers,
        wall_seconds: wall.as_secs_f64(),
        categories: rows.iter().map(|row| row.category).collect(),
        strategies: rows.iter().map(|row| StrategyReport::of(asked, row, &trials)).collect(),
        without_result: order.iter().filter(|place| !done.contains(place)).map(name).collect(),
        notes: whole.notes.remove(&tier).into_iter().flatten().chain(notes).collect(),
    });
    whole.workers = whole.workers.max(workers);
    whole.timed_out += left.timed_out;
    if left.edited {
        whole.failure = Some(edited(asked, &rows, &whole.command));
    }
    whole.failure = whole.failure.take().or(failure);
    let goes_on =
        whole.failure.is_none() && ask_somebody(asked, (args, attended), (tier, &rows), desk, whole)?;
    if whole.failure.is_none() && asked.validation.fail_fast {
        whole.stopped = stopped(asked, &rows);
    }
    whole.rows.extend(rows);
    Ok(goes_on && whole.stopped.is_none())
}

/// What is not begun after the first failure, where nothing more is to be begun then.
fn stopped(asked: &Asked, rows: &[Row]) -> Option<StoppedEarly> {
    let name = |place: usize| asked.cases[place].id.clone();
    let failures = rows.iter().filter(|row| row.category != Category::Pass && row.origin != Way::Unchanged);
    let failed: Vec<String> = failures.map(|row| name(row.place)).collect();
    let begun_in_vain =
        |place: usize| rows.iter().any(|row| row.place == place && row.category != Category::Pass);
    let waits = |place: &usize| asked.due_at(*place).is_some() && !begun_in_vain(*place);
    let not_begun: Vec<String> = asked.due.iter().copied().filter(waits).map(name).collect();
    (!failed.is_empty() && !not_begun.is_empty()).then_some(StoppedEarly { failed, not_begun })
}

/// Asks somebody whether to go on when too much failed; otherwise it goes on.
fn ask_somebody(
    asked: &Asked,
    (args, attended): (&ValidateArgs, bool),
    (tier, rows): (Tier, &[Row]),
    desk: &mut Desk<'_>,
    whole: &mut Whole,
) -> Result<bool, Failure> {
    let settings = EscalationSettings {
        share: asked.validation.auto_escalate_threshold,
        ..EscalationSettings::default()
    };
    let verdicts = rows.iter().filter_map(|row| row.judgement.verdict.as_ref());
    // Of what was not validated again, nothing new is to be decided.
    let fresh = rows.iter().filter(|row| row.origin != Way::Unchanged);
    let fresh: Counts = fresh.map(|row| row.category).collect();
    let Some(escalation) = escalation(tier, &fresh, verdicts, &settings) else { return Ok(true) };
    desk.stream.tell(&Happened::Escalated { escalation: &escalation })?;
    let to_do = escalation.options.iter().map(|it| report::to_do(&it.what, tier, &whole.command)).collect();
    let mut escalated = Escalated { escalation, to_do, decision: "stop" };
    if decide(args, attended, &escalated, desk.note) {
        escalated.decision = "continue";
    }
    let goes_on = escalated.decision == "continue";
    whole.escalation = Some(escalated);
    Ok(goes_on)
}

/// Whether to go on although much failed.
fn decide(args: &ValidateArgs, attended: bool, escalated: &Escalated, note: &dyn Fn(&str)) -> bool {
    match args.on_failures {
        OnFailures::Continue => true,
        OnFailures::Ask if attended => {
            note(&render::validate::question(escalated));
            ask::yes("Go on with those that passed?")
        }
        OnFailures::Ask | OnFailures::Stop => false,
    }
}

/// Nothing may have two results.
fn check_merged(asked: &Asked, rows: &[Row]) -> Result<(), Failure> {
    let results = rows.iter().map(|row| {
        let fingerprint = row.fingerprint.clone().unwrap_or_default();
        let key = ResultKey { id: asked.cases[row.place].id.clone(), tier: row.tier, fingerprint };
        (key, (row.category, row.reason.clone()))
    });
    merge(results).map(drop).map_err(|conflict| {
        Failure::environment(conflict.to_string()).hint("this is a bug in stratbox; please report it")
    })
}
