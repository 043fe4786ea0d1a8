//! Variants that are run once more, for the series behind their figures.

use std::sync::OnceLock;

use stratbox_metrics::Missing;
use stratbox_metrics::overfitting::{Pbo, pbo};
use stratbox_store::{ExperimentId, OutcomeKind, Reader};

use super::{Care, blocks};
use crate::bits::Bits;
use crate::failure::Failure;
use crate::replay::{Curve, POINTS, Replay};
use crate::session::ITERATION;
use crate::sweep::{MOST_STEPS, Plan};
use crate::wiring::Engine;

/// Numbers in memory for all series together.
const MOST_VALUES: u64 = 64 << 20;

/// An experiment that is judged, alone or together with others on the same bars.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) id: ExperimentId,
}

/// The series of some variants, evenly spread over all that were tried.
pub(super) struct Sample {
    /// Returns a point, all of the same length: of those variants that have any, in the order of the experiments and of their
    /// numbers.
    pub(super) columns: Vec<Vec<f64>>,
    /// How many variants of the sample have none.
    pub(super) without: usize,
    curve: Curve,
    /// Once it is asked for.
    overfitting: OnceLock<Result<Pbo, Missing>>,
}

impl Sample {
    /// Of all parts together, whose bars and venue are the same; there is at least one.
    pub(super) fn take(
        engine: &Engine,
        reader: &Reader,
        parts: &[Part<'_>],
        care: Care,
    ) -> Result<Self, Failure> {
        let ran: Vec<Ran> = parts.iter().map(|part| Ran::of(reader, *part)).collect::<Result<_, _>>()?;
        let chosen = spread(parts, &ran, care.sample);
        let sampled = chosen.iter().map(Vec::len).sum();
        let curve = Curve::of(parts[0].plan, points(parts[0].plan, sampled));
        let mut all = Vec::with_capacity(sampled);
        for ((part, ran), mut variants) in parts.iter().zip(&ran).zip(chosen) {
            // They have no returns over all bars, and to run them again may take as long as they may.
            variants.retain(|variant| !ran.lost.contains(*variant));
            let replay = Replay::new(engine, part.plan, &part.plan.bars, care.workers)?;
            all.extend(
                replay.run(&variants, curve.keeps)?.iter().filter_map(|it| curve.returns(&it.trace).ok()),
            );
        }
        let points = all.iter().map(Vec::len).max().unwrap_or_default();
        // One that did not complete has another length; one that lost everything has no returns.
        let columns: Vec<Vec<f64>> =
            all.into_iter().filter(|column| column.len() == points && points > 0).collect();
        let without = sampled - columns.len();
        Ok(Self { columns, without, curve, overfitting: OnceLock::new() })
    }

    /// A variant's returns at the same points: apart from the others, also when it is one of them, as who is chosen by all bars
    /// must not stand among those by which choosing is judged.
    pub(super) fn returns_of(
        &self,
        engine: &Engine,
        plan: &Plan,
        variants: &[u64],
        care: Care,
    ) -> Result<Vec<Result<Vec<f64>, Missing>>, Failure> {
        let replayed =
            Replay::new(engine, plan, &plan.bars, care.workers)?.run(variants, self.curve.keeps)?;
        Ok(replayed.iter().map(|it| self.curve.returns(&it.trace)).collect())
    }

    /// The probability of overfitting when one of these is chosen.
    pub(super) fn overfitting(&self) -> &Result<Pbo, Missing> {
        self.overfitting.get_or_init(|| match self.columns.len() {
            0 | 1 => Err(Missing::TooFewVariants),
            _ => pbo(&self.columns, blocks(self.points())),
        })
    }

    /// Points of each series.
    pub(super) fn points(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    /// Time steps a point.
    pub(super) fn stride(&self) -> u64 {
        self.curve.stride
    }

    /// Points a year, if that can be told.
    pub(super) fn periods_per_year(&self) -> Option<f64> {
        self.curve.periods_per_year
    }
}

/// What became of an experiment's variants.
struct Ran {
    /// Those that have a result.
    settled: Bits,
    /// Those of them that did not complete.
    lost: Bits,
}

impl Ran {
    fn of(reader: &Reader, Part { plan, id }: Part<'_>) -> Result<Self, Failure> {
        let mut ran = Self { settled: Bits::none(plan.points()), lost: Bits::none(plan.points()) };
        reader.settled(id, ITERATION, |variant, kind| {
            ran.settled.insert(variant);
            if kind != OutcomeKind::Completed {
                ran.lost.insert(variant);
            }
        })?;
        Ok(ran)
    }
}

/// At most so many variants of all parts, as evenly as if they were one.
fn spread(parts: &[Part<'_>], ran: &[Ran], most: u64) -> Vec<Vec<u64>> {
    let tried = || parts.iter().zip(ran).map(|(part, ran)| part.plan.tried(&ran.settled));
    let all: u64 = tried().map(|variants| variants.count() as u64).sum();
    let count = most.min(all);
    // The product of two such numbers is far below 2^64.
    let mut places = (0..count).map(|it| it * all / count).peekable();
    let mut place = 0;
    let mut choose = |variants: &mut dyn Iterator<Item = u64>| {
        let mut chosen = Vec::new();
        for variant in variants {
            if places.next_if_eq(&place).is_some() {
                chosen.push(variant);
            }
            place += 1;
        }
        chosen
    };
    tried().map(|mut variants| choose(&mut variants)).collect()
}

/// Points of each series, at most. Folds are counted in time steps, and need every one.
fn points(plan: &Plan, variants: usize) -> u64 {
    if plan.walk_forward.is_some() || plan.cpcv.is_some() {
        return MOST_STEPS as u64;
    }
    POINTS.min(MOST_VALUES / variants.max(1) as u64)
}
