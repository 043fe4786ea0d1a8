//! `stratbox data`: files of bars looked at, converted, resampled and split. Nothing is run.

mod convert;
mod inspect;
mod split;

pub(crate) use convert::ConvertReport;
pub(crate) use inspect::InspectReport;
pub(crate) use split::{Part, SplitReport};

use std::io::Write;
use std::path::{Path, PathBuf};

use stratbox_domain::BarSource;
use stratbox_market::{DatasetView, MarketError, Output, Source};

use crate::Finished;
use crate::cli::{DataTyped, Format};
use crate::failure::{Failure, shown};
use crate::file::{check_target, folder, write, write_new};
use crate::render;
use crate::wiring;

/// Does what was asked, and says what came of it.
pub(crate) fn execute(typed: &DataTyped, format: Format, stdout: &mut (dyn Write + Send)) -> Finished {
    match typed {
        DataTyped::Inspect(args) => render::finish(format, inspect::inspect(args), stdout),
        DataTyped::Convert(args) => render::finish(format, convert::convert(args), stdout),
        DataTyped::Resample(args) => render::finish(format, convert::resample(args), stdout),
        DataTyped::Split(args) => render::finish(format, split::split(args), stdout),
    }
}

/// A file to be written: what its name asks for, in a place that costs nobody anything.
struct Target {
    path: PathBuf,
    output: Output,
    force: bool,
}

impl Target {
    fn new(path: &Path, force: bool, inputs: &[&Path]) -> Result<Self, Failure> {
        let output = Output::of_name(path).map_err(Failure::usage)?;
        check_target(path, inputs)?;
        if !force && path.symlink_metadata().is_ok() {
            return Err(Failure::usage(format!("cannot write `{}`: it is there already", shown(path)))
                .hint("name another, or say `--force`"));
        }
        Ok(Self { path: path.to_owned(), output, force })
    }

    /// Writes the rows of a view; how many.
    fn write(&self, view: &DatasetView) -> Result<u64, Failure> {
        let mut rows = 0;
        let content =
            |out: &mut (dyn Write + Send)| view.write(self.output, out).map(|written| rows = written);
        if self.force {
            write(&self.path, content)?;
        } else {
            write_new(&self.path, content)?;
        }
        Ok(rows)
    }
}

/// The bars of a file, all of them. Kept in a directory that is gone when the bars are not needed any more.
struct Opened {
    view: DatasetView,
    _scratch: tempfile::TempDir,
}

impl Opened {
    /// `near` is where there will have to be room anyway.
    fn open(source: &Source, near: &Path) -> Result<Self, Failure> {
        let scratch = scratch(folder(near))?;
        let dataset = wiring::bars_of(std::slice::from_ref(source), scratch.path())
            .map_err(|error| explain(error, folder(near)))?;
        Ok(Self { view: dataset.view(None, None), _scratch: scratch })
    }

    /// The instruments that can be traded.
    fn symbols(&self) -> Vec<String> {
        let instruments = &self.view.instruments()[..self.view.tradable() as usize];
        instruments.iter().map(|instrument| instrument.symbol.clone()).collect()
    }
}

/// A directory for temporary files.
fn scratch(dir: &Path) -> Result<tempfile::TempDir, Failure> {
    let made = tempfile::Builder::new().prefix(".stratbox-").tempdir_in(dir);
    made.map_err(|error| no_room(dir, &error))
}

/// What went wrong, where temporary files were not the user's idea.
fn explain(error: MarketError, dir: &Path) -> Failure {
    match error {
        MarketError::Cache { source, .. } => no_room(dir, &source),
        error => error.into(),
    }
}

fn no_room(dir: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::environment(format!("cannot keep temporary files in `{}`: {error}", shown(dir)))
        .hint("it takes 52 bytes a bar, up to three times")
}
