//! A sweep file with everything it names at hand: strategies compiled, bars loaded, every value checked. Whatever is
//! wrong with the file is found here, before anything runs.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use stratbox_decide::Gate;
use stratbox_decide::splits::{CpcvSettings, WalkForwardSettings};
use stratbox_domain::{Axis, Limits, Params, Space, VenuePolicy};
use stratbox_market::Source;
use stratbox_store::DataRange;

use super::aim::Aim;
use super::entries::{load, plan};
use super::file::SweepFile;
use super::repeats::repeats;
use super::rungs::Halving;
use super::sampled::{Sampled, SamplerSettings};
use super::split::{Division, divided, gates};
use crate::bars::Bars;
use crate::bits::Bits;
use crate::failure::Failure;
use crate::render::text::grouped;
use crate::strategy::Strategy;
use crate::wiring::Engine;

/// Some 300 bytes on disk for each.
pub(super) const MAX_VARIANTS: u64 = 10_000_000;

/// What is to be run, and how it is to be ranked.
pub(crate) struct Plan {
    pub(crate) name: String,
    /// The sweep file.
    pub(crate) file: String,
    pub(crate) aim: Aim,
    /// The files of the bars, and which times of them.
    pub(crate) sources: Vec<Source>,
    pub(crate) data: DataRange,
    /// What is kept from the choice.
    pub(crate) division: Division,
    /// What the best must pass to be believed.
    pub(crate) gates: Vec<Gate>,
    /// Where a sweep by successive halving stands.
    pub(crate) halving: Option<Halving>,
    pub(crate) walk_forward: Option<WalkForwardSettings>,
    pub(crate) cpcv: Option<CpcvSettings>,
    pub(crate) bars: Bars,
    pub(crate) policy: VenuePolicy,
    pub(crate) limits: Limits,
    pub(crate) strategies: Vec<PlannedStrategy>,
    /// How long it took to have the strategies ready.
    pub(crate) preparing: Duration,
    /// Whether everything is run, also what other experiments know.
    pub(crate) fresh: bool,
}

/// What is the same for every strategy of a file.
pub(crate) struct Ground {
    pub(crate) aim: Aim,
    pub(crate) gates: Vec<Gate>,
    pub(crate) bars: Bars,
    pub(crate) data: DataRange,
    pub(crate) division: Division,
}

impl Ground {
    /// Checks everything in the order in which it is cheap to check.
    pub(crate) fn of(engine: &Engine, file: &SweepFile) -> Result<Self, Failure> {
        let aim = Aim::of(file)?;
        let gates = gates(file)?;
        let (bars, data, division) = divided(engine, file)?;
        file.check_instruments(&*bars.source)?;
        Ok(Self { aim, gates, bars, data, division })
    }

    /// The same once more, on the same bars.
    pub(crate) fn again(&self) -> Result<Self, Failure> {
        let bars = Bars::of(std::sync::Arc::clone(&self.bars.dataset), self.bars.times)?;
        let (data, division) = (self.data, self.division);
        Ok(Self { aim: self.aim.clone(), gates: self.gates.clone(), bars, data, division })
    }
}

/// One strategy and its variants.
pub(crate) struct PlannedStrategy {
    /// The strategy's name, numbered if the sweep has it more than once.
    pub(crate) label: String,
    pub(crate) strategy: Strategy,
    pub(crate) search: Search,
    pub(crate) order: Order,
    /// The number of its first point among those of all strategies.
    pub(crate) first: u64,
    points: Points,
    /// Draws of a random search that repeat an earlier one.
    duplicates: u64,
    /// Points that are no variants: those draws, and what an earlier rung has left behind.
    left_out: Bits,
    /// Parameters that the sweep file names.
    pub(crate) named: Vec<String>,
    /// What all runs of it together may take, if that is limited.
    pub(crate) time: Option<Duration>,
}

/// Where a strategy's points come from.
pub(crate) enum Points {
    /// It has no parameters.
    One,
    /// From their numbers.
    Computed(Space),
    /// From a sampler.
    Sampled(Box<Sampled>),
}

