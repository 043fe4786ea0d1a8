//! The workers of the whole-system tests, whose own binaries are taken by the test harness.

use std::process::ExitCode;

fn main() -> ExitCode {
    stratbox::worker::serve()
}
