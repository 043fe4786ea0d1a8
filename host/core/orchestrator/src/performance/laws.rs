//! What holds whatever happened.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

#[derive(Debug, Clone)]
enum Fact {
    Started(u32),
    Completed,
    TimedOut(u32),
    Lost(u32),
    Compiled(u64),
    Task(TaskFacts),
    Lease(u64, u64),
    Stored(u64, u64),
    Settled(bool),
    Queue(u64),
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..3_u64, 0..5_000_000_u64, any::<u64>(), Just(u64::MAX)]
}

fn worker() -> impl Strategy<Value = u32> {
    prop_oneof![0..4_u32, any::<u32>()]
}

fn task() -> impl Strategy<Value = TaskFacts> {
    let end = prop::sample::select(vec![TaskEnd::Completed, TaskEnd::Failed, TaskEnd::TimedOut]);
    (worker(), number(), end, number(), number(), number()).prop_map(
        |(worker, variant, end, queue_micros, instantiate_micros, run_micros)| TaskFacts {
            worker,
            variant,
            end,
            queue_micros,
            instantiate_micros,
            run_micros,
        },
    )
}

fn fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        1 => worker().prop_map(Fact::Started),
        1 => Just(Fact::Completed),
        1 => worker().prop_map(Fact::TimedOut),
        1 => worker().prop_map(Fact::Lost),
        1 => number().prop_map(Fact::Compiled),
        8 => task().prop_map(Fact::Task),
        1 => (number(), number()).prop_map(|(tasks, micros)| Fact::Lease(tasks, micros)),
        1 => (number(), number()).prop_map(|(tasks, micros)| Fact::Stored(tasks, micros)),
        2 => any::<bool>().prop_map(Fact::Settled),
        2 => number().prop_map(Fact::Queue),
    ]
}

fn recorded(facts: &[Fact]) -> Recorder {
    let mut recorder = Recorder::new();
    for fact in facts {
        match fact {
            Fact::Started(worker) => recorder.worker_started(*worker),
            Fact::Completed => recorder.worker_completed(),
            Fact::TimedOut(worker) => recorder.worker_timed_out(*worker),
            Fact::Lost(worker) => recorder.worker_lost(*worker),
            Fact::Compiled(micros) => recorder.compiled(*micros),
            Fact::Task(facts) => recorder.task(facts),
            Fact::Lease(tasks, micros) => recorder.lease(*tasks, *micros),
            Fact::Stored(tasks, micros) => recorder.stored(*tasks, *micros),
            Fact::Settled(failed) => recorder.settled(*failed),
            Fact::Queue(length) => recorder.queue_length(*length),
        }
    }
    recorder
}

fn session() -> impl Strategy<Value = Session> {
    let processors = prop::option::of(prop_oneof![0..9_u32, any::<u32>()]);
    (number(), prop_oneof![0..9_u32, any::<u32>()], processors)
        .prop_map(|(wall_micros, workers, processors)| Session { wall_micros, workers, processors })
}

fn report() -> impl Strategy<Value = Report> {
    (prop::collection::vec(fact(), 0..40), session())
        .prop_map(|(facts, session)| recorded(&facts).report(session))
}

/// A number that is not finite is written as null, as what is absent never is.
fn has_null(json: &Value) -> bool {
    match json {
        Value::Null => true,
        Value::Array(values) => values.iter().any(has_null),
        Value::Object(values) => values.values().any(has_null),
        _ => false,
    }
}

proptest! {
    #[test]
    fn whatever_happened_every_number_is_one_and_every_share_is_a_share(report in report()) {
        prop_assert!(!has_null(&serde_json::to_value(&report).unwrap()));
        let Stages { queue, compile, instantiate, run, store } = report.stages;
        let stages = [queue, compile, instantiate, run, store];
        let shares = stages.iter().flat_map(|stage| [stage.share_of_time, stage.share_of_work]);
        let shares = shares.chain([report.efficiency, report.failure_share]);
        for share in shares.chain(report.ranking.iter().map(|it| it.failure_share)).flatten() {
            prop_assert!((0.0..=1.0).contains(&share.get()), "{share:?}");
        }
    }

    #[test]
    fn whatever_happened_is_told_in_at_most_ten_lines_of_words(report in report()) {
        let lines = ten_lines(&report);
        prop_assert!(lines.len() <= 10);
        for line in lines {
            prop_assert!(!["NaN", "inf"].iter().any(|word| line.contains(word)), "{line}");
            prop_assert!(!line.contains('\n') && line.len() > 8, "{line}");
        }
    }

    #[test]
    fn a_report_read_back_is_the_same(report in report()) {
        let text = serde_json::to_string(&report).unwrap();
        prop_assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    }

    #[test]
    fn a_comparison_has_numbers_only(now in report(), earlier in prop::collection::vec(report(), 0..4)) {
        let comparison = compare(&now, &earlier);
        let json = serde_json::to_value(comparison).unwrap();
        prop_assert!(!has_null(&json));
        prop_assert_eq!(serde_json::from_value::<Comparison>(json).unwrap(), comparison);
    }

    #[test]
    fn the_order_of_facts_does_not_matter(
        (facts, shuffled) in prop::collection::vec(fact(), 0..40)
            .prop_map(|facts| facts.into_iter().filter(|it| !matches!(it, Fact::Queue(_))).collect::<Vec<_>>())
            .prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle())),
        session in session(),
    ) {
        prop_assert_eq!(recorded(&facts).report(session), recorded(&shuffled).report(session));
    }

    #[test]
    fn run_times_are_in_order(report in report()) {
        if let Some(runs) = report.runs {
            let order = [runs.fastest_micros, runs.median_micros, runs.p95_micros, runs.slowest_micros];
            prop_assert!(order.is_sorted(), "{order:?}");
        }
    }
}
