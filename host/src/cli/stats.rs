//! What can be typed after `stratbox stats`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use stratbox_metrics::overfitting::Convention;

/// Figures of anyone's returns, and statistics one by one.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct StatsArgs {
    #[command(subcommand)]
    pub(crate) statistic: Option<StatisticTyped>,
    #[command(flatten)]
    pub(crate) series: SeriesArgs,
}

/// One statistic, with its inputs.
#[derive(Debug, Subcommand)]
pub(crate) enum StatisticTyped {
    /// Probabilistic Sharpe ratio: the probability that the true one is above a target
    Psr(PsrArgs),
    /// Deflated Sharpe ratio: the same against the best that as many worthless trials would show
    Dsr(DsrArgs),
    /// Minimum track record: how many returns tell a Sharpe ratio from a target
    Mintrl(MintrlArgs),
    /// Minimum backtest length: how many years before the best of N worthless trials no longer shows such a Sharpe ratio
    Minbtl(MinbtlArgs),
    /// Probability of backtest overfitting, from returns of all variants (CSCV)
    Pbo(PboArgs),
    /// Reality check and test of superior predictive ability, from returns of all variants (stationary bootstrap)
    Spa(SpaArgs),
    /// Information coefficient: rank correlation of a signal with the return that followed
    Ic(IcArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct SeriesArgs {
    /// Comma-separated values with a column of returns or of equity, in the order of time; `-` for standard input
    #[arg(required = true, value_name = "FILE.csv|-")]
    pub(crate) file: Option<PathBuf>,
    /// The column of simple returns, by name or by number from 1. An empty or NaN return at the start is left out, anywhere
    /// else it is an error [default: the only column, when its name says so, or a value of zero or below]
    #[arg(long, value_name = "COLUMN", conflicts_with = "equity")]
    pub(crate) returns: Option<String>,
    /// The column of equity, of which the first value is where the first return begins
    #[arg(long, value_name = "COLUMN")]
    pub(crate) equity: Option<String>,
    /// The column of times [default: the one that is named so]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) time: Option<String>,
    /// Returns are in percent: 1.5 is 0.015. It concerns the file, not the options below
    #[arg(long)]
    pub(crate) percent: bool,
    /// The first row has values and no names
    #[arg(long)]
    pub(crate) no_header: bool,
    /// Periods a year, such as 252, 365, 52 or 12 [default: from the times]
    #[arg(long, value_name = "P", value_parser = parse_positive)]
    pub(crate) periods: Option<f64>,
    /// A benchmark in the same periods and of the same kind: another column, or another file with the same rows
    #[arg(long, value_name = "COLUMN|FILE.csv")]
    pub(crate) benchmark: Option<String>,
    /// Risk-free rate a period, as a fraction
    #[arg(long, value_name = "RATE", default_value_t = 0.0, allow_negative_numbers = true, value_parser = parse_finite)]
    pub(crate) risk_free: f64,
    /// Minimum acceptable return a period, as a fraction
    #[arg(long, value_name = "RATE", default_value_t = 0.0, allow_negative_numbers = true, value_parser = parse_finite)]
    pub(crate) mar: f64,
    /// Trials on the way to this series, this one included
    #[arg(long, value_name = "N", value_parser = parse_trials)]
    pub(crate) trials: Option<f64>,
    /// Variance of the trials' Sharpe ratios, per period [default: 1 / T, which worthless trials have]
    #[arg(long, value_name = "V", requires = "trials", value_parser = parse_not_negative)]
    pub(crate) trials_variance: Option<f64>,
    /// File with the trials' Sharpe ratios, per period, in its only column: their number and their variance
    #[arg(long, value_name = "FILE.csv", conflicts_with_all = ["trials", "trials_variance"])]
    pub(crate) trials_file: Option<PathBuf>,
    /// Confidence of intervals and of the minimum track record
    #[arg(long, value_name = "SHARE", default_value_t = 0.95, value_parser = parse_inside)]
    pub(crate) confidence: f64,
    /// Resamples of the stationary bootstrap for the intervals; 0 for none
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    pub(crate) resamples: usize,
    /// Mean length of its blocks [default: as the returns ask for, by Politis and White]
    #[arg(long, value_name = "PERIODS", value_parser = parse_block)]
    pub(crate) block_length: Option<f64>,
    /// What its draws begin with
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Also rolling figures over so many returns
    #[arg(long, value_name = "RETURNS", value_parser = clap::value_parser!(u32).range(3..))]
    pub(crate) rolling: Option<u32>,
    /// Drawdowns that are listed, the deepest first
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub(crate) drawdowns: usize,
}

/// A Sharpe ratio, and what is known of the returns behind it.
#[derive(Debug, clap::Args)]
pub(crate) struct EvidenceArgs {
    /// The Sharpe ratio: per period, or a year with `--annual`
    #[arg(long, value_name = "SR", allow_negative_numbers = true, value_parser = parse_finite)]
    pub(crate) sharpe: f64,
    /// Every Sharpe ratio that is given is a year's, of so many periods; variances of them too
    #[arg(long, value_name = "P", value_parser = parse_positive)]
    pub(crate) annual: Option<f64>,
    /// Skewness of the returns
    #[arg(long, value_name = "G3", default_value_t = 0.0, allow_negative_numbers = true, value_parser = parse_finite)]
    pub(crate) skewness: f64,
    #[command(flatten)]
    pub(crate) tails: TailArgs,
    /// Whose formula: 2012 (Bailey and López de Prado; variance at the observed ratio) or 2025 (López de Prado, Lipton and
    /// Zoonekynd; variance under the null)
    #[arg(long, value_enum, default_value_t = ConventionTyped::Y2012)]
    pub(crate) convention: ConventionTyped,
}

/// Kurtosis, which two conventions count differently.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub(crate) struct TailArgs {
    /// Raw kurtosis of the returns: 3 for a normal distribution [default: 3]
    #[arg(long, value_name = "G4", allow_negative_numbers = true, value_parser = parse_finite)]
    pub(crate) kurtosis: Option<f64>,
    /// Excess kurtosis instead: 0 for a normal distribution
    #[arg(long, value_name = "G4-3", allow_negative_numbers = true, value_parser = parse_finite)]
    pub(crate) excess_kurtosis: Option<f64>,
}

/// Conventions by their years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConventionTyped {
    /// Bailey and López de Prado
    #[value(name = "2012")]
    Y2012,
    /// López de Prado, Lipton and Zoonekynd
    #[value(name = "2025")]
    Y2025,
}

