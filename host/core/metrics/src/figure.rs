//! A value or a reason.

use std::fmt;

/// A finite number, or why there is none. Serialises as a number or null; [`Metrics`](crate::Metrics) adds the reason.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure(Result<f64, Missing>);

impl Figure {
    /// The value, or [`Missing::NotRepresentable`] when it is not a finite number.
    #[must_use]
    pub fn of(value: f64) -> Self {
        // Adding zero turns a negative zero, which would print as `-0`, into zero.
        Self(if value.is_finite() { Ok(value + 0.0) } else { Err(Missing::NotRepresentable) })
    }

    /// The value, when there is one.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        self.0.ok()
    }

    /// The reason, when there is no value.
    #[must_use]
    pub fn missing(self) -> Option<Missing> {
        self.0.err()
    }

    /// The value.
    ///
    /// # Errors
    /// Why there is none.
    pub fn get(self) -> Result<f64, Missing> {
        self.0
    }
}

impl From<Missing> for Figure {
    fn from(missing: Missing) -> Self {
        Self(Err(missing))
    }
}

impl From<Result<f64, Missing>> for Figure {
    fn from(result: Result<f64, Missing>) -> Self {
        result.map_or_else(Self::from, Self::of)
    }
}

impl serde::Serialize for Figure {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

/// Why a metric has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Missing {
    /// The run has no time step.
    NoData,
    /// No position went back to flat.
    NoClosedTrades,
    /// A ratio to losses, and there are none.
    NoLosingTrades,
    /// A ratio to returns below zero, and there are none.
    NoLosingPeriods,
    /// A ratio to the drawdown, and there is none.
    NoDrawdown,
    /// Nothing was forecast, or the price never moved after a forecast.
    NoSignals,
    /// Fewer than three returns.
    TooFewReturns,
    /// The returns are all the same, up to rounding.
    ZeroVariance,
    /// Returns on an equity of zero or below mean nothing.
    EquityNotPositive,
    /// Annualising less than a day means nothing.
    SpanTooShort,
    /// Nobody knows how many periods make a year.
    UnknownPeriod,
    /// The value, or one on the way to it, is beyond the range of floating point.
    NotRepresentable,
    /// The run was recorded by a version of the program that did not know the metric.
    NotRecorded,
    /// A ratio to winning trades, and there are none.
    NoWinningTrades,
    /// A figure of the periods in which the benchmark rose, and it never did.
    NoUpPeriods,
    /// A figure of the periods in which the benchmark fell, and it never did.
    NoDownPeriods,
    /// A figure relative to a benchmark whose returns are all the same.
    BenchmarkConstant,
    /// How long it takes to tell two Sharpe ratios apart, and the observed one is not above the other.
    NotAboveTarget,
    /// The estimated variance of the Sharpe ratio, `1 - skewness SR + (kurtosis - 1) / 4 SR^2`, is zero, up to rounding: that
    /// of returns with just two values.
    VarianceTermNotPositive,
    /// An input is not finite, or outside of the range for which the figure is defined.
    OutOfRange,
    /// A choice among variants, and there are fewer than two that vary.
    TooFewVariants,
    /// More rows are needed for so many blocks.
    TooFewRows,
    /// A ratio to what was held, and nothing was.
    NothingHeld,
    /// A figure of the bars during a trade, and they are not at hand.
    NoBars,
    /// A kurtosis that no returns of this skewness have: raw, it is at least `1 + skewness^2`.
    ImpossibleKurtosis,
    /// A figure of the parts of a series, and each is shorter than what says something.
    PartsTooShort,
    /// A figure of the source, and only the component is at hand.
    NoSource,
    /// There is more of what the figure is made from than is kept of a run.
    TooMuch,
}

