//! Trials of validations in the workspace's ledger: each counted once, whenever the process is killed.

use stratbox_decide::Tier;
use stratbox_domain::RunKey;
use stratbox_store::{DataRange, NewLook, Reader, Workspace, Writer};

use super::kept::{Counting, Evaluation, Found, Shelf};
use crate::backtest::{Ended, Outcome};
use crate::failure::Failure;
use crate::session::now;

/// Who looks at what is held out.
const WHO: &str = "stratbox validate";

/// Where trials are counted and looks written down.
pub(super) struct Ledger<'a> {
    shelf: &'a Shelf,
    writer: Writer,
    reader: Reader,
    /// The file in which a count is announced before it is made: no other queue's.
    announcement: String,
}

impl<'a> Ledger<'a> {
    /// Counts what an earlier process was about to count when it was killed.
    pub(super) fn open(workspace: &Workspace, shelf: &'a Shelf, queue: &str) -> Result<Self, Failure> {
        let announcement = format!("counting-{}.json", stratbox_domain::Digest::of(queue.as_bytes()).short());
        let mut ledger =
            Self { shelf, writer: workspace.writer()?, reader: workspace.reader()?, announcement };
        if let Found::Whole(counting) = shelf.read::<Counting>(&ledger.announcement) {
            let was_kept = matches!(shelf.evaluation(counting.tier, &counting.fingerprint), Found::Whole(_));
            // One that was not kept will be made again, and counted then.
            if was_kept && ledger.counted(&counting.range)? < counting.before.saturating_add(counting.runs) {
                ledger.count(&counting.range, counting.runs)?;
            }
        }
        shelf.remove(&ledger.announcement)?;
        Ok(ledger)
    }

    /// Keeps what came of a validation, and counts it.
    pub(super) fn keep(&mut self, range: &DataRange, evaluation: &Evaluation) -> Result<(), Failure> {
        let counting = Counting {
            range: *range,
            fingerprint: evaluation.fingerprint.clone(),
            tier: evaluation.tier,
            runs: evaluation.runs,
            before: self.counted(range)?,
        };
        self.shelf.write(&self.announcement, &counting)?;
        self.shelf.keep(evaluation)?;
        self.count(range, evaluation.runs)?;
        self.shelf.remove(&self.announcement)
    }

    /// Counts trials of which nothing is kept.
    pub(super) fn count(&mut self, range: &DataRange, runs: u64) -> Result<(), Failure> {
        if runs > 0 {
            self.writer.count_trials(range, runs, now())?;
        }
        Ok(())
    }

    /// Writes down a look at what is held out, unless the same was written down before and its result was lost; then keeps it.
    pub(super) fn look(
        &mut self,
        range: &DataRange,
        (id, evaluation): (&str, &Evaluation),
        (key, outcome): (RunKey, &Outcome),
    ) -> Result<(), Failure> {
        let why = format!("{} of {id}, fingerprint {:.12}", Tier::L2, evaluation.fingerprint);
        let figures = serde_json::to_string(&Ended::from(outcome))
            .map_err(|error| Failure::environment(error.to_string()))?;
        let looks = self.reader.looks(range)?;
        for held in self.reader.holdouts(range)? {
            let is_same = |look: &&stratbox_store::Look| {
                look.holdout == held.id && look.key == key && look.who == WHO && look.why == why
            };
            if looks.iter().find(is_same).is_some() {
                continue;
            }
            let (who, why, figures) = (WHO.to_owned(), why.clone(), figures.clone());
            let (experiment, variant, holdout) = (None, None, held.id);
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
        }
        self.shelf.keep(evaluation)
    }

    /// How many times what a look at a range is counted: once for each holdout that it concerns.
    pub(super) fn looks_a_run(&self, range: &DataRange) -> Result<u64, Failure> {
        Ok(self.reader.holdouts(range)?.len() as u64)
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
        let mut ledger = Ledger::open(&workspace, &shelf, "queue").unwrap();
        left(&mut ledger);
        drop(ledger);
        // Twice, as nothing may be counted when it begins again.
        drop(Ledger::open(&workspace, &shelf, "queue").unwrap());
        let ledger = Ledger::open(&workspace, &shelf, "queue").unwrap();
        ledger.counted(&range()).unwrap()
    }

    #[test]
    fn what_is_kept_is_counted_once() {
        assert_eq!(counted(|ledger| ledger.keep(&range(), &evaluation()).unwrap()), 3);
    }

    #[test]
    fn wherever_a_process_is_killed_what_was_kept_is_counted_once_and_what_was_not_kept_is_not() {
        let announce = |ledger: &Ledger<'_>| ledger.shelf.write(&ledger.announcement, &announced()).unwrap();
        assert_eq!(counted(|ledger| announce(ledger)), 0, "it will be run again");
        let kept = counted(|ledger| {
            announce(ledger);
            ledger.shelf.keep(&evaluation()).unwrap();
        });
        assert_eq!(kept, 3);
        let all_but_the_end = counted(|ledger| {
            announce(ledger);
            ledger.shelf.keep(&evaluation()).unwrap();
            ledger.count(&range(), 3).unwrap();
        });
        assert_eq!(all_but_the_end, 3);
    }

    #[test]
    fn a_look_whose_result_was_lost_is_not_written_down_again_and_another_one_is() {
        let looks = counted(|ledger| {
            ledger.writer.declare_holdout(&range(), None, 0).unwrap();
            let outcome = RunOutcome::Interrupted(Interruption::Timeout { bar: None });
            let key = Digest::of(b"run");
            let final_tier = Evaluation::new(Tier::L2, "f00d", Finding::Broken("no".to_owned()));
            ledger.look(&range(), ("A", &final_tier), (key, &outcome)).unwrap();
            ledger.look(&range(), ("A", &final_tier), (key, &outcome)).unwrap();
            let other = Evaluation::new(Tier::L2, "beef", Finding::Broken("no".to_owned()));
            ledger.look(&range(), ("A", &other), (key, &outcome)).unwrap();
            let looks = ledger.reader.looks(&range()).unwrap();
            assert_eq!(looks.len(), 2);
            assert_eq!(looks[0].who, "stratbox validate");
            assert_eq!(looks[0].why, "L2 of A, fingerprint f00d");
        });
        assert_eq!(looks, 2, "a look is a trial");
    }
}
