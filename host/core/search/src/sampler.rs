//! Ask for points, tell what became of them.

mod seen;

use std::collections::{BTreeMap, VecDeque};

use stratbox_domain::{AxisKind, Cube, Params, PointError, Space, SpaceError};
use stratbox_metrics::Direction;

use crate::directions::MAX_DIMENSIONS;
use crate::evaluation::Evaluation;
use crate::sequence::{Latin, Sobol};
use crate::settings::{MAX_SAMPLES, Method, Settings, SettingsError};
use crate::tpe::Tpe;
use seen::Seen;

/// More suggestions without a result than this do not come before one that has a result.
const MAX_OPEN: u64 = 1_000_000;

/// A point to evaluate.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// What to tell the result with. Counted from zero, in the order of suggestions.
    pub id: u64,
    /// A value for every axis.
    pub point: Params,
}

/// What became of a point that was enqueued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// It will be suggested.
    Accepted,
    /// It was enqueued before, and will be suggested once.
    Duplicate,
}

/// Whether there is something to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// There is.
    Ready,
    /// There will be, when the results of all that was suggested have been told.
    Waiting,
    /// There will be nothing any more.
    Exhausted,
}

/// What a sampler refuses.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SearchError {
    /// The space makes no sense, or has no grid.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// The settings make no sense.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There is nothing to get better at.
    #[error("there is no objective: a search needs at least one")]
    NoObjective,
    /// More axes than there are direction numbers.
    #[error(
        "method `sobol` searches at most {MAX_DIMENSIONS} parameters at once, and {0} vary: use `latin_hypercube`"
    )]
    TooManyAxes(usize),
    /// An enqueued point is not in the space.
    #[error(transparent)]
    Point(#[from] PointError),
    /// A point was enqueued after the first was asked for.
    #[error("points are enqueued before the first one is asked for: {0} have been suggested")]
    EnqueuedLate(u64),
    /// Nothing was suggested under this number.
    #[error("there is no suggestion {0}")]
    Unknown(u64),
    /// A result for a suggestion that has one.
    #[error("suggestion {0} was told before: each has one result")]
    ToldTwice(u64),
    /// A result that makes no sense.
    #[error("the result of suggestion {id} makes no sense: {problem}")]
    Evaluation {
        /// The suggestion.
        id: u64,
        /// What is wrong with it.
        problem: String,
    },
}

/// Chooses points of a space, and learns from results when its method does.
///
/// The suggestion with some number depends on the space, the settings, the seed, the enqueued points and the results of
/// earlier batches: neither on how many points are asked for at a time nor on the order in which results are told. In a
/// space of up to 10^12 points none is suggested twice.
#[derive(Debug, Clone)]
pub struct Sampler {
    cube: Cube,
    objectives: usize,
    draw: Draw,
    seen: Seen,
    queue: VecDeque<Params>,
    open: BTreeMap<u64, Params>,
    next: u64,
    /// Points that the method has yet to choose.
    left: u64,
    /// Where the method's own order has got to.
    index: u64,
    /// Whether the method's order has nearly nothing new, and the rest of a finite space is walked through.
    walks: bool,
}

#[derive(Debug, Clone)]
enum Draw {
    Grid(Space),
    Random(Space),
    Latin { points: Latin, len: u64 },
    Sobol { points: Sobol, free: Vec<usize> },
    Tpe(Box<Tpe>),
}

impl Sampler {
    /// A sampler of `cube`. `directions` has one entry per objective, the first being the first value of an
    /// [`Outcome`](crate::Outcome). The grid has no use for the seed.
    ///
    /// # Errors
    /// There is no objective, the settings make no sense, or their method cannot search this space.
    pub fn new(
        cube: Cube,
        directions: &[Direction],
        settings: &Settings,
        seed: u64,
    ) -> Result<Self, SearchError> {
        settings.validate()?;
        if directions.is_empty() {
            return Err(SearchError::NoObjective);
        }
        let draw = Draw::new(&cube, directions, settings, seed)?;
        let left = match &draw {
            Draw::Grid(space) => space.len(),
            _ => settings.samples.unwrap_or_default(),
        };
        Ok(Self {
            seen: Seen::new(&cube, seed),
            objectives: directions.len(),
            cube,
            draw,
            queue: VecDeque::new(),
            open: BTreeMap::new(),
            next: 0,
            left,
            index: 0,
            walks: false,
        })
    }

