//! One batch: rows, counts and events.

use std::borrow::Cow;
use std::path::Path;

use rusqlite::{CachedStatement, ErrorCode, Transaction, ffi, params};

use super::ledger::{self, Addition, Entry};
use super::{Owner, owner};
use crate::convert::{column, count, head, int, kind, to_json};
use crate::db::Problem;
use crate::record::MAX_DETAIL;
use crate::{
    Batch, Counts, Event, ExperimentHead, ExperimentId, FailedAttempt, Happening, Milestone, OutcomeKind,
    StoreError, Transition, Trial,
};

const TRIAL: &str = "INSERT INTO trials (experiment, iteration, variant, seq, at, kind, figure, key, label, fuel, attempts, \
     settled, reused, outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
const ATTEMPT: &str = "INSERT INTO attempts (experiment, seq, at, iteration, variant, attempt, reason, detail, worker, \
     delay_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const TRANSITION: &str = "INSERT INTO transitions (experiment, seq, at, what, phase, status, reason, counts) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

/// Only the points that are chosen may differ: how many there can be belongs to the experiment.
const SPACE: &str = "UPDATE strategies SET space = ?3 WHERE experiment = ?1 AND first = ?2";

/// Writes everything, and says what happened and to which entry of the ledger trials were added, if there were any.
/// `has_counted` says whether this process has added to an entry before.
pub(super) fn commit(
    transaction: &Transaction<'_>,
    workspace: &Path,
    id: ExperimentId,
    owners: &[Owner],
    batch: &Batch,
    has_counted: impl FnOnce(&Entry) -> bool,
) -> Result<(Vec<Event>, Option<Entry>), Problem> {
    let head = head(transaction, workspace, id)?;
    let Batch { trials, attempts, transitions, spaces, at } = batch;
    for (first, space) in spaces {
        transaction.execute(SPACE, params![id.0, int(*first), to_json(space)])?;
    }
    let mut session =
        Session::new(transaction, head, owners, trials.len() + attempts.len() + transitions.len())?;
    let mut attempts = attempts.iter().peekable();
    for trial in trials {
        while let Some(attempt) = attempts.next_if(|attempt| attempt.at <= trial.at) {
            session.attempt(attempt)?;
        }
        session.trial(trial)?;
    }
    attempts.try_for_each(|attempt| session.attempt(attempt))?;
    let entry = session.count(batch, has_counted)?;
    transitions.iter().try_for_each(|transition| session.transition(transition, *at))?;
    Ok((session.finish(transitions.last())?, entry))
}

struct Session<'t> {
    transaction: &'t Transaction<'t>,
    insert_trial: CachedStatement<'t>,
    insert_attempt: CachedStatement<'t>,
    owners: &'t [Owner],
    /// As it will be after the batch.
    head: ExperimentHead,
    events: Vec<Event>,
}

impl<'t> Session<'t> {
    fn new(
        transaction: &'t Transaction<'t>,
        head: ExperimentHead,
        owners: &'t [Owner],
        events: usize,
    ) -> Result<Self, Problem> {
        Ok(Self {
            transaction,
            insert_trial: transaction.prepare_cached(TRIAL)?,
            insert_attempt: transaction.prepare_cached(ATTEMPT)?,
            owners,
            head,
            events: Vec::with_capacity(events),
        })
    }

    /// The next event's number, and its time, which is never before the last one's.
    fn next(&mut self, at: u64) -> (u64, u64) {
        self.head.events += 1;
        self.head.updated = self.head.updated.max(at.min(i64::MAX as u64));
        (self.head.events, self.head.updated)
    }

