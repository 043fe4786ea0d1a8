//! Anyone's table of numbers, read a row at a time. Every refusal names the file, the line as an editor counts it, and the
//! column.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use csv::ByteRecord;

mod groups;

use super::times::Times;
use crate::failure::{Failure, shown};
use crate::render::text::inline;
use groups::Groups;

/// What is read at most: bytes of a file and of a row, and cells that are kept. The last is 320 MB of numbers.
const MAX_BYTES: u64 = 2 << 30;
const MAX_ROW_BYTES: u64 = 16 << 20;
const MAX_CELLS: usize = 40_000_000;
/// Columns of a file.
const MAX_COLUMNS: usize = 1_000_000;
/// What some editors begin a file with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Of a cell, messages show so much.
const SHOWN_CHARS: usize = 40;

/// Which of a file's columns are to be read, by their places.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) time: Option<usize>,
    pub(super) values: Vec<usize>,
    /// A column of text: rows with the same text belong together.
    pub(super) group: Option<usize>,
    /// What becomes of rows in which a value is empty or NaN.
    pub(super) gaps: Gaps,
}

/// Rows in which a value is empty or NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Gaps {
    /// At the start they are left out, elsewhere they are errors.
    #[default]
    AtTheStart,
    /// They are left out.
    Anywhere,
    /// They are left out, but for those that lack the first value only, which is NaN then.
    AnywhereButInTheFirst,
}

/// The columns that were wanted, in the order in which they were.
#[derive(Debug)]
pub(super) struct Table {
    /// Names of the columns of values.
    pub(super) names: Vec<String>,
    /// As many as names, all of the same length, at least 1.
    pub(super) columns: Vec<Vec<f64>>,
    /// Nanoseconds since the Unix epoch, ascending.
    pub(super) times: Option<Vec<i64>>,
    /// For each row, the number of its group, in the order of numbers or times when all groups are named by them, else of text.
    pub(super) groups: Vec<usize>,
    /// The line of each row.
    pub(super) lines: Vec<u64>,
    /// Rows that were left out for a gap.
    pub(super) left_out: usize,
}

/// A file, by the name that messages call it.
pub(super) fn name(path: &Path) -> String {
    if is_stdin(path) { plain_name(path) } else { format!("`{}`", plain_name(path)) }
}

/// The same for documents.
pub(super) fn plain_name(path: &Path) -> String {
    if is_stdin(path) { "standard input".to_owned() } else { shown(path) }
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// The header's names: what they say, or numbers from 1 where there is no header.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) names: Vec<String>,
    file: String,
}

impl Header {
    /// The place of a column that was named, or numbered from 1.
    pub(super) fn find(&self, wanted: &str) -> Result<usize, Failure> {
        let mut named = self.names.iter().enumerate().filter(|(_, name)| *name == wanted);
        match (named.next(), named.next()) {
            (Some((place, _)), None) => return Ok(place),
            (Some(_), Some(_)) => {
                let problem = format!("{} has more than one column `{}`", self.file, clip(wanted));
                return Err(Failure::input(problem).hint("name it by its number, counted from 1"));
            }
            _ => {}
        }
        let number = wanted.parse::<usize>().ok().filter(|number| (1..=self.names.len()).contains(number));
        number.map(|number| number - 1).ok_or_else(|| {
            let some: Vec<String> =
                self.names.iter().take(20).map(|name| format!("`{}`", clip(name))).collect();
            let more = if self.names.len() > 20 { ", ..." } else { "" };
            Failure::input(format!("{} has no column `{}`", self.file, clip(wanted)))
                .hint(format!("its columns are {}{more}", some.join(", ")))
        })
    }

    /// The place of the column that is named as a time, if there is just one.
    pub(super) fn time(&self) -> Option<usize> {
        const NAMES: [&str; 5] = ["time", "date", "datetime", "timestamp", "day"];
        let mut named = self
            .names
            .iter()
            .enumerate()
            .filter(|(_, name)| NAMES.contains(&name.to_ascii_lowercase().as_str()));
        named.next().map(|(place, _)| place).filter(|_| named.next().is_none())
    }
}

/// Reads what `choose` wants of a file.
pub(super) fn read(
    path: &Path,
    no_header: bool,
    choose: impl FnOnce(&Header) -> Result<Wanted, Failure>,
) -> Result<Table, Failure> {
    let failure = |error: &dyn Display| Failure::input(format!("cannot read {}: {error}", name(path)));
    if is_stdin(path) {
        return Reader::new(path, io::stdin().lock(), no_header).read(choose);
    }
    let file = File::open(path).map_err(|error| failure(&error))?;
    if file.metadata().map_err(|error| failure(&error))?.is_dir() {
        return Err(failure(&"it is a directory"));
    }
    Reader::new(path, file, no_header).read(choose)
}

