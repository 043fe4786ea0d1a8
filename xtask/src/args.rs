//! The command line.

use std::fmt;

/// What `cargo xtask help` prints.
pub(crate) const USAGE: &str = "\
usage: cargo xtask <command>

commands:
  demo                                  build stratbox and run the sweep of the example strategies
  test                                  run every test of the workspace
  check                                 formatting, lints (native and wasm) and documentation, warnings being errors
  bench                                 run the full benchmarks
  bench --quick [--format human|json]   run the short ones; `json` puts one JSON object on stdout (default: human)
  help                                  print this text

Whatever the Rust toolchain lacks for a command (the wasm32-unknown-unknown target, rustfmt, clippy) is added first.";

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Demo,
    Test,
    Check,
    Bench(Bench),
}

/// Which benchmarks; only the quick ones have formats to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bench {
    Full,
    Quick(Format),
}

/// How figures are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Human,
    Json,
}

impl Format {
    /// The name it has on command lines.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
        }
    }
}

/// A command line that means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UsageError {
    NoCommand,
    UnknownCommand(String),
    UnknownArgument { command: &'static str, argument: String },
    NoFormat,
    UnknownFormat(String),
    Repeated(&'static str),
    FormatOfFullBench,
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCommand => f.write_str("no command given"),
            Self::UnknownCommand(command) => write!(f, "there is no command `{command}`"),
            Self::UnknownArgument { command, argument } => {
                write!(f, "`{command}` does not know the argument `{argument}`")
            }
            Self::NoFormat => f.write_str("`--format` needs a value: `human` or `json`"),
            Self::UnknownFormat(value) => write!(f, "`--format` is `{value}`: it must be `human` or `json`"),
            Self::Repeated(option) => write!(f, "`{option}` is given twice: give it once"),
            Self::FormatOfFullBench => f.write_str("`--format` goes with `--quick` only: add `--quick`"),
        }
    }
}

/// Reads a command line, without the program's name.
pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Command, UsageError> {
    let command = args.next().ok_or(UsageError::NoCommand)?;
    match command.as_str() {
        "help" | "--help" | "-h" => alone("help", args, Command::Help),
        "demo" => alone("demo", args, Command::Demo),
        "test" => alone("test", args, Command::Test),
        "check" => alone("check", args, Command::Check),
        "bench" => parse_bench(args).map(Command::Bench),
        _ => Err(UsageError::UnknownCommand(command)),
    }
}

fn alone(
    name: &'static str,
    mut args: impl Iterator<Item = String>,
    command: Command,
) -> Result<Command, UsageError> {
    match args.next() {
        None => Ok(command),
        Some(argument) => Err(UsageError::UnknownArgument { command: name, argument }),
    }
}

fn parse_bench(mut args: impl Iterator<Item = String>) -> Result<Bench, UsageError> {
    let (mut quick, mut format) = (None, None);
    while let Some(argument) = args.next() {
        match argument.as_str() {
            "--quick" => set("--quick", &mut quick, ())?,
            "--format" => set("--format", &mut format, parse_format(args.next())?)?,
            _ => return Err(UsageError::UnknownArgument { command: "bench", argument }),
        }
    }
    match (quick, format) {
        (Some(()), format) => Ok(Bench::Quick(format.unwrap_or(Format::Human))),
        (None, None) => Ok(Bench::Full),
        (None, Some(_)) => Err(UsageError::FormatOfFullBench),
    }
}

fn set<T>(option: &'static str, slot: &mut Option<T>, value: T) -> Result<(), UsageError> {
    if slot.replace(value).is_some() { Err(UsageError::Repeated(option)) } else { Ok(()) }
}

fn parse_format(value: Option<String>) -> Result<Format, UsageError> {
    let value = value.ok_or(UsageError::NoFormat)?;
    [Format::Human, Format::Json]
        .into_iter()
        .find(|format| format.name() == value)
        .ok_or(UsageError::UnknownFormat(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, UsageError> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    fn refusal(line: &str) -> String {
        parsed(line).expect_err(line).to_string()
    }

    #[test]
    fn every_command_is_known_by_its_name() {
        assert_eq!(parsed("demo"), Ok(Command::Demo));
        assert_eq!(parsed("test"), Ok(Command::Test));
        assert_eq!(parsed("check"), Ok(Command::Check));
        assert_eq!(parsed("bench"), Ok(Command::Bench(Bench::Full)));
        for help in ["help", "--help", "-h"] {
            assert_eq!(parsed(help), Ok(Command::Help));
        }
    }

    #[test]
    fn the_quick_bench_prints_for_people_unless_told_otherwise() {
        let quick = |format| Ok(Command::Bench(Bench::Quick(format)));
        assert_eq!(parsed("bench --quick"), quick(Format::Human));
        assert_eq!(parsed("bench --quick --format human"), quick(Format::Human));
        assert_eq!(parsed("bench --quick --format json"), quick(Format::Json));
    }

    #[test]
    fn the_order_of_options_does_not_matter() {
        assert_eq!(parsed("bench --format json --quick"), parsed("bench --quick --format json"));
    }

    #[test]
    fn a_missing_or_unknown_command_is_refused() {
        assert_eq!(refusal(""), "no command given");
        assert_eq!(refusal("deploy"), "there is no command `deploy`");
    }

    #[test]
    fn an_argument_that_a_command_does_not_know_is_refused() {
        for command in ["demo", "test", "check", "bench", "help"] {
            let line = format!("{command} --fast");
            assert_eq!(refusal(&line), format!("`{command}` does not know the argument `--fast`"));
        }
    }

    #[test]
    fn a_format_that_is_missing_or_unknown_is_refused() {
        assert_eq!(refusal("bench --quick --format"), "`--format` needs a value: `human` or `json`");
        assert_eq!(
            refusal("bench --quick --format xml"),
            "`--format` is `xml`: it must be `human` or `json`"
        );
    }

    #[test]
    fn an_option_given_twice_is_refused() {
        assert_eq!(refusal("bench --quick --quick"), "`--quick` is given twice: give it once");
        assert_eq!(
            refusal("bench --quick --format human --format json"),
            "`--format` is given twice: give it once"
        );
    }

    #[test]
    fn a_format_without_quick_is_refused_rather_than_ignored() {
        assert_eq!(refusal("bench --format json"), "`--format` goes with `--quick` only: add `--quick`");
    }

    #[test]
    fn the_usage_names_every_command() {
        for command in ["demo", "test", "check", "bench", "bench --quick [--format human|json]", "help"] {
            assert!(USAGE.contains(&format!("\n  {command}  ")), "{command}");
        }
    }
}
