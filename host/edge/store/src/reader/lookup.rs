//! Single rows of an experiment.

use std::collections::BTreeMap;

use rusqlite::params;

use super::rows;
use crate::{Experiment, ExperimentId, OutcomeKind, Place, Reader, Row, StoreError};

impl Reader {
    /// The row that has a place in an experiment's ranking; `None` when the experiment was deleted meanwhile.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn row(&self, experiment: &Experiment, place: &Place) -> Result<Option<Row>, StoreError> {
        let (iteration, variant) = (place.iteration.into(), place.variant.cast_signed());
        self.db.run(|connection| rows::one(connection, experiment, iteration, variant))
    }

    /// Of each label of a fault that occurred, the first variant with it.
    ///
    /// # Errors
    /// There is no such experiment; the store cannot be read.
    pub fn first_faults(&self, id: ExperimentId) -> Result<BTreeMap<String, Row>, StoreError> {
        self.db.read(|connection| {
            let experiment = self.load(connection, id)?;
            let mut first = BTreeMap::new();
            let mut statement = connection.prepare_cached(
                "SELECT iteration, variant FROM trials WHERE experiment = ?1 AND kind = ?2 ORDER BY iteration, variant",
            )?;
            let mut found = statement.query(params![id.number(), OutcomeKind::Faulted.number()])?;
            // Most labels are among the first; only one that is rare is looked for further.
            while first.len() < experiment.head.counts.faults.len()
                && let Some(place) = found.next()?
            {
                let row = rows::one(connection, &experiment, place.get(0)?, place.get(1)?)?;
                if let Some(row) = row
                    && let stratbox_domain::RunOutcome::Faulted(fault) = &row.outcome
                {
                    first.entry(fault.label.label().to_owned()).or_insert(row);
                }
            }
            Ok(first)
        })
    }
}
