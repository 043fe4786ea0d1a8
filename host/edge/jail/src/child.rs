//! The child: it closes the jail around itself, then works.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use rustix::fs::Dir;
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{
    DumpableBehavior, Signal, getppid, set_dumpable_behavior, set_parent_process_death_signal,
};
use rustix::stdio::{dup2_stdin, stdin};

use crate::calls::{self, Profile};
use crate::connection::Connection;
use crate::files::{self, Refusal};
use crate::frame::{Answer, Hello, Work};
use crate::limits::{self, Baseline};
use crate::proof::{Proof, Wall, plain};
use crate::survey::SURVEY_ROLE;
use crate::{Confinement, Tool};

/// What serves a role, once the jail is closed.
pub type Server = Box<dyn FnOnce(Connection) -> ExitCode>;

/// The child's entry point: `main` of a worker binary calls it first thing when its leading arguments say so. It closes every
/// descriptor but the first three, closes the jail around this process, proves it, and becomes the tool or serves the role.
///
/// `prepare` gives the server of a role, or `None` for a role that it does not know. It runs before the jail is closed and
/// must start no thread: trusted code, which has not seen an untrusted byte, such as the creation of an engine that reserves
/// memory.
pub fn child(prepare: impl FnOnce(&str) -> Option<Server>) -> ExitCode {
    let Begun { mut connection, hello, inherited } = match begin() {
        Ok(Some(begun)) => begun,
        Ok(None) => return ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "this is a worker, which is not started by hand: {error}");
            return ExitCode::FAILURE;
        }
    };
    let entered = inherited
        .map_err(Answer::Breached)
        .and_then(|proof| Ok((prepared(&hello.work, prepare)?, enter(&hello, proof)?)));
    let (server, proof) = match entered {
        Ok(entered) => entered,
        Err(refusal) => return give_up(&mut connection, &refusal),
    };
    if connection.send(&Answer::Ready(proof)).is_err() {
        return ExitCode::FAILURE;
    }
    match (&hello.work, server) {
        (Work::Tool(tool), _) => {
            let error = become_tool(tool, &hello);
            let problem = format!("cannot run `{}`: {}", tool.program.display(), plain(&error));
            give_up(&mut connection, &Answer::Failed { problem, os_error: error.raw_os_error() })
        }
        (Work::Role(_), Some(server)) => server(connection),
        (Work::Role(_), None) => ExitCode::FAILURE,
    }
}

fn give_up(connection: &mut Connection, why: &Answer) -> ExitCode {
    // A parent that cannot be told is gone.
    let _ = connection.send(why);
    ExitCode::FAILURE
}

fn failed(what: &str) -> impl FnOnce(io::Error) -> Answer {
    let what = what.to_owned();
    move |error| Answer::Failed {
        problem: format!("{what}: {}", plain(&error)),
        os_error: error.raw_os_error(),
    }
}

/// A child that knows what it is to be.
struct Begun {
    connection: Connection,
    hello: Hello,
    /// What came with it from its parent.
    inherited: Result<Proof, Wall>,
}

/// Ties this process to its parent, lets go of what it inherited, and hears what it is to be. `None`: the parent is gone.
fn begin() -> io::Result<Option<Begun>> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    close_inherited_descriptors()?;
    let descriptors = open_descriptors()?;
    let mut connection = Connection::new(fcntl_dupfd_cloexec(stdin(), 3)?);
    dup2_stdin(File::open("/dev/null")?)?;
    let hello = connection.receive::<Hello>().map_err(io::Error::other)?;
    let mut proof = Proof::default();
    let inherited = proof.inheritance(&descriptors).map(|()| proof);
    // The parent may have ended before the first line of this function.
    let parent = getppid().map(|pid| pid.as_raw_pid());
    Ok(hello.filter(|hello| parent == Some(hello.parent)).map(|hello| Begun { connection, hello, inherited }))
}

