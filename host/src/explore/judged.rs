//! How much the best of each approach deserves belief: after as many trials as all of them together.

use std::collections::BTreeMap;

use stratbox_decide::{GateAnswer, Verdict};
use stratbox_store::{ExperimentId, Row, Tried};

use super::explorer::{Explorer, Group};
use crate::belief::{Belief, Care, Standing, judge_each};
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
    pub(super) fn of(explorer: &Explorer<'_>) -> Result<Self, Failure> {
        let mut judged = Self { beliefs: Vec::new(), standings: BTreeMap::new(), trials: 0 };
        let reader = explorer.means.setting.workspace()?.reader()?;
        for group in &explorer.groups {
            let members = group.members();
            let best = |place: &usize| Some((*place, explorer.approaches[*place].results.best.as_ref()?));
            let (places, rows): (Vec<usize>, Vec<&Row>) = members.iter().filter_map(best).unzip();
            let plan = &group.plan;
            let counted = reader.trials(&plan.data, &[plan.bars.summary.digest])?;
            let counted = distinct(&counted, group);
            judged.trials = judged.trials.max(counted.total);
            let care = Care::quick(explorer.means.workers());
            let found = judge_each(explorer.means.engine, plan, (&reader, group.id), &counted, care, &rows)?;
            let Some((belief, standings)) = found else { continue };
            judged.beliefs.push((group.id, belief));
            judged.standings.extend(places.into_iter().zip(standings));
        }
        Ok(judged)
    }

    /// Whether any approach passed its gates.
    pub(super) fn has_passed(&self) -> bool {
        self.standings.values().any(|standing| standing.verdict.accepted)
    }

    /// Whether an approach passed.
    pub(super) fn accepts(&self, place: usize) -> bool {
        self.standings.get(&place).is_some_and(|standing| standing.verdict.accepted)
    }

    /// Which gates an approach missed, in words.
    pub(super) fn missed(&self, place: usize) -> Option<String> {
        missed(&self.standings.get(&place)?.verdict, |_| true)
    }

    /// The same, when it missed each of them narrowly.
    pub(super) fn near_miss(&self, place: usize) -> Option<String> {
        let verdict = &self.standings.get(&place)?.verdict;
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

/// Trials as they were made: what is answered from the store was counted when it was made, so that to ask again, or for more,
/// makes no more of what is there.
fn distinct(counted: &stratbox_store::Trials, group: &Group) -> stratbox_store::Trials {
    let own = |part: &Tried| part.experiment == Some(group.id);
    let made = |part: &Tried| part.trials.saturating_sub(part.reused);
    let total = counted.parts.iter().map(made).sum::<u64>().max(group.runs);
    let Some(part) = counted.parts.iter().find(|part| own(part)) else {
        return stratbox_store::Trials { total, ..counted.clone() };
    };
    // Its own are all that it has, whoever made them.
    let parts = vec![Tried { trials: group.runs, reused: 0, ..*part }];
    stratbox_store::Trials { total, reused: 0, sessions: counted.sessions, parts }
}
