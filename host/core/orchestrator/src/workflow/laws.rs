//! What holds after any sequence of changes.

use proptest::prelude::*;
use stratbox_domain::Digest;

use super::*;

#[derive(Debug, Clone)]
enum Change {
    Enter(Phase),
    Pause(String),
    Resume,
    Fail(String),
    Offer(Best),
    Learn(String),
}

fn result() -> impl Strategy<Value = Best> {
    let figure = prop_oneof![
        4 => (-3_i32..3).prop_map(f64::from),
        1 => any::<f64>(),
        1 => Just(-0.0),
    ];
    (0..40_u64, 0..8_u8, figure).prop_map(|(variant, key, figure)| Best {
        variant,
        run_key: Digest::of(&[key]),
        metric: MetricName::Sharpe,
        figure,
    })
}

fn change() -> impl Strategy<Value = Change> {
    let phase = prop::sample::select(Phase::ALL.to_vec());
    prop_oneof![
        // The ways on are few among all phases, so there are many tries.
        60 => phase.prop_map(Change::Enter),
        2 => any::<String>().prop_map(Change::Pause),
        4 => Just(Change::Resume),
        1 => any::<String>().prop_map(Change::Fail),
        6 => result().prop_map(Change::Offer),
        3 => ".{0,700}".prop_map(Change::Learn),
    ]
}

fn limits() -> impl Strategy<Value = IterationLimits> {
    (1..4_u32, 0..3_u32, 1..7_u32).prop_map(|(strategy, research, total)| IterationLimits {
        strategy,
        research,
        total,
    })
}

fn kind() -> impl Strategy<Value = WorkflowKind> {
    prop_oneof![1 => Just(WorkflowKind::Sweep), 4 => Just(WorkflowKind::Search)]
}

fn apply(state: &mut WorkflowState, change: &Change, now: UnixMillis) -> Result<(), Refused> {
    match change {
        Change::Enter(phase) => state.enter(*phase, now),
        Change::Pause(reason) => state.pause(reason, now),
        Change::Resume => state.resume(now),
        Change::Fail(reason) => state.fail(reason, now),
        Change::Offer(result) => state.offer(*result, now),
        Change::Learn(lesson) => state.learn(lesson, now),
    }
}

fn read_back(state: &WorkflowState) -> WorkflowState {
    serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn any_sequence_of_changes_keeps_what_always_holds(
        kind in kind(),
        limits in limits(),
        changes in prop::collection::vec((change(), any::<u32>()), 0..200),
    ) {
        let mut state = WorkflowState::new("laws", kind, MetricName::Sharpe, limits, 1_000).unwrap();
        let (mut begun, mut research) = (0, 0);
        for (change, now) in changes {
            let before = state.clone();
            match apply(&mut state, &change, now.into()) {
                Err(refused) => {
                    prop_assert_eq!(&state, &before, "{} left a trace", refused);
                    prop_assert!(!refused.to_string().is_empty());
                }
                Ok(()) => {
                    prop_assert!(!before.phase().is_terminal(), "the end is final");
                    match change {
                        Change::Enter(Phase::StrategyDevelopment) => begun += 1,
                        Change::Enter(Phase::Research) => research += 1,
                        _ => {}
                    }
                }
            }
            let Iterations { strategy, .. } = state.iterations();
            prop_assert_eq!(state.iterations(), Iterations { strategy, research, total: begun });
            prop_assert!(strategy <= limits.strategy && strategy <= begun);
            prop_assert!(research <= limits.research && begun <= limits.total);
            prop_assert!(before.updated() <= state.updated() && state.created() <= state.updated());
            prop_assert_eq!(state.phase() == Phase::Failed, state.status().label() == "failed");
            prop_assert_eq!(state.phase() == Phase::Completed, state.status().label() == "completed");
        }
        prop_assert_eq!(read_back(&state), state);
    }

    #[test]
    fn every_way_of_the_table_can_be_gone_and_no_other(
        kind in kind(),
        picks in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..30),
    ) {
        let limits = IterationLimits { strategy: 1_000, research: 1_000, total: 1_000 };
        let mut state = WorkflowState::new("ways", kind, MetricName::Sharpe, limits, 0).unwrap();
        for (way, other) in picks {
            let ways = state.phase().next(kind);
            let others: Vec<_> = Phase::ALL.into_iter().filter(|phase| !ways.contains(phase)).collect();
            prop_assert!(state.enter(*other.get(&others), 0).is_err());
            if ways.is_empty() {
                break;
            }
            let to = *way.get(ways);
            prop_assert_eq!(state.enter(to, 0), Ok(()));
            prop_assert_eq!(state.phase(), to);
            prop_assert_eq!(read_back(&state), state.clone());
        }
    }

    #[test]
    fn the_best_does_not_depend_on_the_order_of_results(
        (results, shuffled) in prop::collection::vec(result(), 0..30)
            .prop_flat_map(|results| (Just(results.clone()), Just(results).prop_shuffle())),
    ) {
        let best = |results: &[Best]| {
            let limits = IterationLimits::default();
            let mut state =
                WorkflowState::new("best", WorkflowKind::Sweep, MetricName::Sharpe, limits, 0).unwrap();
            state.enter(Phase::StrategyDevelopment, 0).unwrap();
            state.enter(Phase::Backtesting, 0).unwrap();
            for result in results {
                assert_eq!(state.offer(*result, 0).is_ok(), result.figure.is_finite());
            }
            state.best().map(|best| (best.variant, best.run_key, best.figure.to_bits()))
        };
        prop_assert_eq!(best(&results), best(&shuffled));
    }

    #[test]
    fn bounded_text_is_short_harmless_and_stays_as_it_is(text in any::<String>(), times in 1..60_usize) {
        let once = bounded(&text.repeat(times));
        prop_assert!(once.chars().count() <= MAX_TEXT);
        prop_assert!(!once.chars().any(stratbox_domain::must_be_escaped));
        prop_assert_eq!(bounded(&once), once);
    }
}