impl Missing {
    /// Every reason. Stored results name a reason by its place, so a new one comes last.
    pub const ALL: [Self; 28] = [
        Self::NoData,
        Self::NoClosedTrades,
        Self::NoLosingTrades,
        Self::NoLosingPeriods,
        Self::NoDrawdown,
        Self::NoSignals,
        Self::TooFewReturns,
        Self::ZeroVariance,
        Self::EquityNotPositive,
        Self::SpanTooShort,
        Self::UnknownPeriod,
        Self::NotRepresentable,
        Self::NotRecorded,
        Self::NoWinningTrades,
        Self::NoUpPeriods,
        Self::NoDownPeriods,
        Self::BenchmarkConstant,
        Self::NotAboveTarget,
        Self::VarianceTermNotPositive,
        Self::OutOfRange,
        Self::TooFewVariants,
        Self::TooFewRows,
        Self::NothingHeld,
        Self::NoBars,
        Self::ImpossibleKurtosis,
        Self::PartsTooShort,
        Self::NoSource,
        Self::TooMuch,
    ];

    /// A stable name for reports.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.texts().0
    }

    /// The reason in words. Results are stored and read back with it, so it is as stable as the label.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        self.texts().1
    }

    /// The reason with this label or sentence.
    pub(crate) fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|missing| missing.label() == text || missing.sentence() == text)
    }

    fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::NoData => ("no_data", "the run has no data"),
            Self::NoClosedTrades => ("no_closed_trades", "no trade was closed"),
            Self::NoLosingTrades => ("no_losing_trades", "no closed trade lost money"),
            Self::NoLosingPeriods => ("no_losing_periods", "no return was below zero"),
            Self::NoDrawdown => ("no_drawdown", "equity never fell below an earlier peak"),
            Self::NoSignals => ("no_signals", "no signal was followed by a bar"),
            Self::TooFewReturns => ("too_few_returns", "there are fewer than three returns"),
            Self::ZeroVariance => ("zero_variance", "the returns do not vary"),
            Self::EquityNotPositive => ("equity_not_positive", "equity was zero or below"),
            Self::SpanTooShort => ("span_too_short", "the data spans less than a day"),
            Self::UnknownPeriod => ("unknown_period", "the number of periods a year is not known"),
            Self::NotRepresentable => ("not_representable", "the value is not a finite number"),
            Self::NotRecorded => ("not_recorded", "the metric was not known when the run was recorded"),
            Self::NoWinningTrades => ("no_winning_trades", "no closed trade made money"),
            Self::NoUpPeriods => ("no_up_periods", "the benchmark never rose"),
            Self::NoDownPeriods => ("no_down_periods", "the benchmark never fell"),
            Self::BenchmarkConstant => ("benchmark_constant", "the benchmark's returns do not vary"),
            Self::NotAboveTarget => {
                ("not_above_target", "the Sharpe ratio is not above the one that it is compared with")
            }
            Self::VarianceTermNotPositive => (
                "variance_term_not_positive",
                "the variance of the Sharpe ratio is not positive for this skewness and kurtosis",
            ),
            Self::OutOfRange => {
                ("out_of_range", "an input is outside of the range for which this is defined")
            }
            Self::TooFewVariants => ("too_few_variants", "there are fewer than two variants that vary"),
            Self::TooFewRows => ("too_few_rows", "there are too few rows for so many blocks"),
            Self::NothingHeld => ("nothing_held", "no position was held"),
            Self::NoBars => ("no_bars", "the bars of the trade are not known"),
            Self::ImpossibleKurtosis => (
                "impossible_kurtosis",
                "no returns have this skewness and kurtosis: raw kurtosis is at least 1 + skewness^2",
            ),
            Self::PartsTooShort => ("parts_too_short", "every part of the series is too short"),
            Self::NoSource => ("no_source", "there is a component and no source"),
            Self::TooMuch => ("too_much", "there is more of it than is kept of a run"),
        }
    }
}

/// In words.
impl serde::Serialize for Missing {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.sentence())
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_finite_or_a_reason() {
        assert_eq!(Figure::of(1.5).value(), Some(1.5));
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Figure::of(value).get(), Err(Missing::NotRepresentable));
        }
    }

    #[test]
    fn a_figure_has_no_negative_zero() {
        assert!(Figure::of(-0.0).value().unwrap().is_sign_positive());
    }

    #[test]
    fn every_reason_is_found_by_its_label_and_by_its_sentence() {
        for missing in Missing::ALL {
            assert_eq!(Missing::named(missing.label()), Some(missing));
            assert_eq!(Missing::named(missing.sentence()), Some(missing));
        }
        assert_eq!(Missing::named("bad luck"), None);
    }
}
