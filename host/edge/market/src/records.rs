//! Delimited text to rows of cells, a block at a time.
//!
//! Quotes are RFC 4180's: a cell that begins with one ends with one, in which two stand for one, and delimiters and line
//! ends are text. Line ends are `\n`, `\r\n` and `\r`. Blank lines are left out.

use std::io::{self, Read};

/// The longest row, bytes. A bar takes a hundred; this is what bounds memory where line ends or quotes are missing.
pub(crate) const MAX_ROW_BYTES: usize = 64 << 10;
/// Held at once.
const BUFFER: usize = 4 * MAX_ROW_BYTES;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why there is no next row.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The text could not be read.
    Io(io::Error),
    /// The row is too long. How many cells of it were seen.
    LongRow(usize),
}

/// The rows of a text.
pub(crate) struct Records<R> {
    input: R,
    buffer: Vec<u8>,
    /// What is in the buffer and not used up.
    start: usize,
    end: usize,
    /// Whether the input has nothing more.
    ended: bool,
    delimiter: u8,
    /// Of the current row, counted from one.
    line: u64,
    /// Line ends before `start`.
    passed: u64,
    cells: Cells,
}

/// Where the current row's cells are.
#[derive(Default)]
struct Cells {
    /// Whether they are in `text`, because quotes had to be taken away.
    copied: bool,
    text: Vec<u8>,
    /// Of the row in the buffer.
    base: usize,
    /// Ends of cells, counted from the row's beginning; a delimiter stands between, unless they were copied.
    bounds: Vec<(u32, u32)>,
}

impl<R: Read> Records<R> {
    pub(crate) fn new(input: R, delimiter: u8) -> Result<Self, Stop> {
        let (buffer, cells) = (vec![0; BUFFER], Cells::default());
        let mut records =
            Self { input, buffer, start: 0, end: 0, ended: false, delimiter, line: 1, passed: 0, cells };
        while !records.ended && records.end < BYTE_ORDER_MARK.len() {
            records.fill()?;
        }
        if records.buffer[..records.end].starts_with(BYTE_ORDER_MARK) {
            records.start = BYTE_ORDER_MARK.len();
        }
        Ok(records)
    }

    /// The line of the current row, or, at the end, the last one. Counted from one.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// The line that is being read, which may have no row yet.
    pub(crate) fn reached(&self) -> u64 {
        self.passed + 1
    }

    /// The input.
    pub(crate) fn input(&self) -> &R {
        &self.input
    }

    /// Number of cells in the current row.
    pub(crate) fn len(&self) -> usize {
        self.cells.bounds.len()
    }

    /// A cell of the current row.
    pub(crate) fn cell(&self, index: usize) -> Option<&[u8]> {
        let (start, end) = *self.cells.bounds.get(index)?;
        let text = if self.cells.copied { &self.cells.text[..] } else { &self.buffer[self.cells.base..] };
        text.get(start as usize..end as usize)
    }

    /// What the header's delimiter is, by what its line has most of.
    pub(crate) fn sniff(&mut self, known: &[u8]) -> Result<(), Stop> {
        self.skip_line_ends()?;
        let length = self.line_length()?;
        let header = &self.buffer[self.start..self.start + length];
        let count = |delimiter: u8| {
            let mut quoted = false;
            let seen = |byte: &&u8| {
                quoted ^= **byte == b'"';
                !quoted && **byte == delimiter
            };
            header.iter().filter(seen).count()
        };
        let mut best = (0, self.delimiter);
        for &delimiter in known {
            let count = count(delimiter);
            if count > best.0 {
                best = (count, delimiter);
            }
        }
        self.delimiter = best.1;
        Ok(())
    }

    /// What stands between cells.
    pub(crate) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Goes to the next row, if there is one.
    pub(crate) fn advance(&mut self) -> Result<bool, Stop> {
        self.skip_line_ends()?;
        self.line = self.passed + 1;
        self.cells.bounds.clear();
        if self.start == self.end {
            return Ok(false);
        }
        let length = self.line_length()?;
        let line = &self.buffer[self.start..self.start + length];
        if memchr::memchr(b'"', line).is_some() {
            return self.quoted().map(|()| true);
        }
        let mut from = 0;
        for at in memchr::memchr_iter(self.delimiter, line) {
            self.cells.bounds.push((from, at as u32));
            from = at as u32 + 1;
        }
        self.cells.bounds.push((from, length as u32));
        self.cells.copied = false;
        self.cells.base = self.start;
        self.start += length;
        Ok(true)
    }

    /// Bytes up to the next line end or the end of the text.
    fn line_length(&mut self) -> Result<usize, Stop> {
        let mut seen = 0;
        loop {
            let text = &self.buffer[self.start..self.end];
            if let Some(found) = memchr::memchr2(b'\n', b'\r', &text[seen..]) {
                let length = seen + found;
                return if length <= MAX_ROW_BYTES { Ok(length) } else { Err(self.long()) };
            }
            seen = text.len();
            if seen > MAX_ROW_BYTES {
                return Err(self.long());
            }
            if self.ended {
                return Ok(seen);
            }
            self.fill()?;
        }
    }

    fn long(&self) -> Stop {
        let row = &self.buffer[self.start..(self.start + MAX_ROW_BYTES).min(self.end)];
        Stop::LongRow(memchr::memchr_iter(self.delimiter, row).count())
    }

