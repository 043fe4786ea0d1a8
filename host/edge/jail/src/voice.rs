//! The child's voice: answers are collected and sent together, and while it works it shows that it is alive.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::connection::write;
use crate::failure::Failure;
use crate::frame;

/// What is sent at once: enough that the cost of a system call is shared by many messages.
const FULL: usize = 32 << 10;
/// How long a message waits for others.
const PATIENCE: Duration = Duration::from_millis(10);
/// How often the child shows that it is alive.
const BEAT: Duration = Duration::from_secs(1);
/// The thread calls the kernel, and allocates nothing.
const STACK_BYTES: usize = 128 << 10;

/// Sends messages together: when there are 32 KiB of them, when the work is over, and during work every 10 milliseconds, so
/// that what has been said is not held back by what takes long. During work a thread of its own says once a second that
/// this process is alive.
#[derive(Debug)]
pub struct Voice {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    socket: OwnedFd,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Whole messages.
    unsent: Vec<u8>,
    /// When the next sign of life is due, during work.
    due: Option<Instant>,
    /// The thread waits for work.
    sleeps: bool,
    /// Nothing more will be said.
    over: bool,
}

impl Voice {
    /// `alive` is a whole message.
    pub(crate) fn new(socket: OwnedFd, alive: Vec<u8>) -> Result<Self, Failure> {
        let shared = Arc::new(Shared { socket, state: Mutex::default(), changed: Condvar::new() });
        let ours = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("heartbeat".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || ours.beat(&alive))
            .map_err(Failure::start)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Work begins, which takes nobody knows how long.
    pub fn begin(&self) {
        let mut state = self.shared.state();
        state.due = Some(Instant::now() + BEAT);
        if state.sleeps {
            self.shared.changed.notify_one();
        }
    }

    /// Says something: `at_once`, or together with what is said next.
    ///
    /// # Errors
    /// The message cannot be written as MessagePack, or the parent is gone.
    pub fn say<M: Serialize>(&self, message: &M, at_once: bool) -> Result<(), Failure> {
        let mut state = self.shared.state();
        frame::append(&mut state.unsent, message)?;
        if at_once || state.unsent.len() >= FULL { self.shared.send(&mut state) } else { Ok(()) }
    }

    /// The work is over: what has been said is sent, and then nothing until there is more.
    ///
    /// # Errors
    /// The parent is gone.
    pub fn end(&self) -> Result<(), Failure> {
        let mut state = self.shared.state();
        state.due = None;
        self.shared.send(&mut state)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody else speaks meanwhile, and the parent listens.
    fn send(&self, state: &mut State) -> Result<(), Failure> {
        let sent = write(&self.socket, &state.unsent);
        state.unsent.clear();
        sent
    }

    /// The thread's work.
    fn beat(&self, alive: &[u8]) {
        let mut state = self.state();
        while !state.over {
            if state.due.is_none() {
                state.sleeps = true;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.sleeps = false;
                continue;
            }
            let waited = self.changed.wait_timeout(state, PATIENCE);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            // Everything that was said before a sign of life is sent before it.
            let sent = self.send(&mut state);
            let now = Instant::now();
            let beat = match state.due {
                Some(due) if now >= due => {
                    state.due = Some(now + BEAT);
                    write(&self.socket, alive)
                }
                _ => Ok(()),
            };
            // Without a parent nobody waits for a word.
            if sent.and(beat).is_err() {
                return;
            }
        }
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.shared.state().over = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It panics only when a lock does, and there is nobody left to tell.
            let _ = thread.join();
        }
    }
}
