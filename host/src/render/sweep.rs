//! The report of a sweep, for people: leaderboard first, what it was made of below.

use comfy_table::{CellAlignment, LineStyle, Table, presets};
use stratbox_domain::{Params, RunOutcome};
use stratbox_market::Source;
use stratbox_metrics::MetricName;
use stratbox_store::Row;

use super::belief;
use super::figures::{data, figure, limits, params, walls};
use super::text::{counted, grouped, inline, shell_word};
use super::venue::venue;
use crate::failure::shown;
use crate::session::Early;
use crate::sweep::{PlannedStrategy, SweepReport, held_out_line, looks_line};

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
    let mut text = format!("experiment {}: {}, ranked by {}\n\n", report.id, plan.name, plan.aim.objective);
    text += &leaderboard(report);
    text += &front(report);
    text += &format!("\n{}\n", summary(report));
    text += &duplicates(report);
    text += &faults(report);
    let objective = plan.aim.objective;
    text += &report
        .validated
        .as_ref()
        .map(|it| belief::validated(it, &report.best, objective))
        .unwrap_or_default();
    text += &report.belief.as_ref().map(belief::human).unwrap_or_default();
    text.push('\n');
    if let Some(held) = &report.held_out {
        text += &format!("{:<8}{}\n", "holdout", held_out_line(held));
    } else if !report.looks.is_empty() {
        text += &format!("{:<8}{}\n", "holdout", looks_line(&report.looks));
    }
    let lines = [
        ("data", data(&plan.bars.summary)),
        ("venue", venue(&plan.policy)),
        ("limits", limits(&plan.limits)),
        ("engine", report.engine.clone()),
        ("walls", walls(&report.isolation)),
    ];
    lines.iter().for_each(|(name, value)| text += &format!("{name:<8}{value}\n"));
    text.push('\n');
    report.session.lines().iter().for_each(|line| text += &format!("{line}\n"));
    text + &stopped(report)
}

/// Why it stopped early, and how to go on.
fn stopped(report: &SweepReport) -> String {
    let Some((early, command)) = &report.stopped else { return String::new() };
    let left = counted(report.summary.not_started, "variant");
    let why = match early {
        Early::Interrupted => "Ctrl-C",
        Early::Failures => "paused, because too many variants failed",
        Early::Failed => "stopped by a failure",
    };
    let whatever = if *early == Early::Failures { " --on-failures continue" } else { "" };
    format!("\n{why}: {left} without a result; to go on: {command}{whatever}\n")
}

fn leaderboard(report: &SweepReport) -> String {
    if report.best.is_empty() {
        return match report.plan.aim.constraints.is_empty() {
            _ if report.top == 0 => String::new(),
            true => "no variant has a figure to rank by\n".to_owned(),
            false => "no variant has a figure to rank by and keeps to every constraint\n".to_owned(),
        };
    }
    let objective = report.plan.aim.objective;
    let metrics: Vec<MetricName> =
        std::iter::once(objective).chain(COLUMNS.into_iter().filter(|name| *name != objective)).collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('-').junction('-')));
    let names = metrics.iter().map(|name| name.as_str().replace('_', " "));
    let header = ["#", "strategy", "params"].map(str::to_owned).into_iter().chain(names);
    table.set_header(header.chain(["run key".to_owned()]).collect::<Vec<_>>());
    for (rank, row) in &report.best {
        let figures = metrics.iter().map(|name| match &row.outcome {
            RunOutcome::Completed(metrics) => figure(metrics, *name),
            RunOutcome::Faulted(_) | RunOutcome::Interrupted(_) => String::new(),
        });
        let start = [rank.to_string(), row.strategy.to_string(), params(&named(report.strategy(row), row))];
        table.add_row(start.into_iter().chain(figures).chain([row.key.short()]).collect::<Vec<_>>());
    }
    for column in std::iter::once(0).chain(3..3 + metrics.len()) {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt() + "\n"
}

