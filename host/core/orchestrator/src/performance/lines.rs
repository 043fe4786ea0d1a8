//! A report in words.

use stratbox_domain::escaped;

use super::finite::Finite;
use super::report::{RankedWorker, Report, RunTimes, StageTime};
use super::words::{counted, duration, grouped, percent, rate};

const MOST: usize = 10;

/// A session in at most ten lines of plain words, each with its subject first: how long it took, who did it, what the
/// runs were like, where time went, what to do about it, and what to look at.
#[must_use]
pub fn ten_lines(report: &Report) -> Vec<String> {
    let advice = Some(escaped(&report.bottleneck.recommendation, false));
    let about = [
        ("time", Some(time(report))),
        ("workers", Some(workers(report))),
        ("ranking", ranking(&report.ranking)),
        ("runs", report.runs.as_ref().map(runs)),
        ("work", work(report)),
        ("advice", advice),
    ];
    let alerts = report.alerts.iter().map(|alert| ("alert", Some(alert.to_string())));
    let mut lines: Vec<_> =
        about.into_iter().chain(alerts).filter_map(|(name, text)| Some((name, text?))).collect();
    // Alerts matter more than who was the fastest.
    if lines.len() > MOST {
        lines.retain(|(name, _)| *name != "ranking");
    }
    lines.truncate(MOST);
    lines.into_iter().map(|(name, text)| format!("{name:<8}{text}")).collect()
}

fn time(report: &Report) -> String {
    let (time, session) = (&report.time, &report.session);
    let wall = duration(session.wall_micros);
    let on = counted(session.workers.into(), "worker");
    let difference = duration(time.saved_micros.unsigned_abs());
    let share = match time.saved_percent.map(|saved| saved.get().abs() / 100.0).and_then(Finite::of) {
        Some(share) if time.saved_micros > 0 => format!(" ({})", percent(share)),
        _ => String::new(),
    };
    match time.saved_micros {
        _ if time.sequential_micros == 0 => format!("{wall} on {on}"),
        saved => {
            let sequential = duration(time.sequential_micros);
            let word = if saved < 0 { "lost" } else { "saved" };
            format!("{wall} on {on}, {sequential} one after the other: {difference}{share} {word}")
        }
    }
}

fn workers(report: &Report) -> String {
    let counts = &report.workers;
    let busy = report.efficiency.map(|busy| format!("; busy for {} of the time", percent(busy)));
    format!(
        "{} started, {} completed, {} timed out, {} lost{}",
        grouped(counts.spawned),
        grouped(counts.completed),
        grouped(counts.timed_out),
        grouped(counts.lost),
        busy.unwrap_or_default()
    )
}

/// Who was fastest and slowest, when there are several to compare.
fn ranking(ranking: &[RankedWorker]) -> Option<String> {
    let told = |worker: &RankedWorker| {
        let fast = rate(worker.tasks_per_busy_second?);
        let failed = worker.failure_share.filter(|share| share.get() > 0.0);
        let failed = failed.map(|share| format!(" and {} failed", percent(share))).unwrap_or_default();
        Some(format!("worker `{}` with {fast} tasks a busy second{failed}", worker.worker))
    };
    let told: Vec<_> = ranking.iter().filter_map(told).collect();
    match told.as_slice() {
        [fastest, .., slowest] => Some(format!("fastest {fastest}, slowest {slowest}")),
        _ => None,
    }
}

fn runs(runs: &RunTimes) -> String {
    format!(
        "{}, median {}, 95 % within {}, fastest {}, slowest {} (variant `{}`)",
        grouped(runs.runs),
        duration(runs.median_micros),
        duration(runs.p95_micros),
        duration(runs.fastest_micros),
        duration(runs.slowest_micros),
        runs.slowest_variant
    )
}

/// Shares of the work, the largest first, and how long a task waited for it.
fn work(report: &Report) -> Option<String> {
    let stages = &report.stages;
    let mut work = [
        ("running", &stages.run),
        ("getting ready", &stages.instantiate),
        ("compiling", &stages.compile),
        ("storing", &stages.store),
    ];
    work.sort_by_key(|(_, stage)| std::cmp::Reverse(stage.micros));
    let share = |(name, stage): &(&str, &StageTime)| {
        let share = stage.share_of_work.filter(|share| share.get() > 0.0)?;
        Some(format!("{name} {}", percent(share)))
    };
    let shares: Vec<_> = work.iter().filter_map(share).collect();
    let waited = stages.queue.micros.checked_div(stages.queue.count);
    let waited = waited.map(|micros| format!("; a task waited {} on average", duration(micros)));
    (!shares.is_empty()).then(|| shares.join(", ") + &waited.unwrap_or_default())
}
