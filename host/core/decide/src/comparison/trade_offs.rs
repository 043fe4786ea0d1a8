//! What is gained and given up by choosing one candidate and not another.

use serde::Serialize;
use stratbox_metrics::{Direction, Figure};

use super::{Criterion, Row};
use crate::names::listed;
use crate::words::number;

/// Totals that differ by this are as far apart as the threshold says: sums of decimal fractions are not exact.
const ROUNDING: f64 = 1e-12;

/// Who is good at what.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TradeOffs {
    /// Who leads and who trails by each criterion, in their order.
    pub criteria: Vec<Leadership>,
    /// What it means to choose a close alternative and not the best, in the order of their ranks.
    pub exchanges: Vec<Exchange>,
}

/// Who leads and who trails by one criterion.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leadership {
    /// Its name.
    pub criterion: String,
    /// Who has the best figure, by rank; nobody when nobody has a figure.
    pub leaders: Vec<String>,
    /// That figure.
    pub best: Option<f64>,
    /// Who has the worst figure, by rank; nobody when all figures are equal.
    pub trailers: Vec<String>,
    /// That figure.
    pub worst: Option<f64>,
    /// Who has no figure, by rank.
    pub missing: Vec<String>,
    /// The same in words.
    pub sentence: String,
}

/// What it means to choose another one than the best.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exchange {
    /// The best.
    pub best: String,
    /// The other one.
    pub alternative: String,
    /// How far its total is below that of the best.
    pub difference: f64,
    /// By what it is better.
    pub gains: Vec<Difference>,
    /// By what it is worse.
    pub gives_up: Vec<Difference>,
    /// The same in words.
    pub sentence: String,
}

/// How two candidates differ by one criterion.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Its name.
    pub criterion: String,
    /// The figure of the best.
    pub best: Figure,
    /// The figure of the other one.
    pub alternative: Figure,
    /// How far their scores are apart, zero or more.
    pub score: f64,
}

impl TradeOffs {
    /// Of those that take part, by rank.
    pub(super) fn of(criteria: &[Criterion], rows: &[Row], threshold: f64) -> Self {
        let leadership = |(place, criterion)| Leadership::of(criterion, place, rows);
        Self {
            criteria: criteria.iter().enumerate().map(leadership).collect(),
            exchanges: exchanges(criteria, rows, threshold),
        }
    }
}

/// The best beside each one that is close to it.
fn exchanges(criteria: &[Criterion], rows: &[Row], threshold: f64) -> Vec<Exchange> {
    let close = close(rows, threshold).iter();
    close.filter_map(|row| Some(Exchange::of(criteria, rows.first()?, row))).collect()
}

/// Those that are at most the threshold below the first, which is not among them; equal ones with one that is.
pub(super) fn close(rows: &[Row], threshold: f64) -> &[Row] {
    let Some((best, others)) = rows.split_first() else { return &[] };
    let near = |row: &&Row| row.rank == best.rank || difference(best, row) <= threshold + ROUNDING;
    let last = others.iter().filter(near).map(|row| row.rank).max();
    let count = others.iter().take_while(|row| last.is_some_and(|last| row.rank <= last)).count();
    &others[..count]
}

/// How far a total is below that of the best. Equal totals may be in the order of their names.
pub(super) fn difference(best: &Row, other: &Row) -> f64 {
    (best.total.unwrap_or_default() - other.total.unwrap_or_default()).max(0.0)
}

/// Whether the first figure is better; any is better than none.
pub(super) fn better(criterion: &Criterion, one: Figure, other: Figure) -> bool {
    match (one.value(), other.value()) {
        (Some(one), Some(other)) => match criterion.direction {
            Direction::HigherIsBetter => one > other,
            Direction::LowerIsBetter => one < other,
        },
        (one, other) => one.is_some() && other.is_none(),
    }
}

