//! Before the last tier: the series of everything that was tried on the way, and which variant of each strategy goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stratbox_decide::{Status, Tier};
use stratbox_domain::{Digest, KeyBuilder, Params};
use stratbox_metrics::overfitting::{pbo, trial_deviation};
use stratbox_metrics::{Figure, Missing};

use super::cases::{Asked, Case};
use super::fingerprint::{self, On};
use super::floor::{Floor, Patience, Stop, variants};
use super::grounds::Ground;
use super::tiers::{best, columns};
use crate::belief::blocks;
use crate::failure::{Failure, FailureKind};
use crate::render::text::{counted, inline};
use crate::strategy::Strategy;
use crate::wiring::Engine;

/// Series that stand for all, at most.
const MOST_SERIES: usize = 1_000;
/// Numbers in memory for all series together.
const MOST_VALUES: usize = 64 << 20;

/// The series of all variants of all strategies of the queue that came as far as the second tier, on the same bars.
pub(super) struct Population {
    /// Of those that have one, evenly spread over all when there are many.
    pub(super) series: Vec<Vec<f64>>,
    pub(super) pbo: Figure,
    /// Of what it is made of.
    digest: Digest,
    variants: u64,
    strategies: u64,
}

/// What of a strategy goes on to the last tier.
pub(super) struct Final {
    pub(super) params: Params,
    /// Of its validation there.
    pub(super) fingerprint: String,
}

/// All that the last tier needs to know of those before it.
#[derive(Default)]
pub(super) struct Finals {
    /// By the places of data.
    pub(super) populations: BTreeMap<usize, Population>,
    /// By the places of strategies.
    pub(super) chosen: BTreeMap<usize, Final>,
    /// Strategies that can no longer be run, and why.
    pub(super) notes: Vec<String>,
}

impl Population {
    /// The standard deviation of the trials' Sharpe ratios a point, beside a series of so many points.
    pub(super) fn deviation(&self, points: usize, trials: u64) -> Result<f64, Missing> {
        trial_deviation(&self.series, points, trials > self.variants)
    }

    /// What it is, for people.
    pub(super) fn words(&self) -> String {
        format!(
            "beside {} of {}",
            counted(self.variants, "variant"),
            match self.strategies {
                1 => "one strategy".to_owned(),
                count => format!("{count} strategies"),
            }
        )
    }
}

/// What is known of one strategy.
struct Member {
    place: usize,
    strategy: Strategy,
    best: Params,
    keys: Vec<Digest>,
    /// With what made each.
    series: Vec<(Digest, Vec<f64>)>,
    variants: u64,
}

/// Runs every variant again of strategies that came as far as the second tier: the same runs give the same bits, and are no
/// new trials.
pub(super) fn prepare(
    engine: &Engine,
    (asked, grounds): (&Asked, &[Ground]),
    due: &[usize],
    workers: NonZeroUsize,
    cancel: &Arc<AtomicBool>,
) -> Result<Finals, Failure> {
    let reached = |case: &Case| match case.managed.status {
        Status::Pending => false,
        Status::Validating(tier) => tier > Tier::L1,
        Status::Done(tier, _) => tier >= Tier::L1,
    };
    let concerned: Vec<usize> = (0..asked.cases.len())
        .filter(|place| due.iter().any(|it| asked.cases[*it].field == asked.cases[*place].field))
        .filter(|place| reached(&asked.cases[*place]) || due.contains(place))
        .collect();
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        let work = || {
            while let Some(place) = concerned.get(next.fetch_add(1, Ordering::Relaxed)) {
                let member = member(engine, asked, grounds, *place, cancel);
                done.lock().unwrap_or_else(PoisonError::into_inner).push((*place, member));
            }
        };
        (0..workers.get().min(concerned.len())).for_each(|_| drop(scope.spawn(work)));
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(place, _)| *place);
    let mut finals = Finals::default();
    let mut members: BTreeMap<usize, Vec<Member>> = BTreeMap::new();
    for (place, member) in done {
        match member {
            Ok(member) => members.entry(asked.cases[place].field).or_default().push(member),
            Err(Stop::Failed(failure)) if failure.kind == FailureKind::Environment => return Err(*failure),
            Err(Stop::Failed(failure)) => finals.note(&asked.cases[place], &failure.message),
            Err(Stop::Ended(_, why)) => finals.note(&asked.cases[place], &why),
        }
    }
    for (field, members) in members {
        let population = population(&members);
        for member in members.iter().filter(|member| due.contains(&member.place)) {
            let case = &asked.cases[member.place];
            let Ok(stage) = grounds[field].stage(Tier::L2) else { continue };
            let on = On { asked, case, tier: Tier::L2, stage };
            let fingerprint =
                fingerprint::of_code(engine, on, &member.strategy.code, Some(&population.digest));
            finals.chosen.insert(member.place, Final { params: member.best.clone(), fingerprint });
        }
        finals.populations.insert(field, population);
    }
    Ok(finals)
}

