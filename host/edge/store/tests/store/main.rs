//! What the store promises: what was written is there, once, whatever happened on the way; and what it says of it does not
//! depend on how it came about.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

mod damage;
mod exporting;
mod fixture;
mod knowing;
mod laws;
mod ledger;
mod linked;
mod logging;
mod migrating;
mod opening;
mod reading;
mod writing;

use fixture::{
    COMPONENT, Fixture, Outcome, START, batch_of, completed, experiment, failed_attempt, faulted,
    interrupted, key, settled, transition, trial,
};
