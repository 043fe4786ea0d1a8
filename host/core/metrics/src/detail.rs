//! Everything that is said about one series of returns, with the trades behind it where they are known.

use serde::Serialize;

use crate::overfitting::{Convention, Evidence, Intervals, Resampling, min_backtest_length};
use crate::periods::as_number;
use crate::round_trips::{RoundTrip, summary};
use crate::series::{
    CalendarReturn, DrawdownPeriod, Moments, Relative, Returns, Rolling, drawdown_periods,
    information_coefficient, months, rolling, years,
};
use crate::{Activity, Figure, Missing, Stated, Unit, mean_turnover};

/// What a full report is made from. Rates are fractions a period.
#[derive(Debug, Clone, Copy)]
pub struct Detail<'a> {
    /// Simple returns, one a period; [`equity_returns`](crate::series::equity_returns) makes them from an equity curve.
    pub returns: &'a [f64],
    /// When each period ended, nanoseconds since the Unix epoch, ascending; as many as there are returns.
    pub times: Option<&'a [i64]>,
    /// When the first period began.
    pub start: Option<i64>,
    /// P, the periods in a year.
    pub periods_per_year: Option<f64>,
    /// Closed trades, of a run.
    pub trades: Option<&'a [RoundTrip]>,
    /// What was traded and held, of a run.
    pub activity: Option<&'a Activity>,
    /// Forecasts, each with the return of its instrument one bar ahead, of a run.
    pub signals: Option<&'a [(f64, f64)]>,
    /// Returns of a benchmark in the same periods.
    pub benchmark: Option<&'a [f64]>,
    /// Risk-free rate.
    pub risk_free: f64,
    /// Minimum acceptable return, for downside deviation, Sortino and omega.
    pub minimum: f64,
    /// Confidence of intervals and of the minimum track record, such as 0.95.
    pub confidence: f64,
    /// How intervals are resampled; none for no intervals.
    pub resampling: Option<Resampling>,
    /// Trials on the way to this series, and the variance of their Sharpe ratios per period; without one,
    /// the sampling variance 1 / T that worthless trials have.
    pub trials: Option<(f64, Option<f64>)>,
    /// Window of rolling figures.
    pub window: Option<usize>,
    /// Deepest drawdowns that are listed.
    pub drawdowns: usize,
}

impl<'a> Detail<'a> {
    /// A series alone, with rates of 0, a confidence of 0.95, ten drawdowns and nothing that is optional.
    #[must_use]
    pub fn new(returns: &'a [f64], periods_per_year: Option<f64>) -> Self {
        Self {
            returns,
            times: None,
            start: None,
            periods_per_year,
            trades: None,
            activity: None,
            signals: None,
            benchmark: None,
            risk_free: 0.0,
            minimum: 0.0,
            confidence: 0.95,
            resampling: None,
            trials: None,
            window: None,
            drawdowns: 10,
        }
    }
}

/// What is said about a series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DetailReport {
    /// P; null when nobody knows.
    pub periods_per_year: Option<f64>,
    /// The first four moments, per period; null when there are none.
    pub moments: Option<Moments>,
    /// Figures of the returns.
    pub figures: Stated,
    /// How much they are evidence of.
    pub evidence: Stated,
    /// Figures relative to the benchmark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relative: Option<Stated>,
    /// Figures of the trades.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trade_figures: Option<Stated>,
    /// The trades.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trades: Option<Vec<RoundTrip>>,
    /// Turnover and exposure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<Stated>,
    /// The information coefficient of the forecasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signals: Option<Stated>,
    /// Confidence intervals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intervals: Option<Intervals>,
    /// Why there are none, when they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intervals_missing: Option<Missing>,
    /// The deepest drawdowns, the deepest first.
    pub drawdowns: Vec<DrawdownRow>,
    /// Returns of months, when times are known.
    pub months: Vec<CalendarReturn>,
    /// Returns of years, when times are known.
    pub years: Vec<CalendarReturn>,
    /// Rolling figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolling: Option<Rolling>,
}

/// A drawdown with its times, nanoseconds since the Unix epoch, where they are known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DrawdownRow {
    /// By places.
    #[serde(flatten)]
    pub period: DrawdownPeriod,
    /// When equity was last at the peak.
    pub peak_time: Option<i64>,
    /// When it was lowest.
    pub trough_time: Option<i64>,
    /// When it was back.
    pub recovery_time: Option<i64>,
}