impl Leadership {
    fn of(criterion: &Criterion, place: usize, rows: &[Row]) -> Self {
        let figure = |row: &Row| row.cells[place].value;
        let extreme = |is_better: &dyn Fn(Figure, Figure) -> bool| {
            let known = rows.iter().map(figure).filter(|figure| figure.value().is_some());
            known.reduce(|found, next| if is_better(next, found) { next } else { found })
        };
        let best = extreme(&|one, other| better(criterion, one, other)).and_then(Figure::value);
        let worst = extreme(&|one, other| better(criterion, other, one)).and_then(Figure::value);
        let worst = worst.filter(|worst| best != Some(*worst));
        let with = |value: Option<f64>| -> Vec<String> {
            let has = |row: &&Row| value.is_some() && figure(row).value() == value;
            rows.iter().filter(has).map(|row| row.name.clone()).collect()
        };
        let missing: Vec<String> =
            rows.iter().filter(|row| figure(row).value().is_none()).map(|row| row.name.clone()).collect();
        let (leaders, trailers) = (with(best), with(worst));
        let criterion = criterion.name.clone();
        let mut it = Self { criterion, leaders, best, trailers, worst, missing, sentence: String::new() };
        it.sentence = it.words();
        it
    }

    fn words(&self) -> String {
        let by = listed(&[&self.criterion]);
        let absent = match self.missing.as_slice() {
            [] => String::new(),
            missing => format!(" There is no figure for {}.", listed(missing)),
        };
        let told = match (self.best, self.worst) {
            (None, _) => return format!("By {by}: nobody has a figure."),
            (Some(best), None) if self.leaders.len() == 1 => {
                format!("{} alone has a figure, {}.", listed(&self.leaders), number(best))
            }
            (Some(best), None) => format!("{} are equal ({}).", listed(&self.leaders), number(best)),
            (Some(best), Some(worst)) => {
                let (lead, trail) = (verb(&self.leaders, "lead"), verb(&self.trailers, "trail"));
                let (leaders, trailers) = (listed(&self.leaders), listed(&self.trailers));
                format!("{leaders} {lead} ({}), {trailers} {trail} ({}).", number(best), number(worst))
            }
        };
        format!("By {by}: {told}{absent}")
    }
}

/// `leads` or `lead`.
fn verb(who: &[String], verb: &str) -> String {
    if who.len() == 1 { format!("{verb}s") } else { verb.to_owned() }
}

impl Exchange {
    fn of(criteria: &[Criterion], best: &Row, row: &Row) -> Self {
        let side = |is: &dyn Fn(&Criterion, Figure, Figure) -> bool| -> Vec<Difference> {
            let pairs = criteria.iter().zip(best.cells.iter().zip(&row.cells));
            let differing = pairs.filter(|(criterion, (best, other))| is(criterion, best.value, other.value));
            differing
                .map(|(criterion, (best, other))| Difference {
                    criterion: criterion.name.clone(),
                    best: best.value,
                    alternative: other.value,
                    score: (best.score.unwrap_or_default() - other.score.unwrap_or_default()).abs(),
                })
                .collect()
        };
        let mut it = Self {
            best: best.name.clone(),
            alternative: row.name.clone(),
            difference: difference(best, row),
            gains: side(&|criterion, best, other| better(criterion, other, best)),
            gives_up: side(&|criterion, best, other| better(criterion, best, other)),
            sentence: String::new(),
        };
        it.sentence = it.words();
        it
    }

    fn words(&self) -> String {
        let (best, other) = (listed(&[&self.best]), listed(&[&self.alternative]));
        let (gains, gives) = (spelled(&self.gains), spelled(&self.gives_up));
        let start = format!("Choosing {other} over {best}");
        match (self.gains.is_empty(), self.gives_up.is_empty()) {
            (true, true) => format!("{start} changes nothing: all figures are equal."),
            (true, false) => format!("{start} gains nothing and gives up {gives}."),
            (false, true) => format!("{start} gains {gains} and gives up nothing."),
            (false, false) => format!("{start} gains {gains}, and gives up {gives}."),
        }
    }
}

/// `` `sharpe` (1.2, not 1) ``: the figure of the alternative, then that of the best.
fn spelled(differences: &[Difference]) -> String {
    let shown = |figure: Figure| figure.value().map_or("none".to_owned(), number);
    let one = |it: &Difference| {
        format!("{} ({}, not {})", listed(&[&it.criterion]), shown(it.alternative), shown(it.best))
    };
    differences.iter().map(one).collect::<Vec<_>>().join(", ")
}
