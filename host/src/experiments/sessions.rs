//! How sessions went.

use serde::Serialize;
use stratbox_orchestrator::performance;
use stratbox_store::ExperimentId;

use crate::cli::MetricsArgs;
use crate::failure::Failure;
use crate::render::{self, Report};
use crate::wiring::Setting;

/// The last sessions of an experiment, or of the workspace, the latest first.
#[derive(Serialize)]
pub(crate) struct SessionsReport {
    pub(crate) sessions: Vec<ShownSession>,
    /// The latest against those before it.
    pub(crate) comparison: Option<performance::Comparison>,
}

#[derive(Serialize)]
pub(crate) struct ShownSession {
    pub(crate) experiment: ExperimentId,
    /// When it ended, milliseconds since the Unix epoch.
    pub(crate) at: u64,
    pub(crate) report: performance::Report,
}

pub(super) fn sessions(args: &MetricsArgs, setting: &Setting) -> Result<SessionsReport, Failure> {
    let workspace = setting.workspace()?;
    let reader = workspace.reader()?;
    if let Some(id) = args.experiment {
        reader.experiment(id)?;
    }
    let all: Vec<ShownSession> = reader
        .last_sessions(stratbox_store::SESSIONS_KEPT)?
        .into_iter()
        // One that another version wrote is passed over: it is about speed, and nothing depends on it.
        .filter_map(|session| {
            let report = serde_json::from_str(&session.report).ok()?;
            Some(ShownSession { experiment: session.experiment, at: session.at, report })
        })
        .collect();
    let asked = |session: &ShownSession| args.experiment.is_none_or(|id| session.experiment == id);
    let comparison = all.iter().position(asked).and_then(|latest| {
        let earlier: Vec<_> = all[latest + 1..].iter().map(|session| session.report.clone()).collect();
        (!earlier.is_empty()).then(|| performance::compare(&all[latest].report, &earlier))
    });
    Ok(SessionsReport { sessions: all.into_iter().filter(asked).collect(), comparison })
}

impl Report for SessionsReport {
    fn human(&self) -> String {
        render::experiments::sessions(self)
    }
}
