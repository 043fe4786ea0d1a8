//! Which candidate to choose.

use serde::{Deserialize, Serialize};

use super::trade_offs::{better, close, difference};
use super::{ComparisonSettings, Criterion, Row, scoring};
use crate::names::{listed, quoted};
use crate::words::number;

/// How a recommendation is worded. All say the same with the same data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// One choice, and why.
    #[default]
    Decisive,
    /// The best and every close alternative.
    Options,
    /// Which one to choose when a criterion matters most, and which to avoid.
    Conditional,
}

/// Which candidate to choose.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recommendation {
    /// How it is worded.
    pub style: Style,
    /// The first by rank and name; null when nobody takes part.
    pub best: Option<String>,
    /// Its total.
    pub total: Option<f64>,
    /// Whether others have the same total, so that the name decided.
    pub tied: bool,
    /// Others that are at most the threshold below it, by rank.
    pub alternatives: Vec<Alternative>,
    /// What to choose when one criterion matters most; for each that counts and by which candidates differ.
    pub guidance: Vec<Guidance>,
    /// What not to choose, by rank.
    pub avoid: Vec<Avoid>,
    /// The recommendation in words, as the style has it.
    pub sentences: Vec<String>,
}

/// A close alternative.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alternative {
    /// What it is called.
    pub name: String,
    /// Its total.
    pub total: f64,
    /// How far that is below the best one's; 0 when they are tied.
    pub difference: f64,
    /// Whether it has the rank of the best.
    pub tied: bool,
    /// Criteria by which it is better than the best.
    pub better_in: Vec<String>,
    /// Criteria by which it is worse.
    pub worse_in: Vec<String>,
}

/// What to choose when one criterion matters most.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Guidance {
    /// Its name.
    pub criterion: String,
    /// The best by it; of several the first by rank.
    pub choose: String,
    /// Its figure.
    pub value: f64,
    /// Who is first when the criterion has twice its weight.
    pub with_double_weight: String,
    /// The same in words.
    pub sentence: String,
}

/// What not to choose.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Avoid {
    /// What it is called.
    pub name: String,
    /// Who is at least as good by every criterion that counts, and better by one: the first of them by rank.
    pub dominated_by: Option<String>,
    /// Whether no total is lower.
    pub lowest: bool,
    /// The same in words.
    pub sentence: String,
}

impl Recommendation {
    /// Of those that take part, by rank, beside so many that do not.
    pub(super) fn of(
        criteria: &[Criterion],
        rows: &[Row],
        out: usize,
        settings: &ComparisonSettings,
    ) -> Self {
        let best = rows.first();
        let alternatives = alternatives(criteria, rows, settings.threshold);
        let mut it = Self {
            style: settings.style,
            best: best.map(|row| row.name.clone()),
            total: best.and_then(|row| row.total),
            tied: best.is_some_and(|row| !row.tied_with.is_empty()),
            guidance: guidance(criteria, rows),
            avoid: avoid(criteria, rows, alternatives.len() + 1),
            alternatives,
            sentences: Vec::new(),
        };
        it.sentences = match best {
            None => vec![nobody(out)],
            Some(best) => match settings.style {
                Style::Decisive => it.decisive(criteria, rows, best),
                Style::Options => it.options(rows, best),
                Style::Conditional => it.conditional(rows, best),
            },
        };
        it
    }

