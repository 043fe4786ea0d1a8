//! How a session went.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde::{Serialize, Serializer};
use stratbox_orchestrator::performance::{self, Comparison, Recorder, Report, compare, ten_lines};
use stratbox_store::{ExperimentId, Reader, SESSIONS_KEPT, Session};

use super::keeper::Kept;
use crate::failure::Failure;

/// How a session went, and whether that is as usual in its workspace.
pub(crate) struct SessionReport {
    /// From the first run to the last.
    running: Duration,
    /// Runs that came to their last bar.
    pub(crate) completed: u64,
    report: Report,
    usual: Option<Comparison>,
}

impl SessionReport {
    pub(super) fn new(
        (mut recorder, completed): (Recorder, u64),
        (preparing, running): (Duration, Duration),
        kept: Kept,
        workers: NonZeroUsize,
        (reader, id): (&Reader, ExperimentId),
    ) -> Result<Self, Failure> {
        recorder.stored(kept.rows, micros(kept.busy));
        let processors = std::thread::available_parallelism().ok().map(|count| count.get() as u32);
        let session = performance::Session {
            wall_micros: micros(preparing + running),
            workers: workers.get() as u32,
            processors,
        };
        let report = recorder.report(session);
        // What ran is not to be lost to what ran before.
        let earlier: Vec<Report> =
            of_the_same_work(reader, id).unwrap_or_default().into_iter().rev().map(|(_, it)| it).collect();
        let usual = (!earlier.is_empty()).then(|| compare(&report, &earlier));
        Ok(Self { running, completed, report, usual })
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
}

/// The sessions that are kept of an experiment and of others of the same sweep file, the latest first: what they did a second
/// can be compared.
pub(crate) fn of_the_same_work(reader: &Reader, id: ExperimentId) -> Result<Vec<(Session, Report)>, Failure> {
    let heads = reader.experiments()?;
    let work = |id| heads.iter().find(|head| head.id == id).map(|head| (&head.file, &head.name));
    let (own, sessions) = (work(id), reader.last_sessions(SESSIONS_KEPT)?);
    let alike = sessions.into_iter().filter(|session| work(session.experiment) == own);
    // One that another version wrote is passed over: it is about speed, and nothing depends on it.
    Ok(alike.filter_map(|it| Some((it.clone(), serde_json::from_str(&it.report).ok()?))).collect())
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
