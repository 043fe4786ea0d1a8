//! What an exploration tells whoever listens, between what its experiments tell.

use std::collections::BTreeMap;

use serde::Serialize;
use stratbox_decide::comparison::Row;

/// Something that happened. Names are stable.
#[derive(Debug, Serialize)]
#[serde(tag = "event")]
pub(super) enum Happening<'a> {
    #[serde(rename = "exploration.start")]
    Start { num_approaches: usize, approaches: Vec<&'a str>, criteria: Vec<&'a str> },
    #[serde(rename = "approach.generated")]
    Generated { approach: &'a str, description: &'a str },
    #[serde(rename = "approach.start")]
    ApproachStart { approach: &'a str },
    #[serde(rename = "approach.complete")]
    ApproachComplete {
        approach: &'a str,
        state: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
        /// By criterion, from 0 to 1; empty for one that takes no part.
        scores: BTreeMap<&'a str, f64>,
    },
    #[serde(rename = "evaluation.complete")]
    Evaluated { top_approach: Option<&'a str>, comparison_matrix: &'a [Row] },
}
