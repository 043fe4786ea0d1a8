//! The order in which contenders are taken.

use std::collections::BTreeMap;

use stratbox_metrics::{Direction, Figure};
use stratbox_search::{Outcome, fronts, order};

use super::{Contender, PassedOver, Rule, SelectionError, SelectionSettings};
use crate::rank;

/// Contenders by their indices.
pub(super) struct Preference {
    /// Those that may be taken, in the order in which they are.
    pub(super) order: Vec<usize>,
    /// Those that may not, by key.
    pub(super) out: Vec<(usize, PassedOver)>,
    /// So many are taken.
    pub(super) most: usize,
}

pub(super) fn prefer<K: Ord>(
    contenders: &[Contender<'_, K>],
    directions: &[Direction],
    settings: &SelectionSettings,
) -> Result<Preference, SelectionError> {
    let only_accepted = settings.only_accepted || settings.rule == Rule::Passing;
    let (mut able, mut out) = (Vec::new(), Vec::new());
    for (index, contender) in contenders.iter().enumerate() {
        match unable(contender, &settings.rule, only_accepted) {
            None => able.push(index),
            Some(why) => out.push((index, why)),
        }
    }
    let (order, most) = match &settings.rule {
        Rule::Best => (by_figure(contenders, &able, directions), 1),
        Rule::TopK(count) => (by_figure(contenders, &able, directions), *count),
        Rule::Passing => (by_figure(contenders, &able, directions), usize::MAX),
        Rule::Weighted(count) => {
            let by_score = |index: &usize| contenders[*index].score;
            let order = rank(&able, by_score, Direction::HigherIsBetter, |index| &contenders[*index].key);
            (order.into_iter().map(|place| able[place]).collect(), *count)
        }
        Rule::Pareto => {
            let (front, dominated) = on_the_front(contenders, &able, directions);
            out.extend(dominated);
            (front, usize::MAX)
        }
        Rule::Chosen(names) => {
            let (named, unnamed) = named(contenders, names, &able)?;
            out.extend(unnamed.into_iter().map(|index| (index, PassedOver::NotNamed)));
            (named, usize::MAX)
        }
    };
    out.sort_by(|one, other| contenders[one.0].key.cmp(&contenders[other.0].key));
    Ok(Preference { order, out, most })
}

/// Whether nothing but their keys decides between two that are next to one another.
pub(super) fn equal<K>(
    rule: &Rule,
    directions: &[Direction],
    one: &Contender<'_, K>,
    other: &Contender<'_, K>,
) -> bool {
    let same = |count: usize| {
        let pairs = one.figures.iter().zip(&other.figures).take(count);
        pairs.into_iter().all(|(one, other)| one.value() == other.value())
    };
    match rule {
        Rule::Best | Rule::TopK(_) | Rule::Passing => same(1),
        Rule::Weighted(_) => one.score == other.score,
        Rule::Pareto => same(directions.len()),
        Rule::Chosen(_) => false,
    }
}

/// Why a contender cannot be taken, whatever the others are.
fn unable<K>(contender: &Contender<'_, K>, rule: &Rule, only_accepted: bool) -> Option<PassedOver> {
    if only_accepted && !contender.accepted {
        return Some(PassedOver::NotAccepted);
    }
    let missing = |figure: &Figure| figure.missing().map(|why| PassedOver::NoFigure { why });
    match rule {
        Rule::Best | Rule::TopK(_) => contender.figures.first().and_then(missing),
        Rule::Pareto => contender.figures.iter().find_map(missing),
        Rule::Weighted(_) => contender.score.is_none().then_some(PassedOver::NoScore),
        // Who passed, or was named, is taken without a figure too, behind those with one.
        Rule::Passing | Rule::Chosen(_) => None,
    }
}

fn by_figure<K: Ord>(
    contenders: &[Contender<'_, K>],
    able: &[usize],
    directions: &[Direction],
) -> Vec<usize> {
    let Some(direction) = directions.first() else { return Vec::new() };
    let figure = |index: &usize| contenders[*index].figures.first().and_then(|figure| figure.value());
    let order = rank(able, figure, *direction, |index| &contenders[*index].key);
    order.into_iter().map(|place| able[place]).collect()
}

/// Those that nothing dominates, in their order, and the others with their front.
fn on_the_front<K: Ord>(
    contenders: &[Contender<'_, K>],
    able: &[usize],
    directions: &[Direction],
) -> (Vec<usize>, Vec<(usize, PassedOver)>) {
    let outcome = |index: &usize| {
        Outcome::feasible(contenders[*index].figures.iter().map(|figure| figure.value()).collect())
    };
    let outcomes: Vec<Outcome> = able.iter().map(outcome).collect();
    let (mut front, mut dominated) = (Vec::new(), Vec::new());
    for (place, number) in fronts(&outcomes, directions).into_iter().enumerate() {
        match number {
            0 => front.push(place),
            number => dominated.push((able[place], PassedOver::Dominated { front: number as u64 })),
        }
    }
    let best: Vec<Outcome> = front.iter().map(|place| outcomes[*place].clone()).collect();
    let preferred = order(&best, directions, |place| &contenders[able[front[place]]].key);
    (preferred.into_iter().map(|place| able[front[place]]).collect(), dominated)
}

/// Those that are called so, as far as they can be taken, and those that nobody named.
fn named<K>(
    contenders: &[Contender<'_, K>],
    names: &[String],
    able: &[usize],
) -> Result<(Vec<usize>, Vec<usize>), SelectionError> {
    let mut called: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, contender) in contenders.iter().enumerate() {
        called.entry(&contender.name).or_default().push(index);
    }
    let mut taken = vec![false; contenders.len()];
    let mut order = Vec::with_capacity(names.len());
    for name in names {
        let index = match called.get(name.as_str()).map(Vec::as_slice) {
            None => return Err(SelectionError::Unknown(name.clone())),
            Some([index]) => *index,
            Some(_) => return Err(SelectionError::Ambiguous(name.clone())),
        };
        if std::mem::replace(&mut taken[index], true) {
            return Err(SelectionError::ChosenTwice(name.clone()));
        }
        order.push(index);
    }
    order.retain(|index| able.binary_search(index).is_ok());
    Ok((order, able.iter().copied().filter(|index| !taken[*index]).collect()))
}
