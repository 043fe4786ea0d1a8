//! Ctrl-C, and whatever else asks a process to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::exit::Exit;
use crate::failure::Failure;

/// Calls `pressed` with 1 when the process is asked to end, and with 2 when it is asked again; after that it ends. To be
/// called once in a process, and only when there is something to be done in good order: until then the system's own way is
/// better.
pub(crate) fn on_interrupt(pressed: impl Fn(u32) + Send + 'static) -> Result<(), Failure> {
    let presses = AtomicU32::new(0);
    ctrlc::set_handler(move || match presses.fetch_add(1, Ordering::Relaxed) + 1 {
        press @ 1..=2 => pressed(press),
        _ => std::process::exit(Exit::Cancelled.code().into()),
    })
    .map_err(|error| Failure::environment(format!("cannot handle Ctrl-C: {error}")))
}

/// A flag that the first request raises; the second one ends the process.
pub(crate) fn cancel_flag() -> Result<Arc<AtomicBool>, Failure> {
    let cancel = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&cancel);
    on_interrupt(move |press| {
        if press > 1 {
            std::process::exit(Exit::Cancelled.code().into());
        }
        raised.store(true, Ordering::Relaxed);
    })?;
    Ok(cancel)
}
