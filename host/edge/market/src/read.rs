//! CSV text to bars. Every refusal names the file, the line as an editor counts it, and the column.

use std::io::{self, Read};

use csv::ByteRecord;
use stratbox_domain::{Bar, Columns, Instrument};

use crate::builder::{Breach, Builder, Column};
use crate::date::TimeColumn;
use crate::error::{MarketError, Place, Problem, clip};
use crate::source::{Source, SourceBytes};

/// The longest row, bytes. A bar takes a hundred; this is what bounds memory where line ends or quotes are missing.
const MAX_ROW_BYTES: usize = 64 << 10;
/// The longest cell, bytes. The smallest double, written out without an exponent, takes a third of it.
const MAX_CELL_BYTES: usize = 1 << 10;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The instruments and bars of all the sources, validated and merged.
pub(crate) fn parse(sources: &[SourceBytes<'_>]) -> Result<(Vec<Instrument>, Columns), MarketError> {
    let mut builder = Builder::default();
    for file in sources {
        let mut table = Table::new(&file.bytes);
        read_table(&mut table, file.source, &mut builder).map_err(|Flaw { column, problem }| {
            let place = Place::Line { path: file.source.path.clone(), line: table.line() };
            MarketError::invalid(place, column, problem)
        })?;
    }
    builder.finish()
}

/// What is wrong at the table's current row.
struct Flaw {
    column: String,
    problem: Problem,
}

fn read_table(table: &mut Table<'_>, source: &Source, builder: &mut Builder) -> Result<(), Flaw> {
    let layout = table.read_header()?;
    let owner = if layout.position(Column::Symbol).is_none() {
        Owner::Source(builder.add(source.name()).map_err(|breach| layout.flaw(breach))?)
    } else if let Some(symbol) = &source.symbol {
        return Err(layout.flaw((Column::Symbol, Problem::NeedlessSymbol { symbol: clip(symbol) })));
    } else {
        Owner::Row { first: builder.instruments() }
    };
    let before = builder.bars();
    let mut times = TimeColumn::default();
    while table.advance(&layout.names)? {
        let row = Row { layout: &layout, record: &table.record };
        row.read(&owner, &mut times, builder).map_err(|breach| layout.flaw(breach))?;
    }
    if builder.bars() == before {
        return Err(layout.flaw((Column::Time, Problem::NoRows)));
    }
    Ok(())
}

/// Who says which instrument a bar is of.
enum Owner {
    /// The source: this one.
    Source(u32),
    /// The row; the file's instruments are those from `first` on.
    Row { first: usize },
}

/// What a header says about the cells below it.
struct Layout {
    /// The header's cells.
    names: Vec<String>,
    /// Where each of `Column::ALL` stands.
    positions: [Option<usize>; Column::ALL.len()],
}

impl Layout {
    fn parse(header: &ByteRecord) -> Result<Self, Flaw> {
        let mut layout = Self { names: Vec::new(), positions: [None; Column::ALL.len()] };
        for (position, cell) in header.iter().enumerate() {
            let name = text(cell).map_err(|problem| Flaw { column: column_name(&[], position), problem })?;
            let refuse = |problem| Flaw { column: clip(name), problem };
            let lower = name.to_ascii_lowercase();
            let column = Column::ALL.into_iter().find(|column| column.names().contains(&lower.as_str()));
            let column = column.ok_or_else(|| refuse(Problem::UnknownHeader))?;
            if layout.positions[column as usize].replace(position).is_some() {
                return Err(refuse(Problem::RepeatedHeader));
            }
            layout.names.push(name.to_owned());
        }
        match Column::ALL.into_iter().find(|&column| !column.optional() && layout.position(column).is_none())
        {
            Some(missing) => Err(layout.flaw((missing, Problem::MissingHeader))),
            None => Ok(layout),
        }
    }

    fn position(&self, column: Column) -> Option<usize> {
        self.positions[column as usize]
    }

    /// Calls the column what the header calls it.
    fn flaw(&self, (column, problem): Breach) -> Flaw {
        let name = self.position(column).map_or(column.names()[0], |position| &self.names[position]);
        Flaw { column: name.to_owned(), problem }
    }
}

/// One row below a header, with as many cells.
struct Row<'a> {
    layout: &'a Layout,
    record: &'a ByteRecord,
}

