//! The validation of a queue, for people.

use stratbox_decide::Category;

use super::experiments::plain;
use super::figures::walls;
use super::text::{counted, grouped, inline, size};
use crate::validate::{Escalated, HistoryReport, Plan, StrategyReport, TierReport, ValidateReport};

/// What is going to be done.
pub(crate) fn plan(plan: &Plan) -> String {
    let mut text = plan_line(plan, "") + "\n";
    if plan.strategies.is_empty() {
        return text;
    }
    let header =
        ["#", "strategy", "tier", "status", "variants", "worker", "seconds", "known from", "time-out"];
    let mut table = plain(&header, &[0, 4, 5, 6, 8]);
    for (number, it) in plan.strategies.iter().enumerate() {
        table.add_row([
            (number + 1).to_string(),
            it.id.clone(),
            it.tier.to_string(),
            it.status.to_string(),
            grouped(it.variants),
            it.worker.to_string(),
            format!("{:.1}", it.expected_seconds),
            it.basis.to_owned(),
            format!("{} s", it.timeout_seconds),
        ]);
    }
    text += &format!("\n{}\n\n", table.trim_fmt());
    text += &format!("{:<10}{}\n", "memory", size(plan.memory_bytes as usize));
    if plan.cost_per_cpu_hour > 0.0 {
        text += &format!("{:<10}{:.4}, at {} an hour\n", "cost", plan.cost, plan.cost_per_cpu_hour);
    }
    let it = &plan.assumptions;
    text += &format!(
        "{:<10}{} s to compile, {} s to start a process, {} us a bar and variant, {} bytes a bar\n",
        "assumed", it.seconds_a_source, it.seconds_a_process, it.microseconds_a_bar, it.bytes_a_bar
    );
    if plan.dry_run {
        text += "\nnothing was done\n";
    }
    text
}

/// The same in one line, with where it was written to.
pub(crate) fn plan_line(plan: &Plan, target: &str) -> String {
    let strategies = |count: usize| match count {
        1 => "1 strategy".to_owned(),
        count => format!("{} strategies", grouped(count as u64)),
    };
    let others = match plan.not_due {
        0 => String::new(),
        count => format!(" ({} not due)", grouped(count as u64)),
    };
    if plan.strategies.is_empty() {
        return format!("{}: nothing is due{others}", plan.queue);
    }
    let tiers: Vec<&str> = plan.tiers.iter().map(|tier| tier.as_str()).collect();
    let written = if target.is_empty() { String::new() } else { format!("; plan: {target}") };
    format!(
        "{}: {} due{others} at {} on {}, about {:.1} s for the first tier of each ({:.1} s one after another){written}",
        plan.queue,
        strategies(plan.strategies.len()),
        tiers.join(", "),
        counted(plan.workers as u64, "worker"),
        plan.expected_seconds,
        plan.sequential_seconds,
    )
}

/// What came of it.
pub(crate) fn human(report: &ValidateReport) -> String {
    let mut text = String::new();
    if report.tiers.is_empty() {
        text += &format!("{}: nothing is due\n", report.queue);
    }
    report.tiers.iter().for_each(|it| text += &tier(it));
    if !report.failures.is_empty() {
        text += "\nwhy strategies did not pass\n";
        let mut failures: Vec<_> = report.failures.iter().collect();
        failures.sort_by_key(|(why, count)| (std::cmp::Reverse(**count), (*why).clone()));
        failures.iter().for_each(|(why, count)| text += &format!("  {count:>6}  {}\n", inline(why)));
    }
    report.alerts.iter().for_each(|it| text += &format!("\nalert: {}", inline(&it.sentence)));
    if !report.alerts.is_empty() {
        text.push('\n');
    }
    text += &format!("\n{}\n", metrics(report));
    if let Some(isolation) = &report.isolation {
        text += &format!("{:<8}{}\n", "walls", walls(isolation));
    }
    if let Some(escalated) = &report.escalation {
        text += &format!("\n{}\n", question(escalated));
        text += match escalated.decision {
            "continue" => "it went on with those that passed\n",
            _ => "stopped: nothing more is begun until somebody decides\n",
        };
    }
    if let Some(stopped) = &report.stopped {
        text += &format!(
            "\nstopped, as `fail_fast` says: {} did not pass; not begun: {}\n",
            stopped.failed.join(", "),
            stopped.not_begun.join(", ")
        );
    }
    if report.interrupted {
        text += "\nCtrl-C: what has a result is kept; run the same command again to go on\n";
    }
    text
}

