//! The command line.

use std::fmt;
use std::num::NonZeroU32;

/// What `cargo xtask help` prints.
pub(crate) const USAGE: &str = "\
usage: cargo xtask <command>

commands:
  demo                                    build stratbox and run the sweep of the example strategies
  test                                    run every test of the workspace, and each fuzz target briefly
  check                                   formatting, lints (native and wasm) and documentation, warnings being errors
  bench                                   run the full benchmarks
  bench --quick [--format human|json]     run the short ones; `json` puts one JSON object on stdout (default: human)
  fuzz [TARGET] [--seconds N] [--runs N]  look for inputs that break a fuzz target, or each in turn (default: 60 seconds
                                          each); needs a C++ compiler
  fuzz TARGET --input FILE                give a fuzz target one input, such as one that broke it
  help                                    print this text

fuzz targets: component, source, venue, market, frames, queue-file, answers, sweep-file

Whatever the Rust toolchain lacks for a command (the wasm32-unknown-unknown target, rustfmt, clippy) is added first.";

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Demo,
    Test,
    Check,
    Bench(Bench),
    Fuzz(Fuzz),
}

/// Which benchmarks; only the quick ones have formats to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bench {
    Full,
    Quick(Format),
}

/// What is done with fuzz targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fuzz {
    /// Look for inputs that break them, one target after the other.
    Search { targets: &'static [FuzzTarget], stop: Stop },
    /// Give one target the content of a file.
    Replay { target: &'static FuzzTarget, input: String },
}

/// A fuzz target.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FuzzTarget {
    pub(crate) name: &'static str,
    /// It is built from the `stratbox` crate, and so from the engine.
    pub(crate) needs_host: bool,
}

/// All of them, those that are ready first in front.
pub(crate) const FUZZ_TARGETS: [FuzzTarget; 8] = [
    FuzzTarget { name: "component", needs_host: false },
    FuzzTarget { name: "source", needs_host: false },
    FuzzTarget { name: "venue", needs_host: false },
    FuzzTarget { name: "market", needs_host: false },
    FuzzTarget { name: "frames", needs_host: false },
    FuzzTarget { name: "queue-file", needs_host: false },
    FuzzTarget { name: "answers", needs_host: true },
    FuzzTarget { name: "sweep-file", needs_host: true },
];

/// How long each target is looked at when nothing is said.
const DEFAULT_SECONDS: NonZeroU32 = NonZeroU32::new(60).expect("it is not zero");

