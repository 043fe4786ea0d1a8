//! What a worker does: one strategy at one tier, from its source to a verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stratbox_compiler::Diagnostic;
use stratbox_decide::{Tier, Verdict};
use stratbox_domain::{Digest, Params, RunKey};
use stratbox_orchestrator::{Assigned, Ending, WorkerId};
use stratbox_scheduler::{Attempt, Work};

use super::cases::{Asked, Case};
use super::claims::{Claim, Claimed, Claims};
use super::fingerprint::{self, On};
use super::floor::{Floor, Patience, Stop, params_at};
use super::grounds::{Ground, Stage};
use super::kept::{Evaluation, Finding, Found as Kept, Number, Shelf, judge};
use super::population::{Final, Finals};
use super::standing::is_unchanged;
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
    pub(super) left: Leavings,
    pub(super) micros: u64,
}

/// What is left of an attempt besides what came of it.
#[derive(Default)]
pub(super) struct Leavings {
    /// Everything that was run, which are trials, also in vain.
    pub(super) begun: BTreeSet<RunKey>,
    /// A run on what is held out: of which validation, and how it ended, without what the strategy said.
    pub(super) look: Option<(String, RunKey, Outcome)>,
    /// Whether its time was over.
    pub(super) timed_out: bool,
    /// What people should know.
    pub(super) notes: Vec<String>,
}

/// What came of an attempt.
pub(super) enum Came {
    /// An answer, and what the gates of now say to it.
    Answered(Arc<Evaluation>, Origin, Box<Judgement>),
    /// It failed in this way before, and nothing was changed since.
    Unchanged(String),
    /// A mistake that may be gone the next time.
    Unreadable(String),
    /// No answer, and why.
    Nothing(Why, String),
}

/// What is said of an evaluation now.
#[derive(Default)]
pub(super) struct Judgement {
    pub(super) figures: BTreeMap<String, Number>,
    /// Nothing of what has a mistake.
    pub(super) verdict: Option<Verdict>,
    pub(super) remarks: Vec<String>,
    /// What is to be said with every verdict on these bars.
    pub(super) caveat: Option<String>,
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
            let mut left = Leavings::default();
            let (ending, came) =
                match self.validate(place, (worker, assigned.fresh), patience, alive, &mut left) {
                    Ok((ending, came)) => (ending, came),
                    Err(Stop::Ended(ending, why)) => {
                        let came = Came::Nothing(Why::of(&ending), why);
                        (ending, came)
                    }
                    Err(Stop::Failed(failure)) => (Ending::Final, mistake(*failure)?),
                };
            left.timed_out = ending == Ending::TimedOut;
            let micros = patience.took();
            Ok(Attempt { ending, micros, output: Tried { came, left, micros } })
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
            Ok(Came::Unreadable(failure_words(&failure)))
        }
    }
}

/// The last tier is for what passed those before it.
fn changed() -> Stop {
    Stop::Ended(Ending::Unavailable, "its source was changed while it was validated".to_owned())
}

