//! Experiments for people.

use comfy_table::{CellAlignment, LineStyle, Table, presets};
use stratbox_domain::RunOutcome;
use stratbox_metrics::MetricName;
use stratbox_orchestrator::performance::ten_lines;
use stratbox_orchestrator::workflow::{Status, WorkflowState};
use stratbox_store::Spread;

use super::figures::{figure, in_units, limits, params};
use super::text::{counted, grouped, inline, time};
use super::venue::venue;
use crate::experiments::{
    Column, CompareReport, DeleteReport, ExportReport, Head, ListReport, SessionsReport, ShowReport, ShownRow,
};
use crate::sweep::looks_line;

pub(crate) fn list(report: &ListReport) -> String {
    if report.experiments.is_empty() {
        return format!("no experiments in {}: `stratbox sweep FILE` makes one\n", report.workspace);
    }
    let mut table = plain(&["#", "name", "status", "variants", "settled", "faulted", "begun"], &[0, 3, 4, 5]);
    for head in &report.experiments {
        table.add_row([
            head.id.to_string(),
            inline(&head.name),
            head.status.to_owned(),
            grouped(head.variants),
            grouped(head.settled),
            grouped(head.counts.faulted),
            moment(head.created),
        ]);
    }
    format!("{}\n", table.trim_fmt())
}

pub(crate) fn show(report: &ShowReport) -> String {
    let head = &report.head;
    let mut text =
        format!("experiment {}: {}, ranked by {}\n\n", head.id, inline(&head.name), head.objective);
    text += &leaderboard(report);
    text += &format!("\n{}\n", progress(head));
    if let Some(state) = &report.workflow {
        text += &workflow(state);
    }
    for (label, row) in &report.faults {
        text += &fault(label, row);
    }
    for strategy in &report.strategies {
        let (name, source) = (inline(&strategy.strategy), inline(&strategy.source));
        let points = counted(strategy.points, "point");
        text +=
            &format!("{:<10}{name}, {points}, from {source}, {}\n", "strategy", strategy.component.short());
    }
    if !report.looks.is_empty() {
        text += &format!("{:<10}{}\n", "holdout", looks_line(&report.looks));
    }
    let begun = format!("{}, last changed {}", moment(head.created), moment(head.updated));
    if let Some(asked) = &report.asked {
        for source in &asked.sources {
            text += &format!("{:<10}{}\n", "data", inline(&source.path.to_string_lossy()));
        }
        let from = asked.from.map_or("the first".to_owned(), time);
        let to = asked.to.map_or("the last".to_owned(), |to| format!("before {}", time(to)));
        let times = format!("from {from} to {to}, bars {}", asked.bars.short());
        for (name, value) in
            [("times", times), ("venue", venue(&asked.venue)), ("limits", limits(&asked.limits))]
        {
            text += &format!("{name:<10}{value}\n");
        }
    }
    for (name, value) in [("file", inline(&head.file)), ("engine", inline(&head.engine)), ("begun", begun)] {
        text += &format!("{name:<10}{value}\n");
    }
    if !report.spreads.is_empty() {
        text += &format!("\n{}\n", spreads(&report.spreads));
    }
    if let Some(attempts) = &report.attempts {
        text += &format!("\n{} followed by another\n", counted(attempts.len() as u64, "failed attempt"));
        for it in attempts {
            let detail = inline(&it.detail);
            text += &format!(
                "  variant {} attempt {} on worker {}: {} {detail}; waited {} ms\n",
                it.variant, it.attempt, it.worker, it.reason, it.delay_ms
            );
        }
    }
    if let Some(command) = &report.resume {
        text += &format!("\nto go on: {command}\n");
    }
    text
}

fn progress(head: &Head) -> String {
    let counts = &head.counts;
    let faults: Vec<String> =
        counts.faults.iter().map(|(label, count)| format!("{label} {}", grouped(*count))).collect();
    let faults = if faults.is_empty() { String::new() } else { format!(" ({})", faults.join(", ")) };
    let reason = head.reason.as_deref().map(|reason| format!(" ({})", inline(reason))).unwrap_or_default();
    format!(
        "{}{reason}: {} of {} settled: {} completed, {} faulted{faults}, {} interrupted, {} answered from earlier experiments",
        head.status,
        grouped(head.settled),
        counted(head.variants, "variant"),
        grouped(counts.completed),
        grouped(counts.faulted),
        grouped(counts.interrupted),
        grouped(counts.reused),
    )
}

fn workflow(state: &WorkflowState) -> String {
    let (iterations, limits) = (state.iterations(), state.limits());
    let phase = match state.status() {
        Status::Failed { during, .. } => format!("{}, during {during}", state.phase()),
        _ => state.phase().to_string(),
    };
    let mut text = format!(
        "phase     {phase}; iterations: strategy {} of {}, research {} of {}, total {} of {}\n",
        iterations.strategy,
        limits.strategy,
        iterations.research,
        limits.research,
        iterations.total,
        limits.total
    );
    for lesson in state.lessons() {
        text += &format!("lesson    {}\n", inline(lesson));
    }
    text
}

fn fault(label: &str, shown: &ShownRow) -> String {
    let RunOutcome::Faulted(fault) = &shown.row.outcome else { return String::new() };
    let bar = fault.bar.map(|bar| format!(" at bar {bar}")).unwrap_or_default();
    let (strategy, message, hint) = (inline(&shown.strategy), inline(&fault.message), inline(&fault.hint));
    format!("{label}: {strategy} {}{bar}: {message}\n  hint: {hint}\n", params(&shown.params))
}

