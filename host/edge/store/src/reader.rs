//! Reading: lists, rows, rankings, figures and events.

mod aggregate;
mod events;
mod known;
mod ledger;
mod lookup;
mod pages;
mod ranking;
mod rows;

use std::cell::Cell;
use std::sync::Arc;

use rusqlite::{Connection, params};

pub use known::Known;
pub use ranking::Ranked;
pub use rows::{Attempts, Rows};

use crate::convert::{column, count, digest, head, heads, int, json, kind};
use crate::db::{Db, Problem};
use crate::writer::Owner;
use crate::{
    Compared, Event, Experiment, ExperimentHead, ExperimentId, FailedAttempt, OutcomeKind, Row, Session,
    StoreError, StoredStrategy, Workspace,
};

/// Reads from the store; see [`Workspace::reader`]. Everything is read from the disk when it is asked for, and nothing
/// that grows with the number of variants is held in memory.
///
/// Every method refuses an experiment that there is not, and fails when the store cannot be read.
pub struct Reader {
    workspace: Workspace,
    db: Db,
    /// Rankings that were made.
    rankings: Cell<u64>,
}

impl Reader {
    pub(crate) fn new(workspace: Workspace, db: Db) -> Self {
        Self { workspace, db, rankings: Cell::new(0) }
    }

    /// All experiments, latest first.
    ///
    /// # Errors
    /// See [`Reader`].
    pub fn experiments(&self) -> Result<Vec<ExperimentHead>, StoreError> {
        self.db.run(|connection| heads(connection, None))
    }

    /// All about an experiment but its rows.
    ///
    /// # Errors
    /// See [`Reader`].
    pub fn experiment(&self, id: ExperimentId) -> Result<Experiment, StoreError> {
        self.db.read(|connection| self.load(connection, id))
    }

    /// Shows the variants that were settled in a round, in their order.
    ///
    /// # Errors
    /// See [`Reader`].
    pub fn settled(
        &self,
        id: ExperimentId,
        iteration: u32,
        mut visit: impl FnMut(u64, OutcomeKind),
    ) -> Result<(), StoreError> {
        self.db.read(|connection| {
            head(connection, self.workspace.path(), id)?;
            let mut statement = connection.prepare_cached(
                "SELECT variant, kind FROM trials WHERE experiment = ?1 AND iteration = ?2 ORDER BY variant",
            )?;
            let mut rows = statement.query(params![id.0, iteration])?;
            while let Some(row) = rows.next()? {
                visit(count(row, 0)?, kind(row, 1)?);
            }
            Ok(())
        })
    }

