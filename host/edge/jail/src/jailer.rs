//! The parent's side: tools that run to their end, workers that answer.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::frame::{self, ANSWER_MAX, Answer, Hello, Work};
use crate::process::{Killer, Next, Process, Watch};
use crate::proof::Proof;
use crate::{Confinement, Policy, Program, Tool};

/// How long a worker may leave a message unread.
const SEND_LIMIT: Duration = Duration::from_secs(10);

/// Starts children in jails.
#[derive(Clone, Debug)]
pub struct Jailer {
    program: Program,
    confinement: Confinement,
}

/// The end of a tool that exited by itself, with any code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The exit code.
    pub status: i32,
    /// The first bytes of standard error: hostile text.
    pub words: Vec<u8>,
    /// How many bytes of standard error there were.
    pub words_total: u64,
    /// What each wall answered when the process tried it, before it became the tool.
    pub proof: Proof,
}

impl Jailer {
    /// A jailer whose children are `program`.
    pub fn new(program: Program, confinement: Confinement) -> Self {
        Self { program, confinement }
    }

    /// Whether children are confined.
    pub fn confinement(&self) -> Confinement {
        self.confinement
    }

    /// Runs a program in a jail to its end, which comes within `wall`, or soon after `cancel` is set.
    ///
    /// # Errors
    /// It was ended by a signal, a limit, the clock or the caller; or no jail could be made, and it did not run.
    pub fn run(
        &self,
        tool: &Tool,
        policy: &Policy,
        wall: Duration,
        cancel: &AtomicBool,
    ) -> Result<Output, Failure> {
        let watch = Watch::within(wall, cancel);
        let watch = match &policy.write {
            Some(dir) => watch.over(dir, policy.file_bytes),
            None => watch,
        };
        let (mut process, proof) = self.enter(Work::Tool(tool.clone()), policy, &watch)?;
        // The socket closes when the child has become the tool. Before that, it says why it could not.
        let end = match process.next(ANSWER_MAX, &watch)? {
            Next::Frame(bytes) => return Err(refused(frame::decode(&bytes)?)),
            Next::Ended(end) => end,
        };
        let Some(status) = end.status.code() else { return Err(process.failure(&end)) };
        let (words, words_total) = process.words(tool.words_kept).map_err(Failure::start)?;
        Ok(Output { status, words, words_total, proof })
    }

    /// Starts a worker that serves `role`, and waits up to `wall` until it is ready. The kernel ends the worker when the
    /// thread that called this ends: keep them together.
    ///
    /// # Errors
    /// No jail could be made, the policy names paths, the role is unknown to the program, or it was not ready in time.
    pub fn start(&self, role: &str, policy: &Policy, wall: Duration) -> Result<Worker, Failure> {
        if !policy.read.is_empty() || policy.write.is_some() {
            let problem = format!("the role `{role}` cannot open files by path: send it descriptors");
            return Err(Failure::start(io::Error::new(io::ErrorKind::InvalidInput, problem)));
        }
        let never = AtomicBool::new(false);
        let watch = Watch::within(wall, &never);
        let (process, proof) = self.enter(Work::Role(role.into()), policy, &watch)?;
        Ok(Worker { process, proof })
    }

    /// Starts a child, and waits until it is in its jail.
    fn enter(&self, work: Work, policy: &Policy, watch: &Watch<'_>) -> Result<(Process, Proof), Failure> {
        let hello = frame::encode(&Hello {
            parent: rustix::process::getpid().as_raw_pid(),
            confinement: self.confinement,
            policy: policy.clone(),
            work,
        })?;
        let mut process = Process::spawn(&self.program, policy.cpu_seconds)?;
        process.send(&hello, None, watch)?;
        match process.next(ANSWER_MAX, watch)? {
            Next::Ended(end) => Err(process.failure(&end)),
            Next::Frame(bytes) => match frame::decode(&bytes)? {
                Answer::Ready(proof) => Ok((process, proof)),
                refusal => Err(refused(refusal)),
            },
        }
    }
}

/// Why a child did not begin its work.
pub(crate) fn refused(answer: Answer) -> Failure {
    match answer {
        Answer::Ready(_) => Failure::protocol("it says twice that it is ready"),
        Answer::Breached(wall) => Failure::breached(wall),
        Answer::Unsupported { missing, detail } => Failure::Unsupported { missing, detail },
        Answer::Failed { problem, os_error } => {
            let kind =
                os_error.map_or(io::ErrorKind::Other, |code| io::Error::from_raw_os_error(code).kind());
            Failure::start(io::Error::new(kind, problem))
        }
    }
}

/// A worker in its jail, as the parent sees it. Dropped, it is killed, with all that it started.
#[derive(Debug)]
pub struct Worker {
    process: Process,
    proof: Proof,
}

impl Worker {
    /// Sends a message. A worker that leaves it unread for 10 seconds is ended.
    ///
    /// # Errors
    /// The worker has ended or does not read. It is gone then.
    pub fn send<M: Serialize>(&mut self, message: &M) -> Result<(), Failure> {
        self.deliver(message, None)
    }

    /// Sends a message with one descriptor alongside, which the worker gets a copy of.
    ///
    /// # Errors
    /// As [`Worker::send`].
    pub fn send_with<M: Serialize>(&mut self, message: &M, file: BorrowedFd<'_>) -> Result<(), Failure> {
        self.deliver(message, Some(file))
    }

    fn deliver<M: Serialize>(&mut self, message: &M, file: Option<BorrowedFd<'_>>) -> Result<(), Failure> {
        let never = AtomicBool::new(false);
        self.process.send(&frame::encode(message)?, file, &Watch::within(SEND_LIMIT, &never))
    }

    /// The worker's next message, of at most `max_bytes`. What it says is hostile until it has been checked.
    ///
    /// # Errors
    /// No such message came. The worker is gone then.
    pub fn receive<M: DeserializeOwned>(
        &mut self,
        max_bytes: usize,
        deadline: Instant,
        cancel: &AtomicBool,
    ) -> Result<M, Failure> {
        match self.process.next(max_bytes, &Watch::until(deadline, cancel))? {
            Next::Ended(end) => Err(self.process.failure(&end)),
            Next::Frame(bytes) => frame::decode(&bytes).inspect_err(|_| self.process.kill()),
        }
    }

    /// What can kill the worker from another thread, while this one waits for its word: that ends with [`Failure::Killed`].
    ///
    /// # Errors
    /// This process has no descriptor left.
    pub fn killer(&self) -> Result<Killer, Failure> {
        self.process.killer().map_err(Failure::start)
    }

    /// The worker's process number.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What each wall answered when the worker tried it.
    pub fn evidence(&self) -> &Proof {
        &self.proof
    }
}
