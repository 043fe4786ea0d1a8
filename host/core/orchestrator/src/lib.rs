//! Decides what runs next, where, and what is tried again.
//!
//! An [`Orchestrator`] is a state machine: [`Input`]s in, [`Action`]s out. Whoever drives it tells it what happened and
//! when, does what it says, and calls it again no later than [`Orchestrator::wake_at`] with [`Input::Tick`]. It knows no
//! clock, thread, file or process, so that every course of events can be told again.
//!
//! [`Job`]s wait for one another and have priorities; each is expanded into tasks a window at a time. Workers get leases:
//! batches of tasks of one job. A worker that falls silent loses its lease, and an answer that comes later changes
//! nothing. A failed attempt is repeated as [`RetryPolicy`] says; every task has its result once.
//!
//! Beside it: where a workflow stands and may go ([`workflow`]), and how well a session went ([`performance`]).
//!
//! What must not happen here: a task lost or settled twice, a result that depends on the number of workers or on timing,
//! a wait that nothing ends, or memory that grows with the number of tasks.

mod action;
mod answers;
mod backoff;
mod batch;
mod calls;
mod dispatch;
mod gates;
mod input;
mod job;
mod jobs;
mod orchestrator;
pub mod performance;
mod retry;
mod settings;
mod statistics;
mod version;
mod workers;
pub mod workflow;

pub use action::{Action, Assigned, JobEnd, Problem};
pub use backoff::Backoff;
pub use batch::Batches;
pub use input::{Answer, Decision, Input, NewTask};
pub use job::{Job, JobId, LeaseId, Needs, TaskId, WorkerId};
pub use orchestrator::Orchestrator;
pub use retry::{Cause, Ending, FaultSignature, History, Next, RetryPolicy, Settled};
pub use settings::{Admission, CallLimits, FailureGate, Millis, OnFailures, Sample, Settings};
pub use statistics::{SettledCounts, Statistics, Stopping, Waiting};
