//! The sandbox and the native harness agree to the last bit.

use std::sync::Arc;

use proptest::prelude::*;
use stratbox_domain::{
    BarSource, Columns, Digest, FeeModel, FillAt, Instrument, InstrumentPolicy, LimitFill, MakerTaker,
    ParamValue, PerShare, RunOutcome, SlippageModel, VenuePolicy,
};
use stratbox_sandbox::{Artifact, RunRequest};
use stratbox_sdk::Params as _;
use stratbox_sdk::testing::{Backtest, Report, drive, random_walk};
use stratbox_tests::chaos::Chaos;
use stratbox_tests::{Tape, Trial, lab};
use stratbox_venue::Venue;

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
        summary.financing.to_bits(),
        summary.steps,
        summary.steps_in_market,
        summary.orders,
        summary.partial_fills,
        summary.expired,
        summary.dropped,
        summary.liquidations,
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

fn any_fees() -> impl Strategy<Value = (f64, FeeModel)> {
    let maker_taker = |(maker_bps, taker_bps)| FeeModel::MakerTaker(MakerTaker { maker_bps, taker_bps });
    let per_share =
        |(amount, maximum_share)| FeeModel::PerShare(PerShare { amount, minimum: 1.0, maximum_share });
    prop_oneof![
        prop_oneof![Just(0.0), 0.0..50.0f64].prop_map(|bps| (bps, FeeModel::BasisPoints)),
        (0.0..5.0f64, 0.0..20.0f64).prop_map(move |bps| (0.0, maker_taker(bps))),
        (0.0..0.1f64, prop::option::of(0.0..0.02f64)).prop_map(move |fee| (0.0, per_share(fee))),
    ]
}

fn any_slippage() -> impl Strategy<Value = (f64, SlippageModel)> {
    prop_oneof![
        prop_oneof![Just(0.0), 0.0..50.0f64].prop_map(|bps| (bps, SlippageModel::BasisPoints)),
        (0.0..20.0f64).prop_map(|bps| (0.0, SlippageModel::HalfSpreadBps(bps))),
        (0.0..0.5f64).prop_map(|price| (0.0, SlippageModel::HalfSpread(price))),
        (0.0..0.5f64).prop_map(|share| (0.0, SlippageModel::ShareOfRange(share))),
        (0.0..2.0f64).prop_map(|coefficient| (0.0, SlippageModel::SquareRootImpact(coefficient))),
    ]
}

prop_compose! {
    fn any_instrument()(tick in prop_oneof![Just(0.0), Just(0.01)], lot in prop_oneof![Just(0.0), Just(0.1)])
        -> InstrumentPolicy {
        InstrumentPolicy { tick, lot, ..InstrumentPolicy::default() }
    }
}

prop_compose! {
    fn any_policy()(
        (fee_bps, fees) in any_fees(),
        (slippage_bps, slippage) in any_slippage(),
        same_close in prop::bool::weighted(0.3),
        penetrate in any::<bool>(),
        volume_share in prop::option::of(prop_oneof![1e-5..1e-3f64, 0.01..1.0f64]),
        leverage in 0.2..4.0f64,
        allow_short in any::<bool>(),
        margin in prop_oneof![Just(0.0), 0.5..1.0f64],
        rates in prop_oneof![Just([0.0; 3]), prop::array::uniform3(0.0..2_000.0f64)],
        max_open_orders in 1..50u32,
        instrument in prop::option::of(any_instrument()),
    ) -> VenuePolicy {
        let [borrow_bps_a_year, interest_bps_a_year, debit_bps_a_year] = rates;
        VenuePolicy {
            fee_bps,
            fees,
            slippage_bps,
            slippage,
            fill_at: if same_close { FillAt::SameClose } else { FillAt::NextOpen },
            limit_fill: if penetrate { LimitFill::Penetrate } else { LimitFill::Touch },
            volume_share,
            leverage,
            allow_short,
            maintenance_margin: margin * (1.0_f64 / leverage).min(1.0),
            borrow_bps_a_year,
            interest_bps_a_year,
            debit_bps_a_year,
            max_open_orders,
            instruments: instrument.map(|it| ("A".to_owned(), it)).into_iter().collect(),
            ..VenuePolicy::default()
        }
    }
}