    /// Has a known point suggested before all others, in the order of these calls and on top of `samples`. Only before
    /// the first point is asked for.
    ///
    /// # Errors
    /// The point is not in the space, or something was suggested already.
    pub fn enqueue(&mut self, point: &Params) -> Result<Enqueued, SearchError> {
        if self.next > 0 {
            return Err(SearchError::EnqueuedLate(self.next));
        }
        let point = self.cube.accept(point)?;
        if !self.seen.enqueue(&self.cube, &point) {
            return Ok(Enqueued::Duplicate);
        }
        self.queue.push_back(point);
        match &mut self.draw {
            Draw::Grid(_) => self.left -= 1,
            Draw::Tpe(tpe) => tpe.expect(self.queue.len() as u64),
            Draw::Random(_) | Draw::Latin { .. } | Draw::Sobol { .. } => {}
        }
        Ok(Enqueued::Accepted)
    }

    /// The next points, at most `count`. Fewer when there are no more, or when results must be told first, which
    /// [`Self::status`] tells apart.
    pub fn ask(&mut self, count: usize) -> Vec<Suggestion> {
        std::iter::from_fn(|| self.suggest()).take(count).collect()
    }

    /// Takes the result of a suggestion.
    ///
    /// # Errors
    /// There is no such suggestion, it has a result, or the result makes no sense. Nothing has changed then.
    pub fn tell(&mut self, id: u64, evaluation: Evaluation) -> Result<(), SearchError> {
        if id >= self.next {
            return Err(SearchError::Unknown(id));
        }
        if let Evaluation::Completed(outcome) = &evaluation {
            let checked = outcome.check(self.objectives);
            checked.map_err(|problem| SearchError::Evaluation { id, problem })?;
        }
        self.open.remove(&id).ok_or(SearchError::ToldTwice(id))?;
        if let Draw::Tpe(tpe) = &mut self.draw {
            tpe.tell(id, evaluation);
        }
        Ok(())
    }

    /// Brings a new sampler, with the same points enqueued, to where another one was that was told these results: asks
    /// for what they are of, and tells them. What had been suggested without a result is in [`Self::open`], as far as a
    /// later suggestion has one, and is suggested anew otherwise.
    ///
    /// # Errors
    /// A result is of nothing that this sampler suggests, or makes no sense.
    pub fn replay(&mut self, told: impl IntoIterator<Item = (u64, Evaluation)>) -> Result<(), SearchError> {
        let mut told: Vec<(u64, Evaluation)> = told.into_iter().collect();
        // A batch is suggested when all results of earlier ones are known, which have lower numbers.
        told.sort_by_key(|(id, _)| *id);
        told.into_iter().try_for_each(|(id, evaluation)| {
            if id.saturating_sub(self.next) > MAX_OPEN {
                return Err(SearchError::Unknown(id));
            }
            while self.next <= id {
                self.suggest_open().ok_or(SearchError::Unknown(id))?;
            }
            self.tell(id, evaluation)
        })
    }

    /// What was suggested and has no result, in the order of suggestions.
    pub fn open(&self) -> impl Iterator<Item = Suggestion> {
        self.open.iter().map(|(id, point)| Suggestion { id: *id, point: point.clone() })
    }

    /// Whether there is something to ask for. That a Latin hypercube has only repeats left turns out when it is asked.
    #[must_use]
    pub fn status(&self) -> Status {
        if self.queue.is_empty() && (self.left == 0 || self.seen.is_full()) {
            Status::Exhausted
        } else if self.waits() {
            Status::Waiting
        } else {
            Status::Ready
        }
    }

    /// Number of points suggested so far.
    #[must_use]
    pub fn suggested(&self) -> u64 {
        self.next
    }

    /// The space that is searched.
    #[must_use]
    pub fn cube(&self) -> &Cube {
        &self.cube
    }
}

/// How the next point comes about.
impl Sampler {
    fn suggest(&mut self) -> Option<Suggestion> {
        self.suggest_open().map(|id| Suggestion { id, point: self.open[&id].clone() })
    }

