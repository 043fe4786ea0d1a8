//! What can be typed.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use stratbox_market::{
    Adjust, Cut, DateError, DateFormat, Delimiter, Dst, Partial, Source, SourceOptions, Span, Stamp,
    TimeOfDay,
};
use stratbox_store::ExperimentId;

use super::belief::{CalibrateArgs, HoldoutTyped, JudgeArgs, TrialsArgs};
use super::experiments::ExperimentsTyped;
use super::explore::ExploreArgs;
use super::stats::StatsArgs;
use super::validate::ValidateArgs;
use super::venue::VenueArgs;
use crate::exit::Exit;
use crate::wiring::Isolation;

/// Runs at once, at most: what the engine has room for in one process.
const MAX_WORKERS: NonZeroUsize =
    NonZeroUsize::new(stratbox_sandbox::MAX_RUNS.get() as usize).expect("it is not zero");

/// How results are written to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// One JSON document; errors too
    Json,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    /// Nothing
    Off,
    /// What went wrong in here
    Error,
    /// And what was lost or retried
    Warn,
    /// And experiments, phases, workers
    Info,
    /// And variants
    Debug,
    /// And attempts
    Trace,
}

/// Runs trading strategies that nobody has reviewed, in a sandbox, and finds out which deserve belief.
#[derive(Debug, Parser)]
#[command(name = "stratbox", version, after_help = Exit::table())]
pub(crate) struct Args {
    /// What goes to standard output; progress and notes go to standard error
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// Where compiled code and market data are kept [default: $STRATBOX_CACHE, or stratbox below the user's caches]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) cache: Option<PathBuf>,
    /// Where experiments are kept [default: $STRATBOX_WORKSPACE, or stratbox below the user's data]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,
    /// How much of what happens inside is written to standard error
    #[arg(long, global = true, value_enum, default_value_t = LogLevel::Off)]
    pub(crate) log_level: LogLevel,
    /// How it is written
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub(crate) log_format: Format,
    /// Where strategies run
    #[arg(long, global = true, value_enum, default_value_t = Isolation::default())]
    pub(crate) isolation: Isolation,
    /// Compiles and runs strangers' code with all your rights, where the system cannot confine it. Every result says so
    #[arg(long, global = true)]
    pub(crate) dangerously_without_jail: bool,
    /// Lets components import WASI 0.2: no files, no network, no environment; a clock and randomness that are the same in
    /// every run. For a program that was built with it
    #[arg(long, global = true)]
    pub(crate) allow_wasi: bool,
    /// What sources and components may be, other than by default (`[source]` and `[component]`; `doctor --format json` names
    /// every limit)
    #[arg(long, global = true, value_name = "LIMITS.toml")]
    pub(crate) intake: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Typed,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Typed {
    /// Makes a folder with a small strategy, its tests and a sweep file
    New(NewArgs),
    /// Compiles a strategy's source to a component
    Build(BuildArgs),
    /// Shows what a strategy says about itself, and what it imports
    Inspect(InspectArgs),
    /// Runs one strategy with one set of parameters
    Run(Box<RunArgs>),
    /// Runs every variant that a sweep file names, and ranks them
    Sweep(SweepArgs),
    /// Tries several approaches to one problem side by side, compares them, and recommends one
    Explore(ExploreArgs),
    /// Goes on with a sweep that stopped early, from what the workspace has of it
    Resume(ResumeArgs),
    /// Validates the strategies of a queue tier by tier, several at once, and keeps the queue up to date
    Validate(ValidateArgs),
    /// Shows what the workspace has, and takes it elsewhere
    #[command(subcommand)]
    Experiments(ExperimentsTyped),
    /// Judges the best variant of an experiment again, more thoroughly than its sweep did
    Judge(JudgeArgs),
    /// Counts what was tried on an experiment's bars, by whatever experiment, also those that were deleted
    Trials(TrialsArgs),
    /// Looks at bars that are held out, which is written down
    #[command(subcommand)]
    Holdout(HoldoutTyped),
    /// Runs a sweep on bars without an edge, and says how often it finds one
    Calibrate(CalibrateArgs),
    /// Figures of anyone's returns or equity, and the statistics of overfitting one by one
    Stats(Box<StatsArgs>),
    /// Looks at market data, and writes it in other forms
    #[command(subcommand)]
    Data(Box<DataTyped>),
    /// Attacks this installation with a corpus of hostile strategies, and says of each what came of it
    Attack(AttackArgs),
    /// Shows what isolation this machine really gives, and what to do where it gives too little
    Doctor,
}

#[derive(Debug, clap::Args)]
pub(crate) struct NewArgs {
    /// Name of the strategy and its folder: lowercase letters, digits and `_`
    pub(crate) name: String,
    /// Where to make the folder [default: here]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct BuildArgs {
    /// Source file (.rs)
    pub(crate) file: PathBuf,
    /// Where to write the component
    #[arg(short, long, value_name = "OUT.wasm")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct InspectArgs {
    /// Source (.rs) or component (.wasm)
    pub(crate) file: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// Source (.rs) or component (.wasm)
    pub(crate) strategy: PathBuf,
    /// Bars, with the instrument's name if the file's will not do; once for each file
    #[arg(long, required = true, value_name = "FILE[=SYMBOL]", value_parser = parse_source)]
    pub(crate) data: Vec<Source>,
    /// A parameter's value; once for each parameter that is not to have its default
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE", value_parser = parse_param)]
    pub(crate) params: Vec<(String, String)>,
    /// First day (2018-12-31) or moment (2018-12-31T16:00:00Z)
    #[arg(long, value_name = "DATE", value_parser = stratbox_market::parse_date)]
    pub(crate) from: Option<i64>,
    /// First day or moment that is left out
    #[arg(long, value_name = "DATE", value_parser = stratbox_market::parse_date)]
    pub(crate) to: Option<i64>,
    #[command(flatten)]
    pub(crate) venue: VenueArgs,
    /// Fuel: about one unit for each wasm instruction [default: 10000000000]
    #[arg(long)]
    pub(crate) fuel: Option<u64>,
    /// Fuel for one bar [default: 1000000000]
    #[arg(long, value_name = "FUEL")]
    pub(crate) fuel_per_bar: Option<u64>,
    /// Memory of the whole run [default: 67108864]
    #[arg(long)]
    pub(crate) memory_bytes: Option<u64>,
    /// Wall-clock time [default: 60000]
    #[arg(long)]
    pub(crate) wall_ms: Option<u64>,
    /// Log text that is kept [default: 65536]
    #[arg(long)]
    pub(crate) log_bytes: Option<u32>,
    /// Show what the strategy logged
    #[arg(long)]
    pub(crate) log: bool,
    /// Say everything that can be said: months and years, drawdowns, trades, intervals, and how it compares with holding
    #[arg(long)]
    pub(crate) report: bool,
    /// Also write the equity at the end of every time step, as comma-separated values
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) equity: Option<PathBuf>,
    /// Also write the closed trades, as comma-separated values
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) trades: Option<PathBuf>,
    /// Who looks, where bars are read that some experiment holds out: it is written down
    #[arg(long, requires = "why")]
    pub(crate) who: Option<String>,
    /// Why they look
    #[arg(long, requires = "who")]
    pub(crate) why: Option<String>,
    #[command(flatten)]
    pub(crate) options: DataOptions,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SweepArgs {
    /// Sweep file (.toml)
    pub(crate) file: PathBuf,
    /// Run every variant, whatever the workspace has of earlier sweeps
    #[arg(long)]
    pub(crate) fresh: bool,
    #[command(flatten)]
    pub(crate) session: SessionArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ResumeArgs {
    /// The experiment's number [default: the last one that stopped early]
    pub(crate) experiment: Option<ExperimentId>,
    #[command(flatten)]
    pub(crate) session: SessionArgs,
}

/// How an experiment is run, now: nothing of it changes the result of a run that has one.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SessionArgs {
    /// Variants that run at once [default: one for each processor, at most 64]
    #[arg(short = 'j', long, value_parser = parse_workers)]
    pub(crate) workers: Option<NonZeroUsize>,
    /// Rows of the leaderboard
    #[arg(long, default_value_t = 10)]
    pub(crate) top: u32,
    /// Also write the JSON document to a file
    #[arg(long, value_name = "RESULTS.json")]
    pub(crate) out: Option<PathBuf>,
    /// Write what happens, as it happens, as JSON lines (docs/events.md); with `-` to standard output, and the report to standard
    /// error
    #[arg(long, value_name = "FILE|-")]
    pub(crate) events: Option<PathBuf>,
    /// What to do when too many variants fail: `ask` pauses, and without a terminal leaves it at that
    #[arg(long, value_enum, default_value_t = OnFailures::Ask)]
    pub(crate) on_failures: OnFailures,
    /// How many are too many: a share of those that have a result, once a hundred have one
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = parse_share)]
    pub(crate) failure_share: f64,
    /// Start nothing new while others use more than this share of the processors, beside one worker
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, value_parser = parse_share)]
    pub(crate) cpu_threshold: f64,
    /// Start nothing new while more than this share of the memory is used, beside one worker
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, value_parser = parse_share)]
    pub(crate) memory_threshold: f64,
    /// More attempts at a variant whose time ran out, each in a fresh process
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub(crate) timeout_retries: u32,
    /// More attempts at a variant whose worker was killed or silent
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    pub(crate) loss_retries: u32,
    /// Seconds that running variants have after the first Ctrl-C; the second one ends them at once
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub(crate) grace: u32,
}

