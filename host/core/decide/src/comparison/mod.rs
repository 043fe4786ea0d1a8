//! Candidates side by side: a matrix of scores, what choosing one means giving up, and which one to choose.
//!
//! Every figure becomes a score from 0 to 1, the weighted mean of a candidate's scores is its total, and totals give
//! ranks. The answer depends on names, figures and settings alone, never on the order of the candidates.

mod criteria;
mod recommendation;
mod scoring;
#[cfg(test)]
mod tests;
mod trade_offs;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stratbox_metrics::{Figure, Missing};

pub use criteria::{Criterion, CriterionProblem, MAX_WEIGHT, Scale};
pub use recommendation::{Alternative, Avoid, Guidance, Recommendation, Style};
pub use trade_offs::{Difference, Exchange, Leadership, TradeOffs};

use crate::names::{listed, quoted};

/// Most criteria that are looked at together.
pub const MAX_CRITERIA: usize = 50;

/// Most candidates that are compared at once.
pub const MAX_CANDIDATES: usize = 100;

/// Most characters of a name.
pub const MAX_NAME: usize = 200;

/// What is compared with others.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// What it is called; no two have the same name.
    pub name: String,
    /// Its figure for each criterion, in their order. May be empty when it failed.
    pub figures: Vec<Figure>,
    /// Why it cannot be chosen, in words: it takes no part, and is listed last.
    pub failure: Option<String>,
}

/// How candidates are compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ComparisonSettings {
    /// A candidate whose total is at most this much below the best one's is a close alternative; from 0 to 1, 0.1 by default.
    pub threshold: f64,
    /// How the recommendation is worded; `decisive` by default.
    pub style: Style,
}

impl Default for ComparisonSettings {
    fn default() -> Self {
        Self { threshold: 0.1, style: Style::Decisive }
    }
}

/// Candidates, compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// What they were compared by.
    pub criteria: Vec<Criterion>,
    /// The matrix: by rank, equal ones by name; last, by name, those that have no rank.
    pub rows: Vec<Row>,
    /// What is gained and given up.
    pub trade_offs: TradeOffs,
    /// Which one to choose.
    pub recommendation: Recommendation,
}

/// One candidate in the matrix.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// What it is called.
    pub name: String,
    /// From 1; equal totals share a rank, and the one after them has its place (1, 1, 3). Null when it takes no part.
    pub rank: Option<u64>,
    /// The weighted mean of its scores, from 0 to 1.
    pub total: Option<f64>,
    /// Others of the same rank, by name.
    pub tied_with: Vec<String>,
    /// One a criterion, in their order; none for one that failed before it had figures.
    pub cells: Vec<Cell>,
    /// Why it takes no part.
    pub reason: Option<String>,
}

/// A candidate by one criterion.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cell {
    /// The figure, or null.
    pub value: Figure,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
    /// From 0 to 1, and 0 without a figure; null for one that takes no part.
    pub score: Option<f64>,
}

/// What cannot be compared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ComparisonError {
    /// There is nothing to compare by.
    #[error("there is no criterion to compare by: name at least one")]
    NoCriteria,
    /// There is nothing to compare.
    #[error("there is nothing to compare: name at least one candidate")]
    NoCandidates,
    /// More than can be compared.
    #[error("there are {count} {what}: at most {most} can be compared")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// A name that cannot be shown.
    #[error("a {what} has a name of {length} characters: it must have from 1 to {MAX_NAME}")]
    Name {
        /// Whose.
        what: &'static str,
        /// Characters that it has.
        length: usize,
    },
    /// A name that is there twice.
    #[error("{what} {} is there twice: give each a name of its own", quoted(.name))]
    Twice {
        /// Whose.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A criterion that makes no sense.
    #[error("criterion {} {problem}", quoted(.name))]
    Criterion {
        /// Which.
        name: String,
        /// Why.
        problem: CriterionProblem,
    },
    /// All weights are zero.
    #[error("every criterion has weight 0, so that nothing would be decided: give one of {} more", listed(.0))]
    NoWeight(Vec<String>),
    /// A candidate that was not measured by all criteria, or by others.
    #[error("candidate {} has {have} figures for {need} criteria: give one for each", quoted(.name))]
    Figures {
        /// Which.
        name: String,
        /// Figures that it has.
        have: usize,
        /// As many as must be.
        need: usize,
    },
    /// The threshold.
    #[error("`threshold` is `{0}`: it must be from 0 to 1")]
    Threshold(f64),
}

