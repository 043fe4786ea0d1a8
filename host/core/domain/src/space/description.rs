//! Spaces as they are written down: what they were made from.

use serde::{Deserialize, Serialize};

use super::{Axis, Space, SpaceError};
use crate::ParamValue;

/// What a space is made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum Description {
    Grid {
        axes: Vec<Axis>,
    },
    Random {
        axes: Vec<Axis>,
        count: u64,
        seed: u64,
    },
    /// Values in the order of the axes, of the points that are chosen.
    Listed {
        axes: Vec<Axis>,
        count: u64,
        points: Vec<Vec<ParamValue>>,
    },
}

impl From<Space> for Description {
    fn from(space: Space) -> Self {
        space.description
    }
}

impl TryFrom<Description> for Space {
    type Error = SpaceError;

    fn try_from(description: Description) -> Result<Self, SpaceError> {
        match description {
            Description::Grid { axes } => Self::grid(axes),
            Description::Random { axes, count, seed } => Self::random(axes, count, seed),
            Description::Listed { axes, count, points } => Self::of_values(axes, count, points),
        }
    }
}

impl Space {
    /// The parameters that vary and what they may be, as the space was made from them.
    #[must_use]
    pub fn axes(&self) -> &[Axis] {
        match &self.description {
            Description::Grid { axes }
            | Description::Random { axes, .. }
            | Description::Listed { axes, .. } => axes,
        }
    }
}
