//! What each of wasmtime's traps means to whoever wrote the strategy.

use stratbox_domain::FaultLabel;
use wasmtime::Trap;

/// A trap in our words.
pub(crate) struct Meaning {
    pub(crate) label: FaultLabel,
    /// Stable, for programs.
    pub(crate) code: &'static str,
    /// What happened.
    pub(crate) sentence: &'static str,
    /// What to do.
    pub(crate) hint: &'static str,
}

/// For what only hand-made components do: the compiler's own code keeps to the contract.
const BINDINGS: &str =
    "build the component with `stratbox build`, or repair the bindings that it was made with";
/// For what belongs to proposals that are turned off, so that no component with it is ever compiled.
const IMPOSSIBLE: &str = "the engine does not run such components; please report that it did";
/// A code that a later engine has and this table does not. A test keeps it unused.
pub(crate) const UNKNOWN: &str = "unknown_trap";

/// Every trap has a line of its own, which a test proves by going through all of wasmtime's codes.
pub(crate) fn meaning(trap: Trap) -> Meaning {
    use FaultLabel::{Contract, Fuel, Memory, Stack, Trap as Trapped};
    let (label, code, sentence, hint) = match trap {
        Trap::StackOverflow => (
            Stack,
            "stack_overflow",
            "it recursed too deep",
            "look for a recursion that does not end, or use a loop and a list of your own",
        ),
        Trap::MemoryOutOfBounds => (
            Trapped,
            "memory_out_of_bounds",
            "it read or wrote outside of its memory, which a very deep recursion does too",
            "look for a recursion that does not end, or for large arrays among the local variables; in a component made by hand, for pointers that lie",
        ),
        Trap::TableOutOfBounds => {
            (Trapped, "table_out_of_bounds", "it called a function at a place where there are none", BINDINGS)
        }
        Trap::IndirectCallToNull => {
            (Trapped, "indirect_call_to_null", "it called a function that is not there", BINDINGS)
        }
        Trap::BadSignature => (
            Trapped,
            "bad_signature",
            "it called a function with arguments of another type than the function has",
            BINDINGS,
        ),
        Trap::IntegerOverflow => (
            Trapped,
            "integer_overflow",
            "an integer division had a result that its type cannot hold",
            "check for the smallest value divided by -1, or use `checked_div`",
        ),
        Trap::IntegerDivisionByZero => (
            Trapped,
            "integer_divide_by_zero",
            "it divided an integer by zero",
            "check the divisor first, or use `checked_div`",
        ),
        Trap::BadConversionToInteger => (
            Trapped,
            "bad_conversion_to_integer",
            "it turned a number into an integer that cannot hold it",
            "check for NaN and for the range first; `as` does so by itself",
        ),
        Trap::UnreachableCodeReached => (
            Trapped,
            "unreachable",
            "it stopped itself (`unreachable`)",
            "look for what aborts: running out of memory does, and so does a panic without a message",
        ),
        Trap::OutOfFuel => (
            Fuel,
            "out_of_fuel",
            "the run's fuel ran out",
            "look for a loop that does not end or for work that is done anew at every bar; or allow more `fuel`",
        ),
        Trap::CannotEnterComponent => (
            Contract,
            "cannot_enter_component",
            "it was called while it was still busy, or again after it had failed",
            BINDINGS,
        ),
        Trap::CannotLeaveComponent => (
            Contract,
            "cannot_leave_component",
            "it called the engine where it must not, such as while it makes room for an argument",
            BINDINGS,
        ),
        Trap::InvalidChar => {
            (Contract, "invalid_char", "it passed a character that does not exist", BINDINGS)
        }
        Trap::StringOutOfBounds => {
            (Contract, "string_out_of_bounds", "it passed a text that lies outside of its memory", BINDINGS)
        }
        Trap::ListOutOfBounds => {
            (Contract, "list_out_of_bounds", "it passed a list that lies outside of its memory", BINDINGS)
        }
        Trap::InvalidDiscriminant => {
            (Contract, "invalid_discriminant", "it passed a case that the type does not have", BINDINGS)
        }
        Trap::UnalignedPointer => {
            (Contract, "unaligned_pointer", "it passed a value at an address that does not suit it", BINDINGS)
        }
        Trap::DebugAssertStringEncodingFinished => {
            (Contract, "string_encoding_unfinished", "a text ended in mid-character", BINDINGS)
        }
        Trap::DebugAssertEqualCodeUnits => {
            (Contract, "unequal_code_units", "a text changed its length on the way", BINDINGS)
        }
        Trap::DebugAssertPointerAligned => {
            (Contract, "pointer_not_aligned", "a text lies at an address that does not suit it", BINDINGS)
        }
        Trap::DebugAssertUpperBitsUnset => {
            (Contract, "upper_bits_set", "a length has bits that it must not have", BINDINGS)
        }
        Trap::AllocationTooLarge => {
            (Memory, "allocation_too_large", "it asked for more memory than there can be", IMPOSSIBLE)
        }
        Trap::HeapMisaligned => (Trapped, "atomic_misaligned", "an atomic access was misaligned", IMPOSSIBLE),
        Trap::AtomicWaitNonSharedMemory => {
            (Trapped, "atomic_wait", "it waited on memory that nobody shares", IMPOSSIBLE)
        }
        Trap::Interrupt => (Trapped, "interrupt", "it was interrupted", IMPOSSIBLE),
        Trap::NullReference => (Trapped, "null_reference", "it used a reference to nothing", IMPOSSIBLE),
        Trap::ArrayOutOfBounds => {
            (Trapped, "array_out_of_bounds", "it used an array outside of its bounds", IMPOSSIBLE)
        }
        Trap::CastFailure => {
            (Trapped, "cast_failure", "a reference is not of the type it was cast to", IMPOSSIBLE)
        }
        Trap::UnhandledTag => (Trapped, "unhandled_tag", "nobody handles what it suspended to", IMPOSSIBLE),
        Trap::ContinuationAlreadyConsumed => {
            (Trapped, "continuation_consumed", "it resumed a continuation twice", IMPOSSIBLE)
        }
        Trap::UncaughtException => (Trapped, "uncaught_exception", "nobody caught an exception", IMPOSSIBLE),
        Trap::DisabledOpcode => (Trapped, "disabled_opcode", "an instruction is turned off", IMPOSSIBLE),
        Trap::NoAsyncResult => (Contract, "no_async_result", "an async call gave no result", IMPOSSIBLE),
        Trap::AsyncDeadlock => (Contract, "async_deadlock", "it waits for what can never come", IMPOSSIBLE),
        Trap::CannotBlockSyncTask => (Contract, "cannot_block", "it blocked where it must not", IMPOSSIBLE),
        Trap::TaskCancelNotCancelled => {
            (Contract, "task_not_cancelled", "it gave up a task that nobody cancelled", IMPOSSIBLE)
        }
        Trap::TaskCancelOrReturnTwice => (Contract, "task_ended_twice", "it ended a task twice", IMPOSSIBLE),
        Trap::SubtaskCancelAfterTerminal => {
            (Contract, "subtask_cancelled_late", "it cancelled a task that had ended", IMPOSSIBLE)
        }
        Trap::TaskReturnInvalid => {
            (Contract, "task_return_invalid", "a task returned another type", IMPOSSIBLE)
        }
        Trap::WaitableSetDropHasWaiters => {
            (Contract, "waitable_set_busy", "it dropped a set that tasks wait for", IMPOSSIBLE)
        }
        Trap::SubtaskDropNotResolved => {
            (Contract, "subtask_unresolved", "it dropped a task that had not ended", IMPOSSIBLE)
        }
        Trap::ThreadNewIndirectInvalidType => (
            Contract,
            "thread_of_wrong_type",
            "it started a thread with a function of another type",
            IMPOSSIBLE,
        ),
        Trap::ThreadNewIndirectUninitialized => {
            (Contract, "thread_of_nothing", "it started a thread without a function", IMPOSSIBLE)
        }
        Trap::BackpressureOverflow => {
            (Contract, "backpressure_overflow", "it counted back-pressure too far", IMPOSSIBLE)
        }
        Trap::UnsupportedCallbackCode => {
            (Contract, "unsupported_callback", "a callback answered what nobody knows", IMPOSSIBLE)
        }
        Trap::CannotResumeThread => {
            (Contract, "cannot_resume_thread", "it resumed a thread that was not suspended", IMPOSSIBLE)
        }
        Trap::ConcurrentFutureStreamOp => {
            (Contract, "concurrent_stream", "it used a stream twice at once", IMPOSSIBLE)
        }
        Trap::ReferenceCountOverflow => {
            (Contract, "reference_count_overflow", "it counted references too far", IMPOSSIBLE)
        }
        Trap::StreamOpTooBig => (Contract, "stream_too_big", "it moved too much at once", IMPOSSIBLE),
        Trap::WaitableSyncAndAsync => {
            (Contract, "waitable_sync_and_async", "it waited in two ways at once", IMPOSSIBLE)
        }
        _ => (Trapped, UNKNOWN, "the engine stopped it for a reason that is not known here", IMPOSSIBLE),
    };
    Meaning { label, code, sentence, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trap_of_the_engine_has_a_label_of_its_own_a_sentence_and_a_hint() {
        let all: Vec<Trap> = (0..=u8::MAX).filter_map(Trap::from_u8).collect();
        assert!(all.len() > 40, "the engine's codes were found");
        let mut codes = std::collections::BTreeSet::new();
        for trap in all {
            let Meaning { code, sentence, hint, .. } = meaning(trap);
            assert_ne!(code, UNKNOWN, "{trap:?} has no line");
            assert!(codes.insert(code), "`{code}` stands for two traps");
            assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{code}");
            assert!(!sentence.is_empty() && !hint.is_empty() && !sentence.ends_with('.'), "{code}");
        }
    }
}
