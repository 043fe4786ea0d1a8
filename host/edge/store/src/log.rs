//! What happened in an experiment, as a file that grows by lines.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use serde::Deserialize;

use crate::{Event, ExperimentId, Reader, StoreError, Workspace, private};

/// What is written at once.
const CHUNK: usize = 64 << 10;

/// The event log of an experiment, `events/<id>.jsonl`: one JSON object a line, in the order of their numbers.
///
/// The record of truth is the store. The log is written after it, so whatever a killed process leaves is mended when the
/// log is opened: a line that is not whole is cut off, what is missing is added, and what the store does not have is
/// removed. Whoever runs the experiment opens it; two at once would write into each other's lines. Whoever only reads it
/// calls [`mend`](Self::mend).
pub struct EventLog {
    id: ExperimentId,
    path: PathBuf,
    file: File,
    /// Bytes of the lines that are whole.
    length: u64,
    /// The number of the last line.
    last: u64,
    buffer: Vec<u8>,
}

impl EventLog {
    /// Opens an experiment's log, which is made when missing, and brings it to what the store has. For whoever holds the
    /// experiment's lock.
    ///
    /// # Errors
    /// There is no such experiment; the store cannot be read; the log cannot be written, or is not a file of ours.
    pub fn open(workspace: &Workspace, id: ExperimentId) -> Result<Self, StoreError> {
        let reader = workspace.reader()?;
        let events = reader.experiment(id)?.head.events;
        let mut log = Self::at(workspace, id)?;
        if !log.keep_what_agrees(&reader, events)? {
            Self::rebuild(workspace, id)?;
            log = Self::at(workspace, id)?;
            log.last = events;
        }
        let mut file = log.file.try_clone().map_err(|source| log.failed(source))?;
        file.seek(SeekFrom::Start(log.length)).map_err(|source| log.failed(source))?;
        let mut out = BufWriter::with_capacity(CHUNK, file);
        let (mut line, mut written) = (Vec::new(), 0);
        reader.events(id, log.last, |event| {
            line.clear();
            event.write_line(&mut line);
            written += line.len() as u64;
            log.last = event.seq;
            out.write_all(&line).map_err(|source| StoreError::file(&log.path, source))
        })?;
        out.flush().map_err(|source| log.failed(source))?;
        log.length += written;
        Ok(log)
    }

