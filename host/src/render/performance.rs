//! How sessions went, in full, for people.

use stratbox_orchestrator::performance::{Report, StageTime};

use super::experiments::{moment, plain};
use super::text::{grouped, inline};
use crate::experiments::SessionsReport;

/// Where its time went.
pub(super) fn stages(report: &Report) -> String {
    let mut table = plain(&["stage", "times", "seconds", "of all time", "of the work"], &[1, 2, 3, 4]);
    let stages = &report.stages;
    let named: [(&str, &StageTime); 5] = [
        ("queue", &stages.queue),
        ("compile", &stages.compile),
        ("instantiate", &stages.instantiate),
        ("run", &stages.run),
        ("store", &stages.store),
    ];
    for (name, stage) in named {
        let share = |share: Option<_>| share.map_or_else(|| "-".to_owned(), percent);
        let work = share(stage.share_of_work);
        let cells =
            [name.to_owned(), grouped(stage.count), seconds(stage.micros), share(stage.share_of_time), work];
        table.add_row(cells);
    }
    table.trim_fmt() + "\n\n"
}

/// Its workers, the fastest first.
pub(super) fn workers(report: &Report) -> String {
    let header = ["worker", "attempts", "busy seconds", "attempts/s", "failed", "lost"];
    let mut table = plain(&header, &[0, 1, 2, 3, 4, 5]);
    for it in &report.ranking {
        let rate =
            it.tasks_per_busy_second.map_or_else(|| "-".to_owned(), |rate| format!("{:.1}", f64::from(rate)));
        table.add_row([
            it.worker.to_string(),
            grouped(it.tasks),
            seconds(it.busy_micros),
            rate,
            grouped(it.failures),
            grouped(it.losses),
        ]);
    }
    table.trim_fmt() + "\n"
}

/// Those before the latest.
pub(super) fn earlier(report: &SessionsReport) -> String {
    let Some((_, earlier @ [_, ..])) = report.sessions.split_first() else { return String::new() };
    let mut table =
        plain(&["earlier", "ended", "variants", "seconds", "efficiency", "advice"], &[0, 2, 3, 4]);
    for session in earlier {
        let it = &session.report;
        table.add_row([
            session.experiment.to_string(),
            moment(session.at),
            grouped(it.variants.settled()),
            seconds(it.session.wall_micros),
            it.efficiency.map_or_else(|| "-".to_owned(), percent),
            inline(&it.bottleneck.recommendation),
        ]);
    }
    format!("\n{}\n", table.trim_fmt())
}

fn percent(share: impl Into<f64>) -> String {
    format!("{:.1} %", share.into() * 100.0)
}

fn seconds(micros: u64) -> String {
    format!("{:.3}", micros as f64 / 1e6)
}
