//! Where strategies really stand: a status is what the queue says, and what is kept of their validations is what is known.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use stratbox_decide::validation::Outcome;
use stratbox_decide::{Category, Status, Tier};

use super::cases::{Asked, Case};
use super::fingerprint::{self, On};
use super::floor::params_at;
use super::grounds::Ground;
use super::kept::{Evaluation, Finding, Found, Shelf, judge};
use super::work::source_digest;
use crate::failure::{Failure, FailureKind, told};
use crate::strategy::Strategy;
use crate::wiring::Engine;

/// Where one strategy stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// The first tier that it has not passed as it is now.
    pub(super) tier: Tier,
    /// It failed there in a way that a change may mend, and there is none.
    pub(super) unchanged: bool,
    /// Why that is not the tier of its status.
    pub(super) why: Option<String>,
}

impl Standing {
    fn at(tier: Tier, why: String) -> Self {
        Self { tier, unchanged: false, why: Some(why) }
    }
}

/// Finds out where strategies stand whose status says that something came of them before.
pub(super) fn survey(
    engine: &Engine,
    (asked, grounds, shelf): (&Asked, &[Ground], &Shelf),
    workers: NonZeroUsize,
) -> Result<Vec<(usize, Standing)>, Failure> {
    let claims = |place: &usize| {
        let case = &asked.cases[*place];
        case.due > Some(Tier::L0) || matches!(case.managed.status, Status::Done(_, Category::Fixable))
    };
    let places: Vec<usize> = asked.due.iter().copied().filter(claims).collect();
    let each = |place: usize| standing(engine, (asked, grounds, shelf), &asked.cases[place]);
    let found = in_parallel(&places, workers, each);
    found.into_iter().map(|(place, standing)| Ok((place, standing?))).collect()
}

/// What comes of some places, in their order, several at once.
pub(super) fn in_parallel<T: Send>(
    places: &[usize],
    workers: NonZeroUsize,
    each: impl Fn(usize) -> T + Sync,
) -> Vec<(usize, T)> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        let work = || {
            while let Some(place) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
                let made = each(*place);
                done.lock().unwrap_or_else(PoisonError::into_inner).push((*place, made));
            }
        };
        (0..workers.get().min(places.len())).for_each(|_| drop(scope.spawn(work)));
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(place, _)| *place);
    done
}

fn standing(
    engine: &Engine,
    (asked, grounds, shelf): (&Asked, &[Ground], &Shelf),
    case: &Case,
) -> Result<Standing, Failure> {
    let due = case.due.unwrap_or(Tier::L0);
    let ground = &grounds[case.field];
    let strategy = match Strategy::load(engine, &case.source) {
        Ok(strategy) => strategy,
        Err(failure) if failure.kind == FailureKind::Environment => return Err(failure),
        Err(failure) if due > Tier::L0 => {
            return Ok(Standing::at(Tier::L0, format!("it cannot be run now: {}", told(&failure.message))));
        }
        Err(_) => {
            let on = ground.stage(due).map(|stage| On { asked, case, tier: due, stage });
            let source = source_digest(case).ok().zip(on.ok());
            let fingerprint = source.map(|(digest, on)| fingerprint::of_source(engine, on, &digest));
            let unchanged = fingerprint.is_some_and(|it| is_unchanged((asked, shelf), case, due, &it));
            return Ok(Standing { tier: due, unchanged, why: None });
        }
    };
    for tier in Tier::ALL.into_iter().filter(|tier| *tier < due) {
        let stage = match ground.stage(tier) {
            Ok(stage) => stage,
            Err(why) => return Ok(Standing::at(tier, why.to_owned())),
        };
        let on = On { asked, case, tier, stage };
        let params = match params_at(&strategy, on) {
            Ok(params) => params,
            Err(failure) => return Ok(Standing::at(tier, told(&failure.message))),
        };
        let now = fingerprint::of_code(engine, on, &strategy.code, &params);
        let found = shelf.evaluation(tier, &now);
        if let Some(why) = lacks(&found, asked, case, tier, &now) {
            return Ok(Standing::at(tier, why));
        }
    }
    let unchanged = due < Tier::L2
        && ground.stage(due).is_ok_and(|stage| {
            let on = On { asked, case, tier: due, stage };
            params_at(&strategy, on).is_ok_and(|params| {
                let now = fingerprint::of_code(engine, on, &strategy.code, &params);
                is_unchanged((asked, shelf), case, due, &now)
            })
        });
    Ok(Standing { tier: due, unchanged, why: None })
}

/// Why what is kept does not show that a strategy, as it is now, passes a tier; nothing when it does.
fn lacks(
    found: &Found<Evaluation>,
    asked: &Asked,
    case: &Case,
    tier: Tier,
    fingerprint: &str,
) -> Option<String> {
    let managed = &case.managed;
    let was_another = matches!(managed.status, Status::Done(at, _) if at == tier)
        && managed.fingerprint.as_deref().is_some_and(|it| it != fingerprint);
    match found {
        Found::Whole(it) if it.finding != Finding::Measured => {
            Some(format!("it has a mistake that shows in {tier}"))
        }
        Found::Whole(it) if judge(asked.rules.gates(tier), &it.figures).accepted => None,
        Found::Whole(_) => Some(format!("its result of {tier} does not pass the gates of now")),
        _ if was_another => {
            Some(format!("its source, parameters, data or settings have changed since {tier}"))
        }
        Found::Damaged(why) => Some(format!("what was kept of {tier} cannot be used: {why}")),
        Found::Nothing => Some(format!("no result of {tier} is kept in this workspace for it as it is now")),
    }
}

/// Whether a strategy failed at a tier in a way that a change may mend, and there is none, neither of it nor of what its gates say.
pub(super) fn is_unchanged(
    (asked, shelf): (&Asked, &Shelf),
    case: &Case,
    tier: Tier,
    fingerprint: &str,
) -> bool {
    let managed = &case.managed;
    let is_same = managed.status == Status::Done(tier, Category::Fixable)
        && managed.fingerprint.as_deref() == Some(fingerprint);
    is_same
        && match shelf.evaluation(tier, fingerprint) {
            Found::Whole(Evaluation { finding: Finding::Measured, figures, .. }) => {
                let verdict = judge(asked.rules.gates(tier), &figures);
                let settled = Outcome::Judged(tier, &verdict).settle(asked.validation.fixable_margin);
                settled.category == Category::Fixable
            }
            _ => true,
        }
}