/// A file, a line at a time: a row of numbers has no line end in a cell, and so its line is known.
struct Reader<R> {
    file: String,
    source: BufReader<R>,
    no_header: bool,
    record: ByteRecord,
    /// The current line's bytes, and its number.
    text: Vec<u8>,
    line: u64,
    /// Bytes that may still come.
    left: u64,
}

impl<R: Read> Reader<R> {
    fn new(path: &Path, source: R, no_header: bool) -> Self {
        Self {
            file: name(path),
            source: BufReader::with_capacity(1 << 16, source),
            no_header,
            record: ByteRecord::new(),
            text: Vec::new(),
            line: 0,
            left: MAX_BYTES,
        }
    }

    fn read(mut self, choose: impl FnOnce(&Header) -> Result<Wanted, Failure>) -> Result<Table, Failure> {
        if !self.advance()? {
            let problem = format!("{} is empty", self.file);
            return Err(
                Failure::input(problem).hint("it needs a header that names its columns, and rows of numbers")
            );
        }
        let width = self.record.len();
        if width > MAX_COLUMNS {
            return Err(Failure::input(format!(
                "{} has {width} columns: at most {MAX_COLUMNS} are read",
                self.file
            )));
        }
        let header = Header { names: self.names()?, file: self.file.clone() };
        let wanted = choose(&header)?;
        let mut rows = Rows::new(&header, &wanted);
        let mut more = self.no_header || self.advance()?;
        while more {
            if self.record.len() != width {
                let place = self.record.len().min(width - 1);
                let problem = format!("the row has {} cells where the first has {width}", self.record.len());
                return Err(self
                    .flaw(&header.names[place], &problem)
                    .hint("look for a stray or missing comma"));
            }
            rows.take(&self, &wanted)?;
            more = self.advance()?;
        }
        rows.finish(&self.file)
    }

    /// The header, or numbers for a first row that has values.
    fn names(&self) -> Result<Vec<String>, Failure> {
        if self.no_header {
            return Ok((1..=self.record.len()).map(|number| number.to_string()).collect());
        }
        let cells: Vec<&str> =
            self.record.iter().map(|cell| self.text(cell, "header")).collect::<Result<_, _>>()?;
        let counts =
            |from: usize| cells.iter().enumerate().all(|(place, cell)| *cell == (place + from).to_string());
        // Whole numbers in their order are what other tools name columns without names.
        let is_values = cells.iter().all(|cell| cell.parse::<f64>().is_ok());
        if is_values && !(cells.len() > 1 && (counts(0) || counts(1))) {
            let problem = format!(
                "{} line {}: the first row has numbers where names are expected",
                self.file, self.line
            );
            return Err(Failure::input(problem)
                .hint("if it is a row of values, say `--no-header` and name columns by numbers from 1"));
        }
        if let [cell] = cells[..]
            && let Some(other) = [';', '\t'].into_iter().find(|other| cell.contains(*other))
        {
            let problem =
                format!("{} line {}: the header is one cell, `{}`", self.file, self.line, clip(cell));
            return Err(Failure::input(problem).hint(format!("separate cells by commas, not by {other:?}")));
        }
        Ok(cells.into_iter().map(str::to_owned).collect())
    }

    /// Goes to the next row, if there is one. Blank lines are none.
    fn advance(&mut self) -> Result<bool, Failure> {
        loop {
            self.text.clear();
            let most = self.left.min(MAX_ROW_BYTES) + 1;
            let read = self.source.by_ref().take(most).read_until(b'\n', &mut self.text);
            self.line += 1;
            let failure = |problem: &dyn Display| {
                Failure::input(format!("{} line {}: {problem}", self.file, self.line))
            };
            let count = read.map_err(|error| failure(&format!("cannot read on: {error}")))? as u64;
            if count == most {
                let (what, limit) =
                    if self.left < MAX_ROW_BYTES { ("file", MAX_BYTES) } else { ("line", MAX_ROW_BYTES) };
                return Err(failure(&format!("the {what} is longer than {limit} bytes")));
            }
            if count == 0 {
                return Ok(false);
            }
            self.left -= count;
            if self.line == 1 && self.text.starts_with(BYTE_ORDER_MARK) {
                self.text.drain(..BYTE_ORDER_MARK.len());
            }
            let end = self.text.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |last| last + 1);
            self.text.truncate(end);
            if end > 0 {
                return self.split().map(|()| true);
            }
        }
    }

    /// Cuts the line into cells.
    fn split(&mut self) -> Result<(), Failure> {
        self.record.clear();
        if !self.text.contains(&b'"') {
            self.text.split(|byte| *byte == b',').for_each(|cell| self.record.push_field(cell));
            return Ok(());
        }
        let mut quoted = csv::ReaderBuilder::new().has_headers(false).from_reader(self.text.as_slice());
        // Memory does not fail to be read.
        quoted.read_byte_record(&mut self.record).map(|_| ()).map_err(|error| {
            Failure::input(format!("{} line {}: {}", self.file, self.line, inline(&error.to_string())))
        })
    }

    fn flaw(&self, column: &str, problem: &dyn Display) -> Failure {
        Failure::input(format!("{} line {}, column `{}`: {problem}", self.file, self.line, clip(column)))
    }

    fn text<'c>(&self, cell: &'c [u8], column: &str) -> Result<&'c str, Failure> {
        let text = std::str::from_utf8(cell).map(str::trim);
        text.map_err(|_| self.flaw(column, &"the cell is not UTF-8 text").hint("save the file as UTF-8"))
    }

    /// A cell's number; none when it is empty or NaN.
    fn number(&self, place: usize, column: &str) -> Result<Option<f64>, Failure> {
        let text = self.text(self.record.get(place).unwrap_or_default(), column)?;
        if is_gap(text) {
            return Ok(None);
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Some(value)),
            Ok(_) => Err(self.flaw(column, &format!("`{}` is not a finite number", clip(text)))),
            Err(_) => {
                let hint = if text.ends_with('%') {
                    "leave `%` out, and say `--percent`"
                } else {
                    "write it as `0.0123`; if the column is no variant or value, leave it out"
                };
                Err(self.flaw(column, &format!("`{}` is not a number", clip(text))).hint(hint))
            }
        }
    }
}

