//! Statistics, for people.

use comfy_table::{CellAlignment, LineStyle, Table, presets};
use stratbox_metrics::overfitting::Interval;
use stratbox_metrics::series::CalendarReturn;
use stratbox_metrics::{DetailReport, DrawdownRow, Figure, Stated, Unit};

use super::text::{counted, inline, time};
use crate::stats::{IcReport, Input, SeriesReport, StatisticReport};

/// Months a row of their table.
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// Rows of rolling figures that are shown; the document has all of them.
const SHOWN_WINDOWS: usize = 5;

pub(crate) fn statistic(report: &StatisticReport) -> String {
    let inputs: Vec<String> =
        report.inputs.iter().map(|(name, value)| format!("{name} {}", input(value))).collect();
    format!("{}\n{}", stated(&report.figures, exact), lines("inputs", &inputs))
}

fn input(input: &Input) -> String {
    match input {
        Input::Number(value) => value.to_string(),
        Input::Count(value) => value.to_string(),
        Input::Word(word) => inline(word),
    }
}

fn lines(name: &str, lines: &[String]) -> String {
    let mut text = format!("{name}\n");
    lines.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
    text
}

pub(crate) fn ic(report: &IcReport) -> String {
    let mut figures = Stated::default();
    match &report.groups {
        None => figures.push("ic", Unit::Ratio, report.convention, report.ic),
        Some(groups) => {
            let spread = &groups.spread;
            figures.push("mean_ic", Unit::Ratio, report.convention, spread.mean);
            figures.push("ic_deviation", Unit::Ratio, "ddof 1", spread.deviation);
            figures.push("icir", Unit::Ratio, "mean / deviation, a group", spread.icir);
            figures.push("t", Unit::Ratio, "of the mean: Newey-West, lag horizon - 1", spread.t);
        }
    }
    let mut inputs = vec![
        format!("file {}", report.file),
        format!("horizon {}", report.horizon),
        format!("rows {}, {} left out", report.rows, report.rows_left_out),
    ];
    if let Some(groups) = &report.groups {
        inputs
            .push(format!("groups {}, {} without a coefficient", groups.spread.observations, groups.without));
    }
    format!("{}\n{}", stated(&figures, exact), lines("inputs", &inputs))
}

pub(crate) fn series(report: &SeriesReport) -> String {
    head(report) + &detail(&report.report)
}

/// Everything that is said of a series.
pub(crate) fn detail(detail: &DetailReport) -> String {
    let mut text = String::new();
    let mut section = |name: &str, body: String| text.push_str(&format!("\n{name}\n{body}"));
    section("returns", stated(&detail.figures, rounded));
    section("evidence", stated(&detail.evidence, rounded));
    if let Some(relative) = &detail.relative {
        section("beside the benchmark", stated(relative, rounded));
    }
    if let Some(trades) = &detail.trade_figures {
        section("trades", stated(trades, rounded));
    }
    if let Some(activity) = &detail.activity {
        section("activity", stated(activity, rounded));
    }
    if let Some(signals) = &detail.signals {
        section("signals", stated(signals, rounded));
    }
    if let Some(found) = &detail.intervals {
        let rows = [
            ("mean", found.mean, Unit::Share),
            ("sharpe", found.sharpe, Unit::Ratio),
            ("cagr", found.cagr, Unit::Share),
            ("max_drawdown", found.max_drawdown, Unit::Share),
        ];
        let name = format!(
            "intervals of {} confidence: percentiles of {} by the stationary bootstrap, mean block {:.1}, seed {}",
            found.level,
            counted(found.resamples, "resample"),
            found.block_length,
            found.seed
        );
        section(&name, intervals(&rows));
    }
    if let Some(missing) = detail.intervals_missing {
        section("intervals", format!("there are none: {missing}"));
    }
    if !detail.drawdowns.is_empty() {
        section("drawdowns, the deepest first", drawdowns(&detail.drawdowns));
    }
    if !detail.months.is_empty() {
        section("months and years, compounded, UTC", calendar(&detail.months, &detail.years));
    }
    if let Some(rolling) = &detail.rolling {
        let mut table = table(&["window", "return", "volatility", "sharpe"], 1);
        let count = rolling.sharpe.len();
        for place in count.saturating_sub(SHOWN_WINDOWS)..count {
            table.add_row(vec![
                format!("ends after {}", place + rolling.window),
                figure(rolling.total_return[place], Unit::Share, rounded),
                figure(rolling.volatility[place], Unit::Share, rounded),
                figure(rolling.sharpe[place], Unit::Ratio, rounded),
            ]);
        }
        let shown = count.min(SHOWN_WINDOWS);
        section(
            &format!("rolling over {} returns, the last {shown} of {count}", rolling.window),
            finish(&table),
        );
    }
    text
}

