//! A file of bars to several, one after another in time: none overlaps another, and together they are all rows but
//! those that lie across a cut.

use std::path::{Path, PathBuf};

use serde::Serialize;
use stratbox_domain::{BarSource, Digest};
use stratbox_market::{Cut, DatasetView};

use super::{Opened, Target};
use crate::cli::{PartEnd, SplitArgs};
use crate::failure::{Failure, shown};
use crate::file::folder;
use crate::render::text::time;
use crate::render::{self, Report};

/// What was written.
#[derive(Serialize)]
pub(crate) struct SplitReport {
    /// In the order of time.
    pub(crate) parts: Vec<Part>,
    /// Of all parts.
    pub(crate) rows: u64,
    /// Bars that open before a cut and close after it: no part has them.
    pub(crate) left_out: Vec<Straddling>,
    /// Of the bars before they were split.
    pub(crate) digest: Digest,
}

/// What lies across a cut.
#[derive(Serialize)]
pub(crate) struct Straddling {
    /// When it opens.
    pub(crate) time: String,
    /// How many bars: one of each instrument.
    pub(crate) bars: u64,
}

/// One part.
#[derive(Serialize)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) rows: u64,
    /// Times of the first and the last row.
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) digest: Digest,
}

/// What a file's name may end in that parts keep.
const ENDINGS: [&str; 6] = [".csv.gz", ".csv.zst", ".csv.zstd", ".csv", ".parquet", ".pq"];

pub(super) fn split(args: &SplitArgs) -> Result<SplitReport, Failure> {
    let zone = args.options.chosen().timezone;
    let moment = |cut: &Cut| cut.moment(zone.as_deref()).map_err(Failure::usage);
    let at = args.at.iter().map(moment).collect::<Result<Vec<_>, _>>()?;
    let named = named(args, &at, moment)?;
    let names: Vec<String> = match &named {
        Some(named) => named.iter().map(|(name, _)| (*name).to_owned()).collect(),
        None => (1..=at.len() + 1).map(|number| format!("part{number}")).collect(),
    };
    let inputs: Vec<_> =
        std::iter::once(&args.from).chain(args.options.inputs()).map(|it| it.as_path()).collect();
    let path = |name: &String| part_path(&args.from, args.out.as_deref(), name);
    let targets = names.iter().map(|name| Target::new(&path(name), args.force, &inputs));
    let targets = targets.collect::<Result<Vec<_>, _>>()?;
    let opened = Opened::open(&args.options.source(&args.from), &targets[0].path)?;
    let all = &opened.view;
    let cuts = match &named {
        Some(named) => cuts(all, named, moment)?,
        None => at,
    };
    let bounds = |index: usize| (index.checked_sub(1).map(|before| cuts[before]), cuts.get(index).copied());
    let views: Vec<DatasetView> = (0..targets.len()).map(|index| all.part(bounds(index))).collect();
    if let Some(empty) = views.iter().position(|view| view.rows() == 0) {
        let (first, last) = all.span().unwrap_or_default();
        let problem = format!(
            "nothing would be in `{}`: the data covers {} to {}",
            names[empty],
            time(first),
            time(last)
        );
        return Err(Failure::input(problem));
    }
    let mut parts = Vec::new();
    for ((name, target), view) in names.into_iter().zip(&targets).zip(&views) {
        let rows = target.write(view)?;
        let (first, last) = view.span().unwrap_or_default();
        let (file, digest) = (shown(&target.path), view.digest());
        parts.push(Part { name, file, rows, from: time(first), to: time(last), digest });
    }
    let left_out = views.windows(2).filter_map(|pair| straddling(all, &pair[0], &pair[1])).collect();
    let rows = parts.iter().map(|part| part.rows).sum();
    Ok(SplitReport { rows, left_out, parts, digest: all.digest() })
}

/// What is between two parts: all of one time.
fn straddling(all: &DatasetView, before: &DatasetView, after: &DatasetView) -> Option<Straddling> {
    let ((_, last), (first, _)) = before.span().zip(after.span())?;
    let mut between = all.times().filter(|time| (last + 1..first).contains(time));
    let opens = between.next()?;
    Some(Straddling { time: time(opens), bars: 1 + between.count() as u64 })
}