/// The best compromises between several objectives.
fn front(report: &SweepReport) -> String {
    const SHOWN: usize = 20;
    let Some(front) = report.front.as_ref().filter(|front| !front.is_empty()) else { return String::new() };
    let objectives: Vec<MetricName> = report.plan.aim.objectives().collect();
    let names: Vec<String> = objectives.iter().map(|name| name.as_str().replace('_', " ")).collect();
    let rows = counted(front.len() as u64, "variant");
    let mut text = format!("\npareto front of {}: {rows}\n", names.join(" and "));
    for row in front.iter().take(SHOWN) {
        let RunOutcome::Completed(metrics) = &row.outcome else { continue };
        let figures: Vec<String> =
            objectives.iter().map(|name| format!("{:>12}", figure(metrics, *name))).collect();
        let params = params(&named(report.strategy(row), row));
        text += &format!("  {}  {} {params}\n", figures.join(" "), row.strategy);
    }
    if front.len() > SHOWN {
        text += "  ... and more: see `pareto_front` of the JSON document\n";
    }
    text
}

/// The parameters that the sweep file names; the others have their defaults.
fn named(planned: Option<&PlannedStrategy>, row: &Row) -> Params {
    let mut params = row.params.clone();
    params.retain(|name, _| planned.is_none_or(|planned| planned.named.contains(name)));
    params
}

fn summary(report: &SweepReport) -> String {
    let it = &report.summary;
    let labels: Vec<String> =
        it.faults.iter().map(|(label, count)| format!("{label} {}", grouped(*count))).collect();
    let labels = if labels.is_empty() { String::new() } else { format!(" ({})", labels.join(", ")) };
    let reused = match it.reused {
        0 => String::new(),
        reused => format!("; {} answered from earlier experiments", grouped(reused)),
    };
    format!(
        "{}: {} completed, {} faulted{labels}, {} interrupted{reused}; {:.3} s on {}, {} bars/s",
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

/// What to say, a line at a time, of a sweep in which every variant faulted: that is a result, but hardly the one that was
/// wanted.
pub(crate) fn nothing_but_faults(report: &SweepReport) -> Vec<String> {
    let it = &report.summary;
    // Of labels that are equally frequent, the first.
    let Some((label, count)) = it.faults.iter().rev().max_by_key(|(_, count)| **count) else {
        return Vec::new();
    };
    let first = report.faults.get(label).filter(|_| it.faulted == it.variants);
    let Some((row, RunOutcome::Faulted(fault))) = first.map(|row| (row, &row.outcome)) else {
        return Vec::new();
    };
    let (all, count, message) = (counted(it.variants, "variant"), grouped(*count), inline(&fault.message));
    vec![
        format!("note: nothing completed: of {all} each faulted, {count} with `{label}`, as in: {message}"),
        format!("to look at it: {}", rerun(report, row)),
        "add what the sweep file says of dates, `[venue]` and `[limits]` as options".to_owned(),
    ]
}

/// The command that runs one variant alone.
fn rerun(report: &SweepReport, row: &Row) -> String {
    let planned = report.strategy(row);
    let source = planned.map_or_else(String::new, |planned| planned.strategy.source.clone());
    let mut words = vec!["stratbox".to_owned(), "run".to_owned(), source];
    for Source { path, symbol, .. } in &report.plan.sources {
        let symbol = symbol.as_ref().map(|symbol| format!("={}", inline(symbol))).unwrap_or_default();
        words.extend(["--data".to_owned(), shown(path) + &symbol]);
    }
    for (name, value) in named(planned, row) {
        words.extend(["-p".to_owned(), format!("{name}={}", inline(&value.to_string()))]);
    }
    words.push("--log".to_owned());
    words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
}

/// One example of each kind of fault, to begin looking with.
fn faults(report: &SweepReport) -> String {
    let line = |(label, row): (&String, &Row)| {
        let RunOutcome::Faulted(fault) = &row.outcome else { return String::new() };
        let bar = fault.bar.map(|bar| format!(" at bar {bar}")).unwrap_or_default();
        let (message, hint) = (inline(&fault.message), inline(&fault.hint));
        format!(
            "{label}: {} {}{bar}: {message}\n  hint: {hint}\n",
            row.strategy,
            params(&named(report.strategy(row), row))
        )
    };
    report.faults.iter().map(line).collect()
}
