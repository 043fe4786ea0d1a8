//! The command line: what was typed (`args`), then what was resolved (`settings`). The environment is passed in, so
//! that nothing below `main` reads it.

mod args;
mod belief;
mod experiments;
mod explore;
mod settings;
mod stats;
mod validate;
mod venue;

pub(crate) use args::{
    AttackArgs, BuildArgs, ConvertArgs, DataTyped, Format, InspectArgs, InspectDataArgs, LogLevel, NewArgs,
    OnFailures, PartEnd, ResampleArgs, ResumeArgs, SessionArgs, SplitArgs, SweepArgs,
};
pub(crate) use belief::{
    CalibrateArgs, HoldoutShowArgs, HoldoutTyped, JudgeArgs, LookArgs, TrialsArgs, WorldKind,
};
pub(crate) use experiments::{
    CompareArgs, DeleteArgs, EventsArgs, ExperimentsTyped, ExportArgs, ExportKind, MetricsArgs, ShowArgs,
};
pub(crate) use explore::ExploreArgs;
pub use settings::Environment;
pub(crate) use settings::{Command, Logs, RunSettings, Settings};
pub(crate) use stats::{
    ConventionTyped, DsrArgs, EvidenceArgs, IcArgs, MatrixArgs, MinbtlArgs, MintrlArgs, PboArgs, PsrArgs,
    SeriesArgs, SpaArgs, StatisticTyped, StatsArgs,
};
pub(crate) use validate::ValidateArgs;

use std::ffi::OsString;

use clap::Parser;
use clap::error::ErrorKind;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::{self, Said, text::block};

/// What is to be done, or the text with which the program is done already: help, or what is wrong with the arguments.
pub(crate) fn parse(args: &[OsString], environment: &Environment) -> Result<Settings, Said> {
    match args::Args::try_parse_from(args) {
        Ok(args) => {
            let format = args.format;
            settings::resolve(args, environment).map_err(|failure| render::failure(format, &failure))
        }
        Err(error) => Err(explain(args, &error)),
    }
}

fn explain(args: &[OsString], error: &clap::Error) -> Said {
    let text = block(&error.render().to_string());
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            Said { stdout: text, stderr: String::new(), exit: Exit::Ok }
        }
        _ if wants_json(args) => {
            let problem = text.lines().take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
            let problem = problem.strip_prefix("error: ").unwrap_or(&problem);
            render::failure(Format::Json, &Failure::usage(problem).hint("see `stratbox --help`"))
        }
        _ => Said { stdout: String::new(), stderr: text, exit: Exit::Usage },
    }
}

