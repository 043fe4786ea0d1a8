//! A plan as an experiment keeps it: all that a sweep needs to go on, whatever has become of the files that it was made from.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use stratbox_decide::Gate;
use stratbox_decide::splits::{CpcvSettings, WalkForwardSettings};
use stratbox_domain::{Digest, Limits, Space, VenuePolicy};
use stratbox_market::{Source, SourceOptions};
use stratbox_store::{Experiment, NewExperiment, NewStrategy, StoredStrategy, Workspace};

use super::aim::Aim;
use super::plan::{MAX_VARIANTS, Order, Plan, PlannedStrategy, Points, Search, not_found};
use super::repeats::repeats;
use super::rungs::Halving;
use super::sampled::Sampled;
use super::split::Division;
use crate::bars::Bars;
use crate::bits::Bits;
use crate::failure::{Failure, FailureKind};
use crate::key::RunKeys;
use crate::strategy::Strategy;
use crate::wiring::Engine;

/// Changes with the layout.
const VERSION: u32 = 2;

/// What was asked: what the store does not need to understand.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    version: u32,
    /// Absolute paths.
    pub(crate) sources: Vec<KeptSource>,
    /// Nanoseconds since the Unix epoch.
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
    /// What is kept from the choice.
    pub(crate) division: Division,
    gates: Vec<Gate>,
    walk_forward: Option<WalkForwardSettings>,
    cpcv: Option<CpcvSettings>,
    halving: Option<Halving>,
    /// Of the bars that are run on.
    pub(crate) bars: Digest,
    pub(crate) aim: Aim,
    pub(crate) venue: VenuePolicy,
    pub(crate) limits: Limits,
    /// Whether no other experiment may answer.
    fresh: bool,
    strategies: Vec<KeptStrategy>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptSource {
    pub(crate) path: PathBuf,
    symbol: Option<String>,
    /// Experiments of versions that knew none have none.
    #[serde(default, skip_serializing_if = "SourceOptions::is_default")]
    options: SourceOptions,
}

/// What the store does not keep of a strategy itself.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptStrategy {
    name: String,
    search: Search,
    named: Vec<String>,
    order: Order,
    /// What all runs of it together may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<Duration>,
}

impl Kept {
    /// Whether the best of the experiment are still to be run on more bars.
    pub(crate) fn goes_on(&self) -> bool {
        self.halving.as_ref().is_some_and(Halving::goes_on)
    }
}

impl Plan {
    /// The experiment that this plan is.
    pub(crate) fn experiment(&self, engine: &Engine) -> Result<NewExperiment, Failure> {
        let source = |source: &Source| {
            let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
            let options = &source.options;
            let options =
                SourceOptions { actions: options.actions.as_ref().map(absolute), ..options.clone() };
            KeptSource { path: absolute(&source.path), symbol: source.symbol.clone(), options }
        };
        let strategy = |planned: &PlannedStrategy| KeptStrategy {
            name: planned.strategy.name.clone(),
            search: planned.search.clone(),
            named: planned.named.clone(),
            order: planned.order.clone(),
            time: planned.time,
        };
        let kept = Kept {
            version: VERSION,
            sources: self.sources.iter().map(source).collect(),
            from: self.data.from,
            to: self.data.to,
            division: self.division,
            gates: self.gates.clone(),
            walk_forward: self.walk_forward.clone(),
            cpcv: self.cpcv.clone(),
            halving: self.halving.clone(),
            bars: self.bars.summary.digest,
            aim: self.aim.clone(),
            venue: self.policy.clone(),
            limits: self.limits,
            fresh: self.fresh,
            strategies: self.strategies.iter().map(strategy).collect(),
        };
        let plan = serde_json::to_string(&kept).map_err(|error| Failure::environment(error.to_string()))?;
        let strategy = |planned: &PlannedStrategy| NewStrategy {
            label: planned.label.clone(),
            source: planned.strategy.source.clone(),
            component: planned.strategy.code.identity().component,
            base: self.keys(engine, planned).base(),
            first: planned.first,
            points: planned.points(),
            space: planned.space(),
        };
        Ok(NewExperiment {
            name: self.name.clone(),
            file: self.file.clone(),
            objective: self.aim.objective,
            engine: self.engine(engine).to_owned(),
            data: self.data,
            plan,
            strategies: self.strategies.iter().map(strategy).collect(),
            variants: self.variants(),
        })
    }

    /// Keys of the runs of one of its strategies.
    pub(crate) fn keys(&self, engine: &Engine, planned: &PlannedStrategy) -> RunKeys {
        self.keys_on(engine, planned, &self.bars)
    }

    /// The same on other bars.
    pub(crate) fn keys_on(&self, engine: &Engine, planned: &PlannedStrategy, bars: &Bars) -> RunKeys {
        let code = &planned.strategy.code;
        let bars = &bars.summary.digest;
        RunKeys::new(code.identity(), bars, &self.policy, &self.limits, engine.version([code]))
    }