fn head(report: &SeriesReport) -> String {
    let detail = &report.report;
    let span = match (&report.from, &report.to) {
        (Some(from), Some(to)) => format!(", {from} to {to}"),
        _ => String::new(),
    };
    let kind = if report.kind == crate::stats::Kind::Returns { "returns" } else { "equity" };
    let periods = detail.periods_per_year.map_or("unknown".to_owned(), |periods| periods.to_string());
    let mut text = format!("{}, column `{}` ({kind}){span}\n", report.file, inline(&report.column));
    text += &format!(
        "periods a year {periods} ({}), risk-free rate {} and minimum acceptable return {} a period\n",
        report.periods_from, report.risk_free, report.minimum_acceptable_return
    );
    if let Some(benchmark) = &report.benchmark {
        text += &format!("benchmark `{}`\n", inline(benchmark));
    }
    if report.rows_left_out > 0 {
        text += &format!("{} at the start left out, without a value\n", counted(report.rows_left_out, "row"));
    }
    report.notes.iter().for_each(|note| text.push_str(&format!("note: {note}\n")));
    text
}

/// How many digits a number is shown with.
type Digits = fn(f64) -> String;

/// As many digits as there are.
fn exact(value: f64) -> String {
    value.to_string()
}

/// Six digits.
fn rounded(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e7).contains(&size) { format!("{value:.5e}") } else { format!("{value:.6}") }
}

fn figure(figure: Figure, unit: Unit, digits: Digits) -> String {
    let Some(value) = figure.value() else { return "-".to_owned() };
    match unit {
        Unit::Share => format!("{} %", digits(value * 100.0)),
        Unit::Count if value.fract() == 0.0 => format!("{value:.0}"),
        Unit::Ratio | Unit::Probability | Unit::Count => digits(value),
        Unit::Periods if value.fract() == 0.0 => format!("{value:.0} periods"),
        Unit::Periods => format!("{} periods", digits(value)),
        Unit::Years => format!("{} years", digits(value)),
        Unit::Nanoseconds => format!("{:.2} days", value / 86_400e9),
        Unit::Money => format!("{value:.2}"),
    }
}

/// A figure a row, with its convention, or the reason why there is none.
fn stated(stated: &Stated, digits: Digits) -> String {
    let mut rows = table(&["", "", ""], 1);
    rows.load_style(presets::NOTHING);
    for (statement, value) in stated.iter() {
        let said =
            value.missing().map_or(statement.convention.to_owned(), |missing| format!("none: {missing}"));
        rows.add_row(vec![statement.name.replace('_', " "), figure(*value, statement.unit, digits), said]);
    }
    finish(&rows)
}

fn intervals(rows: &[(&str, Interval, Unit)]) -> String {
    let mut table = table(&["", "from", "to"], 1);
    for (name, interval, unit) in rows {
        let end = |end: Figure| figure(end, *unit, rounded);
        table.add_row(vec![name.replace('_', " "), end(interval.low), end(interval.high)]);
    }
    finish(&table)
}

fn drawdowns(rows: &[DrawdownRow]) -> String {
    let mut table = table(&["depth", "periods", "peak", "trough", "recovery"], 0);
    for DrawdownRow { period, peak_time, trough_time, recovery_time } in rows {
        let at = |known: Option<i64>, place: usize| known.map_or_else(|| format!("after {place}"), time);
        let recovery = period.recovery.map_or("not yet".to_owned(), |place| at(*recovery_time, place));
        table.add_row(vec![
            format!("{:.2} %", period.depth * 100.0),
            period.length.to_string(),
            at(*peak_time, period.peak),
            at(*trough_time, period.trough),
            recovery,
        ]);
    }
    finish(&table)
}

fn calendar(months: &[CalendarReturn], years: &[CalendarReturn]) -> String {
    let mut header = vec!["year"];
    header.extend(MONTHS);
    header.push("all");
    let mut table = table(&header, 1);
    for year in years {
        let mut row = vec![String::new(); 14];
        row[0] = year.year.to_string();
        row[13] = format!("{:.2} %", year.value * 100.0);
        for month in months.iter().filter(|month| month.year == year.year) {
            row[usize::from(month.month.unwrap_or(1))] = format!("{:.2}", month.value * 100.0);
        }
        table.add_row(row);
    }
    finish(&table)
}

fn table(header: &[&str], first_right: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('-').junction('-')));
    if header.iter().any(|name| !name.is_empty()) {
        table.set_header(header.to_vec());
    }
    // The header makes the columns; without one, the first row will.
    for column in first_right..header.len() {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn finish(table: &Table) -> String {
    table.trim_fmt() + "\n"
}
