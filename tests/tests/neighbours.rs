//! Runs that share a process share nothing else: not memory that was used before, and not the consequences of what another
//! does meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};

use stratbox_domain::{Limits, RunOutcome};
use stratbox_sdk::testing::random_walk;
use stratbox_tests::{Trial, lab};

fn strategy(name: &str, body: &str) -> String {
    format!(
        r#"use stratbox_sdk::prelude::*;
        pub struct {name} {{ bars: u64, kept: Vec<Vec<u8>> }}
        impl Strategy for {name} {{
            type Params = ();
            fn new(_: (), _: &[Instrument]) -> Result<Self, String> {{ Ok(Self {{ bars: 0, kept: Vec::new() }}) }}
            #[allow(unused_variables)]
            fn on_bar(&mut self, bar: &Bar, broker: &mut Broker) {{ self.bars += 1; {body} }}
        }}
        strategy!({name});"#
    )
}

fn trial() -> Trial {
    Trial { limits: Limits { fuel: 200_000_000, ..Limits::default() }, ..Trial::new(random_walk(1, 200, 1)) }
}

/// Memory that a run gets is zero, whoever had it before. New memory is not cleared by the allocator, since the engine
/// promises that it is: what is left of another run would be seen.
#[test]
fn a_run_finds_nothing_of_an_earlier_one_in_its_memory() {
    let secret = lab().artifact(
        "secret.rs",
        &strategy(
            "Secret",
            r#"if self.bars == 5 { for _ in 0..6 { self.kept.push(vec![0xA5; 1 << 20]); } }
            if self.bars == 150 { panic!("in the middle of everything"); }"#,
        ),
    );
    let probe = lab().artifact(
        "probe.rs",
        &strategy("Probe", r#"if self.bars == 5 {
                for _ in 0..6 { self.kept.push(vec![0; 1 << 20]); }
                let found: usize = self.kept.iter().map(|block| block.iter().filter(|byte| **byte != 0).count()).sum();
                log::info(found.to_string());
            }"#),
    );
    let control = lab().artifact(
        "control.rs",
        &strategy("Control", r#"if self.bars == 5 {
                self.kept.push(vec![7; 10]);
                let found = self.kept.iter().map(|block| block.iter().filter(|byte| **byte != 0).count()).sum::<usize>();
                log::info(found.to_string());
            }"#),
    );
    let logged = |artifact| {
        let (report, _) = lab().run(artifact, &trial());
        report.log.lines.first().map(|line| line.message.clone())
    };
    assert_eq!(logged(&control).as_deref(), Some("10"), "the probe's way of counting finds what is there");
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..60 {
                    let (report, _) = lab().run(&secret, &trial());
                    assert!(matches!(report.outcome, RunOutcome::Faulted(_)));
                    assert_eq!(logged(&probe).as_deref(), Some("0"));
                }
            });
        }
    });
}

#[test]
fn honest_runs_beside_hostile_ones_end_as_they_do_alone() {
    let honest = lab().artifact(
        "honest.rs",
        &strategy(
            "Honest",
            "if self.bars % 7 == 0 { let _ = broker.submit(Order::buy(0, 1.0)); } \
             if self.bars % 11 == 0 { broker.close(0); }",
        ),
    );
    let hostile: Vec<_> = [
        "loop { std::hint::black_box(0); }",
        "loop { self.kept.push(vec![1; 1 << 20]); }",
        r#"loop { log::info("x".repeat(1 << 14)); }"#,
        "loop { let _ = broker.submit(Order::buy(0, f64::NAN).limit(f64::MAX)); }",
        r#"if self.bars == 100 { panic!("dirty"); }"#,
    ]
    .iter()
    .map(|body| lab().artifact("hostile.rs", &strategy("Hostile", body)))
    .collect();
    let alone = lab().run(&honest, &trial());
    assert!(matches!(alone.0.outcome, RunOutcome::Completed(_)), "{:?}", alone.0.outcome);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let attacker = scope.spawn(|| {
            let mut faults = 0;
            while !done.load(Ordering::Relaxed) || faults < hostile.len() {
                let (report, _) = lab().run(&hostile[faults % hostile.len()], &trial());
                assert!(matches!(report.outcome, RunOutcome::Faulted(_)), "{:?}", report.outcome);
                faults += 1;
            }
        });
        for _ in 0..200 {
            let (report, tape) = lab().run(&honest, &trial());
            assert_eq!(
                (report.outcome, report.fuel, tape),
                (alone.0.outcome.clone(), alone.0.fuel, alone.1.clone())
            );
        }
        done.store(true, Ordering::Relaxed);
        attacker.join().unwrap();
    });
}
