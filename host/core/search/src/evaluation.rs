//! What became of a point.

use serde::{Deserialize, Serialize};

/// The objectives of a point that was evaluated, and how far it is from keeping the constraints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// A finite value per objective, in their order; `None` where there is none.
    pub values: Vec<Option<f64>>,
    /// By how much the constraints are missed in total: 0 when all are kept, `None` when it is not known because a
    /// constrained metric has no value. See [`violation`](crate::violation).
    pub violation: Option<f64>,
}

impl Outcome {
    /// An outcome that keeps every constraint.
    #[must_use]
    pub fn feasible(values: Vec<Option<f64>>) -> Self {
        Self { values, violation: Some(0.0) }
    }

    /// Whether every constraint is kept.
    #[must_use]
    pub fn is_feasible(&self) -> bool {
        self.violation == Some(0.0)
    }

    /// Says what is wrong with an outcome of so many objectives, if anything is.
    pub(crate) fn check(&self, objectives: usize) -> Result<(), String> {
        if self.values.len() != objectives {
            return Err(format!("it has {} values for {objectives} objectives", self.values.len()));
        }
        if let Some(value) = self.values.iter().flatten().find(|value| !value.is_finite()) {
            return Err(format!("value `{value}` is not a finite number: use none for a missing one"));
        }
        match self.violation {
            Some(violation) if !(violation.is_finite() && violation >= 0.0) => {
                Err(format!("its violation is `{violation}`: it must be zero or a finite number above"))
            }
            _ => Ok(()),
        }
    }
}

/// What became of a suggestion. Every one of these is a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Evaluation {
    /// It ran over all of the data.
    Completed(Outcome),
    /// It was stopped on less data than others, being worse than they were.
    Pruned {
        /// Why, for people.
        reason: String,
    },
    /// It has no result.
    Failed {
        /// Why, for people.
        reason: String,
    },
}
