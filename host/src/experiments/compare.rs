//! Several experiments, side by side.

use serde::Serialize;
use stratbox_store::{Compared, Spread};

use super::list::Head;
use super::show::ShownRow;
use crate::cli::CompareArgs;
use crate::failure::Failure;
use crate::render::{self, Report};
use crate::sweep::{Kept, kept};
use crate::wiring::Setting;

/// Experiments in the order in which they were named.
#[derive(Serialize)]
pub(crate) struct CompareReport {
    pub(crate) experiments: Vec<Column>,
}

/// One of them.
#[derive(Serialize)]
pub(crate) struct Column {
    #[serde(flatten)]
    pub(crate) head: Head,
    /// Bars, venue, limits; null when another version wrote it.
    #[serde(serialize_with = "super::asked")]
    pub(crate) asked: Option<Kept>,
    /// By its own objective.
    pub(crate) best: Option<ShownRow>,
    /// How its metrics are spread over the variants that completed.
    pub(crate) spreads: Vec<Spread>,
}

pub(super) fn compare(args: &CompareArgs, setting: &Setting) -> Result<CompareReport, Failure> {
    let workspace = setting.existing_workspace()?;
    let reader = workspace.reader()?;
    let compared = reader.compare(&args.experiments)?;
    let column = |compared: Compared| Column {
        asked: reader.experiment(compared.experiment.id).ok().and_then(|it| kept(&it.plan).ok()),
        head: Head::of(&workspace, compared.experiment),
        best: compared.best.map(|row| ShownRow::of(Some(1), row)),
        spreads: compared.spreads,
    };
    Ok(CompareReport { experiments: compared.into_iter().map(column).collect() })
}

impl Report for CompareReport {
    fn human(&self) -> String {
        render::experiments::compare(self)
    }
}
