//! The full report of one series of returns.

use std::path::Path;

use serde::Serialize;
use stratbox_metrics::overfitting::Resampling;
use stratbox_metrics::series::equity_returns;
use stratbox_metrics::{Detail, DetailReport, Missing, periods_per_year};

use super::table::{self, Header, Table, Wanted};
use crate::cli::SeriesArgs;
use crate::failure::Failure;
use crate::render::text::time;
use crate::render::{self, Report};

/// The most additions of resamples or windows, some minutes of them.
const MAX_WORK: f64 = 2e10;

/// What a column has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Returns,
    Equity,
}

/// Figures of one series, and the conventions under which they came about.
#[derive(Serialize)]
pub(crate) struct SeriesReport {
    pub(crate) file: String,
    pub(crate) column: String,
    pub(crate) kind: Kind,
    /// Column or file.
    pub(crate) benchmark: Option<String>,
    /// First and last time, when they are known.
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    /// Rows at the start without a value.
    pub(crate) rows_left_out: u64,
    /// Where `periods_per_year` comes from.
    pub(crate) periods_from: &'static str,
    /// Per period, as a fraction.
    pub(crate) risk_free: f64,
    pub(crate) minimum_acceptable_return: f64,
    pub(crate) confidence: f64,
    /// What a reader should know before the figures are believed.
    pub(crate) notes: Vec<String>,
    #[serde(flatten)]
    pub(crate) report: DetailReport,
}

pub(super) fn series(args: &SeriesArgs) -> Result<SeriesReport, Failure> {
    // clap requires a file where there is no statistic.
    let path = args.file.as_deref().ok_or_else(|| Failure::usage("name a file"))?;
    let mut kind = None;
    let mut beside = None;
    let table = table::read(path, args.no_header, |header| {
        let choice = Choice::of(args, header)?;
        (kind, beside) = (choice.kind, choice.benchmark);
        Ok(Wanted {
            time: choice.time,
            values: std::iter::once(choice.column).chain(beside).collect(),
            ..Wanted::default()
        })
    })?;
    let kind = settle(kind, &table)?;
    let returns = to_returns(path, &table, 0, kind, args.percent)?;
    let benchmark = match (&args.benchmark, beside) {
        (None, _) => None,
        (Some(_), Some(_)) => Some(to_returns(path, &table, 1, kind, args.percent)?),
        (Some(file), None) => Some(from_file(args, file, &table, kind)?),
    };
    let (start, times) = match (&table.times, kind) {
        (Some(times), Kind::Equity) => (times.first().copied(), times.get(1..)),
        (Some(times), Kind::Returns) => (None, Some(&times[..])),
        (None, _) => (None, None),
    };
    let (periods, periods_from) = match (args.periods, &table.times) {
        (Some(periods), _) => (Some(periods), "given"),
        (None, Some(times)) => (periods_per_year(times.iter().copied()), "inferred from the times"),
        (None, None) => (None, "unknown"),
    };
    let work = returns.len() as f64 * args.resamples.max(args.rolling.unwrap_or(0) as usize) as f64;
    if work > MAX_WORK {
        let problem =
            format!("{} returns are too many for so many resamples, or so long a window", returns.len());
        return Err(Failure::usage(problem)
            .hint("use fewer `--resamples` (0 for no intervals), or a shorter `--rolling`"));
    }
    let resampling = (args.resamples > 0).then_some(Resampling {
        resamples: args.resamples,
        block_length: args.block_length,
        seed: args.seed,
    });
    if args.block_length.is_some_and(|length| length > (returns.len() as f64 / 2.0).max(1.0)) {
        let half = returns.len() / 2;
        return Err(Failure::usage(format!(
            "`--block-length` must be from 1 to half of the returns, {half}"
        )));
    }
    let detail = Detail {
        times,
        start,
        benchmark: benchmark.as_deref(),
        risk_free: args.risk_free,
        minimum: args.mar,
        confidence: args.confidence,
        resampling,
        trials: trials(args)?,
        window: args.rolling.map(|window| window as usize),
        drawdowns: args.drawdowns,
        ..Detail::new(&returns, periods)
    };
    let shown = |at: Option<&i64>| at.copied().map(time);
    Ok(SeriesReport {
        file: table::plain_name(path),
        column: table.names[0].clone(),
        kind,
        benchmark: args.benchmark.clone(),
        from: shown(table.times.as_ref().and_then(|times| times.first())),
        to: shown(table.times.as_ref().and_then(|times| times.last())),
        rows_left_out: table.left_out as u64,
        periods_from,
        risk_free: args.risk_free,
        minimum_acceptable_return: args.mar,
        confidence: args.confidence,
        notes: notes(args, &returns, periods),
        report: detail.report(),
    })
}

