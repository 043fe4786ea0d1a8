//! Bars on their way to a file, in bounded memory: sorted a part at a time, parts in a temporary file, merged at the end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::MarketError;
use crate::chunk::{Chunk, Prices, ROWS};

/// Rows that are sorted in memory: some seven megabytes.
const PART: usize = 128 << 10;
/// Memory for reading parts, bytes, however many there are.
const READING: usize = 32 << 20;
/// Bytes of a row in each of the three columns.
pub(crate) const WIDTHS: [usize; 3] = [4, 8, 40];

/// Rows of a column file each that are in order.
#[derive(Debug, Clone, Copy)]
struct Part {
    start: u64,
    rows: u64,
    last: (i64, u32),
}

/// Bars, in any order until they are read back.
pub(crate) struct Spool {
    dir: PathBuf,
    rows_per_part: usize,
    /// Instruments, times and prices; made when the first part is written.
    files: Option<[File; 3]>,
    parts: Vec<Part>,
    written: u64,
    buffer: Chunk,
}

impl Spool {
    /// Temporary files are made in `dir` if they are needed; they have no names.
    pub(crate) fn new(dir: &Path) -> Self {
        Self::with_parts(dir, PART)
    }

    fn with_parts(dir: &Path, rows_per_part: usize) -> Self {
        let (dir, buffer) = (dir.to_owned(), Chunk::default());
        Self { dir, rows_per_part, files: None, parts: Vec::new(), written: 0, buffer }
    }

    #[cfg(test)]
    pub(crate) fn rows(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    pub(crate) fn append(&mut self, chunk: &Chunk) -> Result<(), MarketError> {
        self.buffer.append(chunk);
        if self.buffer.len() < self.rows_per_part {
            return Ok(());
        }
        self.write_part()
            .map_err(|source| MarketError::Cache { path: self.dir.clone(), source: source.into() })
    }

    fn write_part(&mut self) -> io::Result<()> {
        self.buffer.sort();
        if self.files.is_none() {
            std::fs::create_dir_all(&self.dir)?;
            let file = || tempfile::tempfile_in(&self.dir);
            self.files = Some([file()?, file()?, file()?]);
        }
        let Some([instruments, times, prices]) = &mut self.files else { return Ok(()) };
        instruments.write_all(bytes_of(&self.buffer.instrument, |value| value.to_le_bytes()).as_ref())?;
        times.write_all(bytes_of(&self.buffer.time, |value| value.to_le_bytes()).as_ref())?;
        let flat = self.buffer.ohlcv.as_flattened();
        prices.write_all(bytes_of(flat, |value| value.to_le_bytes()).as_ref())?;
        let rows = self.buffer.len();
        let (first, last) = (self.buffer.key(0), self.buffer.key(rows - 1));
        match self.parts.last_mut() {
            // What follows on what is there already is no other part.
            Some(part) if part.last <= first => {
                part.rows += rows as u64;
                part.last = last;
            }
            _ => self.parts.push(Part { start: self.written, rows: rows as u64, last }),
        }
        self.written += rows as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Hands all rows to `out`, in the order of time, then of instrument. Can be done again.
    pub(crate) fn replay(
        &mut self,
        out: &mut dyn FnMut(&Chunk) -> Result<(), MarketError>,
    ) -> Result<(), MarketError> {
        self.buffer.sort();
        let failed = |source: io::Error| MarketError::Cache { path: self.dir.clone(), source: source.into() };
        let Some(files) = &self.files else {
            return for_each_piece(&self.buffer, out);
        };
        let share = READING / (self.parts.len() * WIDTHS.iter().sum::<usize>());
        let rows = share.clamp(64, ROWS);
        let mut readers = Vec::new();
        for part in &self.parts {
            readers.push(Reader::new(files, *part, rows).map_err(failed)?);
        }
        if let ([reader], true) = (&mut readers[..], self.buffer.is_empty()) {
            while reader.fill().map_err(failed)? {
                out(&reader.chunk)?;
                reader.at = reader.chunk.len();
            }
            return Ok(());
        }
        let mut merged = Chunk::default();
        let mut next = BinaryHeap::new();
        for (index, reader) in readers.iter_mut().enumerate() {
            if reader.fill().map_err(failed)? {
                next.push(Reverse((reader.chunk.key(0), index)));
            }
        }
        // What is in memory is one part more.
        let (memory, mut at) = (readers.len(), 0);
        if !self.buffer.is_empty() {
            next.push(Reverse((self.buffer.key(0), memory)));
        }
        while let Some(Reverse((_, index))) = next.pop() {
            if index == memory {
                merged.push(&self.buffer.bar(at));
                at += 1;
                if at < self.buffer.len() {
                    next.push(Reverse((self.buffer.key(at), memory)));
                }
            } else {
                let reader = &mut readers[index];
                merged.push(&reader.chunk.bar(reader.at));
                reader.at += 1;
                if reader.fill().map_err(failed)? {
                    next.push(Reverse((reader.chunk.key(reader.at), index)));
                }
            }
            if merged.len() >= ROWS {
                out(&merged)?;
                merged.clear();
            }
        }
        if merged.is_empty() { Ok(()) } else { out(&merged) }
    }
}

fn for_each_piece(
    chunk: &Chunk,
    out: &mut dyn FnMut(&Chunk) -> Result<(), MarketError>,
) -> Result<(), MarketError> {
    let mut piece = Chunk::default();
    for start in (0..chunk.len()).step_by(ROWS) {
        let end = (start + ROWS).min(chunk.len());
        piece.clear();
        piece.instrument.extend_from_slice(&chunk.instrument[start..end]);
        piece.time.extend_from_slice(&chunk.time[start..end]);
        piece.ohlcv.extend_from_slice(&chunk.ohlcv[start..end]);
        out(&piece)?;
    }
    Ok(())
}

/// Values as their little-endian bytes.
pub(crate) fn bytes_of<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    let mut all = Vec::with_capacity(values.len() * N);
    values.iter().for_each(|value| all.extend_from_slice(&bytes(*value)));
    all
}

/// Reads one part, some rows at a time.
struct Reader<'f> {
    files: &'f [File; 3],
    left: Part,
    rows: usize,
    chunk: Chunk,
    at: usize,
    bytes: Vec<u8>,
}

