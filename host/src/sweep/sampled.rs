//! Points that a sampler chooses: all before the first run, or a round at a time from what came of those before.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use stratbox_domain::{Axis, Cube, Params, RunOutcome, Space};
use stratbox_metrics::{Direction, Metrics};
use stratbox_search::{Evaluation, Method, Outcome, Sampler, SearchError, Settings, violation};

use super::Aim;

/// Points that are kept with an experiment, at most.
pub(super) const MOST: u64 = 100_000;

/// What a sampler is made from, besides the axes and the objectives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SamplerSettings {
    pub(crate) settings: Settings,
    pub(crate) seed: u64,
    /// Points that are tried before all others.
    pub(crate) enqueued: Vec<Params>,
}

/// Points of a strategy that a sampler chooses.
pub(crate) struct Sampled {
    rounds: Vec<Range<u64>>,
    /// Those that are chosen.
    space: RwLock<Space>,
    sampler: Mutex<Sampler>,
}

impl Sampled {
    /// With the points of the first round chosen, which are all of them unless the method learns.
    ///
    /// # Errors
    /// The settings make no sense for this space, or a point that was enqueued is not in it.
    pub(super) fn new(
        axes: Vec<Axis>,
        directions: &[Direction],
        from: &SamplerSettings,
    ) -> Result<Self, SearchError> {
        let cube = Cube::new(axes.clone())?;
        let cardinality = cube.cardinality();
        let mut sampler = Sampler::new(cube, directions, &from.settings, from.seed)?;
        let mut enqueued = 0;
        for point in &from.enqueued {
            enqueued += u64::from(sampler.enqueue(point)? == stratbox_search::Enqueued::Accepted);
        }
        let learns = from.settings.method == Method::Tpe;
        let wanted = from.settings.samples.unwrap_or(0).saturating_add(enqueued).min(MOST);
        let first: Vec<Params> = ask(&mut sampler, wanted);
        let chosen = first.len() as u64;
        let count = if learns { wanted.min(cardinality.unwrap_or(u64::MAX)) } else { chosen };
        let mut space = Space::listed(axes, count)?;
        space.choose(&first)?;
        let batch = u64::from(from.settings.batch.unwrap_or(8)).max(1);
        let mut rounds = Vec::new();
        let mut from = 0;
        while from < count {
            let to = if from == 0 { chosen.max(1) } else { from + batch }.min(count);
            rounds.push(from..to);
            from = to;
        }
        Ok(Self { rounds, space: RwLock::new(space), sampler: Mutex::new(sampler) })
    }

    /// Its points in rounds: those of one are chosen when everything before it has been [told](Self::tell).
    pub(super) fn rounds(&self) -> &[Range<u64>] {
        &self.rounds
    }

    /// The space, with what is chosen of it.
    pub(crate) fn space(&self) -> Space {
        self.space.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn with<T>(&self, look: impl FnOnce(&Space) -> T) -> T {
        look(&self.space.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes what came of a point. One that was told before is left as it is: the first result stands.
    pub(crate) fn tell(&self, index: u64, evaluation: Evaluation) {
        // It refuses what it did not suggest, and what it knows already.
        drop(self.sampler().tell(index, evaluation));
    }

    /// Chooses the points of the round that begins at `from`; whether they were not chosen before.
    pub(crate) fn choose(&self, from: u64) -> bool {
        let Some(round) = self.rounds.iter().find(|round| round.start == from) else { return false };
        let mut space = self.space.write().unwrap_or_else(PoisonError::into_inner);
        if space.chosen() != from {
            return false;
        }
        let asked = ask(&mut self.sampler(), round.end - round.start);
        // There is room for a round, of points of the space's own cube.
        space.choose(&asked).is_ok()
    }

    /// Brings a new sampler to where another one was that was told these results, by the numbers of their points.
    pub(crate) fn replay(&self, mut told: BTreeMap<u64, Evaluation>) {
        for round in &self.rounds {
            let mut missing = false;
            for index in round.clone() {
                match told.remove(&index) {
                    Some(evaluation) => self.tell(index, evaluation),
                    None => missing = true,
                }
            }
            if missing {
                return;
            }
            self.choose(round.end);
        }
    }

    /// Whether any point depends on what came of others.
    pub(crate) fn learns(&self) -> bool {
        self.rounds.len() > 1
    }

    fn sampler(&self) -> MutexGuard<'_, Sampler> {
        self.sampler.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ask(sampler: &mut Sampler, count: u64) -> Vec<Params> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    sampler.ask(count).into_iter().map(|suggestion| suggestion.point).collect()
}

impl Aim {
    /// What a sampler is told of a run.
    pub(crate) fn evaluation(&self, outcome: &RunOutcome<Box<Metrics>>) -> Evaluation {
        match outcome {
            RunOutcome::Completed(metrics) => Evaluation::Completed(Outcome {
                values: self.objectives().map(|name| metrics.get(name).value()).collect(),
                violation: violation(&self.constraints, |name| metrics.get(name)),
            }),
            RunOutcome::Faulted(fault) => Evaluation::Failed { reason: fault.label.label().to_owned() },
            RunOutcome::Interrupted(reason) => Evaluation::Failed { reason: reason.label().to_owned() },
        }
    }
}