/// Which columns are which.
struct Choice {
    /// None when neither an option nor a name says it.
    kind: Option<Kind>,
    column: usize,
    time: Option<usize>,
    benchmark: Option<usize>,
}

impl Choice {
    fn of(args: &SeriesArgs, header: &Header) -> Result<Self, Failure> {
        let time = args.time.as_deref().map(|name| header.find(name)).transpose()?.or_else(|| header.time());
        // Another file is named by a path that is there.
        let benchmark = match &args.benchmark {
            None => None,
            Some(name) => match header.find(name) {
                Ok(place) => Some(place),
                Err(_) if Path::new(name).is_file() => None,
                Err(failure) => {
                    return Err(failure.hint("`--benchmark` is a column of the file, or another file"));
                }
            },
        };
        let (kind, column) = match (&args.returns, &args.equity) {
            (Some(name), _) => (Some(Kind::Returns), header.find(name)?),
            (None, Some(name)) => (Some(Kind::Equity), header.find(name)?),
            (None, None) => guess(header, |place| Some(place) != time && Some(place) != benchmark)?,
        };
        Ok(Self { kind, column, time, benchmark })
    }
}

/// The only column, and what its name says of it.
fn guess(header: &Header, is_candidate: impl Fn(usize) -> bool) -> Result<(Option<Kind>, usize), Failure> {
    let candidates: Vec<usize> = (0..header.names.len()).filter(|place| is_candidate(*place)).collect();
    let [only] = candidates[..] else {
        let problem = format!("there are {} columns that could be the series", candidates.len());
        return Err(Failure::usage(problem).hint("name one with `--returns COLUMN` or `--equity COLUMN`"));
    };
    let name = header.names[only].to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let kind = match () {
        () if name == "r" || has(&["ret", "pct"]) => Some(Kind::Returns),
        () if has(&["equity", "nav", "balance", "account", "portfolio", "price", "close"]) => {
            Some(Kind::Equity)
        }
        () => None,
    };
    Ok((kind, only))
}

/// What the first column has, where neither an option nor its name says it: what is ever zero or below is no equity.
fn settle(kind: Option<Kind>, table: &Table) -> Result<Kind, Failure> {
    let is_returns = || table.columns[0].iter().any(|value| *value <= 0.0);
    kind.or_else(|| is_returns().then_some(Kind::Returns)).ok_or_else(|| {
        let name = table::clip(&table.names[0]);
        Failure::usage(format!("nothing says whether the column `{name}` has returns or equity"))
            .hint("say `--returns` or `--equity` with its name, or its number, counted from 1")
    })
}

/// A column's returns.
fn to_returns(
    path: &Path,
    table: &Table,
    column: usize,
    kind: Kind,
    percent: bool,
) -> Result<Vec<f64>, Failure> {
    let values = &table.columns[column];
    if kind == Kind::Returns {
        return Ok(if percent { values.iter().map(|value| value / 100.0).collect() } else { values.clone() });
    }
    let (file, name) = (table::name(path), table::clip(&table.names[column]));
    if let Some(place) = values.iter().position(|value| *value <= 0.0) {
        let problem = format!(
            "{file} line {}, column `{name}`: equity is `{}`, and returns on zero or less mean nothing",
            table.lines[place], values[place]
        );
        return Err(
            Failure::input(problem).hint("end the file before, or name a column of returns with `--returns`")
        );
    }
    if values.len() < 2 {
        return Err(Failure::input(format!("{file}, column `{name}`: one value of equity makes no return")));
    }
    equity_returns(values[0], &values[1..])
        .map_err(|missing| Failure::input(format!("{file}, column `{name}`: {missing}")))
}

