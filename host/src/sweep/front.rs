//! The variants of which none is better in every objective.

use stratbox_domain::RunOutcome;
use stratbox_search::{Evaluation, pareto_front};
use stratbox_store::{ExperimentId, Reader, Row};

use super::Aim;
use crate::failure::Failure;

/// Variants that are compared, at most.
const MOST: usize = 1_000_000;

/// The Pareto front, in the order of the first objective; `None` with one objective, or more variants than are compared.
pub(super) fn front(aim: &Aim, reader: &Reader, id: ExperimentId) -> Result<Option<Vec<Row>>, Failure> {
    if aim.others.is_empty() {
        return Ok(None);
    }
    let (mut variants, mut outcomes) = (Vec::new(), Vec::new());
    for row in reader.rows(id)? {
        let row = row?;
        if let (RunOutcome::Completed(_), Evaluation::Completed(outcome)) =
            (&row.outcome, aim.evaluation(&row.outcome))
            && outcome.is_feasible()
        {
            if variants.len() == MOST {
                return Ok(None);
            }
            variants.push(row.variant);
            outcomes.push(outcome);
        }
    }
    let mut on_it: Vec<u64> =
        pareto_front(&outcomes, &aim.directions()).into_iter().map(|place| variants[place]).collect();
    on_it.sort_unstable();
    let mut front = Vec::new();
    for row in reader.rows(id)? {
        let row = row?;
        if on_it.binary_search(&row.variant).is_ok() {
            front.push(row);
        }
    }
    let direction = aim.objective.direction();
    let order = stratbox_decide::rank(&front, |row| row.figure, direction, |row| row.key);
    let mut rows: Vec<Option<Row>> = front.into_iter().map(Some).collect();
    Ok(Some(order.into_iter().filter_map(|place| rows[place].take()).collect()))
}
