//! What approaches are worth beside one another: their best variants by the criteria, and which of them go on.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use stratbox_decide::comparison::{
    Candidate, Comparison, ComparisonError, ComparisonSettings, Criterion, compare,
};
use stratbox_decide::selection::{Contender, Rule, Selection, SelectionSettings, select};
use stratbox_domain::RunKey;
use stratbox_metrics::{Direction, Figure, MetricName, Missing};

use super::approach::Approach;
use super::explorer::Explorer;
use super::judged::Judged;
use crate::appraisal::{self, Appraised};
use crate::failure::Failure;

/// A run, and whose: two approaches may have tried the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(RunKey, String);

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// What was found out.
pub(crate) struct Evaluation {
    /// `None` when there was nothing to compare.
    pub(crate) comparison: Option<Comparison>,
    /// `None` when there was nothing to select from.
    pub(crate) selection: Option<Selection<Key>>,
    /// Why not all could be selected that was asked for.
    pub(crate) selection_note: Option<String>,
    /// Whether the one that is recommended passed its gates.
    pub(crate) accepted: bool,
    /// Of each approach's best variant, by the approach's place.
    pub(crate) appraised: BTreeMap<usize, Appraised>,
    /// Why something of it is not there.
    pub(crate) failure: Option<Failure>,
}

/// What approaches are worth beside one another, before anything is known of whether they deserve belief.
pub(super) struct Compared {
    pub(super) comparison: Option<Comparison>,
    appraised: BTreeMap<usize, Appraised>,
    failure: Option<Failure>,
}

impl Compared {
    pub(super) fn of(explorer: &Explorer<'_>, criteria: &[Criterion]) -> Result<Self, Failure> {
        let appraised = appraised(explorer)?;
        let candidate = |(place, approach): (usize, &Approach)| {
            let failure = approach.absence();
            let figures = criteria.iter().map(|it| figure(approach, appraised.get(&place), &it.name));
            let figures = if failure.is_some() { Vec::new() } else { figures.collect() };
            Candidate { name: approach.described.name.clone(), figures, failure }
        };
        let candidates: Vec<Candidate> = explorer.approaches.iter().enumerate().map(candidate).collect();
        let (threshold, style) = (explorer.settings.threshold, explorer.settings.recommendation_style);
        let compared = compare(criteria, &candidates, &ComparisonSettings { threshold, style });
        // What took hours must not be lost because it cannot be compared.
        let (comparison, failure) = match compared {
            Ok(comparison) => (Some(comparison), None),
            Err(ComparisonError::NoCandidates) => (None, None),
            Err(error) => (None, Some(Failure::input(format!("the approaches cannot be compared: {error}")))),
        };
        Ok(Self { comparison, appraised, failure })
    }
}

impl Evaluation {
    /// The approach that is recommended.
    pub(crate) fn best(&self) -> Option<&str> {
        self.comparison.as_ref()?.recommendation.best.as_deref()
    }

    pub(super) fn of(
        explorer: &Explorer<'_>,
        criteria: &[Criterion],
        compared: Compared,
        judged: &Judged,
    ) -> Self {
        let Compared { mut comparison, appraised, failure } = compared;
        let named = comparison.as_ref().and_then(|it| it.recommendation.best.clone());
        let best = explorer.approaches.iter().position(|it| Some(&it.described.name) == named.as_ref());
        let accepted = best.is_some_and(|place| judged.accepts(place));
        if let (Some(place), Some(comparison), false) = (best, &mut comparison, accepted) {
            comparison.recommendation.sentences.insert(0, doubt(explorer, place, judged));
        }
        let selected = selection(explorer, criteria, judged, comparison.as_ref(), &appraised);
        let (selection, selection_note, unselected) = match selected {
            Ok((selection, note)) => (selection, note, None),
            Err(failure) => (None, None, Some(failure)),
        };
        let failure = failure.or(unselected);
        Self { comparison, selection, selection_note, accepted, appraised, failure }
    }
}

/// What is said before one is recommended that did not pass.
fn doubt(explorer: &Explorer<'_>, place: usize, judged: &Judged) -> String {
    let quoted = |place: usize| format!("`{}`", explorer.approaches[place].described.name.replace('`', "'"));
    let (name, missed) = (quoted(place), judged.missed(place));
    let missed = missed.unwrap_or_else(|| "nothing is known of its figures".to_owned());
    let passed: Vec<String> =
        (0..explorer.approaches.len()).filter(|it| judged.accepts(*it)).map(quoted).collect();
    match &passed[..] {
        [] => format!(
            "Nothing here deserves belief yet: {name}, the best of what was tried, did not pass its gates ({missed})."
        ),
        passed => format!(
            "{name}, the first by the criteria, does not deserve belief yet: it did not pass its gates ({missed}), which {} did.",
            passed.join(", ")
        ),
    }
}

