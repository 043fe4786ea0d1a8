//! Ctrl-C, and whatever else asks a process to end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::exit::Exit;
use crate::failure::Failure;

/// Who is told, and how often that has happened. A process has one handler, and may do one thing after another.
static LISTENER: Mutex<Option<(Pressed, u32)>> = Mutex::new(None);

type Pressed = Box<dyn Fn(u32) + Send>;

/// Calls `pressed`, in the place of whoever was called before, with 1 when the process is asked to end, and with 2 when it is
/// asked again; after that it ends. To be called only when there is something to be done in good order: until then the
/// system's own way is better.
pub(crate) fn on_interrupt(pressed: impl Fn(u32) + Send + 'static) -> Result<(), Failure> {
    let mut listener = LISTENER.lock().unwrap_or_else(PoisonError::into_inner);
    if listener.is_none() {
        ctrlc::set_handler(tell)
            .map_err(|error| Failure::environment(format!("cannot handle Ctrl-C: {error}")))?;
    }
    *listener = Some((Box::new(pressed), 0));
    Ok(())
}

fn tell() {
    if let Some((pressed, presses)) = &mut *LISTENER.lock().unwrap_or_else(PoisonError::into_inner) {
        *presses += 1;
        match *presses {
            press @ 1..=2 => pressed(press),
            _ => std::process::exit(Exit::Cancelled.code().into()),
        }
    }
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
