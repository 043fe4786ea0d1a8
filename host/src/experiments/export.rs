//! The results of an experiment as a file for other programs.

use std::io::{ErrorKind, Write};
use std::path::Path;

use serde::Serialize;
use stratbox_store::{ExperimentId, Format, StoreError};

use crate::cli::{ExportArgs, ExportKind};
use crate::failure::{Failure, shown};
use crate::file::{check_target, write};
use crate::render::{self, Report};
use crate::wiring::Setting;

/// What was written.
#[derive(Serialize)]
pub(crate) struct ExportReport {
    pub(crate) experiment: ExperimentId,
    pub(crate) file: String,
    /// `jsonl`, `csv` or `parquet`.
    pub(crate) kind: &'static str,
    pub(crate) rows: u64,
}

/// Writes to a file, or to standard output; only for the former there is something to report.
pub(super) fn export(
    args: &ExportArgs,
    setting: &Setting,
    stdout: &mut (dyn Write + Send),
) -> Result<Option<ExportReport>, Failure> {
    let kind = kind(args)?;
    let workspace = setting.existing_workspace()?;
    let reader = workspace.reader()?;
    let experiment = args.experiment;
    reader.experiment(experiment)?;
    let Some(out) = &args.out else {
        return match reader.export(experiment, format(kind), stdout) {
            // A reader that has seen enough, such as `head`, has closed the pipe: that is no failure of ours.
            Err(StoreError::Export(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(None),
            exported => exported.map(|_| None).map_err(Failure::from),
        };
    };
    check_target::<&Path>(out, &[])?;
    let (mut rows, mut failure) = (0, None);
    let written = write(out, |file| {
        // A file that could not be written whole is not put in its place.
        reader.export(experiment, format(kind), file).map(|written| rows = written).map_err(|error| {
            failure = Some(error);
            std::io::Error::other("its content")
        })
    });
    // The store knows better what happened to it.
    failure.map_or(written, |error| Err(error.into()))?;
    let (file, kind) = (shown(out), format(kind).as_str());
    Ok(Some(ExportReport { experiment, file, kind, rows }))
}

fn kind(args: &ExportArgs) -> Result<ExportKind, Failure> {
    let ending = args.out.as_deref().and_then(Path::extension).and_then(|ending| ending.to_str());
    match (args.kind, ending) {
        (Some(kind), _) => Ok(kind),
        (None, None) if args.out.is_none() => Ok(ExportKind::Jsonl),
        (None, Some("jsonl" | "ndjson")) => Ok(ExportKind::Jsonl),
        (None, Some("csv")) => Ok(ExportKind::Csv),
        (None, Some("parquet")) => Ok(ExportKind::Parquet),
        (None, _) => Err(Failure::usage("the file's ending does not say how to write the results")
            .hint("use `.jsonl`, `.csv` or `.parquet`, or say `--as KIND`")),
    }
}

fn format(kind: ExportKind) -> Format {
    match kind {
        ExportKind::Jsonl => Format::Jsonl,
        ExportKind::Csv => Format::Csv,
        ExportKind::Parquet => Format::Parquet,
    }
}

impl Report for ExportReport {
    fn human(&self) -> String {
        render::experiments::exported(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(out: Option<&str>, kind: Option<ExportKind>) -> ExportArgs {
        ExportArgs { experiment: "1".parse().unwrap(), out: out.map(Into::into), kind }
    }

    #[test]
    fn a_files_ending_says_how_to_write_it_unless_somebody_does() {
        for (out, expected) in [
            (None, ExportKind::Jsonl),
            (Some("a.jsonl"), ExportKind::Jsonl),
            (Some("a.csv"), ExportKind::Csv),
            (Some("b/a.parquet"), ExportKind::Parquet),
        ] {
            assert_eq!(kind(&args(out, None)).unwrap(), expected, "{out:?}");
        }
        assert_eq!(kind(&args(Some("a.csv"), Some(ExportKind::Jsonl))).unwrap(), ExportKind::Jsonl);
        assert!(kind(&args(Some("a.xlsx"), None)).is_err());
        assert!(kind(&args(Some("a"), None)).is_err());
    }
}