impl<'f> Reader<'f> {
    fn new(files: &'f [File; 3], part: Part, rows: usize) -> io::Result<Self> {
        Ok(Self { files, left: part, rows, chunk: Chunk::default(), at: 0, bytes: Vec::new() })
    }

    /// Whether there is a row at `at`, after reading more if the last was used up.
    fn fill(&mut self) -> io::Result<bool> {
        if self.at < self.chunk.len() {
            return Ok(true);
        }
        let rows = self.left.rows.min(self.rows as u64) as usize;
        self.chunk.clear();
        self.at = 0;
        for (column, width) in WIDTHS.into_iter().enumerate() {
            self.bytes.resize(rows * width, 0);
            self.files[column].read_exact_at(&mut self.bytes, self.left.start * width as u64)?;
            match column {
                0 => self
                    .chunk
                    .instrument
                    .extend(self.bytes.as_chunks().0.iter().map(|it| u32::from_le_bytes(*it))),
                1 => {
                    self.chunk.time.extend(self.bytes.as_chunks().0.iter().map(|it| i64::from_le_bytes(*it)));
                }
                _ => {
                    let prices = self.bytes.as_chunks::<8>().0.as_chunks::<5>().0;
                    self.chunk
                        .ohlcv
                        .extend(prices.iter().map(|row| -> Prices { row.map(f64::from_le_bytes) }));
                }
            }
        }
        self.left.start += rows as u64;
        self.left.rows -= rows as u64;
        Ok(rows > 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use stratbox_domain::Bar;

    use super::*;

    proptest! {
        #[test]
        fn rows_come_back_sorted_whatever_order_they_came_in(
            times in proptest::collection::btree_set((0..1_000_i64, 0..4_u32), 0..300).prop_shuffle_set(),
            part in 1..50_usize,
        ) {
            let dir = tempfile::tempdir().unwrap();
            let mut spool = Spool::with_parts(dir.path(), part);
            for &(time, instrument) in &times {
                let price = time as f64 + 1.0;
                let mut chunk = Chunk::default();
                chunk.push(&Bar { instrument, time, open: price, high: price, low: price, close: price, volume: 1.0 });
                spool.append(&chunk).unwrap();
            }
            let mut sorted = times.clone();
            sorted.sort_unstable();
            for _ in ["once", "again"] {
                let mut keys = Vec::new();
                spool.replay(&mut |chunk| {
                    for row in 0..chunk.len() {
                        keys.push(chunk.key(row));
                        assert_eq!(chunk.ohlcv[row][0], chunk.time[row] as f64 + 1.0);
                    }
                    Ok(())
                }).unwrap();
                prop_assert_eq!(&keys, &sorted);
            }
            prop_assert_eq!(spool.rows(), times.len() as u64);
        }
    }

    trait Shuffled: Strategy {
        fn prop_shuffle_set(self) -> BoxedStrategy<Vec<(i64, u32)>>;
    }

    impl<S: Strategy<Value = std::collections::BTreeSet<(i64, u32)>> + 'static> Shuffled for S {
        fn prop_shuffle_set(self) -> BoxedStrategy<Vec<(i64, u32)>> {
            self.prop_map(|set| set.into_iter().collect::<Vec<_>>()).prop_shuffle().boxed()
        }
    }
}
