//! CSV text to bars. Every refusal names the file, the line as an editor counts it, and the column.

use crate::chunk::Prices;
use crate::clock_text::{Vote, vote};
use crate::date::{DateError, TimeColumn, When};
use crate::error::{MarketError, Place, Problem, clip};
use crate::input::{Input, Text};
use crate::intake::{Culprit, Facts, Intake, Out, Owner, reads_adjusted};
use crate::number;
use crate::options::{DateFormat, Delimiter};
use crate::records::{MAX_ROW_BYTES, Records, Stop};
use crate::rules::{Breach, Column, Rules, has_date};
use crate::source::{Prepared, Source};

/// The longest cell, bytes. The smallest double, written out without an exponent, takes a third of it.
const MAX_CELL_BYTES: usize = 1 << 10;

/// Hands the bars of a text file to `out`, validated. Of each instrument they are in the order of time.
pub(crate) fn read(
    input: &Input,
    source: &Source,
    prepared: &Prepared,
    rules: &mut Rules,
    out: Out<'_>,
) -> Result<Facts, MarketError> {
    let mut table = Table::open(input, prepared.options.delimiter)?;
    let layout = table.read_header(reads_adjusted(prepared))?;
    let has_symbols = layout.position(Column::Symbol).is_some();
    let mut intake = Intake::new(source, prepared, rules, has_symbols, out)
        .map_err(|breach| table.refuse(&layout, breach))?;
    let mut times = prepared.times();
    let mut words = String::new();
    while table.advance(&layout, &mut intake)? {
        let line = table.records.line();
        let mut taken =
            Row { layout: &layout, records: &table.records }.take(&mut times, &mut words, &mut intake);
        if matches!(&taken, Err((_, Problem::Date(DateError::DayOrMonth(_))))) {
            times.format = Some(decide(input, prepared, &layout)?);
            intake.facts.date_format = times.format;
            taken =
                Row { layout: &layout, records: &table.records }.take(&mut times, &mut words, &mut intake);
        }
        if let Err((column, problem)) = taken {
            intake.flaws.add(line, Culprit::Column(column), problem);
        }
        intake.pass_on()?;
        if intake.facts.rows > input.max_rows {
            return Err(MarketError::TooManyRows { path: input.path.clone(), limit: input.max_rows });
        }
    }
    intake.finish()?;
    if let Some(error) = table.flawed(&layout, &mut intake) {
        return Err(error);
    }
    if intake.is_empty() {
        return Err(table.refuse(&layout, (Column::Time, Problem::NoRows)));
    }
    Ok(Facts { delimiter: Some(char::from(table.records.delimiter())), ..intake.facts })
}

/// The order of day and month, by the first row that can have only one.
fn decide(input: &Input, prepared: &Prepared, layout: &Layout) -> Result<DateFormat, MarketError> {
    let mut table = Table::open(input, prepared.options.delimiter)?;
    table.read_header(false)?;
    let mut undecided = None;
    while table.records.advance().map_err(|stop| table.stopped(stop, &layout.names))? {
        let row = Row { layout, records: &table.records };
        let Ok(text) = row.cell(Column::Time) else { continue };
        match vote(text.as_bytes()) {
            Some(Vote::For(format)) => return Ok(format),
            Some(Vote::Undecided) if undecided.is_none() => {
                undecided = Some((table.records.line(), clip(text)));
            }
            _ => {}
        }
    }
    match undecided {
        // Every day is the number of its month.
        None => Ok(DateFormat::MonthFirst),
        Some((line, text)) => {
            let problem = Problem::Date(DateError::DayOrMonth(text));
            Err(table.at(line, layout.name(Column::Time).to_owned(), problem))
        }
    }
}

/// What a header says about the cells below it.
pub(crate) struct Layout {
    /// The header's cells.
    pub(crate) names: Vec<String>,
    /// Where each of `Column::ALL` stands.
    positions: [Option<usize>; Column::ALL.len()],
}

