//! What the results say of the space that was searched: whether the best stands on a plateau or leans against a bound, and
//! which parameters matter.

use serde::Serialize;
use stratbox_domain::{Cube, Params};
use stratbox_search::{Edge, Landscape, PlateauSettings};
use stratbox_store::{ExperimentId, Place, Reader, Row};

use crate::failure::Failure;
use crate::sweep::Plan;

/// Variants of a strategy that are looked at, at most: an even spread of more.
const MOST: u64 = 4_096;

/// The surroundings of the best variant, among those of its strategy.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Shape {
    /// Variants that were looked at.
    pub(crate) points: usize,
    /// What of the best value the median neighbour keeps: 1 is a plateau, 0 a peak.
    pub(crate) retained: Option<f64>,
    /// Neighbours of the best.
    pub(crate) neighbours: usize,
    /// Why that cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retained_missing: Option<String>,
    /// Parameters at an end of their range: what is beyond may be better still.
    pub(crate) edges: Vec<Edge>,
    /// How much of the variance each parameter explains by itself, the most first.
    pub(crate) importance: Vec<Weight>,
    /// Why that cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) importance_missing: Option<String>,
}

/// A parameter's share of the variance.
#[derive(Debug, Serialize)]
pub(crate) struct Weight {
    pub(crate) parameter: String,
    /// Null when it cannot be said.
    pub(crate) share: Option<f64>,
    /// Without what chance explains.
    pub(crate) adjusted: Option<f64>,
}

impl Shape {
    pub(super) fn of(plan: &Plan, reader: &Reader, id: ExperimentId, best: &Row) -> Result<Self, Failure> {
        let Some((_, planned)) = plan.strategy_of(best.variant) else { return Ok(Self::default()) };
        let Some(axes) = planned.axes() else { return Ok(Self::default()) };
        let (first, points) = (planned.first, planned.points());
        let count = points.min(MOST);
        // The product of two such numbers is far below 2^64.
        let mut variants: Vec<u64> = (0..count).map(|it| first + it * points / count).collect();
        variants.push(best.variant);
        variants.sort_unstable();
        variants.dedup();
        let experiment = reader.experiment(id)?;
        let mut places: Vec<(Params, Option<f64>)> = Vec::new();
        for variant in variants {
            let (iteration, key) = (best.iteration, best.key);
            let place = Place { rank: None, variant, iteration, key, figure: None };
            places.extend(reader.row(&experiment, &place)?.map(|row| (row.params, row.figure)));
        }
        let unfit = |problem: &dyn std::fmt::Display| {
            Failure::environment(format!("the experiment's points do not fit its space: {problem}"))
        };
        let cube = Cube::new(axes).map_err(|error| unfit(&error))?;
        let figures = places.iter().map(|(params, figure)| (params, *figure));
        let landscape =
            Landscape::new(cube, plan.aim.objective.direction(), figures).map_err(|error| unfit(&error))?;
        let mut shape = Self::seen(&landscape, places.len());
        if planned.sampled().is_some_and(crate::sweep::Sampled::learns) {
            shape.importance = Vec::new();
            shape.importance_missing = Some("the points were chosen by what came of others".to_owned());
        }
        Ok(shape)
    }

    fn seen(landscape: &Landscape, points: usize) -> Self {
        let mut shape = Self { points, edges: landscape.edges().unwrap_or_default(), ..Self::default() };
        match landscape.plateau(&PlateauSettings::default()) {
            Ok(plateau) => {
                shape.neighbours = plateau.neighbours;
                shape.retained = plateau.retained.ok();
                shape.retained_missing = plateau.retained.err().map(|reason| reason.to_string());
            }
            Err(reason) => shape.retained_missing = Some(reason.to_string()),
        }
        match landscape.importance() {
            Ok(importance) => {
                let weight = |it: stratbox_search::Importance| Weight {
                    parameter: it.axis,
                    share: it.share.ok(),
                    adjusted: it.adjusted.ok(),
                };
                shape.importance = importance.into_iter().map(weight).collect();
                shape.importance.sort_by(|one, other| {
                    let of = |it: &Weight| it.adjusted.unwrap_or(-1.0);
                    of(other).total_cmp(&of(one)).then_with(|| one.parameter.cmp(&other.parameter))
                });
            }
            Err(reason) => shape.importance_missing = Some(reason.to_string()),
        }
        shape
    }
}
