//! Set-up and developer commands: `cargo xtask help` lists them.
//!
//! Built before anything else and by everybody, so it depends on nothing but std.

mod args;
mod fuzz;
mod setup;
mod shell;
mod tasks;

use std::env;
use std::process::ExitCode;

use args::Command;

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program talks to the person who started it"
)]
fn main() -> ExitCode {
    let args = env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned());
    let command = match args::parse(args) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("error: {error}\n\n{}", args::USAGE);
            return ExitCode::from(2);
        }
    };
    let ended = match command {
        Command::Help => {
            println!("{}", args::USAGE);
            Ok(ExitCode::SUCCESS)
        }
        Command::Demo => tasks::demo(),
        Command::Test => tasks::test(),
        Command::Check => tasks::check(),
        Command::Bench(bench) => tasks::bench(bench),
        Command::Fuzz(args::Fuzz::Search { targets, stop }) => fuzz::search(targets, stop),
        Command::Fuzz(args::Fuzz::Replay { target, input }) => fuzz::replay(target, &input),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
