//! Who asked to be told what happens, as it happens: a file, a pipe, or standard output.
//!
//! On a thread of its own, since a pipe may have nobody at its other end, or somebody who does not read: whoever reads slowly
//! slows the session down, but who is asked to stop does not wait for a reader.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use stratbox_store::Event;

/// Pieces that may wait for the reader.
const WAITING: usize = 16;
/// How often a reader that does not read is looked at.
const LOOK: Duration = Duration::from_millis(10);

pub(super) struct Listener {
    /// `None` once nobody is told any more.
    say: Option<SyncSender<Vec<u8>>>,
    writing: Option<JoinHandle<io::Result<()>>>,
    /// Whether to stop waiting for the reader.
    leaving: Arc<AtomicBool>,
}

impl Listener {
    /// A file, which is made anew unless it is to be written on, or standard output for `-`.
    pub(super) fn start(path: &Path, on: bool, leaving: Arc<AtomicBool>) -> io::Result<Self> {
        let (say, said) = sync_channel(WAITING);
        let path = path.to_owned();
        let writing =
            thread::Builder::new().name("listener".to_owned()).spawn(move || write(&path, on, &said))?;
        Ok(Self { say: Some(say), writing: Some(writing), leaving })
    }

    /// Tells what happened. A listener that cannot be told is no reason to stop: the log has the same, and keeps it.
    pub(super) fn tell(&mut self, events: &[Event]) {
        let mut piece = Vec::new();
        events.iter().for_each(|event| event.write_line(&mut piece));
        self.say(piece);
    }

    /// The same of lines that are written already.
    pub(super) fn say(&mut self, mut piece: Vec<u8>) {
        let Some(say) = &self.say else { return };
        loop {
            match say.try_send(piece) {
                Ok(()) => return,
                Err(TrySendError::Full(back)) if !self.leaving.load(Ordering::Relaxed) => {
                    piece = back;
                    thread::park_timeout(LOOK);
                }
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => break,
            }
        }
        self.say = None;
    }

    /// Waits until all is written, unless the reader does not read. Why it was not, if it was not.
    pub(super) fn end(&mut self) -> Option<String> {
        let cut = self.say.take().is_none();
        let writing = self.writing.take()?;
        while !writing.is_finished() {
            if self.leaving.load(Ordering::Relaxed) {
                return Some("nobody read them".to_owned());
            }
            thread::park_timeout(LOOK);
        }
        match writing.join() {
            Ok(Ok(())) if !cut => None,
            Ok(Ok(())) => Some("nobody read them".to_owned()),
            // A reader that has seen enough, such as `head`, has closed the pipe: that is no failure of ours.
            Ok(Err(error)) if error.kind() == ErrorKind::BrokenPipe => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("the thread that wrote them panicked".to_owned()),
        }
    }
}

fn write(path: &PathBuf, on: bool, said: &Receiver<Vec<u8>>) -> io::Result<()> {
    let open = || if on { File::options().append(true).create(true).open(path) } else { File::create(path) };
    let mut out: Box<dyn Write> =
        if path == Path::new("-") { Box::new(io::stdout()) } else { Box::new(open()?) };
    for piece in said {
        out.write_all(&piece)?;
        out.flush()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use stratbox_store::{ExperimentId, Happening};

    fn event(seq: u64) -> Event {
        let what = Happening::PhaseChanged { phase: "backtesting".to_owned(), reason: None };
        Event { seq, at: 0, experiment: ExperimentId::new(1).expect("it is one"), what }
    }

    #[test]
    fn a_file_has_every_event_when_the_session_is_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let mut listener = Listener::start(&path, false, Arc::default()).unwrap();
        (1..=100).for_each(|seq| listener.tell(&[event(seq)]));
        assert_eq!(listener.end(), None);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 100);
    }

    #[test]
    fn a_file_that_cannot_be_made_is_a_complaint_at_the_end() {
        let mut listener =
            Listener::start(Path::new("/nowhere/events.jsonl"), false, Arc::default()).unwrap();
        (1..=100).for_each(|seq| listener.tell(&[event(seq)]));
        assert!(listener.end().unwrap().contains("No such file"));
    }

    #[test]
    fn who_is_asked_to_stop_does_not_wait_for_a_reader_that_never_comes() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
        let leaving = Arc::new(AtomicBool::new(false));
        let mut listener = Listener::start(&pipe, false, Arc::clone(&leaving)).unwrap();
        (1..=WAITING as u64).for_each(|seq| listener.tell(&[event(seq)]));
        leaving.store(true, Ordering::Relaxed);
        listener.tell(&[event(99)]);
        assert_eq!(listener.end().as_deref(), Some("nobody read them"));
    }
}