/// A failure with what to do about it, and the first thing that the compiler said.
fn failure_words(failure: &Failure) -> String {
    let mut words = failure.message.clone();
    let said = failure.diagnostics.as_ref().and_then(|it| it.items.first());
    if let Some(Diagnostic { line, message, .. }) = said {
        let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        words += &format!("; {line}{message}");
    }
    if let Some(hint) = &failure.hint {
        words += &format!("; {hint}");
    }
    told(&words)
}

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
        left: &mut Leavings,
    ) -> Result<(Ending, Came), Stop> {
        let case = &self.asked.cases[place];
        let stage = self.grounds[case.field].stage(self.tier);
        let stage = stage.map_err(|why| Stop::Ended(Ending::Unavailable, why.to_owned()))?;
        let job = Job { case, stage, worker, patience, fresh, alive };
        let on = On { asked: self.asked, case, tier: self.tier, stage };
        let source = fingerprint::of_source(self.engine, on, &source_digest(case)?);
        let known = (self.asked, self.shelf);
        if is_unchanged(known, case, self.tier, &source) {
            return Ok((Ending::Final, Came::Unchanged(source)));
        }
        let chosen = match self.tier {
            Tier::L0 | Tier::L1 => None,
            Tier::L2 => Some(self.chosen(place)?),
        };
        let prepared = Strategy::load(self.engine, &case.source).and_then(|strategy| {
            let chosen = chosen.map(|chosen| Ok(vec![chosen.params.clone()]));
            Ok((chosen.unwrap_or_else(|| params_at(&strategy, on))?, strategy))
        });
        let (variants, strategy) = match prepared {
            Ok(prepared) => prepared,
            Err(failure) if failure.kind == FailureKind::Environment => return Err(failure.into()),
            Err(_) if self.tier == Tier::L2 => return Err(changed()),
            Err(failure) => return Ok(self.broken(place, &source, failure_words(&failure), patience)),
        };
        patience.check()?;
        let fingerprint = fingerprint::of_code(self.engine, on, &strategy.code, &variants);
        if chosen.is_some_and(|chosen| chosen.fingerprint != fingerprint) {
            return Err(changed());
        }
        if is_unchanged(known, case, self.tier, &fingerprint) {
            return Ok((Ending::Final, Came::Unchanged(fingerprint)));
        }
        let claim = match self.claims.take(&fingerprint, &case.id, &self.cancel, alive) {
            Claimed::Mine(claim) => claim,
            Claimed::Answered(by, evaluation) => {
                return Ok((Ending::Final, self.answer(place, evaluation, Origin::SameAs(by))));
            }
        };
        match self.shelf.evaluation(self.tier, &fingerprint) {
            Kept::Whole(evaluation) => {
                let evaluation = claim.answer(evaluation);
                return Ok((Ending::Final, self.answer(place, evaluation, Origin::Kept)));
            }
            Kept::Damaged(problem) => {
                left.notes.push(format!(
                    "what was kept of `{}` cannot be used, and is made anew: {problem}",
                    case.id
                ));
            }
            Kept::Nothing => {}
        }
        self.run(place, &job, (&strategy, &variants), (fingerprint, claim), left)
    }

    /// Runs it, and says what is found.
    fn run(
        &self,
        place: usize,
        job: &Job<'_>,
        (strategy, variants): (&Strategy, &[Params]),
        (fingerprint, claim): (String, Claim<'_>),
        left: &mut Leavings,
    ) -> Result<(Ending, Came), Stop> {
        let on = (self.asked, self.tier, job.stage);
        let floor = Floor::new(self.engine, on, (job.patience, job.fresh), &self.cancel, job.alive)?;
        self.killers().insert(job.worker.0, floor.killer());
        let judged = match self.tier {
            Tier::L0 => tiers::cheap(&floor, strategy, &variants[0]),
            Tier::L1 => tiers::thorough(&floor, strategy, variants),
            Tier::L2 => tiers::last(&floor, strategy, &variants[0]),
        };
        left.begun = floor.begun();
        let looked = floor.latest().filter(|_| self.tier == Tier::L2);
        left.look = looked.map(|(key, outcome)| (fingerprint.clone(), key, tiers::redacted(outcome)));
        let judged = match judged {
            Err(Stop::Ended(Ending::TimedOut, _)) if left.look.is_some() => {
                Judged::Faulted(Ending::TimedOut, "a time-out on the holdout".to_owned())
            }
            judged => judged?,
        };
        let describe = |finding| Evaluation {
            split: job.stage.split.clone(),
            runs: left.begun.len() as u64,
            variants: job.case.variants(),
            micros: job.patience.took(),
            ..Evaluation::new(self.tier, &fingerprint, finding)
        };
        let (ending, evaluation) = match judged {
            Judged::Found(found) => {
                let evaluation = Evaluation {
                    figures: found.figures.into_iter().map(|(name, figure)| (name, figure.into())).collect(),
                    moments: found.moments,
                    params: Some(found.params),
                    remarks: found.remarks,
                    ..describe(Finding::Measured)
                };
                (Ending::Final, claim.answer(evaluation))
            }
            Judged::Faulted(ending, why) => {
                let evaluation = describe(Finding::Broken(why));
                // An unconfirmed one is no answer for others.
                let evaluation = match ending {
                    Ending::Final => claim.answer(evaluation),
                    _ => Arc::new(evaluation),
                };
                (ending, evaluation)
            }
        };
        Ok((ending, self.answer(place, evaluation, Origin::Ran)))
    }

    /// Asks the gates of now.
    fn answer(&self, place: usize, evaluation: Arc<Evaluation>, origin: Origin) -> Came {
        let mut judgement = Judgement::default();
        if evaluation.finding == Finding::Measured {
            let field = self.asked.cases[place].field;
            judgement.figures.clone_from(&evaluation.figures);
            judgement.remarks.clone_from(&evaluation.remarks);
            let population = self.finals.and_then(|finals| finals.populations.get(&field));
            if let Some(population) = population {
                let trials = self.trials.get(field).copied().unwrap_or_default();
                let moments = evaluation.moments.as_ref();
                population.add(&mut judgement.figures, moments, trials);
                judgement.remarks.push(population.words());
            }
            judgement.caveat = self.grounds[field].stage(self.tier).ok().and_then(|it| it.caveat.clone());
            judgement.verdict = Some(judge(self.asked.rules.gates(self.tier), &judgement.figures));
        }
        Came::Answered(evaluation, origin, Box::new(judgement))
    }

    /// What of a strategy goes on to the last tier.
    fn chosen(&self, place: usize) -> Result<&Final, Stop> {
        self.finals.and_then(|finals| finals.chosen.get(&place)).ok_or_else(|| {
            let why = "its variants could not be run again on what choosing may read";
            Stop::Ended(Ending::Unavailable, why.to_owned())
        })
    }

    fn broken(&self, place: usize, source: &str, why: String, patience: Patience) -> (Ending, Came) {
        let evaluation = Evaluation::new(self.tier, source, Finding::Broken(why));
        let evaluation = Evaluation { micros: patience.took(), ..evaluation };
        (Ending::Final, self.answer(place, Arc::new(evaluation), Origin::Ran))
    }
}

/// The digest of a strategy's file.
pub(super) fn source_digest(case: &Case) -> Result<Digest, Failure> {
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