/// When a strategy's variants run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    /// Higher ones first.
    pub(crate) priority: i32,
    /// Places in the plan of strategies that must have run before.
    pub(crate) after: Vec<usize>,
}

/// How variants are chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Search {
    /// Every combination.
    Grid,
    /// Draws.
    Random {
        /// How many, at least one.
        samples: u64,
        /// Of the generator.
        seed: u64,
    },
    /// By a sampler.
    Sampled(SamplerSettings),
}

impl Search {
    /// Its name, as in sweep files.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Random { .. } => "random",
            Self::Sampled(from) => from.settings.method.as_str(),
        }
    }

    /// What its draws begin with.
    pub(crate) fn seed(&self) -> Option<u64> {
        match self {
            Self::Grid => None,
            Self::Random { seed, .. } => Some(*seed),
            Self::Sampled(from) => Some(from.seed),
        }
    }
}

impl PlannedStrategy {
    pub(super) fn new(
        label: String,
        strategy: Strategy,
        search: Search,
        points: Points,
        named: Vec<String>,
        order: Order,
    ) -> Self {
        Self {
            label,
            strategy,
            search,
            order,
            first: 0,
            points,
            duplicates: 0,
            left_out: Bits::default(),
            named,
            time: None,
        }
    }

    pub(super) fn beginning_at(self, first: u64) -> Self {
        Self { first, ..self }
    }

    pub(super) fn without(self, duplicates: Bits) -> Self {
        Self { duplicates: duplicates.len(), left_out: duplicates, ..self }
    }

    /// Leaves other points out than before.
    pub(super) fn leave_out(&mut self, points: Bits) {
        self.left_out = points;
    }

    /// The space, with what is chosen of it; `None` without parameters.
    pub(super) fn space(&self) -> Option<Space> {
        self.look(Space::clone)
    }

    /// The sampler, if there is one.
    pub(crate) fn sampled(&self) -> Option<&Sampled> {
        match &self.points {
            Points::Sampled(sampled) => Some(sampled),
            Points::One | Points::Computed(_) => None,
        }
    }

    /// What each parameter may be; `None` without parameters.
    pub(crate) fn axes(&self) -> Option<Vec<Axis>> {
        self.look(|space| space.axes().to_vec())
    }

    fn look<T>(&self, look: impl FnOnce(&Space) -> T) -> Option<T> {
        match &self.points {
            Points::One => None,
            Points::Computed(space) => Some(look(space)),
            Points::Sampled(sampled) => Some(sampled.with(look)),
        }
    }

    /// Points that were asked for, at least one.
    pub(crate) fn points(&self) -> u64 {
        self.look(Space::len).unwrap_or(1)
    }

    /// Number of variants, at least one.
    pub(crate) fn variants(&self) -> u64 {
        self.points() - self.left_out.len()
    }

    /// Number of draws that repeat an earlier one, and so are no variants.
    pub(crate) fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Whether a point is a variant, and no repetition of one before it.
    pub(crate) fn is_variant(&self, index: u64) -> bool {
        let chosen = self.look(Space::chosen).unwrap_or(1);
        index < chosen && !self.left_out.contains(index)
    }

    /// Its points in rounds, in their order: the points of one are chosen from what came of those before.
    pub(crate) fn rounds(&self) -> impl Iterator<Item = Range<u64>> + use<> {
        let rounds = self.sampled().map(|sampled| sampled.rounds().to_vec());
        let all = rounds.is_none().then(|| 0..self.points());
        rounds.unwrap_or_default().into_iter().chain(all)
    }

    /// Number of variants among some of its points.
    pub(crate) fn variants_in(&self, points: &Range<u64>) -> u64 {
        match *points == (0..self.points()) {
            true => self.variants(),
            false => points.clone().filter(|index| self.is_variant(*index)).count() as u64,
        }
    }

    /// Every parameter of one point.
    pub(crate) fn params(&self, index: u64) -> Params {
        self.look(|space| space.get(index)).flatten().unwrap_or_default()
    }
}

