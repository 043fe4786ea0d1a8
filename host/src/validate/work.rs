//! What a worker does: one strategy at one tier, from its source to a verdict.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stratbox_decide::Status;
use stratbox_decide::{Category, Tier};
use stratbox_domain::{Digest, Params, RunKey};
use stratbox_orchestrator::{Assigned, Ending, WorkerId};
use stratbox_scheduler::{Attempt, Work};

use super::cases::{Asked, Case};
use super::claims::{Claim, Claimed, Claims};
use super::fingerprint::{self, On};
use super::floor::{Floor, Patience, Stop, variants};
use super::grounds::{Ground, Stage};
use super::kept::{Evaluation, Finding, Found as Kept, Shelf};
use super::population::Finals;
use super::tiers::{self, Judged};
use crate::backtest::Outcome;
use crate::failure::{Failure, FailureKind, shown, told};
use crate::runs::Killer;
use crate::strategy::Strategy;
use crate::wiring::Engine;

/// Of a source that is read for its digest.
const MAX_BYTES: u64 = 64 << 20;

/// What an attempt leaves behind.
pub(super) struct Tried {
    pub(super) came: Came,
    /// Runs that were made in vain, which are trials all the same.
    pub(super) runs: u64,
    pub(super) micros: u64,
    /// What people should know.
    pub(super) notes: Vec<String>,
}

/// What came of an attempt.
pub(super) enum Came {
    /// An answer, and a run on what is held out if that was made for it.
    Answered(Arc<Evaluation>, Origin, Option<(RunKey, Outcome)>),
    /// It failed in this way before, and nothing was changed since.
    Unchanged(String),
    /// A mistake that may be gone the next time.
    Unreadable(String),
    /// No answer, and why.
    Nothing(Why, String),
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    TimedOut,
    Lost,
    NoData,
    Cancelled,
}

impl Why {
    fn of(ending: &Ending) -> Self {
        match ending {
            Ending::TimedOut => Self::TimedOut,
            Ending::Unavailable => Self::NoData,
            Ending::Cancelled => Self::Cancelled,
            Ending::Final | Ending::Faulted(_) | Ending::Lost { .. } => Self::Lost,
        }
    }
}

/// Where an answer is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// It was run.
    Ran,
    /// An earlier validation, which was kept.
    Kept,
    /// Another strategy of the same queue is the same.
    SameAs(String),
}

/// Validates strategies of a queue at one tier. A task is a place in `order`.
pub(super) struct Validator<'a> {
    pub(super) engine: &'a Engine,
    pub(super) asked: &'a Asked,
    pub(super) tier: Tier,
    pub(super) grounds: &'a [Ground],
    pub(super) shelf: &'a Shelf,
    pub(super) order: &'a [usize],
    /// Of the last tier.
    pub(super) finals: Option<&'a Finals>,
    /// Trials that verdicts take into account, by the places of data.
    pub(super) trials: &'a [u64],
    pub(super) cancel: Arc<AtomicBool>,
    /// Places of strategies that were begun, until somebody takes them.
    pub(super) begun: &'a Mutex<Vec<usize>>,
    claims: Claims,
    /// What ends the work of each worker that ever had any.
    killers: Mutex<BTreeMap<u32, Killer>>,
}

/// What is needed to validate one strategy once.
struct Job<'a> {
    case: &'a Case,
    stage: &'a Stage,
    worker: WorkerId,
    patience: Patience,
    fresh: bool,
    alive: &'a dyn Fn(),
}

impl<'a> Validator<'a> {
    #[expect(clippy::too_many_arguments, reason = "everything that a tier is made of")]
    pub(super) fn new(
        engine: &'a Engine,
        asked: &'a Asked,
        tier: Tier,
        grounds: &'a [Ground],
        shelf: &'a Shelf,
        order: &'a [usize],
        finals: Option<&'a Finals>,
        trials: &'a [u64],
        (cancel, begun): (Arc<AtomicBool>, &'a Mutex<Vec<usize>>),
    ) -> Self {
        let (claims, killers) = (Claims::default(), Mutex::default());
        Self { engine, asked, tier, grounds, shelf, order, finals, trials, cancel, begun, claims, killers }
    }
}

impl Work for Validator<'_> {
    type Output = Tried;
    type Error = Failure;