/// Closes all but standard input, output and error.
#[expect(unsafe_code, reason = "there is no safe call for it")]
fn close_inherited_descriptors() -> io::Result<()> {
    // SAFETY: the call reads no memory. It closes descriptors that are open since before `main`: this runs before anything has
    // been opened, so no value of this process owns or borrows one of them.
    match unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The numbers of what is open, but for the listing itself.
fn open_descriptors() -> io::Result<Vec<i32>> {
    use std::os::fd::AsRawFd;
    let listing = File::open("/proc/self/fd")?;
    let own = listing.as_raw_fd();
    let mut numbers = Vec::new();
    for entry in Dir::new(listing)? {
        let number = entry?.file_name().to_string_lossy().parse::<i32>();
        numbers.extend(number.ok().filter(|number| *number != own));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The server of a role.
fn prepared(work: &Work, prepare: impl FnOnce(&str) -> Option<Server>) -> Result<Option<Server>, Answer> {
    let Work::Role(role) = work else { return Ok(None) };
    if role == SURVEY_ROLE {
        return Ok(Some(Box::new(|mut connection| {
            while let Ok(Some(())) = connection.receive() {}
            ExitCode::SUCCESS
        })));
    }
    let unknown = || Answer::Failed { problem: format!("there is no role `{role}`"), os_error: None };
    prepare(role).ok_or_else(unknown).map(Some)
}

/// Closes the jail and tries every wall of it.
fn enter(hello: &Hello, mut proof: Proof) -> Result<Proof, Answer> {
    let Hello { policy, work, .. } = hello;
    let is_tool = matches!(work, Work::Tool(_));
    let jailed = hello.confinement == Confinement::Jailed;
    let single = limits::is_single_threaded().map_err(failed("cannot count threads in `/proc`"))?;
    proof.single_thread(single || !jailed).map_err(Answer::Breached)?;
    if let Some(directory) = work.directory() {
        std::env::set_current_dir(directory)
            .map_err(failed(&format!("cannot work in `{}`", directory.display())))?;
    }
    let baseline = if is_tool { Ok(Baseline::default()) } else { Baseline::now() };
    let baseline = baseline.map_err(failed("cannot measure memory"))?;
    let limits = limits::apply(policy, &baseline).map_err(failed("cannot set the resource limits"))?;
    if jailed {
        close(hello, &mut proof)?;
    } else {
        proof.turned_off();
    }
    proof.limits(&limits).map_err(Answer::Breached)?;
    if is_tool {
        proof.own_places(policy).map_err(|error| {
            let os_error = error.raw_os_error();
            Answer::Failed { problem: error.to_string(), os_error }
        })?;
    }
    Ok(proof)
}

/// Puts up the walls that can be turned off.
fn close(hello: &Hello, proof: &mut Proof) -> Result<(), Answer> {
    limits::drop_capabilities().map_err(failed("cannot give up capabilities"))?;
    proof.privileges().map_err(Answer::Breached)?;
    // Nobody looks into its memory. A tool loses this when it is executed.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|errno| failed("cannot forbid core dumps")(errno.into()))?;
    let abi = files::confine(&hello.policy).map_err(|refusal| match refusal {
        Refusal::Unsupported(detail) => Answer::Unsupported { missing: "landlock".into(), detail },
        Refusal::Path(error) => Answer::Failed { problem: error.to_string(), os_error: None },
    })?;
    proof.landlock_abi = Some(abi);
    proof.landlock().map_err(Answer::Breached)?;
    let profile = match hello.work {
        Work::Tool(_) => Profile::Tool,
        Work::Role(_) => Profile::Role,
    };
    calls::confine(profile)
        .map_err(|error| Answer::Unsupported { missing: "seccomp".into(), detail: error.to_string() })?;
    proof.closed().map_err(Answer::Breached)
}

/// Returns only when it fails.
fn become_tool(tool: &Tool, hello: &Hello) -> io::Error {
    let mut command = Command::new(&tool.program);
    command.args(&tool.arguments).env_clear();
    if let Some(directory) = &hello.policy.write {
        // A program that a stranger chose can tell what it is started with, so no more than it needs.
        let here = tool.directory == *directory;
        command.env("TMPDIR", if here { Path::new(".") } else { directory });
    }
    command.exec()
}
