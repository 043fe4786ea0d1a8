//! All experiments of a workspace.

use serde::Serialize;
use stratbox_metrics::MetricName;
use stratbox_store::{Counts, ExperimentHead, ExperimentId, Status, Workspace};

use crate::failure::{Failure, FailureKind, shown};
use crate::render::{self, Report};
use crate::wiring::Setting;

/// All experiments, the latest first.
#[derive(Serialize)]
pub(crate) struct ListReport {
    pub(crate) workspace: String,
    pub(crate) experiments: Vec<Head>,
}

/// One of them.
#[derive(Serialize)]
pub(crate) struct Head {
    pub(crate) id: ExperimentId,
    pub(crate) name: String,
    pub(crate) file: String,
    /// `running`, `paused`, `completed`, `failed`, or `killed`: it was running, and no process does that any more.
    pub(crate) status: &'static str,
    pub(crate) reason: Option<String>,
    pub(crate) objective: MetricName,
    pub(crate) variants: u64,
    pub(crate) settled: u64,
    pub(crate) counts: Counts,
    pub(crate) engine: String,
    /// Milliseconds since the Unix epoch.
    pub(crate) created: u64,
    pub(crate) updated: u64,
}

impl Head {
    pub(crate) fn of(workspace: &Workspace, head: ExperimentHead) -> Self {
        let killed = head.status == Status::Running && !workspace.is_running(head.id).unwrap_or(true);
        let ExperimentHead { id, name, file, objective, engine, variants, .. } = head;
        Self {
            id,
            name,
            file,
            status: if killed { "killed" } else { head.status.label() },
            reason: head.reason,
            objective,
            variants,
            settled: head.counts.settled(),
            counts: head.counts,
            engine,
            created: head.created,
            updated: head.updated,
        }
    }
}

pub(super) fn list(setting: &Setting) -> Result<ListReport, Failure> {
    let workspace = match setting.existing_workspace() {
        // Nothing is a list too.
        Err(failure) if failure.kind == FailureKind::Input => {
            let workspace = setting.workspace.as_deref().map(shown).unwrap_or_default();
            return Ok(ListReport { workspace, experiments: Vec::new() });
        }
        workspace => workspace?,
    };
    let heads = workspace.reader()?.experiments()?;
    let experiments = heads.into_iter().map(|head| Head::of(&workspace, head)).collect();
    Ok(ListReport { workspace: shown(workspace.path()), experiments })
}

impl Report for ListReport {
    fn human(&self) -> String {
        render::experiments::list(self)
    }
}
