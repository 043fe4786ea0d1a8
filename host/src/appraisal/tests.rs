use std::num::NonZeroU64;

use stratbox_domain::{Fault, FaultLabel, Fill, Interruption, Side, VenueSummary};
use stratbox_metrics::Accumulator;

use super::*;

const STEPS: usize = 240;

/// A run that earned `mean` a step, give or take one percent.
fn ran(mean: f64) -> Replayed {
    let mut equity = 1_000.0;
    let mut step = |step: usize| {
        equity *= 1.0 + if step.is_multiple_of(2) { mean + 0.01 } else { mean - 0.01 };
        equity
    };
    let trace = Trace { equity: (0..STEPS).map(&mut step).collect(), ..Trace::default() };
    let mut accumulator = Accumulator::new(1_000.0, 252.0);
    accumulator.equity(&trace.equity);
    let summary = VenueSummary {
        final_equity: trace.equity[STEPS - 1],
        steps: STEPS as u64,
        ..VenueSummary::default()
    };
    let outcome = RunOutcome::Completed(Box::new(accumulator.finish(&summary, None)));
    Replayed { key: RunKey::of(b"run"), outcome, fuel: 12_345, trace }
}

fn setting(labels: Vec<Option<Regime>>, rows: Option<Vec<Bar>>) -> Setting {
    Setting { curve: Curve::new(STEPS as u64, POINTS, Some(252.0), 1_000.0), labels, rows }
}

fn calm() -> Setting {
    setting(vec![Some(Regime::RisingCalm); STEPS], Some(Vec::new()))
}

fn of_source() -> Traits {
    Traits { complexity: Some(Complexity { cyclomatic: 7, tokens: 400, lines: 55 }), parameters: 3 }
}

fn value(appraised: &Appraised, name: &str) -> Result<f64, Missing> {
    figure(appraised, name).unwrap_or_else(|| panic!("there is no `{name}`")).get()
}

#[test]
fn a_variant_has_every_figure_that_has_a_name() {
    let appraised = calm().appraised(4, &of_source(), ran(0.001));
    assert!(appraised.figures.keys().all(|name| NAMES.contains(name)));
    assert_eq!(appraised.figures.len(), NAMES.len());
    assert_eq!((appraised.variant, appraised.returns.len()), (4, STEPS));
    for (name, expected) in
        [("complexity", 7.0), ("source_lines", 55.0), ("parameters", 3.0), ("fuel", 12_345.0)]
    {
        assert_eq!(value(&appraised, name), Ok(expected), "{name}");
    }
    assert_eq!(value(&appraised, "consistency"), Ok(1.0));
    assert!(value(&appraised, "robustness_splits").unwrap() > 0.0);
    assert!(value(&appraised, "robustness_regimes").unwrap() > 0.0);
}

#[test]
fn a_metric_is_found_by_its_name_and_what_has_no_name_is_not() {
    let appraised = calm().appraised(0, &of_source(), ran(0.001));
    let RunOutcome::Completed(metrics) = &appraised.outcome else { panic!("it completed") };
    assert_eq!(figure(&appraised, "sharpe"), Some(metrics.sharpe));
    assert_eq!(figure(&appraised, "sharp"), None);
}

#[test]
fn every_name_has_a_direction() {
    for name in NAMES {
        assert!(direction(name).is_some(), "{name}");
        assert!(name.parse::<MetricName>().is_err(), "`{name}` is no metric too");
    }
    assert_eq!(direction("complexity"), Some(Direction::LowerIsBetter));
    assert_eq!(direction("robustness_regimes"), Some(Direction::HigherIsBetter));
    assert_eq!(direction("max_drawdown"), Some(MetricName::MaxDrawdown.direction()));
    assert_eq!(direction("sharp"), None);
}