impl Layout {
    /// What names mean, or the name that means nothing and why.
    pub(crate) fn of(names: &[&str], adjusted: bool) -> Result<Self, (String, Problem)> {
        let mut layout = Self { names: Vec::new(), positions: [None; Column::ALL.len()] };
        let date = has_date(names.iter().copied());
        for (position, name) in names.iter().enumerate() {
            let refuse = |problem| (clip(name), problem);
            let column = Column::named(name, date).ok_or_else(|| refuse(Problem::UnknownHeader))?;
            if layout.positions[column as usize].replace(position).is_some() {
                return Err(refuse(Problem::RepeatedHeader));
            }
            layout.names.push((*name).to_owned());
        }
        let lacks = |column: &Column| {
            let needed = !column.optional() || (adjusted && *column == Column::AdjustedClose);
            needed && layout.position(*column).is_none()
        };
        match Column::ALL.into_iter().find(lacks) {
            Some(missing) => Err((layout.name(missing).to_owned(), Problem::MissingHeader)),
            None => Ok(layout),
        }
    }

    pub(crate) fn position(&self, column: Column) -> Option<usize> {
        self.positions[column as usize]
    }

    /// What the header calls a column.
    pub(crate) fn name(&self, column: Column) -> &str {
        self.position(column).map_or(column.names()[0], |position| &self.names[position])
    }
}

/// One row below a header, with as many cells.
struct Row<'a> {
    layout: &'a Layout,
    records: &'a Records<Text>,
}

impl<'a> Row<'a> {
    fn take(
        &self,
        times: &mut TimeColumn,
        words: &mut String,
        intake: &mut Intake<'_>,
    ) -> Result<(), Breach> {
        let when = self.time(times, words)?;
        let ohlcv: Prices = [
            self.number(Column::Open)?,
            self.number(Column::High)?,
            self.number(Column::Low)?,
            self.number(Column::Close)?,
            self.number(Column::Volume)?,
        ];
        let instrument = match intake.owner {
            Owner::Source(instrument) => instrument,
            Owner::Row { .. } => intake.instrument(self.cell(Column::Symbol)?)?,
        };
        let adjusted = intake.adjusts().then(|| self.number(Column::AdjustedClose)).transpose()?;
        intake.offer(self.records.line(), when, instrument, ohlcv, adjusted)
    }

    fn time(&self, times: &mut TimeColumn, words: &mut String) -> Result<When, Breach> {
        let text = self.datum(Column::Time)?;
        let read = if self.layout.position(Column::TimeOfDay).is_none() {
            times.read(text)
        } else {
            words.clear();
            words.extend([text, " ", self.datum(Column::TimeOfDay)?]);
            times.read(words)
        };
        read.map_err(|error| (Column::Time, error.into()))
    }

    fn number(&self, column: Column) -> Result<f64, Breach> {
        if let Some(number) = number::plain(self.bytes(column)) {
            return Ok(number);
        }
        let text = self.datum(column)?;
        text.parse().map_err(|_| (column, Problem::NotANumber(clip(text))))
    }

    /// A cell that Yahoo writes `null` in.
    fn datum(&self, column: Column) -> Result<&'a str, Breach> {
        let text = self.cell(column)?;
        if text.eq_ignore_ascii_case("null") { Err((column, Problem::Null)) } else { Ok(text) }
    }

    fn cell(&self, column: Column) -> Result<&'a str, Breach> {
        match text(self.bytes(column)) {
            Ok("") => Err((column, Problem::EmptyCell)),
            Ok(text) => Ok(text),
            Err(problem) => Err((column, problem)),
        }
    }

    fn bytes(&self, column: Column) -> &'a [u8] {
        self.layout.position(column).and_then(|position| self.records.cell(position)).unwrap_or_default()
    }
}

fn text(cell: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(cell).map(str::trim).map_err(|_| Problem::NotUtf8)
}

/// What to call a column: by name, or else by number.
fn column_name(names: &[String], position: usize) -> String {
    names.get(position).cloned().unwrap_or_else(|| (position + 1).to_string())
}

/// The rows of one file.
pub(crate) struct Table<'a> {
    input: &'a Input,
    pub(crate) records: Records<Text>,
}

