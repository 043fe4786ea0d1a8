//! Experiments that are not needed any more.

use std::collections::BTreeSet;

use serde::Serialize;
use stratbox_store::{ExperimentId, StoreError};

use crate::ask;
use crate::cli::DeleteArgs;
use crate::failure::Failure;
use crate::render::text::counted;
use crate::render::{self, Report};
use crate::wiring::Setting;

/// What is gone.
#[derive(Serialize)]
pub(crate) struct DeleteReport {
    pub(crate) deleted: Vec<ExperimentId>,
}

pub(super) fn delete(args: &DeleteArgs, setting: &Setting) -> Result<DeleteReport, Failure> {
    let workspace = setting.existing_workspace()?;
    let reader = workspace.reader()?;
    let experiments: BTreeSet<ExperimentId> = args.experiments.iter().copied().collect();
    // None is deleted unless all are there, and none of them runs.
    if let Some(id) = experiments.iter().find(|id| workspace.is_running(**id).unwrap_or(true)) {
        return Err(StoreError::Running { id: *id, process: None }.into());
    }
    let heads = experiments.iter().map(|id| Ok(reader.experiment(*id)?.head));
    let heads: Vec<_> = heads.collect::<Result<_, Failure>>()?;
    let rows: u64 = heads.iter().map(|head| head.counts.settled()).sum();
    if !args.yes {
        let experiments = counted(heads.len() as u64, "experiment");
        confirm(&format!("{experiments} with {}", counted(rows, "result")), setting.attended)?;
    }
    let mut writer = workspace.writer()?;
    for id in &experiments {
        writer.delete(*id)?;
    }
    Ok(DeleteReport { deleted: experiments.into_iter().collect() })
}

fn confirm(what: &str, attended: bool) -> Result<(), Failure> {
    if !attended {
        return Err(Failure::usage(format!("{what} would be deleted, and nobody is there to confirm it"))
            .hint("`--yes` confirms it"));
    }
    if ask::yes(&format!("delete {what}, for good?")) {
        Ok(())
    } else {
        Err(Failure::usage("nothing was deleted"))
    }
}

impl Report for DeleteReport {
    fn human(&self) -> String {
        render::experiments::deleted(self)
    }
}
