use serde_json::{Value, json};
use stratbox_domain::Digest;

use super::*;

const START: UnixMillis = 1_700_000_000_000;

fn search() -> WorkflowState {
    workflow(WorkflowKind::Search, IterationLimits::default())
}

fn workflow(kind: WorkflowKind, limits: IterationLimits) -> WorkflowState {
    WorkflowState::new("demo", kind, MetricName::Sharpe, limits, START).unwrap()
}

/// A search that went through `phases`.
fn after(phases: &[Phase]) -> WorkflowState {
    let mut state = search();
    walk(&mut state, phases);
    state
}

fn walk(state: &mut WorkflowState, phases: &[Phase]) {
    for phase in phases {
        state.enter(*phase, START).unwrap();
    }
}

const ROUND: [Phase; 3] = [Phase::StrategyDevelopment, Phase::Backtesting, Phase::QualityGate];

fn result(variant: u64, figure: f64) -> Best {
    let run_key = Digest::of(&variant.to_le_bytes());
    Best { variant, run_key, metric: MetricName::Sharpe, figure }
}

/// The refusal of `change`, which must leave the state as it was.
fn refusal(state: &mut WorkflowState, change: impl Fn(&mut WorkflowState) -> Result<(), Refused>) -> Refused {
    let before = state.clone();
    let refused = change(state).unwrap_err();
    assert_eq!(*state, before);
    refused
}

#[test]
fn a_sweep_goes_from_strategies_to_backtests_to_its_end() {
    let mut sweep = workflow(WorkflowKind::Sweep, IterationLimits::default());
    walk(&mut sweep, &[Phase::StrategyDevelopment, Phase::Backtesting, Phase::Completed]);
    assert_eq!(sweep.status(), &Status::Completed);
    assert_eq!(sweep.iterations(), Iterations { strategy: 1, research: 0, total: 1 });
}

#[test]
fn a_search_may_leave_out_tools_and_research() {
    for start in
        [&[Phase::ToolDevelopment, Phase::Research][..], &[Phase::ToolDevelopment], &[Phase::Research], &[]]
    {
        let mut state = after(start);
        walk(&mut state, &ROUND);
        walk(&mut state, &[Phase::Completed]);
        assert_eq!(state.phase(), Phase::Completed);
    }
}

#[test]
fn a_way_that_is_not_in_the_table_is_refused_with_the_ways_that_are() {
    let mut state = after(&[Phase::StrategyDevelopment]);
    let refused = refusal(&mut state, |state| state.enter(Phase::Completed, START));
    let said = "a search does not go from `strategy_development` to `completed`, but to `backtesting`";
    assert_eq!(refused.to_string(), said);
    let refused = refusal(&mut search(), |state| state.enter(Phase::QualityGate, START)).to_string();
    assert!(
        refused.ends_with("but to `tool_development` or `research` or `strategy_development`"),
        "{refused}"
    );
}

#[test]
fn a_sweep_has_no_research_and_no_gate() {
    let mut sweep = workflow(WorkflowKind::Sweep, IterationLimits::default());
    assert!(sweep.enter(Phase::Research, START).is_err());
    walk(&mut sweep, &[Phase::StrategyDevelopment, Phase::Backtesting]);
    assert!(sweep.enter(Phase::QualityGate, START).is_err());
    assert!(sweep.enter(Phase::StrategyDevelopment, START).is_err());
}

#[test]
fn the_strategy_iterations_end_at_their_limit() {
    let mut state = after(&[Phase::Research]);
    (0..5).for_each(|_| walk(&mut state, &ROUND));
    assert_eq!(state.iterations(), Iterations { strategy: 5, research: 1, total: 5 });
    let refused = refusal(&mut state, |state| state.enter(Phase::StrategyDevelopment, START));
    assert_eq!(refused, Refused::LimitReached { limit: LimitName::Strategy, value: 5 });
    assert_eq!(
        refused.to_string(),
        "the workflow has had all its iterations: limit `strategy` is `5`; go back to research, or fail it"
    );
}

