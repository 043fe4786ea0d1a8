//! Ctrl-C: once to stop in good order, twice to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit::Exit;
use crate::failure::Failure;

/// A flag that the first Ctrl-C raises; the second one ends the process. To be called once in a process, and only when
/// something is about to watch the flag: until then Ctrl-C is better left to the system.
pub(crate) fn on_ctrl_c() -> Result<Arc<AtomicBool>, Failure> {
    let cancel = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&cancel);
    ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Cancelled.code().into());
        }
    })
    .map_err(|error| Failure::environment(format!("cannot handle Ctrl-C: {error}")))?;
    Ok(cancel)
}
