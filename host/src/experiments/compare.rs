//! Several experiments, side by side.

use std::path::Path;

use serde::Serialize;
use stratbox_decide::comparison::{
    Candidate, Comparison, ComparisonSettings, Criterion, MAX_NAME, compare as compare_by,
};
use stratbox_domain::RunOutcome;
use stratbox_metrics::{MetricName, Missing};
use stratbox_store::{Compared, Reader, Spread};

use super::list::Head;
use super::show::ShownRow;
use crate::cli::CompareArgs;
use crate::failure::Failure;
use crate::file::{check_target, write};
use crate::render::comparison::Shown;
use crate::render::text::counted;
use crate::render::{self, Report};
use crate::sweep::{Kept, kept};
use crate::wiring::Setting;

/// Experiments in the order in which they were named.
#[derive(Serialize)]
pub(crate) struct CompareReport {
    pub(crate) experiments: Vec<Column>,
    /// Their best variants by the criteria that were asked for.
    #[serde(flatten)]
    pub(crate) by_criteria: Option<ByCriteria>,
    /// What is not alike about the experiments, so that figures may differ for that alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<&'static str>,
    #[serde(skip)]
    pub(crate) shown: Shown,
}

/// A comparison by criteria, which says nothing of whether anything of it deserves belief.
#[derive(Serialize)]
pub(crate) struct ByCriteria {
    pub(crate) comparison: Comparison,
    /// Whether it was asked if they deserve belief: it was not.
    judged: bool,
    /// Trials on the bars of the one that is recommended; null when nobody is.
    trials: Option<u64>,
}

/// One of them.
#[derive(Serialize)]
pub(crate) struct Column {
    #[serde(flatten)]
    pub(crate) head: Head,
    /// Bars, venue, limits; null when another version wrote it.
    #[serde(serialize_with = "super::asked")]
    pub(crate) asked: Option<Kept>,
    /// By its own objective.
    pub(crate) best: Option<ShownRow>,
    /// How its metrics are spread over the variants that completed.
    pub(crate) spreads: Vec<Spread>,
}

pub(super) fn compare(args: &CompareArgs, setting: &Setting) -> Result<CompareReport, Failure> {
    if let Some(path) = &args.markdown {
        check_target::<&Path>(path, &[])?;
    }
    let workspace = setting.existing_workspace()?;
    let reader = workspace.reader()?;
    let compared = reader.compare(&args.experiments)?;
    let column = |compared: Compared| Column {
        asked: reader.experiment(compared.experiment.id).ok().and_then(|it| kept(&it.plan).ok()),
        head: Head::of(&workspace, compared.experiment),
        best: compared.best.map(|row| ShownRow::of(Some(1), row)),
        spreads: compared.spreads,
    };
    let experiments: Vec<Column> = compared.into_iter().map(column).collect();
    let by_criteria =
        if args.criteria.is_empty() { None } else { Some(by_criteria(args, &reader, &experiments)?) };
    let notes = if by_criteria.is_some() { notes(&experiments) } else { Vec::new() };
    let shown = args.comparison_format.unwrap_or_default();
    if let (Some(path), Some(ByCriteria { comparison, .. })) = (&args.markdown, &by_criteria) {
        let text = render::comparison::markdown(comparison, shown);
        write(path, |file| file.write_all(text.as_bytes()))?;
    }
    Ok(CompareReport { experiments, by_criteria, notes, shown })
}

fn by_criteria(args: &CompareArgs, reader: &Reader, experiments: &[Column]) -> Result<ByCriteria, Failure> {
    let defaults = ComparisonSettings::default();
    let settings = ComparisonSettings {
        threshold: args.threshold.unwrap_or(defaults.threshold),
        style: args.style.unwrap_or(defaults.style),
    };
    let candidates: Vec<Candidate> = experiments.iter().map(|it| candidate(it, &args.criteria)).collect();
    let compared = compare_by(&args.criteria, &candidates, &settings);
    let mut comparison = compared.map_err(|error| Failure::usage(error.to_string()))?;
    let recommendation = &mut comparison.recommendation;
    let first = candidates.iter().position(|it| Some(&it.name) == recommendation.best.as_ref());
    let Some(id) = first.map(|place| experiments[place].head.id) else {
        return Ok(ByCriteria { comparison, judged: false, trials: None });
    };
    // As `judge` counts them, as far as that can be told without the bars.
    let head = reader.experiment(id)?;
    let digest = kept(&head.plan).ok().map(|kept| kept.bars);
    let trials = reader.trials(&head.head.data, digest.as_slice())?.made();
    recommendation.sentences.insert(
        0,
        format!(
            "Nobody has asked here whether any of these deserves belief: the first is the best of {} on its bars (`stratbox judge {id}`).",
            counted(trials, "trial")
        ),
    );
    Ok(ByCriteria { comparison, judged: false, trials: Some(trials) })
}

/// An experiment by its best variant, under its number and name.
fn candidate(column: &Column, criteria: &[Criterion]) -> Candidate {
    let name = format!("{} {}", column.head.id, column.head.name).chars().take(MAX_NAME).collect();
    let completed = column.best.as_ref().and_then(|best| match &best.row.outcome {
        RunOutcome::Completed(metrics) => Some(metrics),
        RunOutcome::Faulted(_) | RunOutcome::Interrupted(_) => None,
    });
    let Some(metrics) = completed else {
        let failure = Some("no variant has a figure to rank by".to_owned());
        return Candidate { name, figures: Vec::new(), failure };
    };
    let figure = |criterion: &Criterion| {
        criterion.name.parse::<MetricName>().map_or(Missing::NotRecorded.into(), |name| metrics.get(name))
    };
    Candidate { name, figures: criteria.iter().map(figure).collect(), failure: None }
}

fn notes(experiments: &[Column]) -> Vec<&'static str> {
    let differ = |same: &dyn Fn(&Kept, &Kept) -> bool| {
        let asked: Vec<&Kept> = experiments.iter().filter_map(|it| it.asked.as_ref()).collect();
        asked.windows(2).any(|pair| !same(pair[0], pair[1]))
    };
    let bars = differ(&|one, other| one.bars == other.bars);
    let venue = differ(&|one, other| one.venue == other.venue);
    let notes = [
        (bars, "they ran on different bars: a better figure may be that of easier bars"),
        (venue, "they ran under different rules of the venue: a better figure may be that of easier rules"),
    ];
    notes.into_iter().filter(|(differ, _)| *differ).map(|(_, note)| note).collect()
}

impl Report for CompareReport {
    fn human(&self) -> String {
        render::experiments::compare(self)
    }
}
