//! What holds for every example on any prices and with any parameters that it takes.

use proptest::prelude::{Just, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::select;
use proptest::strategy::{BoxedStrategy, Strategy as _};
use proptest::test_runner::TestCaseError;
use stratbox_examples::buy_and_hold::BuyAndHold;
use stratbox_examples::donchian_breakout::DonchianBreakout;
use stratbox_examples::momentum_rotation::MomentumRotation;
use stratbox_examples::pairs_spread::PairsSpread;
use stratbox_examples::rsi_reversion::RsiReversion;
use stratbox_examples::sma_cross::SmaCross;
use stratbox_sdk::testing::{Backtest, Report, random_walk};
use stratbox_sdk::{ParamKind, ParamSpec, ParamValue, Params, Strategy, VenuePolicy};

type Law = Result<(), TestCaseError>;

/// What a strategy is run on.
#[derive(Debug, Clone)]
struct Case {
    seed: u64,
    instruments: u32,
    values: Vec<(String, ParamValue)>,
}

impl Case {
    fn run<S: Strategy>(&self, policy: VenuePolicy) -> Result<Report, String> {
        let values = self.values.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let values: Vec<(&str, ParamValue)> = values.collect();
        Backtest::new(random_walk(self.seed, 300, self.instruments)).policy(policy).run_with::<S>(&values)
    }

    /// The report under the default policy and that under another one are the same.
    fn is_indifferent_to<S: Strategy>(&self, policy: VenuePolicy) -> Law {
        prop_assert_eq!(self.run::<S>(VenuePolicy::default()), self.run::<S>(policy));
        Ok(())
    }
}

/// Any case with these numbers of instruments that the strategy does not refuse; what it has to refuse is its own test.
fn any_case<S: Strategy>(
    instruments: std::ops::RangeInclusive<u32>,
) -> impl proptest::strategy::Strategy<Value = Case> {
    let values: Vec<_> = S::Params::specs().into_iter().map(any_value).collect();
    let cases = (any::<u64>(), instruments, values);
    let cases = cases.prop_map(|(seed, instruments, values)| Case { seed, instruments, values });
    cases.prop_filter("makes sense", |case| case.run::<S>(VenuePolicy::default()).is_ok())
}

fn any_value(ParamSpec { name, kind, .. }: ParamSpec) -> BoxedStrategy<(String, ParamValue)> {
    let value = match kind {
        ParamKind::Integer { min, max, .. } => (min..=max).prop_map(ParamValue::Integer).boxed(),
        ParamKind::Number { min, max, .. } => (min..=max).prop_map(ParamValue::Number).boxed(),
        ParamKind::Boolean { .. } => any::<bool>().prop_map(ParamValue::Boolean).boxed(),
        ParamKind::Choice { choices, .. } => select(choices).prop_map(ParamValue::Text).boxed(),
    };
    (Just(name), value).boxed()
}

fn describes_itself<S: Strategy>(name: &str) {
    let manifest = S::manifest();
    assert_eq!(manifest.name, name);
    assert!(!manifest.description.is_empty());
    for spec in manifest.parameters {
        assert!(!spec.description.is_empty() && spec.validate().is_ok(), "{spec:?}");
    }
}

fn trades_with_its_defaults<S: Strategy>(instruments: u32) {
    let report = Backtest::new(random_walk(1, 1_000, instruments)).run_with::<S>(&[]).unwrap();
    assert!(!report.fills.is_empty());
}

fn gives_the_same_report_twice<S: Strategy>(case: &Case) -> Law {
    case.is_indifferent_to::<S>(VenuePolicy::default())
}

fn is_refused_nothing<S: Strategy>(case: &Case) -> Law {
    let report = case.run::<S>(VenuePolicy::default()).map_err(TestCaseError::fail)?;
    prop_assert_eq!((report.summary.rejections.iter().sum::<u64>(), report.summary.dropped), (0, 0));
    prop_assert_eq!(report.log, []);
    Ok(())
}

/// A book that holds no more orders makes no difference.
fn has_no_more_orders_open_than<S: Strategy>(max_open_orders: u32, case: &Case) -> Law {
    case.is_indifferent_to::<S>(VenuePolicy { max_open_orders, ..VenuePolicy::default() })
}

fn is_never_short<S: Strategy>(case: &Case) -> Law {
    let report = case.run::<S>(VenuePolicy::default()).map_err(TestCaseError::fail)?;
    prop_assert!(report.fills.iter().all(|fill| fill.position >= 0.0));
    case.is_indifferent_to::<S>(VenuePolicy { allow_short: false, ..VenuePolicy::default() })
}

macro_rules! laws {
    ($module:ident, $strategy:ident, $instruments:expr, at most $orders:expr $(, $long_only:ident)?) => {
        mod $module {
            use super::*;

            #[test]
            fn it_describes_itself_and_its_parameters() {
                describes_itself::<$strategy>(stringify!($strategy));
            }

            #[test]
            fn it_trades_with_its_defaults() {
                trades_with_its_defaults::<$strategy>(*$instruments.start());
            }

            proptest! {
                #[test]
                fn it_gives_the_same_report_twice(case in any_case::<$strategy>($instruments)) {
                    gives_the_same_report_twice::<$strategy>(&case)?;
                }

                #[test]
                fn none_of_its_orders_is_refused(case in any_case::<$strategy>($instruments)) {
                    is_refused_nothing::<$strategy>(&case)?;
                }

                #[test]
                fn its_open_orders_are_few(case in any_case::<$strategy>($instruments)) {
                    let most: fn(u32) -> u32 = $orders;
                    has_no_more_orders_open_than::<$strategy>(most(case.instruments), &case)?;
                }

                $(
                    #[test]
                    fn it_is_never_short(case in any_case::<$strategy>($instruments)) {
                        $long_only::<$strategy>(&case)?;
                    }
                )?
            }
        }
    };
}

laws!(buy_and_hold, BuyAndHold, 1..=3, at most |instruments| instruments, is_never_short);
laws!(sma_cross, SmaCross, 1..=3, at most |instruments| instruments, is_never_short);
laws!(rsi_reversion, RsiReversion, 1..=1, at most |_| 1, is_never_short);
laws!(donchian_breakout, DonchianBreakout, 1..=1, at most |_| 1, is_never_short);
laws!(momentum_rotation, MomentumRotation, 2..=4, at most |_| 2, is_never_short);
laws!(pairs_spread, PairsSpread, 2..=2, at most |_| 2);
