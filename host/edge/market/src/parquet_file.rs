//! Parquet to bars, a few thousand rows of each column at a time, whatever the file's row groups are.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::{ParquetError, Result as Decoded};
use parquet::file::reader::{ChunkReader, FileReader, Length};
use parquet::file::serialized_reader::SerializedFileReader;

use crate::chunk::{Prices, ROWS};
use crate::date::{DateError, TimeColumn, When};
use crate::error::{MarketError, Place, Problem, clip};
use crate::input::Input;
use crate::intake::{Culprit, Facts, Intake, Out, Owner, reads_adjusted};
use crate::parquet_schema::{Numbers, Table, Times};
use crate::read::Layout;
use crate::rules::{Breach, Column, Rules};
use crate::source::{Prepared, Source};

/// Hands the bars of a Parquet file to `out`, validated. Of each instrument they are in the order of time.
pub(crate) fn read(
    input: &Input,
    source: &Source,
    prepared: &Prepared,
    rules: &mut Rules,
    out: Out<'_>,
) -> Result<Facts, MarketError> {
    // The decoder is another's, and damaged files are where such a one gives up.
    let read = catch_unwind(AssertUnwindSafe(|| read_groups(input, source, prepared, rules, out)));
    read.unwrap_or_else(|_| Err(damaged(input, "the decoder gave up on it")))
}

fn damaged(input: &Input, problem: impl std::fmt::Display) -> MarketError {
    let problem = format!("is damaged, or no Parquet file: {}; write it again", clip(&problem.to_string()));
    MarketError::Format { path: input.path.clone(), problem }
}

fn read_groups(
    input: &Input,
    source: &Source,
    prepared: &Prepared,
    rules: &mut Rules,
    out: Out<'_>,
) -> Result<Facts, MarketError> {
    let failed = |error: ParquetError| damaged(input, error);
    let at = Whole { file: Arc::clone(input.file()), length: input.size };
    let file = SerializedFileReader::new(at).map_err(failed)?;
    let schema = file.metadata().file_metadata().schema_descr();
    let refuse = |row: u64, column: String, problem| {
        MarketError::invalid(Place::Row { path: input.path.clone(), row }, column, problem)
    };
    let names: Vec<String> = schema.columns().iter().map(|column| column.path().string()).collect();
    let layout = Layout::of(&names.iter().map(String::as_str).collect::<Vec<_>>(), reads_adjusted(prepared))
        .map_err(|(column, problem)| refuse(0, column, problem))?;
    let table = Table::of(&layout, reads_adjusted(prepared), |position| &schema.columns()[position])
        .map_err(|(column, problem)| refuse(0, layout.name(column).to_owned(), problem))?;
    let mut intake = Intake::new(source, prepared, rules, table.symbol.is_some(), out)
        .map_err(|(column, problem)| refuse(0, layout.name(column).to_owned(), problem))?;
    let mut reading = Reading { table, times: prepared.times(), row: 0, batch: Batch::default() };
    for group in 0..file.num_row_groups() {
        let group = file.get_row_group(group).map_err(failed)?;
        let mut columns = reading.table.open(&*group).map_err(failed)?;
        loop {
            let rows = reading.batch.fill(&reading.table, &mut columns).map_err(failed)?;
            if rows == 0 {
                break;
            }
            reading.hand_over(rows, &mut intake);
            reading.row += rows as u64;
            intake.pass_on()?;
            if reading.row > input.max_rows {
                return Err(MarketError::TooManyRows { path: input.path.clone(), limit: input.max_rows });
            }
        }
    }
    intake.finish()?;
    let place = |row| Place::Row { path: input.path.clone(), row };
    if let Some(error) = intake.flaws.error(place, |column| layout.name(column).to_owned()) {
        return Err(error);
    }
    if intake.is_empty() {
        return Err(refuse(0, layout.name(Column::Time).to_owned(), Problem::NoRows));
    }
    Ok(intake.facts)
}

/// Some values of a column.
#[derive(Default)]
struct Cells {
    doubles: Vec<f64>,
    floats: Vec<f32>,
    longs: Vec<i64>,
    integers: Vec<i32>,
    texts: Vec<ByteArray>,
    /// Whether each row has a value.
    present: Vec<i16>,
    /// Whether all do.
    complete: bool,
}

