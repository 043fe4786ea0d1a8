//! What ended a run, in our words.

use stratbox_domain::{Fault, FaultLabel, Interruption, RunOutcome};
use wasmtime::{Store, Trap};

use crate::host::{HostBug, State, Stop};
use crate::meter::Exhausted;
use crate::progress::bar_of;
use crate::text::escaped;
use crate::traps::{Meaning, meaning};
use crate::{Error, wasi};

const PANICKED: &str = "the words and the place are the strategy's own: repair what they name, or return an error from `new` \
                        when parameters cannot work together";
const MORE_MEMORY: &str = "keep less: a window of bars instead of all of them; or allow more `memory_bytes`";
const HEAVY_BAR: &str =
    "look for a loop that does not end, or for work that grows with every bar; or allow more `fuel_per_bar`";
const OTHER_BINDINGS: &str =
    "build the component with `stratbox build`, or repair the bindings that it was made with";

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
    let fault = |label, code: &'static str, message: String, hint: &'static str| Fault {
        label,
        code: code.into(),
        bar: bar_of(store, error),
        message,
        hint: hint.into(),
    };
    let of = |Meaning { label, code, sentence, hint }| fault(label, code, sentence.to_owned(), hint);
    Ok(RunOutcome::Faulted(match error.downcast_ref::<Trap>() {
        // A panic announces itself, then traps.
        Some(Trap::UnreachableCodeReached) if let Some(words) = &state.last_words => {
            fault(FaultLabel::Panic, "panic", format!("{} (at {})", words.message, words.place), PANICKED)
        }
        Some(Trap::OutOfFuel) if let Exhausted::Bar { limit } = state.meter.exhausted() => {
            let message = format!("one bar took more than the {limit} units of fuel that it may");
            fault(FaultLabel::Fuel, "out_of_fuel_for_bar", message, HEAVY_BAR)
        }
        // What cannot go on without the memory that it was refused stops itself.
        Some(Trap::UnreachableCodeReached) if state.memory.refused => {
            let message = format!(
                "it asked for more memory than the run's limit `memory_bytes` of {} bytes",
                state.memory.limit
            );
            fault(FaultLabel::Memory, "memory_limit", message, MORE_MEMORY)
        }
        Some(trap) => of(meaning(*trap)),
        None if let Some(meaning) = wasi::meaning(error) => of(meaning),
        None if state.memory.refused => {
            let message =
                format!("it needs more memory to start than `memory_bytes` ({})", state.memory.limit);
            fault(FaultLabel::Memory, "memory_limit", message, MORE_MEMORY)
        }
        // What is left are values that break the canonical ABI: lists out of bounds, text that is not UTF-8, unknown
        // discriminants.
        None => {
            let words = escaped(&format!("{:#}", error.root_cause()), 500);
            fault(FaultLabel::Contract, "canonical_abi", words, OTHER_BINDINGS)
        }
    }))
}
