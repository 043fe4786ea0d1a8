//! The gate as a whole: every case is a file, and what is said about it.

mod contract;
mod envelope;
mod features;
mod hostile;
mod limits;
mod noise;
mod sample;

use super::{ComponentLimits, Profile, Refusal, Shape, inspect};

fn strictly(bytes: &[u8]) -> Result<Shape, Refusal> {
    inspect(bytes, &ComponentLimits::default(), Profile::Strict)
}

fn refusal(bytes: &[u8]) -> Refusal {
    strictly(bytes).expect_err("it is refused")
}

#[track_caller]
fn accepted(bytes: &[u8]) -> Shape {
    strictly(bytes).unwrap_or_else(|refusal| panic!("{}: {refusal}", refusal.rule))
}