impl Plan {
    /// Checks everything in the order in which it is cheap to check; compiles on as many threads as will run later.
    pub(crate) fn resolve(
        engine: &Engine,
        file: &SweepFile,
        workers: NonZeroUsize,
        fresh: bool,
    ) -> Result<Self, Failure> {
        let ground = Ground::of(engine, file)?;
        let mut strategies: Vec<PlannedStrategy> = Vec::new();
        let started = Instant::now();
        for batch in file.content.strategies.chunks(workers.get()) {
            let batch: Vec<_> = batch.iter().collect();
            for (entry, strategy) in batch.iter().zip(load(engine, file, &batch)) {
                let planned = plan(file, entry, strategy?, &ground.aim, &strategies);
                strategies.push(planned.map_err(|unplanned| unplanned.failure)?);
            }
        }
        Self::of(file, ground, strategies, started.elapsed(), fresh)
    }

    /// Of strategies that are planned, in their order.
    pub(super) fn of(
        file: &SweepFile,
        ground: Ground,
        mut strategies: Vec<PlannedStrategy>,
        preparing: Duration,
        fresh: bool,
    ) -> Result<Self, Failure> {
        let total = strategies.iter().fold(0, |total: u64, it| total.saturating_add(it.points()));
        if total > MAX_VARIANTS {
            let most = grouped(MAX_VARIANTS);
            let problem = format!("the sweep has {} variants: at most {most} are allowed", grouped(total));
            return Err(file.at(0..0, problem));
        }
        let mut first = 0;
        for planned in &mut strategies {
            planned.first = first;
            first += planned.points();
            if let (Search::Random { .. }, Points::Computed(space)) = (&planned.search, &planned.points) {
                planned.left_out = repeats(space).map_err(|error| not_found(&error))?;
                planned.duplicates = planned.left_out.len();
            }
        }
        let Ground { aim, gates, bars, data, division } = ground;
        let content = &file.content;
        let (policy, limits) = (content.venue.clone(), content.limits);
        let walk_forward = content.walk_forward.as_ref().map(|it| it.get_ref().clone());
        let cpcv = content.cpcv.as_ref().map(|it| it.get_ref().clone());
        let (name, path, sources) = (file.name(), file.shown(), file.sources());
        let mut plan = Self {
            name,
            file: path,
            aim,
            sources,
            data,
            division,
            gates,
            walk_forward,
            cpcv,
            halving: None,
            bars,
            policy,
            limits,
            strategies,
            preparing,
            fresh,
        };
        if let Some(halving) = &content.halving {
            plan.begin_halving(halving.get_ref())
                .map_err(|failure| failure.context(file.place(halving.span())))?;
        }
        Ok(plan)
    }

    /// Variants of all strategies.
    pub(crate) fn variants(&self) -> u64 {
        self.strategies.iter().map(PlannedStrategy::variants).sum()
    }

    /// Numbers of the variants that were tried, ascending: of those that have a result, and of those that were left behind on an
    /// earlier rung, for who went on was chosen by the very bars that choosing is judged by. Never of one that was not begun.
    pub(crate) fn tried<'a>(&'a self, settled: &'a Bits) -> impl Iterator<Item = u64> + 'a {
        let climbs = self.halving.as_ref().is_some_and(|halving| halving.survivors.is_some());
        self.strategies.iter().flat_map(move |planned| {
            let is_tried = move |index: &u64| match planned.is_variant(*index) {
                true => settled.contains(planned.first + index),
                false => climbs,
            };
            (0..planned.points()).filter(is_tried).map(move |index| planned.first + index)
        })
    }

    /// The strategy that a variant is of, with its place among the strategies.
    pub(crate) fn strategy_of(&self, variant: u64) -> Option<(usize, &PlannedStrategy)> {
        let mut strategies = self.strategies.iter().enumerate();
        strategies.find(|(_, planned)| (planned.first..planned.first + planned.points()).contains(&variant))
    }

    /// Points of all strategies, which are the numbers that variants can have.
    pub(crate) fn points(&self) -> u64 {
        self.strategies.iter().map(PlannedStrategy::points).sum()
    }
}

/// Draws that repeat others could not be looked for.
pub(super) fn not_found(error: &std::io::Error) -> Failure {
    Failure::environment(format!("cannot look for draws that repeat others: {error}"))
        .hint("it takes 16 bytes a draw in the directory for temporary files")
}
