//! Every limit bites, and only where it should: a run that stays just under it completes, and one that reaches it ends as
//! the limit says.

use stratbox_domain::{Digest, Fault, FaultLabel, Interruption, Limits, ParamValue, RunOutcome, VenuePolicy};
use stratbox_sandbox::{Artifact, RunReport};
use stratbox_sdk::testing::random_walk;
use stratbox_tests::{Tape, Trial, lab};

/// A strategy that does `body` once, at bar 100, with a number `n` from its parameters.
fn strategy(body: &str) -> Artifact<Tape> {
    let source = format!(
        r#"use stratbox_sdk::prelude::*;
        #[derive(Params)]
        pub struct Settings {{ #[param(default = 0, min = 0, max = 1_000_000_000)] n: i64 }}
        pub struct Limited {{ bar: u64, n: i64, kept: Vec<Vec<u8>> }}
        #[allow(unconditional_recursion, dead_code)]
        fn deep(n: i64) -> i64 {{ if n == 0 {{ 0 }} else {{ 1 + std::hint::black_box(deep(n - 1)) }} }}
        impl Strategy for Limited {{
            type Params = Settings;
            fn new(settings: Settings, _: &[Instrument]) -> Result<Self, String> {{
                Ok(Self {{ bar: 0, n: settings.n, kept: Vec::new() }})
            }}
            #[allow(unused_variables)]
            fn on_bar(&mut self, bar: &Bar, broker: &mut Broker) {{
                self.bar += 1;
                if self.bar == 101 {{ let n = self.n; {body} }}
            }}
        }}
        strategy!(Limited);"#
    );
    lab().artifact("limited.rs", &source)
}

fn run(artifact: &Artifact<Tape>, n: i64, limits: Limits) -> RunReport {
    run_under(artifact, n, limits, VenuePolicy::default())
}

fn run_under(artifact: &Artifact<Tape>, n: i64, limits: Limits, policy: VenuePolicy) -> RunReport {
    let trial = Trial { limits, policy, ..Trial::new(random_walk(1, 300, 1)) };
    lab().run(artifact, &trial.with("n", ParamValue::Integer(n))).0
}

fn fault(report: &RunReport) -> &Fault {
    match &report.outcome {
        RunOutcome::Faulted(fault) => fault,
        other => panic!("it should fault, and is {other:?}"),
    }
}

fn completes(report: &RunReport) -> bool {
    matches!(report.outcome, RunOutcome::Completed(_))
}

const WORK: &str = "for i in 0..n { std::hint::black_box(i); }";

#[test]
fn fuel_of_the_run() {
    let artifact = strategy(WORK);
    let needed = run(&artifact, 10_000, Limits::default()).fuel;
    let with = |fuel| run(&artifact, 10_000, Limits { fuel, ..Limits::default() });
    assert!(completes(&with(needed)), "what it needs is enough");
    // Fuel is looked at where loops and functions begin, so that the last few units are not missed.
    let short = with(needed - needed / 20);
    assert_eq!((fault(&short).label, fault(&short).code.as_ref()), (FaultLabel::Fuel, "out_of_fuel"));
    assert_eq!(with(needed).fuel, needed, "the same figure whatever the limit is");
}

#[test]
fn fuel_of_one_bar() {
    let artifact = strategy(WORK);
    let limits = Limits { fuel_per_bar: 200_000, ..Limits::default() };
    // Many times what the bar may use is used by all bars together, and that is no fault.
    let calm = strategy("");
    assert!(run(&calm, 0, Limits { fuel_per_bar: 2_000, ..limits }).fuel > 20_000);
    assert!(completes(&run(&calm, 0, Limits { fuel_per_bar: 2_000, ..limits })));
    // The largest number of rounds that one bar has fuel for.
    let (mut fits, mut bursts) = (0, 1_000_000);
    while fits + 1 < bursts {
        let middle = (fits + bursts) / 2;
        if completes(&run(&artifact, middle, limits)) { fits = middle } else { bursts = middle }
    }
    assert!(fits > 1_000, "{fits}");
    let over = run(&artifact, bursts, limits);
    assert_eq!((fault(&over).label, fault(&over).code.as_ref()), (FaultLabel::Fuel, "out_of_fuel_for_bar"));
    assert_eq!(fault(&over).bar, Some(100));
    assert!(fault(&over).message.contains("200000"), "{}", fault(&over).message);
    assert_eq!(over.fuel, run(&artifact, bursts, limits).fuel, "the same figure every time");
    assert!(completes(&run(&artifact, bursts, Limits::default())), "with more for a bar it is no fault");
}

#[test]
fn memory_summed_over_everything() {
    let artifact = strategy("for _ in 0..n { self.kept.push(vec![1; 1 << 20]); }");
    let limits = Limits { memory_bytes: 16 << 20, ..Limits::default() };
    assert!(completes(&run(&artifact, 12, limits)));
    let over = run(&artifact, 20, limits);
    assert_eq!((fault(&over).label, fault(&over).code.as_ref()), (FaultLabel::Memory, "memory_limit"));
    assert!(completes(&run(&artifact, 20, Limits { memory_bytes: 32 << 20, ..limits })));
}

#[test]
fn stack() {
    let artifact = strategy("std::hint::black_box(deep(n));");
    assert!(completes(&run(&artifact, 500, Limits::default())));
    let over = run(&artifact, 1_000_000, Limits::default());
    assert!(
        matches!(fault(&over).code.as_ref(), "stack_overflow" | "memory_out_of_bounds"),
        "{:?}",
        fault(&over)
    );
}

#[test]
fn log_bytes() {
    let artifact = strategy(r#"for _ in 0..n { log::info("0123456789"); }"#);
    let limits = Limits { log_bytes: 4_096, ..Limits::default() };
    let under = run(&artifact, 50, limits);
    assert_eq!((under.log.lines.len(), under.log.dropped), (50, 0));
    let over = run(&artifact, 1_000, limits);
    assert!(completes(&over), "a log that is full is no fault");
    assert_eq!(over.log.lines.len() as u64 + over.log.dropped, 1_000);
    assert!(over.log.lines.len() < 500);
}

#[test]
fn orders_at_one_bar_and_in_all() {
    // Sent and withdrawn, so that no other limit is reached.
    let artifact = strategy(
        r#"let mut accepted = 0;
        for _ in 0..n {
            if let Ok(id) = broker.submit(Order::buy(0, 0.01).limit(1.0)) { accepted += 1; broker.cancel(id); }
        }
        log::info(accepted.to_string());"#,
    );
    let policy = VenuePolicy { max_orders_per_bar: 7, ..VenuePolicy::default() };
    let accepted = |n, policy| {
        let report = run_under(&artifact, n, Limits::default(), VenuePolicy::clone(policy));
        assert!(completes(&report), "{:?}", report.outcome);
        report.log.lines[0].message.clone()
    };
    assert_eq!(
        (accepted(7, &policy), accepted(8, &policy), accepted(100_000, &policy)),
        ("7".into(), "7".into(), "7".into())
    );
    let in_all = VenuePolicy { max_orders: 5, ..VenuePolicy::default() };
    assert_eq!((accepted(5, &in_all), accepted(6, &in_all)), ("5".into(), "5".into()));
}

#[test]
fn what_a_manifest_makes_the_host_copy() {
    let described = |bytes: usize| {
        let source = format!(
            r#"use stratbox_sdk::prelude::*;
            pub struct Wordy;
            impl Strategy for Wordy {{
                type Params = ();
                fn description() -> &'static str {{ Box::leak("word ".repeat({}).into_boxed_str()) }}
                fn new(_: (), _: &[Instrument]) -> Result<Self, String> {{ Ok(Self) }}
                fn on_bar(&mut self, _: &Bar, _: &mut Broker) {{}}
            }}
            strategy!(Wordy);"#,
            bytes / 5
        );
        let artifact = lab().artifact("wordy.rs", &source);
        lab().sandbox.describe(&artifact, &Digest::of(b"wordy"))
    };
    let under = described(900 << 10).unwrap();
    assert!(under.description.len() < 3_000, "it is cut");
    let over = described(1_100 << 10).unwrap_err().to_string();
    assert!(over.contains("`describe` failed: contract"), "{over}");
}

#[test]
fn wall_clock_time_with_a_deadline_of_its_own_for_each_run() {
    let endless = strategy("let mut i = 0_u64; while n > 0 { i = std::hint::black_box(i + 1); }");
    let limits = Limits { fuel: 1 << 60, fuel_per_bar: 1 << 60, wall_ms: 200, ..Limits::default() };
    let patient = Limits { wall_ms: 60_000, ..limits };
    std::thread::scope(|scope| {
        let neighbour = scope.spawn(|| run(&strategy(WORK), 3_000_000, patient).outcome);
        let timed_out = run(&endless, 1, limits).outcome;
        assert_eq!(timed_out, RunOutcome::Interrupted(Interruption::Timeout { bar: Some(100) }));
        let neighbour = neighbour.join().unwrap();
        assert!(matches!(neighbour, RunOutcome::Completed(_)), "nobody else's deadline: {neighbour:?}");
    });
    assert!(completes(&run(&endless, 0, limits)));
}
