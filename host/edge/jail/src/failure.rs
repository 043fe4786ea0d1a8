//! Why a jailed process gave no answer.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;

use crate::proof::Wall;

/// Why a jailed process gave no answer. The process is gone, and so is all that it started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// An allocation was refused.
    #[error(
        "it asked for more memory than it may use\nhint: raise the memory limit, or make the input smaller"
    )]
    OutOfMemory,
    /// The wall clock ran out.
    #[error("it took longer than {limit:?}")]
    TimedOut {
        /// The time that it had.
        limit: Duration,
    },
    /// The caller's word.
    #[error("it was cancelled")]
    Cancelled,
    /// A file, standard error, or all files together reached their limit.
    #[error("it wrote more than it may")]
    TooMuchOutput,
    /// The processor time ran out.
    #[error("it used up its processor time")]
    CpuTime,
    /// Killed by neither the parent nor a limit.
    #[error(
        "it was killed from outside (by the kernel's out-of-memory killer, or by someone)\nhint: see the kernel's log"
    )]
    Killed,
    /// It ended in another way than by its work.
    #[error("it crashed: {how}")]
    Crashed {
        /// The signal or the exit status.
        how: String,
        /// The beginning of its standard error, bounded but not escaped: hostile text.
        words: String,
    },
    /// It did not keep to the protocol.
    #[error("it does not keep to the protocol: {problem}")]
    Protocol {
        /// What was wrong.
        problem: String,
    },
    /// The machine lacks a wall. Nothing was run.
    #[error(
        "this machine cannot confine a process: {missing} is missing ({detail})\nhint: landlock ABI 4 (Linux 6.7) and seccomp are needed, in the kernel and in the container's profile"
    )]
    Unsupported {
        /// `landlock` or `seccomp`.
        missing: String,
        /// What the kernel answered.
        detail: String,
    },
    /// A wall gave way when the process tried it. Nothing was run.
    #[error("the jail does not hold: {wall}: {evidence}")]
    Breached {
        /// What was tried.
        wall: String,
        /// What happened.
        evidence: String,
    },
    /// The process could not be started or prepared.
    #[error("cannot start a confined process: {source}")]
    Start {
        /// Why.
        source: io::Error,
    },
}

impl Failure {
    pub(crate) fn protocol(problem: impl Into<String>) -> Self {
        Self::Protocol { problem: problem.into() }
    }

    pub(crate) fn start(source: impl Into<io::Error>) -> Self {
        Self::Start { source: source.into() }
    }

    pub(crate) fn breached(wall: Wall) -> Self {
        Self::Breached { wall: wall.name, evidence: wall.evidence }
    }

    /// What an end that is no success means. `cpu_spent`: the processor time had run out. `words`: its standard error.
    pub(crate) fn of(status: ExitStatus, cpu_spent: bool, words: &[u8]) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let signal = status.signal().and_then(Signal::from_named_raw);
        match signal {
            Some(Signal::XFSZ) => Self::TooMuchOutput,
            Some(Signal::XCPU) => Self::CpuTime,
            Some(Signal::KILL) if cpu_spent => Self::CpuTime,
            Some(Signal::KILL) => Self::Killed,
            _ if is_out_of_memory(words) => Self::OutOfMemory,
            _ => Self::Crashed {
                how: status.to_string().replacen(": ", " ", 1),
                words: String::from_utf8_lossy(words).into_owned(),
            },
        }
    }
}

/// The last words of the Rust runtime and of LLVM when an allocation fails.
fn is_out_of_memory(words: &[u8]) -> bool {
    let words = String::from_utf8_lossy(words);
    let rust = words.find("memory allocation of ").is_some_and(|at| words[at..].contains(" bytes failed"));
    rust || words.contains("LLVM ERROR: out of memory")
        || words.contains("LLVM ERROR: Allocation failed")
        || words.contains("std::bad_alloc")
}
