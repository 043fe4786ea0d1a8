//! The vocabulary of stratbox.
//!
//! Every other crate speaks in these types and none of them does anything: no files, clocks, threads, randomness or
//! engine in here, so that the crate compiles for the sandbox as well as for the host. What only the host needs
//! (serialisation, digests) is behind the `host` feature.

mod account;
mod bar;
mod manifest;
mod order;
mod param;
mod policy;
mod summary;
mod uniform;
mod wire;

pub use account::{Account, Position};
pub use bar::{Bar, Instrument};
pub use manifest::Manifest;
pub use order::{Bracket, Fill, Order, OrderId, OrderKind, Rejection, Side, TimeInForce, Trail};
pub use param::{ParamError, ParamKind, ParamSpec, ParamValue, Params};
pub use policy::{
    FeeModel, FillAt, Increments, InstrumentPolicy, LimitFill, MakerTaker, PerShare, PolicyError,
    PolicyProblem, SlippageModel, VenuePolicy,
};
pub use summary::VenueSummary;
pub use uniform::uniform;

#[cfg(feature = "host")]
mod key;
#[cfg(feature = "host")]
mod limits;
#[cfg(feature = "host")]
mod outcome;
#[cfg(feature = "host")]
mod source;
#[cfg(feature = "host")]
mod space;
#[cfg(feature = "host")]
mod text;

#[cfg(feature = "host")]
pub use key::{Digest, KeyBuilder, RunKey};
#[cfg(feature = "host")]
pub use limits::Limits;
#[cfg(feature = "host")]
pub use outcome::{Fault, FaultLabel, Interruption, RunOutcome, WorkerLoss};
#[cfg(feature = "host")]
pub use source::{BarSource, Columns, Recorder};
#[cfg(feature = "host")]
pub use space::{Axis, AxisKind, AxisValues, Cube, PointError, Scale, Space, SpaceError};
#[cfg(feature = "host")]
pub use text::{counted, escaped, grouped, must_be_escaped};
