//! What can be typed about explorations.

use std::path::PathBuf;

use super::args::SessionArgs;

#[derive(Debug, clap::Args)]
pub(crate) struct ExploreArgs {
    /// File of approaches (.toml; docs/exploration.md)
    pub(crate) file: PathBuf,
    /// Also write the comparison and what is recommended as Markdown
    #[arg(long, value_name = "REPORT.md")]
    pub(crate) markdown: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) session: SessionArgs,
}
