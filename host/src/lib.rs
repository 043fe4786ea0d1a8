//! The library behind the `stratbox` command.
//!
//! One way through: arguments become settings (`cli`), settings become concrete machinery (`wiring`), a command does
//! its work (`scaffold`, `build`, `run`, `sweep`, `explore`, `validate`, `belief`, `stats`, `data`, `attack`, `doctor`) and
//! leaves a report, and the report becomes text (`render`). Only `main` reads the environment and opens standard output;
//! only progress and notes are written on the way.

mod appraisal;
mod ask;
mod attack;
mod backtest;
mod bars;
mod belief;
mod bits;
mod build;
mod cli;
mod data;
mod doctor;
mod exit;
mod experiments;
mod explore;
mod failure;
mod file;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod interrupt;
mod key;
mod logs;
mod render;
mod replay;
mod resume;
mod run;
mod runs;
mod scaffold;
mod session;
mod stats;
mod strategy;
mod sweep;
mod trace;
mod validate;
mod walls;
mod wiring;
pub mod worker;
mod workshop;

pub use cli::Environment;
pub use exit::Exit;
pub use workshop::Workshop;

use std::ffi::OsString;
use std::io::Write;

use cli::{Command, HoldoutTyped, Settings};

/// What the process has left to say when everything is done and the result is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// What went wrong, for people.
    pub stderr: String,
    /// How it ended.
    pub exit: Exit,
}

/// Does what `args` (with the program's name first) ask for, and writes the result to `stdout` a piece at a time. `note`
/// is given a line at a time what people may want to know while they wait.
#[must_use]
pub fn execute(
    args: &[OsString],
    environment: &Environment,
    note: &dyn Fn(&str),
    stdout: &mut (dyn Write + Send),
) -> Finished {
    let Settings { format, setting, logs, command } = match cli::parse(args, environment) {
        Ok(settings) => settings,
        Err(said) => return said.finish(stdout),
    };
    logs::begin(logs);
    match command {
        Command::New(args) => render::finish(format, scaffold::create(&args, &setting, note), stdout),
        Command::Build(args) => render::finish(format, build::build(&args, &setting, note), stdout),
        Command::Inspect(args) => render::finish(format, build::inspect(&args, &setting, note), stdout),
        Command::Run(settings) => render::finish(format, run::run(&settings, &setting, note), stdout),
        Command::Sweep(args) => {
            let report = sweep::sweep(&args, &setting, note);
            render::finish(format, report, beside(&args.session, stdout, &mut std::io::stderr()))
        }
        Command::Explore(args) => {
            let report = explore::explore(&args, &setting, note);
            render::finish(format, report, beside(&args.session, stdout, &mut std::io::stderr()))
        }
        Command::Resume(args) => {
            let report = resume::resume(&args, &setting, note);
            render::finish(format, report, beside(&args.session, stdout, &mut std::io::stderr()))
        }
        Command::Validate(args) => validate::execute(&args, format, &setting, note, stdout),
        Command::Experiments(typed) => experiments::execute(&typed, format, &setting, stdout),
        Command::Stats(args) => stats::execute(&args, format, stdout),
        Command::Data(typed) => data::execute(&typed, format, stdout),
        Command::Attack(args) if args.list => render::finish(format, attack::list(&args, &setting), stdout),
        Command::Attack(args) => {
            render::finish(format, attack::attack(&args, &setting, environment, note), stdout)
        }
        Command::Judge(args) => render::finish(format, belief::again(&args, &setting, note), stdout),
        Command::Trials(args) => render::finish(format, belief::count_trials(&args, &setting), stdout),
        Command::Holdout(HoldoutTyped::Look(args)) => {
            render::finish(format, belief::look(&args, &setting, note), stdout)
        }
        Command::Holdout(HoldoutTyped::Show(args)) => {
            render::finish(format, belief::show_holdout(&args, &setting), stdout)
        }
        Command::Calibrate(args) => render::finish(format, belief::calibrate(&args, &setting, note), stdout),
        Command::Doctor => render::finish(format, doctor::examine(&setting), stdout),
    }
}

/// Where a report goes that must not be mixed with events.
fn beside<'o>(
    args: &cli::SessionArgs,
    stdout: &'o mut (dyn Write + Send),
    stderr: &'o mut (dyn Write + Send),
) -> &'o mut (dyn Write + Send) {
    let events = args.events.as_deref().is_some_and(|events| events == std::path::Path::new("-"));
    if events { stderr } else { stdout }
}
