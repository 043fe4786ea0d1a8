//! A jailed process tries its walls, and says what each answered.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType, socket};
use rustix::process::{Resource, Rlimit, getpid, getppid, getrlimit, setrlimit, test_kill_process};
use rustix::thread::{capabilities, no_new_privs};
use serde::{Deserialize, Serialize};

use crate::Policy;
use crate::limits::Limit;

/// What each wall answered when the process behind it tried it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// In the order in which they were tried.
    pub walls: Vec<Wall>,
    /// The kernel's landlock ABI, where landlock is in force.
    pub landlock_abi: Option<i32>,
}

/// One wall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wall {
    /// What was tried.
    pub name: String,
    /// Whether it was refused, or is as it must be.
    pub held: bool,
    /// What happened.
    pub evidence: String,
}

impl Proof {
    /// Adds a wall; one that did not hold is the error.
    fn record(
        &mut self,
        name: impl Into<String>,
        held: bool,
        evidence: impl Into<String>,
    ) -> Result<(), Wall> {
        let wall = Wall { name: name.into(), held, evidence: evidence.into() };
        if !held {
            return Err(wall);
        }
        self.walls.push(wall);
        Ok(())
    }

    /// Adds an attempt, which holds when it failed with an error that `counts`.
    fn attempt(
        &mut self,
        name: impl Into<String>,
        result: io::Result<()>,
        counts: impl Fn(&io::Error) -> bool,
    ) -> Result<(), Wall> {
        match result {
            Ok(()) => self.record(name, false, "it succeeded"),
            Err(error) => self.record(name, counts(&error), plain(&error)),
        }
    }

    /// Notes that a wall is not there, by the operator's word.
    pub(crate) fn turned_off(&mut self) {
        for name in ["landlock", "seccomp", "capabilities"] {
            self.walls.push(Wall { name: name.into(), held: false, evidence: "turned off".into() });
        }
    }

    /// What was inherited: descriptors (numbers, as listed) and environment.
    pub(crate) fn inheritance(&mut self, descriptors: &[i32]) -> Result<(), Wall> {
        self.record("inherited descriptors", descriptors == [0, 1, 2], format!("open: {descriptors:?}"))?;
        let variables = std::env::vars_os().count();
        self.record("environment", variables == 0, format!("{variables} variables"))
    }

    /// Limits as they were set.
    pub(crate) fn limits(&mut self, limits: &[Limit]) -> Result<(), Wall> {
        for Limit { name, resource, set } in limits {
            let now = getrlimit(*resource);
            let evidence = match now.current {
                Some(value) => format!("{value}"),
                None => "unlimited".into(),
            };
            self.record(*name, now == *set, evidence)?;
        }
        Ok(())
    }

    /// Before the walls are closed: they close around one thread.
    pub(crate) fn single_thread(&mut self, single: bool) -> Result<(), Wall> {
        self.record("threads outside of the walls", single, if single { "none" } else { "there are some" })
    }

    /// No privilege is left.
    pub(crate) fn privileges(&mut self) -> Result<(), Wall> {
        let sets = capabilities(None);
        let empty = sets.is_ok_and(|sets| {
            sets.effective.is_empty() && sets.permitted.is_empty() && sets.inheritable.is_empty()
        });
        self.record("capabilities", empty, format!("{sets:?}"))?;
        let locked = no_new_privs();
        self.record("gaining privileges", locked == Ok(true), format!("no_new_privs: {locked:?}"))
    }

    /// Landlock, before seccomp answers in its place.
    pub(crate) fn landlock(&mut self) -> Result<(), Wall> {
        self.files("landlock: ")?;
        let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, 9)).map(drop);
        self.attempt("landlock: connecting to a port", connected, is_denied)
    }

    /// Everything, in the closed jail.
    pub(crate) fn closed(&mut self) -> Result<(), Wall> {
        self.files("")?;
        for (name, family) in
            [("IPv4", AddressFamily::INET), ("IPv6", AddressFamily::INET6), ("unix", AddressFamily::UNIX)]
        {
            let opened = socket(family, SocketType::STREAM, None).map(drop).map_err(io::Error::from);
            self.attempt(format!("opening a socket ({name})"), opened, is_denied)?;
        }
        // A directory cannot be executed, which would be EACCES, after the fork. Nothing is ever run.
        let forked = Command::new("/").spawn().map(drop);
        self.attempt("starting a process", forked, |error| is(error, Errno::PERM))?;
        let signalled = getppid().map_or(Ok(()), test_kill_process).map_err(io::Error::from);
        self.attempt("signalling the parent", signalled, |error| is(error, Errno::PERM))?;
        let raised = Rlimit { current: Some(2), maximum: Some(2) };
        let raised = setrlimit(Resource::Core, raised).map_err(io::Error::from);
        self.attempt("raising a limit", raised, is_denied)
    }

    /// Files that no policy allows.
    fn files(&mut self, layer: &str) -> Result<(), Wall> {
        self.attempt(format!("{layer}reading `/`"), fs::read_dir("/").map(drop), |_| true)?;
        for directory in [Path::new("/"), &std::env::temp_dir()] {
            let name = format!("{layer}creating a file in `{}`", directory.display());
            self.attempt(name, create_and_remove(directory).map(drop), |_| true)?;
        }
        Ok(())
    }

    /// That the tool's own places can be used: walls must not be closer than they are meant to be.
    ///
    /// # Errors
    /// What cannot be used, and why.
    pub(crate) fn own_places(&mut self, policy: &Policy) -> io::Result<()> {
        let mut note = |name: String| {
            self.walls.push(Wall { name, held: true, evidence: "it succeeded, as it must".into() });
        };
        let cannot = |what: &str, path: &Path, error: &io::Error| {
            let problem = format!("the jailed process cannot {what} `{}`: {}", path.display(), plain(error));
            io::Error::new(error.kind(), problem)
        };
        if let Some(directory) = &policy.write {
            create_and_remove(directory).map_err(|error| cannot("write to", directory, &error))?;
            note(format!("writing to `{}`", directory.display()));
        }
        for path in &policy.read {
            let opened =
                if path.is_dir() { fs::read_dir(path).map(drop) } else { File::open(path).map(drop) };
            opened.map_err(|error| cannot("read", path, &error))?;
            note(format!("reading `{}`", path.display()));
        }
        if policy.processes > 0 {
            let thread = std::thread::Builder::new().stack_size(1 << 16).spawn(|| ());
            let thread =
                thread.map_err(|error| cannot("start a thread in", Path::new("/proc/self"), &error))?;
            let _ = thread.join();
            note("starting a thread".into());
        }
        Ok(())
    }
}

fn create_and_remove(directory: &Path) -> io::Result<PathBuf> {
    let path = directory.join(format!(".stratbox-jail-{}", getpid().as_raw_pid()));
    OpenOptions::new().write(true).create_new(true).open(&path)?;
    fs::remove_file(&path)?;
    Ok(path)
}

fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}

/// Refused by a wall, or by a machine that has no such thing at all.
fn is_denied(error: &io::Error) -> bool {
    is(error, Errno::ACCESS) || is(error, Errno::PERM) || is(error, Errno::AFNOSUPPORT)
}

/// An operating system's message, in lower case.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_lowercase().chain(rest).collect())
}