    /// A row in which there are quotes.
    fn quoted(&mut self) -> Result<(), Stop> {
        self.cells.copied = true;
        self.cells.text.clear();
        let (mut at, mut from, mut open, mut fresh, mut ends) = (self.start, 0_u32, false, true, 0);
        loop {
            if at == self.end {
                let passed = at - self.start;
                if passed > MAX_ROW_BYTES {
                    return Err(self.long());
                }
                if self.ended {
                    break;
                }
                self.fill()?;
                // What is left was moved to the beginning.
                at = self.start + passed;
                continue;
            }
            if at - self.start > MAX_ROW_BYTES {
                return Err(self.long());
            }
            let byte = self.buffer[at];
            if open {
                if byte == b'"' {
                    while at + 1 == self.end && !self.ended {
                        let passed = at - self.start;
                        self.fill()?;
                        at = self.start + passed;
                    }
                    if at + 1 < self.end && self.buffer[at + 1] == b'"' {
                        self.cells.text.push(b'"');
                        at += 1;
                    } else {
                        open = false;
                    }
                } else {
                    let pair = byte == b'\n' && at > self.start && self.buffer[at - 1] == b'\r';
                    ends += u64::from((byte == b'\n' && !pair) || byte == b'\r');
                    self.cells.text.push(byte);
                }
            } else if byte == b'"' && fresh {
                open = true;
                fresh = false;
            } else if byte == self.delimiter {
                let end = self.cells.text.len() as u32;
                self.cells.bounds.push((from, end));
                (from, fresh) = (end, true);
            } else if matches!(byte, b'\n' | b'\r') {
                break;
            } else {
                fresh = false;
                self.cells.text.push(byte);
            }
            at += 1;
        }
        self.cells.bounds.push((from, self.cells.text.len() as u32));
        self.start = at;
        self.passed += ends;
        Ok(())
    }

    fn skip_line_ends(&mut self) -> Result<(), Stop> {
        loop {
            if self.end - self.start < 2 && !self.ended {
                self.fill()?;
                continue;
            }
            match &self.buffer[self.start..self.end] {
                [b'\r', b'\n', ..] => self.start += 2,
                [b'\r' | b'\n', ..] => self.start += 1,
                _ => return Ok(()),
            }
            self.passed += 1;
        }
    }

    /// Reads more, after moving what is left to the buffer's beginning.
    fn fill(&mut self) -> Result<(), Stop> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let count = loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read.map_err(Stop::Io)?,
            }
        };
        self.ended = count == 0;
        self.end += count;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(buffer.len());
            self.0.read(&mut buffer[..count])
        }
    }

    fn rows(text: &[u8], step: usize) -> Vec<(u64, Vec<String>)> {
        let mut records = Records::new(Slow(text, step), b',').unwrap();
        let mut rows = Vec::new();
        while records.advance().unwrap() {
            let cell = |index| String::from_utf8_lossy(records.cell(index).unwrap()).into_owned();
            rows.push((records.line(), (0..records.len()).map(cell).collect()));
        }
        rows
    }

    #[track_caller]
    fn is(text: &str, expected: &[(u64, &[&str])]) {
        let expected: Vec<(u64, Vec<String>)> = expected
            .iter()
            .map(|(line, cells)| (*line, cells.iter().map(|&cell| cell.to_owned()).collect()))
            .collect();
        for step in [1, 2, 3, 7, 1_000] {
            assert_eq!(rows(text.as_bytes(), step), expected, "{text:?} in steps of {step}");
        }
    }

    #[test]
    fn rows_are_cells_between_delimiters_and_line_ends() {
        is("a,b\nc,\r\n\r\n,d\r\re", &[(1, &["a", "b"]), (2, &["c", ""]), (4, &["", "d"]), (6, &["e"])]);
        is("", &[]);
        is("\u{feff}a,b", &[(1, &["a", "b"])]);
    }

    #[test]
    fn a_quoted_cell_may_hold_anything() {
        is("\"a,b\",\"c\"\"d\"\ne", &[(1, &["a,b", "c\"d"]), (2, &["e"])]);
        is("\"a\r\nb\",c\nd", &[(1, &["a\r\nb", "c"]), (3, &["d"])]);
        is("a \"b\" c,\"d\"e", &[(1, &["a \"b\" c", "de"])]);
        is("\"never closed,1\n2", &[(1, &["never closed,1\n2"])]);
    }

    #[test]
    fn a_row_may_be_so_long_and_no_longer() {
        let long = |count: usize| format!("x\n1,{}", "2".repeat(count));
        assert_eq!(rows(long(MAX_ROW_BYTES - 2).as_bytes(), 9_999).len(), 2);
        for quote in ["", "\""] {
            let text = format!("x\n1,{quote}{}", "2".repeat(MAX_ROW_BYTES));
            let mut records = Records::new(text.as_bytes(), b',').unwrap();
            assert!(records.advance().unwrap());
            assert!(matches!(records.advance(), Err(Stop::LongRow(1))));
        }
    }

    #[test]
    fn the_header_tells_the_delimiter() {
        for (header, expected) in
            [("a;b;c,d", b';'), ("a\tb", b'\t'), ("a|b", b'|'), ("a", b','), ("\"a;b\",c", b',')]
        {
            let mut records = Records::new(header.as_bytes(), b',').unwrap();
            records.sniff(b",;\t|").unwrap();
            assert_eq!(records.delimiter(), expected, "{header}");
        }
    }
}
