//! Seccomp: which system calls.
//!
//! An allow-list; what is not on it fails with `EPERM`. Calls that a program must see fail (or seem to succeed) in another way
//! are on the list, and are answered by filters below it: the strictest answer of all filters counts.

use std::collections::BTreeMap;

use libc::*;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};

/// What a process will do in its jail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Compute, and talk over what is open.
    Role,
    /// Use files by path, too, and become the tool.
    Tool,
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Confines this thread, and what it starts, to the system calls of `profile`.
pub(crate) fn confine(profile: Profile) -> Result<(), seccompiler::Error> {
    // The C library falls back to `clone`, whose flags a filter can read.
    answer(&[SYS_clone3], ENOSYS)?;
    match profile {
        // Not EPERM, so that a refused fork cannot be mistaken for a refused exec.
        Profile::Role => answer(&[SYS_execve], EACCES)?,
        // Landlock does not cover them. Tools call them upon files of their own, where nothing depends on it.
        Profile::Tool => answer(PRETENDED, 0)?,
    }
    let rules = allowed(profile)?;
    install(rules, SeccompAction::Errno(EPERM.cast_unsigned()), SeccompAction::Allow)
}

/// Answers `calls` with `errno` (0: seeming success), and has no opinion on others.
fn answer(calls: &[i64], errno: i32) -> Result<(), seccompiler::Error> {
    let rules = calls.iter().map(|call| (*call, Vec::new())).collect();
    install(rules, SeccompAction::Allow, SeccompAction::Errno(errno.cast_unsigned()))
}

fn install(rules: Rules, otherwise: SeccompAction, matched: SeccompAction) -> Result<(), seccompiler::Error> {
    let filter = SeccompFilter::new(rules, otherwise, matched, std::env::consts::ARCH.try_into()?)?;
    let program: BpfProgram = filter.try_into()?;
    apply_filter(&program)
}

fn allowed(profile: Profile) -> Result<Rules, BackendError> {
    let mut rules: Rules = COMMON.iter().map(|call| (*call, Vec::new())).collect();
    rules.extend(common_with_conditions()?);
    match profile {
        // Memory in a descriptor of its own: engines map the same first contents many times. Limits on mapped memory, on
        // files and on descriptors bound it.
        Profile::Role => rules.extend([
            (SYS_memfd_create, Vec::new()),
            (SYS_ftruncate, Vec::new()),
            (SYS_newfstatat, vec![when(&[masked(3, AT_EMPTY_PATH)?])?]),
            (SYS_statx, vec![when(&[masked(2, AT_EMPTY_PATH)?])?]),
        ]),
        Profile::Tool => rules.extend(FILES.iter().chain(PRETENDED).map(|call| (*call, Vec::new()))),
    }
    Ok(rules)
}

/// A rule that holds when all of `conditions` do.
fn when(conditions: &[SeccompCondition]) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(conditions.to_vec())
}

/// Argument `index` is `value`, as a C `int`.
fn equal(index: u8, value: i32) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(index, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value.cast_unsigned().into())
}

/// Argument `index` has every bit of `mask`.
fn masked(index: u8, mask: i32) -> Result<SeccompCondition, BackendError> {
    let mask = u64::from(mask.cast_unsigned());
    SeccompCondition::new(index, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(mask), mask)
}

/// Argument `index` is a null pointer.
fn null(index: u8) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(index, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)
}

/// One rule for each value of argument `index`.
fn one_of(index: u8, values: &[i32]) -> Result<Vec<SeccompRule>, BackendError> {
    values.iter().map(|value| when(&[equal(index, *value)?])).collect()
}

/// Allowed for some arguments only.
fn common_with_conditions() -> Result<Rules, BackendError> {
    // The number survives exec, so a tool can signal itself (and abort), and nobody else.
    let this_process = one_of(0, &[rustix::process::getpid().as_raw_pid()])?;
    Ok(Rules::from([
        (SYS_kill, this_process.clone()),
        (SYS_tkill, this_process.clone()),
        (SYS_tgkill, this_process),
        (SYS_clone, vec![when(&[thread()?])?]),
        (SYS_prlimit64, vec![when(&[equal(0, 0)?, null(2)?])?]),
        (SYS_sendto, vec![when(&[null(4)?])?]),
        (SYS_prctl, one_of(0, &[PR_SET_NAME, PR_GET_NAME, PR_SET_VMA])?),
        (SYS_ioctl, one_of(1, &[PAGEMAP_SCAN.cast_signed()])?),
        (SYS_fcntl, one_of(1, DESCRIPTOR_COMMANDS)?),
    ]))
}

/// A thread of this process, in the namespaces it is in.
fn thread() -> Result<SeccompCondition, BackendError> {
    let foreign = CLONE_NEWNS
        | CLONE_NEWCGROUP
        | CLONE_NEWUTS
        | CLONE_NEWIPC
        | CLONE_NEWUSER
        | CLONE_NEWPID
        | CLONE_NEWNET
        | CLONE_VFORK
        | CLONE_PTRACE
        | CLONE_PARENT;
    let mask = u64::from((foreign | CLONE_THREAD).cast_unsigned());
    let flags = u64::from(CLONE_THREAD.cast_unsigned());
    SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(mask), flags)
}

