//! How much the best of each approach deserves belief: after as many trials as all of them together.

use std::collections::BTreeMap;

use stratbox_decide::{GateAnswer, Verdict};
use stratbox_store::{ExperimentId, Row};

use super::explorer::{Explorer, Group};
use crate::belief::{Belief, Care, Part, Pool, Standing, best};
use crate::failure::Failure;
use crate::render::belief::asked;

/// A gate is missed narrowly by this share of its threshold.
const NARROWLY: f64 = 0.1;

/// How all approaches stand.
pub(super) struct Judged {
    /// Of each experiment's best.
    pub(super) beliefs: Vec<(ExperimentId, Belief)>,
    /// Of each approach's best, by the approach's place.
    pub(super) standings: BTreeMap<usize, Standing>,
    /// Trials that were ever made on these bars: an answer from the store is not made again.
    pub(super) trials: u64,
}

impl Judged {
    pub(super) fn of<'a>(explorer: &'a Explorer<'_>) -> Result<Self, Failure> {
        let mut judged = Self { beliefs: Vec::new(), standings: BTreeMap::new(), trials: 0 };
        let reader = explorer.means.setting.workspace()?.reader()?;
        // In the order of the approaches, whatever was run last: with a flat hierarchy they are judged together all the same.
        let mut groups: Vec<&Group> = explorer.groups.iter().collect();
        groups.sort_by_key(|group| group.members().first().copied());
        let Some(plan) = groups.first().map(|group| &group.plan) else { return Ok(judged) };
        let counted = reader.trials(&plan.data, &[plan.bars.summary.digest])?;
        judged.trials = counted.made();
        if explorer.leader().is_none() {
            return Ok(judged);
        }
        let part = |group: &&'a Group| Part { plan: &group.plan, id: group.id };
        let parts: Vec<Part<'_>> = groups.iter().map(part).collect();
        let care = Care::quick(explorer.means.workers());
        let pool = Pool::of((explorer.means.engine, &reader), &parts, &counted, care)?;
        for (group, part) in groups.iter().zip(parts) {
            let Some(best) = best(&reader, group.id)? else { continue };
            let Some(belief) = pool.belief(part, &best)? else { continue };
            judged.trials = judged.trials.max(belief.trials.total);
            judged.beliefs.push((group.id, belief));
            let best = |place: usize| Some((place, explorer.approaches[place].results.best.as_ref()?));
            let (places, rows): (Vec<usize>, Vec<&Row>) =
                group.members().into_iter().filter_map(best).unzip();
            judged.standings.extend(places.into_iter().zip(pool.standings(part.plan, &rows)?));
        }
        Ok(judged)
    }

    /// Whether any approach passed its gates.
    pub(super) fn has_passed(&self) -> bool {
        self.standings.values().any(|standing| standing.verdict.answers.accepted)
    }

    /// Whether an approach passed.
    pub(super) fn accepts(&self, place: usize) -> bool {
        self.standings.get(&place).is_some_and(|standing| standing.verdict.answers.accepted)
    }

    /// Which gates an approach missed, in words.
    pub(super) fn missed(&self, place: usize) -> Option<String> {
        missed(&self.standings.get(&place)?.verdict.answers, |_| true)
    }

    /// The same, when it missed each of them narrowly.
    pub(super) fn near_miss(&self, place: usize) -> Option<String> {
        let verdict = &self.standings.get(&place)?.verdict.answers;
        let is_narrow = |answer: &GateAnswer| {
            let threshold = answer.gate.bound.threshold().abs();
            answer.margin.is_some_and(|margin| margin.abs() <= NARROWLY * threshold)
        };
        let narrow = verdict.gates.iter().filter(|answer| !answer.passed).all(is_narrow);
        missed(verdict, |_| narrow)
    }
}

/// Gates that were missed.
fn missed(verdict: &Verdict, wanted: impl Fn(&GateAnswer) -> bool) -> Option<String> {
    let missed: Vec<String> = verdict.gates.iter().filter(|it| !it.passed && wanted(it)).map(asked).collect();
    (!missed.is_empty()).then(|| missed.join(", "))
}
