//! The jobs of a session: what of a plan runs together, and what waits for what.

use std::ops::Range;

use stratbox_orchestrator::{Job, JobId, Needs};

use crate::sweep::{Plan, PlannedStrategy};

/// What each job is of the plan: a strategy's points, or a round of them where each depends on those before.
pub(super) struct Jobs(Vec<Part>);

/// Points of a strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Its place in the plan.
    pub(super) strategy: usize,
    pub(super) points: Range<u64>,
}

impl Jobs {
    pub(super) fn new(plan: &Plan) -> Self {
        let parts = |(strategy, planned): (usize, &PlannedStrategy)| {
            planned.rounds().map(move |points| Part { strategy, points }).collect::<Vec<_>>()
        };
        Self(plan.strategies.iter().enumerate().flat_map(parts).collect())
    }

    pub(super) fn part(&self, job: JobId) -> &Part {
        &self.0[job.0 as usize]
    }

    /// For the orchestrator. A strategy whose runs another before it may have waits for that, and is answered from what it
    /// leaves; a round waits for the one before it.
    pub(super) fn queue(&self, plan: &Plan) -> Vec<Job> {
        let last = |strategy: usize| self.0.iter().rposition(|part| part.strategy == strategy);
        let job = |(place, part): (usize, &Part)| {
            let planned = &plan.strategies[part.strategy];
            let component = planned.strategy.code.identity().component;
            let is_alike =
                |before: &usize| plan.strategies[*before].strategy.code.identity().component == component;
            // That one waits for those before it.
            let alike = (0..part.strategy).rfind(is_alike);
            let strategies = alike.into_iter().chain(planned.order.after.iter().copied());
            let round = (part.points.start > 0).then(|| place - 1);
            let mut after: Vec<usize> = strategies.filter_map(last).chain(round).collect();
            after.sort_unstable();
            after.dedup();
            let tasks = planned.variants_in(&part.points);
            Job {
                id: JobId(place as u32),
                priority: planned.order.priority,
                after: after.into_iter().map(|before| JobId(before as u32)).collect(),
                weight: tasks,
                tasks,
                needs: Needs::Worker,
            }
        };
        self.0.iter().enumerate().map(job).collect()
    }
}
