//! What becomes of what workers found: kept, counted, written into the queue, told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use stratbox_decide::validation::{Next, Outcome, next_try};
use stratbox_decide::{Category, Status, Tier};
use stratbox_domain::RunKey;
use stratbox_orchestrator::{
    Cause, Decision, History, JobEnd, JobId, Millis, NewTask, Settled, Statistics, WorkerId,
};
use stratbox_queue::{Managed, Queue, QueueError};
use stratbox_scheduler::{Book, Control, Expansion, Tried};
use stratbox_store::DataRange;

use super::cases::{Asked, Case};
use super::events::Happened;
use super::grounds::Ground;
use super::kept::{Evaluation, Finding};
use super::ledger::{Ledger, Look};
use super::rows::{Left, Row, Way, before, tries, verdict_text};
use super::work::{Came, Judgement, Leavings, Origin, Tried as Attempted, Why};
use crate::failure::Failure;
use crate::render::text::inline;
use crate::session::Stream;

/// Changes of the queue that are made within this time are written together.
const PATIENCE: Duration = Duration::from_millis(100);

/// Where a tier's book writes to.
pub(super) struct Desk<'a> {
    pub(super) ledger: Ledger<'a>,
    pub(super) queue: &'a mut Queue,
    pub(super) stream: &'a mut Stream,
    pub(super) note: &'a dyn Fn(&str),
}

/// The book of one tier.
pub(super) struct Register<'a, 'd> {
    asked: &'a Asked,
    tier: Tier,
    grounds: &'a [Ground],
    order: &'a [usize],
    /// Places of strategies that workers have begun.
    begun: &'a Mutex<Vec<usize>>,
    control: Control<Attempted, Failure>,
    desk: &'a mut Desk<'d>,
    bar: ProgressBar,
    /// The next task.
    next: usize,
    /// What is to be written into the queue, and since when.
    changes: Vec<(String, Managed)>,
    since: Option<Instant>,
    /// Runs of attempts that stand: what two strategies have in common is run for both, and one trial.
    counted: BTreeSet<RunKey>,
    /// Failed attempts, and the time that all took, by the places of strategies.
    tried: BTreeMap<usize, (u32, u64)>,
    left: Left,
}

/// What is made of an attempt's output.
struct Answer {
    category: Category,
    reason: Option<String>,
    evaluation: Option<Arc<Evaluation>>,
    judgement: Judgement,
    fingerprint: Option<String>,
    origin: Way,
}

impl Answer {
    fn of(outcome: Outcome<'_>, margin: f64) -> Self {
        let settled = outcome.settle(margin);
        let (category, reason) = (settled.category, settled.reason);
        let judgement = Judgement::default();
        Self { category, reason, evaluation: None, judgement, fingerprint: None, origin: Way::Ran }
    }
}

impl<'a, 'd> Register<'a, 'd> {
    pub(super) fn new(
        (asked, tier): (&'a Asked, Tier),
        grounds: &'a [Ground],
        (order, begun): (&'a [usize], &'a Mutex<Vec<usize>>),
        control: Control<Attempted, Failure>,
        desk: &'a mut Desk<'d>,
        bar: ProgressBar,
    ) -> Self {
        Self {
            asked,
            tier,
            grounds,
            order,
            begun,
            control,
            desk,
            bar,
            next: 0,
            changes: Vec::new(),
            since: None,
            counted: BTreeSet::new(),
            tried: BTreeMap::new(),
            left: Left::default(),
        }
    }

    /// Writes what is left to be written. A strategy that was begun and has no result is as it was before.
    pub(super) fn close(mut self) -> Result<Left, Failure> {
        self.take_begun()?;
        let done: Vec<usize> = self.left.rows.iter().map(|row| row.place).collect();
        for place in self.order.iter().filter(|place| !done.contains(place)) {
            let case = self.case(*place);
            let change = (case.id.clone(), case.managed.clone());
            self.changes.push(change);
        }
        self.flush()?;
        self.bar.finish_and_clear();
        Ok(self.left)
    }

    fn case(&self, place: usize) -> &'a Case {
        &self.asked.cases[place]
    }

