//! How much the best variant deserves belief, for people.

use std::collections::BTreeMap;

use stratbox_decide::GateAnswer;
use stratbox_domain::RunOutcome;
use stratbox_metrics::{Figure, MetricName, Stated, Unit};
use stratbox_store::Row;

use super::figures::{figure, in_units, params};
use super::text::{counted, grouped, inline};
use crate::belief::{Belief, CalibrationReport, LookReport, Shape, TrialsReport};
use crate::sweep::{HeldOut, Validated, held_out_line};

pub(crate) fn human(belief: &Belief) -> String {
    let trials = &belief.trials;
    let mut text = format!(
        "\nbelief in the best, {} {}: the best of {} on these bars",
        inline(&belief.strategy),
        params(&belief.params),
        counted(trials.total, "trial"),
    );
    if trials.total > trials.own {
        text += &format!(", {} of which are of this experiment", grouped(trials.own));
    }
    if let Some(effective) = trials.effective.value() {
        text += &format!("; as alike as they are, they are worth {effective:.0}");
    }
    if trials.without_series > 0 {
        text += &format!("; {} of the sample have no returns", grouped(trials.without_series as u64));
    }
    text += "\n\n";
    for name in ["sharpe", "psr", "dsr_threshold", "dsr", "pbo", "min_track_record", "min_backtest_length"] {
        text += &line(&belief.figures, name, belief);
    }
    if let Some(tests) = &belief.superior_ability {
        let (check, spa) = (tests.plain.upper, tests.studentised.consistent);
        let of = counted(tests.variants as u64, "variant");
        text +=
            &format!("  {:<22}{check:>12.3}  p-value over {of}, against no return at all\n", "reality check");
        text += &format!("  {:<22}{spa:>12.3}  p-value, Hansen's consistent one\n", "spa");
    }
    text += &selection(belief);
    text += &shape(&belief.shape);
    text += &format!("\n  verdict: {}\n", verdict(&belief.verdict.answers.gates));
    text
}

fn line(stated: &Stated, name: &str, belief: &Belief) -> String {
    let Some((statement, figure)) = stated.iter().find(|(statement, _)| statement.name == name) else {
        return String::new();
    };
    let interval = belief.intervals.as_ref().filter(|_| name == "sharpe").and_then(|intervals| {
        let (low, high) = (intervals.sharpe.low.value()?, intervals.sharpe.high.value()?);
        Some(format!("  {low:.2} to {high:.2} with a confidence of {}", intervals.level))
    });
    let of = belief.pbo.as_ref().filter(|_| name == "pbo");
    let of = of.map(|pbo| format!("  over {}", counted(pbo.variants as u64, "variant")));
    let said = match figure.missing() {
        Some(missing) => format!("  ({missing})"),
        None => interval.or(of).unwrap_or_default(),
    };
    format!("  {:<22}{:>12}{said}\n", name.replace('_', " "), value(*figure, statement.unit))
}

fn value(figure: Figure, unit: Unit) -> String {
    let Some(value) = figure.value() else { return "-".to_owned() };
    match unit {
        Unit::Years => format!("{value:.1} years"),
        _ => format!("{value:.3}"),
    }
}

