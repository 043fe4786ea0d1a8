//! The report of a sweep, for people: leaderboard first, what it was made of below.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, LineStyle, Table, presets};
use stratbox_domain::{Params, RunOutcome};
use stratbox_metrics::MetricName;

use super::Report;
use super::figures::{data, figure, limits, params, venue};
use super::text::{counted, grouped, inline};
use crate::sweep::{PlannedStrategy, Row, SweepReport};

/// Beside the objective.
const COLUMNS: [MetricName; 5] = [
    MetricName::Sharpe,
    MetricName::TotalReturn,
    MetricName::Cagr,
    MetricName::MaxDrawdown,
    MetricName::Trades,
];

pub(crate) fn human(report: &SweepReport) -> String {
    let plan = &report.plan;
    let mut text = format!("{}, ranked by {}\n\n", plan.name, plan.objective.metric);
    text += &leaderboard(report);
    text += &format!("\n{}\n", summary(report));
    text += &duplicates(report);
    if report.summary.cancelled > 0 && report.failure().is_none() {
        let cancelled = counted(report.summary.cancelled, "variant");
        text += &format!("Ctrl-C: {cancelled} ended early or never started\n");
    }
    text += &faults(report);
    let lines = [
        ("data", data(&plan.bars.summary)),
        ("venue", venue(&plan.policy)),
        ("limits", limits(&plan.limits)),
        ("engine", report.engine.clone()),
    ];
    lines.iter().for_each(|(name, value)| text += &format!("{name:<8}{value}\n"));
    text
}

fn leaderboard(report: &SweepReport) -> String {
    let best: Vec<(usize, &Row)> = (0..report.rows.len().min(report.top))
        .map_while(|position| Some((report.rank(position)?, &report.rows[position])))
        .collect();
    if report.top == 0 {
        return String::new();
    }
    if best.is_empty() {
        return "no variant has a figure to rank by\n".to_owned();
    }
    let objective = report.plan.objective.metric;
    let metrics: Vec<MetricName> =
        std::iter::once(objective).chain(COLUMNS.into_iter().filter(|name| *name != objective)).collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('-').junction('-')));
    let names = metrics.iter().map(|name| name.as_str().replace('_', " "));
    let header = ["#", "strategy", "params"].map(str::to_owned).into_iter().chain(names);
    table.set_header(header.chain(["run key".to_owned()]).collect::<Vec<_>>());
    for (rank, row) in best {
        let planned = report.strategy(row);
        let figures =
            metrics.iter().map(|name| row.metrics().map_or_else(String::new, |it| figure(it, *name)));
        let start = [rank.to_string(), planned.label.clone(), params(&named(planned, row))];
        table.add_row(start.into_iter().chain(figures).chain([row.run_key.short()]).collect::<Vec<_>>());
    }
    for column in std::iter::once(0).chain(3..3 + metrics.len()) {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt() + "\n"
}

/// The parameters that the sweep file names; the others have their defaults.
fn named(planned: &PlannedStrategy, row: &Row) -> Params {
    let mut params = planned.params(row.index);
    params.retain(|name, _| planned.named.contains(name));
    params
}

fn summary(report: &SweepReport) -> String {
    let it = &report.summary;
    let labels: Vec<String> =
        it.faults.iter().map(|(label, count)| format!("{label} {}", grouped(*count))).collect();
    let labels = if labels.is_empty() { String::new() } else { format!(" ({})", labels.join(", ")) };
    format!(
        "{}: {} completed, {} faulted{labels}, {} interrupted; {:.3} s on {}, {} bars/s",
        counted(it.variants, "variant"),
        grouped(it.completed),
        grouped(it.faulted),
        grouped(it.interrupted),
        it.wall_seconds,
        counted(it.workers as u64, "worker"),
        // Rounded to a whole number where it is made.
        grouped(it.bars_per_second as u64),
    )
}

/// How many draws of each random search were not run, because they repeat another.
fn duplicates(report: &SweepReport) -> String {
    let repeating = report.plan.strategies.iter().filter(|planned| planned.duplicates() > 0);
    let line = |planned: &PlannedStrategy| {
        let draws = counted(planned.duplicates(), "duplicate draw");
        format!(
            "{}: {draws} left out of {}\n",
            planned.label,
            grouped(planned.duplicates() + planned.variants())
        )
    };
    repeating.map(line).collect()
}

/// One example of each kind of fault, to begin looking with.
fn faults(report: &SweepReport) -> String {
    let mut examples = BTreeMap::new();
    for row in &report.rows {
        if let RunOutcome::Faulted(fault) = &row.outcome {
            examples.entry(fault.label.label()).or_insert((row, fault));
        }
    }
    let line = |(label, (row, fault)): (&str, (&Row, &stratbox_domain::Fault))| {
        let planned = report.strategy(row);
        let bar = fault.bar.map(|bar| format!(" at bar {bar}")).unwrap_or_default();
        format!(
            "{label}: {} {}{bar}: {}\n",
            planned.label,
            params(&named(planned, row)),
            inline(&fault.message)
        )
    };
    examples.into_iter().map(line).collect()
}