impl Detail<'_> {
    /// The report.
    #[must_use]
    pub fn report(&self) -> DetailReport {
        let series = Returns::new(self.returns, self.periods_per_year);
        let drawdowns = drawdown_periods(self.returns);
        let times = self.times.unwrap_or_default();
        let intervals =
            self.resampling.map(|how| Intervals::of(&series, self.risk_free, self.confidence, how));
        DetailReport {
            periods_per_year: series.periods_per_year(),
            moments: series.moments().ok(),
            figures: self.figures(&series, &drawdowns),
            evidence: self.evidence(&series),
            relative: self
                .benchmark
                .map(|benchmark| relative(&Relative::of(&series, benchmark, self.risk_free))),
            trade_figures: self.trades.map(summary),
            trades: self.trades.map(<[_]>::to_vec),
            activity: self.activity.map(of_activity),
            signals: self.signals.map(of_signals),
            intervals: intervals.and_then(Result::ok),
            intervals_missing: intervals.and_then(Result::err),
            drawdowns: self.deepest(drawdowns),
            months: months(times, self.returns),
            years: years(times, self.returns),
            rolling: self.window.map(|window| rolling(&series, window, self.risk_free)),
        }
    }

    fn figures(&self, series: &Returns<'_>, drawdowns: &[DrawdownPeriod]) -> Stated {
        let longest = drawdowns.iter().map(|period| period.length).max().unwrap_or_default();
        let longest = series.total_return().get().map(|_| as_number(longest as u64));
        let mut stated = Stated::default();
        let mut say = |name, unit, convention, figure| stated.push(name, unit, convention, figure);
        let count = Figure::of(as_number(self.returns.len() as u64));
        say("observations", Unit::Count, "simple returns, one a period", count);
        say("total_return", Unit::Share, "product(1 + r) - 1", series.total_return());
        say(
            "cagr",
            Unit::Share,
            "product(1 + r)^(P / n) - 1, a year: of P periods, not of calendar time",
            series.cagr(),
        );
        say("mean", Unit::Share, "mean return a period", series.mean());
        say("volatility", Unit::Share, "std(ddof 1) x sqrt(P), a year", series.volatility());
        say(
            "sharpe",
            Unit::Ratio,
            "mean(r - risk-free) / std(ddof 1) x sqrt(P)",
            series.sharpe(self.risk_free),
        );
        say(
            "sortino",
            Unit::Ratio,
            "mean(r - MAR) / downside deviation x sqrt(P)",
            series.sortino(self.minimum),
        );
        say("calmar", Unit::Ratio, "cagr / |max drawdown|", series.calmar());
        say(
            "max_drawdown",
            Unit::Share,
            "min(equity / running max - 1), the start included",
            series.max_drawdown(),
        );
        say(
            "longest_drawdown",
            Unit::Periods,
            "from a peak until it is reached again, or the end",
            longest.into(),
        );
        say(
            "downside_deviation",
            Unit::Share,
            "sqrt(mean(min(r - MAR, 0)^2)) over all returns, a period",
            series.downside_deviation(self.minimum),
        );
        say("omega", Unit::Ratio, "sum of r - MAR above 0 / |sum of it below 0|", series.omega(self.minimum));
        say(
            "gain_loss_ratio",
            Unit::Ratio,
            "Bernardo-Ledoit: sum of gains / |sum of losses|",
            series.omega(0.0),
        );
        say("skewness", Unit::Ratio, "m3 / m2^1.5, moments over n", series.skewness());
        say("kurtosis", Unit::Ratio, "m4 / m2^2, moments over n: raw, normal = 3", series.kurtosis());
        say(
            "value_at_risk_95",
            Unit::Share,
            "historical: 5th percentile, linear, a period",
            series.value_at_risk(0.05),
        );
        say(
            "expected_shortfall_95",
            Unit::Share,
            "historical: mean of the floor(0.05 (n - 1)) + 1 smallest returns",
            series.expected_shortfall(0.05),
        );
        say("tail_ratio", Unit::Ratio, "|95th percentile| / |5th percentile|", series.tail_ratio());
        say("share_positive", Unit::Share, "returns above 0 / returns", series.share_positive());
        say("best", Unit::Share, "largest return of a period", series.best());
        say("worst", Unit::Share, "smallest return of a period", series.worst());
        stated
    }

    fn evidence(&self, series: &Returns<'_>) -> Stated {
        let evidence = series.moments().and_then(|moments| {
            let sharpe = (moments.mean - self.risk_free) / moments.deviation;
            if sharpe.is_finite() {
                Ok(Evidence { sharpe, ..moments.into() })
            } else {
                Err(Missing::OutOfRange)
            }
        });
        let of = |figure: &dyn Fn(Evidence) -> Figure| evidence.map_or_else(Figure::from, figure);
        let years = |periods: Figure| {
            let periods = periods.get()?;
            series.periods_per_year().map(|year| periods / year).ok_or(Missing::UnknownPeriod)
        };
        let record = of(&|it| it.min_track_record(0.0, self.confidence, Convention::Observed));
        let mut stated = Stated::default();
        let mut say = |name, unit, convention, figure| stated.push(name, unit, convention, figure);
        say(
            "sharpe_per_period",
            Unit::Ratio,
            "mean(r - risk-free) / std(ddof 1)",
            of(&|it| Figure::of(it.sharpe)),
        );
        say(
            "psr",
            Unit::Probability,
            "P(true Sharpe > 0), 2012 convention, raw kurtosis",
            of(&|it| it.probability(0.0, Convention::Observed)),
        );
        say(
            "psr_2025",
            Unit::Probability,
            "P(true Sharpe > 0), 2025 convention: variance under the null, over T",
            of(&|it| it.probability(0.0, Convention::Null)),
        );
        say(
            "min_track_record",
            Unit::Periods,
            "returns until psr reaches the confidence, 2012 convention",
            record,
        );
        say("min_track_record_years", Unit::Years, "the same / P", years(record).into());
        if let Some((trials, variance)) = self.trials {
            let assumed = 1.0 / as_number(self.returns.len() as u64);
            let deflated =
                |it: Evidence| it.deflated(trials, variance.unwrap_or(assumed), Convention::Observed);
            let length =
                series.sharpe(self.risk_free).get().map(|sharpe| min_backtest_length(trials, sharpe).years);
            let threshold = if variance.is_some() {
                "SR0, per period: sqrt(variance of the trials) x expected maximum of N"
            } else {
                "SR0, per period: sqrt(1 / T), as no variance of trials was given, x expected maximum of N"
            };
            say("trials", Unit::Count, "N", Figure::of(trials));
            say("dsr_threshold", Unit::Ratio, threshold, of(&|it| deflated(it).threshold));
            say(
                "dsr",
                Unit::Probability,
                "PSR(SR0), 2012 convention, raw kurtosis",
                of(&|it| deflated(it).probability),
            );
            let length = length.unwrap_or_else(Figure::from);
            say("min_backtest_length", Unit::Years, "(expected maximum of N / annual Sharpe)^2", length);
        }
        stated
    }

    /// The deepest drawdowns, the earlier one first of two that are as deep.
    fn deepest(&self, mut periods: Vec<DrawdownPeriod>) -> Vec<DrawdownRow> {
        periods.sort_by(|a, b| a.depth.total_cmp(&b.depth));
        periods.truncate(self.drawdowns);
        let time = |place: usize| match place.checked_sub(1) {
            None => self.start,
            Some(place) => self.times.and_then(|times| times.get(place)).copied(),
        };
        let row = |period: DrawdownPeriod| DrawdownRow {
            period,
            peak_time: time(period.peak),
            trough_time: time(period.trough),
            recovery_time: period.recovery.and_then(time),
        };
        periods.into_iter().map(row).collect()
    }
}

