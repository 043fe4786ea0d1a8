//! What a strategy does wrong ends its own run, with a label, the bar it happened at and words for its author; the next
//! run is untouched.

use std::sync::atomic::Ordering;

use stratbox_domain::{Fault, FaultLabel, Interruption, Limits, RunOutcome};
use stratbox_sdk::testing::random_walk;
use stratbox_tests::{Trial, lab};

/// A strategy that runs `body` on the bar number in `at`, and `on_init` when it starts.
fn source(on_init: &str, body: &str) -> String {
    format!(
        r#"use stratbox_sdk::prelude::*;
        pub struct Bad {{ bars: u64, kept: Vec<Vec<u8>> }}
        #[allow(unconditional_recursion, unused_variables)]
        fn deep(n: u64) -> u64 {{ let frame = std::hint::black_box([n; 64]); frame[(n % 64) as usize] + deep(n + 1) }}
        impl Strategy for Bad {{
            type Params = ();
            fn new(_: (), _: &[Instrument]) -> Result<Self, String> {{ {on_init} Ok(Self {{ bars: 0, kept: Vec::new() }}) }}
            fn on_bar(&mut self, bar: &Bar, broker: &mut Broker) {{
                let bar_number = self.bars;
                self.bars += 1;
                if bar_number == 700 {{ {body} }}
            }}
        }}
        strategy!(Bad);"#
    )
}

fn trial() -> Trial {
    Trial { limits: Limits { fuel: 50_000_000, ..Limits::default() }, ..Trial::new(random_walk(1, 900, 1)) }
}

fn outcome_of(source: &str, trial: &Trial) -> RunOutcome<stratbox_domain::VenueSummary> {
    lab().run(&lab().artifact("bad.rs", source), trial).0.outcome
}

