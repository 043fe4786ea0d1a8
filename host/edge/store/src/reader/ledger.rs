//! What was tried, what is held out, and who looked.

use rusqlite::{Row, params};
use stratbox_domain::Digest;

use super::Reader;
use crate::convert::{column, count, digest};
use crate::db::Problem;
use crate::{DataRange, ExperimentId, Holdout, HoldoutId, Look, StoreError, Trials, Tried};

const HOLDOUTS: &str = "SELECT id, dataset, since, until, experiment, at, \
     (SELECT count(*) FROM looks WHERE looks.holdout = holdouts.id) FROM holdouts \
     WHERE dataset = ?1 AND since < ?3 AND until > ?2 ORDER BY since, until";
const LOOKS: &str = "SELECT id, holdout, experiment, variant, key, who, why, figures, at FROM looks";

impl Reader {
    /// How often something was tried on bars that a choice on this range could have used: every trial of a range that
    /// overlaps it, of whatever experiment and session, whether it failed or was settled again, and although its experiment
    /// may be gone.
    ///
    /// The same bars under another digest, cut out of a file or together with others, are other data: of these the store
    /// knows nothing. `also` names such digests where they are known; of experiments that were begun before format 3 only the
    /// digest of the bars that they ran on is known.
    ///
    /// # Errors
    /// See [`Reader`].
    pub fn trials(&self, data: &DataRange, also: &[Digest]) -> Result<Trials, StoreError> {
        let mut datasets = vec![data.dataset];
        for other in also {
            if !datasets.contains(other) {
                datasets.push(*other);
            }
        }
        self.db.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT since, until, experiment, trials, reused, sessions, first, last FROM ledger \
                 WHERE dataset = ?1 AND since < ?3 AND until > ?2 ORDER BY since, until, experiment",
            )?;
            let mut trials = Trials::default();
            let (from, to) = data.bounds();
            for dataset in datasets {
                let mut rows = statement.query(params![dataset.as_bytes(), from, to])?;
                while let Some(row) = rows.next()? {
                    let part = Tried {
                        data: DataRange::of_bounds(dataset, (column(row, 0)?, column(row, 1)?)),
                        experiment: ExperimentId::new(column(row, 2)?),
                        trials: count(row, 3)?,
                        reused: count(row, 4)?,
                        sessions: count(row, 5)?,
                        first: count(row, 6)?,
                        last: count(row, 7)?,
                    };
                    trials.total = trials.total.saturating_add(part.trials);
                    trials.reused = trials.reused.saturating_add(part.reused);
                    trials.sessions = trials.sessions.saturating_add(part.sessions);
                    trials.parts.push(part);
                }
            }
            Ok(trials)
        })
    }

    /// Number of different runs among the results of some experiments: two strategies may have tried the same.
    ///
    /// # Errors
    /// See [`Reader`].
    pub fn different_runs(&self, of: &[ExperimentId]) -> Result<u64, StoreError> {
        let numbers: Vec<String> = of.iter().map(ToString::to_string).collect();
        let query =
            format!("SELECT count(DISTINCT key) FROM trials WHERE experiment IN ({})", numbers.join(", "));
        self.db.run(|connection| {
            Ok(connection.query_row(&query, [], |row| row.get::<_, i64>(0))?.unsigned_abs())
        })
    }

    /// Holdouts that share bars with a range, in the order of their times.
    ///
    /// # Errors
    /// See [`Reader`].
    pub fn holdouts(&self, data: &DataRange) -> Result<Vec<Holdout>, StoreError> {
        self.db.run(|connection| {
            let mut statement = connection.prepare_cached(HOLDOUTS)?;
            let (from, to) = data.bounds();
            let mut rows = statement.query(params![data.dataset.as_bytes(), from, to])?;
            let mut holdouts = Vec::new();
            while let Some(row) = rows.next()? {
                holdouts.push(Holdout {
                    id: HoldoutId(column(row, 0)?),
                    data: DataRange::of_bounds(digest(row, 1)?, (column(row, 2)?, column(row, 3)?)),
                    experiment: column::<Option<i64>>(row, 4)?.map(ExperimentId),
                    at: count(row, 5)?,
                    looks: count(row, 6)?,
                });
            }
            Ok(holdouts)
        })
    }

    /// Every look at a holdout that shares bars with a range, in the order in which they were written down.
    ///
    /// # Errors
    /// See [`Reader`].
    pub fn looks(&self, data: &DataRange) -> Result<Vec<Look>, StoreError> {
        let (from, to) = data.bounds();
        let filter =
            "WHERE holdout IN (SELECT id FROM holdouts WHERE dataset = ?1 AND since < ?3 AND until > ?2)";
        self.look_up(filter, params![data.dataset.as_bytes(), from, to])
    }

    /// Every look that an experiment was the reason of, also of one that was deleted, in the order in which they were
    /// written down.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn looks_of(&self, id: ExperimentId) -> Result<Vec<Look>, StoreError> {
        self.look_up("WHERE experiment = ?1", params![id.0])
    }

    fn look_up(&self, filter: &str, values: impl rusqlite::Params) -> Result<Vec<Look>, StoreError> {
        self.db.run(|connection| {
            let mut statement = connection.prepare_cached(&format!("{LOOKS} {filter} ORDER BY id"))?;
            let mut rows = statement.query(values)?;
            let mut looks = Vec::new();
            while let Some(row) = rows.next()? {
                looks.push(look(row)?);
            }
            Ok(looks)
        })
    }
}

fn look(row: &Row<'_>) -> Result<Look, Problem> {
    Ok(Look {
        number: count(row, 0)?,
        holdout: HoldoutId(column(row, 1)?),
        experiment: column::<Option<i64>>(row, 2)?.map(ExperimentId),
        variant: column::<Option<i64>>(row, 3)?.map(|_| count(row, 3)).transpose()?,
        key: digest(row, 4)?,
        who: column(row, 5)?,
        why: column(row, 6)?,
        figures: column(row, 7)?,
        at: count(row, 8)?,
    })
}
