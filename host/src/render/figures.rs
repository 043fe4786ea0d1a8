//! Metrics, venues and data ranges as people read them.

use stratbox_domain::{Limits, ParamValue, Params};
use stratbox_metrics::{MetricName, Metrics};

use super::text::{counted, grouped, inline, size};
use crate::bars::BarsSummary;
use crate::wiring::Walls;

/// A metric's value with its unit; a dash when there is none.
pub(crate) fn figure(metrics: &Metrics, name: MetricName) -> String {
    metrics.get(name).value().map_or("-".to_owned(), |value| in_units(name, value))
}

/// A metric's value with its unit.
pub(crate) fn in_units(name: MetricName, value: f64) -> String {
    match name {
        MetricName::TotalReturn
        | MetricName::Cagr
        | MetricName::Volatility
        | MetricName::MaxDrawdown
        | MetricName::WinRate
        | MetricName::HitRate
        | MetricName::Exposure => format!("{:.2} %", value * 100.0),
        MetricName::Sharpe | MetricName::Sortino | MetricName::Calmar | MetricName::ProfitFactor => {
            format!("{value:.3}")
        }
        MetricName::Fees | MetricName::FinalEquity | MetricName::Financing => format!("{value:.2}"),
        // Counts, but a median of them may lie between two.
        MetricName::Trades
        | MetricName::Signals
        | MetricName::PartialFills
        | MetricName::Expired
        | MetricName::Dropped
        | MetricName::Liquidations => {
            if value.fract() == 0.0 {
                grouped(value as u64)
            } else {
                format!("{value:.1}")
            }
        }
    }
}

/// `fast=10 slow=50`. A value may be a choice in the strategy's own words.
pub(crate) fn params(params: &Params) -> String {
    let pairs: Vec<String> =
        params.iter().map(|(name, value)| format!("{name}={}", inline(&value.to_string()))).collect();
    pairs.join(" ")
}

/// The same with numbers in five digits, for tables of points that nobody has typed: the document has every digit.
pub(crate) fn brief_params(all: &Params) -> String {
    let brief = |value: &ParamValue| match value {
        ParamValue::Number(number) => ParamValue::Number(format!("{number:.4e}").parse().unwrap_or(*number)),
        other => other.clone(),
    };
    params(&all.iter().map(|(name, value)| (name.clone(), brief(value))).collect())
}

/// What a run may use.
pub(crate) fn limits(limits: &Limits) -> String {
    let memory = usize::try_from(limits.memory_bytes).unwrap_or(usize::MAX);
    let (fuel, per_bar) = (grouped(limits.fuel), grouped(limits.fuel_per_bar));
    format!("fuel {fuel} ({per_bar} a bar), memory {}, {} ms", size(memory), grouped(limits.wall_ms))
}

/// What stood between the strategies and this machine.
pub(crate) fn walls(walls: &Walls) -> String {
    let quarantined = if walls.quarantined == 0 {
        String::new()
    } else {
        let files = counted(walls.quarantined as u64, "file");
        format!("; {files} of the cache had been changed by others, and were made anew")
    };
    let wasi = if walls.wasi { ", with WASI for components that import it" } else { "" };
    format!("compilers {}, runs in {}{wasi}{quarantined}", walls.compilers, walls.runs)
}

/// Which bars.
pub(crate) fn data(data: &BarsSummary) -> String {
    format!(
        "{}, {} ({}), {} to {}, {}",
        data.instruments.join(", "),
        counted(data.rows, "row"),
        counted(data.steps, "step"),
        data.from,
        data.to,
        data.digest.short()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use stratbox_domain::VenueSummary;
    use stratbox_metrics::Accumulator;

    #[test]
    fn figures_have_units_and_what_is_missing_is_a_dash() {
        let mut accumulator = Accumulator::new(100.0, 252.0);
        accumulator.equity(&[101.0, 99.0, 112.5]);
        let summary = VenueSummary { final_equity: 112.5, steps: 3, ..VenueSummary::default() };
        let metrics = accumulator.finish(&summary, None);
        let of = |name| figure(&metrics, name);
        assert_eq!(of(MetricName::TotalReturn), "12.50 %");
        assert_eq!(of(MetricName::FinalEquity), "112.50");
        assert_eq!(of(MetricName::Trades), "0");
        assert_eq!(of(MetricName::WinRate), "-");
    }

    #[test]
    fn a_strategys_choice_cannot_start_a_line() {
        let choice = ParamValue::Text("a\nsharpe 9".to_owned());
        assert_eq!(params(&[("mode".to_owned(), choice)].into()), r"mode=a\u{a}sharpe 9");
    }
}