fn selection(belief: &Belief) -> String {
    let mut text = String::new();
    if let Some(missing) = &belief.selection.folds_missing {
        text += &format!("  folds: none ({missing})\n");
    }
    let yearly = |figure: Figure| {
        let value = figure.value().zip(belief.points_per_year).map(|(value, points)| value * points.sqrt());
        value.map_or("none".to_owned(), |value| format!("{value:.3}"))
    };
    if let Some(walk) = &belief.selection.walk_forward {
        let kept = walk
            .efficiency
            .as_ref()
            .map_or_else(ToString::to_string, |kept| format!("{:.0} %", kept * 100.0));
        let folds = counted(walk.choices.len() as u64, "fold");
        let (chosen, out) = (yearly(walk.in_sample), yearly(walk.out_of_sample));
        text += &format!(
            "  walking forward, {folds}: sharpe {out} a year out of sample, {chosen} where it was chosen: {kept}\n"
        );
    }
    if let Some(combined) = &belief.selection.cpcv {
        let spread = &combined.spread;
        let paths = counted(spread.count as u64, "path");
        let losing = spread.losing.map_or("-".to_owned(), |share| format!("{:.0} %", share * 100.0));
        let of = |value: Option<f64>| value.map_or("none".to_owned(), |value| yearly(Figure::of(value)));
        let (mean, min) = (of(spread.mean), of(spread.min));
        text += &format!(
            "  cross-validated, {paths}: sharpe {mean} a year on average, at least {min}; {losing} lose\n"
        );
    }
    text
}

fn shape(shape: &Shape) -> String {
    let mut text = String::new();
    if let Some(kept) = shape.retained {
        let neighbours = counted(shape.neighbours as u64, "neighbour");
        text +=
            &format!("  plateau: the median of its {neighbours} keeps {:.0} % of its figure\n", kept * 100.0);
    }
    for edge in &shape.edges {
        text += &format!("  edge: {edge}\n");
    }
    let weights = shape.importance.iter().filter_map(|it| Some((inline(&it.parameter), it.adjusted?)));
    let weights: Vec<String> = weights
        .filter(|(_, share)| *share > 0.0)
        .map(|(name, share)| format!("{name} {:.0} %", share * 100.0))
        .collect();
    if !weights.is_empty() {
        text += &format!("  importance: {}\n", weights.join(", "));
    }
    text
}

/// What the gates say: a line for all of them, and one for each.
fn verdict(gates: &[GateAnswer]) -> String {
    let failed = gates.iter().filter(|answer| !answer.passed).count();
    let mut text = match (gates.len(), failed) {
        (0, _) => return "no gate was asked".to_owned(),
        (_, 0) => "accepted: it passes every gate".to_owned(),
        (all, failed) => format!("not to be believed: it fails {failed} of {}", counted(all as u64, "gate")),
    };
    for answer in gates {
        let passed = if answer.passed { "passes" } else { "fails " };
        let margin = answer.margin.map(|margin| format!(", margin {margin:+.3}")).unwrap_or_default();
        text += &format!("\n    {passed}  {}{margin}", asked(answer));
    }
    text
}

/// What a gate asked, and what it found.
pub(crate) fn asked(answer: &GateAnswer) -> String {
    let name = &answer.gate.figure;
    let must = answer.gate.bound.words();
    match answer.value.value() {
        Some(value) => format!("`{name}` is {value:.3} and must be {must}"),
        None => format!(
            "`{name}` has no value ({}) and must be {must}",
            answer.missing.as_deref().unwrap_or("it was not computed")
        ),
    }
}

/// What came of the best on bars that they were not chosen by, beside what they were chosen for.
pub(crate) fn validated(validated: &Validated, best: &[(u64, Row)], objective: MetricName) -> String {
    let name = objective.as_str().replace('_', " ");
    let data = &validated.data;
    let mut text =
        format!("\nvalidation, {} to {}: {name} there, and where it was chosen\n\n", data.from, data.to);
    for (rank, _, outcome) in &validated.runs {
        let row = best.iter().find(|(own, _)| own == rank).map(|(_, row)| row);
        let chosen =
            row.and_then(|row| row.figure).map(|value| in_units(objective, value)).unwrap_or_default();
        let there = match outcome {
            RunOutcome::Completed(metrics) => format!(
                "{:>12}{chosen:>12}  return {}, drawdown {}, trades {}",
                figure(metrics, objective),
                figure(metrics, MetricName::TotalReturn),
                figure(metrics, MetricName::MaxDrawdown),
                figure(metrics, MetricName::Trades)
            ),
            RunOutcome::Faulted(fault) => fault.label.to_string(),
            RunOutcome::Interrupted(reason) => reason.label().to_owned(),
        };
        text += &format!("  {rank:>3}{there}\n");
    }
    text
}