#[test]
fn new_research_starts_the_count_of_strategy_iterations_again() {
    let mut state = after(&[Phase::Research]);
    (0..5).for_each(|_| walk(&mut state, &ROUND));
    walk(&mut state, &[Phase::Research, Phase::StrategyDevelopment]);
    assert_eq!(state.iterations(), Iterations { strategy: 1, research: 2, total: 6 });
}

#[test]
fn the_research_iterations_end_at_their_limit() {
    let mut state = search();
    for _ in 0..3 {
        walk(&mut state, &[Phase::Research]);
        walk(&mut state, &ROUND);
    }
    let refused = refusal(&mut state, |state| state.enter(Phase::Research, START));
    assert_eq!(refused, Refused::LimitReached { limit: LimitName::Research, value: 3 });
}

#[test]
fn the_total_ends_both_strategy_iterations_and_research() {
    let limits = IterationLimits { total: 2, ..IterationLimits::default() };
    let mut state = workflow(WorkflowKind::Search, limits);
    walk(&mut state, &ROUND);
    walk(&mut state, &ROUND);
    for phase in [Phase::StrategyDevelopment, Phase::Research] {
        let refused = refusal(&mut state, |state| state.enter(phase, START));
        assert_eq!(refused, Refused::LimitReached { limit: LimitName::Total, value: 2 });
    }
    state.enter(Phase::Completed, START).unwrap();
}

#[test]
fn a_limit_is_neither_nothing_nor_endless() {
    let refused = |limits| WorkflowState::new("x", WorkflowKind::Search, MetricName::Sharpe, limits, START);
    let limits = IterationLimits::default();
    for wrong in [
        IterationLimits { strategy: 0, ..limits },
        IterationLimits { total: 0, ..limits },
        IterationLimits { research: 1_001, ..limits },
    ] {
        assert!(refused(wrong).is_err(), "{wrong:?}");
    }
    let message = refused(IterationLimits { total: 1_001, ..limits }).unwrap_err().to_string();
    assert_eq!(message, "limit `total` is `1001`: give it `1` to `1000` iterations");
    assert!(refused(IterationLimits { strategy: 1, research: 0, total: 1_000 }).is_ok());
}

#[test]
fn a_paused_workflow_stays_where_it_is_until_it_is_resumed() {
    let mut state = after(&[Phase::Research]);
    state.pause("lunch", START).unwrap();
    assert_eq!((state.status().label(), state.status().reason()), ("paused", Some("lunch")));
    let refused = refusal(&mut state, |state| state.enter(Phase::StrategyDevelopment, START));
    assert_eq!(refused.to_string(), "the workflow is paused (lunch): resume it first");
    refusal(&mut state, |state| state.pause("tea", START));
    state.resume(START).unwrap();
    state.enter(Phase::StrategyDevelopment, START).unwrap();
    assert_eq!(refusal(&mut state, |state| state.resume(START)), Refused::NotPaused);
}

#[test]
fn a_workflow_fails_with_a_reason_and_remembers_where() {
    let mut state = after(&[Phase::Research]);
    assert_eq!(refusal(&mut state, |state| state.enter(Phase::Failed, START)), Refused::FailureNeedsReason);
    state.fail("no\nidea", START).unwrap();
    let reason = r"no\u{a}idea".to_owned();
    assert_eq!(state.status(), &Status::Failed { during: Phase::Research, reason });
    assert_eq!(state.phase(), Phase::Failed);
}

#[test]
fn a_paused_workflow_can_fail() {
    let mut state = after(&[Phase::Research]);
    state.pause("", START).unwrap();
    assert_eq!(state.status().reason(), Some("no reason was given"));
    state.fail("abandoned", START).unwrap();
    assert_eq!(state.status().reason(), Some("abandoned"));
}