    fn range(&self, case: &Case) -> Option<DataRange> {
        self.grounds[case.field].stage(self.tier).ok().map(|stage| stage.range)
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| (self.desk.note)(line));
    }

    /// Says which strategies were begun.
    fn take_begun(&mut self) -> Result<(), Failure> {
        let begun = std::mem::take(&mut *self.begun.lock().unwrap_or_else(PoisonError::into_inner));
        for place in begun {
            let case = self.case(place);
            // A second attempt is no second beginning.
            if self.tried.contains_key(&place) {
                continue;
            }
            self.tried.insert(place, (0, 0));
            self.desk.stream.tell(&Happened::Validating { id: &case.id, tier: self.tier })?;
            let attempts = before(case, self.tier).map_or(0, |before| before.attempts);
            let status = Status::Validating(self.tier);
            self.change(&case.id, Managed { status, attempts, ..case.managed.clone() });
        }
        Ok(())
    }

    fn change(&mut self, id: &str, managed: Managed) {
        self.changes.push((id.to_owned(), managed));
        self.since.get_or_insert_with(Instant::now);
    }

    /// Writes changes into the queue, unless somebody has edited it.
    fn flush(&mut self) -> Result<(), Failure> {
        self.since = None;
        let changes = std::mem::take(&mut self.changes);
        if self.left.edited || changes.is_empty() {
            return Ok(());
        }
        match self.desk.queue.update(&changes) {
            Ok(()) => Ok(()),
            Err(QueueError::Edited { .. }) => {
                self.left.edited = true;
                self.say(
                    "the queue file was edited: nothing more is begun; what runs may finish, and is kept",
                );
                self.control.drain();
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What an attempt's output says of the strategy.
    fn answer(&self, case: &Case, came: Option<Came>) -> Answer {
        let (tier, margin) = (self.tier, self.asked.validation.fixable_margin);
        let of = |outcome: Outcome<'_>| Answer::of(outcome, margin);
        match came {
            Some(Came::Answered(evaluation, origin, judgement)) => {
                let origin = match origin {
                    Origin::Ran => Way::Ran,
                    Origin::Kept => Way::Kept,
                    Origin::SameAs(id) => Way::SameAs(id),
                };
                let answer = match (&evaluation.finding, &judgement.verdict) {
                    (Finding::Measured, Some(verdict)) => of(Outcome::Judged(tier, verdict)),
                    (Finding::Measured, None) => of(Outcome::Lost("nobody asked its gates")),
                    (Finding::Broken(why), _) => of(Outcome::Broken(tier, why)),
                };
                let fingerprint = Some(evaluation.fingerprint.clone());
                Answer { evaluation: Some(evaluation), judgement: *judgement, fingerprint, origin, ..answer }
            }
            Some(Came::Unchanged(fingerprint)) => {
                let reason = case.managed.reason.clone();
                let (category, origin) = (Category::Fixable, Way::Unchanged);
                let answer = of(Outcome::Broken(tier, ""));
                Answer { category, reason, fingerprint: Some(fingerprint), origin, ..answer }
            }
            // Nothing was run on the holdout, and nothing is said of it.
            Some(Came::Unreadable(why)) if tier == Tier::L2 => of(Outcome::NoData(&why)),
            Some(Came::Unreadable(why)) => of(Outcome::Broken(tier, &why)),
            Some(Came::Nothing(why, text)) => of(match why {
                Why::TimedOut => Outcome::TimedOut(&text),
                Why::NoData => Outcome::NoData(&text),
                Why::Lost | Why::Cancelled => Outcome::Lost(&text),
            }),
            None => of(Outcome::Lost("its worker was silent")),
        }
    }

    /// Writes down what an attempt has run, before anything of it is shown: a look at what is held out, or else trials. As in
    /// sweeps, an attempt that is followed by another counts too. What stands is kept.
    fn account(
        &mut self,
        case: &Case,
        (left, attempt): (&Leavings, u32),
        stands: Option<(Option<&Evaluation>, bool)>,
    ) -> Result<(), Failure> {
        let Some(range) = self.range(case) else { return Ok(()) };
        let mut runs = 0;
        if let Some((fingerprint, key, outcome)) = &left.look {
            let look = Look { id: &case.id, fingerprint, key: *key, attempt };
            self.desk.ledger.look(&range, &look, outcome)?;
        } else {
            let new: Vec<RunKey> = left.begun.difference(&self.counted).copied().collect();
            runs = new.len() as u64;
            if stands.is_some() {
                self.counted.extend(new);
            }
        }
        match stands {
            Some((Some(evaluation), true)) if evaluation.runs > 0 => {
                self.desk.ledger.keep(&range, evaluation, runs)
            }
            _ => self.desk.ledger.count(&range, runs),
        }
    }

    /// After so many tries, what may be mended has failed.
    fn last_try(&self, answer: &mut Answer, tries: u32) {
        let validation = &self.asked.validation;
        if answer.category != Category::Fixable || answer.origin == Way::Unchanged {
            return;
        }
        if !validation.auto_retry_fixable {
            answer.category = Category::Fail;
        } else if let Next::Final(category) = next_try(answer.category, tries, validation.max_retries) {
            answer.category = category;
            let reason = answer.reason.take().unwrap_or_default();
            answer.reason = Some(format!("{reason}; tries are used up after {tries}"));
        }
    }

    /// Writes a result down, in the queue and wherever people look.
    fn tell(&mut self, place: usize, answer: Answer, (micros, is_kept): (u64, bool)) -> Result<(), Failure> {
        let case = self.case(place);
        let Answer { category, reason, evaluation, judgement, fingerprint, origin } = answer;
        let reason = reason.map(|reason| inline(&reason));
        let (retries, before) = self.tried.get(&place).copied().unwrap_or_default();
        let micros = before.saturating_add(micros);
        let tries = match origin {
            Way::Unchanged => case.managed.attempts,
            _ => tries(case, self.tier, fingerprint.as_deref()),
        };
        let managed = match origin {
            Way::Unchanged => case.managed.clone(),
            _ => Managed {
                status: Status::Done(self.tier, category),
                attempts: tries,
                fingerprint: fingerprint.clone(),
                verdict: verdict_text(self.tier, &judgement),
                reason: reason.clone(),
            },
        };
        self.change(&case.id, managed);
        // Whoever kills it when told finds what was kept, or else what is written here.
        if !is_kept {
            self.flush()?;
        }
        let seconds = micros as f64 / 1e6;
        self.desk.stream.tell(&Happened::Validated {
            id: &case.id,
            tier: self.tier,
            category,
            seconds,
            fingerprint: fingerprint.as_deref(),
            reason: reason.as_deref(),
        })?;
        let number = self.left.rows.len() + 1;
        let how = match &origin {
            Way::Ran => String::new(),
            Way::Kept => ", answered from what was kept".to_owned(),
            Way::SameAs(id) => format!(", the same as `{id}`"),
            Way::Unchanged => ", not validated again: nothing was changed".to_owned(),
        };
        let why = reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let of = self.order.len();
        self.say(&format!("[{number}/{of}] {} {} {category}, {seconds:.1} s{how}{why}", case.id, self.tier));
        let tier = self.tier;
        self.left.rows.push(Row {
            place,
            tier,
            category,
            reason,
            fingerprint,
            evaluation,
            judgement,
            origin,
            tries,
            retries,
            micros,
        });
        self.bar.inc(1);
        let is_unchanged = self.left.rows.last().is_some_and(|row| row.origin == Way::Unchanged);
        if category != Category::Pass && !is_unchanged && self.asked.validation.fail_fast {
            self.control.drain();
        }
        Ok(())
    }

    /// Keeps, counts and tells what came of a strategy.
    fn settled(&mut self, tried: Tried<Attempted>, settled: Settled) -> Result<(), Failure> {
        self.take_begun()?;
        let is_cancelled =
            matches!(&tried.output, Some(Attempted { came: Came::Nothing(Why::Cancelled, _), .. }));
        if settled == Settled::Cancelled || is_cancelled {
            return Ok(());
        }
        let place = self.order[tried.task.index as usize];
        let case = self.case(place);
        let attempt = tried.attempt;
        let (came, left, micros) = match tried.output {
            Some(Attempted { came, left, micros }) => (Some(came), left, micros),
            None => (None, Leavings::default(), 0),
        };
        self.notes(&left);
        self.left.timed_out += u64::from(left.timed_out);
        let mut answer = self.answer(case, came);
        // What was seen on the holdout stands, and is not tried again.
        let is_certain =
            matches!(settled, Settled::Conclusive | Settled::Reproduced) || self.tier == Tier::L2;
        let ran = answer.evaluation.clone().filter(|_| answer.origin == Way::Ran);
        self.account(case, (&left, attempt), Some((ran.as_deref(), is_certain)))?;
        let is_kept = match &answer.origin {
            Way::Ran => is_certain && ran.is_some_and(|it| it.runs > 0),
            Way::Kept | Way::Unchanged => true,
            // The other one may not be through yet.
            Way::SameAs(_) => {
                answer.fingerprint.as_deref().is_some_and(|it| self.desk.ledger.is_kept(self.tier, it))
            }
        };
        let tries = tries(case, self.tier, answer.fingerprint.as_deref());
        self.last_try(&mut answer, tries);
        self.tell(place, answer, (micros, is_kept))
    }

    fn notes(&self, left: &Leavings) {
        left.notes.iter().for_each(|note| self.say(&inline(note)));
    }
}

impl Book for Register<'_, '_> {
    type Output = Attempted;
    type Error = Failure;

    fn expand(&mut self, _job: JobId, at_most: usize) -> Result<Expansion, Failure> {
        let first = self.next;
        self.next = self.order.len().min(first + at_most);
        let task = |index: usize| NewTask { index: index as u64, history: History::default() };
        let tasks = (first..self.next).map(task).collect();
        Ok(Expansion { tasks, answered: 0, more: self.next < self.order.len() })
    }

    fn settle(&mut self, tried: Tried<Attempted>, settled: Settled) -> Result<(), Failure> {
        let done = self.settled(tried, settled);
        self.control.stored(1);
        done
    }

    fn retry(&mut self, tried: Tried<Attempted>, cause: Cause, delay: Millis) -> Result<(), Failure> {
        self.take_begun()?;
        let place = self.order[tried.task.index as usize];
        let case = self.case(place);
        let entry = self.tried.entry(place).or_default();
        entry.0 += 1;
        let mut detail = String::new();
        if let Some(Attempted { came, left, micros }) = tried.output {
            entry.1 = entry.1.saturating_add(micros);
            detail = match came {
                Came::Answered(evaluation, ..) => match &evaluation.finding {
                    Finding::Broken(why) => inline(why),
                    Finding::Measured => String::new(),
                },
                Came::Nothing(_, why) | Came::Unreadable(why) => inline(&why),
                Came::Unchanged(_) => String::new(),
            };
            self.notes(&left);
            self.account(case, (&left, tried.attempt), None)?;
        }
        let (tier, attempt, reason) = (self.tier, tried.attempt, cause.label());
        self.left.timed_out += u64::from(cause == Cause::Timeout);
        let (id, detail) = (case.id.as_str(), detail.as_str());
        self.desk.stream.tell(&Happened::Retry { id, tier, attempt, reason, detail, delay_ms: delay })?;
        self.say(&format!(
            "{id} {tier}: attempt {attempt} failed ({reason}), and is followed by another: {detail}"
        ));
        Ok(())
    }

    fn assigned(&mut self, _: WorkerId, _: usize, _: Duration) {}

    fn answered(&mut self, _: WorkerId, _: usize, _: Duration) {}

    fn finished(&mut self, _: JobId, _: JobEnd) -> Result<(), Failure> {
        self.flush()
    }

    fn ask(&mut self, _: u64, _: u64) -> Option<Decision> {
        Some(Decision::Continue)
    }

    fn watch(&mut self, _: &Statistics) {
        let waited = self.since.is_some_and(|since| since.elapsed() >= PATIENCE);
        let result = self.take_begun().and_then(|()| if waited { self.flush() } else { Ok(()) });
        if let Err(failure) = result {
            self.control.fail(failure);
        }
    }

    fn worker(&mut self, _: WorkerId, lost: bool) {
        let (started, silent) = &mut self.left.workers;
        if lost { *silent += 1 } else { *started += 1 }
    }

    fn idle(&mut self) -> Duration {
        // Nobody says when a worker begins.
        PATIENCE
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
