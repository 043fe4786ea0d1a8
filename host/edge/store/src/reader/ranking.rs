//! Variants, best first.

use std::collections::VecDeque;

use rusqlite::{Connection, params};
use stratbox_metrics::{Direction, MetricName};

use super::pages::{Page, Pages};
use super::rows;
use crate::convert::{column, count, digest};
use crate::db::{Db, Problem};
use crate::{Experiment, ExperimentHead, Place, Row, StoreError};

const PLACES_PER_PAGE: i64 = 1_024;

/// What comes first. Keys make it independent of who was settled when; a run that two variants share has one key.
fn order(objective: MetricName) -> &'static str {
    match objective.direction() {
        Direction::HigherIsBetter => "figure IS NULL, figure DESC, key, iteration, variant",
        Direction::LowerIsBetter => "figure IS NULL, figure, key, iteration, variant",
    }
}

/// The first ones. Only so many are held while all are looked at.
pub(super) fn leaders(connection: &Connection, experiment: &Experiment, k: u32) -> Result<Vec<Row>, Problem> {
    let order = order(experiment.head.objective);
    let mut statement = connection.prepare_cached(&format!(
        "SELECT iteration, variant FROM trials WHERE experiment = ?1 AND figure IS NOT NULL ORDER BY {order} LIMIT ?2"
    ))?;
    let mut found = statement.query(params![experiment.head.id.0, k])?;
    let mut leaders = Vec::new();
    while let Some(row) = found.next()? {
        leaders.extend(rows::one(connection, experiment, column(row, 0)?, column(row, 1)?)?);
    }
    Ok(leaders)
}

/// The places of an experiment's variants; see [`Reader::ranked`](crate::Reader::ranked).
pub struct Ranked<'r> {
    db: &'r Db,
    /// A table of this connection, sorted, whose rows are numbered by their places.
    table: String,
    /// By place.
    pages: Pages<Place, i64>,
}

impl<'r> Ranked<'r> {
    pub(super) fn new(db: &'r Db, head: &ExperimentHead, number: u64) -> Result<Self, StoreError> {
        let table = format!("temp.ranking_{number}");
        db.run(|connection| {
            connection.execute_batch(&format!(
                "CREATE TABLE {table} (place INTEGER PRIMARY KEY, iteration, variant, key, figure)"
            ))?;
            let order = order(head.objective);
            connection.execute(
                &format!(
                    "INSERT INTO {table} (iteration, variant, key, figure) \
                     SELECT iteration, variant, key, figure FROM trials WHERE experiment = ?1 ORDER BY {order}"
                ),
                [head.id.0],
            )?;
            Ok(())
        })?;
        Ok(Self { db, table, pages: Pages::after(0) })
    }
}

impl Iterator for Ranked<'_> {
    type Item = Result<Place, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self { db, table, pages } = self;
        pages.next(|after| db.run(|connection| page(connection, table, after)))
    }
}

fn page(connection: &Connection, table: &str, after: i64) -> Result<Page<Place, i64>, Problem> {
    let mut statement = connection.prepare(&format!(
        "SELECT place, iteration, variant, key, figure FROM {table} WHERE place > ?1 ORDER BY place LIMIT ?2"
    ))?;
    let mut rows = statement.query([after, PLACES_PER_PAGE])?;
    let (mut page, mut last) = (VecDeque::new(), None);
    while let Some(row) = rows.next()? {
        let (place, figure): (u64, Option<f64>) = (count(row, 0)?, column(row, 4)?);
        page.push_back(Place {
            rank: figure.map(|_| place),
            variant: count(row, 2)?,
            iteration: count(row, 1)?,
            key: digest(row, 3)?,
            figure,
        });
        last = Some(column(row, 0)?);
    }
    Ok((page, last))
}

impl Drop for Ranked<'_> {
    fn drop(&mut self) {
        // It goes with the connection at the latest.
        let _ = self.db.connection.execute_batch(&format!("DROP TABLE {}", self.table));
    }
}
