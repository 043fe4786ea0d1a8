//! What tasks do when they run: the same on every machine.

use std::collections::BTreeMap;

use stratbox_orchestrator::{Ending, History, Next, RetryPolicy, Settled, TaskId};

use crate::ledger::Plan;
use crate::support::{POISON, fault};

/// How the attempt at the task ends when nothing comes between.
pub(crate) fn ending(task: TaskId, attempt: u32) -> Ending {
    match (task.index + u64::from(task.job.0)) % 12 {
        3 => fault(1),
        4 if attempt <= 2 => fault(u64::from(attempt)),
        5 => fault(u64::from(attempt)),
        6 if attempt == 1 => Ending::TimedOut,
        7 => Ending::TimedOut,
        8 => POISON,
        9 if attempt == 1 => POISON,
        10 => Ending::Unavailable,
        _ => Ending::Final,
    }
}

/// Some tasks have their results already.
pub(crate) fn is_answered(index: u64) -> bool {
    index % 13 == 12
}

/// What must come of the tasks when nothing is lost.
pub(crate) fn expected(plans: &[Plan], policy: &RetryPolicy) -> BTreeMap<TaskId, Settled> {
    let tasks = plans.iter().flat_map(|plan| (0..plan.total).map(|index| TaskId { job: plan.job.id, index }));
    let settled = |task| {
        let mut history = History::default();
        (1..).find_map(|attempt| match history.record(ending(task, attempt), policy) {
            Next::Retry => None,
            Next::Settled(settled) => Some((task, settled)),
        })
    };
    tasks.filter(|task| !is_answered(task.index)).filter_map(settled).collect()
}
