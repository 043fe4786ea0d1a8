use super::*;
use crate::series::tests::{AFTER_ZERO, BACON, MIXED, NEGATIVE};
use proptest::prelude::*;

fn near(figure: Figure, expected: f64) {
    let value = figure.get().unwrap();
    assert!((value - expected).abs() < 1e-9 * expected.abs().max(1.0), "{value} {expected}");
}

fn daily(values: &[f64]) -> Returns<'_> {
    Returns::new(values, 252.0)
}

#[test]
fn empyrical_sharpe_ratios() {
    near(daily(&MIXED).sharpe(0.0), 1.723_861_396_170_686_6);
    near(daily(&[0.01, 0.02, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01]).sharpe(0.0), 52.915_026_221_291_804);
    let negative: Vec<f64> =
        std::iter::once(0.0).chain([-0.06, -0.07, -0.01, -0.09, -0.02, -0.06, -0.08, -0.05]).collect();
    near(daily(&negative).sharpe(0.0), -24.406_808_633_910_085);
    assert_eq!(negative[1..], NEGATIVE);
}

#[test]
fn empyrical_sortino_ratios() {
    near(daily(&MIXED).sortino(0.0), 2.605_531_251_673_693);
    near(daily(&MIXED).sortino(0.01), -1.393_477_958_891_997_7);
    near(Returns::new(&AFTER_ZERO, 52.0).sortino(0.0), 1.115_890_105_686_644);
    near(Returns::new(&AFTER_ZERO, 12.0).sortino(0.0), 0.536_056_267_418_897_6);
}

#[test]
fn empyrical_downside_risk_is_the_downside_deviation_times_the_root_of_the_periods() {
    let risk = |values: &[f64], minimum, periods: f64| {
        Figure::of(Returns::new(values, None).downside_deviation(minimum).get().unwrap() * periods.sqrt())
    };
    near(risk(&MIXED, 0.0, 252.0), 0.604_483_250_388_296_5);
    near(risk(&MIXED, 0.1, 252.0), 1.716_173_068_195_629_5);
    near(risk(&AFTER_ZERO, 0.0, 52.0), 0.258_886_504_519_301_34);
    near(risk(&AFTER_ZERO, 0.1, 12.0), 0.371_483_512_420_134_2);
}

#[test]
fn empyrical_annual_returns_volatilities_and_calmar_ratios() {
    for (periods, growth, volatility, calmar) in [
        (52.0, 0.246_908_305_139_982_08, 0.388_515_693_948_705_83, 2.469_083_051_399_820_8),
        (12.0, 0.052_242_061_386_048_144, 0.186_636_902_388_925_58, 0.522_420_613_860_481_4),
    ] {
        let series = Returns::new(&AFTER_ZERO, periods);
        near(series.cagr(), growth);
        near(series.volatility(), volatility);
        near(series.calmar(), calmar);
    }
    near(daily(&MIXED).volatility(), 0.913_646_539_970_463_7);
    near(daily(&[0.01]).cagr(), 11.274_002_099_240_244);
    near(Returns::new(&[0.03; 3], 1.0).cagr(), 0.03);
}

#[test]
fn empyrical_drawdowns() {
    near(daily(&MIXED).max_drawdown(), -0.1);
    near(daily(&[0.1, -0.1, 0.1]).max_drawdown(), -0.1);
    let fall = daily(&NEGATIVE).total_return().get().unwrap();
    near(daily(&NEGATIVE).max_drawdown(), fall);
    near(daily(&MIXED).total_return(), 0.038_931_091_700_480_15);
}

#[test]
fn empyrical_omega_ratios() {
    let required = libm::pow(11.0, 1.0 / 252.0) - 1.0;
    near(daily(&MIXED).omega(required), 0.833_542_634_975_579_3);
    near(daily(&MIXED).omega(0.01), 0.8125);
    assert_eq!(daily(&[0.01, 0.02, 0.01]).omega(0.01).get(), Err(Missing::NoLosingPeriods));
}

#[test]
fn bacons_portfolio_has_performanceanalytics_gain_loss_ratio_and_downside_deviation() {
    let series = Returns::new(&BACON, 12.0);
    near(series.omega(0.0), 1.779_783_393_5);
    assert!((series.downside_deviation(0.005).get().unwrap() - 0.025_536_738_2).abs() < 1e-10);
    let ratio = series.skewness().get().unwrap() / series.kurtosis().get().unwrap();
    assert!((ratio + 0.034).abs() < 1e-4, "SkewnessKurtosisRatio: {ratio}");
}