/// Train, validation and holdout, as far as they are asked for; `None` where dates are given instead.
fn named(
    args: &SplitArgs,
    at: &[i64],
    moment: impl Fn(&Cut) -> Result<i64, Failure>,
) -> Result<Option<Vec<(&'static str, PartEnd)>>, Failure> {
    let given = [("train", args.train), ("validation", args.validation), ("holdout", args.holdout)];
    let parts: Vec<_> = given.into_iter().filter_map(|(name, end)| Some((name, end?))).collect();
    let refuse = |problem: &str| Err(Failure::usage(problem));
    if parts.is_empty() {
        if at.is_empty() {
            return refuse(
                "nothing says where to split: give `--at DATE`, or `--train`, `--validation` and `--holdout`",
            );
        }
        if at.windows(2).any(|pair| pair[0] >= pair[1]) {
            return refuse("`--at` names times that do not rise: sort them, each once");
        }
        return Ok(None);
    }
    let Some(((_, last), before)) = parts.split_last() else { return Ok(None) };
    if before.is_empty() {
        return refuse("`--train` alone is all there is: add `--holdout`, or `--validation`, too");
    }
    let shares: Vec<f64> = parts
        .iter()
        .filter_map(|(_, end)| if let PartEnd::Share(share) = end { Some(*share) } else { None })
        .collect();
    let dates: Vec<i64> = before
        .iter()
        .filter_map(|(_, end)| if let PartEnd::Before(date) = end { Some(moment(date)) } else { None })
        .collect::<Result<_, _>>()?;
    let rest = *last == PartEnd::Rest;
    if shares.len() == parts.len() {
        let total: f64 = shares.iter().sum();
        let whole = (total - 1.0).abs() < 1e-9;
        return if whole {
            Ok(Some(parts))
        } else {
            refuse(&format!("the shares add up to {total}: they must be 1 together"))
        };
    }
    if rest && shares.len() == before.len() {
        let total: f64 = shares.iter().sum();
        return if total < 1.0 { Ok(Some(parts)) } else { refuse("the shares leave nothing for the rest") };
    }
    if rest && dates.len() == before.len() {
        let rises = dates.windows(2).all(|pair| pair[0] < pair[1]);
        return if rises {
            Ok(Some(parts))
        } else {
            refuse("a part ends before it begins: its date must be later")
        };
    }
    refuse(
        "parts are either shares of all, or end before dates; the last one may be `rest`, and with dates it has to",
    )
}

/// Where later parts begin.
fn cuts(
    all: &DatasetView,
    parts: &[(&'static str, PartEnd)],
    moment: impl Fn(&Cut) -> Result<i64, Failure>,
) -> Result<Vec<i64>, Failure> {
    let steps = all.steps();
    let mut passed = 0.0;
    let mut cuts = Vec::new();
    for (_, end) in &parts[..parts.len() - 1] {
        match end {
            PartEnd::Before(date) => cuts.push(moment(date)?),
            PartEnd::Share(share) => {
                passed += share;
                #[expect(clippy::cast_precision_loss, reason = "steps are counted in millions")]
                let step = (passed * steps as f64).round();
                // Not negative, and no more than there are.
                cuts.push(time_of_step(all, step as u64));
            }
            PartEnd::Rest => {}
        }
    }
    Ok(cuts)
}

/// The time of a step, or one after all of them.
fn time_of_step(all: &DatasetView, step: u64) -> i64 {
    let (mut last, mut count) = (None, 0);
    for time in all.times() {
        if last != Some(time) {
            if count == step {
                return time;
            }
            (last, count) = (Some(time), count + 1);
        }
    }
    i64::MAX
}

/// What a part is called: `in-train.csv` of `in.csv`.
fn part_path(from: &Path, out: Option<&Path>, part: &str) -> PathBuf {
    let name = from.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let lower = name.to_lowercase();
    let ending = ENDINGS.into_iter().find(|ending| lower.ends_with(ending) && lower.len() > ending.len());
    let (stem, ending) = match ending {
        Some(ending) => (name.get(..name.len() - ending.len()).unwrap_or(&name), ending),
        None => (from.file_stem().and_then(|stem| stem.to_str()).unwrap_or("bars"), ".csv"),
    };
    out.unwrap_or_else(|| folder(from)).join(format!("{stem}-{part}{ending}"))
}

impl Report for SplitReport {
    fn human(&self) -> String {
        render::data::split(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_called_after_the_file_and_of_its_form() {
        for (from, expected) in [
            ("data/x.csv", "data/x-train.csv"),
            ("x.csv.gz", "./x-train.csv.gz"),
            ("X.PARQUET", "./X-train.parquet"),
            ("x.txt", "./x-train.csv"),
        ] {
            assert_eq!(part_path(Path::new(from), None, "train"), Path::new(expected));
        }
        assert_eq!(
            part_path(Path::new("a/x.csv"), Some(Path::new("b")), "part1"),
            Path::new("b/x-part1.csv")
        );
    }
}
