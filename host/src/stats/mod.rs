//! `stratbox stats`: what can be said of anyone's returns, without a backtest.

mod ic;
mod matrix;
mod series;
mod single;
mod table;
mod times;

pub(crate) use ic::IcReport;
pub(crate) use series::{Kind, SeriesReport};

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;
use stratbox_metrics::Stated;

use crate::Finished;
use crate::cli::{Format, StatisticTyped, StatsArgs};
use crate::render::{self, Report};

/// Does what was asked, and says what came of it.
pub(crate) fn execute(args: &StatsArgs, format: Format, stdout: &mut (dyn Write + Send)) -> Finished {
    match &args.statistic {
        None => render::finish(format, series::series(&args.series), stdout),
        Some(StatisticTyped::Ic(args)) => render::finish(format, ic::ic(args), stdout),
        Some(StatisticTyped::Psr(args)) => render::finish(format, single::psr(args), stdout),
        Some(StatisticTyped::Dsr(args)) => render::finish(format, single::dsr(args), stdout),
        Some(StatisticTyped::Mintrl(args)) => render::finish(format, single::mintrl(args), stdout),
        Some(StatisticTyped::Minbtl(args)) => render::finish(format, Ok(single::minbtl(args)), stdout),
        Some(StatisticTyped::Pbo(args)) => render::finish(format, matrix::pbo(args), stdout),
        Some(StatisticTyped::Spa(args)) => render::finish(format, matrix::spa(args), stdout),
    }
}

/// One statistic.
#[derive(Serialize)]
pub(crate) struct StatisticReport {
    /// Its name on the command line.
    pub(crate) statistic: &'static str,
    /// What it was computed from, conventions included.
    pub(crate) inputs: BTreeMap<&'static str, Input>,
    pub(crate) figures: Stated,
}

/// An input: a number or a word.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Input {
    Number(f64),
    Count(u64),
    Word(String),
}

impl From<f64> for Input {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<u64> for Input {
    fn from(value: u64) -> Self {
        Self::Count(value)
    }
}

impl From<String> for Input {
    fn from(value: String) -> Self {
        Self::Word(value)
    }
}

impl Report for StatisticReport {
    fn human(&self) -> String {
        render::stats::statistic(self)
    }
}
