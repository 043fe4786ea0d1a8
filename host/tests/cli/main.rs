//! The `stratbox` command as its users meet it: a process, its output and its exit code.

mod attack;
mod belief;
mod build;
mod ctrl_c;
mod data;
mod doctor;
mod experiments;
mod explore;
mod help;
mod new;
mod resume;
mod run;
mod search;
mod stats;
mod survival;
mod sweep;
mod sweep_file;
mod validate;
#[cfg(feature = "wasi")]
mod wasi;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A strategy with a parameter of each kind, which also fails when told to.
const PROBE: &str = include_str!("fixtures/probe.rs");

/// What a process left behind.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        let code = output.status.code().expect("no signal ended it");
        Self { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Standard output, which is one document.
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.stdout, self.stderr))
    }

    /// The same, of a command that was carried out.
    fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self
    }

    /// Standard error, of a command that ended with `code` and left nothing on standard output.
    fn refused(&self, code: i32) -> &str {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{}", self.stderr);
        &self.stderr
    }
}

/// One cache for all tests, so that the kit is built once.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache")
}

/// The command, which is to work in `dir`.
fn command(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stratbox"));
    command.current_dir(dir).env("STRATBOX_CACHE", cache()).env("STRATBOX_WORKSPACE", dir.join("workspace"));
    command
}

fn stratbox(dir: &Path, words: &str) -> Ran {
    Ran::of(command(dir).args(words.split_whitespace()).output().expect("the program starts"))
}

/// A folder with the probe (`probe.rs`) and forty days of two instruments (`a.csv`, `b.csv`).
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("there is room");
    write(dir.path(), "probe.rs", PROBE);
    write(dir.path(), "a.csv", &bars(0));
    write(dir.path(), "b.csv", &bars(3));
    dir
}

fn write(dir: &Path, name: &str, text: &str) {
    std::fs::write(dir.join(name), text).expect("the folder can be written");
}

/// Prices that go up and down, from 2020-01-01 on.
fn bars(phase: usize) -> String {
    let row = |day: usize| {
        let close = 100 + (day + phase) * 7 % 11;
        format!(
            "2020-{:02}-{:02},{close},{},{},{close},1000\n",
            day / 28 + 1,
            day % 28 + 1,
            close + 1,
            close - 1
        )
    };
    "date,open,high,low,close,volume\n".to_owned() + &(0..40).map(row).collect::<String>()
}
