//! The tables of an exploration that a sweep file has not: how approaches are explored, and what they are compared by.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stratbox_decide::allocation::{IfNonePass, Resources, Variants};
use stratbox_decide::comparison::{Criterion, CriterionProblem, Scale, Style};
use stratbox_decide::selection::{Rule, SelectionSettings};
use stratbox_metrics::{Direction, MetricName};
use toml::Spanned;

use super::file::Spot;
use crate::appraisal;
use crate::failure::Failure;
use crate::render::comparison::Parts;
use crate::render::text::inline;

/// Approaches that one exploration can have.
pub(super) const MOST_APPROACHES: u64 = 10;
/// Points of one approach.
const MOST_VARIANTS: u64 = 100_000;
/// Rounds in which an approach can get more variants.
const MOST_ROUNDS: u64 = 100;
/// Runs at once.
const MOST_WORKERS: u64 = stratbox_sandbox::MAX_RUNS.get() as u64;
/// A week.
const MOST_SECONDS: f64 = 604_800.0;

/// `[explore]` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Written {
    num_approaches: Option<Spanned<u64>>,
    approach_generation: Generation,
    library: Option<Spanned<PathBuf>>,
    parallel_execution: Option<bool>,
    timeout_per_approach: Option<Spanned<f64>>,
    workers: Option<Spanned<u64>>,
    variants: Option<Spanned<Variants>>,
    resources: Option<Spanned<Resources>>,
    selection: Option<Spanned<Rule>>,
    max_correlation: Option<Spanned<f64>>,
    only_accepted: bool,
    if_none_pass: Option<IfNonePass>,
    max_rounds: Option<Spanned<u64>>,
    hierarchy: Hierarchy,
    comparison_format: Format,
    recommendation_style: Style,
    threshold: Option<Spanned<f64>>,
    include_trade_off_analysis: Option<bool>,
    include_recommendation: Option<bool>,
    include_code_samples: bool,
}

/// Where approaches come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Generation {
    /// `[[approach]]`.
    #[default]
    UserSpecified,
    /// The sources of a folder.
    Automatic,
}

/// What an experiment is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Hierarchy {
    /// A round of the exploration: its approaches are the experiment's strategies, with their variants.
    #[default]
    Hierarchical,
    /// One approach in a round.
    Flat,
}

/// How a comparison is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    Matrix,
    Narrative,
    #[default]
    Both,
}

/// How approaches are explored, with every default filled in.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Settings {
    pub(crate) num_approaches: usize,
    pub(crate) approach_generation: Generation,
    /// The folder of sources, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) library: Option<PathBuf>,
    pub(crate) parallel_execution: bool,
    /// Of compiling and of all runs.
    #[serde(serialize_with = "in_seconds")]
    pub(crate) timeout_per_approach: Duration,
    /// Runs at once, unless the command line says otherwise.
    #[serde(skip)]
    pub(crate) workers: Option<NonZeroUsize>,
    pub(crate) variants: Variants,
    pub(crate) resources: Resources,
    #[serde(flatten)]
    pub(crate) selection: SelectionSettings,
    pub(crate) if_none_pass: IfNonePass,
    pub(crate) max_rounds: u32,
    pub(crate) hierarchy: Hierarchy,
    pub(crate) comparison_format: Format,
    pub(crate) recommendation_style: Style,
    pub(crate) threshold: f64,
    pub(crate) include_trade_off_analysis: bool,
    pub(crate) include_recommendation: bool,
    pub(crate) include_code_samples: bool,
}

fn in_seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            num_approaches: 4,
            approach_generation: Generation::default(),
            library: None,
            parallel_execution: true,
            timeout_per_approach: Duration::from_secs(180),
            workers: None,
            variants: Variants::default(),
            resources: Resources::default(),
            selection: SelectionSettings::default(),
            if_none_pass: IfNonePass::default(),
            max_rounds: 5,
            hierarchy: Hierarchy::default(),
            comparison_format: Format::default(),
            recommendation_style: Style::default(),
            threshold: 0.1,
            include_trade_off_analysis: true,
            include_recommendation: true,
            include_code_samples: false,
        }
    }
}

impl Settings {
    /// Variants that an approach begins with, unless it says otherwise itself.
    pub(crate) fn first(&self) -> u64 {
        match self.variants {
            Variants::Fixed(count) => count,
            Variants::Adaptive(adaptive) => adaptive.batch,
        }
    }

    /// What of a comparison is shown.
    pub(crate) fn parts(&self) -> Parts {
        Parts {
            matrix: self.comparison_format != Format::Narrative,
            trade_offs: self.comparison_format != Format::Matrix && self.include_trade_off_analysis,
            recommendation: self.include_recommendation,
        }
    }