    fn owner(&self, variant: u64) -> Result<&'t Owner, Problem> {
        owner(self.owners, variant).ok_or_else(|| {
            let id = self.head.id;
            StoreError::Invalid(format!("variant {variant} belongs to no strategy of experiment `{id}`"))
                .into()
        })
    }

    fn trial(&mut self, trial: &Trial) -> Result<(), Problem> {
        let owner = self.owner(trial.variant)?;
        let (seq, at) = self.next(trial.at);
        let Trial { variant, iteration, key, ref outcome, fuel, attempts, settled, reused, .. } = *trial;
        let figure = trial.figure.filter(|figure| figure.is_finite());
        let id = self.head.id;
        let mut insert = || {
            self.insert_trial.execute(params![
                id.0,
                iteration,
                int(variant),
                int(seq),
                int(at),
                outcome.kind.number(),
                figure,
                key.as_bytes(),
                outcome.label,
                int(fuel),
                attempts,
                settled,
                reused.map(|id| id.0),
                outcome.bytes
            ])
        };
        // That there is an earlier trial is rare: it costs nothing to find out when there is none.
        match insert() {
            Err(error) if is_taken(&error) => {
                set_aside(self.transaction, &mut self.head, trial)?;
                insert()?;
            }
            done => {
                done?;
            }
        }
        let label = outcome.label;
        tally(&mut self.head.counts, outcome.kind, label, reused.is_some(), |count| *count += 1);
        self.events.push(Event {
            seq,
            at,
            experiment: id,
            what: Happening::VariantSettled {
                variant,
                iteration,
                strategy: owner.label.clone(),
                run_key: key,
                outcome: outcome.kind.label(),
                fault: label.filter(|_| outcome.kind == OutcomeKind::Faulted).map(Cow::Borrowed),
                interruption: label.filter(|_| outcome.kind == OutcomeKind::Interrupted).map(Cow::Borrowed),
                figure,
                fuel: fuel.min(i64::MAX as u64),
                attempts,
                settled: Cow::Borrowed(settled),
                reused,
            },
        });
        Ok(())
    }

    fn attempt(&mut self, failed: &FailedAttempt) -> Result<(), Problem> {
        let owner = self.owner(failed.variant)?;
        let (seq, at) = self.next(failed.at);
        let &FailedAttempt { variant, iteration, attempt, ref reason, ref detail, worker, .. } = failed;
        let (experiment, detail) = (self.head.id, cut(detail));
        let delay_ms = failed.delay_ms.min(i64::MAX as u64);
        self.insert_attempt.execute(params![
            experiment.0,
            int(seq),
            int(at),
            iteration,
            int(variant),
            attempt,
            reason,
            detail,
            worker,
            int(delay_ms)
        ])?;
        self.head.counts.failed_attempts += 1;
        let (strategy, reason, detail) = (owner.label.clone(), reason.clone(), detail.to_owned());
        let what = Happening::AttemptFailed {
            variant,
            iteration,
            strategy,
            attempt,
            reason,
            detail,
            worker,
            delay_ms,
        };
        self.events.push(Event { seq, at, experiment, what });
        Ok(())
    }

    /// Counts the trials of a batch whose rows were all written.
    fn count(
        &self,
        batch: &Batch,
        has_counted: impl FnOnce(&Entry) -> bool,
    ) -> Result<Option<Entry>, Problem> {
        let Some(first) = self.events.first() else { return Ok(None) };
        let entry = (self.head.data, Some(self.head.id));
        let addition = Addition {
            trials: (batch.trials.len() + batch.attempts.len()) as u64,
            reused: batch.trials.iter().filter(|trial| trial.reused.is_some()).count() as u64,
            new_session: !has_counted(&entry),
            times: (first.at, self.head.updated),
        };
        ledger::add(self.transaction, entry, addition)?;
        Ok(Some(entry))
    }

    fn transition(&mut self, transition: &Transition, at: u64) -> Result<(), Problem> {
        let (seq, at) = self.next(at);
        let experiment = self.head.id;
        let reason = transition.reason.as_deref().map(cut);
        let (what, phase) = label(&transition.what);
        self.transaction.prepare_cached(TRANSITION)?.execute(params![
            experiment.0,
            int(seq),
            int(at),
            what,
            phase,
            transition.status.label(),
            reason,
            to_json(&self.head.counts)
        ])?;
        let reason = reason.map(str::to_owned);
        let what = happening(&transition.what, reason, &self.head.counts);
        self.events.push(Event { seq, at, experiment, what });
        Ok(())
    }

    fn finish(self, last: Option<&Transition>) -> Result<Vec<Event>, Problem> {
        let Self { transaction, head, events, .. } = self;
        transaction
            .prepare_cached("UPDATE experiments SET events = ?2, updated = ?3, counts = ?4 WHERE id = ?1")?
            .execute(params![head.id.0, int(head.events), int(head.updated), to_json(&head.counts)])?;
        if let Some(Transition { status, reason, state, .. }) = last {
            transaction
                .prepare_cached("UPDATE experiments SET status = ?2, reason = ?3, state = ?4 WHERE id = ?1")?
                .execute(params![head.id.0, status.label(), reason.as_deref().map(cut), state])?;
        }
        Ok(events)
    }
}