#[test]
fn a_constant_series_scores_nothing() {
    let constant = daily(&[0.01; 50]);
    for figure in [constant.sharpe(0.0), constant.sortino(0.0), constant.volatility(), constant.kurtosis()] {
        assert_eq!(figure.get(), Err(Missing::ZeroVariance));
    }
    assert_eq!(constant.omega(0.0).get(), Err(Missing::NoLosingPeriods));
    assert_eq!(constant.calmar().get(), Err(Missing::NoDrawdown));
    near(constant.mean(), 0.01);
}

#[test]
fn two_returns_have_no_ratio_and_three_have() {
    assert_eq!(daily(&[0.01, -0.01]).sharpe(0.0).get(), Err(Missing::TooFewReturns));
    assert!(daily(&[0.01, -0.01, 0.02]).sharpe(0.0).get().is_ok());
    assert_eq!(daily(&[]).mean().get(), Err(Missing::NoData));
}

#[test]
fn a_return_that_takes_everything_leaves_no_figure() {
    let ruined = daily(&[0.1, -1.0, 0.2, 0.1]);
    for figure in
        [ruined.sharpe(0.0), ruined.cagr(), ruined.max_drawdown(), ruined.total_return(), ruined.omega(0.0)]
    {
        assert_eq!(figure.get(), Err(Missing::EquityNotPositive));
    }
    assert!(daily(&[0.1, -0.999, 0.2, 0.1]).max_drawdown().get().is_ok());
}

#[test]
fn without_periods_a_year_nothing_is_annualised_and_the_rest_is_there() {
    let series = Returns::new(&MIXED, None);
    for figure in
        [series.sharpe(0.0), series.sortino(0.0), series.cagr(), series.volatility(), series.calmar()]
    {
        assert_eq!(figure.get(), Err(Missing::UnknownPeriod));
    }
    assert!(series.max_drawdown().get().is_ok() && series.skewness().get().is_ok());
}

#[test]
fn equity_becomes_returns_against_the_value_before() {
    assert_eq!(equity_returns(100.0, &[110.0, 55.0]), Ok(vec![110.0 / 100.0 - 1.0, -0.5]));
    assert_eq!(equity_returns(100.0, &[110.0, 0.0]), Err(Missing::EquityNotPositive));
    assert_eq!(equity_returns(-1.0, &[110.0]), Err(Missing::EquityNotPositive));
    assert_eq!(equity_returns(100.0, &[f64::NAN]), Err(Missing::NotRepresentable));
}

proptest! {
    #[test]
    fn no_returns_make_a_figure_that_is_not_finite(
        values in prop::collection::vec(prop_oneof![
            4 => -0.5..0.5_f64,
            1 => Just(0.0),
            1 => proptest::num::f64::ANY,
        ], 0..30),
        rate in prop_oneof![-0.1..0.1_f64, proptest::num::f64::ANY],
    ) {
        let series = daily(&values);
        let figures = [
            series.total_return(), series.cagr(), series.mean(), series.volatility(), series.sharpe(rate),
            series.downside_deviation(rate), series.sortino(rate), series.omega(rate), series.skewness(),
            series.kurtosis(), series.max_drawdown(), series.calmar(), series.best(), series.worst(),
            series.value_at_risk(0.05), series.expected_shortfall(0.05), series.tail_ratio(),
        ];
        prop_assert!(figures.iter().all(|figure| figure.value().is_none_or(f64::is_finite)));
    }

    #[test]
    fn a_rate_taken_from_both_sides_changes_no_sharpe_ratio(
        values in prop::collection::vec(-0.1..0.1_f64, 5..50),
        rate in -0.05..0.05_f64,
    ) {
        let shifted: Vec<f64> = values.iter().map(|value| value - rate).collect();
        let (a, b) = (daily(&values).sharpe(rate).value(), daily(&shifted).sharpe(0.0).value());
        prop_assert!(a.zip(b).is_none_or(|(a, b)| (a - b).abs() < 1e-8 * a.abs().max(1.0)));
    }
}