#[test]
fn a_run_that_did_not_complete_has_reasons_and_the_figures_of_its_source() {
    let fault = Fault {
        label: FaultLabel::Panic,
        code: "panic".into(),
        bar: Some(3),
        message: "it panicked".to_owned(),
        hint: "do not".into(),
    };
    for outcome in [RunOutcome::Faulted(fault), RunOutcome::Interrupted(Interruption::Timeout { bar: None })]
    {
        let appraised = calm().appraised(0, &of_source(), Replayed { outcome, ..ran(0.001) });
        for name in ["robustness_splits", "robustness_regimes", "consistency", "ic", "turnover", "sharpe"] {
            assert_eq!(value(&appraised, name), Err(Missing::NoData), "{name}");
        }
        assert_eq!((value(&appraised, "complexity"), value(&appraised, "fuel")), (Ok(7.0), Ok(12_345.0)));
        assert!(appraised.returns.is_empty(), "what it earned until then is no series");
    }
}

#[test]
fn a_component_has_no_complexity_and_says_why() {
    let appraised = calm().appraised(0, &Traits { complexity: None, parameters: 2 }, ran(0.001));
    assert_eq!(value(&appraised, "complexity"), Err(Missing::NoSource));
    assert_eq!(value(&appraised, "source_lines"), Err(Missing::NoSource));
    assert_eq!(value(&appraised, "parameters"), Ok(2.0));
}

#[test]
fn forecasts_have_a_coefficient_and_none_a_reason() {
    let signals = vec![(1.0, 0.01), (2.0, 0.03), (-1.0, -0.02)];
    let trace = Trace { signals, ..ran(0.001).trace };
    let appraised = calm().appraised(0, &of_source(), Replayed { trace, ..ran(0.001) });
    assert_eq!(value(&appraised, "ic"), Ok(1.0));
    assert_eq!(value(&calm().appraised(0, &of_source(), ran(0.001)), "ic"), Err(Missing::NoSignals));
}

#[test]
fn turnover_is_of_all_trades_or_of_none() {
    let bar = |time| Bar { instrument: 0, time, open: 10.0, high: 10.0, low: 10.0, close: 10.0, volume: 1.0 };
    let fill = Fill {
        order: 1,
        instrument: 0,
        time: 1,
        side: Side::Buy,
        price: 10.0,
        quantity: 5.0,
        fee: 0.0,
        position: 5.0,
    };
    let turnover = |rows: Option<Vec<Bar>>, dropped| {
        let trace = Trace { fills: vec![fill], dropped, ..ran(0.001).trace };
        let appraised =
            setting(Vec::new(), rows).appraised(0, &of_source(), Replayed { trace, ..ran(0.001) });
        value(&appraised, "turnover")
    };
    let rows = Some(vec![bar(0), bar(1)]);
    assert_eq!(turnover(rows.clone(), 0), Ok(2.0), "50 traded, 25 held on average");
    assert_eq!(turnover(rows, 1), Err(Missing::TooMuch));
    assert_eq!(turnover(None, 0), Err(Missing::TooMuch));
}

#[test]
fn robustness_over_regimes_is_that_of_the_worst_of_them() {
    let labels =
        (0..STEPS).map(|step| Some(if step < 200 { Regime::RisingCalm } else { Regime::FallingTurbulent }));
    let good = ran(0.004);
    let bad = ran(-0.004).trace.equity;
    let mut trace = good.trace.clone();
    let factor = trace.equity[199] / bad[199];
    trace.equity[200..].iter_mut().zip(&bad[200..]).for_each(|(equity, bad)| *equity = bad * factor);
    let appraised = setting(labels.collect(), None).appraised(0, &of_source(), Replayed { trace, ..good });
    assert!(value(&appraised, "robustness_regimes").unwrap() < 0.0);
    assert!((value(&appraised, "consistency").unwrap() - 5.0 / 6.0).abs() < 1e-12);
}

#[test]
fn a_long_run_is_appraised_at_no_more_points_than_others() {
    let steps = 1_000_000;
    let curve = Curve::new(steps, POINTS, Some(252.0), 1.0);
    assert!(curve.keeps.points(steps) <= POINTS);
    assert_eq!(curve.keeps.equity_every, NonZeroU64::new(curve.stride));
    assert_eq!(curve.periods_per_year, Some(252.0 / curve.stride as f64));
}