impl Cells {
    /// Reads up to so many rows; how many there were.
    fn fill(&mut self, reader: &mut ColumnReader, optional: bool) -> Decoded<usize> {
        fn read<T: DataType>(
            reader: &mut ColumnReaderImpl<T>,
            levels: Option<&mut Vec<i16>>,
            values: &mut Vec<T::T>,
        ) -> Decoded<usize> {
            values.clear();
            Ok(reader.read_records(ROWS, levels, None, values)?.0)
        }
        self.present.clear();
        let levels = optional.then_some(&mut self.present);
        let rows = match reader {
            ColumnReader::DoubleColumnReader(reader) => read(reader, levels, &mut self.doubles)?,
            ColumnReader::FloatColumnReader(reader) => {
                let rows = read(reader, levels, &mut self.floats)?;
                self.doubles.clear();
                self.doubles.extend(self.floats.iter().map(|value| f64::from(*value)));
                rows
            }
            ColumnReader::Int64ColumnReader(reader) => read(reader, levels, &mut self.longs)?,
            ColumnReader::Int32ColumnReader(reader) => {
                let rows = read(reader, levels, &mut self.integers)?;
                self.longs.clear();
                self.longs.extend(self.integers.iter().map(|value| i64::from(*value)));
                rows
            }
            ColumnReader::ByteArrayColumnReader(reader) => read(reader, levels, &mut self.texts)?,
            _ => return Err(ParquetError::General("a column's type is not its schema's".to_owned())),
        };
        self.complete = self.present.iter().all(|level| *level == 1);
        self.spread(rows);
        Ok(rows)
    }

    /// Puts values to their rows, where some rows have none.
    fn spread(&mut self, rows: usize) {
        fn spread<T: Clone + Default>(values: &mut Vec<T>, present: &[i16]) {
            if values.is_empty() {
                values.resize(present.len(), T::default());
                return;
            }
            let mut from = std::mem::take(values).into_iter();
            let value = |level: &i16| if *level == 1 { from.next() } else { None }.unwrap_or_default();
            *values = present.iter().map(value).collect();
        }
        if self.complete {
            return;
        }
        let present = &self.present[..rows.min(self.present.len())];
        spread(&mut self.doubles, present);
        spread(&mut self.longs, present);
        spread(&mut self.texts, present);
    }

    fn is_null(&self, row: usize) -> bool {
        !self.complete && self.present[row] != 1
    }

    /// Numbers of whatever type as doubles.
    fn take_integers(&mut self, kind: Numbers, is_integer: bool) {
        if !is_integer {
            return;
        }
        self.doubles.clear();
        #[expect(clippy::cast_precision_loss, reason = "that is what a number of such a size is")]
        match kind {
            Numbers::Plain => self.doubles.extend(self.longs.iter().map(|value| *value as f64)),
            Numbers::Unsigned => self.doubles.extend(self.longs.iter().map(|value| *value as u64 as f64)),
            // Two exact numbers of which the quotient is rounded once, where they have no more than 53 bits.
            Numbers::Decimal(scale) => {
                self.doubles.extend(self.longs.iter().map(|value| *value as f64 / scale));
            }
        }
    }
}

/// Some rows of all columns: time, numbers, symbol.
#[derive(Default)]
struct Batch {
    cells: Vec<Cells>,
}

impl Batch {
    fn fill(&mut self, table: &Table, columns: &mut [(ColumnReader, bool)]) -> Decoded<usize> {
        self.cells.resize_with(columns.len(), Cells::default);
        let mut rows = None;
        for (index, (cells, (reader, optional))) in self.cells.iter_mut().zip(columns).enumerate() {
            let count = cells.fill(reader, *optional)?;
            if *rows.get_or_insert(count) != count {
                return Err(ParquetError::General("its columns are of different lengths".to_owned()));
            }
            if let Some((_, _, kind)) = index.checked_sub(1).and_then(|index| table.numbers.get(index)) {
                let integers =
                    matches!(reader, ColumnReader::Int32ColumnReader(_) | ColumnReader::Int64ColumnReader(_));
                cells.take_integers(*kind, integers);
            }
        }
        Ok(rows.unwrap_or(0))
    }
}

/// A file on its way, batch by batch.
struct Reading {
    table: Table,
    times: TimeColumn,
    /// Rows before the batch.
    row: u64,
    batch: Batch,
}

impl Reading {
    fn hand_over(&mut self, rows: usize, intake: &mut Intake<'_>) {
        if self.at_once(rows, intake) {
            return;
        }
        for index in 0..rows {
            if let Err((column, problem)) = self.one(index, intake) {
                intake.flaws.add(self.row + index as u64 + 1, Culprit::Column(column), problem);
            }
        }
    }

