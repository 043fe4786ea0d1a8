//! The variants of which none is better in every objective.

use stratbox_domain::RunOutcome;
use stratbox_search::{Evaluation, pareto_front};
use stratbox_store::{ExperimentId, Place, Reader, Row};

use super::Aim;
use crate::failure::Failure;

/// Variants that are compared, at most.
const MOST: usize = 1_000_000;

/// The Pareto front, in the order of the first objective; `None` with one objective, or more variants than are compared.
pub(super) fn front(aim: &Aim, reader: &Reader, id: ExperimentId) -> Result<Option<Vec<Row>>, Failure> {
    if aim.others.is_empty() {
        return Ok(None);
    }
    let (mut places, mut outcomes) = (Vec::new(), Vec::new());
    for row in reader.rows(id)? {
        let row = row?;
        if let (RunOutcome::Completed(_), Evaluation::Completed(outcome)) =
            (&row.outcome, aim.evaluation(&row.outcome))
            && outcome.is_feasible()
        {
            if places.len() == MOST {
                return Ok(None);
            }
            let Row { variant, iteration, key, figure, .. } = row;
            places.push(Place { rank: None, variant, iteration, key, figure });
            outcomes.push(outcome);
        }
    }
    let front: Vec<Place> =
        pareto_front(&outcomes, &aim.directions()).into_iter().map(|place| places[place]).collect();
    let direction = aim.objective.direction();
    let order = stratbox_decide::rank(&front, |place| place.figure, direction, |place| place.key);
    let experiment = reader.experiment(id)?;
    let mut rows = Vec::with_capacity(front.len());
    for place in order {
        rows.extend(reader.row(&experiment, &front[place])?);
    }
    Ok(Some(rows))
}