fn fault_of(on_init: &str, body: &str, trial: &Trial) -> Fault {
    match outcome_of(&source(on_init, body), trial) {
        RunOutcome::Faulted(fault) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_strategy_without_the_fault_completes() {
    assert!(matches!(outcome_of(&source("", ""), &trial()), RunOutcome::Completed(_)));
}

#[test]
fn a_panic_carries_its_message_its_line_and_its_bar() {
    let fault = fault_of("", r#"let nothing: Option<u32> = None; nothing.expect("no signal");"#, &trial());
    assert_eq!((fault.label, fault.bar), (FaultLabel::Panic, Some(700)));
    assert_eq!(fault.message, "no signal (at bad.rs:11:81)");
}

#[test]
fn an_index_out_of_bounds_is_a_panic_with_words_of_its_own() {
    let fault = fault_of("", "let list: Vec<u32> = Vec::new(); let _ = list[bar_number as usize];", &trial());
    assert_eq!(fault.label, FaultLabel::Panic);
    assert!(
        fault.message.starts_with("index out of bounds: the len is 0 but the index is 700"),
        "{}",
        fault.message
    );
}

#[test]
fn a_loop_without_an_end_runs_out_of_fuel_at_the_same_figure_every_time() {
    let artifact = lab().artifact("bad.rs", &source("", "loop { std::hint::black_box(0); }"));
    let runs = [(); 2].map(|()| lab().run(&artifact, &trial()).0);
    for run in &runs {
        let RunOutcome::Faulted(fault) = &run.outcome else { panic!("{:?}", run.outcome) };
        assert_eq!((fault.label, fault.bar), (FaultLabel::Fuel, Some(700)));
    }
    assert_eq!(runs[0].fuel, runs[1].fuel);
}

#[test]
fn a_loop_without_an_end_before_the_first_bar_runs_out_of_fuel_at_no_bar() {
    let fault = fault_of("if std::hint::black_box(true) { loop { std::hint::black_box(0); } }", "", &trial());
    assert_eq!((fault.label, fault.bar), (FaultLabel::Fuel, None));
}

#[test]
fn more_memory_than_allowed_is_a_memory_fault() {
    // Enough fuel to fill the memory many times over.
    let trial = || Trial { limits: Limits { fuel: 1 << 40, ..Limits::default() }, ..trial() };
    let hoard = "loop { self.kept.push(vec![1; 1 << 20]); }";
    let fault = fault_of("", hoard, &trial());
    assert_eq!((fault.label, fault.bar), (FaultLabel::Memory, Some(700)));
    let modest = "for _ in 0..8 { self.kept.push(vec![1; 1 << 20]); }";
    assert!(matches!(outcome_of(&source("", modest), &trial()), RunOutcome::Completed(_)));
    let tight = Trial { limits: Limits { memory_bytes: 4 << 20, ..trial().limits }, ..trial() };
    assert_eq!(fault_of("", modest, &tight).label, FaultLabel::Memory);
}

#[test]
fn recursion_without_an_end_is_a_fault_and_not_the_end_of_the_host() {
    let fault = fault_of("", "std::hint::black_box(deep(0));", &trial());
    assert!(matches!(fault.label, FaultLabel::Stack | FaultLabel::Trap), "{fault:?}");
    assert_eq!(fault.bar, Some(700));
}

#[test]
fn division_by_zero_is_named() {
    let fault =
        fault_of("", "let zero = std::hint::black_box(0_u32); std::hint::black_box(1 / zero);", &trial());
    assert_eq!(fault.label, FaultLabel::Panic);
    assert!(fault.message.contains("divide by zero"), "{}", fault.message);
}

#[test]
fn parameters_that_make_no_sense_together_are_refused_in_the_strategys_words() {
    let fault =
        fault_of(r#"if std::hint::black_box(true) { return Err("\u{1b}[31mno".to_owned()); }"#, "", &trial());
    assert_eq!((fault.label, fault.bar), (FaultLabel::InitRefused, None));
    assert_eq!(fault.message, r"\u{1b}[31mno", "escaped, so that a terminal shows it and does not obey it");
}

#[test]
fn wall_clock_time_is_an_interruption_and_never_a_fault() {
    let limits = Limits { fuel: 1 << 60, wall_ms: 50, ..Limits::default() };
    let endless = source("", "loop { std::hint::black_box(0); }");
    let outcome = outcome_of(&endless, &Trial { limits, ..trial() });
    // Which bar it has reached by then is the machine's business.
    assert!(matches!(outcome, RunOutcome::Interrupted(Interruption::Timeout { .. })), "{outcome:?}");
}

#[test]
fn cancelling_ends_a_run() {
    let trial = Trial { limits: Limits { fuel: 1 << 60, ..Limits::default() }, ..trial() };
    trial.cancel.store(true, Ordering::Relaxed);
    let endless = source("", "loop { std::hint::black_box(0); }");
    assert!(matches!(outcome_of(&endless, &trial), RunOutcome::Interrupted(Interruption::Cancelled { .. })));
}

#[test]
fn a_log_is_bounded_escaped_and_says_what_is_missing() {
    let chatter =
        r#"for i in 0..10_000 { log::info(format!("line {i}\n\u{202e}")); } log::warn("x".repeat(1 << 20));"#;
    let artifact = lab().artifact("bad.rs", &source("", chatter));
    let (report, _) = lab().run(&artifact, &trial());
    assert!(matches!(report.outcome, RunOutcome::Completed(_)), "{:?}", report.outcome);
    let bytes: usize = report.log.lines.iter().map(|line| line.message.len()).sum();
    assert!(bytes <= Limits::default().log_bytes as usize);
    assert_eq!(report.log.lines.len() as u64 + report.log.dropped, 10_001);
    assert_eq!(report.log.lines[0].message, r"line 0\u{a}\u{202e}");
}

#[test]
fn logging_is_paid_for_in_fuel() {
    let fault = fault_of("", r#"loop { log::info("x".repeat(1 << 16)); }"#, &trial());
    assert_eq!((fault.label, fault.bar), (FaultLabel::Fuel, Some(700)));
}

#[test]
fn a_message_of_any_length_is_cut_and_is_no_fault() {
    let artifact = lab().artifact("bad.rs", &source("", r#"log::info("x".repeat(4 << 20));"#));
    let (report, _) = lab().run(&artifact, &Trial { limits: Limits::default(), ..trial() });
    assert!(matches!(report.outcome, RunOutcome::Completed(_)), "{:?}", report.outcome);
    assert!(report.log.lines[0].message.ends_with("bytes more)"));
    let fault = fault_of(
        "",
        r#"panic!("{}", "y".repeat(4 << 20));"#,
        &Trial { limits: Limits::default(), ..trial() },
    );
    assert_eq!(fault.label, FaultLabel::Panic);
    assert!(fault.message.len() < 3_000);
}

#[test]
fn memory_that_was_refused_and_then_not_needed_is_not_what_a_run_died_of() {
    let body = "let mut many: Vec<u8> = Vec::new(); assert!(many.try_reserve(1 << 30).is_err()); \
                self.kept.push(vec![1; 3 << 20]); let none: Option<u8> = None; none.unwrap();";
    assert_eq!(fault_of("", body, &Trial { limits: Limits::default(), ..trial() }).label, FaultLabel::Panic);
}

#[test]
fn a_run_after_a_fault_starts_afresh() {
    let artifact = lab().artifact(
        "bad.rs",
        &source(
            "",
            r#"if bar.close > 0.0 { self.kept.push(vec![7; 100]); panic!("dirty {}", self.kept.len()); }"#,
        ),
    );
    for _ in 0..3 {
        let RunOutcome::Faulted(fault) = lab().run(&artifact, &trial()).0.outcome else {
            panic!("it faults")
        };
        assert!(fault.message.starts_with("dirty 1 "), "{}", fault.message);
    }
}

#[test]
fn no_path_of_this_machine_is_told_to_a_strategys_author() {
    for body in ["let list: Vec<u32> = Vec::new(); let _ = list[3];", "Sma::new(bar_number as usize - 700);"]
    {
        let fault = fault_of("", body, &trial());
        assert!(!fault.message.contains(env!("CARGO_MANIFEST_DIR")), "{}", fault.message);
        assert!(!fault.message.contains("/home") && !fault.message.contains("/root"), "{}", fault.message);
    }
}
