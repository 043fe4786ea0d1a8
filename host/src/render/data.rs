//! Reports on files of bars, for people.

use stratbox_market::{Adjust, Inspection, InstrumentReport, Stamp};

use super::text::{counted, grouped, inline, size, time};
use crate::data::{ConvertReport, InspectReport, SplitReport};

pub(crate) fn inspected(report: &InspectReport) -> String {
    let files: Vec<String> = report.files.iter().map(|file| inspection(file, report.sigmas)).collect();
    files.join("\n")
}

fn line(name: &str, value: &str) -> String {
    format!("{name:<14}{value}\n")
}

fn inspection(file: &Inspection, sigmas: f64) -> String {
    let mut text = format!("{}\n", inline(&file.path));
    let delimiter = match file.delimiter {
        Some('\t') => ", delimiter tab".to_owned(),
        Some(delimiter) => format!(", delimiter `{delimiter}`"),
        None => String::new(),
    };
    let bytes = usize::try_from(file.bytes).unwrap_or(usize::MAX);
    text += &line("format", &format!("{}{delimiter}, {}", file.format, size(bytes)));
    text += &line("content", &file.digest);
    text += &line("rows", &grouped(file.rows));
    text += &line("times", &times(file));
    text += &line("adjustment", &adjustment(file));
    for action in &file.adjustments {
        let effect =
            action.factor.map_or("no effect".to_owned(), |factor| format!("earlier prices x {factor}"));
        let symbol = inline(&action.symbol);
        text +=
            &line("", &format!("{} {symbol} {} {}: {effect}", time(action.time), action.kind, action.value));
    }
    for instrument in &file.instruments {
        text.push('\n');
        text += &of_instrument(instrument, sigmas);
    }
    let more = file.instrument_count.saturating_sub(file.instruments.len());
    if more > 0 {
        text += &format!("\n... and {}\n", counted(more as u64, "instrument"));
    }
    text
}

fn times(file: &Inspection) -> String {
    let zone = inline(&file.timezone);
    let mut parts = vec![match (file.local_times, file.timezone_given) {
        (true, true) => format!("local times of {zone}"),
        (true, false) => "without an offset, taken for UTC (`timezone` says otherwise)".to_owned(),
        (false, true) => format!("with an offset or since 1970; days of {zone}"),
        (false, false) => "with an offset or since 1970".to_owned(),
    }];
    parts.push(match file.stamp {
        Stamp::Open => "of opens".to_owned(),
        Stamp::Close => "of closes".to_owned(),
    });
    if let Some(format) = file.date_format {
        let name = serde_json::to_value(format).ok();
        let name = name.as_ref().and_then(|name| name.as_str()).unwrap_or_default();
        parts.push(format!("dates {name}"));
    }
    if file.settled_by_order > 0 {
        parts.push(format!("{} that were twice, settled by their order", grouped(file.settled_by_order)));
    }
    parts.join(", ")
}

fn adjustment(file: &Inspection) -> String {
    match file.adjust {
        Adjust::None => "none: prices as they are in the file".to_owned(),
        Adjust::Splits => "splits (figures below are before it)".to_owned(),
        Adjust::SplitsAndDividends => "splits and dividends (figures below are before it)".to_owned(),
        Adjust::AdjClose => "to the file's adjusted close".to_owned(),
    }
}

fn of_instrument(it: &InstrumentReport, sigmas: f64) -> String {
    let mut text = format!(
        "{}: {}, {} to {}\n",
        inline(&it.symbol),
        counted(it.rows, "bar"),
        time(it.from),
        time(it.to)
    );
    let unknown = || "unknown: a single bar".to_owned();
    let spacing = match (&it.spacing, &it.usual_spacing) {
        (Some(least), Some(usual)) if least != usual => format!("{least} at least, usually {usual}"),
        (Some(least), _) => least.clone(),
        (None, _) => unknown(),
    };
    text += &line("  spacing", &spacing);
    let calendar = &it.calendar;
    text += &line("  calendar", &format!("{} ({})", calendar.kind, calendar.description));
    if calendar.kind != "irregular" {
        let days = counted(calendar.missing_days, "day");
        let bars = counted(calendar.missing_bars, "bar");
        let strays = grouped(calendar.unexpected_bars);
        text += &line(
            "  missing",
            &format!("{days} (holidays among them), {bars} on other days; {strays} outside of it"),
        );
    }
    for (index, gap) in it.gaps.iter().enumerate() {
        let name = if index == 0 { "  gaps" } else { "" };
        text += &line(
            name,
            &format!("{} before row {}: {} to {}", gap.length, gap.row, time(gap.from), time(gap.to)),
        );
    }
    let longest = it
        .longest_repeat
        .map_or(String::new(), |run| format!("; longest: {} from row {}", counted(run.rows, "bar"), run.row));
    text += &line("  same close", &format!("{} as the bar before{longest}", grouped(it.repeated_closes)));
    let first = it.first_zero_volume.map_or(String::new(), |row| format!(", the first in row {row}"));
    text += &line("  no volume", &format!("{}{first}", grouped(it.zero_volume)));
    let outliers = match it.robust_sigma {
        Some(sigma) => {
            format!("{} beyond {sigmas} robust sigmas (1 is {:.4} %)", grouped(it.outliers), sigma * 100.0)
        }
        None => "cannot be told: too few returns, or most are zero".to_owned(),
    };
    text += &line("  outliers", &outliers);
    for outlier in &it.largest {
        let (row, at, change) = (outlier.row, time(outlier.time), outlier.log_return.exp_m1() * 100.0);
        text += &line("", &format!("row {row}, {at}: {change:+.2} % ({:.1} sigmas)", outlier.sigmas));
    }
    text
}

pub(crate) fn converted(report: &ConvertReport) -> String {
    let length = report.resampled.map_or(String::new(), |span| format!(" of {span}"));
    let left_out = report.left_out.iter().map(|it| {
        let (symbol, time, bars) = (&it.symbol, &it.time, counted(it.bars, "bar"));
        format!(
            "left out: the last bar of {symbol}, {time}, for the data end in the middle of it, after {bars} \
             (`--partial keep` keeps it)\n"
        )
    });
    let left_out: String = left_out.collect();
    format!(
        "{}: {}{length} of {}, {} to {}\n{left_out}digest {}\n",
        report.file,
        counted(report.rows, "bar"),
        report.instruments.join(", "),
        report.from,
        report.to,
        report.digest
    )
}

pub(crate) fn split(report: &SplitReport) -> String {
    let part = |part: &crate::data::Part| {
        format!(
            "{:<12}{} to {}, {}: {}\n",
            part.name,
            part.from,
            part.to,
            counted(part.rows, "bar"),
            part.file
        )
    };
    let parts: String = report.parts.iter().map(part).collect();
    let left_out = report.left_out.iter().map(|it| {
        format!(
            "left out: {} at {}, open before a cut and closed after it\n",
            counted(it.bars, "bar"),
            it.time
        )
    });
    let left_out: String = left_out.collect();
    format!("{parts}{left_out}{} in all, digest {}\n", counted(report.rows, "bar"), report.digest)
}
