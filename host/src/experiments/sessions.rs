//! How sessions went.

use serde::Serialize;
use stratbox_orchestrator::performance;
use stratbox_store::{ExperimentId, Session};

use crate::cli::MetricsArgs;
use crate::failure::Failure;
use crate::render::{self, Report};
use crate::session::of_the_same_work;
use crate::wiring::Setting;

/// The last sessions of an experiment, or of the sweep file that was run last; the latest first.
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
    let workspace = setting.existing_workspace()?;
    let reader = workspace.reader()?;
    if let Some(id) = args.experiment {
        reader.experiment(id)?;
    }
    let latest = match args.experiment {
        Some(id) => Some(id),
        None => reader.last_sessions(1)?.first().map(|session| session.experiment),
    };
    let Some(latest) = latest else { return Ok(SessionsReport { sessions: Vec::new(), comparison: None }) };
    let asked = |id: ExperimentId| args.experiment.is_none_or(|asked| id == asked);
    let alike = of_the_same_work(&reader, latest)?;
    let comparison = alike.iter().position(|(session, _)| asked(session.experiment)).and_then(|place| {
        let earlier: Vec<_> = alike[place + 1..].iter().rev().map(|(_, report)| report.clone()).collect();
        (!earlier.is_empty()).then(|| performance::compare(&alike[place].1, &earlier))
    });
    let shown = |(session, report): (Session, performance::Report)| ShownSession {
        experiment: session.experiment,
        at: session.at,
        report,
    };
    let sessions = alike.into_iter().filter(|(session, _)| asked(session.experiment)).map(shown).collect();
    Ok(SessionsReport { sessions, comparison })
}

impl Report for SessionsReport {
    fn human(&self) -> String {
        render::experiments::sessions(self)
    }
}