/// What other tools write where there is no number.
fn is_gap(text: &str) -> bool {
    ["", "nan", "na", "n/a", "#n/a", "null", "none"].iter().any(|gap| text.eq_ignore_ascii_case(gap))
}

/// What was read so far.
struct Rows {
    table: Table,
    time_name: String,
    times: Times,
    groups: Groups,
    row: Vec<f64>,
}

impl Rows {
    fn new(header: &Header, wanted: &Wanted) -> Self {
        let names: Vec<String> = wanted.values.iter().map(|place| header.names[*place].clone()).collect();
        let table = Table {
            columns: vec![Vec::new(); names.len()],
            names,
            times: wanted.time.map(|_| Vec::new()),
            groups: Vec::new(),
            lines: Vec::new(),
            left_out: 0,
        };
        Self {
            table,
            time_name: wanted.time.map(|place| header.names[place].clone()).unwrap_or_default(),
            times: Times::default(),
            groups: Groups::default(),
            row: Vec::new(),
        }
    }

    fn take<R: Read>(&mut self, reader: &Reader<R>, wanted: &Wanted) -> Result<(), Failure> {
        let table = &mut self.table;
        self.row.clear();
        let mut gap = None;
        for (place, name) in wanted.values.iter().zip(&table.names) {
            match reader.number(*place, name)? {
                Some(value) => self.row.push(value),
                None if wanted.gaps == Gaps::AnywhereButInTheFirst
                    && self.row.is_empty()
                    && gap.is_none() =>
                {
                    self.row.push(f64::NAN);
                }
                None => gap = gap.or(Some(name)),
            }
        }
        if let Some(name) = gap {
            if wanted.gaps == Gaps::AtTheStart && !table.lines.is_empty() {
                let problem = "the value is missing, and only rows at the start may be without";
                return Err(reader.flaw(name, &problem).hint("fill it, or remove the row"));
            }
            table.left_out += 1;
            return Ok(());
        }
        if (table.lines.len() + 1).saturating_mul(table.columns.len() + 1) > MAX_CELLS {
            let limit = format!("there are more than {MAX_CELLS} values");
            return Err(reader.flaw(&table.names[0], &limit).hint("leave out rows or columns"));
        }
        if let (Some(place), Some(times)) = (wanted.time, &mut table.times) {
            let text = reader.text(reader.record.get(place).unwrap_or_default(), &self.time_name)?;
            let time = self.times.read(text).map_err(|problem| reader.flaw(&self.time_name, &problem))?;
            if times.last().is_some_and(|last| *last >= time) {
                let problem = format!("`{}` is not after the row before", clip(text));
                return Err(reader
                    .flaw(&self.time_name, &problem)
                    .hint("put rows in the order of time, each time once"));
            }
            times.push(time);
        }
        if let Some(place) = wanted.group {
            let cell = reader.record.get(place).unwrap_or_default();
            table.groups.push(self.groups.number(cell));
        }
        table.columns.iter_mut().zip(&self.row).for_each(|(column, value)| column.push(*value));
        table.lines.push(reader.line);
        Ok(())
    }

    fn finish(mut self, file: &str) -> Result<Table, Failure> {
        if self.table.lines.is_empty() {
            return Err(Failure::input(format!(
                "{file} has no rows with a value in each column that is read"
            )));
        }
        let places = self.groups.places();
        self.table.groups.iter_mut().for_each(|number| *number = places[*number]);
        Ok(self.table)
    }
}

/// The first part of a text of others, on one line.
pub(super) fn clip(text: &str) -> String {
    let short: String = text.chars().take(SHOWN_CHARS).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    inline(&short) + more
}

#[cfg(test)]
mod tests;