impl Finals {
    fn note(&mut self, case: &Case, why: &str) {
        self.notes.push(format!(
            "`{}` cannot be run again, and is not counted in `pbo`: {}",
            case.id,
            inline(why)
        ));
    }
}

fn member(
    engine: &Engine,
    asked: &Asked,
    grounds: &[Ground],
    place: usize,
    cancel: &Arc<AtomicBool>,
) -> Result<Member, Stop> {
    let case = &asked.cases[place];
    let stage = grounds[case.field].stage(Tier::L1).map_err(Failure::input)?;
    let strategy = Strategy::load(engine, &case.source)?;
    let all = variants(&strategy, case, asked.validation.max_variants)?;
    // What ran once in time is not stopped because the machine is busy now; each run has its own limit.
    let patience = Patience::of(Duration::MAX);
    let floor = Floor::new(engine, (asked, Tier::L1, stage), (patience, false), cancel, &|| ())?;
    let ran = columns(&floor, &strategy, &all)?;
    let best =
        best(&ran.completed).ok_or_else(|| Stop::from(Failure::input("none of its variants completes")))?;
    let steps = stage.bars.summary.steps;
    let keys = ran.completed.iter().map(|(_, column)| column.key).collect();
    let series = ran.completed.into_iter().filter_map(|(_, it)| Some((it.key, it.returns.ok()?)));
    Ok(Member {
        place,
        best: all[best].clone(),
        keys,
        series: series.filter(|(_, returns)| returns.len() as u64 == steps).collect(),
        variants: all.len() as u64,
        strategy,
    })
}

fn population(members: &[Member]) -> Population {
    // Whatever the order of the queue.
    let keys: BTreeSet<&Digest> = members.iter().flat_map(|member| &member.keys).collect();
    let key = KeyBuilder::new("population");
    let digest = keys.into_iter().fold(key, |key, run| key.field("run", run.as_bytes())).finish();
    // Two strategies that are the same are one.
    let all: BTreeMap<&Digest, &Vec<f64>> =
        members.iter().flat_map(|member| &member.series).map(|(key, returns)| (key, returns)).collect();
    let all: Vec<&Vec<f64>> = all.into_values().collect();
    let points = all.first().map_or(0, |series| series.len());
    let most = MOST_SERIES.min(MOST_VALUES / points.max(1)).max(1);
    let series = spread(all.len(), most).map(|place| all[place].clone()).collect::<Vec<_>>();
    let pbo = match series.len() {
        0 | 1 => Missing::TooFewVariants.into(),
        _ => pbo(&series, blocks(points)).map_or_else(Figure::from, |it| it.probability),
    };
    let variants = members.iter().map(|member| member.variants).sum();
    Population { series, pbo, digest, variants, strategies: members.len() as u64 }
}

/// Places of at most so many, evenly spread over all.
fn spread(count: usize, most: usize) -> impl Iterator<Item = usize> {
    let taken = count.min(most);
    (0..taken).map(move |number| number * count / taken.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_spread_over_all_and_each_is_taken_once() {
        assert_eq!(spread(3, 10).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(spread(10, 4).collect::<Vec<_>>(), [0, 2, 5, 7]);
        assert_eq!(spread(0, 4).count(), 0);
    }
}
