//! What ended a run, in our words.

use stratbox_domain::{Fault, FaultLabel, Interruption, RunOutcome};
use wasmtime::{Store, Trap};

use crate::Error;
use crate::host::{HostBug, State, Stop};
use crate::progress::bar_of;
use crate::text::escaped;

/// Turns whatever wasmtime says into the guest's fault, an interruption, or (`Err`) a failure of ours.
pub(crate) fn classify<R, T>(
    store: &Store<State<R>>,
    error: &wasmtime::Error,
) -> Result<RunOutcome<T>, Error> {
    let state = store.data();
    if let Some(stop) = error.downcast_ref::<Stop>() {
        let bar = bar_of(store, error).or(state.row);
        return Ok(RunOutcome::Interrupted(match stop {
            Stop::Deadline => Interruption::Timeout { bar },
            Stop::Cancelled => Interruption::Cancelled { bar },
        }));
    }
    if let Some(bug) = error.downcast_ref::<HostBug>() {
        return Err(Error::Engine(bug.to_string()));
    }
    let (label, message) = match error.downcast_ref::<Trap>() {
        // A panic announces itself, then traps.
        Some(Trap::UnreachableCodeReached) if state.last_words.is_some() => {
            let words =
                state.last_words.as_ref().map(|words| format!("{} (at {})", words.message, words.place));
            (FaultLabel::Panic, words.unwrap_or_default())
        }
        Some(Trap::OutOfFuel) => {
            (FaultLabel::Fuel, "the run's fuel ran out: look for a loop that does not end".into())
        }
        Some(Trap::StackOverflow) => (FaultLabel::Stack, "it recursed too deep".into()),
        _ if state.memory.refused => {
            (FaultLabel::Memory, "it asked for more memory than the run's limit `memory_bytes`".into())
        }
        Some(Trap::UnreachableCodeReached) => (FaultLabel::Trap, "it stopped itself (`unreachable`)".into()),
        Some(Trap::MemoryOutOfBounds) => (
            FaultLabel::Trap,
            "it read or wrote outside of its memory, which a very deep recursion does too".into(),
        ),
        Some(trap) => (FaultLabel::Trap, trap.to_string()),
        // What is left are values that break the canonical ABI: lists out of bounds, text that is not UTF-8, unknown
        // discriminants.
        None => (FaultLabel::Contract, escaped(&format!("{:#}", error.root_cause()), 500)),
    };
    Ok(RunOutcome::Faulted(Fault { label, bar: bar_of(store, error), message }))
}
