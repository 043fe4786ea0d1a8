//! The sandbox and the native harness agree to the last bit.

use std::sync::Arc;

use proptest::prelude::*;
use stratbox_domain::{ParamValue, RunOutcome, VenuePolicy};
use stratbox_sandbox::Artifact;
use stratbox_sdk::testing::{Backtest, Report, random_walk};
use stratbox_tests::chaos::Chaos;
use stratbox_tests::{Tape, Trial, lab};

fn chaos() -> Artifact<Tape> {
    lab().artifact("chaos.rs", include_str!("../strategies/chaos.rs"))
}

/// Everything a run leaves behind, with floats as bits: equality of floats would let -0 pass for 0.
#[derive(Debug, PartialEq)]
struct Trace {
    equity: Vec<u64>,
    fills: Vec<(u64, u32, i64, bool, [u64; 4])>,
    log: Vec<String>,
    counts: Vec<u64>,
}

fn trace(
    equity: &[f64],
    fills: &[stratbox_domain::Fill],
    log: Vec<String>,
    summary: &stratbox_domain::VenueSummary,
) -> Trace {
    let fill = |fill: &stratbox_domain::Fill| {
        let numbers = [fill.price, fill.quantity, fill.fee, fill.position].map(f64::to_bits);
        (fill.order, fill.instrument, fill.time, fill.side == stratbox_domain::Side::Buy, numbers)
    };
    let mut counts = vec![
        summary.final_equity.to_bits(),
        summary.fees.to_bits(),
        summary.steps,
        summary.steps_in_market,
        summary.orders,
        summary.signals,
        summary.signal_hits,
    ];
    counts.extend(summary.rejections);
    Trace {
        equity: equity.iter().map(|value| value.to_bits()).collect(),
        fills: fills.iter().map(fill).collect(),
        log,
        counts,
    }
}

fn native(report: &Report) -> Trace {
    let log = report.log.iter().map(|(_, message)| message.clone()).collect();
    trace(&report.equity, &report.fills, log, &report.summary)
}

fn sandboxed(artifact: &Artifact<Tape>, trial: &Trial) -> (Trace, u64) {
    let (report, tape) = lab().run(artifact, trial);
    let RunOutcome::Completed(summary) = &report.outcome else { panic!("{:?}", report.outcome) };
    let log = report.log.lines.iter().map(|line| line.message.clone()).collect();
    (trace(&tape.equity, &tape.fills, log, summary), report.fuel)
}

prop_compose! {
    fn any_policy()(
        fee_bps in prop_oneof![Just(0.0), 0.0..50.0f64],
        slippage_bps in prop_oneof![Just(0.0), 0.0..50.0f64],
        leverage in 0.2..4.0f64,
        allow_short in any::<bool>(),
        max_open_orders in 1..50u32,
    ) -> VenuePolicy {
        VenuePolicy { fee_bps, slippage_bps, leverage, allow_short, max_open_orders, ..VenuePolicy::default() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_random_strategy_gives_the_same_bits_natively_and_in_the_sandbox(
        seed in 0..1_000_000_000i64,
        data in any::<u64>(),
        days in 1..1_400usize,
        instruments in 1..4u32,
        activity in 0.0..0.8f64,
        watchful in any::<bool>(),
        open in any::<bool>(),
        policy in any_policy(),
    ) {
        let bars = random_walk(data, days, instruments);
        let values = [
            ("seed", ParamValue::Integer(seed)),
            ("activity", ParamValue::Number(activity)),
            ("watchful", ParamValue::Boolean(watchful)),
            ("price", ParamValue::Text(if open { "open" } else { "close" }.to_owned())),
        ];
        let report = Backtest::new(bars.clone()).policy(policy).run_with::<Chaos>(&values).unwrap();
        let trial = values.into_iter().fold(Trial::new(bars), |trial, (name, value)| trial.with(name, value));
        let trial = Trial { policy, ..trial };
        let artifact = chaos();
        let (first, fuel) = sandboxed(&artifact, &trial);
        prop_assert_eq!(&first, &native(&report));
        let (again, same_fuel) = sandboxed(&artifact, &trial);
        prop_assert_eq!(first, again);
        prop_assert_eq!(fuel, same_fuel, "fuel is the same figure every time");
    }
}

#[test]
fn runs_on_many_threads_at_once_give_the_bits_of_runs_one_after_another() {
    let artifact = chaos();
    let trials: Vec<Trial> = (0..24)
        .map(|seed| Trial::new(random_walk(seed, 700, 2)).with("seed", ParamValue::Integer(seed as i64)))
        .collect();
    let one_by_one: Vec<_> = trials.iter().map(|trial| sandboxed(&artifact, trial)).collect();
    let artifact = Arc::new(artifact);
    let mut together: Vec<_> = std::thread::scope(|scope| {
        let spawn = |index: usize| {
            let (artifact, trial) = (Arc::clone(&artifact), &trials[index]);
            scope.spawn(move || (index, sandboxed(&artifact, trial)))
        };
        // Started in another order than they are compared in.
        let threads: Vec<_> = (0..trials.len()).rev().map(spawn).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    together.sort_by_key(|(index, _)| *index);
    for ((index, together), alone) in together.into_iter().zip(one_by_one) {
        assert_eq!(together, alone, "trial {index}");
    }
}

#[test]
fn the_example_strategies_give_the_same_bits_natively_and_in_the_sandbox() {
    use stratbox_examples::{
        buy_and_hold, donchian_breakout, momentum_rotation, pairs_spread, rsi_reversion, sma_cross,
    };
    fn check<S: stratbox_sdk::Strategy>(name: &str, source: &str, instruments: u32) {
        let bars = random_walk(7, 1_500, instruments);
        let report = Backtest::new(bars.clone()).run_with::<S>(&[]).unwrap();
        let artifact = lab().artifact(name, source);
        assert!(!report.fills.is_empty(), "{name} should trade on this data");
        assert_eq!(sandboxed(&artifact, &Trial::new(bars)).0, native(&report), "{name}");
    }
    check::<buy_and_hold::BuyAndHold>(
        "buy_and_hold.rs",
        include_str!("../../example-strategies/buy_and_hold.rs"),
        1,
    );
    check::<sma_cross::SmaCross>("sma_cross.rs", include_str!("../../example-strategies/sma_cross.rs"), 1);
    check::<rsi_reversion::RsiReversion>(
        "rsi_reversion.rs",
        include_str!("../../example-strategies/rsi_reversion.rs"),
        1,
    );
    check::<donchian_breakout::DonchianBreakout>(
        "donchian_breakout.rs",
        include_str!("../../example-strategies/donchian_breakout.rs"),
        1,
    );
    check::<momentum_rotation::MomentumRotation>(
        "momentum_rotation.rs",
        include_str!("../../example-strategies/momentum_rotation.rs"),
        3,
    );
    check::<pairs_spread::PairsSpread>(
        "pairs_spread.rs",
        include_str!("../../example-strategies/pairs_spread.rs"),
        2,
    );
}