#[test]
fn the_end_is_final() {
    let mut completed = after(&ROUND);
    completed.enter(Phase::Completed, START).unwrap();
    let mut failed = after(&ROUND);
    failed.fail("no", START).unwrap();
    for state in [&mut completed, &mut failed] {
        let ended = Refused::Ended { phase: state.phase() };
        assert_eq!(refusal(state, |state| state.enter(Phase::StrategyDevelopment, START)), ended);
        assert_eq!(refusal(state, |state| state.pause("x", START)), ended);
        assert_eq!(refusal(state, |state| state.resume(START)), ended);
        assert_eq!(refusal(state, |state| state.fail("x", START)), ended);
        assert_eq!(refusal(state, |state| state.learn("x", START)), ended);
        assert_eq!(refusal(state, |state| state.offer(result(1, 1.0), START)), ended);
    }
}

#[test]
fn a_better_result_replaces_the_best() {
    let mut state = after(&ROUND[..2]);
    for (variant, figure, best) in [(4, 1.0, 4), (5, 2.0, 5), (6, 1.5, 5)] {
        state.offer(result(variant, figure), START).unwrap();
        assert_eq!(state.best().unwrap().variant, best);
    }
}

#[test]
fn of_equal_results_the_one_with_the_smaller_run_key_is_the_best() {
    let keyed = |variant, byte| Best { run_key: Digest::from_bytes([byte; 32]), ..result(variant, 0.0) };
    let mut state = after(&ROUND[..2]);
    for (offered, best) in [(keyed(5, 7), 5), (keyed(4, 8), 5), (keyed(9, 6), 9), (keyed(8, 6), 8)] {
        state.offer(offered, START).unwrap();
        assert_eq!(state.best().unwrap().variant, best);
    }
}

#[test]
fn there_is_one_zero_only() {
    let mut state = after(&ROUND[..2]);
    state.offer(result(1, -0.0), START).unwrap();
    assert!(state.best().unwrap().figure.is_sign_positive());
}

#[test]
fn of_a_metric_that_is_better_when_it_is_lower_the_lowest_is_the_best() {
    let limits = IterationLimits::default();
    let mut state =
        WorkflowState::new("fees", WorkflowKind::Search, MetricName::Fees, limits, START).unwrap();
    walk(&mut state, &ROUND[..2]);
    for (variant, figure) in [(1, 3.0), (2, 1.0), (3, 2.0)] {
        state.offer(Best { metric: MetricName::Fees, ..result(variant, figure) }, START).unwrap();
    }
    assert_eq!(state.best().unwrap().variant, 2);
}

#[test]
fn a_result_must_be_a_finite_figure_of_the_objective_while_things_are_run() {
    let mut state = after(&[]);
    let refused = refusal(&mut state, |state| state.offer(result(1, 1.0), START));
    assert_eq!(refused, Refused::NoResults { phase: Phase::Initialization });
    walk(&mut state, &ROUND[..2]);
    let refused = refusal(&mut state, |state| state.offer(result(7, f64::INFINITY), START)).to_string();
    assert_eq!(refused, "variant `7` has `inf` as its `sharpe`: only finite figures can be compared");
    let fees = Best { metric: MetricName::Fees, ..result(1, 1.0) };
    let refused = refusal(&mut state, |state| state.offer(fees, START)).to_string();
    assert_eq!(refused, "the workflow's objective is `sharpe`, and the result is measured by `fees`");
    state.offer(result(1, 1.0), START).unwrap();
}

#[test]
fn a_lesson_is_learned_once() {
    let mut state = search();
    state.learn(" costs\teat it ", START).unwrap();
    state.learn("costs eat it", START + 5).unwrap();
    assert_eq!(state.lessons(), ["costs eat it"]);
    assert_eq!(state.updated(), START, "what changes nothing is no change");
    assert_eq!(refusal(&mut state, |state| state.learn(" \n", START)), Refused::EmptyLesson);
}

