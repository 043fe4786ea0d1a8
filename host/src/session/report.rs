//! How a session went.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde::{Serialize, Serializer};
use stratbox_orchestrator::performance::{Comparison, Recorder, Report, Session, compare, ten_lines};
use stratbox_store::{Reader, SESSIONS_KEPT};

use super::keeper::Kept;
use crate::failure::Failure;

/// How a session went, and whether that is as usual in its workspace.
pub(crate) struct SessionReport {
    /// From the first run to the last.
    running: Duration,
    report: Report,
    usual: Option<Comparison>,
}

impl SessionReport {
    pub(super) fn new(
        mut recorder: Recorder,
        (preparing, running): (Duration, Duration),
        kept: Kept,
        workers: NonZeroUsize,
        reader: &Reader,
    ) -> Result<Self, Failure> {
        recorder.stored(kept.rows, micros(kept.busy));
        let processors = std::thread::available_parallelism().ok().map(|count| count.get() as u32);
        let session =
            Session { wall_micros: micros(preparing + running), workers: workers.get() as u32, processors };
        let report = recorder.report(session);
        let sessions = reader.last_sessions(SESSIONS_KEPT)?;
        // One that another version wrote is passed over: it is about speed, and nothing depends on it.
        let earlier = sessions.iter().rev().filter_map(|it| serde_json::from_str(&it.report).ok());
        let earlier: Vec<Report> = earlier.collect();
        let usual = (!earlier.is_empty()).then(|| compare(&report, &earlier));
        Ok(Self { running, report, usual })
    }

    /// In ten lines at most, for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        ten_lines(&self.report)
    }

    /// As the store keeps it.
    pub(super) fn document(&self) -> Result<String, Failure> {
        serde_json::to_string(&self.report).map_err(|error| Failure::environment(error.to_string()))
    }

    /// From the first run to the last.
    pub(crate) fn wall_seconds(&self) -> f64 {
        self.running.as_secs_f64()
    }

    pub(crate) fn workers(&self) -> usize {
        self.report.session.workers as usize
    }

    /// Runs that came to their last bar.
    pub(crate) fn completed(&self) -> u64 {
        self.report.attempts.completed
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Serialize for SessionReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Document<'a> {
            #[serde(flatten)]
            report: &'a Report,
            /// Against the sessions before it in the same workspace.
            compared: &'a Option<Comparison>,
        }
        Document { report: &self.report, compared: &self.usual }.serialize(serializer)
    }
}
