//! The record of experiments: what was asked, what came of it, and what happened on the way.
//!
//! A [`Workspace`] is one directory. Its record of truth is one SQLite file, written in batches by a [`Writer`] and read by
//! as many [`Reader`]s as there may be. A batch is there whole or not at all, whenever the process is killed. Beside it,
//! each experiment has an [`EventLog`], which is published and can be made again from the record at any time.
//!
//! What must not happen here: a result that is lost or counted twice, an answer that depends on when or in which order
//! something was settled, or memory that grows with the number of variants.
//!
//! Only this crate knows that there is SQLite.

#[cfg(not(unix))]
compile_error!("a workspace is as private as its mode makes it: it needs a Unix file system");

mod convert;
mod db;
mod error;
mod event;
mod export;
mod id;
mod ledger;
mod lock;
mod log;
mod outcome;
mod private;
mod reader;
mod record;
mod schema;
mod view;
mod workspace;
mod writer;

#[cfg(test)]
extern crate self as stratbox_store;

#[cfg(test)]
#[allow(clippy::unwrap_used, dead_code, reason = "the tests of what can be seen from outside share it")]
#[path = "../tests/store/fixture.rs"]
mod fixture;

pub use error::StoreError;
pub use event::{EVENT_VERSION, Event, Happening};
pub use export::{Format, UnknownFormat};
pub use id::{ExperimentId, NotAnId};
pub use ledger::{
    DataRange, Holdout, HoldoutId, Look, MAX_FIGURES, MAX_WHO, MAX_WHY, NewLook, Trials, Tried,
};
pub use lock::ExperimentLock;
pub use log::EventLog;
pub use outcome::{EncodedOutcome, MetricNames, NotAnOutcome};
pub use reader::{Attempts, Known, Ranked, Reader, Rows};
pub use record::{
    Batch, FailedAttempt, MAX_DETAIL, Milestone, NewExperiment, NewStrategy, Status, Transition, Trial,
};
pub use view::{
    Compared, Counts, Experiment, ExperimentHead, KnownTrial, OutcomeKind, Place, Row, Session, Spread,
    StoredStrategy,
};
pub use workspace::{DEFAULT_PATIENCE, Workspace};
pub use writer::{SESSIONS_KEPT, Writer};