/// What somebody saw of a holdout.
pub(crate) fn look(report: &LookReport) -> String {
    let mut text = match &report.outcome {
        RunOutcome::Completed(metrics) => format!("completed\n\n{}\n", super::run::figures(metrics)),
        RunOutcome::Faulted(fault) => format!("faulted: {} ({})\n\n", fault.label, inline(&fault.message)),
        RunOutcome::Interrupted(reason) => format!("interrupted: {}\n\n", reason.label()),
    };
    let lines = [
        ("strategy", format!("{}, variant {}", inline(&report.strategy), report.variant)),
        ("params", params(&report.params)),
        ("data", super::figures::data(&report.data)),
        ("run key", report.run_key.to_string()),
    ];
    lines.iter().for_each(|(name, value)| text += &format!("{name:<10}{value}\n"));
    text + "\n" + &holdout(&report.holdout)
}

/// Who looked at what is held out.
pub(crate) fn holdout(held: &HeldOut) -> String {
    let mut text = format!("holdout   {}\n", held_out_line(held));
    for look in &held.looks {
        let variant = look.variant.map(|variant| format!(", variant {variant}")).unwrap_or_default();
        let of = look.experiment.map(|id| format!("experiment {id}{variant}")).unwrap_or_default();
        let at = super::text::time(i64::try_from(look.at).unwrap_or(i64::MAX).saturating_mul(1_000_000));
        text += &format!("  {:>3}  {at}  {of}  {}: {}\n", look.number, inline(&look.who), inline(&look.why));
    }
    text
}

/// What was tried on some bars, and by whom.
pub(crate) fn trials(report: &TrialsReport) -> String {
    let trials = &report.trials;
    let sessions = counted(trials.sessions, "session");
    let reused = |count: u64| match count {
        0 => String::new(),
        count => format!("  and {} reused, counted when they were made", grouped(count)),
    };
    let mut text = format!(
        "{} on bars that experiment {} could have used, in {sessions}\n",
        counted(report.made, "trial"),
        report.experiment
    );
    let mut by_experiment = BTreeMap::<_, (u64, u64)>::new();
    for part in &trials.parts {
        let sum = by_experiment.entry(part.experiment).or_default();
        *sum = (sum.0.saturating_add(part.made()), sum.1.saturating_add(part.reused));
    }
    for (experiment, (made, answered)) in by_experiment {
        let who = experiment.map_or("outside of experiments".to_owned(), |id| format!("experiment {id}"));
        text += &format!("  {:<24}{:>12}{}\n", who, grouped(made), reused(answered));
    }
    text
}

/// How often something was accepted.
pub(crate) fn calibration(report: &CalibrationReport) -> String {
    let mut text = format!(
        "{}: {} a world, on worlds made from {}\n\n",
        inline(&report.file),
        counted(report.variants, "variant"),
        super::figures::data(&report.data)
    );
    text += &format!(
        "  {:<14}{:>8}{:>10}{:>14}{:>12}{:>12}\n",
        "world", "worlds", "accepted", "without best", "median dsr", "median pbo"
    );
    for kind in &report.kinds {
        let median = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
        let name = kind.world.label().replace('_', " ");
        let (dsr, pbo) = (median(kind.median_dsr), median(kind.median_pbo));
        text += &format!(
            "  {name:<14}{:>8}{:>10}{:>14}{dsr:>12}{pbo:>12}\n",
            kind.worlds, kind.accepted, kind.without_a_best
        );
    }
    if let Some(rate) = report.false_acceptance {
        text += &format!("\nfalse acceptance: {:.1} % of the worlds without an edge\n", rate * 100.0);
    }
    if report.stopped {
        text += "\nstopped before all worlds were done\n";
    }
    text
}