    /// One choice, what it is good at, what it is bad at, and who comes next.
    fn decisive(&self, criteria: &[Criterion], rows: &[Row], best: &Row) -> Vec<String> {
        let mut sentences = vec![self.choice(rows, best)];
        if rows.len() > 1 {
            let at = |found: &dyn Fn(&Criterion, usize) -> bool| -> Vec<&String> {
                let places = criteria.iter().enumerate();
                places.filter(|(place, it)| found(it, *place)).map(|(_, it)| &it.name).collect()
            };
            let value = |row: &Row, place: usize| row.cells[place].value;
            let leads = at(&|it, place| {
                rows.iter().all(|row| !better(it, value(row, place), value(best, place)))
                    && rows.iter().any(|row| better(it, value(best, place), value(row, place)))
            });
            let trails = at(&|it, place| {
                rows.iter().all(|row| !better(it, value(best, place), value(row, place)))
                    && rows.iter().any(|row| better(it, value(row, place), value(best, place)))
            });
            if !leads.is_empty() {
                sentences.push(format!("Nobody is better by {}.", listed(&leads)));
            }
            if !trails.is_empty() {
                sentences.push(format!("It is the worst by {}.", listed(&trails)));
            }
        }
        sentences.extend(missing(criteria, best));
        sentences.extend(rows.get(1).map(|next| behind(best, next)));
        sentences
    }

    /// The best and what else may be chosen as well.
    fn options(&self, rows: &[Row], best: &Row) -> Vec<String> {
        let mut sentences = vec![self.choice(rows, best)];
        for it in &self.alternatives {
            let how = match (it.better_in.as_slice(), it.worse_in.as_slice()) {
                ([], []) => "equal by every criterion".to_owned(),
                ([], worse) => format!("better by nothing, worse by {}", listed(worse)),
                (better, []) => format!("better by {}, worse by nothing", listed(better)),
                (better, worse) => format!("better by {}, worse by {}", listed(better), listed(worse)),
            };
            let far = if it.tied {
                "with the same total".to_owned()
            } else {
                format!("{} behind", number(it.difference))
            };
            sentences.push(format!("{} is a close alternative, {far}: {how}.", quoted(&it.name)));
        }
        if self.alternatives.is_empty() {
            let next = rows.get(1).map(|next| format!(" {}", behind(best, next))).unwrap_or_default();
            sentences.push(format!("There is no close alternative.{next}"));
        }
        sentences
    }

    /// When to choose what.
    fn conditional(&self, rows: &[Row], best: &Row) -> Vec<String> {
        let mut sentences = vec![self.choice(rows, best)];
        sentences.extend(self.guidance.iter().map(|it| it.sentence.clone()));
        sentences.extend(self.avoid.iter().map(|it| it.sentence.clone()));
        sentences
    }

    fn choice(&self, rows: &[Row], best: &Row) -> String {
        let (name, total) = (quoted(&best.name), number(best.total.unwrap_or_default()));
        match best.tied_with.as_slice() {
            [] if rows.len() == 1 => format!("Choose {name}: nobody else takes part."),
            [] => format!("Choose {name}: it has the highest total, {total} of 1."),
            tied => format!(
                "Choose {name}: its total, {total} of 1, is the highest, which it shares with {}; the name decided.",
                listed(tied)
            ),
        }
    }
}

fn nobody(out: usize) -> String {
    let those = if out == 1 { "the one candidate".to_owned() } else { format!("all {out} candidates") };
    format!("Nobody qualifies: {those} failed or had no figure that counts.")
}

fn behind(best: &Row, next: &Row) -> String {
    let name = quoted(&next.name);
    match difference(best, next) {
        _ if next.rank == best.rank => format!("{name} is next, with the same total."),
        difference => format!("{name} is next, {} behind.", number(difference)),
    }
}

fn missing(criteria: &[Criterion], row: &Row) -> Option<String> {
    let without = criteria.iter().zip(&row.cells).filter(|(_, cell)| cell.value.value().is_none());
    let names: Vec<&String> = without.map(|(criterion, _)| &criterion.name).collect();
    (!names.is_empty()).then(|| format!("It has no figure for {}, which scored 0.", listed(&names)))
}

fn alternatives(criteria: &[Criterion], rows: &[Row], threshold: f64) -> Vec<Alternative> {
    let Some(best) = rows.first() else { return Vec::new() };
    let alternative = |row: &Row| {
        let by = |one: &Row, other: &Row| -> Vec<String> {
            let pairs = criteria.iter().zip(one.cells.iter().zip(&other.cells));
            let ahead = pairs.filter(|(it, (one, other))| better(it, one.value, other.value));
            ahead.map(|(criterion, _)| criterion.name.clone()).collect()
        };
        let tied = row.rank == best.rank;
        Alternative {
            name: row.name.clone(),
            total: row.total.unwrap_or_default(),
            difference: if tied { 0.0 } else { difference(best, row) },
            tied,
            better_in: by(row, best),
            worse_in: by(best, row),
        }
    };
    close(rows, threshold).iter().map(alternative).collect()
}