/// Whether the format was asked for, as far as can be told of arguments that do not make sense.
fn wants_json(args: &[OsString]) -> bool {
    args.iter().any(|arg| arg == "--format=json")
        || args.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn worker() -> stratbox_jail::Program {
        stratbox_jail::Program { path: "/bin/stratbox".into(), arguments: Vec::new() }
    }

    fn parse_words(words: &str) -> Result<Settings, Said> {
        let args: Vec<OsString> = words.split_whitespace().map(OsString::from).collect();
        let environment =
            Environment { cache: Some("/cache".into()), worker: Some(worker()), ..Environment::default() };
        parse(&args, &environment)
    }

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        args::Args::command().debug_assert();
    }

    #[test]
    fn help_shows_the_exit_codes() {
        let help = parse_words("stratbox --help").unwrap_err();
        assert_eq!(help.exit, Exit::Ok);
        assert!(help.stdout.contains("130  Ctrl-C"), "{}", help.stdout);
    }

    #[test]
    fn a_misspelt_option_is_an_error_in_the_format_that_was_asked_for() {
        let human = parse_words("stratbox sweep a.toml --worker 3").unwrap_err();
        assert_eq!((human.exit, human.stdout.as_str()), (Exit::Usage, ""));
        let json = parse_words("stratbox sweep a.toml --worker 3 --format json").unwrap_err();
        let document: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
        assert_eq!(document["error"]["kind"], "usage");
        assert!(document["error"]["message"].as_str().unwrap().contains("--worker"));
        assert!(parse_words("stratbox sweep a.toml --workers 3 --format json").is_ok());
    }

    #[test]
    fn more_processors_than_the_engine_has_room_for_are_not_used() {
        let workers = |words: &str, processors: usize| {
            let Command::Sweep(args) = parse_words(words).unwrap().command else { panic!("it is a sweep") };
            args.session.workers(std::num::NonZeroUsize::new(processors)).get()
        };
        let by_default = [0, 1, 64, 65, 256].map(|processors| workers("stratbox sweep a.toml", processors));
        assert_eq!(by_default, [1, 1, 64, 64, 64]);
        assert_eq!(workers("stratbox sweep a.toml --workers 3", 256), 3);
        assert!(parse_words("stratbox sweep a.toml --workers 64").is_ok());
        assert!(parse_words("stratbox sweep a.toml --workers 65").is_err());
    }

    #[test]
    fn run_settings_are_the_defaults_with_what_was_typed() {
        let words =
            "stratbox run a.rs --data x.csv=SPX --data y.csv -p fast=3 --fee-bps 1.5 --no-short --fuel 7";
        let Command::Run(run) = parse_words(words).unwrap().command else { panic!("it is a run") };
        assert_eq!((run.policy.fee_bps, run.policy.allow_short, run.limits.fuel), (1.5, false, 7));
        assert_eq!(run.policy.leverage, 1.0);
        let symbols: Vec<_> = run.sources.iter().map(|source| source.symbol.as_deref()).collect();
        assert_eq!(symbols, [Some("SPX"), None]);
        assert_eq!(run.params, [("fast".to_owned(), "3".to_owned())]);
    }

    #[test]
    fn settings_out_of_range_are_refused_with_the_range() {
        for (option, expected) in [
            ("--fee-bps -1", "`fee_bps` is `-1`: it must be from 0 to 10000 basis points"),
            ("--cash 0", "`initial_cash` is `0`"),
            ("--leverage inf", "`leverage` is `inf`"),
            ("--fuel 0", "`fuel` is `0`"),
            ("--memory-bytes 5", "`memory_bytes` is `5`"),
            ("-p fast=1 -p fast=2", "parameter `fast` is given twice"),
            ("-p fast", "write `name=value`"),
            ("--from soon", "`soon` is not a date"),
        ] {
            let refusal = parse_words(&format!("stratbox run a.rs --data x.csv {option}")).unwrap_err();
            assert_eq!(refusal.exit, Exit::Usage, "{option}");
            assert!(refusal.stderr.contains(expected), "{option}: {}", refusal.stderr);
        }
        assert!(parse_words("stratbox run a.rs --data x.csv --fee-bps 0 -p fast=1 -p slow=2").is_ok());
    }

    #[test]
    fn wasi_is_off_unless_it_is_asked_for_and_a_program_without_it_says_so() {
        use stratbox_intake::component::Profile;
        assert_eq!(parse_words("stratbox inspect a.rs").unwrap().setting.profile, Profile::Strict);
        let asked = parse_words("stratbox inspect a.rs --allow-wasi");
        if cfg!(feature = "wasi") {
            assert_eq!(asked.unwrap().setting.profile, Profile::Wasi);
        } else {
            let said = asked.unwrap_err();
            assert_eq!(said.exit, Exit::Environment);
            assert!(said.stderr.contains("built without it"), "{}", said.stderr);
        }
    }

    #[test]
    fn the_cache_is_where_the_most_specific_word_says() {
        let cache = |args: &[&str], environment: &Environment| {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            parse(&args, environment).map(|settings| settings.setting.cache)
        };
        let environment = |cache: Option<&str>, xdg: Option<&str>, home: Option<&str>| Environment {
            cache: cache.map(Into::into),
            xdg_cache_home: xdg.map(Into::into),
            home: home.map(Into::into),
            worker: Some(worker()),
            ..Environment::default()
        };
        let inspect = ["stratbox", "inspect", "a.rs"];
        let all = environment(Some("/env"), Some("/xdg"), Some("/home/me"));
        assert_eq!(
            cache(&["stratbox", "inspect", "a.rs", "--cache", "/typed"], &all).unwrap(),
            std::path::Path::new("/typed")
        );
        for (environment, expected) in [
            (all, "/env"),
            (environment(None, Some("/xdg"), Some("/home/me")), "/xdg/stratbox"),
            (environment(None, Some("relative"), Some("/home/me")), "/home/me/.cache/stratbox"),
            (environment(None, None, Some("/home/me")), "/home/me/.cache/stratbox"),
        ] {
            assert_eq!(cache(&inspect, &environment).unwrap(), std::path::Path::new(expected));
        }
        let nowhere = cache(&inspect, &environment(None, None, None)).unwrap_err();
        assert_eq!(nowhere.exit, Exit::Environment);
    }
}
