//! A sweep file with everything it names at hand: strategies compiled, bars loaded, every value checked. Whatever is
//! wrong with the file is found here, before anything runs.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use stratbox_decide::Objective;
use stratbox_domain::{Limits, Params, Space, VenuePolicy};
use stratbox_market::{Source, parse_date};
use stratbox_metrics::MetricName;
use toml::Spanned;

use super::file::{Entry, SweepFile};
use super::repeats::repeats;
use super::space;
use super::values::Date;
use crate::bars::Bars;
use crate::bits::Bits;
use crate::failure::Failure;
use crate::render::text::{grouped, inline};
use crate::strategy::Strategy;
use crate::wiring::Engine;

/// Some 300 bytes on disk for each.
pub(super) const MAX_VARIANTS: u64 = 10_000_000;

/// What is to be run, and how it is to be ranked.
pub(crate) struct Plan {
    pub(crate) name: String,
    /// The sweep file.
    pub(crate) file: String,
    pub(crate) objective: Objective,
    /// The files of the bars, and which times of them.
    pub(crate) sources: Vec<Source>,
    pub(crate) range: (Option<i64>, Option<i64>),
    pub(crate) bars: Bars,
    pub(crate) policy: VenuePolicy,
    pub(crate) limits: Limits,
    pub(crate) strategies: Vec<PlannedStrategy>,
    /// How long it took to have the strategies ready.
    pub(crate) preparing: Duration,
    /// Whether everything is run, also what other experiments know.
    pub(crate) fresh: bool,
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
    /// `None` for a strategy without parameters.
    space: Option<Space>,
    /// Draws of a random search that repeat an earlier one.
    duplicates: Bits,
    /// Parameters that the sweep file names.
    pub(crate) named: Vec<String>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
}

impl PlannedStrategy {
    pub(super) fn new(
        label: String,
        strategy: Strategy,
        search: Search,
        space: Option<Space>,
        named: Vec<String>,
        order: Order,
    ) -> Self {
        Self { label, strategy, search, order, first: 0, space, duplicates: Bits::default(), named }
    }

    pub(super) fn beginning_at(self, first: u64) -> Self {
        Self { first, ..self }
    }

    pub(super) fn without(self, duplicates: Bits) -> Self {
        Self { duplicates, ..self }
    }

    pub(super) fn space(&self) -> Option<&Space> {
        self.space.as_ref()
    }

    /// Points that were asked for, at least one.
    pub(crate) fn points(&self) -> u64 {
        self.space.as_ref().map_or(1, Space::len)
    }

    /// Number of variants, at least one.
    pub(crate) fn variants(&self) -> u64 {
        self.points() - self.duplicates()
    }

    /// Number of draws that repeat an earlier one, and so are no variants.
    pub(crate) fn duplicates(&self) -> u64 {
        self.duplicates.len()
    }

    /// Whether a point is a variant, and no repetition of one before it.
    pub(crate) fn is_variant(&self, index: u64) -> bool {
        index < self.points() && !self.duplicates.contains(index)
    }

    /// Every parameter of one point.
    pub(crate) fn params(&self, index: u64) -> Params {
        self.space.as_ref().and_then(|space| space.get(index)).unwrap_or_default()
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
        let objective = objective(file)?;
        let (bars, range) = bars(engine, file)?;
        let mut strategies: Vec<PlannedStrategy> = Vec::new();
        let started = Instant::now();
        for batch in file.content.strategies.chunks(workers.get()) {
            for (entry, strategy) in batch.iter().zip(load(engine, file, batch)) {
                strategies.push(plan(file, entry, strategy?, &strategies)?);
            }
        }
        let preparing = started.elapsed();
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
            if let (Search::Random { .. }, Some(space)) = (planned.search, &planned.space) {
                planned.duplicates = repeats(space).map_err(|error| not_found(&error))?;
            }
        }
        let (policy, limits) = (file.content.venue, file.content.limits);
        let (name, path, sources) = (file.name(), file.shown(), file.sources());
        Ok(Self {
            name,
            file: path,
            objective,
            sources,
            range,
            bars,
            policy,
            limits,
            strategies,
            preparing,
            fresh,
        })
    }

    /// Variants of all strategies.
    pub(crate) fn variants(&self) -> u64 {
        self.strategies.iter().map(PlannedStrategy::variants).sum()
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

fn objective(file: &SweepFile) -> Result<Objective, Failure> {
    let metric = match &file.content.objective {
        None => MetricName::Sharpe,
        Some(text) => {
            let metric = inline(text.get_ref()).parse();
            metric.map_err(|error| file.at(text.span(), format_args!("`objective`: {error}")))?
        }
    };
    Ok(Objective { metric })
}

type Range = (Option<i64>, Option<i64>);

fn bars(engine: &Engine, file: &SweepFile) -> Result<(Bars, Range), Failure> {
    let data = &file.content.data;
    let date = |name, date: &Option<Spanned<Date>>| {
        let parse = |date: &Spanned<Date>| {
            parse_date(&date.get_ref().0)
                .map_err(|error| file.at(date.span(), format_args!("`{name}`: {error}")))
        };
        date.as_ref().map(parse).transpose()
    };
    let range = (date("from", &data.from)?, date("to", &data.to)?);
    let bars = Bars::open(engine, &file.sources(), range)
        .map_err(|failure| failure.context(file.place(data.sources.span())))?;
    Ok((bars, range))
}

/// Loads strategies at the same time, one a thread.
fn load(engine: &Engine, file: &SweepFile, entries: &[Spanned<Entry>]) -> Vec<Result<Strategy, Failure>> {
    std::thread::scope(|scope| {
        let load = |entry: &Spanned<Entry>| {
            let source = &entry.get_ref().source;
            Strategy::load(engine, &file.resolve(source.get_ref()))
                .map_err(|failure| failure.context(file.place(source.span())))
        };
        let threads: Vec<_> = entries.iter().map(|entry| scope.spawn(move || load(entry))).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    })
}

fn plan(
    file: &SweepFile,
    entry: &Spanned<Entry>,
    strategy: Strategy,
    before: &[PlannedStrategy],
) -> Result<PlannedStrategy, Failure> {
    let (search, space) = space::resolve(file, entry, &strategy)?;
    let named = entry.get_ref().params.keys().map(|name| name.get_ref().clone()).collect();
    let same = before.iter().filter(|other| other.strategy.name == strategy.name).count();
    let label = if same == 0 { strategy.name.clone() } else { format!("{}#{}", strategy.name, same + 1) };
    let order = order(file, entry, before)?;
    Ok(PlannedStrategy::new(label, strategy, search, space, named, order))
}

/// Strategies are only named once they have been described, so that none can wait for itself.
fn order(file: &SweepFile, entry: &Spanned<Entry>, before: &[PlannedStrategy]) -> Result<Order, Failure> {
    let Entry { priority, after, .. } = entry.get_ref();
    let place = |name: &Spanned<String>| {
        let place = before.iter().position(|planned| planned.label == *name.get_ref());
        place
            .ok_or_else(|| {
                let known: Vec<String> =
                    before.iter().map(|planned| format!("`{}`", planned.label)).collect();
                let known = if known.is_empty() { "there is none".to_owned() } else { known.join(", ") };
                let name = inline(name.get_ref());
                format!("`after` names `{name}`, which is no strategy above this one: {known}")
            })
            .map_err(|problem| file.at(name.span(), problem))
    };
    Ok(Order { priority: *priority, after: after.iter().map(place).collect::<Result<_, _>>()? })
}
