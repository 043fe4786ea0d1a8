//! The rows of a sweep, on disk: a million of them would not fit into memory, and what is done should not be lost to it.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use stratbox_decide::Objective;
use stratbox_domain::RunKey;

use super::results::Row;
use crate::backtest::CompactOutcome;

/// More than the largest row: a fault's message is bounded.
const MAX_ROW_BYTES: u32 = 64 << 10;

/// Rows in the order in which they come, in a file without a name.
pub(super) struct Spool {
    file: BufWriter<File>,
    rows: u64,
}

/// Rows that can be read in the order of an objective.
pub(crate) struct Rows {
    file: File,
    order: Vec<Entry>,
}

/// What is held in memory of a row.
struct Entry {
    offset: u64,
    /// What it is ranked by.
    figure: Option<f64>,
    run_key: RunKey,
}

/// A row as it is written down.
#[derive(Serialize, Deserialize)]
struct Line {
    strategy: usize,
    index: u64,
    run_key: RunKey,
    outcome: CompactOutcome,
    fuel: u64,
    attempts: u32,
}

impl Spool {
    /// An empty one, in `dir`.
    pub(super) fn new(dir: &Path) -> io::Result<Self> {
        Ok(Self { file: BufWriter::new(tempfile::tempfile_in(dir)?), rows: 0 })
    }

    pub(super) fn push(&mut self, row: &Row) -> io::Result<()> {
        let &Row { strategy, index, run_key, ref outcome, fuel, attempts } = row;
        let line = Line { strategy, index, run_key, outcome: outcome.into(), fuel, attempts };
        let bytes = rmp_serde::to_vec(&line).map_err(io::Error::other)?;
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(&bytes)?;
        self.rows += 1;
        Ok(())
    }

    /// Ranks the rows, best first.
    pub(super) fn ranked(self, objective: Objective) -> io::Result<Rows> {
        let rows = self.rows;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        io::Seek::rewind(&mut &file)?;
        let mut reader = BufReader::new(&file);
        let (mut offset, mut entries) = (0, Vec::new());
        for _ in 0..rows {
            let (row, bytes) = read(&mut reader)?;
            let figure = row.metrics().and_then(|metrics| metrics.get(objective.metric).value());
            entries.push(Entry { offset, figure, run_key: row.run_key });
            offset += bytes;
        }
        let order =
            stratbox_decide::rank(&entries, |it| it.figure, objective.metric.direction(), |it| it.run_key);
        let mut entries: Vec<Option<Entry>> = entries.into_iter().map(Some).collect();
        let order = order.into_iter().filter_map(|index| entries[index].take()).collect();
        Ok(Rows { file, order })
    }
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// The row at this place, the best at 0.
    pub(crate) fn get(&self, position: usize) -> io::Result<Row> {
        let entry = self.order.get(position).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(read(&mut At { file: &self.file, offset: entry.offset })?.0)
    }

    /// A row's place among those that have one; a row without a figure has none.
    pub(crate) fn rank(&self, position: usize) -> Option<usize> {
        self.order.get(position)?.figure.map(|_| position + 1)
    }

    /// All of them, best first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = io::Result<Row>> {
        (0..self.len()).map(|position| self.get(position))
    }
}

/// Reads from a place in a file that others read too.
struct At<'a> {
    file: &'a File,
    offset: u64,
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

/// The next row, and its bytes in the file.
fn read(from: &mut impl Read) -> io::Result<(Row, u64)> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > MAX_ROW_BYTES {
        return Err(io::Error::other("a row is longer than rows are"));
    }
    let mut bytes = vec![0; length as usize];
    from.read_exact(&mut bytes)?;
    let line: Line = rmp_serde::from_slice(&bytes).map_err(io::Error::other)?;
    let Line { strategy, index, run_key, outcome, fuel, attempts } = line;
    let outcome = outcome.try_into().map_err(io::Error::other)?;
    Ok((Row { strategy, index, run_key, outcome, fuel, attempts }, 4 + u64::from(length)))
}