#[test]
fn a_lesson_cannot_move_the_cursor_nor_fill_the_screen() {
    let mut state = search();
    state.learn("a\u{1b}[2J", START).unwrap();
    assert_eq!(state.lessons()[0], r"a\u{1b}[2J");
    state.learn(&"é".repeat(500), START).unwrap();
    assert_eq!(state.lessons()[1], "é".repeat(500));
    state.learn(&"é".repeat(501), START).unwrap();
    assert_eq!(state.lessons()[2], "é".repeat(499) + "…");
}

#[test]
fn a_hundred_lessons_are_enough() {
    let mut state = search();
    (0..100).for_each(|number| state.learn(&format!("lesson {number}"), START).unwrap());
    let refused = refusal(&mut state, |state| state.learn("one more", START));
    assert_eq!(refused.to_string(), "the workflow has learned `100` lessons, and keeps no more");
    state.learn("lesson 7", START).unwrap();
}

#[test]
fn the_time_of_change_never_goes_backwards() {
    let mut state = search();
    state.enter(Phase::Research, START + 10).unwrap();
    state.pause("x", START - 10).unwrap();
    assert_eq!((state.created(), state.updated()), (START, START + 10));
    state.resume(u64::MAX).unwrap();
    assert_eq!(state.updated(), LATEST);
}

#[test]
fn a_name_is_short_and_shown_not_obeyed() {
    let named = |name: &str| {
        let limits = IterationLimits::default();
        WorkflowState::new(name, WorkflowKind::Sweep, MetricName::Sharpe, limits, START)
    };
    assert_eq!(named("a\nb").unwrap().name(), r"a\u{a}b");
    assert_eq!(named(" ").unwrap_err(), Refused::Name { length: 0, most: 200 });
    assert_eq!(named(&"n".repeat(201)).unwrap_err(), Refused::Name { length: 201, most: 200 });
}

/// What reading a state says, of which `field` was set to `value`.
fn read_with(state: &WorkflowState, field: &str, value: Value) -> Result<WorkflowState, String> {
    let mut json = serde_json::to_value(state).unwrap();
    json[field] = value;
    serde_json::from_value(json).map_err(|error| error.to_string())
}