/// What becomes of an experiment in which too many variants fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnFailures {
    /// Pause and ask
    Ask,
    /// Go on
    Continue,
    /// Stop, to be resumed
    Stop,
}

/// What can be done with market data.
#[derive(Debug, Subcommand)]
pub(crate) enum DataTyped {
    /// What files hold: instruments, times, spacing, calendar; gaps, repeats, outliers, with their rows
    Inspect(InspectDataArgs),
    /// Writes a file's bars as CSV or Parquet
    Convert(ConvertArgs),
    /// Writes longer bars made of a file's
    Resample(ResampleArgs),
    /// Writes a file's bars as several, one after another in time
    Split(SplitArgs),
}

/// How a file is read; the same as in a sweep file.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DataOptions {
    /// What stands between cells: `,`, `;`, `tab` or `|` [default: what the header tells]
    #[arg(long, value_parser = parse_named::<Delimiter>)]
    delimiter: Option<Delimiter>,
    /// Time zone of times without an offset, and of days, such as `America/New_York` [default: UTC]
    #[arg(long, value_name = "NAME")]
    timezone: Option<String>,
    /// Local times that the clock skips or shows twice: `error`, `shift`, `earlier`, `later`, `shift_earlier` or
    /// `shift_later` [default: error]
    #[arg(long, value_parser = parse_named::<Dst>)]
    dst: Option<Dst>,
    /// `m/d/y`, `d/m/y` or `yyyymmdd` [default: what the file decides]
    #[arg(long, value_name = "FORMAT", value_parser = parse_named::<DateFormat>)]
    date_format: Option<DateFormat>,
    /// Which end of a bar its time is: `open` or `close` [default: open]
    #[arg(long, value_name = "END", value_parser = parse_named::<Stamp>)]
    stamp: Option<Stamp>,
    /// Splits and dividends: a file with `date`, `kind`, `value` and, if wanted, `symbol`
    #[arg(long, value_name = "FILE")]
    actions: Option<PathBuf>,
    /// What prices are adjusted for: `none`, `splits`, `splits_and_dividends` or `adj_close`
    #[arg(long, value_name = "WHAT", value_parser = parse_named::<Adjust>)]
    adjust: Option<Adjust>,
}

