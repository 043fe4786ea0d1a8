//! On which bars a sweep chooses, and which it keeps from the choice.

use std::fmt::Display;

use serde::{Deserialize, Serialize};
use stratbox_decide::splits::{SplitError, Timeline};
use stratbox_decide::{AwayFrom, Gate, WrittenBound, overfitting_gates};
use stratbox_domain::BarSource;
use stratbox_market::parse_date;
use stratbox_metrics::MetricName;
use stratbox_store::DataRange;
use toml::Spanned;

use super::file::SweepFile;
use super::values::Date;
use crate::bars::{Bars, Times};
use crate::failure::Failure;
use crate::render::text::inline;
use crate::wiring::Engine;

/// Steps that choices can be judged on fold by fold: the series of all variants that are looked at must fit into memory.
pub(crate) const MOST_STEPS: usize = 65_536;

/// Figures of a [`crate::belief::Belief`] that a gate can ask for, besides metrics.
const FIGURES: [&str; 3] = ["psr", "dsr", "pbo"];

/// Bars that are kept from the choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Division {
    /// The best are run on these too.
    pub(crate) validation: Option<Times>,
    /// Nothing is run on these.
    pub(crate) holdout: Option<Times>,
}

/// A gate as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GateEntry {
    figure: Spanned<String>,
    at_least: Option<f64>,
    at_most: Option<f64>,
    below: Option<f64>,
    above: Option<f64>,
    away_from: Option<AwayFrom>,
}

/// The bars that variants run on, and which they are of all.
pub(super) fn divided(engine: &Engine, file: &SweepFile) -> Result<(Bars, DataRange, Division), Failure> {
    let data = &file.content.data;
    let date = |name, date: &Option<Spanned<Date>>| {
        let parse = |date: &Spanned<Date>| {
            parse_date(&date.get_ref().0)
                .map_err(|error| file.at(date.span(), format_args!("`{name}`: {error}")))
        };
        date.as_ref().map(parse).transpose()
    };
    let (from, to) = (date("from", &data.from)?, date("to", &data.to)?);
    let all = Bars::open(engine, &file.sources(), (from, to))
        .map_err(|failure| failure.context(file.place(data.sources.span())))?;
    let dataset = all.dataset.digest();
    let (bars, division) = match &file.content.split {
        None => (all, Division::default()),
        Some(split) => {
            let unfit = |error: SplitError| file.at(split.span(), error);
            let partition = split.get_ref().partition(&timeline(&all).map_err(unfit)?).map_err(unfit)?;
            let times = |part: &stratbox_decide::splits::Part| (Some(part.from), Some(part.to));
            let division = Division {
                validation: partition.validation.as_ref().map(times),
                holdout: partition.holdout.as_ref().map(times),
            };
            let bars = Bars::of(all.dataset, times(&partition.train))
                .map_err(|failure| failure.context(file.place(split.span())))?;
            (bars, division)
        }
    };
    check_folds(file, &bars)?;
    let (from, to) = if file.content.split.is_some() { bars.times } else { (from, to) };
    Ok((bars, DataRange { dataset, from, to }, division))
}

/// The steps of some bars.
pub(crate) fn timeline(bars: &Bars) -> Result<Timeline, SplitError> {
    Timeline::new(bars.source.times())
}

/// Whether the folds that are asked for can be made of the bars: found out before anything runs.
fn check_folds(file: &SweepFile, bars: &Bars) -> Result<(), Failure> {
    let content = &file.content;
    let walk_forward = content.walk_forward.as_ref().map(|it| (it.span(), "walk_forward"));
    let cpcv = content.cpcv.as_ref().map(|it| (it.span(), "cpcv"));
    let Some((span, table)) = walk_forward.or(cpcv) else { return Ok(()) };
    let timeline = timeline(bars).map_err(|error| file.at(span.clone(), error))?;
    if timeline.steps() > MOST_STEPS {
        let (steps, most) = (timeline.steps(), MOST_STEPS);
        let problem =
            format!("`{table}` is for at most {most} time steps, and these are {steps}: resample the bars");
        return Err(file.at(span, problem));
    }
    let whole = timeline.whole();
    if let Some(settings) = &content.walk_forward {
        let folds = settings.get_ref().folds(&timeline, &whole);
        folds.map_err(|error| file.at(settings.span(), error))?;
    }
    if let Some(settings) = &content.cpcv {
        let splits = settings.get_ref().splits(&timeline, &whole);
        splits.map_err(|error| file.at(settings.span(), error))?;
    }
    Ok(())
}

/// What the best must pass: what the file says, or the gates against overfitting.
pub(super) fn gates(file: &SweepFile) -> Result<Vec<Gate>, Failure> {
    let gate = |entry: &Spanned<GateEntry>| {
        let GateEntry { figure, at_least, at_most, below, above, away_from } = entry.get_ref();
        let name = inline(figure.get_ref());
        if !FIGURES.contains(&name.as_str())
            && let Err(error) = name.parse::<MetricName>()
        {
            let problem =
                format!("`figure`: {error}, or of {}", FIGURES.map(|it| format!("`{it}`")).join(", "));
            return Err(file.at(figure.span(), problem));
        }
        let (at_least, at_most, below, above, away_from) = (*at_least, *at_most, *below, *above, *away_from);
        let wrong = |problem: &dyn Display| file.at(entry.span(), format!("gate on `{name}`: {problem}"));
        let bound = WrittenBound { at_least, at_most, below, above, away_from }.bound();
        let bound = bound.map_err(|error| wrong(&error))?;
        if FIGURES.contains(&name.as_str()) && !(0.0..=1.0).contains(&bound.threshold()) {
            return Err(wrong(&"it is a probability, from 0 to 1"));
        }
        Ok(Gate::new(&name, bound))
    };
    match file.content.gates.is_empty() {
        true => Ok(overfitting_gates()),
        false => file.content.gates.iter().map(gate).collect(),
    }
}
