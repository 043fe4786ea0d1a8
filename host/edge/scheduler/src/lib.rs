//! The shell around the orchestrator: threads, a channel, timers, and what the machine has left.
//!
//! All state is the [`Orchestrator`](stratbox_orchestrator::Orchestrator)'s, which one thread owns: the caller's ([`run`], module `shell`). Worker threads do
//! what they are assigned and send back how it ended (modules `seats` and `worker`); a sampler says once a second what the machine has left (module
//! `resources`); others speak through a [`Control`]. None knows what a task is: the caller's [`Work`] says what an
//! attempt does, and its [`Book`] (module `book`) what becomes of what came of it.
//!
//! What must not happen here: a decision (those are the orchestrator's), or a wait for a worker that is gone.

mod book;
mod resources;
mod seats;
mod shell;
#[cfg(test)]
mod tests;
mod worker;

pub use book::{Book, Expansion, Stopped, Tried};
pub use shell::{Control, Inbox, Setup, channel, run};
pub use worker::{Attempt, Work};