/// Compares candidates. One that failed takes no part and is shown with its reason; the others are not touched by it. A
/// missing figure scores 0. A candidate without any figure that counts takes no part either.
///
/// # Errors
/// There is nothing to compare, or something about it makes no sense: what and where.
pub fn compare(
    criteria: &[Criterion],
    candidates: &[Candidate],
    settings: &ComparisonSettings,
) -> Result<Comparison, ComparisonError> {
    check(criteria, candidates, settings)?;
    let mut by_name: Vec<&Candidate> = candidates.iter().collect();
    by_name.sort_by(|one, other| one.name.cmp(&other.name));
    let mut rows = Vec::with_capacity(by_name.len());
    let mut out = Vec::new();
    let mut parts = Vec::new();
    for candidate in by_name {
        match absence(criteria, candidate) {
            None => parts.push(candidate),
            Some(reason) => out.push(Row {
                name: candidate.name.clone(),
                rank: None,
                total: None,
                tied_with: Vec::new(),
                cells: candidate.figures.iter().map(|figure| cell(*figure, None)).collect(),
                reason: Some(reason),
            }),
        }
    }
    rows.extend(matrix(criteria, &parts));
    let trade_offs = TradeOffs::of(criteria, &rows, settings.threshold);
    let recommendation = Recommendation::of(criteria, &rows, out.len(), settings);
    rows.append(&mut out);
    Ok(Comparison { criteria: criteria.to_vec(), rows, trade_offs, recommendation })
}

/// Why a candidate takes no part.
fn absence(criteria: &[Criterion], candidate: &Candidate) -> Option<String> {
    let known = |(criterion, figure): (&Criterion, &Figure)| criterion.counts() && figure.value().is_some();
    match &candidate.failure {
        Some(failure) => Some(failure.clone()),
        None if criteria.iter().zip(&candidate.figures).any(known) => None,
        None => Some("it has no figure for any criterion that counts".to_owned()),
    }
}

/// The rows of those that take part, by rank.
fn matrix(criteria: &[Criterion], candidates: &[&Candidate]) -> Vec<Row> {
    let weights: Vec<f64> = criteria.iter().map(|criterion| criterion.weight).collect();
    let mut scores = vec![Vec::with_capacity(criteria.len()); candidates.len()];
    for (place, criterion) in criteria.iter().enumerate() {
        let figures: Vec<Figure> = candidates.iter().map(|candidate| candidate.figures[place]).collect();
        scores.iter_mut().zip(criterion.scores(&figures)).for_each(|(scores, score)| scores.push(score));
    }
    let totals: Vec<f64> = scores.iter().map(|scores| scoring::total(&weights, scores)).collect();
    let ranked = scoring::ranked(&totals, |index| candidates[index].name.clone());
    let row = |&(index, rank): &(usize, u64)| {
        let others = ranked.iter().filter(|(other, shared)| *shared == rank && *other != index);
        let cells = candidates[index].figures.iter().zip(&scores[index]);
        Row {
            name: candidates[index].name.clone(),
            rank: Some(rank),
            total: Some(totals[index]),
            tied_with: others.map(|(other, _)| candidates[*other].name.clone()).collect(),
            cells: cells.map(|(figure, score)| cell(*figure, Some(*score))).collect(),
            reason: None,
        }
    };
    ranked.iter().map(row).collect()
}

fn cell(value: Figure, score: Option<f64>) -> Cell {
    Cell { value, missing: value.missing(), score }
}

fn check(
    criteria: &[Criterion],
    candidates: &[Candidate],
    settings: &ComparisonSettings,
) -> Result<(), ComparisonError> {
    if criteria.is_empty() {
        return Err(ComparisonError::NoCriteria);
    }
    if candidates.is_empty() {
        return Err(ComparisonError::NoCandidates);
    }
    names("criterion", "criteria", MAX_CRITERIA, criteria.iter().map(|criterion| &criterion.name))?;
    names("candidate", "candidates", MAX_CANDIDATES, candidates.iter().map(|candidate| &candidate.name))?;
    for criterion in criteria {
        let named = |problem| ComparisonError::Criterion { name: criterion.name.clone(), problem };
        criterion.check().map_err(named)?;
    }
    if !criteria.iter().any(Criterion::counts) {
        return Err(ComparisonError::NoWeight(criteria.iter().map(|it| it.name.clone()).collect()));
    }
    for Candidate { name, figures, failure } in candidates {
        let (have, need) = (figures.len(), criteria.len());
        if have != need && (failure.is_none() || have != 0) {
            return Err(ComparisonError::Figures { name: name.clone(), have, need });
        }
    }
    if !(0.0..=1.0).contains(&settings.threshold) {
        return Err(ComparisonError::Threshold(settings.threshold));
    }
    Ok(())
}

/// Checks that there are not too many, and that each has a name of its own.
fn names<'a>(
    what: &'static str,
    plural: &'static str,
    most: usize,
    names: impl ExactSizeIterator<Item = &'a String>,
) -> Result<(), ComparisonError> {
    let count = names.len();
    if count > most {
        return Err(ComparisonError::TooMany { what: plural, count, most });
    }
    let mut seen = BTreeSet::new();
    for name in names {
        let length = name.chars().count();
        if !(1..=MAX_NAME).contains(&length) {
            return Err(ComparisonError::Name { what, length });
        }
        if !seen.insert(name) {
            return Err(ComparisonError::Twice { what, name: name.clone() });
        }
    }
    Ok(())
}
