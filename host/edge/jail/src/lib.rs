//! Child processes that can do nothing but their work.
//!
//! A parent starts its own binary again ([`Program`]); the child puts the jail on itself, tries to get out, and reports what
//! each wall answered ([`Proof`]). Then it becomes a tool ([`Jailer::run`]: a compiler, a linker) or serves a role
//! ([`Jailer::start`]) over the one socket that it has. Nothing is served when a wall is missing or gives way.
//!
//! The walls: no inherited descriptor and no environment; resource limits; no capabilities; landlock (files by path, TCP,
//! signals); seccomp (an allow-list of system calls: no sockets, no processes). The parent adds a watchdog, and leaves no
//! process behind. What stays possible: a tool can learn whether a path exists, and threads are bounded by memory alone when
//! root runs them.
#![cfg(target_os = "linux")]

mod calls;
mod child;
mod connection;
mod failure;
mod files;
mod frame;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod inbox;
mod jailer;
mod limits;
mod process;
mod proof;
mod survey;
mod voice;

pub use child::{Server, child};
pub use connection::Connection;
pub use failure::Failure;
pub use jailer::{Jailer, Output, Worker};
pub use process::Killer;
pub use proof::{Proof, Wall};
pub use survey::{Survey, survey};
pub use voice::Voice;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Whether children are confined.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Confinement {
    /// Every wall stands, or nothing runs.
    Jailed,
    /// Only by an operator's explicit word: no landlock, no seccomp, capabilities kept. Resource limits, the empty environment,
    /// the process group and the watchdog still apply.
    None,
}

/// How to start a worker: our own binary, with leading arguments upon which its `main` calls [`child`].
#[derive(Clone, Debug)]
pub struct Program {
    /// The binary.
    pub path: PathBuf,
    /// All its arguments.
    pub arguments: Vec<OsString>,
}

impl Program {
    /// The running binary itself, even when its file has been replaced since.
    ///
    /// # Errors
    /// `/proc` is not mounted.
    pub fn this(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> io::Result<Self> {
        let path = PathBuf::from("/proc/self/exe");
        std::fs::read_link(&path)?;
        Ok(Self { path, arguments: arguments.into_iter().map(Into::into).collect() })
    }
}

/// What a jailed process may use. Paths are for tools: they must be absolute, must exist, and must be UTF-8. A role opens
/// nothing by path, and is sent descriptors.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// Files and directories: they, and what is below them, can be read and executed.
    pub read: Vec<PathBuf>,
    /// One private directory: read, write, make, rename and delete files and directories; never execute. A tool finds it in
    /// `TMPDIR`: as `.` when it is started there. It must not be the system's temporary directory itself.
    pub write: Option<PathBuf>,
    /// Bytes of address space (`RLIMIT_AS`). For a tool absolute; for a role on top of what is mapped when the jail closes.
    pub memory_bytes: u64,
    /// Bytes of private writable memory (`RLIMIT_DATA`), by the same convention.
    pub data_bytes: Option<u64>,
    /// Seconds of processor time, of all threads together.
    pub cpu_seconds: u64,
    /// Bytes that a file (and standard error) can grow to, and of all files of a tool's directory together. The latter is
    /// watched by the parent, which sees it some milliseconds late.
    pub file_bytes: u64,
    /// One more than the highest descriptor.
    pub descriptors: u64,
    /// Threads, on top of what the same user runs when the jail closes (`RLIMIT_NPROC`). It does not bind root. Starting a
    /// process is refused in any case.
    pub processes: u64,
}

/// A program that runs in a jail to its end, with standard input and output empty.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tool {
    /// The program, an absolute path below one of [`Policy::read`].
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Where it runs.
    pub directory: PathBuf,
    /// How many bytes of its standard error are kept.
    pub words_kept: usize,
}

/// What a dynamically linked program reads before its `main`, as far as it exists here: the system's libraries, the
/// linker's cache, and the null device.
pub fn system_libraries() -> Vec<PathBuf> {
    let arch = std::env::consts::ARCH;
    // Where there is a directory for this architecture's libraries, the ones above it are none of a tool's business.
    let own = ["/lib", "/usr/lib"].map(|dir| Path::new(dir).join(format!("{arch}-linux-gnu")));
    let shared = ["/lib", "/usr/lib"].map(PathBuf::from);
    let libraries = if own.iter().any(|dir| dir.exists()) { own } else { shared };
    let others = ["/lib64", "/usr/lib64", "/nix/store", "/gnu/store", "/etc/ld.so.cache", "/dev/null"];
    libraries.into_iter().chain(others.map(PathBuf::from)).filter(|path| path.exists()).collect()
}