    fn attempt(
        &self,
        worker: WorkerId,
        tasks: &[Assigned],
        alive: &dyn Fn(),
    ) -> Vec<Result<Attempt<Tried>, Failure>> {
        let attempt = |assigned: &Assigned| {
            let place = self.order[assigned.task.index as usize];
            self.begun.lock().unwrap_or_else(PoisonError::into_inner).push(place);
            let patience = Patience::of(self.asked.validation.timeout(self.tier));
            let mut notes = Vec::new();
            let (ending, came, runs) =
                match self.validate(place, (worker, assigned.fresh), patience, alive, &mut notes) {
                    Ok((ending, came)) => (ending, came, 0),
                    Err((Stop::Ended(ending, why), runs)) => {
                        let came = Came::Nothing(Why::of(&ending), why);
                        (ending, came, runs)
                    }
                    Err((Stop::Failed(failure), _)) => (Ending::Final, mistake(*failure)?, 0),
                };
            let micros = patience.took();
            Ok(Attempt { ending, micros, output: Tried { came, runs, micros, notes } })
        };
        tasks.iter().map(attempt).collect()
    }

    fn kill(&self, worker: WorkerId) {
        if let Some(killer) = self.killers().get(&worker.0) {
            killer.kill();
        }
    }

    fn processes(&self) -> Vec<u32> {
        self.killers().values().filter_map(Killer::process).collect()
    }
}

/// A failure that is the strategy's own; the host's own ends everything.
fn mistake(failure: Failure) -> Result<Came, Failure> {
    match failure.kind {
        FailureKind::Environment => Err(failure),
        FailureKind::DataUnavailable => Ok(Came::Nothing(Why::NoData, told(&failure.message))),
        FailureKind::Usage | FailureKind::Input | FailureKind::Compile | FailureKind::Contract => {
            Ok(Came::Unreadable(told(&failure.message)))
        }
    }
}

/// Why there is no answer, and how many runs were made in vain.
type Vain = (Stop, u64);