impl DataOptions {
    /// A file to be read so.
    pub(crate) fn source(&self, path: &std::path::Path) -> Source {
        Source { options: self.chosen(), ..Source::new(path) }
    }

    /// What was chosen.
    pub(crate) fn chosen(&self) -> SourceOptions {
        SourceOptions {
            delimiter: self.delimiter,
            timezone: self.timezone.clone(),
            dst: self.dst.unwrap_or_default(),
            date_format: self.date_format,
            stamp: self.stamp.unwrap_or_default(),
            actions: self.actions.clone(),
            adjust: self.adjust,
            ..SourceOptions::default()
        }
    }

    /// Files that are read beside the bars.
    pub(crate) fn inputs(&self) -> Option<&PathBuf> {
        self.actions.as_ref()
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct InspectDataArgs {
    /// Files of bars
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Returns beyond so many robust standard deviations are outliers
    #[arg(long, value_name = "COUNT", default_value_t = 10.0, value_parser = parse_sigmas)]
    pub(crate) sigmas: f64,
    #[command(flatten)]
    pub(crate) options: DataOptions,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ConvertArgs {
    /// File of bars
    #[arg(value_name = "IN")]
    pub(crate) from: PathBuf,
    /// Where to write to: `.csv`, `.csv.gz`, `.csv.zst` or `.parquet`
    #[arg(value_name = "OUT")]
    pub(crate) to: PathBuf,
    /// Replace what is there
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) options: DataOptions,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ResampleArgs {
    #[command(flatten)]
    pub(crate) convert: ConvertArgs,
    /// Length of the bars to be made, such as `15m`, `1h`, `1d` or `1w`
    #[arg(long = "to", value_name = "LENGTH", id = "length")]
    pub(crate) length: Span,
    /// When a trading day begins, local time of day, such as `09:30` [default: midnight]
    #[arg(long, value_name = "TIME")]
    pub(crate) session: Option<TimeOfDay>,
    /// What becomes of a last bar that the data end in the middle of: `drop` or `keep` [default: drop]
    #[arg(long, value_parser = parse_named::<Partial>)]
    pub(crate) partial: Option<Partial>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SplitArgs {
    /// File of bars
    #[arg(value_name = "IN")]
    pub(crate) from: PathBuf,
    /// Where later parts begin: days of the time zone or moments, one for each
    #[arg(long, value_name = "DATE", num_args = 1.., conflicts_with_all = ["train", "validation", "holdout"])]
    pub(crate) at: Vec<Cut>,
    /// The first part: a share such as `0.6`, or the day or moment that it ends before
    #[arg(long, value_name = "SHARE|DATE", value_parser = parse_part)]
    pub(crate) train: Option<PartEnd>,
    /// The second: a share, the day or moment that it ends before, or `rest`
    #[arg(long, value_name = "SHARE|DATE", value_parser = parse_part, requires = "train")]
    pub(crate) validation: Option<PartEnd>,
    /// The last: a share, or `rest`
    #[arg(long, value_name = "SHARE|rest", value_parser = parse_part, requires = "train")]
    pub(crate) holdout: Option<PartEnd>,
    /// Where to write the parts to [default: beside the file]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Replace what is there
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) options: DataOptions,
}

/// Where a part of a split ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum PartEnd {
    /// After this share of all times.
    Share(f64),
    /// Before this day or moment.
    Before(Cut),
    /// Where the data do.
    Rest,
}

#[derive(Debug, clap::Args)]
pub(crate) struct AttackArgs {
    /// Only cases whose name contains this
    #[arg(long, value_name = "SUBSTRING")]
    pub(crate) only: Option<String>,
    /// Name the cases and what must come of them, and attack nothing
    #[arg(long)]
    pub(crate) list: bool,
}

impl SessionArgs {
    /// Variants that run at once: as typed, or one for each processor for which the engine has room.
    pub(crate) fn workers(&self, processors: Option<NonZeroUsize>) -> NonZeroUsize {
        self.workers.unwrap_or_else(|| processors.unwrap_or(NonZeroUsize::MIN).min(MAX_WORKERS))
    }
}

/// At the last `=`, unless that is part of the name of a file that is there.
fn parse_source(text: &str) -> Result<Source, String> {
    match text.rsplit_once('=') {
        Some((path, symbol)) if !std::path::Path::new(text).exists() => {
            if path.is_empty() || symbol.is_empty() {
                return Err("write `FILE` or `FILE=SYMBOL`".to_owned());
            }
            Ok(Source { symbol: Some(symbol.to_owned()), ..Source::new(path) })
        }
        _ => Ok(Source::new(text)),
    }
}

fn parse_param(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    pair.ok_or_else(|| "write `name=value`".to_owned())
}

pub(super) fn parse_share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "it must be a share from 0 to 1, such as `0.5`".to_owned())
}