impl<'a> Row<'a> {
    fn read(&self, owner: &Owner, times: &mut TimeColumn, builder: &mut Builder) -> Result<(), Breach> {
        let time = times.read(self.datum(Column::Time)?).map_err(|error| (Column::Time, error.into()))?;
        let open = self.number(Column::Open)?;
        let high = self.number(Column::High)?;
        let low = self.number(Column::Low)?;
        let close = self.number(Column::Close)?;
        let volume = self.number(Column::Volume)?;
        let instrument = match *owner {
            Owner::Source(instrument) => instrument,
            Owner::Row { first } => {
                let symbol = self.cell(Column::Symbol)?;
                // An instrument of an earlier source is not this file's to add to: `add` refuses the name.
                let known = builder.find(symbol).filter(|&instrument| instrument as usize >= first);
                known.map_or_else(|| builder.add(symbol.to_owned()), Ok)?
            }
        };
        builder.push(Bar { instrument, time, open, high, low, close, volume })
    }

    fn number(&self, column: Column) -> Result<f64, Breach> {
        let text = self.datum(column)?;
        text.parse().map_err(|_| (column, Problem::NotANumber(clip(text))))
    }

    /// A cell that Yahoo writes `null` in.
    fn datum(&self, column: Column) -> Result<&'a str, Breach> {
        let text = self.cell(column)?;
        if text.eq_ignore_ascii_case("null") { Err((column, Problem::Null)) } else { Ok(text) }
    }

    fn cell(&self, column: Column) -> Result<&'a str, Breach> {
        let bytes = self.layout.position(column).and_then(|position| self.record.get(position));
        match text(bytes.unwrap_or_default()) {
            Ok("") => Err((column, Problem::EmptyCell)),
            Ok(text) => Ok(text),
            Err(problem) => Err((column, problem)),
        }
    }
}

fn text(cell: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(cell).map(str::trim).map_err(|_| Problem::NotUtf8)
}

/// What to call a column: by name, or else by number.
fn column_name(names: &[String], position: usize) -> String {
    names.get(position).cloned().unwrap_or_else(|| (position + 1).to_string())
}

/// The rows of one file, blank lines left out.
struct Table<'a> {
    text: &'a [u8],
    reader: csv::Reader<Ration<'a>>,
    record: ByteRecord,
    /// Where the current row starts, or the line ends before it.
    start: usize,
}

impl<'a> Table<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(Ration { text, left: MAX_ROW_BYTES });
        Self { text, reader, record: ByteRecord::new(), start: 0 }
    }

    fn read_header(&mut self) -> Result<Layout, Flaw> {
        if self.advance(&[])? {
            Layout::parse(&self.record)
        } else {
            Err(Flaw { column: Column::Time.names()[0].to_owned(), problem: Problem::EmptyFile })
        }
    }

    /// Goes to the next row, if there is one. Without `names`, that is the header.
    fn advance(&mut self, names: &[String]) -> Result<bool, Flaw> {
        // Lossless: a position in `text`.
        self.start = self.reader.position().byte() as usize;
        self.reader.get_mut().left = MAX_ROW_BYTES;
        // Memory does not fail to be read, so that an error is the ration's.
        let Ok(more) = self.reader.read_byte_record(&mut self.record) else {
            let commas = self.text[self.start..].iter().take(MAX_ROW_BYTES).filter(|&&byte| byte == b',');
            let column = column_name(names, commas.count());
            return Err(Flaw { column, problem: Problem::LongRow { limit: MAX_ROW_BYTES } });
        };
        if !more {
            return Ok(false);
        }
        let (found, expected) = (self.record.len(), names.len());
        if let Some(position) = self.record.iter().position(|cell| cell.len() > MAX_CELL_BYTES) {
            let problem = Problem::LongCell { limit: MAX_CELL_BYTES };
            return Err(Flaw { column: column_name(names, position), problem });
        }
        if !names.is_empty() && found != expected {
            let column = column_name(names, found.min(expected));
            return Err(Flaw { column, problem: Problem::CellCount { found, expected } });
        }
        Ok(true)
    }

    /// The current row's line, counted from one.
    fn line(&self) -> u64 {
        let is_end = |byte: u8| byte == b'\n' || byte == b'\r';
        let blank = self.text[self.start..].iter().take_while(|&&byte| is_end(byte)).count();
        let before = &self.text[..self.start + blank];
        // `\r\n` is one line end.
        let pairs = before.windows(2).filter(|&pair| pair == b"\r\n").count();
        let ends = before.iter().filter(|&&byte| is_end(byte)).count();
        (ends - pairs + 1) as u64
    }
}

/// Text that is handed out up to a limit, which the table raises again for every row.
struct Ration<'a> {
    text: &'a [u8],
    left: usize,
}

impl Read for Ration<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !self.text.is_empty() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let count = buffer.len().min(self.left);
        let count = self.text.read(&mut buffer[..count])?;
        self.left -= count;
        Ok(count)
    }
}