    /// Every failed attempt, in the order of events.
    ///
    /// # Errors
    /// See [`Reader`].
    pub fn attempts(&self, id: ExperimentId) -> Result<Attempts<'_>, StoreError> {
        self.db.run(|connection| head(connection, self.workspace.path(), id))?;
        Ok(Attempts::new(&self.db, id))
    }

    /// Failed attempts of variants that are not settled: by round, variant and then in their order.
    ///
    /// # Errors
    /// See [`Reader`].
    pub fn pending_attempts(&self, id: ExperimentId) -> Result<Vec<FailedAttempt>, StoreError> {
        self.db.read(|connection| {
            head(connection, self.workspace.path(), id)?;
            rows::pending(connection, id)
        })
    }

    /// A variant's result in the latest round that has one.
    ///
    /// # Errors
    /// See [`Reader`].
    pub fn trial(&self, id: ExperimentId, variant: u64) -> Result<Option<Row>, StoreError> {
        self.db.read(|connection| {
            let experiment = self.load(connection, id)?;
            let mut before = i64::from(u32::MAX) + 1;
            let mut statement = connection.prepare_cached(
                "SELECT max(iteration) FROM trials WHERE experiment = ?1 AND iteration < ?2",
            )?;
            loop {
                let latest: Option<i64> = statement.query_row([id.0, before], |row| row.get(0))?;
                let Some(iteration) = latest else { return Ok(None) };
                if let Some(row) = rows::one(connection, &experiment, iteration, int(variant))? {
                    return Ok(Some(row));
                }
                before = iteration;
            }
        })
    }

    /// Every settled variant, by round and variant. Rows that are added meanwhile are seen when they come after. When the
    /// experiment is deleted meanwhile, the last item is [`StoreError::Unknown`].
    ///
    /// # Errors
    /// See [`Reader`].
    pub fn rows(&self, id: ExperimentId) -> Result<Rows<'_>, StoreError> {
        Ok(Rows::new(&self.db, self.workspace.path(), self.experiment(id)?))
    }

    /// Every settled variant as it is at this moment, best first by the experiment's objective: those without a figure
    /// come last, equal ones in the order of their keys.
    ///
    /// # Errors
    /// See [`Reader`].
    pub fn ranked(&self, id: ExperimentId) -> Result<Ranked<'_>, StoreError> {
        self.rankings.set(self.rankings.get() + 1);
        let head = self.db.run(|connection| head(connection, self.workspace.path(), id))?;
        Ranked::new(&self.db, &head, self.rankings.get())
    }

    /// At most `k` of the variants that have a figure, in the order of [`ranked`](Self::ranked).
    ///
    /// # Errors
    /// See [`Reader`].
    pub fn leaders(&self, id: ExperimentId, k: u32) -> Result<Vec<Row>, StoreError> {
        self.db.read(|connection| {
            let experiment = self.load(connection, id)?;
            ranking::leaders(connection, &experiment, k)
        })
    }

    /// How each metric is spread over the completed variants, in the order of `MetricName::ALL`. The same rows give the
    /// same bits.
    ///
    /// # Errors
    /// See [`Reader`]; or there is no room for as many bytes on the disk as the figures have.
    pub fn aggregate(&self, id: ExperimentId) -> Result<Vec<crate::Spread>, StoreError> {
        self.db.read(|connection| {
            let experiment = self.load(connection, id)?;
            aggregate::aggregate(connection, self.workspace.path(), &experiment)
        })
    }

    /// Experiments side by side, in the order given.
    ///
    /// # Errors
    /// See [`Reader`].
    pub fn compare(&self, ids: &[ExperimentId]) -> Result<Vec<Compared>, StoreError> {
        let compared = |id: &ExperimentId| {
            let experiment = self.experiment(*id)?.head;
            let best = self.leaders(*id, 1)?.pop();
            Ok(Compared { experiment, best, spreads: self.aggregate(*id)? })
        };
        ids.iter().map(compared).collect()
    }

    /// The last sessions of the workspace, latest first.
    ///
    /// # Errors
    /// See [`Reader`].
    pub fn last_sessions(&self, n: u32) -> Result<Vec<Session>, StoreError> {
        self.db.run(|connection| {
            let mut statement = connection
                .prepare("SELECT experiment, at, report FROM sessions ORDER BY id DESC LIMIT ?1")?;
            let mut rows = statement.query([n])?;
            let mut sessions = Vec::new();
            while let Some(row) = rows.next()? {
                let (experiment, at) = (ExperimentId(column(row, 0)?), count(row, 1)?);
                sessions.push(Session { experiment, at, report: column(row, 2)? });
            }
            Ok(sessions)
        })
    }

    /// Shows the events after the one with the number `after`, in their order, until `visit` fails.
    ///
    /// # Errors
    /// See [`Reader`]; or what `visit` says.
    pub fn events(
        &self,
        id: ExperimentId,
        after: u64,
        mut visit: impl FnMut(&Event) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.db.read(|connection| {
            let head = head(connection, self.workspace.path(), id)?;
            events::visit(connection, &head, after, &mut visit)
        })
    }

    /// What the store knows of runs that have all but their parameters in common with a strategy: that of `except` asks,
    /// which is the experiment and the first variant of the strategy. It has a connection of its own.
    ///
    /// # Errors
    /// See [`Reader`].
    pub fn known(
        &self,
        base: &stratbox_domain::Digest,
        except: (ExperimentId, u64),
    ) -> Result<Known, StoreError> {
        Known::new(self.workspace.open_for_reading()?, base, except)
    }

    /// Looks for damage in the whole store.
    ///
    /// # Errors
    /// [`StoreError::Corrupted`] with what was found; see [`Reader`].
    pub fn check(&self) -> Result<(), StoreError> {
        self.db.run(|connection| {
            let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
            if found == "ok" { Ok(()) } else { Err(Problem::Damaged(found)) }
        })
    }

    fn load(&self, connection: &Connection, id: ExperimentId) -> Result<Experiment, Problem> {
        let head = head(connection, self.workspace.path(), id)?;
        let mut statement =
            connection.prepare_cached("SELECT plan, state, metrics FROM experiments WHERE id = ?1")?;
        let mut rows = statement.query([id.0])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let (plan, state, metrics) = (column(row, 0)?, column(row, 1)?, json(row, 2)?);
        Ok(Experiment { head, plan, state, strategies: strategies(connection, id)?, metrics })
    }
}

fn strategies(connection: &Connection, id: ExperimentId) -> Result<Vec<StoredStrategy>, Problem> {
    let mut statement = connection.prepare_cached(
        "SELECT label, source, component, base, first, points, space FROM strategies WHERE experiment = ?1 \
         ORDER BY position",
    )?;
    let mut rows = statement.query([id.0])?;
    let mut strategies = Vec::new();
    while let Some(row) = rows.next()? {
        let space = column::<Option<String>>(row, 6)?.map(|_| json(row, 6)).transpose()?;
        strategies.push(StoredStrategy {
            label: column::<String>(row, 0)?.into(),
            source: column(row, 1)?,
            component: digest(row, 2)?,
            base: digest(row, 3)?,
            first: count(row, 4)?,
            points: count(row, 5)?,
            space,
        });
    }
    Ok(strategies)
}

/// Who owns which variants of an experiment; nobody of one that there is not.
pub(crate) fn owners(connection: &Connection, id: ExperimentId) -> Result<Arc<[Owner]>, Problem> {
    let owner = |it: StoredStrategy| Owner { label: it.label, first: it.first, points: it.points };
    Ok(strategies(connection, id)?.into_iter().map(owner).collect())
}
