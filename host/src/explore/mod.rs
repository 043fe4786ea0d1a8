//! `stratbox explore`: several approaches to one problem, each with its own variants, compared, and one of them recommended.
//!
//! The file as written (`file`, `library`, `settings`), what becomes of each approach (`approach`, `members`) from round to round (`explorer`, `next`),
//! what that is worth (`judged`, `evaluation`) and what is said of it (`finish`, `report`, `events`). What runs is a session's, what is
//! decided `stratbox-decide`'s.

mod approach;
mod evaluation;
mod events;
mod explorer;
mod file;
mod finish;
mod judged;
mod library;
mod members;
mod next;
mod report;
mod settings;

pub(crate) use approach::State;
pub(crate) use report::{ApproachDocument, ExploreReport};

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crate::cli::{ExploreArgs, OnFailures, SessionArgs};
use crate::failure::{Failure, shown};
use crate::file::write;
use crate::render;
use crate::render::text::shell_word;
use crate::session::{Stream, Subject};
use crate::sweep::check_targets;
use crate::wiring::{Engine, Setting};
use explorer::{Explorer, Means};
use file::ExploreFile;
use finish::{Findings, finish};
use settings::Settings;

/// Explores what a file says.
pub(crate) fn explore(
    args: &ExploreArgs,
    setting: &Setting,
    note: &dyn Fn(&str),
) -> Result<ExploreReport, Failure> {
    let file = ExploreFile::read(&args.file)?;
    check(args, &file)?;
    let session = session_args(&args.session, &file.settings);
    let engine = Engine::start(setting, note)?;
    // What is made once for all is no part of it.
    let begun = Instant::now();
    let again = again(args, setting);
    let means = Means { engine: &engine, setting, args: &session, note, again: &again };
    let (problem, criteria) = (file.problem.clone(), file.criteria.clone());
    let subject = Subject::Exploration(file.sweep.name());
    let stream = Stream::new(session.events.as_deref(), subject, Arc::default());
    let mut explorer = Explorer::new(means, &args.file, file, stream)?;
    explorer.run()?;
    let running = begun.elapsed().saturating_sub(explorer.judging);
    let findings = Findings::of(&mut explorer, &criteria, args.session.top)?;
    let mut report = finish(explorer, findings, problem, running, begun)?;
    render::explore::nothing_to_compare(&report).iter().for_each(|line| note(line));
    let written = [
        session.out.as_deref().map(|path| write(path, |out| render::document(out, &report))),
        args.markdown
            .as_deref()
            .map(|path| write(path, |out| out.write_all(render::explore::markdown(&report).as_bytes()))),
    ];
    // What took hours must not be lost because one of its ways out is blocked.
    let problem = written.into_iter().flatten().find_map(Result::err);
    report.failure = report.failure.take().or(problem);
    Ok(report)
}

/// Finds out before the work whether there is a place for what comes of it.
fn check(args: &ExploreArgs, file: &ExploreFile) -> Result<(), Failure> {
    let inputs: Vec<PathBuf> = file.sweep.inputs();
    check_targets(&args.session, &inputs, args.markdown.as_deref())
}

/// How experiments are run: nobody is asked about an approach whose variants fail, as that is what is to be found out.
fn session_args(args: &SessionArgs, settings: &Settings) -> SessionArgs {
    let on_failures = match args.on_failures {
        OnFailures::Ask => OnFailures::Continue,
        said => said,
    };
    SessionArgs { workers: args.workers.or(settings.workers), on_failures, ..args.clone() }
}

/// The command that goes on: what is done is answered from the workspace.
fn again(args: &ExploreArgs, setting: &Setting) -> String {
    let workspace = setting
        .workspace
        .as_deref()
        .map_or_else(String::new, |dir| format!(" --workspace {}", shell_word(&shown(dir))));
    let options = setting.typed.iter().map(|option| format!(" {option}")).collect::<String>();
    format!("stratbox explore {}{workspace}{options}", shell_word(&shown(&args.file)))
}
