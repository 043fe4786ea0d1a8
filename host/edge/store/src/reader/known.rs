//! What earlier experiments know.

use rusqlite::params;
use stratbox_domain::{Digest, RunKey};

use crate::convert::{bytes, column, count, int, kind, named, to_json};
use crate::db::{Db, Problem};
use crate::{EncodedOutcome, ExperimentId, KnownTrial, MetricNames, StoreError, outcome};

/// Outcomes that are the run's own doing, so that it would end the same way again.
const FINAL: [&str; 2] = ["conclusive", "reproduced"];

/// Answers to runs that were done before; see [`Reader::known`](crate::Reader::known).
pub struct Known {
    db: Db,
    runs: u64,
    names: MetricNames,
}

impl Known {
    pub(super) fn new(db: Db, base: &Digest, except: (ExperimentId, u64)) -> Result<Self, StoreError> {
        let names = MetricNames::current();
        let runs = db.read(|connection| {
            // An experiment from before a metric was known cannot answer for it. The first that knows a run answers.
            let mut related = connection.prepare(
                "SELECT s.experiment, s.first, s.points FROM strategies s JOIN experiments e ON e.id = s.experiment \
                 WHERE s.base = ?1 AND e.metrics = ?2 AND NOT (s.experiment = ?3 AND s.first = ?4) \
                 ORDER BY s.experiment, s.first",
            )?;
            let (experiment, first) = (except.0.0, int(except.1));
            let mut related = related.query(params![base.as_bytes(), to_json(&names), experiment, first])?;
            let mut runs = 0;
            while let Some(row) = related.next()? {
                connection.execute_batch(
                    "CREATE TABLE IF NOT EXISTS temp.known (key BLOB PRIMARY KEY, experiment, iteration, variant) \
                     WITHOUT ROWID",
                )?;
                let (experiment, first, points): (i64, i64, i64) =
                    (column(row, 0)?, column(row, 1)?, column(row, 2)?);
                // In the order of the keys, so that the table grows at its end.
                let added = connection.execute(
                    "INSERT OR IGNORE INTO temp.known SELECT key, experiment, iteration, variant FROM trials \
                     WHERE experiment = ?1 AND variant >= ?2 AND variant - ?2 < ?3 AND kind < 2 \
                     AND settled IN (?4, ?5) ORDER BY key, iteration, variant",
                    params![experiment, first, points, FINAL[0], FINAL[1]],
                )?;
                runs += added as u64;
            }
            Ok(runs)
        })?;
        Ok(Self { db, runs, names })
    }

    /// Number of runs that are known.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.runs
    }

    /// Whether nothing is known, so that there is no need to ask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs == 0
    }

    /// What is known of a run: only what is final, never an interruption. Nothing, when its experiment was deleted
    /// meanwhile.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn get(&self, key: &RunKey) -> Result<Option<KnownTrial>, StoreError> {
        Ok(self.get_all([*key])?.pop().flatten())
    }

    /// What is known of each of some runs, in their order, for less than asking one by one.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn get_all(
        &self,
        keys: impl IntoIterator<Item = RunKey>,
    ) -> Result<Vec<Option<KnownTrial>>, StoreError> {
        if self.is_empty() {
            return Ok(keys.into_iter().map(|_| None).collect());
        }
        self.db.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT t.experiment, t.kind, t.fuel, t.settled, t.outcome, t.attempts FROM temp.known k JOIN trials t \
                 ON t.experiment = k.experiment AND t.iteration = k.iteration AND t.variant = k.variant \
                 WHERE k.key = ?1 AND t.key = ?1",
            )?;
            let mut known = |key| {
                let mut rows = statement.query([RunKey::as_bytes(&key)])?;
                rows.next()?.map(|row| self.read(row, &key)).transpose()
            };
            keys.into_iter().map(&mut known).collect()
        })
    }

    fn read(&self, row: &rusqlite::Row<'_>, key: &RunKey) -> Result<KnownTrial, Problem> {
        let bytes = bytes(row, 4)?;
        let outcome = outcome::decode(kind(row, 1)?, bytes, &self.names);
        let outcome = outcome.map_err(|error| Problem::Damaged(format!("run `{key}`: {error}")))?;
        Ok(KnownTrial {
            experiment: ExperimentId(column(row, 0)?),
            encoded: EncodedOutcome::of(&outcome, bytes.to_vec()),
            outcome,
            fuel: count(row, 2)?,
            attempts: count(row, 5)?,
            settled: named(row, 3, |text| FINAL.into_iter().find(|it| *it == text))?,
        })
    }
}