/// A policy in which everything is other than by default.
fn policy_of_everything() -> VenuePolicy {
    let instrument =
        InstrumentPolicy { tick: 0.01, lot: 0.1, min_quantity: 1.0, currency: Some("USD".to_owned()) };
    VenuePolicy {
        currency: Some("USD".to_owned()),
        fee_bps: 0.0,
        fees: FeeModel::PerShare(PerShare { amount: 0.01, minimum: 1.0, maximum_share: Some(0.05) }),
        slippage: SlippageModel::SquareRootImpact(0.5),
        limit_fill: LimitFill::Penetrate,
        initial_cash: 3_000.0,
        volume_share: Some(0.0002),
        leverage: 2.0,
        maintenance_margin: 0.5,
        borrow_bps_a_year: 300.0,
        interest_bps_a_year: 100.0,
        debit_bps_a_year: 700.0,
        instruments: [("A".to_owned(), instrument)].into(),
        ..VenuePolicy::default()
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
        let report = Backtest::new(bars.clone()).policy(policy.clone()).run_with::<Chaos>(&values).unwrap();
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
fn a_policy_that_uses_everything_gives_the_same_bits_natively_and_in_the_sandbox() {
    let artifact = chaos();
    for fill_at in [FillAt::NextOpen, FillAt::SameClose] {
        let policy = VenuePolicy { fill_at, ..policy_of_everything() };
        let bars = random_walk(1, 1_500, 2);
        let values = [("activity", ParamValue::Number(0.7))];
        let report = Backtest::new(bars.clone()).policy(policy.clone()).run_with::<Chaos>(&values).unwrap();
        let counts = &report.summary;
        let used = [counts.partial_fills, counts.expired, counts.dropped, counts.liquidations];
        assert!(used.iter().all(|count| *count > 0) && counts.financing != 0.0, "{counts:?}");
        let trial = Trial { policy, ..Trial::new(bars) }.with("activity", ParamValue::Number(0.7));
        assert_eq!(sandboxed(&artifact, &trial).0, native(&report));
    }
}

/// Bars of which the last instruments cannot be traded, handed out so many at a time.
struct Fed {
    bars: Arc<stratbox_market::Dataset>,
    tradable: u32,
    most: u32,
}

impl BarSource for Fed {
    fn instruments(&self) -> &[Instrument] {
        self.bars.instruments()
    }

    fn tradable(&self) -> u32 {
        self.tradable
    }

    fn rows(&self) -> u64 {
        self.bars.rows()
    }

    fn steps(&self) -> u64 {
        self.bars.steps()
    }

    fn span(&self) -> Option<(i64, i64)> {
        self.bars.span()
    }

    fn digest(&self) -> Digest {
        self.bars.digest()
    }

    fn columns(&self, start: u64, count: u32) -> Columns {
        self.bars.columns(start, count.min(self.most))
    }
}

fn fed(artifact: &Artifact<Tape>, trial: &Trial, tradable: u32, most: u32) -> Trace {
    let request = RunRequest {
        bars: Arc::new(Fed { bars: Arc::clone(&trial.bars), tradable, most }),
        params: &trial.params,
        policy: &trial.policy,
        limits: trial.limits,
        cancel: Arc::default(),
        seed: Digest::of(b"fed"),
    };
    let (report, tape) =
        lab().sandbox.run(artifact, &request, Tape::default).unwrap_or_else(|error| panic!("{error}"));
    let RunOutcome::Completed(summary) = &report.outcome else { panic!("{:?}", report.outcome) };
    let log = report.log.lines.iter().map(|line| line.message.clone()).collect();
    trace(&tape.equity, &tape.fills, log, summary)
}

#[test]
fn a_run_that_is_fed_its_bars_in_any_chunk_size_gives_the_same_bits() {
    let artifact = chaos();
    for fill_at in [FillAt::NextOpen, FillAt::SameClose] {
        let policy = VenuePolicy { fill_at, ..policy_of_everything() };
        let bars = random_walk(4, 700, 2);
        let report = Backtest::new(bars.clone()).policy(policy.clone()).run_with::<Chaos>(&[]).unwrap();
        let trial = Trial { policy, ..Trial::new(bars) };
        for most in [1, 2, 7, 100, 511, 512, 10_000] {
            assert_eq!(fed(&artifact, &trial, 2, most), native(&report), "{most} at a time");
        }
    }
}

#[test]
fn views_are_shown_and_not_traded_natively_and_in_the_sandbox() {
    let artifact = chaos();
    for fill_at in [FillAt::NextOpen, FillAt::SameClose] {
        let policy = VenuePolicy { fill_at, ..VenuePolicy::default() };
        let bars = random_walk(5, 800, 3);
        let backtest = Backtest::new(bars.clone()).policy(policy.clone()).views(1);
        let report = backtest.run_with::<Chaos>(&[]).unwrap();
        assert!(report.fills.iter().all(|fill| fill.instrument < 2) && report.fills.len() > 100);
        let refused = report.summary.rejections[stratbox_domain::Rejection::UnknownInstrument as usize];
        assert!(refused > 200, "orders for the view: {refused}");
        let trial = Trial { policy, ..Trial::new(bars) };
        assert_eq!(fed(&artifact, &trial, 2, 512), native(&report));
    }
}

#[test]
fn forecasts_leave_the_sandbox_with_the_bits_that_they_have_natively() {
    let bars = random_walk(11, 1_500, 2);
    let instruments = ["A", "B"].map(|symbol| Instrument { symbol: symbol.to_owned() });
    let params = <Chaos as stratbox_sdk::Strategy>::Params::from_values(&Default::default()).unwrap();
    let mut strategy = <Chaos as stratbox_sdk::Strategy>::new(params, &instruments).unwrap();
    let mut venue = Venue::new(VenuePolicy::default(), 2);
    drive(&mut strategy, &mut venue, &bars, &mut |_| (), &mut |_| ());
    let (report, tape) = lab().run(&chaos(), &Trial::new(bars));
    let RunOutcome::Completed(summary) = &report.outcome else { panic!("{:?}", report.outcome) };
    let bits = |pairs: &[[f64; 2]]| pairs.iter().map(|pair| pair.map(f64::to_bits)).collect::<Vec<_>>();
    assert_eq!(bits(&tape.signals), bits(venue.scored()));
    assert_eq!(tape.signals.len() as u64, summary.signals);
    assert!(tape.signals.len() > 2 * 512, "more than a batch: {}", tape.signals.len());
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
