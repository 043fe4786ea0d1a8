//! What is in files of bars.

use serde::Serialize;
use stratbox_market::Inspection;

use super::{explain, scratch};
use crate::cli::InspectDataArgs;
use crate::failure::Failure;
use crate::render::{self, Report};

/// What was found in each file.
#[derive(Serialize)]
pub(crate) struct InspectReport {
    pub(crate) files: Vec<Inspection>,
    /// Returns beyond so many robust standard deviations count as outliers.
    pub(crate) sigmas: f64,
    /// Why there are no more.
    #[serde(skip)]
    failure: Option<Failure>,
}

pub(super) fn inspect(args: &InspectDataArgs) -> Result<InspectReport, Failure> {
    let mut report = InspectReport { files: Vec::new(), sigmas: args.sigmas, failure: None };
    for path in &args.files {
        let inspected = one(args, path);
        match inspected {
            Ok(inspection) => report.files.push(inspection),
            Err(failure) if report.files.is_empty() => return Err(failure),
            Err(failure) => {
                report.failure = Some(failure);
                break;
            }
        }
    }
    Ok(report)
}

fn one(args: &InspectDataArgs, path: &std::path::Path) -> Result<Inspection, Failure> {
    let source = args.options.source(path);
    let dir = std::env::temp_dir();
    // Only splits and dividends need one.
    let scratch = args.options.inputs().map(|_| scratch(&dir)).transpose()?;
    let place = scratch.as_ref().map_or(dir.as_path(), tempfile::TempDir::path);
    Inspection::of(&source, args.sigmas, place).map_err(|error| explain(error, &dir))
}

impl Report for InspectReport {
    fn human(&self) -> String {
        render::data::inspected(self)
    }

    fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }
}
