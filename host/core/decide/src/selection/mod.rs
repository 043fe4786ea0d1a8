//! Which of several contenders go on.
//!
//! A [`Rule`] puts them in an order of preference and says how many are taken; a limit of correlation then leaves out those
//! whose returns say nothing new. Equal ones are in the order of their keys, so that the same contenders, in any order, give
//! the same selection.

mod diversity;
mod preference;
mod reasons;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stratbox_metrics::{Direction, Figure};

pub use reasons::{Likest, PassedOver, Why};

use crate::names::quoted;
use diversity::Diversity;
use preference::Preference;

/// Most contenders that may have returns where these are compared: every pair of them may be.
pub const MAX_SERIES: usize = 1_000;

/// Names of equal contenders that are told.
const TOLD: usize = 20;

/// What may be selected.
#[derive(Debug, Clone, PartialEq)]
pub struct Contender<'a, K> {
    /// What breaks ties: a run key, for instance. No two have the same.
    pub key: K,
    /// What it is called.
    pub name: String,
    /// A figure an objective, in their order.
    pub figures: Vec<Figure>,
    /// A weighted score, where there is one: higher is better.
    pub score: Option<f64>,
    /// Whether it passed its gates.
    pub accepted: bool,
    /// Its returns, step by step, over the same steps as those of the others.
    pub returns: Option<&'a [f64]>,
}

/// Which contenders are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The best by the first objective.
    #[default]
    Best,
    /// So many of the best by the first objective.
    TopK(usize),
    /// All that passed their gates, the best by the first objective first.
    Passing,
    /// All that no other is at least as good as in every objective and better than in one; first those that are least like
    /// others (crowding distance).
    Pareto,
    /// So many of those with the highest score.
    Weighted(usize),
    /// Those that somebody named, a person or a model, in that order.
    Chosen(Vec<String>),
}

/// How contenders are selected.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SelectionSettings {
    /// Which are taken; the best by default.
    pub rule: Rule,
    /// The highest correlation of returns (Pearson) that one may have with any that was taken before it, from -1 to 1. None by
    /// default: returns are not looked at. It decides nothing where one is taken only.
    pub max_correlation: Option<f64>,
    /// Whether only those are taken that passed their gates. Not by default.
    pub only_accepted: bool,
}

/// Which contenders go on, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Selection<K> {
    /// By which rule.
    #[serde(flatten)]
    pub settings: SelectionSettings,
    /// Those that go on, in the order of preference.
    pub chosen: Vec<Chosen<K>>,
    /// Those that do not, in the order of preference; last those that the rule has no place for, by key.
    pub passed_over: Vec<Rejected<K>>,
    /// Equal ones of which at least one goes on.
    pub tie_breaks: Vec<TieBreak>,
    /// How many trials the choice was made from: as many as were counted, and at least one a contender.
    pub trials: u64,
}

/// One that goes on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chosen<K> {
    /// From 1.
    pub place: u64,
    /// What it is called.
    pub name: String,
    /// Its key.
    pub key: K,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}

/// One that does not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rejected<K> {
    /// What it is called.
    pub name: String,
    /// Its key.
    pub key: K,
    /// Why.
    #[serde(flatten)]
    pub why: PassedOver,
}

/// Contenders between which nothing but their keys decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TieBreak {
    /// The first of them, in the order that the keys gave them; 20 at most.
    pub names: Vec<String>,
    /// How many there are.
    pub count: u64,
    /// What decided: the key.
    pub decided_by: &'static str,
}

/// What cannot be selected from.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SelectionError {
    /// There is nothing to get better at.
    #[error("there is no objective to select by: name at least one")]
    NoObjective,
    /// There is nothing to select from.
    #[error("there is nothing to select from")]
    NoContenders,
    /// A contender that was not measured by all objectives, or by others.
    #[error("{} has {have} figures for {need} objectives: give one for each", quoted(.name))]
    Figures {
        /// Which.
        name: String,
        /// Figures that it has.
        have: usize,
        /// As many as must be.
        need: usize,
    },
    /// Two that nothing could tell apart.
    #[error("{} and {} have the same key: nothing would decide between them", quoted(.0), quoted(.1))]
    SameKey(String, String),
    /// A score that is not a number.
    #[error("the score of {} is `{score}`: it must be a finite number", quoted(.name))]
    Score {
        /// Whose.
        name: String,
        /// The score.
        score: f64,
    },
    /// None would be taken.
    #[error("`{0}` takes none: it must be at least 1")]
    TakesNone(&'static str),
    /// A name from outside that nobody has.
    #[error("{} is chosen, and nobody is called that", quoted(.0))]
    Unknown(String),
    /// A name from outside that several have.
    #[error("{} is chosen, and several are called that: give each a name of its own", quoted(.0))]
    Ambiguous(String),
    /// A name from outside that is there twice.
    #[error("{} is chosen twice", quoted(.0))]
    ChosenTwice(String),
    /// The limit of correlation.
    #[error("`max_correlation` is `{0}`: it must be from -1 to 1")]
    MaxCorrelation(f64),
    /// More returns than are compared.
    #[error(
        "{0} contenders have returns: at most {MAX_SERIES} are compared, so select fewer of them before, or leave \
         `max_correlation` out"
    )]
    TooManySeries(usize),
}

