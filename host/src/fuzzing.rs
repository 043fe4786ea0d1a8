//! A door for fuzz targets: what this crate reads of others, as bytes.

pub use crate::sweep::fuzzing::sweep_file;
pub use crate::worker::fuzzing::{answers, samples as answer_samples};
