//! The strategies of a file one by one, for whoever explores several approaches: one that cannot be used keeps nobody else
//! from being used.

use std::path::{Path, PathBuf};
use std::time::Duration;

use stratbox_domain::{Limits, ParamSpec, VenuePolicy};
use stratbox_metrics::MetricName;
use stratbox_search::Method;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use super::aim::Aim;
use super::entries::{load, plan};
use super::file::{Content, SweepFile, unreadable};
use super::plan::{Ground, MAX_VARIANTS, Plan, PlannedStrategy};
use super::values::{Range, Values};
use crate::failure::Failure;
use crate::render::text::grouped;
use crate::strategy::Strategy;
use crate::wiring::Engine;

/// A strategy that does not fit what the file says of it, and why.
pub(crate) struct Unplanned {
    pub(crate) strategy: Strategy,
    pub(crate) failure: Failure,
}

impl SweepFile {
    /// A file whose tables were taken apart; relative paths in it start at the folder of `path`.
    pub(crate) fn of_document(
        path: &Path,
        text: &str,
        document: Spanned<DeTable<'_>>,
    ) -> Result<Self, Failure> {
        let content: Content = serde::Deserialize::deserialize(Deserializer::from(document))
            .map_err(|error| unreadable(path, text, &error))?;
        Self::of(path, text.to_owned(), content)
    }

    /// What its variants are ranked by.
    pub(crate) fn objective(&self) -> Result<MetricName, Failure> {
        Ok(Aim::of(self)?.objective)
    }

    /// What the venue and the engine allow.
    pub(crate) fn conditions(&self) -> (VenuePolicy, Limits) {
        (self.content.venue.clone(), self.content.limits)
    }

    /// Where the source of a strategy is, seen from outside.
    pub(crate) fn source(&self, place: usize) -> PathBuf {
        self.resolve(self.content.strategies[place].get_ref().source.get_ref())
    }

    /// Points of a strategy that the file asks for.
    pub(crate) fn samples(&self, place: usize) -> Option<u64> {
        self.content.strategies[place].get_ref().samples.as_ref().map(|it| *it.get_ref())
    }

    pub(crate) fn priority(&self, place: usize) -> i32 {
        self.content.strategies[place].get_ref().priority
    }

    /// Whether a strategy has a point for every combination, however many are asked for.
    pub(crate) fn is_grid(&self, place: usize) -> bool {
        self.content.strategies[place].get_ref().search == Method::Grid
    }

    /// Whether a strategy that is asked for more points keeps those that it has.
    pub(crate) fn extends(&self, place: usize) -> bool {
        let method = self.content.strategies[place].get_ref().search;
        !matches!(method, Method::Grid | Method::LatinHypercube)
    }

    /// Asks for so many points of a strategy that draws them.
    pub(crate) fn ask(&mut self, place: usize, samples: u64) {
        let entry = &mut self.content.strategies[place];
        let span = entry.get_ref().samples.as_ref().map_or_else(|| entry.span(), Spanned::span);
        entry.get_mut().samples = Some(Spanned::new(span, samples));
    }

    /// Gives a strategy of which nothing but the source is said its parameters, each with the bounds that it declares. One
    /// without parameters has but one point.
    pub(crate) fn vary_all(&mut self, place: usize, strategy: &Strategy) {
        let entry = &mut self.content.strategies[place];
        let span = entry.span();
        let all = strategy.manifest.parameters.iter().map(|spec| {
            let name = Spanned::new(span.clone(), spec.name.clone());
            (name, Spanned::new(span.clone(), Values::Range(Range::default())))
        });
        entry.get_mut().params = all.collect();
        self.settle_for_one(place, strategy);
    }

    /// A strategy without parameters has nothing to draw, and one of whose parameters the file says nothing runs with their
    /// defaults.
    pub(crate) fn settle_for_one(&mut self, place: usize, strategy: &Strategy) {
        let entry = &mut self.content.strategies[place];
        let span = entry.span();
        let entry = entry.get_mut();
        if entry.params.is_empty() && entry.search == Method::Grid {
            let default = |spec: &ParamSpec| {
                let name = Spanned::new(span.clone(), spec.name.clone());
                (name, Spanned::new(span.clone(), Values::Fixed(spec.kind.default_value())))
            };
            entry.params = strategy.manifest.parameters.iter().map(default).collect();
        }
        if strategy.manifest.parameters.is_empty() && entry.samples.is_none() && entry.enqueue.is_empty() {
            entry.search = Method::Grid;
        }
    }

    /// Loads some strategies, as many at once.
    pub(crate) fn load(&self, engine: &Engine, places: &[usize]) -> Vec<Result<Strategy, Failure>> {
        let entries: Vec<_> = places.iter().map(|place| &self.content.strategies[*place]).collect();
        load(engine, self, &entries)
    }

    /// Plans a strategy as the file says.
    pub(crate) fn plan(
        &self,
        place: usize,
        strategy: Strategy,
        ground: &Ground,
    ) -> Result<PlannedStrategy, Box<Unplanned>> {
        let entry = &self.content.strategies[place];
        let planned = plan(self, entry, strategy, &ground.aim, &[])?;
        let (points, most) = (planned.points(), MAX_VARIANTS / 10);
        if points > most {
            let problem =
                format!("it has {} variants: at most {} are allowed", grouped(points), grouped(most));
            let failure = self.at(entry.span(), problem);
            return Err(Box::new(Unplanned { strategy: planned.strategy, failure }));
        }
        Ok(planned)
    }
}

impl Plan {
    /// Approaches that are planned, run together. Their time is no limit of any run, so that results are the same whatever it is.
    pub(crate) fn of_approaches(
        file: &SweepFile,
        ground: Ground,
        strategies: Vec<PlannedStrategy>,
    ) -> Result<Self, Failure> {
        let preparing = strategies.iter().map(|it| it.strategy.build.compile + it.strategy.build.link);
        let preparing: Duration = preparing.sum();
        Self::of(file, ground, strategies, preparing, false)
    }
}