/// When to stop looking, whichever comes first; at least one of them is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Stop {
    pub(crate) seconds: Option<NonZeroU32>,
    pub(crate) runs: Option<NonZeroU32>,
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
    UnknownTarget(String),
    NoCount(&'static str),
    NotACount { option: &'static str, value: String },
    NoInput,
    InputWithoutTarget,
    StopOfInput,
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
            Self::UnknownTarget(target) => write!(f, "there is no fuzz target `{target}`"),
            Self::NoCount(option) => write!(f, "`{option}` needs a value: a whole number greater than zero"),
            Self::NotACount { option, value } => {
                write!(f, "`{option}` is `{value}`: it must be a whole number greater than zero")
            }
            Self::NoInput => f.write_str("`--input` needs a value: a file"),
            Self::InputWithoutTarget => {
                f.write_str("`--input` is for one target: name it, as in `fuzz venue`")
            }
            Self::StopOfInput => f.write_str("`--input` is one run: leave out `--seconds` and `--runs`"),
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
        "fuzz" => parse_fuzz(args).map(Command::Fuzz),
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

fn parse_fuzz(args: impl Iterator<Item = String>) -> Result<Fuzz, UsageError> {
    let mut args = args.peekable();
    let target = match args.next_if(|argument| !argument.starts_with('-')) {
        None => None,
        Some(name) => {
            let found = FUZZ_TARGETS.iter().find(|target| target.name == name);
            Some(found.ok_or(UsageError::UnknownTarget(name))?)
        }
    };
    let (mut stop, mut input) = (Stop::default(), None);
    while let Some(argument) = args.next() {
        match argument.as_str() {
            "--seconds" => set("--seconds", &mut stop.seconds, parse_count("--seconds", args.next())?)?,
            "--runs" => set("--runs", &mut stop.runs, parse_count("--runs", args.next())?)?,
            "--input" => set("--input", &mut input, args.next().ok_or(UsageError::NoInput)?)?,
            _ => return Err(UsageError::UnknownArgument { command: "fuzz", argument }),
        }
    }
    match (target, input) {
        (Some(target), Some(input)) if stop == Stop::default() => Ok(Fuzz::Replay { target, input }),
        (Some(_), Some(_)) => Err(UsageError::StopOfInput),
        (None, Some(_)) => Err(UsageError::InputWithoutTarget),
        (target, None) => {
            if stop == Stop::default() {
                stop.seconds = Some(DEFAULT_SECONDS);
            }
            Ok(Fuzz::Search { targets: target.map_or(&FUZZ_TARGETS, std::slice::from_ref), stop })
        }
    }
}

fn parse_count(option: &'static str, value: Option<String>) -> Result<NonZeroU32, UsageError> {
    let value = value.ok_or(UsageError::NoCount(option))?;
    value.parse().map_err(|_| UsageError::NotACount { option, value })
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
        for command in ["demo", "test", "check", "bench", "fuzz venue", "help"] {
            let line = format!("{command} --fast");
            let name = command.split(' ').next().unwrap_or_default();
            assert_eq!(refusal(&line), format!("`{name}` does not know the argument `--fast`"));
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
    fn the_usage_names_every_command_and_fuzz_target() {
        for command in [
            "demo",
            "test",
            "check",
            "bench",
            "bench --quick [--format human|json]",
            "fuzz [TARGET] [--seconds N] [--runs N]",
            "fuzz TARGET --input FILE",
            "help",
        ] {
            assert!(USAGE.contains(&format!("\n  {command}  ")), "{command}");
        }
        let names = FUZZ_TARGETS.map(|target| target.name).join(", ");
        assert!(USAGE.contains(&format!("\nfuzz targets: {names}\n")));
    }

    fn count(value: u32) -> Option<NonZeroU32> {
        NonZeroU32::new(value)
    }

    #[test]
    fn every_target_is_fuzzed_for_a_minute_unless_told_otherwise() {
        let stop = Stop { seconds: count(60), runs: None };
        assert_eq!(parsed("fuzz"), Ok(Command::Fuzz(Fuzz::Search { targets: &FUZZ_TARGETS, stop })));
        let stop = Stop { seconds: None, runs: count(9) };
        let one = Fuzz::Search { targets: &FUZZ_TARGETS[2..3], stop };
        assert_eq!(parsed("fuzz venue --runs 9"), Ok(Command::Fuzz(one)));
        let stop = Stop { seconds: count(5), runs: count(9) };
        let all = Fuzz::Search { targets: &FUZZ_TARGETS, stop };
        assert_eq!(parsed("fuzz --seconds 5 --runs 9"), Ok(Command::Fuzz(all)));
    }

    #[test]
    fn one_target_is_given_one_input() {
        let replay = Fuzz::Replay { target: &FUZZ_TARGETS[0], input: "crash".to_owned() };
        assert_eq!(parsed("fuzz component --input crash"), Ok(Command::Fuzz(replay)));
        assert!(refusal("fuzz --input crash").starts_with("`--input` is for one target"));
        assert!(refusal("fuzz venue --input crash --runs 1").starts_with("`--input` is one run"));
        assert_eq!(refusal("fuzz venue --input"), "`--input` needs a value: a file");
    }

    #[test]
    fn a_target_or_a_count_that_makes_no_sense_is_refused() {
        assert_eq!(refusal("fuzz clock"), "there is no fuzz target `clock`");
        assert_eq!(refusal("fuzz --runs"), "`--runs` needs a value: a whole number greater than zero");
        for value in ["0", "-1", "many"] {
            let told = format!("`--seconds` is `{value}`: it must be a whole number greater than zero");
            assert_eq!(refusal(&format!("fuzz --seconds {value}")), told);
        }
    }
}