impl<'a> Table<'a> {
    pub(crate) fn open(input: &'a Input, delimiter: Option<Delimiter>) -> Result<Self, MarketError> {
        let unreadable = |stop| match stop {
            Stop::Io(error) => input.unreadable(error, false, 1),
            Stop::LongRow(_) => input.unreadable(std::io::ErrorKind::FileTooLarge.into(), true, 1),
        };
        let first = delimiter.unwrap_or(Delimiter::Comma).byte();
        let records = Records::new(input.text()?, first).map_err(unreadable)?;
        let mut table = Self { input, records };
        if delimiter.is_none() {
            let sniffed = table.records.sniff(&Delimiter::ALL.map(Delimiter::byte));
            sniffed.map_err(|stop| table.stopped(stop, &[]))?;
        }
        Ok(table)
    }

    pub(crate) fn read_header(&mut self, adjusted: bool) -> Result<Layout, MarketError> {
        if !self.next(&[])? {
            return Err(self.at(self.records.line(), Column::Time.names()[0].to_owned(), Problem::EmptyFile));
        }
        let line = self.records.line();
        let mut names = Vec::new();
        for position in 0..self.records.len() {
            let cell = self.records.cell(position).unwrap_or_default();
            names.push(text(cell).map_err(|problem| self.at(line, column_name(&[], position), problem))?);
        }
        Layout::of(&names, adjusted).map_err(|(column, problem)| self.at(line, column, problem))
    }

    /// The next row, if there is one; a row that cannot be one is counted as a flaw and passed over.
    fn advance(&mut self, layout: &Layout, intake: &mut Intake<'_>) -> Result<bool, MarketError> {
        loop {
            match self.records.advance() {
                Ok(more) if !more => return Ok(false),
                Ok(_) => {}
                // There is no telling where the next row begins.
                Err(stop) => {
                    let failed = self.stopped(stop, &layout.names);
                    intake.finish()?;
                    return Err(self.flawed(layout, intake).unwrap_or(failed));
                }
            }
            match self.shape(&layout.names) {
                Ok(()) => return Ok(true),
                Err((position, problem)) => {
                    let name = column_name(&layout.names, position);
                    intake.flaws.add(self.records.line(), Culprit::Name(name), problem);
                }
            }
        }
    }

    /// The header, or a row of an actions file: what is wrong with its shape is an error at once.
    pub(crate) fn next(&mut self, names: &[String]) -> Result<bool, MarketError> {
        if !self.records.advance().map_err(|stop| self.stopped(stop, names))? {
            return Ok(false);
        }
        match self.shape(names) {
            Ok(()) => Ok(true),
            Err((position, problem)) => {
                Err(self.at(self.records.line(), column_name(names, position), problem))
            }
        }
    }

    /// Whether the current row can be a row below these names, or the header if there are none.
    fn shape(&self, names: &[String]) -> Result<(), (usize, Problem)> {
        let (found, expected) = (self.records.len(), names.len());
        let long =
            |position: &usize| self.records.cell(*position).is_some_and(|cell| cell.len() > MAX_CELL_BYTES);
        if let Some(position) = (0..found).find(long) {
            return Err((position, Problem::LongCell { limit: MAX_CELL_BYTES }));
        }
        if expected > 0 && found != expected {
            let delimiter = char::from(self.records.delimiter());
            return Err((found.min(expected), Problem::CellCount { found, expected, delimiter }));
        }
        Ok(())
    }

    /// Why there is no next row.
    pub(crate) fn stopped(&self, stop: Stop, names: &[String]) -> MarketError {
        let line = self.records.line();
        match stop {
            Stop::Io(error) => {
                self.input.unreadable(error, self.records.input().spent, self.records.reached())
            }
            Stop::LongRow(cells) => {
                let problem = Problem::LongRow { limit: MAX_ROW_BYTES };
                self.at(line, column_name(names, cells), problem)
            }
        }
    }

    pub(crate) fn at(&self, line: u64, column: String, problem: Problem) -> MarketError {
        MarketError::invalid(Place::Line { path: self.input.path.clone(), line }, column, problem)
    }

    /// What is wrong with the header, or with all of it.
    fn refuse(&self, layout: &Layout, (column, problem): Breach) -> MarketError {
        self.at(self.records.line(), layout.name(column).to_owned(), problem)
    }

    /// What is wrong with the rows.
    fn flawed(&self, layout: &Layout, intake: &mut Intake<'_>) -> Option<MarketError> {
        let at = |line| Place::Line { path: self.input.path.clone(), line };
        intake.flaws.error(at, |column| layout.name(column).to_owned())
    }
}
