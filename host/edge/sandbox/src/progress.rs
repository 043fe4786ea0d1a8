//! At which bar a run died. A trap leaves no message, but the memories of its store can still be read: the driver keeps
//! its progress behind a mark (see `host/guest/driver`).

use wasmtime::{Store, WasmCoreDump};

const MARK: [u64; 2] = [0x7374_7261_7462_6f78, 0x7072_6f67_7265_7373];

/// The index of the bar being played when `error` happened; `None` before the first and after the last.
///
/// Only the last memory is searched, which is the driver's, since components are instantiated in the order in which they
/// are composed: a strategy cannot forge it.
pub(crate) fn bar_of<T>(store: &Store<T>, error: &wasmtime::Error) -> Option<u64> {
    let memory = error.downcast_ref::<WasmCoreDump>()?.memories().last()?;
    let (words, _) = memory.data(store).as_chunks::<8>();
    let words = words.windows(3).find(|w| [0, 1].map(|i| u64::from_le_bytes(w[i])) == MARK)?;
    u64::from_le_bytes(words[2]).checked_sub(1)
}
