//! Parents that die, and kernels that cannot confine. Both need another process between the test and the worker.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, ExitCode, Stdio};

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
use stratbox_jail::{Failure, Policy, Worker};

use crate::{LONG, jailed, policy, receive, start, wait_for_end};

crate::trials![
    a_killed_parent_leaves_no_worker,
    a_worker_ends_with_the_thread_that_started_it,
    a_kernel_without_landlock_serves_nothing,
    a_kernel_without_seccomp_serves_nothing,
];

/// Makes the binary a parent that waits to be killed.
pub(crate) const PARENT: &str = "--parent";
/// Makes the binary a parent on a kernel that lacks the system call of this number.
pub(crate) const OLD_KERNEL: &str = "--old-kernel";

fn command(role: &str) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg(role).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

pub(crate) fn parent() -> ExitCode {
    // No other limit ends them before the test gives up.
    let policy = Policy { cpu_seconds: 10 * LONG.as_secs(), ..policy() };
    let start = |role| jailed().start(role, &policy, LONG).unwrap();
    let workers: Vec<Worker> = ["spin", "wait"].map(start).into();
    let pids: Vec<String> = workers.iter().map(|worker| worker.pid().to_string()).collect();
    println!("{}", pids.join(" "));
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().read_line(&mut String::new());
    ExitCode::FAILURE
}

fn a_killed_parent_leaves_no_worker() {
    let mut parent = command(PARENT).spawn().unwrap();
    let mut line = String::new();
    let mut output = std::io::BufReader::new(parent.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut output, &mut line).unwrap();
    let pids: Vec<i32> = line.split_ascii_whitespace().map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(pids.len(), 2);
    parent.kill().unwrap();
    parent.wait().unwrap();
    pids.into_iter().for_each(wait_for_end);
}

fn a_worker_ends_with_the_thread_that_started_it() {
    let mut worker = std::thread::spawn(|| start("wait")).join().unwrap();
    assert!(matches!(receive::<()>(&mut worker), Err(Failure::Killed)));
}

pub(crate) fn old_kernel() -> ExitCode {
    let call: i64 = std::env::args().nth(2).unwrap().parse().unwrap();
    let answer = SeccompAction::Errno(libc::ENOSYS as u32);
    let rules = BTreeMap::from([(call, Vec::new())]);
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let filter: BpfProgram =
        SeccompFilter::new(rules, SeccompAction::Allow, answer, arch).unwrap().try_into().unwrap();
    apply_filter(&filter).unwrap();
    match jailed().start("wait", &policy(), LONG) {
        Err(Failure::Unsupported { missing, .. }) => println!("unsupported: {missing}"),
        Err(other) => println!("failed: {other}"),
        Ok(_) => println!("served"),
    }
    ExitCode::SUCCESS
}

fn said_without(call: i64) -> String {
    let output = command(OLD_KERNEL).arg(call.to_string()).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn a_kernel_without_landlock_serves_nothing() {
    assert_eq!(said_without(libc::SYS_landlock_create_ruleset), "unsupported: landlock");
    // The control: a call that nobody needs.
    assert_eq!(said_without(libc::SYS_acct), "served");
}

fn a_kernel_without_seccomp_serves_nothing() {
    assert_eq!(said_without(libc::SYS_seccomp), "unsupported: seccomp");
}
