//! Between our types and SQLite's.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};
use serde::de::DeserializeOwned;
use stratbox_domain::Digest;

use crate::db::Problem;
use crate::{Counts, DataRange, ExperimentHead, ExperimentId, OutcomeKind, Status};

/// SQLite's numbers have a sign. Nothing that is counted here comes near their end.
pub(crate) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn column<T: rusqlite::types::FromSql>(row: &Row<'_>, index: usize) -> Result<T, Problem> {
    Ok(row.get(index)?)
}

pub(crate) fn count<T: TryFrom<i64>>(row: &Row<'_>, index: usize) -> Result<T, Problem> {
    let value: i64 = row.get(index)?;
    T::try_from(value).map_err(|_| damaged(row, index, value))
}

pub(crate) fn digest(row: &Row<'_>, index: usize) -> Result<Digest, Problem> {
    let bytes: [u8; 32] = row.get(index)?;
    Ok(Digest::from_bytes(bytes))
}

pub(crate) fn kind(row: &Row<'_>, index: usize) -> Result<OutcomeKind, Problem> {
    let number: i64 = row.get(index)?;
    OutcomeKind::numbered(number).ok_or_else(|| damaged(row, index, number))
}

/// A column's bytes without a copy of them.
pub(crate) fn bytes<'a>(row: &'a Row<'_>, index: usize) -> Result<&'a [u8], Problem> {
    match row.get_ref(index)? {
        ValueRef::Blob(bytes) => Ok(bytes),
        other => Err(damaged(row, index, other.data_type())),
    }
}

/// Text whose possible values have a name.
pub(crate) fn named<T>(
    row: &Row<'_>,
    index: usize,
    of: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Problem> {
    let text: String = row.get(index)?;
    of(&text).ok_or_else(|| damaged(row, index, &text))
}

pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> Result<T, Problem> {
    let text: String = row.get(index)?;
    serde_json::from_str(&text).map_err(|error| damaged(row, index, error))
}

fn damaged(row: &Row<'_>, index: usize, value: impl std::fmt::Display) -> Problem {
    let column = row.as_ref().column_name(index).unwrap_or("?");
    Problem::Damaged(format!("`{column}` has a value that makes no sense (`{value}`)"))
}

pub(crate) fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("numbers, text and lists with text for keys are JSON")
}

const HEAD: &str = "SELECT id, name, file, objective, engine, variants, status, reason, created, updated, events, counts, \
                    dataset, since, until \
                    FROM experiments";

/// Experiments, latest first; or the one.
pub(crate) fn heads(
    connection: &Connection,
    only: Option<ExperimentId>,
) -> Result<Vec<ExperimentHead>, Problem> {
    let filter = if only.is_some() { "WHERE id = ?1" } else { "WHERE ?1 IS NULL" };
    let mut statement = connection.prepare_cached(&format!("{HEAD} {filter} ORDER BY id DESC"))?;
    let mut rows = statement.query(params![only.map(|id| id.0)])?;
    let mut heads = Vec::new();
    while let Some(row) = rows.next()? {
        heads.push(ExperimentHead {
            id: ExperimentId(column(row, 0)?),
            name: column(row, 1)?,
            file: column(row, 2)?,
            objective: named(row, 3, |text| text.parse().ok())?,
            engine: column(row, 4)?,
            variants: count(row, 5)?,
            status: named(row, 6, Status::named)?,
            reason: column(row, 7)?,
            created: count(row, 8)?,
            updated: count(row, 9)?,
            events: count(row, 10)?,
            counts: json::<Counts>(row, 11)?,
            data: DataRange::of_bounds(digest(row, 12)?, (column(row, 13)?, column(row, 14)?)),
        });
    }
    Ok(heads)
}

/// The one experiment, or what there is instead.
pub(crate) fn head(
    connection: &Connection,
    workspace: &std::path::Path,
    id: ExperimentId,
) -> Result<ExperimentHead, Problem> {
    if let Some(head) = heads(connection, Some(id))?.pop() {
        return Ok(head);
    }
    let mut last = connection.prepare("SELECT id FROM experiments ORDER BY id DESC LIMIT 5")?;
    let last = last.query_map([], |row| row.get(0).map(ExperimentId))?.collect::<Result<_, _>>()?;
    Err(Problem::Store(crate::StoreError::Unknown { id, path: workspace.to_owned(), last }))
}
