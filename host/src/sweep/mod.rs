//! `stratbox sweep`: every variant that a sweep file names, run and ranked.
//!
//! The file as written (`file`, `values`), what it means for the strategies it names (`plan`, `space`), the runs
//! (`pool`), and what came of them (`results`).

mod file;
mod plan;
mod pool;
mod results;
mod space;
mod values;

pub(crate) use plan::{Plan, PlannedStrategy};
pub(crate) use results::{Row, SweepReport};

use std::num::NonZeroUsize;
use std::path::Path;
use std::thread::available_parallelism;

use crate::cli::SweepArgs;
use crate::failure::Failure;
use crate::file::{check_writable, write};
use crate::wiring::Engine;
use file::SweepFile;

pub(crate) fn sweep(args: &SweepArgs, cache: &Path, note: &dyn Fn(&str)) -> Result<SweepReport, Failure> {
    args.out.as_deref().map_or(Ok(()), check_writable)?;
    let file = SweepFile::read(&args.file)?;
    let engine = Engine::start(cache, note)?;
    let workers = args.workers.or_else(|| available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let plan = Plan::resolve(&engine, &file, workers)?;
    let report = pool::run(&engine, plan, workers, args.top, note)?;
    if let Some(path) = &args.out {
        write(path, |out| {
            serde_json::to_writer(&mut *out, &report)?;
            out.write_all(b"\n")
        })?;
    }
    Ok(report)
}
