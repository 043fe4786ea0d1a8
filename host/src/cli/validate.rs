//! What can be typed about the validation of a queue.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use stratbox_decide::Tier;

use super::args::{OnFailures, parse_workers};
use crate::failure::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct ValidateArgs {
    /// Queue file (.yaml)
    #[arg(value_name = "QUEUE.yaml", required_unless_present = "history")]
    pub(crate) file: Option<PathBuf>,
    /// Strategies that are validated at once [default: one for each, up to `max_workers` of the queue and the processors]
    #[arg(short = 'j', long, value_parser = parse_workers)]
    pub(crate) workers: Option<NonZeroUsize>,
    /// Only strategies that are due at this tier, and only at this one unless `--until` says more
    #[arg(long, value_name = "L0|L1|L2", value_parser = parse_tier)]
    pub(crate) tier: Option<Tier>,
    /// Up to which tier strategies go on that pass [default: `--tier`, or `escalate_to` of the queue]
    #[arg(long, value_name = "L0|L1|L2", value_parser = parse_tier)]
    pub(crate) until: Option<Tier>,
    /// Strategies that something is done with, at most
    #[arg(long, value_name = "COUNT")]
    pub(crate) queue_size: Option<usize>,
    /// Say what would be done, and do nothing: nothing is written anywhere
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Where to write what is going to be done [default: QUEUE.plan.json beside the queue]
    #[arg(long, value_name = "FILE.json")]
    pub(crate) plan: Option<PathBuf>,
    /// Also write the JSON document to a file
    #[arg(long, value_name = "FILE.json")]
    pub(crate) out: Option<PathBuf>,
    /// Write what happens, as it happens, as JSON lines (docs/events.md); with `-` to standard output, and the report to standard
    /// error
    #[arg(long, value_name = "FILE|-")]
    pub(crate) events: Option<PathBuf>,
    /// What to do when too many strategies of a tier fail: `ask` asks, and without a terminal stops there; `continue` goes on with
    /// those that passed
    #[arg(long, value_enum, default_value_t = OnFailures::Ask)]
    pub(crate) on_failures: OnFailures,
    /// Show how the last validations of the workspace went
    #[arg(long)]
    pub(crate) history: bool,
}

impl ValidateArgs {
    /// The queue file.
    pub(crate) fn queue(&self) -> Result<&Path, Failure> {
        self.file.as_deref().ok_or_else(|| Failure::usage("name a queue file, such as `queue.yaml`"))
    }
}

fn parse_tier(text: &str) -> Result<Tier, String> {
    Tier::ALL
        .into_iter()
        .find(|tier| tier.as_str().eq_ignore_ascii_case(text))
        .ok_or_else(|| "write `L0`, `L1` or `L2`".to_owned())
}
