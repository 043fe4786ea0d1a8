//! What an orchestrator does, told from outside: inputs in, actions out.

mod admission;
mod calls;
mod commands;
mod failures;
mod laws;
mod leases;
mod ledger;
mod model;
mod queue;
mod retry;
mod shell;
mod support;
mod verdicts;
