//! Rows of an experiment.

use std::collections::VecDeque;
use std::path::Path;

use rusqlite::{Connection, params};
use stratbox_domain::Params;

use super::pages::{Page, Pages};
use crate::convert::{bytes, column, count, digest, head, kind};
use crate::db::{Db, Problem};
use crate::{Experiment, ExperimentId, FailedAttempt, Row, StoreError, outcome};

const ROWS_PER_PAGE: usize = 512;

const TRIAL: &str = "SELECT iteration, variant, at, kind, figure, key, fuel, attempts, settled, reused, outcome FROM trials \
     WHERE experiment = ?1";

/// The settled variants of an experiment; see [`Reader::rows`](crate::Reader::rows).
pub struct Rows<'r> {
    db: &'r Db,
    /// For messages.
    workspace: &'r Path,
    experiment: Experiment,
    /// By round and variant.
    pages: Pages<Row, (i64, i64)>,
}

impl<'r> Rows<'r> {
    pub(super) fn new(db: &'r Db, workspace: &'r Path, experiment: Experiment) -> Self {
        Self { db, workspace, experiment, pages: Pages::after((-1, -1)) }
    }

    /// The experiment whose rows they are.
    #[must_use]
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self { db, workspace, experiment, pages } = self;
        pages.next(|after| db.run(|connection| page(connection, workspace, experiment, after)))
    }
}

fn page(
    connection: &Connection,
    workspace: &Path,
    experiment: &Experiment,
    (iteration, variant): (i64, i64),
) -> Result<Page<Row, (i64, i64)>, Problem> {
    let mut statement = connection.prepare_cached(&format!(
        "{TRIAL} AND (iteration, variant) > (?2, ?3) ORDER BY iteration, variant LIMIT ?4"
    ))?;
    let mut rows =
        statement.query(params![experiment.head.id.0, iteration, variant, ROWS_PER_PAGE as i64])?;
    let (mut page, mut last) = (VecDeque::new(), None);
    while let Some(row) = rows.next()? {
        page.push_back(read(row, experiment)?);
        last = Some((column(row, 0)?, column(row, 1)?));
    }
    // Rows are deleted after their experiment: when it is still there, none was missing.
    head(connection, workspace, experiment.head.id)?;
    Ok((page, last))
}

/// One variant's row in one round.
pub(super) fn one(
    connection: &Connection,
    experiment: &Experiment,
    iteration: i64,
    variant: i64,
) -> Result<Option<Row>, Problem> {
    let mut statement = connection.prepare_cached(&format!("{TRIAL} AND iteration = ?2 AND variant = ?3"))?;
    let mut rows = statement.query(params![experiment.head.id.0, iteration, variant])?;
    rows.next()?.map(|row| read(row, experiment)).transpose()
}

fn read(row: &rusqlite::Row<'_>, experiment: &Experiment) -> Result<Row, Problem> {
    let variant: u64 = count(row, 1)?;
    let id = experiment.head.id;
    let damaged =
        |problem: String| Problem::Damaged(format!("variant {variant} of experiment `{id}`: {problem}"));
    let strategy = experiment.strategy(variant).ok_or_else(|| damaged("no strategy owns it".to_owned()))?;
    let params: Params = strategy.params(variant);
    let outcome = outcome::decode(kind(row, 3)?, bytes(row, 10)?, &experiment.metrics);
    Ok(Row {
        variant,
        iteration: count(row, 0)?,
        strategy: strategy.label.clone(),
        params,
        key: digest(row, 5)?,
        outcome: outcome.map_err(|error| damaged(error.to_string()))?,
        figure: column(row, 4)?,
        fuel: count(row, 6)?,
        attempts: count(row, 7)?,
        settled: column(row, 8)?,
        reused: column::<Option<i64>>(row, 9)?.map(ExperimentId),
        at: count(row, 2)?,
    })
}

const ATTEMPT: &str = "SELECT seq, variant, iteration, attempt, reason, detail, worker, delay_ms, at FROM attempts a \
     WHERE experiment = ?1";

/// The failed attempts of an experiment; see [`Reader::attempts`](crate::Reader::attempts).
pub struct Attempts<'r> {
    db: &'r Db,
    id: ExperimentId,
    /// By the numbers of their events.
    pages: Pages<FailedAttempt, i64>,
}

impl<'r> Attempts<'r> {
    pub(super) fn new(db: &'r Db, id: ExperimentId) -> Self {
        Self { db, id, pages: Pages::after(0) }
    }
}

impl Iterator for Attempts<'_> {
    type Item = Result<FailedAttempt, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self { db, id, pages } = self;
        pages.next(|after| {
            db.run(|connection| {
                let sql = format!("{ATTEMPT} AND seq > ?2 ORDER BY seq LIMIT ?3");
                let mut statement = connection.prepare_cached(&sql)?;
                let mut rows = statement.query(params![id.0, after, ROWS_PER_PAGE as i64])?;
                let (mut page, mut last) = (VecDeque::new(), None);
                while let Some(row) = rows.next()? {
                    page.push_back(attempt(row)?);
                    last = Some(column(row, 0)?);
                }
                Ok((page, last))
            })
        })
    }
}

/// Failed attempts of variants that are not settled.
pub(super) fn pending(connection: &Connection, id: ExperimentId) -> Result<Vec<FailedAttempt>, Problem> {
    let mut statement = connection.prepare_cached(&format!(
        "{ATTEMPT} AND NOT EXISTS (SELECT 1 FROM trials t WHERE t.experiment = a.experiment \
         AND t.iteration = a.iteration AND t.variant = a.variant) ORDER BY iteration, variant, seq"
    ))?;
    let mut rows = statement.query([id.0])?;
    let mut pending = Vec::new();
    while let Some(row) = rows.next()? {
        pending.push(attempt(row)?);
    }
    Ok(pending)
}

fn attempt(row: &rusqlite::Row<'_>) -> Result<FailedAttempt, Problem> {
    Ok(FailedAttempt {
        variant: count(row, 1)?,
        iteration: count(row, 2)?,
        attempt: count(row, 3)?,
        reason: column(row, 4)?,
        detail: column(row, 5)?,
        worker: count(row, 6)?,
        delay_ms: count(row, 7)?,
        at: count(row, 8)?,
    })
}
