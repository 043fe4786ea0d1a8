//! What happens in a command besides the experiments that it runs, in the stream of `--events`: lines like the experiments' own,
//! that name an exploration or a validation where those name an experiment.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Serialize;
use stratbox_store::EVENT_VERSION;

use super::clock::Clock;
use super::listener::Listener;
use crate::failure::{Failure, shown};

/// Whose events they are: the name that people gave it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Subject {
    Exploration(String),
    Validation(String),
}

/// The stream, or nobody who listens.
pub(crate) struct Stream {
    path: Option<PathBuf>,
    subject: Subject,
    leaving: Arc<AtomicBool>,
    listener: Option<Listener>,
    /// Whether something was written to it: it is written on then.
    begun: bool,
    /// Of the last line.
    seq: u64,
    clock: Clock,
    complaint: Option<String>,
}

impl Stream {
    /// A stream to a file, which is made anew, or to standard output for `-`. `leaving` says when not to wait for its reader any
    /// longer.
    pub(crate) fn new(path: Option<&Path>, subject: Subject, leaving: Arc<AtomicBool>) -> Self {
        let path = path.map(Path::to_owned);
        let (begun, seq, clock) = (false, 0, Clock::default());
        Self { path, subject, leaving, listener: None, begun, seq, clock, complaint: None }
    }

    /// Says what happened: an enumeration whose tag is `event`.
    ///
    /// # Errors
    /// No thread could be started for it.
    pub(crate) fn tell<T: Serialize>(&mut self, what: &T) -> Result<(), Failure> {
        #[derive(Serialize)]
        struct Line<'a, T> {
            v: u8,
            seq: u64,
            at: u64,
            #[serde(flatten)]
            subject: &'a Subject,
            #[serde(flatten)]
            what: &'a T,
        }
        let Some(path) = &self.path else { return Ok(()) };
        if self.listener.is_none() {
            let listener = Listener::start(path, self.begun, Arc::clone(&self.leaving));
            self.listener = Some(listener.map_err(|error| Failure::write(path, &error))?);
            self.begun = true;
        }
        self.seq += 1;
        let line =
            Line { v: EVENT_VERSION, seq: self.seq, at: self.clock.now(), subject: &self.subject, what };
        let mut text = serde_json::to_vec(&line).map_err(|error| Failure::environment(error.to_string()))?;
        text.push(b'\n');
        if let Some(listener) = &mut self.listener {
            listener.say(text);
        }
        Ok(())
    }

    /// Waits until all is written, and lets go of the file: a session may write to it now.
    pub(crate) fn pause(&mut self) {
        let ended = self.listener.take().and_then(|mut listener| listener.end());
        self.complaint = self.complaint.take().or(ended);
    }

    /// Ends it. What to say when not all could be written.
    pub(crate) fn end(mut self) -> Option<String> {
        self.pause();
        let path = shown(self.path.as_deref()?);
        let problem = self.complaint?;
        Some(format!("the events could not be written to `{path}` to the end: {problem}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    #[serde(tag = "event")]
    enum What {
        #[serde(rename = "approach.start")]
        Start { approach: &'static str },
    }

    #[test]
    fn lines_are_numbered_and_name_whose_they_are_also_after_a_pause() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        std::fs::write(&path, "of another time\n").unwrap();
        let mut stream = Stream::new(Some(&path), Subject::Exploration("trend".to_owned()), Arc::default());
        stream.tell(&What::Start { approach: "a" }).unwrap();
        stream.pause();
        stream.tell(&What::Start { approach: "b" }).unwrap();
        assert_eq!(stream.end(), None);
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("{\"v\":1,\"seq\":1,\"at\":"), "{text}");
        assert!(
            lines[1].ends_with("\"exploration\":\"trend\",\"event\":\"approach.start\",\"approach\":\"b\"}")
        );
    }

    #[test]
    fn what_cannot_be_written_is_a_complaint_at_the_end() {
        let path = Path::new("/nowhere/events.jsonl");
        let mut stream = Stream::new(Some(path), Subject::Validation("queue".to_owned()), Arc::default());
        stream.tell(&What::Start { approach: "a" }).unwrap();
        assert!(stream.end().unwrap().contains("No such file"));
        let mut nobody = Stream::new(None, Subject::Validation("queue".to_owned()), Arc::default());
        nobody.tell(&What::Start { approach: "a" }).unwrap();
        assert_eq!(nobody.end(), None);
    }
}
