//! Laws, under random courses of events.

use proptest::prelude::*;
use stratbox_orchestrator::{
    Admission, Backoff, Batches, CallLimits, FailureGate, Job, JobEnd, JobId, Needs, OnFailures, RetryPolicy,
    Settings,
};

use crate::ledger::Plan;
use crate::model::expected;
use crate::shell::{CALM, Chaos, Shell};
use crate::support::{number, small};

/// What a job is made of: tasks, a priority, a weight, a bit for each earlier job that it waits for, and whether it
/// makes calls.
type Sketch = (u64, i32, u64, u8, bool);

fn sketches() -> impl Strategy<Value = Vec<Sketch>> {
    prop::collection::vec((0..60_u64, 0..3_i32, 0..5_u64, any::<u8>(), any::<bool>()), 1..5)
}

fn plans(sketches: &[Sketch]) -> Vec<Plan> {
    let plan = |(id, &(total, priority, weight, after, calls)): (usize, &Sketch)| {
        let after = (0..id as u32).filter(|on| (after >> (on * 2)) & 3 == 3).map(JobId).collect();
        let needs = if calls { Needs::Call { cost: 4 } } else { Needs::Worker };
        // What is announced is not always true.
        let tasks = total * weight / 2;
        Plan::new(Job { id: JobId(id as u32), priority, after, weight, tasks, needs }, total)
    };
    sketches.iter().enumerate().map(plan).collect()
}

fn choices() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(any::<u64>(), 0..400)
}

fn settings() -> impl Strategy<Value = Settings> {
    let sizes = (1..5_usize, 1..9_usize, 1..40_usize, 1..50_u64);
    let limits = (1..600_u32, 1..10_u32, prop_oneof![Just(u64::MAX), 0..200_u64]);
    let gate = (0..3_usize, 1..30_u64);
    (any::<u64>(), sizes, limits, gate).prop_map(
        |(seed, sizes, (per_minute, burst, budget), (then, least))| {
            let (workers, most, window, backlog) = sizes;
            let then = [OnFailures::Ask, OnFailures::Continue, OnFailures::Continue][then];
            Settings {
                seed,
                workers: number(workers),
                batches: Batches { most: number(most), target: 1_000 },
                retry: RetryPolicy { backoff: Backoff { base: 100, cap: 1_000 }, ..RetryPolicy::default() },
                admission: Admission { memory_per_worker: 100, ..Admission::default() },
                silence: 1_000,
                failures: FailureGate { least, share: 0.2, then },
                backlog,
                window,
                calls: CallLimits { per_minute: small(per_minute), burst: small(burst), budget },
            }
        },
    )
}

fn run(settings: Settings, sketches: &[Sketch], choices: &[u64], chaos: Chaos) -> Shell {
    let mut shell = Shell::new(settings, plans(sketches), chaos);
    for choice in choices {
        shell.step(*choice);
    }
    shell.finish();
    shell
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    // The laws themselves are in the ledger, which looks at every action.
    #[test]
    fn every_law_holds_whatever_happens_and_it_always_ends(
        settings in settings(),
        sketches in sketches(),
        choices in choices(),
        commands in any::<bool>(),
        stops in any::<bool>(),
    ) {
        run(settings, &sketches, &choices, Chaos { losses: true, commands, stops });
    }

    #[test]
    fn every_task_is_settled_although_workers_are_lost(
        settings in settings(),
        sketches in sketches(),
        choices in choices(),
    ) {
        let shell = run(settings, &sketches, &choices, Chaos { losses: true, ..CALM });
        let settled: Vec<_> = shell.results().into_keys().collect();
        let all: Vec<_> = expected(&plans(&sketches), &RetryPolicy::default()).into_keys().collect();
        prop_assert_eq!(settled, all);
        prop_assert!(shell.ledger.plans.values().all(|plan| plan.ended == Some(JobEnd::Completed)));
    }

    #[test]
    fn results_depend_neither_on_the_number_of_workers_nor_on_the_course_of_events(
        settings in settings(),
        sketches in sketches(),
        courses in prop::collection::vec(choices(), 3),
    ) {
        let expected = expected(&plans(&sketches), &settings.retry);
        for (workers, choices) in [1, 2, 7].into_iter().zip(&courses) {
            let calls = CallLimits { budget: u64::MAX, ..settings.calls };
            let settings = Settings { workers: number(workers), calls, ..settings.clone() };
            let shell = run(settings, &sketches, choices, CALM);
            prop_assert_eq!(&shell.results(), &expected, "{} workers", workers);
        }
    }
}