/// Which pages of its own memory were written: engines reset memory with it.
const PAGEMAP_SCAN: u32 = 0xC060_6610;

/// No `F_SETOWN`, which sends signals.
const DESCRIPTOR_COMMANDS: &[i32] = &[
    F_DUPFD,
    F_DUPFD_CLOEXEC,
    F_GETFD,
    F_SETFD,
    F_GETFL,
    F_SETFL,
    F_GETLK,
    F_SETLK,
    F_SETLKW,
    F_OFD_GETLK,
    F_OFD_SETLK,
    F_OFD_SETLKW,
    F_GET_SEALS,
    F_ADD_SEALS,
];

/// Memory, threads, clocks, its own signals, and what is open.
#[rustfmt::skip]
const COMMON: &[i64] = &[
    // What is open.
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_lseek, SYS_close, SYS_fstat,
    SYS_dup, SYS_dup3, SYS_sendmsg, SYS_recvmsg, SYS_recvfrom, SYS_shutdown, SYS_ppoll,
    // Memory.
    SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk, SYS_mincore, SYS_membarrier,
    // Threads. `clone3` and `execve` are answered by other filters, but for a tool's `execve`.
    SYS_clone3, SYS_execve, SYS_futex, SYS_set_robust_list, SYS_get_robust_list, SYS_rseq, SYS_set_tid_address,
    SYS_sched_yield, SYS_sched_getaffinity, SYS_sched_getparam, SYS_sched_getscheduler, SYS_sched_getattr,
    SYS_sched_get_priority_max, SYS_sched_get_priority_min, SYS_getcpu, SYS_exit, SYS_exit_group,
    // Signals to itself.
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigpending, SYS_rt_sigtimedwait,
    SYS_rt_sigsuspend, SYS_sigaltstack, SYS_restart_syscall,
    // Clocks.
    SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday, SYS_times,
    // Who and where it is.
    SYS_getpid, SYS_gettid, SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_uname, SYS_sysinfo,
    SYS_getrusage, SYS_getrandom,
    #[cfg(target_arch = "x86_64")] SYS_poll,
    #[cfg(target_arch = "x86_64")] SYS_dup2,
    #[cfg(target_arch = "x86_64")] SYS_time,
    #[cfg(target_arch = "x86_64")] SYS_getrlimit,
];

#[cfg(target_arch = "x86_64")]
const RENAMEAT: i64 = SYS_renameat;
/// The C library calls it, and `libc` has no name for it here.
#[cfg(target_arch = "aarch64")]
const RENAMEAT: i64 = 38;

/// Files by path: landlock decides which.
#[rustfmt::skip]
const FILES: &[i64] = &[
    SYS_openat, SYS_newfstatat, SYS_statx, SYS_statfs, SYS_fstatfs, SYS_readlinkat, SYS_getdents64, SYS_faccessat,
    SYS_faccessat2, SYS_getcwd, SYS_chdir, SYS_fchdir, SYS_umask, SYS_mkdirat, SYS_unlinkat, RENAMEAT,
    SYS_renameat2, SYS_linkat, SYS_ftruncate, SYS_fallocate, SYS_fsync, SYS_fdatasync, SYS_flock, SYS_fadvise64,
    SYS_readahead, SYS_preadv, SYS_pwritev, SYS_copy_file_range, SYS_sendfile, SYS_msync, SYS_pipe2, SYS_eventfd2,
    SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_pselect6, SYS_getgroups,
    #[cfg(target_arch = "x86_64")] SYS_open,
    #[cfg(target_arch = "x86_64")] SYS_stat,
    #[cfg(target_arch = "x86_64")] SYS_lstat,
    #[cfg(target_arch = "x86_64")] SYS_access,
    #[cfg(target_arch = "x86_64")] SYS_readlink,
    #[cfg(target_arch = "x86_64")] SYS_mkdir,
    #[cfg(target_arch = "x86_64")] SYS_rmdir,
    #[cfg(target_arch = "x86_64")] SYS_unlink,
    #[cfg(target_arch = "x86_64")] SYS_rename,
    #[cfg(target_arch = "x86_64")] SYS_link,
    #[cfg(target_arch = "x86_64")] SYS_pipe,
    #[cfg(target_arch = "x86_64")] SYS_select,
    #[cfg(target_arch = "x86_64")] SYS_epoll_wait,
    // The dynamic linker sets the thread pointer.
    #[cfg(target_arch = "x86_64")] SYS_arch_prctl,
];

/// Permissions and times: they seem to change.
#[rustfmt::skip]
const PRETENDED: &[i64] = &[
    SYS_fchmod, SYS_fchmodat, SYS_utimensat,
    #[cfg(target_arch = "x86_64")] SYS_chmod,
];
