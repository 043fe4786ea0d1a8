//! A file of bars to another.

use serde::Serialize;
use stratbox_domain::{BarSource, Digest};
use stratbox_market::{LeftOut, Source, Span};

use super::{Opened, Target};
use crate::cli::{ConvertArgs, ResampleArgs};
use crate::failure::{Failure, shown};
use crate::render::text::{inline, time};
use crate::render::{self, Report};

/// What was written.
#[derive(Serialize)]
pub(crate) struct ConvertReport {
    pub(crate) file: String,
    /// Symbols, in the order of indices.
    pub(crate) instruments: Vec<String>,
    pub(crate) rows: u64,
    /// Times of the first and the last row.
    pub(crate) from: String,
    pub(crate) to: String,
    /// Of the bars.
    pub(crate) digest: Digest,
    /// Their length, if they were made of shorter ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resampled: Option<Span>,
    /// Last bars that were not made, because the data end in the middle of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) left_out: Vec<Unmade>,
}

/// A bar that was not made.
#[derive(Serialize)]
pub(crate) struct Unmade {
    pub(crate) symbol: String,
    /// When it would have opened.
    pub(crate) time: String,
    /// How many bars it would have been made of.
    pub(crate) bars: u64,
}

impl From<&LeftOut> for Unmade {
    fn from(bar: &LeftOut) -> Self {
        Self { symbol: inline(&bar.symbol), time: time(bar.time), bars: bar.bars }
    }
}

pub(super) fn convert(args: &ConvertArgs) -> Result<ConvertReport, Failure> {
    write(args, &args.options.source(&args.from))
}

pub(super) fn resample(args: &ResampleArgs) -> Result<ConvertReport, Failure> {
    let mut source = args.convert.options.source(&args.convert.from);
    source.options.resample = Some(args.length);
    source.options.session = args.session;
    source.options.partial = args.partial.unwrap_or_default();
    write(&args.convert, &source)
}

fn write(args: &ConvertArgs, source: &Source) -> Result<ConvertReport, Failure> {
    let inputs: Vec<_> =
        std::iter::once(&args.from).chain(args.options.inputs()).map(|it| it.as_path()).collect();
    let target = Target::new(&args.to, args.force, &inputs)?;
    let opened = Opened::open(source, &args.to)?;
    let (first, last) = opened.view.span().unwrap_or_default();
    Ok(ConvertReport {
        file: shown(&args.to),
        instruments: opened.symbols().iter().map(|symbol| inline(symbol)).collect(),
        rows: target.write(&opened.view)?,
        from: time(first),
        to: time(last),
        digest: opened.view.digest(),
        resampled: source.options.resample,
        left_out: opened.view.left_out().iter().map(Unmade::from).collect(),
    })
}

impl Report for ConvertReport {
    fn human(&self) -> String {
        render::data::converted(self)
    }
}