impl Validator<'_> {
    fn killers(&self) -> MutexGuard<'_, BTreeMap<u32, Killer>> {
        self.killers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn validate(
        &self,
        place: usize,
        (worker, fresh): (WorkerId, bool),
        patience: Patience,
        alive: &dyn Fn(),
        notes: &mut Vec<String>,
    ) -> Result<(Ending, Came), Vain> {
        let case = &self.asked.cases[place];
        let stage = self.grounds[case.field].stage(self.tier);
        let stage = stage.map_err(|why| (Stop::Ended(Ending::Unavailable, why.to_owned()), 0))?;
        let job = Job { case, stage, worker, patience, fresh, alive };
        let on = On { asked: self.asked, case, tier: self.tier, stage };
        let digest = source_digest(case).map_err(|failure| (failure.into(), 0))?;
        let source = fingerprint::of_source(self.engine, on, &digest);
        if let Some(unchanged) = self.unchanged(case, &source) {
            return Ok((Ending::Final, unchanged));
        }
        let prepared = Strategy::load(self.engine, &case.source).and_then(|strategy| {
            Ok((variants(&strategy, case, self.asked.validation.max_variants)?, strategy))
        });
        let (variants, strategy) = match prepared {
            Ok(prepared) => prepared,
            Err(failure) if failure.kind == FailureKind::Environment => return Err((failure.into(), 0)),
            Err(failure) => return Ok(self.broken(&source, told(&failure.message), patience)),
        };
        patience.check().map_err(|stop| (stop, 0))?;
        let finals = self.finals.and_then(|finals| finals.chosen.get(&place));
        let fingerprint = match finals {
            Some(chosen) => chosen.fingerprint.clone(),
            None => fingerprint::of_code(self.engine, on, &strategy.code, None),
        };
        if let Some(unchanged) = self.unchanged(case, &fingerprint) {
            return Ok((Ending::Final, unchanged));
        }
        let claim = match self.claims.take(&fingerprint, &case.id, &self.cancel, alive) {
            Claimed::Mine(claim) => claim,
            Claimed::Answered(by, evaluation) => {
                return Ok((Ending::Final, Came::Answered(evaluation, Origin::SameAs(by), None)));
            }
        };
        match self.shelf.evaluation(self.tier, &fingerprint) {
            Kept::Whole(evaluation) => {
                let evaluation = claim.answer(evaluation);
                return Ok((Ending::Final, Came::Answered(evaluation, Origin::Kept, None)));
            }
            Kept::Damaged(problem) => {
                notes.push(format!(
                    "what was kept of `{}` cannot be used, and is made anew: {problem}",
                    case.id
                ));
            }
            Kept::Nothing => {}
        }
        self.run(place, &job, &strategy, &variants, (fingerprint, claim))
    }

    /// Runs it, and says what is found.
    fn run(
        &self,
        place: usize,
        job: &Job<'_>,
        strategy: &Strategy,
        variants: &[Params],
        (fingerprint, claim): (String, Claim<'_>),
    ) -> Result<(Ending, Came), Vain> {
        let asked = match self.tier {
            Tier::L0 | Tier::L2 => 1,
            Tier::L1 => variants.len() as u64,
        };
        let on = (self.asked, self.tier, job.stage);
        let floor = Floor::new(self.engine, on, (job.patience, job.fresh), &self.cancel, job.alive)
            .map_err(|failure| (failure.into(), 0))?;
        self.killers().insert(job.worker.0, floor.killer());
        let trials = self.trials[job.case.field];
        let judged = match (self.tier, self.last(place, job.case)) {
            (Tier::L0, _) => tiers::cheap(&floor, strategy, &variants[0]),
            (Tier::L1, _) => tiers::thorough(&floor, strategy, variants),
            (Tier::L2, Ok((population, chosen))) => {
                tiers::last(&floor, strategy, (population, chosen, trials))
            }
            (Tier::L2, Err(stop)) => Err(stop),
        };
        let begun = |stop: &Stop| if let Stop::Ended(Ending::Unavailable, _) = stop { 0 } else { asked };
        let judged = judged.map_err(|stop| {
            let runs = begun(&stop);
            (stop, runs)
        })?;
        let describe = |finding| Evaluation {
            split: job.stage.split.clone(),
            trials,
            runs: asked,
            variants: variants.len() as u64,
            micros: job.patience.took(),
            ..Evaluation::new(self.tier, &fingerprint, finding)
        };
        Ok(match judged {
            Judged::Found(found) => {
                let evaluation = Evaluation {
                    figures: found.figures.into_iter().map(|(name, figure)| (name, figure.into())).collect(),
                    params: Some(found.params),
                    remarks: found.remarks,
                    ..describe(Finding::Judged(found.verdict))
                };
                (Ending::Final, Came::Answered(claim.answer(evaluation), Origin::Ran, found.look))
            }
            Judged::Faulted(ending, why) => {
                let evaluation = describe(Finding::Broken(why));
                // An unconfirmed one is no answer for others.
                let evaluation = match ending {
                    Ending::Final => claim.answer(evaluation),
                    _ => Arc::new(evaluation),
                };
                (ending, Came::Answered(evaluation, Origin::Ran, None))
            }
        })
    }

    /// What the last tier needs to know of a strategy.
    fn last(
        &self,
        place: usize,
        case: &Case,
    ) -> Result<(&super::population::Population, &super::population::Final), Stop> {
        let finals = self
            .finals
            .and_then(|finals| Some((finals.populations.get(&case.field)?, finals.chosen.get(&place)?)));
        finals.ok_or_else(|| {
            Stop::Ended(
                Ending::Unavailable,
                "its variants could not be run again on what choosing may read".to_owned(),
            )
        })
    }

    fn broken(&self, source: &str, why: String, patience: Patience) -> (Ending, Came) {
        let evaluation = Evaluation::new(self.tier, source, Finding::Broken(why));
        let evaluation = Evaluation { micros: patience.took(), ..evaluation };
        (Ending::Final, Came::Answered(Arc::new(evaluation), Origin::Ran, None))
    }

    /// Whether it failed before in a way that a change may mend, and there is none.
    fn unchanged(&self, case: &Case, fingerprint: &str) -> Option<Came> {
        let managed = &case.managed;
        let is_fixable = managed.status == Status::Done(self.tier, Category::Fixable);
        (is_fixable && managed.fingerprint.as_deref() == Some(fingerprint))
            .then(|| Came::Unchanged(fingerprint.to_owned()))
    }
}

/// The digest of a strategy's file.
fn source_digest(case: &Case) -> Result<Digest, Failure> {
    let read = || {
        let mut bytes = Vec::new();
        std::fs::File::open(&case.source)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes: Vec<u8> = read().map_err(|error: std::io::Error| {
        Failure::input(format!("its source `{}` cannot be read: {error}", shown(&case.source)))
    })?;
    Ok(Digest::of(&bytes))
}
