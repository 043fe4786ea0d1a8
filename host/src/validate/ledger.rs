//! Trials of validations in the workspace's ledger: each counted once, whenever the process is killed.

use stratbox_decide::Tier;
use stratbox_domain::RunKey;
use stratbox_store::{DataRange, HoldoutId, NewLook, Reader, Workspace, Writer};

use super::kept::{Counting, Evaluation, Found, Shelf};
use crate::backtest::{Ended, Outcome};
use crate::failure::Failure;
use crate::session::now;

/// Who looks at what is held out.
const WHO: &str = "stratbox validate";
/// In which a count is announced before it is made. Whoever holds the lock and finds it knows that its writer was killed.
const ANNOUNCEMENT: &str = "counting.json";

/// Where trials are counted and looks written down.
pub(super) struct Ledger<'a> {
    shelf: &'a Shelf,
    writer: Writer,
    reader: Reader,
}

/// A look at what is held out: who it is of, and what was run.
pub(super) struct Look<'a> {
    pub(super) id: &'a str,
    pub(super) fingerprint: &'a str,
    pub(super) key: RunKey,
    /// From 1 on: each attempt is a look of its own.
    pub(super) attempt: u32,
}

impl Look<'_> {
    fn why(&self) -> String {
        let attempt = match self.attempt {
            0 | 1 => String::new(),
            number => format!(", attempt {number}"),
        };
        format!("{} of {}, fingerprint {:.12}{attempt}", Tier::L2, self.id, self.fingerprint)
    }
}

impl<'a> Ledger<'a> {
    /// Counts what an earlier process was about to count when it was killed.
    pub(super) fn open(workspace: &Workspace, shelf: &'a Shelf) -> Result<Self, Failure> {
        let mut ledger = Self { shelf, writer: workspace.writer()?, reader: workspace.reader()? };
        let lock = shelf.lock()?;
        ledger.recover()?;
        drop(lock);
        Ok(ledger)
    }

    fn recover(&mut self) -> Result<(), Failure> {
        if let Found::Whole(counting) = self.shelf.read::<Counting>(ANNOUNCEMENT) {
            let was_kept = self.shelf.has(counting.tier, &counting.fingerprint);
            // One that was not kept will be made again, and counted then.
            if was_kept && self.counted(&counting.range)? < counting.before.saturating_add(counting.runs) {
                self.add(&counting.range, counting.runs)?;
            }
        }
        self.shelf.remove(ANNOUNCEMENT)
    }

    /// Keeps what came of a validation, and counts so many runs that were made for it; unless another process has just done
    /// both.
    pub(super) fn keep(
        &mut self,
        range: &DataRange,
        evaluation: &Evaluation,
        runs: u64,
    ) -> Result<(), Failure> {
        let _lock = self.shelf.lock()?;
        self.recover()?;
        if self.shelf.has(evaluation.tier, &evaluation.fingerprint) {
            return Ok(());
        }
        let counting = Counting {
            range: *range,
            fingerprint: evaluation.fingerprint.clone(),
            tier: evaluation.tier,
            runs,
            before: self.counted(range)?,
        };
        self.shelf.write(ANNOUNCEMENT, &counting)?;
        self.shelf.keep(evaluation)?;
        self.add(range, runs)?;
        self.shelf.remove(ANNOUNCEMENT)
    }

    /// Counts trials of which nothing is kept.
    pub(super) fn count(&mut self, range: &DataRange, runs: u64) -> Result<(), Failure> {
        if runs == 0 {
            return Ok(());
        }
        let _lock = self.shelf.lock()?;
        // What it was to be compared with is about to change.
        self.recover()?;
        self.add(range, runs)
    }

    fn add(&mut self, range: &DataRange, runs: u64) -> Result<(), Failure> {
        if runs > 0 {
            self.writer.count_trials(range, runs, now())?;
        }
        Ok(())
    }

    /// Whether what came of a validation is kept.
    pub(super) fn is_kept(&self, tier: Tier, fingerprint: &str) -> bool {
        self.shelf.has(tier, fingerprint)
    }

    /// Whether a look was not written down before.
    pub(super) fn is_new(&self, range: &DataRange, look: &Look<'_>) -> Result<bool, Failure> {
        let Some(held) = self.held(range)? else { return Ok(true) };
        let why = look.why();
        let is_same = |it: &stratbox_store::Look| {
            it.holdout == held && it.key == look.key && it.who == WHO && it.why == why
        };
        Ok(!self.reader.looks(range)?.iter().any(is_same))
    }

    /// Writes down a look at what is held out, unless the same was before and only its result was lost. However many holdouts
    /// share its bars, it is one trial.
    pub(super) fn look(
        &mut self,
        range: &DataRange,
        look: &Look<'_>,
        outcome: &Outcome,
    ) -> Result<(), Failure> {
        let _lock = self.shelf.lock()?;
        if !self.is_new(range, look)? {
            return Ok(());
        }
        let Some(holdout) = self.held(range)? else { return self.add(range, 1) };
        let figures = serde_json::to_string(&Ended::from(outcome))
            .map_err(|error| Failure::environment(error.to_string()))?;
        let (who, why, key) = (WHO.to_owned(), look.why(), look.key);
        let (experiment, variant) = (None, None);
        self.writer.record_look(&NewLook {
            holdout,
            experiment,
            variant,
            key,
            who,
            why,
            figures,
            at: now(),
        })?;
        Ok(())
    }