    /// # Errors
    /// The first setting that makes no sense, where it is written.
    pub(super) fn of(written: &Written, spot: &Spot<'_>) -> Result<Self, Failure> {
        let default = Self::default();
        let count = |name, value, most| whole(name, value, most, spot);
        let num_approaches = count("num_approaches", &written.num_approaches, MOST_APPROACHES)?;
        let workers = count("workers", &written.workers, MOST_WORKERS)?;
        let max_rounds = count("max_rounds", &written.max_rounds, MOST_ROUNDS)?;
        let timeout = seconds("timeout_per_approach", &written.timeout_per_approach, spot)?;
        let threshold = number("threshold", &written.threshold, (0.0, 1.0), spot)?;
        Ok(Self {
            num_approaches: num_approaches.map_or(default.num_approaches, |count| count as usize),
            approach_generation: written.approach_generation,
            library: library(written, spot)?,
            parallel_execution: written.parallel_execution.unwrap_or(default.parallel_execution),
            timeout_per_approach: timeout.unwrap_or(default.timeout_per_approach),
            workers: workers.and_then(|count| NonZeroUsize::new(count as usize)),
            variants: variants(written, spot)?,
            resources: resources(written, spot)?,
            selection: selection(written, spot)?,
            if_none_pass: written.if_none_pass.unwrap_or(default.if_none_pass),
            // It is at most a hundred.
            max_rounds: max_rounds.map_or(default.max_rounds, |count| count as u32),
            hierarchy: written.hierarchy,
            comparison_format: written.comparison_format,
            recommendation_style: written.recommendation_style,
            threshold: threshold.unwrap_or(default.threshold),
            include_trade_off_analysis: written
                .include_trade_off_analysis
                .unwrap_or(default.include_trade_off_analysis),
            include_recommendation: written.include_recommendation.unwrap_or(default.include_recommendation),
            include_code_samples: written.include_code_samples,
        })
    }
}

/// A whole number from 1 on.
fn whole(
    name: &str,
    value: &Option<Spanned<u64>>,
    most: u64,
    spot: &Spot<'_>,
) -> Result<Option<u64>, Failure> {
    match value {
        Some(value) if !(1..=most).contains(value.get_ref()) => {
            let problem = format!("`{name}` is `{}`: it must be from 1 to {most}", value.get_ref());
            Err(spot.at(value.span(), problem))
        }
        value => Ok(value.as_ref().map(|value| *value.get_ref())),
    }
}

fn number(
    name: &str,
    value: &Option<Spanned<f64>>,
    (from, to): (f64, f64),
    spot: &Spot<'_>,
) -> Result<Option<f64>, Failure> {
    match value {
        Some(value) if !(from..=to).contains(value.get_ref()) => {
            let problem = format!("`{name}` is `{}`: it must be from {from} to {to}", value.get_ref());
            Err(spot.at(value.span(), problem))
        }
        value => Ok(value.as_ref().map(|value| *value.get_ref())),
    }
}

fn library(written: &Written, spot: &Spot<'_>) -> Result<Option<PathBuf>, Failure> {
    match (written.approach_generation, &written.library) {
        (Generation::UserSpecified, Some(library)) => {
            let problem = "`library` is for `approach_generation = \"automatic\"`: leave it out, or say so";
            Err(spot.at(library.span(), problem))
        }
        (Generation::Automatic, None) => {
            let problem =
                "`approach_generation = \"automatic\"` takes sources out of a folder: name it with `library`";
            Err(spot.at(spot.span_of(&["explore", "approach_generation"]), problem))
        }
        (_, library) => Ok(library.as_ref().map(|library| library.get_ref().clone())),
    }
}

/// A time limit as it is written.
pub(super) fn seconds(
    name: &str,
    written: &Option<Spanned<f64>>,
    spot: &Spot<'_>,
) -> Result<Option<Duration>, Failure> {
    let Some(value) = written else { return Ok(None) };
    let seconds = *value.get_ref();
    if seconds > 0.0 && seconds <= MOST_SECONDS {
        return Ok(Some(Duration::from_secs_f64(seconds)));
    }
    let problem =
        format!("`{name}` is `{seconds}`: it must be greater than 0 and at most {MOST_SECONDS} seconds");
    Err(spot.at(value.span(), problem))
}