fn relative(relative: &Relative) -> Stated {
    let mut stated = Stated::default();
    let mut say = |name, unit, convention, figure| stated.push(name, unit, convention, figure);
    say("alpha", Unit::Share, "(1 + mean(r - f - beta (b - f)))^P - 1, a year", relative.alpha);
    say("beta", Unit::Ratio, "cov(r, b) / var(b)", relative.beta);
    say("correlation", Unit::Ratio, "Pearson's", relative.correlation);
    say("tracking_error", Unit::Share, "std(r - b, ddof 1) x sqrt(P), a year", relative.tracking_error);
    say(
        "information_ratio",
        Unit::Ratio,
        "mean(r - b) / std(r - b, ddof 1) x sqrt(P)",
        relative.information_ratio,
    );
    say("up_capture", Unit::Ratio, "cagr of r / cagr of b where b > 0", relative.up_capture);
    say("down_capture", Unit::Ratio, "cagr of r / cagr of b where b < 0", relative.down_capture);
    stated
}

fn of_activity(activity: &Activity) -> Stated {
    let mut stated = Stated::default();
    let turnover = mean_turnover(&activity.traded, &activity.gross);
    stated.push("turnover", Unit::Ratio, "traded value / average gross value, a period", turnover);
    stated.push("exposure", Unit::Share, "periods that ended with a position / periods", activity.exposure());
    stated
}

fn of_signals(pairs: &[(f64, f64)]) -> Stated {
    let mut stated = Stated::default();
    let count = Figure::of(as_number(pairs.len() as u64));
    stated.push("signals", Unit::Count, "forecasts followed by a bar of a later time", count);
    stated.push(
        "ic",
        Unit::Ratio,
        "Spearman, ties averaged: forecasts with the returns of their instruments one bar ahead",
        information_coefficient(pairs),
    );
    stated
}

#[cfg(test)]
mod tests;