    /// Brings an experiment's log to what the store has, for whoever wants to read it. Nothing is done while somebody runs
    /// the experiment, as that process adds to the log itself. Meanwhile the lock is held, so that the experiment seems to
    /// run.
    ///
    /// # Errors
    /// See [`open`](Self::open); the lock's file cannot be used.
    pub fn mend(workspace: &Workspace, id: ExperimentId) -> Result<(), StoreError> {
        // First, so that what does not exist gets no lock.
        workspace.reader()?.experiment(id)?;
        match workspace.lock(id) {
            Ok(_lock) => Self::open(workspace, id).map(drop),
            Err(StoreError::Running { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Where an experiment's log is, or will be.
    #[must_use]
    pub fn path(workspace: &Workspace, id: ExperimentId) -> PathBuf {
        workspace.events_path(id)
    }

    /// Adds events, which a commit has just given: with the next number first. Those that the log has are passed over.
    ///
    /// # Errors
    /// Events are missing before the first one; the file cannot be written, and then ends after the last line that it had
    /// before: open the log again, and it is mended.
    pub fn append(&mut self, events: &[Event]) -> Result<(), StoreError> {
        let (length, last) = (self.length, self.last);
        self.write(events).inspect_err(|_| {
            (self.length, self.last) = (length, last);
            self.buffer.clear();
            // When this is not possible either, the next to open the log will do it.
            let _ = self.file.set_len(length);
        })
    }

    /// The number of the last line.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Writes an experiment's whole log again, from the store: the same bytes. Until the last moment the old one is there.
    /// Whoever has the log open goes on writing to the old one.
    ///
    /// # Errors
    /// There is no such experiment; the store cannot be read; the log cannot be written.
    pub fn rebuild(workspace: &Workspace, id: ExperimentId) -> Result<(), StoreError> {
        let reader = workspace.reader()?;
        let path = workspace.events_path(id);
        // What the store says must not be taken for what the file says.
        let mut failure = None;
        let written = private::replace(&path, |file| {
            let mut out = BufWriter::with_capacity(CHUNK, file);
            let mut line = Vec::new();
            let read = reader.events(id, 0, |event| {
                line.clear();
                event.write_line(&mut line);
                out.write_all(&line).map_err(|source| StoreError::file(&path, source))
            });
            if let Err(error) = read {
                failure = Some(error);
                return Err(std::io::ErrorKind::Other.into());
            }
            out.flush()
        });
        failure.map_or(written, Err)
    }

    fn at(workspace: &Workspace, id: ExperimentId) -> Result<Self, StoreError> {
        let path = workspace.events_path(id);
        let file = private::open(&path)?;
        let length = file.metadata().map_err(|source| StoreError::file(&path, source))?.len();
        Ok(Self { id, path, file, length, last: 0, buffer: Vec::new() })
    }

    fn write(&mut self, events: &[Event]) -> Result<(), StoreError> {
        for event in events {
            if event.seq <= self.last {
                continue;
            }
            if event.seq != self.last + 1 || event.experiment != self.id {
                let (next, seq, id) = (self.last + 1, event.seq, self.id);
                return Err(StoreError::Invalid(format!(
                    "event {next} of experiment `{id}` comes next, not {seq}"
                )));
            }
            event.write_line(&mut self.buffer);
            self.last = event.seq;
            if self.buffer.len() >= CHUNK {
                self.flush()?;
            }
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.file.write_all_at(&self.buffer, self.length).map_err(|source| self.failed(source))?;
        self.length += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Cuts off what is not whole and what the store does not have. False when the rest is not this experiment's.
    fn keep_what_agrees(&mut self, reader: &Reader, events: u64) -> Result<bool, StoreError> {
        let failed = |source| StoreError::file(&self.path, source);
        let (mut end, mut last) = (0, None);
        if let Some((from, to)) = last_line(&self.file, self.length).map_err(failed)? {
            let Some(seq) = number(&self.file, from, to).map_err(failed)? else { return Ok(false) };
            (end, last) = (to, Some((seq, from, to)));
            if seq > events {
                last = match nth_line(&self.file, events).map_err(failed)? {
                    Some((from, to)) => Some((events, from, to)),
                    None => return Ok(false),
                };
                end = last.map_or(0, |(_, _, to)| to);
            }
        }
        if let Some((seq, from, to)) = last {
            let line = read(&self.file, from, to).map_err(failed)?;
            if !is_event(reader, self.id, seq, &line)? {
                return Ok(false);
            }
            self.last = seq;
        }
        self.file.set_len(end).map_err(failed)?;
        self.length = end;
        Ok(true)
    }

    fn failed(&self, source: std::io::Error) -> StoreError {
        StoreError::file(&self.path, source)
    }
}

/// Whether a line is what the store says of an event.
fn is_event(reader: &Reader, id: ExperimentId, seq: u64, line: &[u8]) -> Result<bool, StoreError> {
    let Some(before) = seq.checked_sub(1) else { return Ok(false) };
    let mut expected = Vec::new();
    let seen = reader.events(id, before, |event| {
        event.write_line(&mut expected);
        // One is enough.
        Err(StoreError::Invalid(String::new()))
    });
    match seen {
        Err(StoreError::Invalid(_)) | Ok(()) => Ok(expected == line),
        Err(error) => Err(error),
    }
}

/// Where the last line that is whole begins and ends, its line feed included; `None` when there is none.
fn last_line(file: &File, length: u64) -> std::io::Result<Option<(u64, u64)>> {
    let Some(end) = last_line_feed(file, length)? else { return Ok(None) };
    let start = last_line_feed(file, end)?.map_or(0, |before| before + 1);
    Ok(Some((start, end + 1)))
}

/// The last line feed before a place.
fn last_line_feed(file: &File, before: u64) -> std::io::Result<Option<u64>> {
    let mut chunk = vec![0; CHUNK];
    let mut end = before;
    while end > 0 {
        let start = end.saturating_sub(CHUNK as u64);
        let part = &mut chunk[..(end - start) as usize];
        file.read_exact_at(part, start)?;
        if let Some(place) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(Some(start + place as u64));
        }
        end = start;
    }
    Ok(None)
}

/// Where a line begins and ends, the first being 1.
fn nth_line(mut file: &File, n: u64) -> std::io::Result<Option<(u64, u64)>> {
    file.rewind()?;
    let mut reader = BufReader::with_capacity(CHUNK, file);
    let (mut start, mut end, mut line) = (0, 0, Vec::new());
    for _ in 0..n {
        line.clear();
        start = end;
        end += reader.read_until(b'\n', &mut line)? as u64;
        if line.last() != Some(&b'\n') {
            return Ok(None);
        }
    }
    Ok((n > 0).then_some((start, end)))
}

fn read(file: &File, from: u64, to: u64) -> std::io::Result<Vec<u8>> {
    let mut line = vec![0; (to - from) as usize];
    file.read_exact_at(&mut line, from)?;
    Ok(line)
}

/// The number that a line says it has.
fn number(file: &File, from: u64, to: u64) -> std::io::Result<Option<u64>> {
    #[derive(Deserialize)]
    struct Numbered {
        seq: u64,
    }
    /// More than any line of ours has.
    const LONGEST: u64 = 1 << 20;
    if to - from > LONGEST {
        return Ok(None);
    }
    let line = read(file, from, to)?;
    Ok(serde_json::from_slice::<Numbered>(&line).ok().map(|line| line.seq))
}
