//! A component to the outcome of a run: the only crate that names wasmtime.
//!
//! [`Sandbox::precompile`] composes a strategy's component with the engine's own (venue before it, driver after it) and
//! compiles them ahead of time as one; [`Sandbox::load`] makes that ready to run; [`Sandbox::run`] gives each run a fresh store with its fuel, memory and
//! deadline, and turns whatever happens in it into a [`stratbox_domain::RunOutcome`]. A store is never used twice.
//!
//! What must not happen here: an `Err` for something the guest did, or an outcome for something that we did.

mod artifact;
mod compose;
mod engine;
mod fault;
mod host;
mod meter;
mod progress;
mod run;
mod text;
mod traps;
#[cfg_attr(not(feature = "wasi"), path = "no_wasi.rs")]
mod wasi;
mod wire;

pub use artifact::{Artifact, Identity, TrustedCode};
pub use compose::Guests;
pub use engine::{MAX_RUNS, Sandbox};
pub use host::{Log, LogLine};
pub use run::{RunReport, RunRequest, Timing, bounded};

/// What went wrong in the host. Never the guest's doing, but for [`Error::Component`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are not a component that fits the contract.
    #[error("the component does not fit the contract: {0}")]
    Component(String),
    /// The strategy could not say what it is.
    #[error("the strategy's `describe` failed: {0}")]
    Describe(String),
    /// The engine refused its configuration or failed.
    #[error("the wasm engine failed: {0}")]
    Engine(String),
}

impl Error {
    /// Keeps wasmtime's whole chain of causes, in one line: its top-level messages rarely say what was wrong.
    fn engine(error: &wasmtime::Error) -> Self {
        Self::Engine(format!("{error:#}"))
    }
}