/// Selects from contenders that were measured by objectives of these directions, out of so many trials.
///
/// # Errors
/// There is nothing to select from, or something about it makes no sense: what and where.
pub fn select<K: Ord + Clone>(
    contenders: &[Contender<'_, K>],
    directions: &[Direction],
    settings: &SelectionSettings,
    trials: u64,
) -> Result<Selection<K>, SelectionError> {
    check(contenders, directions, settings)?;
    let Preference { order, out, most } = preference::prefer(contenders, directions, settings)?;
    let mut diversity = Diversity::new(settings.max_correlation.filter(|_| most > 1));
    let (mut chosen, mut passed_over) = (Vec::new(), Vec::new());
    for &index in &order {
        let contender = &contenders[index];
        let (name, key) = (contender.name.clone(), contender.key.clone());
        if chosen.len() == most {
            passed_over.push(Rejected { name, key, why: PassedOver::BehindTheChosen });
            continue;
        }
        match diversity.admit(&contender.name, contender.returns) {
            Err(why) => passed_over.push(Rejected { name, key, why }),
            Ok(likest) => {
                let place = chosen.len() as u64 + 1;
                chosen.push(Chosen { place, name, key, why: Why::of(&settings.rule, contender, likest) });
            }
        }
    }
    let tie_breaks = tie_breaks(contenders, &order, directions, &settings.rule, &chosen);
    let rejected = |(index, why): (usize, PassedOver)| {
        let Contender { name, key, .. } = &contenders[index];
        Rejected { name: name.clone(), key: key.clone(), why }
    };
    passed_over.extend(out.into_iter().map(rejected));
    let trials = trials.max(contenders.len() as u64);
    Ok(Selection { settings: settings.clone(), chosen, passed_over, tie_breaks, trials })
}

fn check<K: Ord>(
    contenders: &[Contender<'_, K>],
    directions: &[Direction],
    settings: &SelectionSettings,
) -> Result<(), SelectionError> {
    if directions.is_empty() {
        return Err(SelectionError::NoObjective);
    }
    if contenders.is_empty() {
        return Err(SelectionError::NoContenders);
    }
    match &settings.rule {
        Rule::TopK(0) => return Err(SelectionError::TakesNone("top_k")),
        Rule::Weighted(0) => return Err(SelectionError::TakesNone("weighted")),
        Rule::Chosen(names) if names.is_empty() => return Err(SelectionError::TakesNone("chosen")),
        _ => {}
    }
    for Contender { name, figures, score, .. } in contenders {
        let (have, need) = (figures.len(), directions.len());
        if have != need {
            return Err(SelectionError::Figures { name: name.clone(), have, need });
        }
        if let Some(score) = score.filter(|score| !score.is_finite()) {
            return Err(SelectionError::Score { name: name.clone(), score });
        }
    }
    let mut keys = std::collections::BTreeMap::new();
    for Contender { name, key, .. } in contenders {
        if let Some(other) = keys.insert(key, name) {
            let (one, other) = (name.min(other), name.max(other));
            return Err(SelectionError::SameKey(one.clone(), other.clone()));
        }
    }
    let Some(limit) = settings.max_correlation else { return Ok(()) };
    if !(-1.0..=1.0).contains(&limit) {
        return Err(SelectionError::MaxCorrelation(limit));
    }
    let series = contenders.iter().filter(|contender| contender.returns.is_some()).count();
    if series > MAX_SERIES { Err(SelectionError::TooManySeries(series)) } else { Ok(()) }
}

/// Groups of equal ones, in the order of preference.
fn tie_breaks<K: Ord>(
    contenders: &[Contender<'_, K>],
    order: &[usize],
    directions: &[Direction],
    rule: &Rule,
    chosen: &[Chosen<K>],
) -> Vec<TieBreak> {
    // What somebody named is in the order in which they named it.
    if matches!(rule, Rule::Chosen(_)) {
        return Vec::new();
    }
    let taken: BTreeSet<&K> = chosen.iter().map(|it| &it.key).collect();
    let equal = |one: &usize, other: &usize| {
        let (one, other) = (&contenders[*one], &contenders[*other]);
        preference::equal(rule, directions, one, other)
    };
    let groups = order.chunk_by(equal).filter(|group| group.len() > 1);
    let counts = groups.filter(|group| group.iter().any(|index| taken.contains(&contenders[*index].key)));
    counts
        .map(|group| TieBreak {
            names: group.iter().take(TOLD).map(|index| contenders[*index].name.clone()).collect(),
            count: group.len() as u64,
            decided_by: "key",
        })
        .collect()
}
