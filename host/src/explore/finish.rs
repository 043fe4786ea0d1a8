//! The end of an exploration: its figures, the last that is told, and the report.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use stratbox_decide::comparison::{Comparison, Criterion};

use super::approach::Approach;
use super::evaluation::{Compared, Evaluation};
use super::events::Happening;
use super::explorer::Explorer;
use super::judged::Judged;
use super::report::{ApproachDocument, BestDocument, ExploreReport, Leader, Times};
use crate::failure::Failure;
use crate::session;
use crate::sweep::Validated;

/// What is known at the end.
pub(super) struct Findings {
    judged: Option<Judged>,
    evaluation: Option<Evaluation>,
    approaches: Vec<ApproachDocument>,
    leaders: Vec<Leader>,
}

impl Findings {
    /// Of one that was stopped, only what there is.
    pub(super) fn of(explorer: &mut Explorer<'_>, criteria: &[Criterion], top: u32) -> Result<Self, Failure> {
        let (mut judged, mut evaluation, mut validated) = (None, None, BTreeMap::new());
        let stopped = explorer.stopped.is_some();
        if stopped {
            tell_what_became_of_each(explorer, None)?;
        } else {
            let compared = Compared::of(explorer, criteria)?;
            // Before what takes long.
            tell_what_became_of_each(explorer, compared.comparison.as_ref())?;
            let found = explorer.judge()?;
            evaluation = Some(Evaluation::of(explorer, criteria, compared, &found));
            validated = self::validated(explorer)?;
            judged = Some(found);
        }
        let document = |(place, approach): (usize, &Approach)| {
            let appraised = evaluation.as_ref().and_then(|it: &Evaluation| it.appraised.get(&place));
            let figures = appraised.map(|it| it.figures.clone()).unwrap_or_default();
            let best = approach.results.best.as_ref();
            ApproachDocument {
                best: best.map(|row| BestDocument::of(row, figures)),
                standing: judged.as_ref().and_then(|it: &Judged| it.standings.get(&place)).cloned(),
                validation: validated.remove(&place),
                ..document(approach, stopped)
            }
        };
        let approaches = explorer.approaches.iter().enumerate().map(document).collect();
        let leaders = leaders(explorer, top)?;
        Ok(Self { judged, evaluation, approaches, leaders })
    }
}

/// What became of an approach, without its best.
fn document(approach: &Approach, stopped: bool) -> ApproachDocument {
    let (state, reason) = approach.state(stopped);
    let Approach { described, results, failure, .. } = approach;
    ApproachDocument {
        approach: described.name.clone(),
        description: described.description.clone(),
        rationale: described.rationale.clone(),
        characteristics: described.characteristics.clone(),
        scores: described.scores.clone(),
        state,
        reason,
        failure: failure.clone(),
        variants: results.variants,
        completed: results.completed,
        faulted: results.faulted,
        interrupted: results.interrupted,
        best: None,
        standing: None,
        validation: None,
    }
}

/// The report, and the last that is told. `running` says how long it took until nothing more was run.
pub(super) fn finish(
    mut explorer: Explorer<'_>,
    findings: Findings,
    problem: String,
    running: Duration,
    begun: Instant,
) -> Result<ExploreReport, Failure> {
    let Findings { judged, evaluation, approaches: documents, leaders } = findings;
    tell_the_end(&mut explorer, evaluation.as_ref())?;
    let work: Duration = explorer.approaches.iter().map(|approach| approach.spent).sum();
    let Explorer { means, settings, files, ground, approaches, groups, rounds, stream, stopped, .. } =
        explorer;
    stream.end().iter().for_each(|line| (means.note)(line));
    let codes = groups.iter().flat_map(|group| &group.plan.strategies).map(|it| &it.strategy.code);
    let (engine, isolation) = (means.engine.version(codes).to_owned(), means.engine.walls());
    let (policy, limits) = files[0].conditions();
    let limits = groups.first().map_or(limits, |group| group.plan.limits);
    let best = evaluation.as_ref().and_then(Evaluation::best);
    let recommended = approaches.into_iter().find(|approach| Some(&*approach.described.name) == best);
    let code = recommended.and_then(|approach| approach.code);
    let (trials, beliefs) = judged.map_or((0, Vec::new()), |it| (it.trials, it.beliefs));
    let (stopped, failure) =
        stopped.map(|(early, failure)| ((early, means.again.to_owned()), failure)).unzip();
    let failure = failure.flatten().or_else(|| evaluation.as_ref()?.failure.clone());
    Ok(ExploreReport {
        name: files[0].name(),
        problem,
        file: files[0].shown(),
        objective: ground.aim.objective,
        data: ground.bars.summary,
        policy,
        limits,
        engine,
        isolation,
        settings,
        rounds,
        ended: if stopped.is_some() { "it was stopped".to_owned() } else { explorer.ended },
        research: explorer.research,
        approaches: documents,
        trials,
        beliefs,
        evaluation,
        leaders,
        times: Times::of((running, begun.elapsed()), work, means.workers().get()),
        code,
        stopped,
        failure,
    })
}