fn metrics(report: &ValidateReport) -> String {
    let it = &report.metrics.summary;
    let saved = match it.compute_saved_percent {
        // Each took as long as it did beside the others, which on a busy machine is longer than alone.
        Some(percent) if it.compute_saved_seconds > 0.0 => format!(
            "; one after another at most {:.1} s, so that up to {:.1} s ({percent:.0} %) were saved",
            it.sequential_equivalent_seconds, it.compute_saved_seconds
        ),
        Some(_) | None => String::new(),
    };
    format!(
        "{} passed, {} did not; {:.1} s{saved}",
        it.strategies_passed, it.strategies_failed, it.wall_clock_seconds
    )
}

fn tier(report: &TierReport) -> String {
    let counts: Vec<String> =
        report.categories.iter().map(|(category, count)| format!("{count} {category}")).collect();
    let mut text = format!(
        "{}: {} in {:.1} s on {}\n\n",
        report.tier,
        if counts.is_empty() { "no result".to_owned() } else { counts.join(", ") },
        report.wall_seconds,
        counted(report.workers as u64, "worker")
    );
    report.strategies.iter().for_each(|it| text += &strategy(it));
    if !report.without_result.is_empty() {
        text += &format!("without a result: {}\n", report.without_result.join(", "));
    }
    report.notes.iter().for_each(|line| text += &format!("note: {}\n", inline(line)));
    text.push('\n');
    text
}

fn strategy(it: &StrategyReport) -> String {
    let how = match (it.answered, &it.same_as) {
        ("same", Some(id)) => format!(", the same as {id}"),
        ("kept", _) => ", answered from what was kept".to_owned(),
        ("unchanged", _) => ", not validated again: nothing was changed".to_owned(),
        _ => String::new(),
    };
    let retries = match it.retries {
        0 => String::new(),
        count => format!(", {}", counted(u64::from(count), "retry").replace("retrys", "retries")),
    };
    let mut text = format!("{:<20} {:<17}{:>8.1} s{retries}{how}\n", it.id, it.category.as_str(), it.seconds);
    if let Some(verdict) = &it.verdict {
        let passed = |passed| if passed { "+" } else { "-" };
        let answers = &verdict.verdict.gates;
        answers.iter().for_each(|it| text += &format!("  {} {}\n", passed(it.passed), inline(&it.reason())));
        text += &format!(
            "    {}; {}; fingerprint {:.12}\n",
            verdict.split,
            counted(verdict.trials, "trial"),
            verdict.fingerprint
        );
    }
    it.remarks.iter().for_each(|line| text += &format!("    {}\n", inline(line)));
    if it.category != Category::Pass
        && let Some(reason) = &it.reason
    {
        text += &format!("    reason: {}\n", inline(reason));
    }
    text
}

/// Why somebody has to decide, and what can be done.
pub(crate) fn question(escalated: &Escalated) -> String {
    let because: Vec<String> = escalated.escalation.because.iter().map(|it| inline(&it.sentence)).collect();
    let mut text = format!("{}: {}; what can be done:", escalated.escalation.tier, because.join(", "));
    for (option, to_do) in escalated.escalation.options.iter().zip(&escalated.to_do) {
        text += &format!("\n  - {}\n      {}", inline(&option.sentence), inline(to_do));
    }
    text
}

/// How the last validations went.
pub(crate) fn history(report: &HistoryReport) -> String {
    let damaged = report.damaged.as_deref();
    let mut text =
        damaged.map(|why| format!("earlier ones cannot be read: {}\n", inline(why))).unwrap_or_default();
    if report.validations.is_empty() {
        return text + "no validation is known in this workspace\n";
    }
    let header = ["ended", "queue", "workers", "passed", "failed", "seconds", "saved", "mean", "longest"];
    let mut table = plain(&header, &[2, 3, 4, 5, 6, 7, 8]);
    let seconds = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
    for it in &report.validations {
        let metrics = &it.metrics;
        table.add_row([
            inline(&it.run_date),
            inline(&it.queue),
            it.workers.to_string(),
            metrics.strategies_passed.to_string(),
            metrics.strategies_failed.to_string(),
            format!("{:.1}", metrics.wall_clock_seconds),
            metrics.compute_saved_percent.map_or_else(|| "-".to_owned(), |share| format!("{share:.0} %")),
            seconds(metrics.average_worker_time_seconds),
            seconds(metrics.max_worker_time_seconds),
        ]);
    }
    text += &format!("{}\n", table.trim_fmt());
    text
}
