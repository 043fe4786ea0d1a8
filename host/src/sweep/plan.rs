//! A sweep file with everything it names at hand: strategies compiled, bars loaded, every value checked. Whatever is
//! wrong with the file is found here, before anything runs.

use std::num::NonZeroUsize;

use stratbox_decide::Objective;
use stratbox_domain::{Limits, Params, Space, VenuePolicy};
use stratbox_market::parse_date;
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
const MAX_VARIANTS: u64 = 10_000_000;

/// What is to be run, and how it is to be ranked.
pub(crate) struct Plan {
    pub(crate) name: String,
    /// The sweep file.
    pub(crate) file: String,
    pub(crate) objective: Objective,
    pub(crate) bars: Bars,
    pub(crate) policy: VenuePolicy,
    pub(crate) limits: Limits,
    pub(crate) strategies: Vec<PlannedStrategy>,
}

/// One strategy and its variants.
pub(crate) struct PlannedStrategy {
    /// The strategy's name, numbered if the sweep has it more than once.
    pub(crate) label: String,
    pub(crate) strategy: Strategy,
    pub(crate) search: Search,
    /// `None` for a strategy without parameters.
    space: Option<Space>,
    /// Draws of a random search that repeat an earlier one.
    duplicates: Bits,
    /// Parameters that the sweep file names.
    pub(crate) named: Vec<String>,
}

/// How variants are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Points that were asked for, at least one.
    fn points(&self) -> u64 {
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

    /// The points that are variants, in order.
    pub(crate) fn indices(&self) -> impl Iterator<Item = u64> + Send {
        (0..self.points()).filter(|index| !self.duplicates.contains(*index))
    }

    /// Every parameter of one point.
    pub(crate) fn params(&self, index: u64) -> Params {
        self.space.as_ref().and_then(|space| space.get(index)).unwrap_or_default()
    }
}

impl Plan {
    /// Checks everything in the order in which it is cheap to check; compiles on as many threads as will run later.
    pub(crate) fn resolve(engine: &Engine, file: &SweepFile, workers: NonZeroUsize) -> Result<Self, Failure> {
        let objective = objective(file)?;
        let bars = bars(engine, file)?;
        let mut strategies = Vec::new();
        for batch in file.content.strategies.chunks(workers.get()) {
            for (entry, strategy) in batch.iter().zip(load(engine, file, batch)) {
                strategies.push(plan(file, entry, strategy?, &strategies)?);
            }
        }
        let total = strategies.iter().fold(0, |total: u64, it| total.saturating_add(it.points()));
        if total > MAX_VARIANTS {
            let most = grouped(MAX_VARIANTS);
            let problem = format!("the sweep has {} variants: at most {most} are allowed", grouped(total));
            return Err(file.at(0..0, problem));
        }
        for planned in &mut strategies {
            if let (Search::Random { .. }, Some(space)) = (planned.search, &planned.space) {
                planned.duplicates = repeats(space);
            }
        }
        let (policy, limits) = (file.content.venue, file.content.limits);
        Ok(Self { name: file.name(), file: file.shown(), objective, bars, policy, limits, strategies })
    }
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

fn bars(engine: &Engine, file: &SweepFile) -> Result<Bars, Failure> {
    let data = &file.content.data;
    let date = |name, date: &Option<Spanned<Date>>| {
        let parse = |date: &Spanned<Date>| {
            parse_date(&date.get_ref().0)
                .map_err(|error| file.at(date.span(), format_args!("`{name}`: {error}")))
        };
        date.as_ref().map(parse).transpose()
    };
    let range = (date("from", &data.from)?, date("to", &data.to)?);
    Bars::open(engine, &file.sources(), range)
        .map_err(|failure| failure.context(file.place(data.sources.span())))
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
    Ok(PlannedStrategy { label, strategy, search, space, duplicates: Bits::default(), named })
}