impl From<ConventionTyped> for Convention {
    fn from(typed: ConventionTyped) -> Self {
        match typed {
            ConventionTyped::Y2012 => Self::Observed,
            ConventionTyped::Y2025 => Self::Null,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct PsrArgs {
    #[command(flatten)]
    pub(crate) evidence: EvidenceArgs,
    /// Returns that were observed
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) observations: u64,
    /// The Sharpe ratio to be above
    #[arg(long, value_name = "SR", default_value_t = 0.0, allow_negative_numbers = true, value_parser = parse_finite)]
    pub(crate) target: f64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DsrArgs {
    #[command(flatten)]
    pub(crate) evidence: EvidenceArgs,
    /// Returns that were observed
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) observations: u64,
    /// Trials, the chosen one included; an effective number may be a fraction
    #[arg(long, value_name = "N", value_parser = parse_trials)]
    pub(crate) trials: f64,
    /// Variance of the trials' Sharpe ratios
    #[arg(long, value_name = "V", value_parser = parse_not_negative)]
    pub(crate) variance: f64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MintrlArgs {
    #[command(flatten)]
    pub(crate) evidence: EvidenceArgs,
    /// The Sharpe ratio to be above
    #[arg(long, value_name = "SR", default_value_t = 0.0, allow_negative_numbers = true, value_parser = parse_finite)]
    pub(crate) target: f64,
    /// Probability that is to be reached
    #[arg(long, value_name = "SHARE", default_value_t = 0.95, value_parser = parse_inside)]
    pub(crate) confidence: f64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MinbtlArgs {
    /// The Sharpe ratio, a year
    #[arg(long, value_name = "SR", allow_negative_numbers = true, value_parser = parse_finite)]
    pub(crate) sharpe: f64,
    /// Trials; an effective number may be a fraction
    #[arg(long, value_name = "N", value_parser = parse_trials)]
    pub(crate) trials: f64,
}

/// Returns of many variants.
#[derive(Debug, clap::Args)]
pub(crate) struct MatrixArgs {
    /// Comma-separated values: a row a period, a column of returns a variant, all of them; `-` for standard input
    #[arg(value_name = "FILE.csv|-")]
    pub(crate) file: PathBuf,
    /// The column of times, which is no variant [default: the one that is named so, or the first if it has no name]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) time: Option<String>,
    /// The first row has values and no names
    #[arg(long)]
    pub(crate) no_header: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PboArgs {
    #[command(flatten)]
    pub(crate) matrix: MatrixArgs,
    /// Blocks that rows are cut into, S: an even number from 2 to 24. There are C(S, S/2) splits
    #[arg(long, value_name = "S", default_value_t = 16, value_parser = parse_blocks)]
    pub(crate) blocks: usize,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SpaArgs {
    #[command(flatten)]
    pub(crate) matrix: MatrixArgs,
    /// The column that variants are to beat, which is no variant itself [default: returns of zero]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) benchmark: Option<String>,
    /// Resamples
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = parse_resamples)]
    pub(crate) resamples: usize,
    /// Mean length of the bootstrap's blocks [default: the whole part of the root of the rows, as in `arch`]
    #[arg(long, value_name = "PERIODS", value_parser = parse_block)]
    pub(crate) block_length: Option<f64>,
    /// What the draws begin with
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct IcArgs {
    /// Comma-separated values; `-` for standard input
    #[arg(value_name = "FILE.csv|-")]
    pub(crate) file: PathBuf,
    /// The column of signals
    #[arg(long, value_name = "COLUMN")]
    pub(crate) signal: String,
    /// The column of returns that followed
    #[arg(long, value_name = "COLUMN", conflicts_with = "price", required_unless_present = "price")]
    pub(crate) forward: Option<String>,
    /// The column of prices instead, of one instrument in the order of time, from which those returns are made: over all rows
    /// with a price, also those without a signal
    #[arg(long, value_name = "COLUMN")]
    pub(crate) price: Option<String>,
    /// Periods over which the returns are: returns of neighbouring rows overlap in all but one of them
    #[arg(long, value_name = "PERIODS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) horizon: u32,
    /// The column that says which rows belong together, such as a date with many instruments: a coefficient for each, and their
    /// spread. Groups are in the order of their numbers or dates, or of their texts if not all are such
    #[arg(long, value_name = "COLUMN", conflicts_with = "price")]
    pub(crate) by: Option<String>,
    /// The first row has values and no names
    #[arg(long)]
    pub(crate) no_header: bool,
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

fn parse_finite(text: &str) -> Result<f64, String> {
    number(text).ok_or_else(|| "it must be a number".to_owned())
}

fn parse_positive(text: &str) -> Result<f64, String> {
    number(text).filter(|value| *value > 0.0).ok_or_else(|| "it must be a number above 0".to_owned())
}

fn parse_not_negative(text: &str) -> Result<f64, String> {
    number(text).filter(|value| *value >= 0.0).ok_or_else(|| "it must be a number, 0 or above".to_owned())
}

fn parse_trials(text: &str) -> Result<f64, String> {
    number(text).filter(|value| *value >= 1.0).ok_or_else(|| "it must be a number, 1 or above".to_owned())
}

fn parse_inside(text: &str) -> Result<f64, String> {
    let share = number(text).filter(|share| *share > 0.0 && *share < 1.0);
    share.ok_or_else(|| "it must be between 0 and 1, such as `0.95`".to_owned())
}

fn parse_block(text: &str) -> Result<f64, String> {
    let length = number(text).filter(|length| *length >= 1.0);
    length.ok_or_else(|| "it must be a number, 1 or above".to_owned())
}

fn parse_blocks(text: &str) -> Result<usize, String> {
    const MOST: usize = stratbox_metrics::overfitting::MAX_BLOCKS;
    let blocks = text.parse().ok().filter(|blocks| (2..=MOST).contains(blocks) && blocks % 2 == 0);
    blocks.ok_or_else(|| format!("it must be an even number from 2 to {MOST}"))
}

fn parse_resamples(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "it must be a whole number above 0".to_owned())
}
