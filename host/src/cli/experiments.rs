//! What can be typed about experiments that are kept.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use stratbox_decide::comparison::{Criterion, Scale, Style};
use stratbox_metrics::{Direction, MetricName, UnknownMetric};
use stratbox_store::ExperimentId;

use super::args::{parse_named, parse_share};
use crate::render::comparison::Shown;

/// What can be done with experiments.
#[derive(Debug, Subcommand)]
pub(crate) enum ExperimentsTyped {
    /// All of them, the latest first
    List,
    /// One: what was asked, how far it is, what came of it
    Show(ShowArgs),
    /// Several, side by side
    Compare(CompareArgs),
    /// The results of one as a file for other programs
    Export(ExportArgs),
    /// Removes experiments, with everything that only they have
    Delete(DeleteArgs),
    /// How its sessions went: workers, time, bottleneck, alerts
    Metrics(MetricsArgs),
    /// What happened, as JSON lines (docs/events.md)
    Events(EventsArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// The experiment's number
    pub(crate) experiment: ExperimentId,
    /// Rows of the leaderboard
    #[arg(long, default_value_t = 10)]
    pub(crate) top: u32,
    /// Also list every attempt that failed, and why
    #[arg(long)]
    pub(crate) attempts: bool,
    /// Also show how metrics are spread where that takes seconds: over more than a hundred thousand variants
    #[arg(long)]
    pub(crate) spread: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CompareArgs {
    /// The experiments' numbers
    #[arg(required = true, num_args = 2..=50)]
    pub(crate) experiments: Vec<ExperimentId>,
    /// Also compare their best variants by a metric, how much it counts [1], and which way it is better [its own]; once for
    /// each
    #[arg(long = "criterion", value_name = "METRIC[=WEIGHT][:higher|lower]", value_parser = parse_criterion)]
    pub(crate) criteria: Vec<Criterion>,
    /// How the recommendation is worded: `decisive`, `options` or `conditional` [default: decisive]
    #[arg(long, requires = "criteria", value_parser = parse_named::<Style>)]
    pub(crate) style: Option<Style>,
    /// What is shown of the comparison: `matrix`, `narrative` or `both` [default: both]
    #[arg(long, value_name = "FORMAT", requires = "criteria", value_parser = parse_named::<Shown>)]
    pub(crate) comparison_format: Option<Shown>,
    /// How far below the best total a close alternative may be [default: 0.1]
    #[arg(long, value_name = "SHARE", requires = "criteria", value_parser = parse_share)]
    pub(crate) threshold: Option<f64>,
    /// Also write the comparison as Markdown
    #[arg(long, value_name = "FILE.md", requires = "criteria")]
    pub(crate) markdown: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    /// The experiment's number
    pub(crate) experiment: ExperimentId,
    /// Where to write to; its ending says how, unless `--as` does [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// How to write [default: as the file's ending says, or JSON lines]
    #[arg(long = "as", value_enum, value_name = "KIND")]
    pub(crate) kind: Option<ExportKind>,
}

/// Kinds of export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportKind {
    /// A JSON object a line
    Jsonl,
    /// Comma-separated values
    Csv,
    /// Apache Parquet
    Parquet,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DeleteArgs {
    /// The experiments' numbers
    #[arg(required = true)]
    pub(crate) experiments: Vec<ExperimentId>,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MetricsArgs {
    /// The experiment's number [default: every experiment of the sweep file that ran last]
    pub(crate) experiment: Option<ExperimentId>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct EventsArgs {
    /// The experiment's number
    pub(crate) experiment: ExperimentId,
    /// Go on until the experiment stops
    #[arg(long)]
    pub(crate) follow: bool,
    /// Write the log anew from the store first
    #[arg(long)]
    pub(crate) rebuild: bool,
}

/// `sharpe`, `sharpe=2`, `exposure:higher` or `exposure=0.5:higher`.
fn parse_criterion(text: &str) -> Result<Criterion, String> {
    let (text, way) = text.rsplit_once(':').map_or((text, None), |(text, way)| (text, Some(way)));
    let (name, weight) = text.split_once('=').map_or((text, None), |(name, weight)| (name, Some(weight)));
    let metric: MetricName = name.parse().map_err(|unknown: UnknownMetric| unknown.to_string())?;
    let direction = match way {
        None => metric.direction(),
        Some("higher" | "max") => Direction::HigherIsBetter,
        Some("lower" | "min") => Direction::LowerIsBetter,
        Some(other) => return Err(format!("`{other}` is no direction: write `higher` or `lower`")),
    };
    let parse = |weight: &str| weight.parse().map_err(|_| format!("`{weight}` is no weight: write a number"));
    let weight = weight.map_or(Ok(1.0), parse)?;
    let criterion = Criterion { name: metric.to_string(), weight, direction, scale: Scale::Relative };
    criterion.check().map_err(|problem| format!("it {problem}"))?;
    Ok(criterion)
}
