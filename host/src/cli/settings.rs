//! What was typed, with every default filled in and every value checked.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use stratbox_compiler::ToolLimits;
use stratbox_domain::{BarSource, Limits, VenuePolicy};
use stratbox_intake::component::ComponentLimits;
use stratbox_intake::component::Profile;
use stratbox_intake::source::SourceLimits;
use stratbox_jail::{Confinement, Program};
use stratbox_market::Source;

use super::args::{
    Args, AttackArgs, BuildArgs, DataTyped, Format, InspectArgs, LogLevel, NewArgs, ResumeArgs, RunArgs,
    SweepArgs, Typed,
};
use super::belief::{CalibrateArgs, HoldoutTyped, JudgeArgs, TrialsArgs};
use super::experiments::ExperimentsTyped;
use super::explore::ExploreArgs;
use super::stats::StatsArgs;
use super::validate::ValidateArgs;
use super::venue::VenueFile;
use crate::failure::{Failure, shown, told};
use crate::file::read_settings;
use crate::render::text::shell_word;
use crate::wiring::{Isolation, Setting};

/// What the program takes from its environment.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `STRATBOX_CACHE`.
    pub cache: Option<OsString>,
    /// `XDG_CACHE_HOME`.
    pub xdg_cache_home: Option<OsString>,
    /// `STRATBOX_WORKSPACE`.
    pub workspace: Option<OsString>,
    /// `XDG_DATA_HOME`.
    pub xdg_data_home: Option<OsString>,
    /// Whether somebody sits at a terminal and can be asked.
    pub attended: bool,
    /// The user's home directory.
    pub home: Option<PathBuf>,
    /// Values of all variables, which no strategy may ever be told.
    pub values: Vec<OsString>,
    /// How workers are started: this binary, or another whose `main` calls [`worker::serve`](crate::worker::serve).
    pub worker: Option<Program>,
}

impl Environment {
    /// The process's own.
    #[must_use]
    pub fn read() -> Self {
        Self {
            cache: std::env::var_os("STRATBOX_CACHE"),
            xdg_cache_home: std::env::var_os("XDG_CACHE_HOME"),
            workspace: std::env::var_os("STRATBOX_WORKSPACE"),
            xdg_data_home: std::env::var_os("XDG_DATA_HOME"),
            attended: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
            home: std::env::home_dir(),
            values: std::env::vars_os().map(|(_, value)| value).collect(),
            worker: Program::this([crate::worker::ARGUMENT]).ok(),
        }
    }

    fn cache_dir(&self) -> Option<PathBuf> {
        self.directory(&self.cache, &self.xdg_cache_home, ".cache")
    }

    fn workspace_dir(&self) -> Option<PathBuf> {
        self.directory(&self.workspace, &self.xdg_data_home, ".local/share")
    }

    /// The directory that a variable of ours names, or ours below the one that the XDG specification names.
    fn directory(
        &self,
        ours: &Option<OsString>,
        xdg: &Option<OsString>,
        below_home: &str,
    ) -> Option<PathBuf> {
        let given =
            |value: &Option<OsString>| value.clone().filter(|text| !text.is_empty()).map(PathBuf::from);
        // The XDG specification has relative paths ignored.
        let xdg = || given(xdg).filter(|dir| dir.is_absolute());
        let home = || self.home.as_ref().filter(|dir| dir.is_absolute()).map(|home| home.join(below_home));
        given(ours).or_else(|| xdg().or_else(home).map(|dir| dir.join("stratbox")))
    }
}

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) format: Format,
    pub(crate) setting: Setting,
    pub(crate) logs: Logs,
    pub(crate) command: Command,
}

/// What is logged of what happens inside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Logs {
    pub(crate) level: LogLevel,
    pub(crate) format: Format,
}

#[derive(Debug)]
pub(crate) enum Command {
    New(NewArgs),
    Build(BuildArgs),
    Inspect(InspectArgs),
    Run(Box<RunSettings>),
    Sweep(SweepArgs),
    Explore(ExploreArgs),
    Resume(ResumeArgs),
    Validate(ValidateArgs),
    Experiments(ExperimentsTyped),
    Judge(JudgeArgs),
    Trials(TrialsArgs),
    Holdout(HoldoutTyped),
    Calibrate(CalibrateArgs),
    Stats(Box<StatsArgs>),
    Data(Box<DataTyped>),
    Attack(AttackArgs),
    Doctor,
}

/// One run.
#[derive(Debug)]
pub(crate) struct RunSettings {
    pub(crate) strategy: PathBuf,
    /// At least one.
    pub(crate) sources: Vec<Source>,
    /// Names, each once, and values as typed.
    pub(crate) params: Vec<(String, String)>,
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
    pub(crate) policy: VenuePolicy,
    /// Where the policy is from, if not from what was typed.
    venue: Option<VenueFile>,
    pub(crate) limits: Limits,
    pub(crate) log: bool,
    /// Whether everything is to be said.
    pub(crate) report: bool,
    /// Where to write the equity curve.
    pub(crate) equity: Option<PathBuf>,
    /// Where to write the trades.
    pub(crate) trades: Option<PathBuf>,
    /// Who looks at bars that are held out, and why.
    pub(crate) look: Option<(String, String)>,
}

impl RunSettings {
    /// Whether the venue's policy fits the instruments, which only a file can name.
    pub(crate) fn check_instruments(&self, bars: &dyn BarSource) -> Result<(), Failure> {
        self.venue.as_ref().map_or(Ok(()), |file| file.check_instruments(&self.policy, bars))
    }
}

