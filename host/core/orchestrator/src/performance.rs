//! What a session did, for people and machines.
//!
//! A [`Recorder`] takes facts as they happen, in memory that does not grow with them, and ends in a [`Report`]: how long
//! it took against one thing after the other, who did what, where the time went, what stood in the way
//! ([`Bottleneck`]), and what somebody should look at ([`Alert`]). [`compare`] puts it beside earlier sessions,
//! [`ten_lines`] in words.
//!
//! All times are microseconds. What has no value (a share of nothing, the median of no runs) is absent; every number
//! that is not a count is [`Finite`]. Sums stop at the largest number there is instead of starting again.

mod alert;
mod bottleneck;
mod compare;
mod finite;
mod histogram;
#[cfg(test)]
mod laws;
mod lines;
mod queue;
mod recorder;
mod report;
#[cfg(test)]
mod tests;
mod words;

pub use alert::Alert;
pub use bottleneck::{Bottleneck, Finding};
pub use compare::{Comparison, Trend, Verdict, compare};
pub use finite::Finite;
pub use histogram::Histogram;
pub use lines::ten_lines;
pub use queue::QueueLengths;
pub use recorder::{Recorder, TaskEnd, TaskFacts};
pub use report::{
    Attempts, Leases, RankedWorker, Report, RunTimes, Session, StageTime, Stages, TimeSaved, VariantCounts,
    WorkerCounts,
};
