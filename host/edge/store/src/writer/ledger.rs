//! What is only ever added to: the trials of each range, holdouts, and looks at them.

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::Writer;
use crate::convert::{head, int};
use crate::db::Problem;
use crate::{DataRange, ExperimentId, HoldoutId, NewLook, StoreError};

/// Counts stop at the largest number rather than becoming another kind of number.
const COUNT: &str = "INSERT INTO ledger (dataset, since, until, experiment, trials, reused, sessions, first, last) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (dataset, since, until, experiment) DO UPDATE SET \
     trials = trials + min(excluded.trials, 9223372036854775807 - trials), \
     reused = reused + min(excluded.reused, 9223372036854775807 - reused), \
     sessions = sessions + excluded.sessions, first = min(first, excluded.first), last = max(last, excluded.last)";

/// Who tried on which bars.
pub(super) type Entry = (DataRange, Option<ExperimentId>);

/// What is added to an entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addition {
    pub(super) trials: u64,
    pub(super) reused: u64,
    /// Whether this process has not added to it before.
    pub(super) new_session: bool,
    /// When the first and the last of the trials were made.
    pub(super) times: (u64, u64),
}

/// Adds trials: one statement, however many there are.
pub(super) fn add(
    transaction: &Transaction<'_>,
    (data, experiment): Entry,
    addition: Addition,
) -> Result<(), Problem> {
    let Addition { trials, reused, new_session, times: (first, last) } = addition;
    if trials == 0 {
        return Ok(());
    }
    let (from, to) = data.bounds();
    transaction.prepare_cached(COUNT)?.execute(params![
        data.dataset.as_bytes(),
        from,
        to,
        number(experiment),
        int(trials),
        int(reused),
        new_session,
        int(first),
        int(last)
    ])?;
    Ok(())
}

/// The experiment as the ledger has it: zero outside of experiments.
fn number(experiment: Option<ExperimentId>) -> i64 {
    experiment.map_or(0, |id| id.0)
}

impl Writer {
    /// Counts trials that were made outside of experiments, such as single runs that are compared by hand. They are never
    /// taken back. Runs on made-up bars are none, as nothing is chosen for these bars by them.
    ///
    /// # Errors
    /// The range is empty; the store cannot be written.
    pub fn count_trials(&mut self, data: &DataRange, trials: u64, at: u64) -> Result<(), StoreError> {
        data.check()?;
        let entry = (*data, None);
        let new_session = !self.counted.contains(&entry);
        let addition = Addition { trials, reused: 0, new_session, times: (at, at) };
        self.db.write(|transaction| add(transaction, entry, addition))?;
        if trials > 0 {
            self.counted.insert(entry);
        }
        Ok(())
    }

    /// Declares that nothing that chooses may read some bars. A range that was declared before keeps its number, its looks
    /// and who declared it.
    ///
    /// # Errors
    /// The range is empty; there is no such experiment; the store cannot be written.
    pub fn declare_holdout(
        &mut self,
        data: &DataRange,
        experiment: Option<ExperimentId>,
        at: u64,
    ) -> Result<HoldoutId, StoreError> {
        data.check()?;
        let workspace = &self.workspace;
        self.db.write(|transaction| {
            experiment.map(|id| head(transaction, workspace.path(), id)).transpose()?;
            let (from, to) = data.bounds();
            transaction.execute(
                "INSERT INTO holdouts (dataset, since, until, experiment, at) VALUES (?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT (dataset, since, until) DO NOTHING",
                params![data.dataset.as_bytes(), from, to, experiment.map(|id| id.0), int(at)],
            )?;
            let id = transaction.query_row(
                "SELECT id FROM holdouts WHERE dataset = ?1 AND since = ?2 AND until = ?3",
                params![data.dataset.as_bytes(), from, to],
                |row| row.get(0),
            )?;
            Ok(HoldoutId(id))
        })
    }

    /// Writes down that somebody looks at a holdout, and gives the look's number. The look is a trial on the holdout, and
    /// counted as one here. Call it before the figures are shown: who cannot be written down must not see them.
    ///
    /// # Errors
    /// It is not said who looks or why, or not as [`NewLook`] says; there is no such holdout or experiment; the store cannot
    /// be written.
    pub fn record_look(&mut self, look: &NewLook) -> Result<u64, StoreError> {
        look.check()?;
        let (workspace, counted) = (&self.workspace, &self.counted);
        let (number, entry) = self.db.write(|transaction| {
            look.experiment.map(|id| head(transaction, workspace.path(), id)).transpose()?;
            let data = range_of(transaction, look.holdout)?;
            let NewLook { holdout, experiment, variant, key, who, why, figures, at } = look;
            transaction.execute(
                "INSERT INTO looks (holdout, experiment, variant, key, who, why, figures, at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    holdout.0,
                    experiment.map(|id| id.0),
                    variant.map(int),
                    key.as_bytes(),
                    who,
                    why,
                    figures,
                    int(*at)
                ],
            )?;
            let number = transaction.last_insert_rowid();
            let entry = (data, *experiment);
            let new_session = !counted.contains(&entry);
            add(transaction, entry, Addition { trials: 1, reused: 0, new_session, times: (*at, *at) })?;
            Ok((number, entry))
        })?;
        self.counted.insert(entry);
        Ok(number.unsigned_abs())
    }
}

fn range_of(transaction: &Transaction<'_>, id: HoldoutId) -> Result<DataRange, Problem> {
    let mut statement = transaction.prepare("SELECT dataset, since, until FROM holdouts WHERE id = ?1")?;
    let found = statement
        .query_row([id.0], |row| Ok((row.get::<_, [u8; 32]>(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    match found {
        Some((dataset, from, to)) => {
            Ok(DataRange::of_bounds(stratbox_domain::Digest::from_bytes(dataset), (from, to)))
        }
        None => Err(StoreError::Unfit(format!("there is no holdout `{id}`")).into()),
    }
}