    /// The usual case: nothing missing, moments that rise, one instrument, every bar sound. Whether it was that.
    fn at_once(&mut self, rows: usize, intake: &mut Intake<'_>) -> bool {
        let (Times::Moments(unit), Owner::Source(instrument)) = (self.table.time.1, intake.owner) else {
            return false;
        };
        let [times, open, high, low, close, volume] = &mut self.batch.cells[..] else { return false };
        if ![&*times, open, high, low, close, volume].iter().all(|cells| cells.complete) {
            return false;
        }
        if unit != 1 {
            // What is too far away is told of below, in its own units.
            let bound = i64::MAX / unit;
            if times.longs.iter().any(|time| time.checked_abs().is_none_or(|time| time > bound)) {
                return false;
            }
            times.longs.iter_mut().for_each(|time| *time *= unit);
        }
        let columns = [open, high, low, close, volume].map(|cells| &cells.doubles[..rows]);
        let prices = |row: usize| -> Prices { columns.map(|column| column[row]) };
        let taken = intake.keep_all(self.row + 1, instrument, &times.longs[..rows], prices);
        if !taken && unit != 1 {
            times.longs.iter_mut().for_each(|time| *time /= unit);
        }
        taken
    }

    fn one(&mut self, row: usize, intake: &mut Intake<'_>) -> Result<(), Breach> {
        let when = self.time(row)?;
        let mut numbers = [0.0; 6];
        for ((number, cells), (column, ..)) in
            numbers.iter_mut().zip(&self.batch.cells[1..]).zip(&self.table.numbers)
        {
            if cells.is_null(row) {
                return Err((*column, Problem::EmptyCell));
            }
            *number = cells.doubles[row];
        }
        let instrument = match intake.owner {
            Owner::Source(instrument) => instrument,
            Owner::Row { .. } => {
                let symbol = self.text(self.batch.cells.len() - 1, row, Column::Symbol)?;
                intake.instrument(symbol)?
            }
        };
        let [open, high, low, close, volume, adjusted] = numbers;
        let adjusted = intake.adjusts().then_some(adjusted);
        intake.offer(self.row + row as u64 + 1, when, instrument, [open, high, low, close, volume], adjusted)
    }

    fn time(&mut self, row: usize) -> Result<When, Breach> {
        let cells = &self.batch.cells[0];
        if cells.is_null(row) {
            return Err((Column::Time, Problem::EmptyCell));
        }
        let scaled = |value: i64, unit: i64| {
            value.checked_mul(unit).ok_or_else(|| DateError::OutOfRange(value.to_string()))
        };
        let read = match self.table.time.1 {
            Times::Text => {
                let text = text(&self.batch.cells[0].texts[row], Column::Time)?;
                self.times.read(text)
            }
            Times::Moments(unit) => scaled(cells.longs[row], unit).map(When::moment),
            Times::Local(unit) => scaled(cells.longs[row], unit).and_then(|local| self.times.local(local)),
            Times::Integers => self.times.integer(cells.longs[row]),
            Times::Days => self.times.day(cells.longs[row]),
        };
        read.map_err(|error| (Column::Time, error.into()))
    }

    fn text(&self, index: usize, row: usize, column: Column) -> Result<&str, Breach> {
        let cells = &self.batch.cells[index];
        if cells.is_null(row) { Err((column, Problem::EmptyCell)) } else { text(&cells.texts[row], column) }
    }
}

fn text(bytes: &ByteArray, column: Column) -> Result<&str, Breach> {
    match std::str::from_utf8(bytes.data()).map(str::trim) {
        Ok("") => Err((column, Problem::EmptyCell)),
        Ok(text) => Ok(text),
        Err(_) => Err((column, Problem::NotUtf8)),
    }
}

/// The whole file, read where it is needed.
struct Whole {
    file: Arc<File>,
    length: u64,
}

impl Length for Whole {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Whole {
    type T = io::BufReader<Rest>;

    fn get_read(&self, start: u64) -> Decoded<Self::T> {
        // Headers of pages are short.
        Ok(io::BufReader::with_capacity(1 << 10, Rest { file: Arc::clone(&self.file), position: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Decoded<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(ParquetError::EOF("it names bytes after its end".to_owned()));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// The file from some place on.
struct Rest {
    file: Arc<File>,
    position: u64,
}

impl Read for Rest {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}
