use super::*;
use crate::series::tests::{BACON, MIXED};

const DAY: i64 = 86_400_000_000_000;

#[test]
fn a_series_alone_has_figures_and_evidence_and_nothing_else() {
    let report = Detail::new(&MIXED, Some(252.0)).report();
    assert!((report.figures.get("sharpe").unwrap().get().unwrap() - 1.723_861_396_170_686_6).abs() < 1e-9);
    assert_eq!(report.evidence.get("dsr"), None);
    assert!(report.months.is_empty() && report.relative.is_none() && report.intervals.is_none());
    assert_eq!(report.drawdowns[0].peak_time, None);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["figures"]["kurtosis"]["convention"], "m4 / m2^2, moments over n: raw, normal = 3");
    assert!(json.get("trades").is_none());
}

#[test]
fn times_give_tables_and_drawdowns_dates() {
    let times: Vec<i64> = (1..=24).map(|month| month * 30 * DAY).collect();
    let detail = Detail { times: Some(&times), start: Some(0), ..Detail::new(&BACON, Some(12.0)) };
    let report = detail.report();
    assert_eq!(report.years.len(), 2);
    let deepest = report.drawdowns[0];
    assert_eq!(deepest.peak_time, Some(times[deepest.period.peak - 1]));
    assert!(report.drawdowns.windows(2).all(|pair| pair[0].period.depth <= pair[1].period.depth));
}

#[test]
fn trials_deflate_and_their_variance_is_said_where_it_is_assumed() {
    let of = |trials| Detail { trials: Some(trials), ..Detail::new(&BACON, Some(12.0)) }.report().evidence;
    let given = of((10.0, Some(0.01)));
    let expected = 0.1 * 1.574_598_301_3;
    assert!((given.get("dsr_threshold").unwrap().get().unwrap() - expected).abs() < 1e-9);
    assert!(given.get("dsr").unwrap().value() < given.get("psr").unwrap().value());
    let assumed = of((10.0, None));
    assert!(
        assumed.iter().any(|(statement, _)| statement.convention.contains("no variance of trials was given"))
    );
    assert!(assumed.get("dsr").unwrap().get().is_ok());
}

#[test]
fn a_constant_series_is_evidence_of_nothing() {
    let report = Detail { trials: Some((5.0, None)), ..Detail::new(&[0.01; 40], Some(252.0)) }.report();
    for name in ["psr", "psr_2025", "dsr", "min_track_record", "sharpe_per_period"] {
        assert_eq!(report.evidence.get(name).unwrap().get(), Err(Missing::ZeroVariance), "{name}");
    }
}

#[test]
fn every_part_that_is_asked_for_is_there() {
    let activity = Activity { times: vec![0], traded: vec![1.0], gross: vec![1.0] };
    let how = Resampling { resamples: 50, block_length: None, seed: 1 };
    let benchmark = BACON.map(|value| value / 2.0 + 0.001);
    let report = Detail {
        trades: Some(&[]),
        activity: Some(&activity),
        signals: Some(&[(1.0, 0.1), (2.0, 0.2), (3.0, 0.3)]),
        benchmark: Some(&benchmark),
        resampling: Some(how),
        window: Some(6),
        ..Detail::new(&BACON, Some(12.0))
    }
    .report();
    assert!((report.relative.unwrap().get("beta").unwrap().get().unwrap() - 2.0).abs() < 1e-12);
    assert_eq!(report.activity.unwrap().get("turnover").unwrap().get(), Ok(2.0));
    assert_eq!(report.trade_figures.unwrap().get("win_rate").unwrap().get(), Err(Missing::NoClosedTrades));
    let signals = report.signals.unwrap();
    assert_eq!(signals.get("signals").unwrap().get(), Ok(3.0));
    assert_eq!(signals.get("ic").unwrap().get(), Ok(1.0));
    assert_eq!(report.rolling.unwrap().sharpe.len(), 19);
    assert_eq!(report.intervals.unwrap().resamples, 50);
}

#[test]
fn a_run_without_forecasts_has_a_reason_instead_of_a_coefficient() {
    let report = Detail { signals: Some(&[]), ..Detail::new(&BACON, Some(12.0)) }.report();
    let signals = report.signals.unwrap();
    assert_eq!(signals.get("signals").unwrap().get(), Ok(0.0));
    assert_eq!(signals.get("ic").unwrap().get(), Err(Missing::NoSignals));
}

#[test]
fn intervals_that_cannot_be_made_are_missing_for_a_reason() {
    let of = |returns: &[f64], block_length| {
        let how = Resampling { resamples: 50, block_length, seed: 1 };
        serde_json::to_value(Detail { resampling: Some(how), ..Detail::new(returns, Some(12.0)) }.report())
            .unwrap()
    };
    let ruined = of(&[0.1, -1.0, 0.2, 0.1], None);
    assert_eq!(ruined["intervals_missing"], Missing::EquityNotPositive.sentence());
    assert_eq!(of(&BACON, Some(1e6))["intervals_missing"], Missing::OutOfRange.sentence());
    for report in [of(&BACON, None), serde_json::to_value(Detail::new(&BACON, Some(12.0)).report()).unwrap()]
    {
        assert!(report.get("intervals_missing").is_none(), "they are there, or were not asked for");
    }
}

#[test]
fn every_figure_of_a_report_is_in_the_documentation() {
    let documentation =
        [include_str!("../../../../../docs/metrics.md"), include_str!("../../../../../docs/statistics.md")]
            .concat();
    let report = Detail {
        trades: Some(&[]),
        activity: Some(&Activity::default()),
        benchmark: Some(&BACON),
        trials: Some((2.0, None)),
        ..Detail::new(&BACON, Some(12.0))
    }
    .report();
    let parts =
        [Some(report.figures), Some(report.evidence), report.relative, report.trade_figures, report.activity];
    for (statement, _) in parts.iter().flatten().flat_map(Stated::iter) {
        assert!(documentation.contains(&format!("`{}`", statement.name)), "{}", statement.name);
    }
}