fn leaderboard(report: &ShowReport) -> String {
    let objective = report.head.objective;
    if report.top == 0 {
        return String::new();
    }
    let ranked: Vec<_> = report.best.iter().filter_map(|row| Some((row.rank?, row))).collect();
    if ranked.is_empty() {
        return "no variant has a figure to rank by\n".to_owned();
    }
    let mut table =
        plain(&["#", "strategy", "params", &objective.as_str().replace('_', " "), "run key"], &[0, 3]);
    for (rank, row) in ranked {
        let figure = value(row, objective);
        table.add_row([
            rank.to_string(),
            inline(&row.strategy),
            params(&row.params),
            figure,
            row.run_key.short(),
        ]);
    }
    table.trim_fmt() + "\n"
}

fn value(row: &ShownRow, metric: MetricName) -> String {
    match &row.row.outcome {
        RunOutcome::Completed(metrics) => figure(metrics, metric),
        RunOutcome::Faulted(_) | RunOutcome::Interrupted(_) => String::new(),
    }
}

fn spreads(spreads: &[Spread]) -> String {
    let header = ["metric", "values", "mean", "std", "min", "25 %", "median", "75 %", "max"];
    let mut table = plain(&header, &[1, 2, 3, 4, 5, 6, 7, 8]);
    for it in spreads {
        let of = |value: Option<f64>| value.map_or("-".to_owned(), |value| in_units(it.metric, value));
        let numbers =
            [it.mean, it.std, it.min, it.lower_quartile, it.median, it.upper_quartile, it.max].map(of);
        let start = [it.metric.to_string(), grouped(it.count)];
        table.add_row(start.into_iter().chain(numbers).collect::<Vec<_>>());
    }
    table.trim_fmt()
}

pub(crate) fn compare(report: &CompareReport) -> String {
    let names: Vec<String> =
        report.experiments.iter().map(|it| format!("{} {}", it.head.id, inline(&it.head.name))).collect();
    let header: Vec<&str> = std::iter::once("").chain(names.iter().map(String::as_str)).collect();
    let right: Vec<usize> = (1..header.len()).collect();
    let mut table = plain(&header, &right);
    let mut add = |name: String, cells: Vec<String>| {
        table.add_row(std::iter::once(name).chain(cells).collect::<Vec<_>>());
    };
    let each =
        |cell: &dyn Fn(&Column) -> String| -> Vec<String> { report.experiments.iter().map(cell).collect() };
    add("status".to_owned(), each(&|it| it.head.status.to_owned()));
    add("variants settled".to_owned(), each(&|it| grouped(it.head.settled)));
    add("faulted".to_owned(), each(&|it| grouped(it.head.counts.faulted)));
    add("objective".to_owned(), each(&|it| it.head.objective.to_string()));
    let best = |it: &Column| {
        it.best
            .as_ref()
            .map_or("-".to_owned(), |row| format!("{} {}", inline(&row.strategy), params(&row.params)))
    };
    add("best variant".to_owned(), each(&best));
    let bars = |it: &Column| it.asked.as_ref().map_or("-".to_owned(), |asked| asked.bars.short());
    add("bars".to_owned(), each(&bars));
    for metric in MetricName::ALL {
        let median = |it: &Column| {
            let spread = it.spreads.iter().find(|spread| spread.metric == metric);
            let best = it.best.as_ref().map_or("-".to_owned(), |row| value(row, metric));
            let median = spread
                .and_then(|spread| spread.median)
                .map_or("-".to_owned(), |median| in_units(metric, median));
            format!("{best} ({median})")
        };
        let cells = each(&median);
        if cells.iter().any(|cell| cell != "- (-)") {
            add(metric.to_string(), cells);
        }
    }
    let mut text =
        format!("{}\n\nmetrics: of the best variant (median of those that completed)\n", table.trim_fmt());
    if let Some(by_criteria) = &report.by_criteria {
        let compared = super::comparison::human(&by_criteria.comparison, report.shown);
        text += &format!("\nbest variants\n{compared}");
    }
    report.notes.iter().for_each(|note| text += &format!("note: {note}\n"));
    text
}

pub(crate) fn exported(report: &ExportReport) -> String {
    format!(
        "{} of experiment {} written to {}\n",
        counted(report.rows, "row"),
        report.experiment,
        report.file
    )
}

pub(crate) fn deleted(report: &DeleteReport) -> String {
    format!("deleted {}\n", counted(report.deleted.len() as u64, "experiment"))
}

pub(crate) fn sessions(report: &SessionsReport) -> String {
    let Some(latest) = report.sessions.first() else {
        return "no session has come to its end yet\n".to_owned();
    };
    let mut text = format!("experiment {}, {}\n", latest.experiment, moment(latest.at));
    ten_lines(&latest.report).iter().for_each(|line| text += &format!("{line}\n"));
    text.push('\n');
    text += &super::performance::stages(&latest.report);
    text += &super::performance::workers(&latest.report);
    if let Some(comparison) = &report.comparison {
        text += &format!("\n{comparison}\n");
    }
    text += &super::performance::earlier(report);
    text
}

/// A table without lines, some of whose columns are numbers.
pub(super) fn plain(header: &[&str], numbers: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('-').junction('-')));
    table.set_header(header.to_vec());
    for column in numbers {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// A time of day from milliseconds since the Unix epoch.
pub(super) fn moment(milliseconds: u64) -> String {
    let seconds = i64::try_from(milliseconds / 1_000).unwrap_or(i64::MAX / 1_000_000_000);
    time(seconds.saturating_mul(1_000_000_000))
}