/// The best variants of all approaches; of equal ones those of the first run key.
fn leaders(explorer: &Explorer<'_>, top: u32) -> Result<Vec<Leader>, Failure> {
    let reader = explorer.means.setting.workspace()?.reader()?;
    let mut all = Vec::new();
    for group in &explorer.groups {
        for row in reader.leaders(group.id, top)? {
            let place = group.plan.strategy_of(row.variant).map(|(place, _)| group.owners[place]);
            let Some(place) = place else { continue };
            let approach = explorer.approaches[place].described.name.clone();
            all.push(Leader { approach, params: row.params, run_key: row.key, figure: row.figure });
        }
    }
    let key = |leader: &Leader| (leader.run_key, leader.approach.clone());
    let order = stratbox_decide::rank(&all, |leader| leader.figure, explorer.direction(), key);
    let mut all: Vec<Option<Leader>> = all.into_iter().map(Some).collect();
    Ok(order.into_iter().take(top as usize).filter_map(|place| all[place].take()).collect())
}

/// Runs the best of each approach on the validation part, if the file keeps one.
fn validated(explorer: &Explorer<'_>) -> Result<BTreeMap<usize, Validated>, Failure> {
    let mut all = BTreeMap::new();
    let mut writer = explorer.means.setting.workspace()?.writer()?;
    for group in &explorer.groups {
        for place in group.members() {
            let Some(best) = &explorer.approaches[place].results.best else { continue };
            let how = (explorer.means.workers(), session::now());
            let found = group.plan.validate(explorer.means.engine, &mut writer, &[(1, best.variant)], how)?;
            all.extend(found.map(|found| (place, found)));
        }
    }
    Ok(all)
}

/// Tells what became of each approach.
fn tell_what_became_of_each(
    explorer: &mut Explorer<'_>,
    comparison: Option<&Comparison>,
) -> Result<(), Failure> {
    let stopped = explorer.stopped.is_some();
    let Explorer { approaches, stream, .. } = explorer;
    for approach in approaches {
        let name = &approach.described.name;
        let (state, reason) = approach.state(stopped);
        let row = comparison.and_then(|it| it.rows.iter().find(|row| row.name == *name));
        let criteria = comparison.map(|it| &it.criteria[..]).unwrap_or_default();
        let cells = row.map(|row| &row.cells[..]).unwrap_or_default();
        let scores = criteria.iter().zip(cells);
        let scores = scores.filter_map(|(criterion, cell)| Some((criterion.name.as_str(), cell.score?)));
        stream.tell(&Happening::ApproachComplete {
            approach: name,
            state: state.as_str(),
            reason: reason.as_deref(),
            scores: scores.collect(),
        })?;
    }
    Ok(())
}

/// Tells what all of them are worth.
fn tell_the_end(explorer: &mut Explorer<'_>, evaluation: Option<&Evaluation>) -> Result<(), Failure> {
    let Some(comparison) = evaluation.and_then(|it| it.comparison.as_ref()) else { return Ok(()) };
    explorer.stream.tell(&Happening::Evaluated {
        top_approach: comparison.recommendation.best.as_deref(),
        comparison_matrix: &comparison.rows,
    })
}
