//! What a jail keeps in, what its parent makes of a child's end, and that nothing stays behind. The test binary is its own
//! worker.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that is its own worker"
)]

mod ends;
mod orphans;
mod roles;
mod tools;
mod voices;
mod walls;

use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Trial};
use stratbox_jail::{Confinement, Failure, Jailer, Policy, Program, Worker};

/// Makes the binary a worker.
const CHILD: &str = "--jail-child";

/// Longer than anything here takes; a test that reaches it has failed.
const LONG: Duration = Duration::from_secs(60);

static NEVER: AtomicBool = AtomicBool::new(false);

fn jailer(confinement: Confinement) -> Jailer {
    Jailer::new(Program::this([CHILD]).unwrap(), confinement)
}

fn jailed() -> Jailer {
    jailer(Confinement::Jailed)
}

/// A role's usual policy: no file at all.
fn policy() -> Policy {
    Policy {
        read: Vec::new(),
        write: None,
        memory_bytes: 256 << 20,
        data_bytes: None,
        cpu_seconds: 30,
        file_bytes: 1 << 16,
        descriptors: 16,
        processes: 64,
    }
}

fn start(role: &str) -> Worker {
    jailed().start(role, &policy(), LONG).unwrap()
}

fn receive<M: serde::de::DeserializeOwned>(worker: &mut Worker) -> Result<M, Failure> {
    worker.receive(1 << 20, Instant::now() + LONG, &NEVER)
}

/// What `role` says, in its jail and, for the control, without one.
fn both(role: &str) -> (String, String) {
    [Confinement::Jailed, Confinement::None]
        .map(|confinement| {
            let mut worker = jailer(confinement).start(role, &policy(), LONG).unwrap();
            receive(&mut worker).unwrap()
        })
        .into()
}

fn is_gone(pid: u32) -> bool {
    !std::path::Path::new(&format!("/proc/{pid}")).exists()
}

/// Waits until a process, which is not our child, has ended.
fn wait_for_end(pid: i32) {
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    let pidfd = match pidfd_open(Pid::from_raw(pid).unwrap(), PidfdFlags::empty()) {
        Ok(pidfd) => pidfd,
        Err(errno) => return assert_eq!(errno, rustix::io::Errno::SRCH),
    };
    let ended = poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&LONG.try_into().unwrap())).unwrap();
    assert_eq!(ended, 1, "process {pid} is still there");
}

/// Sends a worker a signal.
fn signal(worker: &Worker, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(worker.pid() as i32).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

/// Stops a worker, and waits until it stands still.
fn stop(worker: &Worker) {
    signal(worker, rustix::process::Signal::STOP);
    let patience = Instant::now() + LONG;
    let stat = || std::fs::read_to_string(format!("/proc/{}/stat", worker.pid())).unwrap();
    while !stat().rsplit_once(") ").unwrap().1.starts_with('T') {
        assert!(Instant::now() < patience, "it does not stop");
        std::thread::yield_now();
    }
}

/// A test named after its function.
macro_rules! trials {
    ($($name:ident),* $(,)?) => {
        pub(crate) fn trials() -> Vec<libtest_mimic::Trial> {
            vec![$(libtest_mimic::Trial::test(stringify!($name), || { $name(); Ok(()) })),*]
        }
    };
}
pub(crate) use trials;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some(CHILD) => return stratbox_jail::child(roles::prepare),
        Some(orphans::PARENT) => return orphans::parent(),
        Some(orphans::OLD_KERNEL) => return orphans::old_kernel(),
        Some(tools::REPORT) => return tools::report(),
        _ => {}
    }
    let trials: Vec<Trial> =
        [walls::trials(), ends::trials(), voices::trials(), tools::trials(), orphans::trials()]
            .into_iter()
            .flatten()
            .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
