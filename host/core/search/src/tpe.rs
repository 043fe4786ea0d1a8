//! The tree-structured Parzen estimator (Bergstra, Bardenet, Bengio and Kegl 2011): points where the density of good
//! results is high and that of all others low.

use std::collections::BTreeMap;

use stratbox_domain::{Cube, Params, Space, uniform};
use stratbox_metrics::Direction;

use crate::evaluation::{Evaluation, Outcome};
use crate::pareto::order;
use crate::parzen::Parzen;
use crate::random::{mix, seed_of};
use crate::settings::Settings;

/// Most results that count as good, however many there are.
const MOST_GOOD: usize = 25;

#[derive(Debug, Clone)]
pub(crate) struct Tpe {
    random: Space,
    seed: u64,
    directions: Vec<Direction>,
    startup: u64,
    gamma: f64,
    candidates: u32,
    batch: u64,
    /// Whose positions are known, by number: what was told, and what was suggested in the batch at hand.
    positions: BTreeMap<u64, Vec<f64>>,
    /// What completed.
    outcomes: BTreeMap<u64, Outcome>,
    /// Of the results before the batch at hand, those that count as good.
    good: Vec<u64>,
}

impl Tpe {
    pub(crate) fn new(random: Space, directions: &[Direction], settings: &Settings, seed: u64) -> Self {
        Self {
            random,
            seed: seed_of("parzen draws", seed, ""),
            directions: directions.to_vec(),
            startup: settings.startup.unwrap_or(10),
            gamma: settings.gamma.unwrap_or(0.1),
            candidates: settings.candidates.unwrap_or(24),
            batch: u64::from(settings.batch.unwrap_or(8)),
            positions: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            good: Vec::new(),
        }
    }

    /// So many points will come before any of this method.
    pub(crate) fn expect(&mut self, enqueued: u64) {
        self.startup = self.startup.max(enqueued);
    }

    /// Whether the point with this number is the first that learns from the ones before.
    pub(crate) fn begins_batch(&self, id: u64) -> bool {
        id.checked_sub(self.startup).is_some_and(|after| after % self.batch == 0)
    }

    /// A point was suggested, whoever chose it.
    pub(crate) fn suggested(&mut self, cube: &Cube, id: u64, point: &Params) {
        if let Ok(position) = cube.to_unit(point) {
            self.positions.insert(id, position);
        }
        if self.begins_batch(id) {
            self.good = self.split();
        }
    }

    pub(crate) fn tell(&mut self, id: u64, evaluation: Evaluation) {
        if let Evaluation::Completed(outcome) = evaluation {
            self.outcomes.insert(id, outcome);
        }
    }

    /// The next point, after so many that had been suggested before; a random one at the start.
    pub(crate) fn at(&self, cube: &Cube, index: u64, id: u64, repeats: u32) -> Option<Params> {
        if id < self.startup {
            return self.random.get(index);
        }
        let split;
        let good = if self.begins_batch(id) {
            split = self.split();
            &split
        } else {
            &self.good
        };
        // Fewer candidates after a repeat: with one, the good results' density alone decides.
        let candidates = (self.candidates >> repeats.min(31)).max(1);
        let seed = mix(mix(self.seed, id), u64::from(repeats));
        let position: Vec<f64> = (0..cube.dimensions())
            .map(|axis| {
                let seed = mix(seed, seed_of("parzen axis", 0, &cube.axes()[axis].name));
                self.coordinate(cube, axis, good, candidates, seed).unwrap_or_default()
            })
            .collect();
        Some(cube.at_unit(&position))
    }

    /// The results that count as good, of all that are known.
    fn split(&self) -> Vec<u64> {
        let ids: Vec<u64> = self.outcomes.keys().copied().collect();
        let outcomes: Vec<Outcome> = self.outcomes.values().cloned().collect();
        // What was pruned or failed counts among all results, and is never good.
        let share = libm::ceil(self.gamma * self.positions.len() as f64) as usize;
        let best = order(&outcomes, &self.directions, |index| ids[index]);
        best.into_iter().take(share.min(MOST_GOOD)).map(|index| ids[index]).collect()
    }

    /// Of some draws from the good results' density on an axis, the one whose density relative to all others' is
    /// highest. What was suggested in this batch has no result yet and counts as not good, so that its points keep away
    /// from one another.
    fn coordinate(&self, cube: &Cube, axis: usize, good: &[u64], candidates: u32, seed: u64) -> Option<f64> {
        let at = |id: &u64| self.positions.get(id).map(|position| position[axis]);
        let others = self.positions.keys().filter(|id| !good.contains(id));
        let below = Parzen::new(cube, axis, good.iter().filter_map(at))?;
        let above = Parzen::new(cube, axis, others.filter_map(at))?;
        let mut uniform = uniform(seed);
        let mut best = (f64::NEG_INFINITY, None);
        for _ in 0..candidates {
            let drawn = below.draw(cube, axis, &mut uniform);
            let gain = below.log_density(cube, axis, drawn) - above.log_density(cube, axis, drawn);
            if gain > best.0 {
                best = (gain, Some(drawn));
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests;
