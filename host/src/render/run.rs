//! The report of one run, for people.

use stratbox_domain::{Interruption, RunOutcome};
use stratbox_metrics::{MetricName, Metrics};

use super::figures::{data, figure, limits, params, walls};
use super::text::{counted, grouped, inline};
use super::venue::venue;
use crate::backtest::LogLines;
use crate::run::RunReport;

pub(crate) fn human(report: &RunReport) -> String {
    let mut text = report.log.as_ref().map(log).unwrap_or_default();
    text += &match &report.outcome {
        RunOutcome::Completed(metrics) => format!("completed\n\n{}\n", figures(metrics)),
        RunOutcome::Faulted(fault) => format!(
            "faulted: {} ({}){}\n  {}\n  hint: {}\n\n",
            fault.label,
            inline(&fault.code),
            at_bar(fault.bar),
            inline(&fault.message),
            inline(&fault.hint)
        ),
        RunOutcome::Interrupted(Interruption::WorkerLost { cause }) => {
            format!("interrupted: the process that ran it died ({})\n\n", cause.label())
        }
        RunOutcome::Interrupted(reason) => format!("interrupted: {}\n\n", reason.label()),
    };
    if let Some(whole) = &report.whole {
        text += &match &whole.report {
            Ok(detail) => super::stats::detail(detail),
            Err(missing) => format!("there is no report: {missing}\n"),
        };
        if whole.dropped > 0 {
            text += &format!("\n{} in no trade: there were too many\n", counted(whole.dropped, "fill"));
        }
        if whole.dropped_signals > 0 {
            let dropped = counted(whole.dropped_signals, "signal");
            text += &format!("\n{dropped} in no coefficient: there were too many\n");
        }
        text.push('\n');
    }
    let trials = report.trials.map_or("not counted".to_owned(), grouped);
    let lines = [
        ("strategy", format!("{} ({})", report.strategy, report.source)),
        ("params", params(&report.params)),
        ("data", data(&report.data)),
        ("venue", venue(&report.venue)),
        ("limits", limits(&report.limits)),
        ("engine", report.engine.clone()),
        ("walls", walls(&report.isolation)),
        ("fuel", format!("{} in {:.3} s", grouped(report.fuel), report.wall_seconds)),
        ("trials", format!("{trials} on these bars")),
        ("run key", report.run_key.to_string()),
    ];
    lines.iter().for_each(|(name, value)| text += &format!("{name:<10}{value}\n"));
    text
}

fn at_bar(bar: Option<u64>) -> String {
    bar.map(|bar| format!(" at bar {bar}")).unwrap_or_default()
}

fn log(log: &LogLines) -> String {
    let mut text: String = log
        .lines
        .iter()
        .map(|line| format!("{:<6}{}\n", inline(&line.level), inline(&line.message)))
        .collect();
    if log.dropped > 0 {
        text += &format!("... and {} more lines for which there was no room\n", grouped(log.dropped));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// What most runs have none of.
fn is_rare(name: MetricName) -> bool {
    use MetricName::{Dropped, Expired, Financing, Liquidations, PartialFills};
    matches!(name, Financing | PartialFills | Expired | Dropped | Liquidations)
}

/// Every metric, with the reason for each that has no value.
pub(crate) fn figures(metrics: &Metrics) -> String {
    let mut text = String::new();
    for name in MetricName::ALL {
        if is_rare(name) && metrics.get(name).value() == Some(0.0) {
            continue;
        }
        let reason = metrics.get(name).missing().map(|missing| format!("  ({missing})")).unwrap_or_default();
        text += &format!("  {name:<14}{:>14}{reason}\n", figure(metrics, name));
    }
    text += &format!("  {:<14}{:>14}\n", "orders", grouped(metrics.orders));
    text += &format!("  {:<14}{:>14}\n", "fills", grouped(metrics.fills));
    for (reason, count) in &metrics.rejections {
        text += &format!("  {:<14}{:>14}  ({reason})\n", "rejected", grouped(*count));
    }
    if let Some(periods) = metrics.periods_per_year {
        text += &format!("  {:<14}{periods:>14.0}  (periods a year)\n", "annualised");
    }
    text
}