#[test]
fn a_state_of_another_version_is_refused() {
    let state = search();
    assert_eq!(read_with(&state, "version", json!(1)), Ok(state.clone()));
    let said = read_with(&state, "version", json!(2)).unwrap_err();
    assert!(said.starts_with("version `2` is not known here, only `1` is"), "{said}");
    let later = r#"{"version":2,"novelty":true}"#;
    let said = serde_json::from_str::<WorkflowState>(later).unwrap_err().to_string();
    assert!(said.starts_with("version `2` is not known here"), "{said}");
    assert!(serde_json::from_str::<WorkflowState>(r#"{"name":"x"}"#).is_err());
}

#[test]
fn a_state_that_no_workflow_can_be_in_is_refused() {
    let mut state = after(&ROUND);
    state.offer(result(1, 1.0), START).unwrap();
    state.learn("x", START).unwrap();
    for (field, value, said) in [
        ("name", json!(""), "its name is empty"),
        ("name", json!("a\u{202e}"), "its name is empty, too long or not escaped"),
        ("kind", json!("sweep"), "a sweep has no phase `quality_gate`"),
        ("phase", json!("completed"), "status `running` does not go with phase `completed`"),
        ("phase", json!("research"), "cannot be in phase `research`"),
        ("status", json!({ "state": "paused", "reason": "" }), "its reason is empty"),
        ("iterations", json!({ "strategy": 6, "research": 0, "total": 6 }), "iterations `6` of strategy"),
        ("iterations", json!({ "strategy": 1, "research": 0, "total": 2 }), "iterations `1` of strategy"),
        ("limits", json!({ "strategy": 0, "research": 0, "total": 2 }), "limit `strategy` is `0`"),
        ("objective", json!("fees"), "its best result is not a finite figure of its objective"),
        ("lessons", json!(["x", "x"]), "not different"),
        ("updated_ms", json!(5), "it changed before it was made"),
        ("novelty", json!(5), "unknown field `novelty`"),
    ] {
        let message = read_with(&state, field, value).unwrap_err();
        assert!(message.contains(said), "{field}: {message}");
    }
    assert_eq!(read_with(&state, "lessons", json!(["x", "y"])).unwrap().lessons().len(), 2);
}

#[test]
fn a_state_that_went_where_no_workflow_goes_is_refused() {
    let mut failed = after(&[Phase::Research]);
    failed.fail("x", START).unwrap();
    let during = |phase: &str| json!({ "state": "failed", "during": phase, "reason": "x" });
    assert!(read_with(&failed, "status", during("research")).is_ok());
    for phase in ["completed", "failed", "backtesting"] {
        assert!(read_with(&failed, "status", during(phase)).is_err(), "{phase}");
    }
    assert!(read_with(&failed, "iterations", json!({ "strategy": 1, "research": 1, "total": 1 })).is_err());

    let mut sweep = workflow(WorkflowKind::Sweep, IterationLimits::default());
    walk(&mut sweep, &[Phase::StrategyDevelopment, Phase::Backtesting]);
    assert!(read_with(&sweep, "iterations", json!({ "strategy": 1, "research": 0, "total": 1 })).is_ok());
    assert!(read_with(&sweep, "iterations", json!({ "strategy": 2, "research": 0, "total": 2 })).is_err());
    sweep.fail("x", START).unwrap();
    assert!(read_with(&sweep, "status", during("backtesting")).is_ok());
    assert!(read_with(&sweep, "status", during("quality_gate")).is_err());
}

#[test]
fn counters_that_no_workflow_counts_to_are_refused() {
    let mut state = after(&[Phase::Research]);
    walk(&mut state, &ROUND);
    walk(&mut state, &ROUND);
    let counted = |state: &WorkflowState, strategy: u32, research: u32, total: u32| {
        let counters = json!({ "strategy": strategy, "research": research, "total": total });
        read_with(state, "iterations", counters).is_ok()
    };
    assert!(counted(&state, 2, 1, 2) && counted(&state, 1, 3, 11) && counted(&state, 5, 3, 15));
    assert!(!counted(&state, 1, 4, 1), "more research than the limit");
    assert!(!counted(&state, 1, 3, 16), "more in all than the limit");
    assert!(!counted(&state, 3, 1, 2), "more than in all");
    assert!(!counted(&state, 1, 1, 7), "more than all research together may have");
    assert!(!counted(&state, 0, 1, 1), "none, and yet at the gate");
    assert!(counted(&search(), 0, 0, 0) && !counted(&search(), 0, 1, 0), "not begun");
    let research = after(&[Phase::Research]);
    assert!(counted(&research, 0, 1, 0) && !counted(&research, 0, 0, 0), "research without research");
    let fewer = json!({ "strategy": 5, "research": 3, "total": 1 });
    assert!(read_with(&state, "limits", fewer).is_err());
}

#[test]
fn a_state_beyond_its_bounds_is_refused() {
    let lessons = |count| json!((0..count).map(|number| format!("lesson {number}")).collect::<Vec<_>>());
    assert!(read_with(&search(), "lessons", lessons(100)).is_ok());
    assert!(read_with(&search(), "lessons", lessons(101)).is_err());
    assert!(read_with(&search(), "lessons", json!(["x".repeat(501)])).is_err());
    assert!(read_with(&search(), "updated_ms", json!(LATEST)).is_ok());
    assert!(read_with(&search(), "updated_ms", json!(LATEST + 1)).is_err());
    let best = serde_json::to_value(result(1, 1.0)).unwrap();
    assert!(read_with(&after(&ROUND), "best", best.clone()).is_ok());
    assert!(read_with(&search(), "best", best).is_err(), "nothing was run yet");
}