    /// Adds one point to those without a result.
    fn suggest_open(&mut self) -> Option<u64> {
        if self.waits() {
            return None;
        }
        let point = match self.queue.pop_front() {
            Some(point) => point,
            None => {
                let left = self.left.checked_sub(1)?;
                let point = self.new_point();
                // Without a new point there is none any more.
                self.left = if point.is_some() { left } else { 0 };
                point?
            }
        };
        let id = self.next;
        if let Draw::Tpe(tpe) = &mut self.draw {
            tpe.suggested(&self.cube, id, &point);
        }
        self.open.insert(id, point);
        self.next += 1;
        Some(id)
    }

    /// Whether a batch begins, and results of earlier ones are missing.
    fn waits(&self) -> bool {
        match &self.draw {
            Draw::Tpe(tpe) => tpe.begins_batch(self.next) && !self.open.is_empty(),
            _ => false,
        }
    }

    /// A point that was not suggested before, in a space where that can be known.
    fn new_point(&mut self) -> Option<Params> {
        let patience = self.draw.patience();
        let mut repeats = 0;
        while !self.walks && !self.seen.is_full() {
            let point = self.draw.at(&self.cube, self.index, self.next, repeats)?;
            self.index += 1;
            let is_new = match self.draw {
                // Its points differ from one another, and need not be remembered.
                Draw::Grid(_) => !self.seen.contains(&self.cube, &point),
                _ => self.seen.insert(&self.cube, &point),
            };
            if is_new {
                return Some(point);
            }
            repeats += 1;
            if patience.is_some_and(|patience| repeats >= patience) {
                // A model learns on, so that it is asked again next time.
                self.walks = !matches!(self.draw, Draw::Tpe(_));
                break;
            }
        }
        self.seen.any_other(&self.cube)
    }
}

impl Draw {
    fn new(
        cube: &Cube,
        directions: &[Direction],
        settings: &Settings,
        seed: u64,
    ) -> Result<Self, SearchError> {
        let random = || Space::random(cube.axes().to_vec(), MAX_SAMPLES, seed);
        let samples = settings.samples.unwrap_or_default();
        Ok(match settings.method {
            Method::Grid => Self::Grid(Space::grid(cube.axes().to_vec())?),
            Method::Random => Self::Random(random()?),
            Method::LatinHypercube => {
                let names = cube.axes().iter().map(|axis| axis.name.as_str());
                Self::Latin { points: Latin::new(samples, names, seed), len: samples }
            }
            Method::Sobol => {
                let varies = |axis: &usize| cube.kind(*axis) != AxisKind::Fixed;
                let free: Vec<usize> = (0..cube.dimensions()).filter(varies).collect();
                let names = free.iter().map(|axis| cube.axes()[*axis].name.as_str());
                let scramble = settings.scramble.unwrap_or(true).then_some(seed);
                let points = Sobol::new(names, scramble).ok_or(SearchError::TooManyAxes(free.len()))?;
                Self::Sobol { points, free }
            }
            Method::Tpe => Self::Tpe(Box::new(Tpe::new(random()?, directions, settings, seed))),
        })
    }

    /// The point at an index of the method's own order, or the suggestion with this number after so many repeats; `None`
    /// past the end.
    fn at(&self, cube: &Cube, index: u64, id: u64, repeats: u32) -> Option<Params> {
        match self {
            Self::Grid(space) | Self::Random(space) => space.get(index),
            Self::Latin { points, len } => (index < *len).then(|| cube.at_unit(&points.at(index))),
            Self::Sobol { points, free } => {
                let mut position = vec![0.0; cube.dimensions()];
                free.iter().zip(points.at(index)).for_each(|(axis, at)| position[*axis] = at);
                Some(cube.at_unit(&position))
            }
            Self::Tpe(tpe) => tpe.at(cube, index, id, repeats),
        }
    }

    /// After how many repeats in a row a finite space is walked through instead; never by a method with so many points
    /// of its own.
    fn patience(&self) -> Option<u32> {
        match self {
            Self::Grid(_) | Self::Latin { .. } => None,
            Self::Random(_) | Self::Sobol { .. } => Some(100),
            Self::Tpe(_) => Some(16),
        }
    }
}

#[cfg(test)]
mod tests;
