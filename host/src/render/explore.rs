//! The report of an exploration, for a terminal and as Markdown. Names, texts and sources in it come from strangers.

use stratbox_decide::comparison::Comparison;
use stratbox_domain::RunOutcome;
use stratbox_metrics::MetricName;
use stratbox_store::ExperimentId;

use super::comparison::{self as compared, escape};
use super::experiments::plain;
use super::figures::{brief_params, data, figure, in_units, limits, params, walls};
use super::text::{counted, grouped, inline};
use super::venue::venue;
use super::{belief, diagnostics};
use crate::explore::{ApproachDocument, ExploreReport, State};
use crate::session::Early;

/// Characters of a source that are shown.
const MAX_CODE: usize = 64 << 10;

/// Of an approach's best variant.
const COLUMNS: [MetricName; 4] =
    [MetricName::Sharpe, MetricName::TotalReturn, MetricName::MaxDrawdown, MetricName::Trades];

pub(crate) fn human(report: &ExploreReport) -> String {
    let mut text = format!("exploration {}, ranked by {}\n", report.name, report.objective);
    if !report.problem.is_empty() {
        text += &format!("{}\n", report.problem);
    }
    text += &format!("\n{}", approaches(report));
    text += &leaders(report);
    if let Some(comparison) = comparison(report) {
        text += &format!("\n{}", compared::human(comparison, report.settings.parts()));
    }
    text += &selection(report);
    for (id, found) in &report.beliefs {
        text += &format!("\nexperiment {id}\n{}", belief::human(found).trim_start_matches('\n'));
    }
    text.push('\n');
    let lines = [
        ("data", data(&report.data)),
        ("venue", venue(&report.policy)),
        ("limits", limits(&report.limits)),
        ("engine", report.engine.clone()),
        ("walls", walls(&report.isolation)),
    ];
    lines.iter().for_each(|(name, value)| text += &format!("{name:<8}{value}\n"));
    text += &format!("\n{}{}\n", rounds(report), times(report));
    text + &stopped(report)
}

fn comparison(report: &ExploreReport) -> Option<&Comparison> {
    report.evaluation.as_ref()?.comparison.as_ref()
}

fn approaches(report: &ExploreReport) -> String {
    let mut header =
        vec!["approach".to_owned(), "state".to_owned(), "variants".to_owned(), "best".to_owned()];
    let metrics = metrics(report.objective);
    header.extend(metrics.iter().map(|name| name.as_str().replace('_', " ")));
    header.push("gates".to_owned());
    header.push("run key".to_owned());
    let names: Vec<&str> = header.iter().map(String::as_str).collect();
    let numbers: Vec<usize> = std::iter::once(2).chain(4..4 + metrics.len()).collect();
    let mut table = plain(&names, &numbers);
    for approach in &report.approaches {
        let mut cells = vec![inline(&approach.approach), approach.state.as_str().to_owned(), ran(approach)];
        let best = approach.best.as_ref();
        cells.push(best.map(|best| brief_params(&best.params)).unwrap_or_default());
        let own = best.and_then(|best| best.metrics.as_ref());
        cells.extend(metrics.iter().map(|name| own.map(|own| figure(own, *name)).unwrap_or_default()));
        cells.push(gates(approach).to_owned());
        cells.push(best.map(|best| best.run_key.short()).unwrap_or_default());
        table.add_row(cells);
    }
    let mut text = format!("{}\n", table.trim_fmt());
    for approach in &report.approaches {
        let Some(reason) = &approach.reason else { continue };
        text += &format!("{}: {}\n", inline(&approach.approach), inline(reason));
        let failure = approach.failure.as_ref();
        text += &failure.and_then(|it| it.diagnostics.as_ref()).map(diagnostics).unwrap_or_default();
        if let Some(hint) = failure.and_then(|it| it.hint.as_ref()) {
            text += &format!("hint: {}\n", inline(hint));
        }
    }
    text + &validation(report)
}

fn validation(report: &ExploreReport) -> String {
    let mut text = String::new();
    for approach in &report.approaches {
        let Some(validated) = &approach.validation else { continue };
        for (_, _, outcome) in &validated.runs {
            let value = match outcome {
                RunOutcome::Completed(metrics) => figure(metrics, report.objective),
                RunOutcome::Faulted(_) | RunOutcome::Interrupted(_) => "did not complete".to_owned(),
            };
            let (name, objective) = (inline(&approach.approach), report.objective);
            text += &format!("{name} on the validation part: {objective} {value}\n");
        }
    }
    text
}

