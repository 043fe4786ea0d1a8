//! Other programs, run from the workspace's root.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

/// The workspace's root, whatever directory the person is in.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a directory of the workspace")
}

/// `program` with `args`, to be run in the root.
pub(crate) fn command(program: impl AsRef<OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// Announces the command on stderr and runs it with our own stdin, stdout and stderr (unless it says otherwise).
///
/// # Errors
/// If it cannot be started. That it fails is no error.
#[expect(clippy::print_stderr, reason = "people see what is run, and stdout is the command's")]
pub(crate) fn run(command: &mut Command) -> Result<ExitStatus, String> {
    eprintln!("$ {}", shown(command));
    command.status().map_err(|error| cannot_run(command, &error))
}

/// What a command prints on stdout, without the line's end; what it says on stderr is discarded.
///
/// # Errors
/// If it cannot be started or fails.
pub(crate) fn ask(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| cannot_run(command, &error))?;
    if !output.status.success() {
        return Err(format!("`{}` failed ({})", shown(command), output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// The code to exit with for a command that ended with `status`.
pub(crate) fn passed_on(status: ExitStatus) -> ExitCode {
    // No code means a signal ended it.
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

fn cannot_run(command: &Command, error: &io::Error) -> String {
    format!("cannot run `{}`: {error}", command.get_program().display())
}

/// The command as one would type it, environment first.
fn shown(command: &Command) -> String {
    let envs = command.get_envs().filter_map(|(name, value)| {
        value.map(|value| format!("{}={}", name.display(), quoted(&value.to_string_lossy())))
    });
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words = words.map(|word| quoted(&word.to_string_lossy()));
    envs.chain(words).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    if word.contains(' ') { format!("'{word}'") } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_where_the_workspace_is_described() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(manifest.starts_with("[workspace]"));
    }

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut doc = command("cargo", &["doc", "--no-deps"]);
        doc.env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(shown(&doc), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = ask(&mut command("no-such-program", &[])).unwrap_err();
        assert!(error.starts_with("cannot run `no-such-program`: "), "{error}");
    }

    #[test]
    fn a_command_that_fails_has_no_answer_and_one_that_succeeds_has() {
        assert!(ask(&mut command("rustc", &["--version"])).unwrap().starts_with("rustc "));
        let error = ask(&mut command("rustc", &["--no-such-option"])).unwrap_err();
        assert!(error.starts_with("`rustc --no-such-option` failed"), "{error}");
    }
}