/// The milestone as it is stored.
fn label(what: &Milestone) -> (&'static str, Option<&str>) {
    match what {
        Milestone::Resumed => ("resumed", None),
        Milestone::Phase(phase) => ("phase", Some(phase)),
        Milestone::Paused => ("paused", None),
        Milestone::Completed => ("completed", None),
        Milestone::Failed => ("failed", None),
    }
}

/// The milestone as it is published.
pub(crate) fn happening(what: &Milestone, reason: Option<String>, counts: &Counts) -> Happening {
    match what {
        Milestone::Resumed => Happening::ExperimentResumed { reason },
        Milestone::Phase(phase) => Happening::PhaseChanged { phase: phase.clone(), reason },
        Milestone::Paused => Happening::ExperimentPaused { reason },
        Milestone::Completed => Happening::ExperimentCompleted { counts: counts.clone() },
        Milestone::Failed => Happening::ExperimentFailed { reason },
    }
}

/// At most [`MAX_DETAIL`] bytes of a text.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_DETAIL)]
}

fn is_taken(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| {
        error.code == ErrorCode::ConstraintViolation
            && error.extended_code == ffi::SQLITE_CONSTRAINT_PRIMARYKEY
    })
}

/// Makes room for a trial of a variant that was settled before: the old one no longer counts, but its event stays.
fn set_aside(transaction: &Transaction<'_>, head: &mut ExperimentHead, trial: &Trial) -> Result<(), Problem> {
    const COLUMNS: &str = "experiment, seq, iteration, variant, at, kind, figure, key, label, fuel, attempts, settled, \
         reused, outcome";
    const THIS: &str = "WHERE experiment = ?1 AND iteration = ?2 AND variant = ?3";
    let (id, this) = (head.id, params![head.id.0, trial.iteration, int(trial.variant)]);
    let mut earlier =
        transaction.prepare_cached(&format!("SELECT kind, label, reused IS NOT NULL FROM trials {THIS}"))?;
    let mut rows = earlier.query(this)?;
    if let Some(row) = rows.next()? {
        let (kind, label, reused) = (kind(row, 0)?, column::<Option<String>>(row, 1)?, count::<u8>(row, 2)?);
        if kind == OutcomeKind::Completed {
            return Err(StoreError::Settled { id, variant: trial.variant }.into());
        }
        tally(&mut head.counts, kind, label.as_deref(), reused == 1, |count| {
            *count = count.saturating_sub(1);
        });
    }
    drop(rows);
    transaction
        .prepare_cached(&format!("INSERT INTO superseded ({COLUMNS}) SELECT {COLUMNS} FROM trials {THIS}"))?
        .execute(this)?;
    transaction.prepare_cached(&format!("DELETE FROM trials {THIS}"))?.execute(this)?;
    Ok(())
}

/// Counts a trial, or takes one back.
fn tally(
    counts: &mut Counts,
    kind: OutcomeKind,
    label: Option<&str>,
    reused: bool,
    change: impl Fn(&mut u64),
) {
    match kind {
        OutcomeKind::Completed => change(&mut counts.completed),
        OutcomeKind::Interrupted => change(&mut counts.interrupted),
        OutcomeKind::Faulted => {
            change(&mut counts.faulted);
            let label = label.unwrap_or_default();
            match counts.faults.get_mut(label) {
                Some(count) => change(count),
                None => change(counts.faults.entry(label.to_owned()).or_default()),
            }
            counts.faults.retain(|_, count| *count > 0);
        }
    }
    if reused {
        change(&mut counts.reused);
    }
}
