//! `stratbox sweep`: every variant that a sweep file names, run and ranked.
//!
//! The file as written (`file`, `values`), what it means for the strategies it names (`plan`, `space`, `repeats`), how that is
//! kept to be resumed (`kept`), and what came of it (`results`). The runs themselves are a session's.

mod aim;
mod approach;
mod around;
mod division;
mod entries;
mod file;
mod front;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod kept;
mod plan;
mod repeats;
mod results;
mod rungs;
mod sampled;
mod space;
mod split;
mod values;

pub(crate) use aim::Aim;
pub(crate) use division::{
    HeldOut, LookDocument, Validated, held_out, held_out_line, looks, looks_line, refuse_holdouts,
};
pub(crate) use file::{DataSource, Place, fits, span_of, unreadable};
pub(crate) use kept::{Kept, kept};
pub(crate) use plan::{Ground, Plan, PlannedStrategy};
pub(crate) use results::SweepReport;
pub(crate) use sampled::Sampled;
pub(crate) use split::MOST_STEPS;
pub(crate) use values::Date;

use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use stratbox_store::{ExperimentId, Reader, Workspace};

use crate::cli::{SessionArgs, SweepArgs};
use crate::failure::Failure;
use crate::file::{check_distinct, check_target, write};
use crate::render;
use crate::session::{self, Opened};
use crate::wiring::{Engine, Setting};
pub(crate) use file::SweepFile;

pub(crate) fn sweep(
    args: &SweepArgs,
    setting: &Setting,
    note: &dyn Fn(&str),
) -> Result<SweepReport, Failure> {
    let file = SweepFile::read(&args.file)?;
    check_targets(&args.session, &file.inputs(), None)?;
    let workspace = setting.workspace()?;
    let engine = Engine::start(setting, note)?;
    let plan = Plan::resolve(&engine, &file, args.session.workers(available_parallelism().ok()), args.fresh)?;
    plan.check_firewall(&workspace.reader()?)?;
    let opened = Opened::create(workspace, &engine, &plan)?;
    run(&engine, plan, opened, &args.session, setting, note)
}

/// Finds out before the work whether there is a place for what comes of it, and one of its own for each: `also` is written
/// besides what all sessions write.
pub(crate) fn check_targets(
    args: &SessionArgs,
    inputs: &[PathBuf],
    also: Option<&Path>,
) -> Result<(), Failure> {
    if let Some(events) = args.events.as_deref().filter(|events| *events != Path::new("-")) {
        // A pipe or a device costs nobody anything.
        let special = std::fs::metadata(events).is_ok_and(|there| !there.is_file() && !there.is_dir());
        if !special {
            check_target(events, inputs)?;
        }
    }
    for path in args.out.as_deref().into_iter().chain(also) {
        check_target(path, inputs)?;
    }
    let events = args.events.as_deref().filter(|events| *events != Path::new("-"));
    let targets = [("--events", events), ("--out", args.out.as_deref()), ("--markdown", also)];
    check_distinct(&targets)
}

/// Runs what is left of an experiment, and of each rung after it. The last session ended all of it, or was stopped.
pub(crate) fn climb(
    engine: &Engine,
    plan: &mut Plan,
    mut opened: Opened,
    args: &SessionArgs,
    setting: &Setting,
    note: &dyn Fn(&str),
) -> Result<(ExperimentId, session::Ended), Failure> {
    loop {
        let id = opened.id;
        let ran = session::run(engine, plan, opened, args, setting, note);
        let ended = ran.inspect_err(|_| how_to_go_on(setting, id, note))?;
        if !plan.goes_on() || ended.stopped.is_some() || ended.failure.is_some() {
            return Ok((id, ended));
        }
        let reader = ended.opened.workspace.reader()?;
        let workspace = ended.opened.workspace;
        opened = next_rung(engine, plan, workspace, (&reader, id), note)?;
    }
}

/// Says how to go on after a failure.
fn how_to_go_on(setting: &Setting, id: ExperimentId, note: &dyn Fn(&str)) {
    note(&format!("what has a result is kept; to go on: {}", session::resume_command(setting, id)));
}

/// The experiment of the next rung.
pub(crate) fn next_rung(
    engine: &Engine,
    plan: &mut Plan,
    workspace: Workspace,
    (reader, id): (&Reader, ExperimentId),
    note: &dyn Fn(&str),
) -> Result<Opened, Failure> {
    if !plan.next_rung((reader, id), note)? {
        return Err(Failure::input("no variant completed, so that none can go on to more bars")
            .hint(format!("`stratbox experiments show {id}` shows why")));
    }
    plan.check_firewall(reader)?;
    Ok(Opened::create(workspace, engine, plan)?.following())
}

/// Runs what is left of an experiment, and says what came of all of it.
pub(crate) fn run(
    engine: &Engine,
    mut plan: Plan,
    opened: Opened,
    args: &SessionArgs,
    setting: &Setting,
    note: &dyn Fn(&str),
) -> Result<SweepReport, Failure> {
    let (id, ended) = climb(engine, &mut plan, opened, args, setting, note)?;
    let failure = ended.failure.clone();
    // What stopped it is the news; that it cannot be shown either is a consequence.
    let reported =
        SweepReport::new(plan, engine, setting, ended, args).map_err(|error| failure.unwrap_or(error));
    let mut report = reported.inspect_err(|_| how_to_go_on(setting, id, note))?;
    if let Some(path) = &args.out {
        let written = write(path, |out| render::document(out, &report));
        // What took hours must not be lost because one of its two ways out is blocked.
        report.failure = report.failure.take().or(written.err());
    }
    render::sweep::nothing_but_faults(&report).iter().for_each(|line| note(line));
    Ok(report)
}
