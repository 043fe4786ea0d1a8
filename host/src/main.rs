//! The `stratbox` command.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use stratbox::{Environment, execute};

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let note = |line: &str| to_stderr(&format!("{line}\n"));
    let finished = execute(&args, &Environment::read(), &note);
    to_stderr(&finished.stderr);
    let mut stdout = std::io::stdout().lock();
    // A reader that has seen enough, such as `head`, has closed the pipe: that is no failure of ours.
    let _ = stdout.write_all(finished.stdout.as_bytes()).and_then(|()| stdout.flush());
    finished.exit.into()
}

fn to_stderr(text: &str) {
    // When nobody can be told, nobody can be told that either.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