pub(super) fn parse_workers(text: &str) -> Result<NonZeroUsize, String> {
    let count = text.parse().ok().filter(|count: &NonZeroUsize| *count <= MAX_WORKERS);
    count.ok_or_else(|| format!("it must be a whole number from 1 to {MAX_WORKERS}"))
}

/// One of the names that a setting has in a sweep file.
pub(super) fn parse_named<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    use serde::de::value::{Error, StrDeserializer};
    T::deserialize(StrDeserializer::<Error>::new(text)).map_err(|error| error.to_string())
}

fn parse_sigmas(text: &str) -> Result<f64, String> {
    let sigmas = text.parse().ok().filter(|sigmas| (1.0..=1e6).contains(sigmas));
    sigmas.ok_or_else(|| "it must be a number from 1 to 1000000".to_owned())
}

fn parse_part(text: &str) -> Result<PartEnd, String> {
    if text == "rest" {
        return Ok(PartEnd::Rest);
    }
    match text.parse::<f64>() {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(PartEnd::Share(share)),
        Ok(_) => Err("a share must be greater than 0 and less than 1".to_owned()),
        Err(_) => text
            .parse()
            .map(PartEnd::Before)
            .map_err(|error: DateError| format!("{error}; or a share such as `0.6`, or `rest`")),
    }
}