    /// The holdout that a range is, or else the first one that shares its bars.
    fn held(&self, range: &DataRange) -> Result<Option<HoldoutId>, Failure> {
        let holdouts = self.reader.holdouts(range)?;
        let own = holdouts.iter().find(|it| it.data == *range).or(holdouts.first());
        Ok(own.map(|it| it.id))
    }

    pub(super) fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Trials on exactly these bars outside of experiments.
    fn counted(&self, range: &DataRange) -> Result<u64, Failure> {
        let trials = self.reader.trials(range, &[])?;
        let own = trials.parts.iter().filter(|part| part.experiment.is_none() && part.data == *range);
        Ok(own.map(|part| part.trials).sum())
    }
}

#[cfg(test)]
mod tests {
    use stratbox_domain::{Digest, Interruption, RunOutcome};

    use super::*;
    use crate::validate::kept::Finding;

    fn range() -> DataRange {
        DataRange { dataset: Digest::of(b"bars"), from: Some(1), to: Some(9) }
    }

    fn evaluation() -> Evaluation {
        Evaluation { runs: 3, ..Evaluation::new(Tier::L1, "f00d", Finding::Broken("no".to_owned())) }
    }

    fn announced() -> Counting {
        Counting { range: range(), fingerprint: "f00d".to_owned(), tier: Tier::L1, runs: 3, before: 0 }
    }

    /// What is counted when a process begins that finds what `left` has left behind.
    fn counted(left: impl FnOnce(&mut Ledger<'_>)) -> u64 {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::open(&dir.path().join("workspace")).unwrap();
        let shelf = Shelf::open(workspace.path()).unwrap();
        let mut ledger = Ledger::open(&workspace, &shelf).unwrap();
        left(&mut ledger);
        drop(ledger);
        // Twice, as nothing may be counted when it begins again.
        drop(Ledger::open(&workspace, &shelf).unwrap());
        let ledger = Ledger::open(&workspace, &shelf).unwrap();
        ledger.counted(&range()).unwrap()
    }

    #[test]
    fn what_is_kept_is_counted_once() {
        assert_eq!(counted(|ledger| ledger.keep(&range(), &evaluation(), 3).unwrap()), 3);
    }

    #[test]
    fn wherever_a_process_is_killed_what_was_kept_is_counted_once_and_what_was_not_kept_is_not() {
        let announce = |ledger: &Ledger<'_>| ledger.shelf.write(ANNOUNCEMENT, &announced()).unwrap();
        assert_eq!(counted(|ledger| announce(ledger)), 0, "it will be run again");
        let kept = counted(|ledger| {
            announce(ledger);
            ledger.shelf.keep(&evaluation()).unwrap();
        });
        assert_eq!(kept, 3);
        let all_but_the_end = counted(|ledger| {
            announce(ledger);
            ledger.shelf.keep(&evaluation()).unwrap();
            ledger.add(&range(), 3).unwrap();
        });
        assert_eq!(all_but_the_end, 3);
    }

    #[test]
    fn what_two_processes_validate_at_once_is_counted_once() {
        let both = counted(|ledger| {
            ledger.keep(&range(), &evaluation(), 3).unwrap();
            // The other one did not know of it when it began.
            ledger.keep(&range(), &evaluation(), 3).unwrap();
        });
        assert_eq!(both, 3);
    }

    #[test]
    fn what_a_killed_process_announced_is_counted_before_anybody_counts_on() {
        let both = counted(|ledger| {
            ledger.shelf.write(ANNOUNCEMENT, &announced()).unwrap();
            ledger.shelf.keep(&evaluation()).unwrap();
            ledger.count(&range(), 3).unwrap();
        });
        assert_eq!(both, 6);
    }

    #[test]
    fn a_look_whose_result_was_lost_is_not_written_down_again_and_another_one_is() {
        let looks = counted(|ledger| {
            ledger.writer.declare_holdout(&range(), None, 0).unwrap();
            let outcome = RunOutcome::Interrupted(Interruption::Timeout { bar: None });
            let look = |fingerprint| Look { id: "A", fingerprint, key: Digest::of(b"run"), attempt: 1 };
            assert!(ledger.is_new(&range(), &look("f00d")).unwrap());
            for fingerprint in ["f00d", "f00d", "beef"] {
                ledger.look(&range(), &look(fingerprint), &outcome).unwrap();
            }
            assert!(!ledger.is_new(&range(), &look("f00d")).unwrap());
            let looks = ledger.reader.looks(&range()).unwrap();
            assert_eq!(looks.len(), 2);
            assert_eq!(looks[0].who, "stratbox validate");
            assert_eq!(looks[0].why, "L2 of A, fingerprint f00d");
        });
        assert_eq!(looks, 2, "a look is a trial");
    }

    #[test]
    fn a_look_is_one_trial_however_many_holdouts_share_its_bars() {
        let trials = counted(|ledger| {
            let longer = DataRange { to: None, ..range() };
            ledger.writer.declare_holdout(&longer, None, 0).unwrap();
            ledger.writer.declare_holdout(&range(), None, 0).unwrap();
            let outcome = RunOutcome::Interrupted(Interruption::Timeout { bar: None });
            let look = |attempt| Look { id: "A", fingerprint: "f00d", key: Digest::of(b"run"), attempt };
            ledger.look(&range(), &look(1), &outcome).unwrap();
            assert_eq!(ledger.reader.trials(&longer, &[]).unwrap().total, 1);
            ledger.look(&range(), &look(2), &outcome).unwrap();
            assert_eq!(
                ledger.reader.trials(&longer, &[]).unwrap().total,
                2,
                "another attempt is another look"
            );
        });
        assert_eq!(trials, 2);
    }
}
