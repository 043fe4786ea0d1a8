//! What can be typed.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use stratbox_market::Source;

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
    /// Cash at the start [default: 100000]
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) cash: Option<f64>,
    /// Fee in basis points of the traded value [default: 5]
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) fee_bps: Option<f64>,
    /// Slippage in basis points of the price, on market and stop orders [default: 0]
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) slippage_bps: Option<f64>,
    /// Gross exposure allowed, as a multiple of equity [default: 1]
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) leverage: Option<f64>,
    /// No positions below zero
    #[arg(long)]
    pub(crate) no_short: bool,
    /// Orders open at once [default: 1000]
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_open_orders: Option<u32>,
    /// Orders accepted at one time [default: 1000]
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_orders_per_bar: Option<u32>,
    /// Orders accepted in the whole run [default: 1000000]
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_orders: Option<u32>,
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
}

#[derive(Debug, clap::Args)]
pub(crate) struct SweepArgs {
    /// Sweep file (.toml)
    pub(crate) file: PathBuf,
    /// Variants that run at once [default: one for each processor, at most 64]
    #[arg(long, value_parser = parse_workers)]
    pub(crate) workers: Option<NonZeroUsize>,
    /// Rows of the leaderboard
    #[arg(long, default_value_t = 10)]
    pub(crate) top: usize,
    /// Also write the JSON document to a file
    #[arg(long, value_name = "RESULTS.json")]
    pub(crate) out: Option<PathBuf>,
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

impl SweepArgs {
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
            Ok(Source { path: path.into(), symbol: Some(symbol.to_owned()) })
        }
        _ => Ok(Source::new(text)),
    }
}

fn parse_param(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    pair.ok_or_else(|| "write `name=value`".to_owned())
}

fn parse_workers(text: &str) -> Result<NonZeroUsize, String> {
    let count = text.parse().ok().filter(|count: &NonZeroUsize| *count <= MAX_WORKERS);
    count.ok_or_else(|| format!("it must be a whole number from 1 to {MAX_WORKERS}"))
}
