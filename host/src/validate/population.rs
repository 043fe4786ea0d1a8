//! Before the last tier: the series of everything that was tried on the way, and which variant of each strategy goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use stratbox_decide::{Status, Tier};
use stratbox_domain::{Params, RunKey};
use stratbox_metrics::overfitting::{Convention, Evidence, pbo, trial_deviation};
use stratbox_metrics::series::Moments;
use stratbox_metrics::{Figure, Missing};

use super::cases::{Asked, Case};
use super::fingerprint::{self, On};
use super::floor::{Floor, Patience, Stop, params_at};
use super::grounds::Ground;
use super::kept::{Evaluation, Finding, Found as Kept, Number, Shelf};
use super::standing::in_parallel;
use super::tiers::{Judged, best, columns};
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
    pub(super) variants: u64,
    strategies: u64,
    /// Trials that made these: the variants, and of each strategy a run at L0 and a look. Whatever else was tried has left no series.
    own: u64,
}

/// What of a strategy goes on to the last tier.
pub(super) struct Final {
    pub(super) params: Params,
    /// Of its validation there.
    pub(super) fingerprint: String,
    /// Of its run there.
    pub(super) key: RunKey,
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
    /// Adds to figures of a run on what is held out what depends on everything else that was tried: `dsr` and `pbo`.
    pub(super) fn add(&self, figures: &mut BTreeMap<String, Number>, moments: Option<&Moments>, trials: u64) {
        if let Some(moments) = moments {
            let points = usize::try_from(moments.observations).unwrap_or(usize::MAX);
            let deviation = trial_deviation(&self.series, points, trials > self.own);
            let deflated = deviation.map(|deviation| {
                let evidence = Evidence::from(*moments);
                evidence.deflated(trials as f64, deviation * deviation, Convention::Observed).probability
            });
            figures.insert("dsr".to_owned(), deflated.unwrap_or_else(Figure::from).into());
        }
        figures.insert("pbo".to_owned(), self.pbo.into());
    }

    /// What it is, for people.
    pub(super) fn words(&self) -> String {
        let alone = match self.series.len() {
            0 | 1 => {
                "; `pbo` is about choosing among variants, and there is but one series: give `params` lists of values"
            }
            _ => "",
        };
        format!(
            "beside {} of {}{alone}",
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
    /// With what made each.
    series: Vec<(RunKey, Vec<f64>)>,
    /// Of every variant, also of those that refused their parameters.
    keys: Vec<RunKey>,
    /// Of its result at L1.
    fingerprint: String,
}

/// Runs every variant again of strategies whose result of the second tier is kept: the same runs give the same bits, and are
/// no new trials.
pub(super) fn prepare(
    engine: &Engine,
    (asked, grounds, shelf): (&Asked, &[Ground], &Shelf),
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
    let each = |place: usize| member(engine, (asked, grounds, shelf), place, cancel);
    let done = in_parallel(&concerned, workers, each);
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
            let params = member.best.clone();
            let fingerprint =
                fingerprint::of_code(engine, on, &member.strategy.code, std::slice::from_ref(&params));
            let patience = Patience::of(asked.validation.timeout(Tier::L2));
            let floor = Floor::new(engine, (asked, Tier::L2, stage), (patience, false), cancel, &|| ())?;
            let key = floor.keys(&member.strategy).of(&params);
            finals.chosen.insert(member.place, Final { params, fingerprint, key });
        }
        finals.populations.insert(field, population);
    }
    Ok(finals)
}

impl Finals {
    fn note(&mut self, case: &Case, why: &str) {
        self.notes.push(format!(
            "`{}` is not run again, and is no part of `pbo` and of what `dsr` is beside: {}",
            case.id,
            inline(why)
        ));
    }
}

fn member(
    engine: &Engine,
    (asked, grounds, shelf): (&Asked, &[Ground], &Shelf),
    place: usize,
    cancel: &Arc<AtomicBool>,
) -> Result<Member, Stop> {
    let case = &asked.cases[place];
    let stage = grounds[case.field].stage(Tier::L1).map_err(Failure::input)?;
    let strategy = Strategy::load(engine, &case.source)?;
    let on = On { asked, case, tier: Tier::L1, stage };
    let all = params_at(&strategy, on)?;
    let fingerprint = fingerprint::of_code(engine, on, &strategy.code, &all);
    match shelf.evaluation(Tier::L1, &fingerprint) {
        Kept::Whole(Evaluation { finding: Finding::Measured, .. }) => {}
        _ => return Err(Failure::input("no whole result of L1 is kept for it as it is now").into()),
    }
    let patience = Patience::of(asked.validation.timeout(Tier::L1));
    let floor = Floor::new(engine, (asked, Tier::L1, stage), (patience, false), cancel, &|| ())?;
    let ran = match columns(&floor, &strategy, &all)? {
        Ok(ran) => ran,
        Err(Judged::Faulted(_, why)) => return Err(Failure::input(why).into()),
        Err(Judged::Found(_)) => return Err(Failure::input("it has no series").into()),
    };
    let best =
        best(&ran.completed).ok_or_else(|| Stop::from(Failure::input("none of its variants completes")))?;
    let keys = floor.keys(&strategy);
    let keys = all.iter().map(|params| keys.of(params)).collect();
    let series = ran.completed.into_iter().map(|(_, column)| (column.key, column.returns)).collect();
    Ok(Member { place, best: all[best].clone(), series, keys, fingerprint, strategy })
}

fn population(members: &[Member]) -> Population {
    // Two strategies that are the same are one, whatever the order of the queue.
    let all: BTreeMap<&RunKey, &Vec<f64>> =
        members.iter().flat_map(|member| &member.series).map(|(key, returns)| (key, returns)).collect();
    let all: Vec<&Vec<f64>> = all.into_values().collect();
    let points = all.first().map_or(0, |series| series.len());
    let most = MOST_SERIES.min(MOST_VALUES / points.max(1)).max(1);
    let series = spread(all.len(), most).map(|place| all[place].clone()).collect::<Vec<_>>();
    let pbo = match series.len() {
        0 | 1 => Missing::TooFewVariants.into(),
        _ => pbo(&series, blocks(points)).map_or_else(Figure::from, |it| it.probability),
    };
    let variants = members.iter().flat_map(|member| &member.keys).collect::<BTreeSet<_>>().len() as u64;
    let strategies = members.iter().map(|member| &member.fingerprint).collect::<BTreeSet<_>>().len() as u64;
    Population { series, pbo, variants, strategies, own: variants + 2 * strategies }
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