fn guidance(criteria: &[Criterion], rows: &[Row]) -> Vec<Guidance> {
    let counting = criteria.iter().enumerate().filter(|(_, criterion)| criterion.counts());
    counting.filter_map(|(place, criterion)| guide(criteria, rows, place, criterion)).collect()
}

fn guide(criteria: &[Criterion], rows: &[Row], place: usize, criterion: &Criterion) -> Option<Guidance> {
    let figure = |row: &Row| row.cells[place].value;
    let leader = rows
        .iter()
        .reduce(|found, next| if better(criterion, figure(next), figure(found)) { next } else { found })?;
    let value = figure(leader).value()?;
    // Where nobody is worse, the criterion tells nothing apart.
    rows.iter().find(|row| better(criterion, figure(leader), figure(row)))?;
    let first = first_with_double_weight(criteria, rows, place)?;
    let (by, chosen) = (quoted(&criterion.name), quoted(&leader.name));
    let then = if first.name == leader.name {
        "with twice its weight it is first".to_owned()
    } else {
        format!("with twice its weight {} is first", quoted(&first.name))
    };
    Some(Guidance {
        criterion: criterion.name.clone(),
        choose: leader.name.clone(),
        value,
        with_double_weight: first.name.clone(),
        sentence: format!("If {by} matters most, choose {chosen} ({}); {then}.", number(value)),
    })
}

fn first_with_double_weight<'a>(criteria: &[Criterion], rows: &'a [Row], place: usize) -> Option<&'a Row> {
    let mut weights: Vec<f64> = criteria.iter().map(|criterion| criterion.weight).collect();
    weights[place] *= 2.0;
    let total = |row: &Row| {
        let scores: Vec<f64> = row.cells.iter().map(|cell| cell.score.unwrap_or_default()).collect();
        scoring::total(&weights, &scores)
    };
    let totals: Vec<f64> = rows.iter().map(total).collect();
    let ranked = scoring::ranked(&totals, |index| rows[index].name.clone());
    ranked.first().map(|(index, _)| &rows[*index])
}

/// Those that another dominates, and the lowest unless they are among the first `near`, the best and what is close to it.
fn avoid(criteria: &[Criterion], rows: &[Row], near: usize) -> Vec<Avoid> {
    let lowest = rows.last().and_then(|row| row.rank);
    let one = |(place, row): (usize, &Row)| {
        let over = rows.iter().find(|other| dominates(criteria, other, row));
        let lowest = row.rank == lowest && place >= near;
        let name = quoted(&row.name);
        let why = match (over, lowest) {
            (None, false) => return None,
            (None, true) => "no total is lower".to_owned(),
            (Some(over), false) => format!("{} is as good or better by every criterion", quoted(&over.name)),
            (Some(over), true) => {
                let over = quoted(&over.name);
                format!("no total is lower, and {over} is as good or better by every criterion")
            }
        };
        Some(Avoid {
            name: row.name.clone(),
            dominated_by: over.map(|over| over.name.clone()),
            lowest,
            sentence: format!("Avoid {name}: {why}."),
        })
    };
    rows.iter().enumerate().filter_map(one).collect()
}

/// Whether the first is at least as good by every criterion that counts, and better by one.
fn dominates(criteria: &[Criterion], one: &Row, other: &Row) -> bool {
    let counting = || {
        let pairs = criteria.iter().zip(one.cells.iter().zip(&other.cells));
        pairs.filter(|(criterion, _)| criterion.counts())
    };
    counting().all(|(it, (one, other))| !better(it, other.value, one.value))
        && counting().any(|(it, (one, other))| better(it, one.value, other.value))
}