    /// The engine's version and settings, with which results are made.
    pub(crate) fn engine<'e>(&self, engine: &'e Engine) -> &'e str {
        engine.version(self.strategies.iter().map(|planned| &planned.strategy.code))
    }

    /// The plan of an experiment that is to go on: the same components on the same bars, or a reason why not.
    pub(crate) fn of_experiment(
        engine: &Engine,
        workspace: &Workspace,
        experiment: &Experiment,
    ) -> Result<Self, Failure> {
        let head = &experiment.head;
        let kept = kept(&experiment.plan)?;
        sound(experiment, &kept).map_err(|problem| {
            damaged(format!("the plan of experiment {} makes no sense: {problem}", head.id))
        })?;
        let source = |kept: &KeptSource| Source {
            path: kept.path.clone(),
            symbol: kept.symbol.clone(),
            options: kept.options.clone(),
        };
        let sources: Vec<Source> = kept.sources.iter().map(source).collect();
        let data = experiment.head.data;
        let bars = Bars::open(engine, &sources, (kept.from, kept.to))
            .map_err(|failure| unavailable(failure.message))?;
        if bars.summary.digest != kept.bars {
            return Err(unavailable("the bars are not those that the experiment began with".to_owned()));
        }
        let (mut strategies, aim) = (Vec::new(), kept.aim);
        let started = Instant::now();
        for (stored, kept) in experiment.strategies.iter().zip(kept.strategies) {
            let component = workspace.component(&stored.component)?;
            let strategy =
                Strategy::of_component(engine, kept.name.clone(), stored.source.clone(), component)?;
            strategies.push(planned(stored, kept, strategy, &aim)?);
        }
        let (name, file) = (head.name.clone(), head.file.clone());
        let (policy, limits, fresh) = (kept.venue, kept.limits, kept.fresh);
        let preparing = started.elapsed();
        let mut plan = Self {
            name,
            file,
            aim,
            sources,
            data,
            division: kept.division,
            gates: kept.gates,
            walk_forward: kept.walk_forward,
            cpcv: kept.cpcv,
            halving: kept.halving,
            bars,
            policy,
            limits,
            strategies,
            preparing,
            fresh,
        };
        let name = plan.name.clone();
        plan.climb()?;
        plan.name = name;
        plan.check(engine, experiment)?;
        Ok(plan)
    }

    /// Whether what would be run now is what was run before.
    fn check(&self, engine: &Engine, experiment: &Experiment) -> Result<(), Failure> {
        let now = self.strategies.iter().map(|planned| self.keys(engine, planned).base());
        if now.eq(experiment.strategies.iter().map(|stored| stored.base)) {
            return Ok(());
        }
        let (before, now) = (&experiment.head.engine, self.engine(engine));
        let problem = format!(
            "experiment {} was begun by another version of stratbox ({before}), and this is {now}: the results of the two would \
             not be comparable",
            experiment.head.id
        );
        Err(Failure::input(problem).hint("go on with that version, or run the sweep file anew with this one"))
    }
}

fn planned(
    stored: &StoredStrategy,
    kept: KeptStrategy,
    strategy: Strategy,
    aim: &Aim,
) -> Result<PlannedStrategy, Failure> {
    let space = stored.space.clone();
    let points = match (&kept.search, &space) {
        (_, None) => Points::One,
        (Search::Sampled(settings), Some(space)) => {
            let sampled = Sampled::new(space.axes().to_vec(), &aim.directions(), settings);
            let sampled =
                sampled.map_err(|error| damaged(format!("its points cannot be chosen: {error}")))?;
            Points::Sampled(Box::new(sampled))
        }
        (Search::Grid | Search::Random { .. }, Some(space)) => Points::Computed(space.clone()),
    };
    let duplicates = match (&space, &kept.search) {
        (Some(space), Search::Random { .. }) => repeats(space).map_err(|error| not_found(&error))?,
        _ => Bits::default(),
    };
    let label = stored.label.to_string();
    let planned = PlannedStrategy::new(label, strategy, kept.search, points, kept.named, kept.order);
    let mut planned = planned.beginning_at(stored.first).without(duplicates);
    planned.time = kept.time;
    Ok(planned)
}

/// Reads a plan that was kept.
pub(crate) fn kept(plan: &str) -> Result<Kept, Failure> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let unreadable =
        |error: serde_json::Error| damaged(format!("the experiment's plan cannot be read: {error}"));
    let Version { version } = serde_json::from_str(plan).map_err(unreadable)?;
    if version != VERSION {
        let problem = format!("the experiment's plan has layout {version}, and this program knows {VERSION}");
        return Err(Failure::input(problem).hint("use the version of stratbox that began it"));
    }
    serde_json::from_str(plan).map_err(unreadable)
}

/// What everything after it relies on. A workspace may have been changed by anybody who could write to it.
fn sound(experiment: &Experiment, kept: &Kept) -> Result<(), &'static str> {
    if experiment.strategies.len() != kept.strategies.len() {
        return Err("it has not as many strategies as the experiment");
    }
    let mut first: u64 = 0;
    for (place, (stored, kept)) in experiment.strategies.iter().zip(&kept.strategies).enumerate() {
        if stored.first != first || stored.points != stored.space.as_ref().map_or(1, Space::len) {
            return Err("its strategies do not follow one another");
        }
        if kept.order.after.iter().any(|after| *after >= place) {
            return Err("a strategy waits for one that is not above it");
        }
        first = first.saturating_add(stored.points);
    }
    if first > MAX_VARIANTS { Err("it has more variants than a sweep may have") } else { Ok(()) }
}

fn damaged(problem: String) -> Failure {
    Failure::environment(problem).hint("it is damaged: run the sweep file anew")
}

/// Bars that an experiment needs and that are not there, or not as they were.
fn unavailable(problem: String) -> Failure {
    Failure::new(FailureKind::DataUnavailable, problem)
        .hint("bring the files back as they were, or run the sweep file anew on what there is")
}
