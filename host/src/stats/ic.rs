//! Information coefficients, from a table of signals and the returns that followed.

use serde::Serialize;
use stratbox_metrics::series::{InformationCoefficients, spearman};
use stratbox_metrics::{Figure, Missing};

use super::table::{self, Gaps, Table, Wanted};
use crate::cli::IcArgs;
use crate::failure::Failure;
use crate::render::{self, Report};

/// A coefficient, or many and their spread.
#[derive(Serialize)]
pub(crate) struct IcReport {
    pub(crate) statistic: &'static str,
    pub(crate) file: String,
    pub(crate) convention: &'static str,
    /// Rows that have both a signal and a return.
    pub(crate) rows: u64,
    /// Rows that lack one of them.
    pub(crate) rows_left_out: u64,
    pub(crate) horizon: u32,
    /// Of all rows together; null with its reason in `missing` when there is none, or rows belong to groups.
    pub(crate) ic: Figure,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) missing: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) groups: Option<Spread>,
}

/// Coefficients of groups.
#[derive(Serialize)]
pub(crate) struct Spread {
    #[serde(flatten)]
    pub(crate) spread: InformationCoefficients,
    /// Groups without a coefficient: fewer than three rows, or all the same.
    pub(crate) without: u64,
    pub(crate) convention: &'static str,
}

pub(super) fn ic(args: &IcArgs) -> Result<IcReport, Failure> {
    let table = table::read(&args.file, args.no_header, |header| {
        let signal = header.find(&args.signal)?;
        let beside = args.forward.as_deref().or(args.price.as_deref());
        let beside = beside.map(|name| header.find(name)).transpose()?;
        let group = args.by.as_deref().map(|name| header.find(name)).transpose()?;
        // A bar without a signal is a bar all the same: returns go over it.
        let gaps = if args.price.is_some() { Gaps::AnywhereButInTheFirst } else { Gaps::Anywhere };
        Ok(Wanted { time: None, values: std::iter::once(signal).chain(beside).collect(), group, gaps })
    })?;
    let forward =
        if args.price.is_some() { forward_returns(args, &table)? } else { table.columns[1].clone() };
    // Groups are never along with prices, and without prices no signal is missing.
    let (signals, forward): (Vec<f64>, Vec<f64>) =
        table.columns[0].iter().zip(forward).filter(|(signal, _)| !signal.is_nan()).unzip();
    let (ic, groups) = if args.by.is_some() {
        (Missing::OutOfRange.into(), Some(spread(&table, &forward, args.horizon)))
    } else {
        (spearman(&signals, &forward), None)
    };
    Ok(IcReport {
        statistic: "ic",
        file: table::plain_name(&args.file),
        convention: "Spearman's rank correlation of signals with the returns that followed, ties averaged",
        rows: forward.len() as u64,
        rows_left_out: (table.left_out + table.lines.len() - forward.len()) as u64,
        horizon: args.horizon,
        missing: ic.missing().filter(|_| groups.is_none()).map(Missing::sentence),
        ic,
        groups,
    })
}

/// `price[t + horizon] / price[t] - 1` of the rows with a price that have so many such rows after them.
fn forward_returns(args: &IcArgs, table: &Table) -> Result<Vec<f64>, Failure> {
    let prices = &table.columns[1];
    if let Some(place) = prices.iter().position(|price| *price <= 0.0) {
        let (file, line, name) = (table::name(&args.file), table.lines[place], table::clip(&table.names[1]));
        let problem =
            format!("{file} line {line}, column `{name}`: price `{}` is not above zero", prices[place]);
        return Err(Failure::input(problem).hint("if the column has returns, name it with `--forward`"));
    }
    let later = prices.iter().skip(args.horizon as usize);
    Ok(prices.iter().zip(later).map(|(now, later)| later / now - 1.0).collect())
}

fn spread(table: &Table, forward: &[f64], horizon: u32) -> Spread {
    let count = table.groups.iter().max().map_or(0, |last| last + 1);
    let mut groups = vec![(Vec::new(), Vec::new()); count];
    for ((group, signal), forward) in table.groups.iter().zip(&table.columns[0]).zip(forward) {
        groups[*group].0.push(*signal);
        groups[*group].1.push(*forward);
    }
    let coefficients: Vec<f64> =
        groups.iter().filter_map(|(signals, forward)| spearman(signals, forward).value()).collect();
    let without = (count - coefficients.len()) as u64;
    Spread {
        spread: InformationCoefficients::of(&coefficients, horizon as usize),
        without,
        convention: "ICIR = mean / std (ddof 1), a group; t of the mean: Newey-West, lag horizon - 1, groups in order of key",
    }
}

impl Report for IcReport {
    fn human(&self) -> String {
        render::stats::ic(self)
    }
}
