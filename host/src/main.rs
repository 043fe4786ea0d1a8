//! The `stratbox` command.

use std::ffi::OsString;
use std::io::{BufWriter, Write};
use std::process::ExitCode;

use stratbox::{Environment, execute, worker};

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    if args.get(1).is_some_and(|argument| argument == worker::ARGUMENT) {
        return worker::serve();
    }
    let note = |line: &str| to_stderr(&format!("{line}\n"));
    let mut stdout = BufWriter::new(std::io::stdout());
    let finished = execute(&args, &Environment::read(), &note, &mut stdout);
    to_stderr(&finished.stderr);
    finished.exit.into()
}

fn to_stderr(text: &str) {
    // When nobody can be told, nobody can be told that either.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