pub(crate) fn resolve(args: Args, environment: &Environment) -> Result<Settings, Failure> {
    let typed = typed(&args);
    let cache = args.cache.or_else(|| environment.cache_dir()).ok_or_else(|| {
        Failure::environment("there is no directory for the cache: the home directory is not known")
            .hint("name one with `--cache DIR` or `STRATBOX_CACHE`")
    })?;
    let workspace = args.workspace.or_else(|| environment.workspace_dir());
    let command = match args.command {
        Typed::New(args) => Command::New(args),
        Typed::Build(args) => Command::Build(args),
        Typed::Inspect(args) => Command::Inspect(args),
        Typed::Run(args) => Command::Run(Box::new(run(*args)?)),
        Typed::Sweep(args) => Command::Sweep(args),
        Typed::Explore(args) => Command::Explore(args),
        Typed::Resume(args) => Command::Resume(args),
        Typed::Validate(args) => Command::Validate(args),
        Typed::Experiments(typed) => Command::Experiments(typed),
        Typed::Judge(args) => Command::Judge(args),
        Typed::Trials(args) => Command::Trials(args),
        Typed::Holdout(typed) => Command::Holdout(typed),
        Typed::Calibrate(args) => Command::Calibrate(args),
        Typed::Stats(args) => Command::Stats(args),
        Typed::Data(typed) => Command::Data(typed),
        Typed::Attack(args) => Command::Attack(args),
        Typed::Doctor => Command::Doctor,
    };
    let worker = environment.worker.clone().ok_or_else(|| {
        Failure::environment("the program cannot find itself, and so cannot start its workers")
    })?;
    let confinement = if args.dangerously_without_jail { Confinement::None } else { Confinement::Jailed };
    let intake = args.intake.as_deref().map(Intake::read).transpose()?.unwrap_or_default();
    let setting = Setting {
        typed,
        cache: absolute(&cache)?,
        workspace: workspace.as_deref().map(absolute).transpose()?,
        attended: environment.attended,
        worker,
        confinement,
        isolation: args.isolation,
        gate: Some(intake.source),
        components: intake.component,
        tools: ToolLimits::default(),
        profile: profile(args.allow_wasi)?,
    };
    let logs = Logs { level: args.log_level, format: args.log_format };
    Ok(Settings { format: args.format, setting, logs, command })
}

/// What may come in, where an operator says so.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Intake {
    source: SourceLimits,
    component: ComponentLimits,
}

impl Intake {
    fn read(path: &Path) -> Result<Self, Failure> {
        let problem = |problem: String| Failure::input(format!("`{}`: {}", shown(path), told(&problem)));
        toml::from_str(&read_settings(path)?).map_err(|error| problem(error.to_string()))
    }
}

/// Options for all commands that were typed, but the workspace and the format.
fn typed(args: &Args) -> Vec<String> {
    let path = |name: &str, path: &Option<PathBuf>| {
        let path = path.as_deref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
        path.map(|path| format!("{name} {}", shell_word(&shown(&path))))
    };
    let flag = |name: &str, given: bool| given.then(|| name.to_owned());
    let options = [
        path("--cache", &args.cache),
        path("--intake", &args.intake),
        flag("--isolation threads", args.isolation == Isolation::Threads),
        flag("--dangerously-without-jail", args.dangerously_without_jail),
        flag("--allow-wasi", args.allow_wasi),
    ];
    options.into_iter().flatten().collect()
}

/// What components may import.
fn profile(allow_wasi: bool) -> Result<Profile, Failure> {
    match (allow_wasi, cfg!(feature = "wasi")) {
        (false, _) => Ok(Profile::Strict),
        (true, true) => Ok(Profile::Wasi),
        (true, false) => {
            Err(Failure::environment("`--allow-wasi` asks for WASI, and this program was built without it")
                .hint("build one that has it: `cargo build --release -p stratbox --features wasi`"))
        }
    }
}

fn absolute(dir: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(dir).map_err(|error| {
        Failure::environment(format!("the directory `{}` cannot be used: {error}", shown(dir)))
    })
}

fn run(args: RunArgs) -> Result<RunSettings, Failure> {
    let (policy, venue) = args.venue.policy()?;
    let limits = Limits::default();
    let limits = Limits {
        fuel: args.fuel.unwrap_or(limits.fuel),
        fuel_per_bar: args.fuel_per_bar.unwrap_or(limits.fuel_per_bar),
        memory_bytes: args.memory_bytes.unwrap_or(limits.memory_bytes),
        wall_ms: args.wall_ms.unwrap_or(limits.wall_ms),
        log_bytes: args.log_bytes.unwrap_or(limits.log_bytes),
    };
    limits.validate().map_err(Failure::usage)?;
    let mut names = BTreeSet::new();
    if let Some((name, _)) = args.params.iter().find(|(name, _)| !names.insert(name)) {
        return Err(Failure::usage(format!("parameter `{name}` is given twice: leave one out")));
    }
    let options = args.options.chosen();
    let sources = args.data.into_iter().map(|source| Source { options: options.clone(), ..source });
    Ok(RunSettings {
        strategy: args.strategy,
        sources: sources.collect(),
        params: args.params,
        from: args.from,
        to: args.to,
        policy,
        venue,
        limits,
        log: args.log,
        report: args.report,
        equity: args.equity,
        trades: args.trades,
        look: args.who.zip(args.why),
    })
}