/// The benchmark's returns from a file of its own, whose rows are those of the series.
fn from_file(args: &SeriesArgs, file: &str, table: &Table, kind: Kind) -> Result<Vec<f64>, Failure> {
    let path = Path::new(file);
    let mut own = kind;
    let beside = table::read(path, args.no_header, |header| {
        let time = header.time();
        // By the same name as the series, or else as the only one.
        let column = match header.find(&table.names[0]) {
            Ok(place) if Some(place) != time => place,
            _ => {
                let (found, place) = guess(header, |place| Some(place) != time)?;
                own = found.unwrap_or(kind);
                place
            }
        };
        Ok(Wanted { time, values: vec![column], ..Wanted::default() })
    })?;
    let names = (table::name(path), table.lines.len());
    if own != kind {
        let problem = format!("{} has equity where the series has returns, or the other way round", names.0);
        return Err(Failure::input(problem).hint("the benchmark must be of the same kind"));
    }
    if beside.lines.len() != table.lines.len() {
        let problem = format!("{} has {} rows where the series has {}", names.0, beside.lines.len(), names.1);
        return Err(Failure::input(problem).hint("the benchmark needs a row for each row of the series"));
    }
    if let (Some(ours), Some(theirs)) = (&table.times, &beside.times)
        && let Some(place) = ours.iter().zip(theirs).position(|(ours, theirs)| ours != theirs)
    {
        let problem = format!(
            "{} line {}: the time is {} where the series has {}",
            names.0,
            beside.lines[place],
            time(theirs[place]),
            time(ours[place])
        );
        return Err(Failure::input(problem).hint("the benchmark needs a row for each row of the series"));
    }
    to_returns(path, &beside, 0, kind, args.percent)
}

/// Number and variance of trials, as typed or from a file.
fn trials(args: &SeriesArgs) -> Result<Option<(f64, Option<f64>)>, Failure> {
    let Some(path) = args.trials_file.as_deref() else {
        return Ok(args.trials.map(|trials| (trials, args.trials_variance)));
    };
    let table = table::read(path, args.no_header, |header| {
        if header.names.len() > 1 {
            let problem = format!("{} has {} columns", table::name(path), header.names.len());
            return Err(Failure::input(problem).hint("it needs one: the trials' Sharpe ratios, per period"));
        }
        Ok(Wanted { values: vec![0], ..Wanted::default() })
    })?;
    let ratios = &table.columns[0];
    if ratios.len() < 2 {
        let problem = format!("{} has one trial, which has no variance", table::name(path));
        return Err(Failure::input(problem).hint("add the others, or use `--trials 1`"));
    }
    let count = ratios.len() as f64;
    let mean = ratios.iter().sum::<f64>() / count;
    let variance = ratios.iter().map(|ratio| (ratio - mean) * (ratio - mean)).sum::<f64>() / (count - 1.0);
    if !variance.is_finite() {
        return Err(Failure::input(format!("{}: {}", table::name(path), Missing::NotRepresentable)));
    }
    Ok(Some((count, Some(variance))))
}

fn notes(args: &SeriesArgs, returns: &[f64], periods: Option<f64>) -> Vec<String> {
    let mut notes = Vec::new();
    if periods.is_none() {
        notes.push(
            "the number of periods a year is not known, so nothing is annualised: say `--periods`".to_owned(),
        );
    }
    let large = returns.iter().filter(|value| value.abs() >= 1.0).count();
    if large > 0 && !args.percent {
        notes.push(format!(
            "{large} of the returns are 100 % or more in size: if they are in percent, say `--percent`"
        ));
    }
    notes
}

impl Report for SeriesReport {
    fn human(&self) -> String {
        render::stats::series(self)
    }
}