/// The objective first.
fn metrics(objective: MetricName) -> Vec<MetricName> {
    std::iter::once(objective).chain(COLUMNS.into_iter().filter(|name| *name != objective)).collect()
}

/// How many have run of how many, where that is not the same.
fn ran(approach: &ApproachDocument) -> String {
    let settled = approach.completed + approach.faulted + approach.interrupted;
    match approach.state {
        State::Failed => "-".to_owned(),
        _ if settled == approach.variants => grouped(settled),
        _ => format!("{} of {}", grouped(settled), grouped(approach.variants)),
    }
}

fn gates(approach: &ApproachDocument) -> &'static str {
    match &approach.standing {
        None => "-",
        Some(standing) if standing.verdict.answers.accepted => "passed",
        Some(_) => "missed",
    }
}

fn leaders(report: &ExploreReport) -> String {
    if report.leaders.is_empty() {
        return String::new();
    }
    let objective = report.objective.as_str().replace('_', " ");
    let mut table = plain(&["#", "approach", "params", &objective, "run key"], &[0, 3]);
    for (rank, leader) in (1..).zip(&report.leaders) {
        let value = leader.figure.map(|value| in_units(report.objective, value)).unwrap_or_default();
        table.add_row(vec![
            u64::to_string(&rank),
            inline(&leader.approach),
            brief_params(&leader.params),
            value,
            leader.run_key.short(),
        ]);
    }
    format!("\nthe best of all variants\n{}\n", table.trim_fmt())
}

fn selection(report: &ExploreReport) -> String {
    let mut text = String::new();
    let evaluation = report.evaluation.as_ref();
    if let Some(selection) = evaluation.and_then(|it| it.selection.as_ref()) {
        let trials = counted(selection.trials, "trial");
        text += &format!("\nselected, out of {trials}\n");
        for chosen in &selection.chosen {
            let (name, why) = (inline(&chosen.name), inline(&chosen.why.to_string()));
            text += &format!("  {}. {name}: {why}{}\n", chosen.place, doubt(report, &chosen.name));
        }
        for other in &selection.passed_over {
            text += &format!("  -  {}: {}\n", inline(&other.name), inline(&other.why.to_string()));
        }
        for tie in &selection.tie_breaks {
            text +=
                &format!("  tied, decided by the {}: {}\n", tie.decided_by, inline(&tie.names.join(", ")));
        }
    }
    if let Some(note) = evaluation.and_then(|it| it.selection_note.as_ref()) {
        text += &format!("note: {}\n", inline(note));
    }
    text
}

/// What has to be said of one that is selected although it did not pass its gates.
fn doubt(report: &ExploreReport, name: &str) -> &'static str {
    let own = report.approaches.iter().find(|approach| approach.approach == name);
    let has_passed = own.and_then(|it| it.standing.as_ref()).is_some_and(|it| it.verdict.answers.accepted);
    if has_passed { "" } else { "; it did not pass its gates" }
}

fn rounds(report: &ExploreReport) -> String {
    let mut text = String::new();
    for round in &report.rounds {
        let given: Vec<String> = round
            .approaches
            .iter()
            .map(|(name, count)| format!("{} {}", inline(name), grouped(*count)))
            .collect();
        let (experiments, why) = (numbers(&round.experiments), inline(&round.why));
        text += &format!("round {} ({experiments}): {why}: {}\n", round.round, given.join(", "));
    }
    if !report.ended.is_empty() {
        text += &format!("no further round: {}\n", inline(&report.ended));
    }
    if report.research {
        text += "next: other ideas; an approach that is added to the file is tried beside what is there\n";
    }
    text
}

fn numbers(experiments: &[ExperimentId]) -> String {
    let all: Vec<String> = experiments.iter().map(ToString::to_string).collect();
    match all.len() {
        1 => format!("experiment {}", all[0]),
        _ => format!("experiments {}", all.join(", ")),
    }
}