/// The best variants, run once more: by their approaches' places.
fn appraised(explorer: &Explorer<'_>) -> Result<BTreeMap<usize, Appraised>, Failure> {
    let mut all = BTreeMap::new();
    for group in &explorer.groups {
        let best = |place: usize| Some((explorer.approaches[place].results.best.as_ref()?.variant, place));
        let places: BTreeMap<u64, usize> = group.members().into_iter().filter_map(best).collect();
        let variants: Vec<u64> = places.keys().copied().collect();
        let workers = explorer.means.workers();
        let appraised = appraisal::appraise(explorer.means.engine, &group.plan, &variants, workers)?;
        let placed = |it: Appraised| Some((*places.get(&it.variant)?, it));
        all.extend(appraised.into_iter().filter_map(placed));
    }
    Ok(all)
}

/// What an approach has for a criterion: a figure of its best variant, or its score.
fn figure(approach: &Approach, appraised: Option<&Appraised>, name: &str) -> Figure {
    let measured = appraised.and_then(|appraised| appraisal::figure(appraised, name));
    let score = || approach.described.scores.get(name).map(|score| Figure::of(*score));
    measured.or_else(score).unwrap_or(Missing::NoData.into())
}

/// Which approaches go on. Those without a variant to rank are none of the contenders.
fn selection(
    explorer: &Explorer<'_>,
    criteria: &[Criterion],
    judged: &Judged,
    comparison: Option<&Comparison>,
    appraised: &BTreeMap<usize, Appraised>,
) -> Result<(Option<Selection<Key>>, Option<String>), Failure> {
    let objective = explorer.ground.aim.objective;
    let objectives = objectives(objective, criteria);
    let directions: Vec<Direction> = objectives.iter().map(|(_, direction)| *direction).collect();
    let contenders = appraised.iter().map(|(place, appraised)| {
        let approach = &explorer.approaches[*place];
        let name = approach.described.name.clone();
        let row = comparison.and_then(|it| it.rows.iter().find(|row| row.name == name));
        Contender {
            key: Key(appraised.key, name.clone()),
            figures: objectives.iter().map(|(name, _)| figure(approach, Some(appraised), name)).collect(),
            score: row.and_then(|row| row.total),
            accepted: judged.accepts(*place),
            returns: Some(&appraised.returns[..]).filter(|returns| !returns.is_empty()),
            name,
        }
    });
    let contenders: Vec<Contender<'_, Key>> = contenders.collect();
    let (settings, note) = present(&explorer.settings.selection, &contenders);
    let nobody = contenders.is_empty() || matches!(&settings.rule, Rule::Chosen(names) if names.is_empty());
    if nobody {
        return Ok((None, note.or_else(|| Some("there is no approach to select from".to_owned()))));
    }
    let selection = select(&contenders, &directions, &settings, judged.trials);
    let selection = selection
        .map_err(|error| Failure::input(format!("the approaches cannot be selected from: {error}")))?;
    let by_criteria = comparison.and_then(|it| it.recommendation.best.as_ref());
    let note = note.or_else(|| differs(&selection, by_criteria?));
    Ok((Some(selection), note))
}

/// What to say when the first that is selected is not the one that the criteria put first.
fn differs(selection: &Selection<Key>, by_criteria: &str) -> Option<String> {
    let first = selection.chosen.first().filter(|first| first.name != by_criteria)?;
    Some(format!(
        "`{}` is first by this rule and `{}` by the criteria: `selection = {{ weighted = 1 }}` selects by those",
        crate::render::text::inline(&first.name),
        crate::render::text::inline(by_criteria)
    ))
}

/// The objective, and every other criterion that counts.
fn objectives(objective: MetricName, criteria: &[Criterion]) -> Vec<(String, Direction)> {
    let first = (objective.as_str().to_owned(), objective.direction());
    let others = criteria.iter().filter(|it| it.counts() && it.name != first.0);
    let others: Vec<_> = others.map(|it| (it.name.clone(), it.direction)).collect();
    std::iter::once(first).chain(others).collect()
}

/// Settings that name nobody who is not there.
fn present(
    settings: &SelectionSettings,
    contenders: &[Contender<'_, Key>],
) -> (SelectionSettings, Option<String>) {
    let Rule::Chosen(names) = &settings.rule else { return (settings.clone(), None) };
    let is_there = |name: &&String| contenders.iter().any(|contender| contender.name == **name);
    let (there, absent): (Vec<&String>, Vec<&String>) = names.iter().partition(|name| is_there(name));
    let note = (!absent.is_empty()).then(|| {
        let names: Vec<String> = absent.iter().map(|name| format!("`{name}`")).collect();
        format!("{} cannot be selected: it has no variant to rank", names.join(", "))
    });
    let rule = Rule::Chosen(there.into_iter().cloned().collect());
    (SelectionSettings { rule, ..settings.clone() }, note)
}
