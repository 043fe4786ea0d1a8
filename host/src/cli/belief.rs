//! What can be typed about belief: judging again, looking at holdouts, counting trials, measuring the pipeline itself.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use stratbox_store::ExperimentId;

#[derive(Debug, clap::Args)]
pub(crate) struct JudgeArgs {
    /// The experiment's number
    pub(crate) experiment: ExperimentId,
    /// Variants whose series are looked at, at most, besides the best: no fewer than at the end of a sweep
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(crate::belief::QUICK_SAMPLE..=10_000))]
    pub(crate) sample: u64,
    /// Resamples of the best one's confidence intervals
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) resamples: u32,
    /// Resamples of the reality check and the test for superior predictive ability
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) tests: u32,
    /// Variants that run at once [default: one for each processor, at most 64]
    #[arg(short = 'j', long, value_parser = super::args::parse_workers)]
    pub(crate) workers: Option<NonZeroUsize>,
}

/// What can be done with bars that are held out.
#[derive(Debug, Subcommand)]
pub(crate) enum HoldoutTyped {
    /// Runs one variant on the bars that its experiment holds out, and writes down who looked, when and why
    Look(LookArgs),
    /// Shows what an experiment holds out, and every look at it
    Show(HoldoutShowArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct LookArgs {
    /// The experiment's number
    pub(crate) experiment: ExperimentId,
    /// The variant's number, as `experiments show` has it [default: the best]
    #[arg(long)]
    pub(crate) variant: Option<u64>,
    /// Who looks
    #[arg(long)]
    pub(crate) who: String,
    /// Why: what will be decided by it
    #[arg(long)]
    pub(crate) why: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct HoldoutShowArgs {
    /// The experiment's number
    pub(crate) experiment: ExperimentId,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TrialsArgs {
    /// The experiment on whose bars trials are counted
    pub(crate) experiment: ExperimentId,
}

/// Bars without an edge, and with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WorldKind {
    /// The real bars in another order
    Permuted,
    /// Blocks of real bars, drawn with replacement, each bar turned upside down by chance
    Bootstrapped,
    /// A random walk as volatile as the real bars
    RandomWalk,
    /// A random walk with an edge, of which most should be accepted
    Planted,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CalibrateArgs {
    /// Sweep file (.toml): its strategies, on worlds made from its bars
    pub(crate) file: PathBuf,
    /// Worlds of each kind
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) worlds: u32,
    /// Kinds of worlds [default: all those without an edge]
    #[arg(long = "kind", value_enum)]
    pub(crate) kinds: Vec<WorldKind>,
    /// Mean length of the blocks of `bootstrapped` worlds, in bars
    #[arg(long, value_name = "BARS", default_value_t = 20.0)]
    pub(crate) mean_block: f64,
    /// How much of a bar's return the next one has in `planted` worlds, between -1 and 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.2, allow_negative_numbers = true)]
    pub(crate) autocorrelation: f64,
    /// What worlds are made from
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Variants that run at once [default: one for each processor, at most 64]
    #[arg(short = 'j', long, value_parser = super::args::parse_workers)]
    pub(crate) workers: Option<NonZeroUsize>,
}
