//! On which bars choices are made, and on which they are judged.
//!
//! A [`Timeline`] is the distinct times of a dataset. [`SplitSettings`] cut it into train, validation and holdout,
//! [`WalkForwardSettings`] into folds that follow one another, and [`CpcvSettings`] into groups of which every combination
//! is tested once. [`walk_forward`] and [`combinatorial`] choose among variants' returns on the one part and judge on the
//! other.
//!
//! What holds for all of them: a step that is tested is never trained on in the same split; steps that are purged or under
//! embargo are in neither; every part is not empty; the same times and settings give the same parts.

mod combinatorial;
mod cpcv;
mod error;
mod length;
mod moment;
mod moments;
mod partition;
mod timeline;
mod walk_forward;
mod walking;

pub use combinatorial::{Combinatorial, PathSpread, combinatorial, path_returns};
pub use cpcv::{Cpcv, CpcvSettings, CpcvSplit, MAX_SPLITS};
pub use error::SplitError;
pub use length::{Length, NotAPeriod, Period};
pub use moment::Moment;
pub use partition::{Extent, Partition, SplitSettings};
pub use timeline::{Part, Timeline};
pub use walk_forward::{Fold, Folds, MAX_FOLDS, WalkForwardKind, WalkForwardSettings};
pub use walking::{Choice, NoEfficiency, WalkForward, walk_forward};
