//! `stratbox sweep`: every variant that a sweep file names, run and ranked.
//!
//! The file as written (`file`, `values`), what it means for the strategies it names (`plan`, `space`), the runs
//! (`pool`), and what came of them (`results`).

mod file;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod plan;
mod pool;
mod repeats;
mod results;
mod space;
mod spool;
mod values;

pub(crate) use plan::{Plan, PlannedStrategy};
pub(crate) use results::{Row, SweepReport};

use std::thread::available_parallelism;

use crate::cli::SweepArgs;
use crate::failure::Failure;
use crate::file::{check_target, write};
use crate::render;
use crate::wiring::{Engine, Setting};
use file::SweepFile;
use spool::Spool;

pub(crate) fn sweep(
    args: &SweepArgs,
    setting: &Setting,
    note: &dyn Fn(&str),
) -> Result<SweepReport, Failure> {
    let file = SweepFile::read(&args.file)?;
    args.out.as_deref().map_or(Ok(()), |out| check_target(out, &file.inputs()))?;
    let engine = Engine::start(setting, note)?;
    let workers = args.workers(available_parallelism().ok());
    let plan = Plan::resolve(&engine, &file, workers)?;
    let spool = Spool::new(&setting.cache).map_err(|error| Failure::write(&setting.cache, &error))?;
    let mut report = pool::run(&engine, plan, workers, spool, note)?;
    report.top = args.top;
    if let Some(path) = &args.out {
        let written = write(path, |out| render::document(out, &report));
        // What took hours must not be lost because one of its two ways out is blocked.
        report.failure = report.failure.take().or(written.err());
    }
    render::sweep::nothing_but_faults(&report, &file.sources()).iter().for_each(|line| note(line));
    Ok(report)
}