fn variants(written: &Written, spot: &Spot<'_>) -> Result<Variants, Failure> {
    let Some(value) = &written.variants else { return Ok(Variants::default()) };
    let variants = *value.get_ref();
    variants.check().map_err(|error| spot.at(value.span(), error))?;
    if variants.most() > MOST_VARIANTS {
        let problem =
            format!("an approach can have {MOST_VARIANTS} variants, and these are {}", variants.most());
        return Err(spot.at(value.span(), problem));
    }
    if let Variants::Adaptive(adaptive) = variants
        && adaptive.most / adaptive.batch > MOST_ROUNDS
    {
        let problem = format!("`most` is more than {MOST_ROUNDS} times `batch`, which is too many rounds");
        return Err(spot.at(value.span(), problem));
    }
    Ok(variants)
}

fn resources(written: &Written, spot: &Spot<'_>) -> Result<Resources, Failure> {
    let Some(value) = &written.resources else { return Ok(Resources::default()) };
    value.get_ref().check().map_err(|error| spot.at(value.span(), error))?;
    Ok(*value.get_ref())
}

fn selection(written: &Written, spot: &Spot<'_>) -> Result<SelectionSettings, Failure> {
    let max_correlation = number("max_correlation", &written.max_correlation, (-1.0, 1.0), spot)?;
    let only_accepted = written.only_accepted;
    let Some(value) = &written.selection else {
        return Ok(SelectionSettings { max_correlation, only_accepted, ..SelectionSettings::default() });
    };
    let rule = match value.get_ref().clone() {
        Rule::TopK(0) | Rule::Weighted(0) => {
            return Err(spot.at(value.span(), "`selection` takes none: it must be at least 1"));
        }
        Rule::Chosen(names) if names.is_empty() => {
            return Err(spot.at(value.span(), "`selection` names none: name at least one approach"));
        }
        Rule::Chosen(names) => {
            let names: Vec<String> = names.iter().map(|name| inline(name)).collect();
            let twice = (1..names.len()).find(|place| names[..*place].contains(&names[*place]));
            if let Some(place) = twice {
                let problem = format!("`selection` chooses `{}` twice: leave one out", names[place]);
                return Err(spot.at(value.span(), problem));
            }
            Rule::Chosen(names)
        }
        rule => rule,
    };
    Ok(SelectionSettings { rule, max_correlation, only_accepted })
}

/// `[[criterion]]` as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CriterionWritten {
    figure: Spanned<String>,
    weight: Option<Spanned<f64>>,
    direction: Option<Way>,
    from: Option<Spanned<f64>>,
    to: Option<Spanned<f64>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    Higher,
    Lower,
}

/// Whether a name is of a figure that is measured, and which way that gets better.
pub(super) fn measured(name: &str) -> Option<Direction> {
    name.parse::<MetricName>().ok().map(MetricName::direction).or_else(|| appraisal::direction(name))
}

impl CriterionWritten {
    /// What it means, where approaches have these scores.
    pub(super) fn criterion(&self, scores: &[&str], spot: &Spot<'_>) -> Result<Criterion, Failure> {
        let name = inline(self.figure.get_ref());
        let own = measured(&name);
        if own.is_none() && !scores.contains(&name.as_str()) {
            let more = appraisal::NAMES.map(|it| format!("`{it}`")).join(", ");
            let problem = format!(
                "`figure` is `{name}`, which is no metric, none of {more}, and no approach has it among its `scores`"
            );
            return Err(spot.at(self.figure.span(), problem));
        }
        let direction = match self.direction {
            Some(Way::Higher) => Direction::HigherIsBetter,
            Some(Way::Lower) => Direction::LowerIsBetter,
            None => own.unwrap_or(Direction::HigherIsBetter),
        };
        let end = |value: &Option<Spanned<f64>>| value.as_ref().map(|value| *value.get_ref());
        let scale = match (end(&self.from), end(&self.to), own) {
            (None, None, Some(_)) => Scale::Relative,
            (from, to, None) => Scale::Between { from: from.unwrap_or(0.0), to: to.unwrap_or(10.0) },
            (Some(from), Some(to), Some(_)) => Scale::Between { from, to },
            _ => {
                let problem = format!("criterion `{name}`: give it both of `from` and `to`, or none");
                return Err(spot.at(self.figure.span(), problem));
            }
        };
        let weight = self.weight.as_ref().map_or(1.0, |weight| *weight.get_ref());
        let criterion = Criterion { name: name.clone(), weight, direction, scale };
        criterion.check().map_err(|problem| {
            let span = self
                .weight
                .as_ref()
                .filter(|_| matches!(problem, CriterionProblem::Weight(_)))
                .map(Spanned::span);
            spot.at(span.unwrap_or_else(|| self.figure.span()), format!("criterion `{name}` {problem}"))
        })?;
        Ok(criterion)
    }

    pub(super) fn span(&self) -> std::ops::Range<usize> {
        self.figure.span()
    }
}