fn times(report: &ExploreReport) -> String {
    let times = &report.times;
    format!(
        "{:.1} s on {}; {:.1} s one after another, {:.1} s saved; {:.1} s to judge it",
        times.wall_seconds,
        counted(times.workers as u64, "worker"),
        times.one_after_another_seconds,
        times.saved_seconds,
        times.judging_seconds,
    )
}

/// What to say when an exploration came to its end without a variant to rank.
pub(crate) fn nothing_to_compare(report: &ExploreReport) -> Option<String> {
    let is_nobody = report.evaluation.is_some() && report.approaches.iter().all(|it| it.best.is_none());
    is_nobody.then(|| "note: nothing can be recommended: no approach has a variant to rank".to_owned())
}

/// Why it stopped early, and how to go on.
fn stopped(report: &ExploreReport) -> String {
    let Some((early, command)) = &report.stopped else { return String::new() };
    let why = match early {
        Early::Interrupted => "Ctrl-C",
        Early::Failures => "paused, because too many variants failed",
        Early::Failed => "stopped by a failure",
    };
    format!("\n{why}: what is done is kept, and is answered from the workspace; to go on: {command}\n")
}

/// As Markdown.
pub(crate) fn markdown(report: &ExploreReport) -> String {
    let mut text = format!("# {}\n\n", escape(&report.name));
    if !report.problem.is_empty() {
        text += &format!("{}\n\n", escape(&report.problem));
    }
    text += &format!("## Approaches\n\n{}\n", described(report));
    match comparison(report) {
        Some(comparison) => {
            text += &format!("{}\n", compared::markdown(comparison, report.settings.parts()));
        }
        None => text += "Nothing was compared.\n\n",
    }
    text += &chosen(report);
    text += &code(report);
    let (objective, bars) = (escape(report.objective.as_str()), escape(&data(&report.data)));
    let (policy, trials) = (escape(&venue(&report.policy)), grouped(report.trials));
    text + &format!(
        "## How it was measured\n\n- objective: {objective}\n- data: {bars}\n- venue: {policy}\n- trials on these bars: {trials}\n"
    )
}

fn described(report: &ExploreReport) -> String {
    let mut text = String::new();
    for approach in &report.approaches {
        let state = match &approach.reason {
            Some(reason) => format!("{}: {}", escape(approach.state.as_str()), escape(reason)),
            None => escape(approach.state.as_str()),
        };
        text += &format!("### {}\n\n", escape(&approach.approach));
        for said in [&approach.description, &approach.rationale] {
            if !said.is_empty() {
                text += &format!("{}\n\n", escape(said));
            }
        }
        approach.characteristics.iter().for_each(|it| text += &format!("- {}\n", escape(it)));
        text += &format!("- state: {state}\n- variants: {}\n", escape(&ran(approach)));
        if let Some(best) = &approach.best {
            let value = best.figure.map(|value| in_units(report.objective, value)).unwrap_or_default();
            let (objective, own) = (escape(report.objective.as_str()), escape(&params(&best.params)));
            text += &format!("- best: {own}, {objective} {}\n- gates: {}\n", escape(&value), gates(approach));
        }
        text.push('\n');
    }
    text
}

fn chosen(report: &ExploreReport) -> String {
    let evaluation = report.evaluation.as_ref();
    let Some(selection) = evaluation.and_then(|it| it.selection.as_ref()) else { return String::new() };
    let mut text = "## Selection\n\n".to_owned();
    for chosen in &selection.chosen {
        let (name, why) = (escape(&chosen.name), escape(&chosen.why.to_string()));
        text += &format!("{}. **{name}**: {why}{}\n", chosen.place, doubt(report, &chosen.name));
    }
    for other in &selection.passed_over {
        text += &format!("- {}: {}\n", escape(&other.name), escape(&other.why.to_string()));
    }
    text + "\n"
}

/// The source of the recommended approach, in a fence that nothing in it can close.
fn code(report: &ExploreReport) -> String {
    let Some(code) = &report.code else { return String::new() };
    let shown: String = code.chars().take(MAX_CODE).collect();
    let longest = shown.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let shown = super::text::block(&shown);
    let cut = if shown.len() < code.len() { "\nIt goes on.\n" } else { "" };
    format!("## Source of what is recommended\n\n{fence}rust\n{}\n{fence}\n{cut}\n", shown.trim_end())
}
