//! Resource limits and capabilities.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use rustix::process::{Resource, Rlimit, geteuid, getrlimit, setrlimit};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

use crate::Policy;

/// A limit as it was set.
pub(crate) struct Limit {
    pub(crate) name: &'static str,
    pub(crate) resource: Resource,
    pub(crate) set: Rlimit,
}

/// What is in use when the jail closes, and is not counted against the policy.
#[derive(Default)]
pub(crate) struct Baseline {
    address_space: u64,
    data: u64,
}

impl Baseline {
    /// What this process has mapped now.
    pub(crate) fn now() -> io::Result<Self> {
        let status = fs::read_to_string("/proc/self/status")?;
        Ok(Self { address_space: kilobytes(&status, "VmSize:")?, data: kilobytes(&status, "VmData:")? })
    }
}

/// The bytes of a line such as `VmSize:     4300 kB`.
fn kilobytes(status: &str, label: &str) -> io::Result<u64> {
    status
        .lines()
        .find_map(|line| line.strip_prefix(label)?.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok())
        .map(|kilobytes| kilobytes.saturating_mul(1024))
        .ok_or_else(|| io::Error::other(format!("`/proc/self/status` has no figure `{label}`")))
}

/// Sets every limit of `policy`, for good.
pub(crate) fn apply(policy: &Policy, baseline: &Baseline) -> io::Result<Vec<Limit>> {
    let mut limits = vec![
        // Less than any dump, and, unlike 0, no dump into a program either.
        limit("RLIMIT_CORE", Resource::Core, 1),
        limit("RLIMIT_AS", Resource::As, baseline.address_space.saturating_add(policy.memory_bytes)),
        limit("RLIMIT_CPU", Resource::Cpu, policy.cpu_seconds),
        limit("RLIMIT_FSIZE", Resource::Fsize, policy.file_bytes),
        limit("RLIMIT_NOFILE", Resource::Nofile, policy.descriptors),
        limit("RLIMIT_NPROC", Resource::Nproc, tasks_of_user()?.saturating_add(policy.processes)),
    ];
    if let Some(bytes) = policy.data_bytes {
        limits.push(limit("RLIMIT_DATA", Resource::Data, baseline.data.saturating_add(bytes)));
    }
    for limit in &limits {
        setrlimit(limit.resource, limit.set)?;
    }
    Ok(limits)
}

/// Never above what is in force already.
fn limit(name: &'static str, resource: Resource, value: u64) -> Limit {
    let ceiling = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let bounded = |value: u64| Some(value.min(ceiling)).filter(|value| *value != u64::MAX);
    // One second between the signal that says why, and the one that cannot be caught.
    let grace = u64::from(matches!(resource, Resource::Cpu));
    let set = Rlimit { current: bounded(value), maximum: bounded(value.saturating_add(grace)) };
    Limit { name, resource, set }
}

/// The threads that this user runs, in all processes that can be seen.
fn tasks_of_user() -> io::Result<u64> {
    let user = geteuid().as_raw();
    let mut count = 0_u64;
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        let is_process = path.file_name().is_some_and(|name| name.as_encoded_bytes()[0].is_ascii_digit());
        // Processes end while they are counted.
        if is_process && fs::metadata(&path).is_ok_and(|metadata| metadata.uid() == user) {
            count += fs::read_dir(path.join("task")).map_or(0, |tasks| tasks.count() as u64);
        }
    }
    Ok(count)
}

/// Whether this process has one thread: the walls close around the thread that calls for them.
pub(crate) fn is_single_threaded() -> io::Result<bool> {
    Ok(fs::read_dir("/proc/self/task")?.count() == 1)
}

/// Gives up every capability, and every way to get one back.
pub(crate) fn drop_capabilities() -> io::Result<()> {
    set_no_new_privs(true)?;
    let held = capabilities(None)?;
    clear_ambient_capability_set()?;
    if held.effective.contains(CapabilitySet::SETPCAP) {
        for capability in CapabilitySet::all().iter() {
            // A kernel does not know the newest ones, which nobody can have then.
            match remove_capability_from_bounding_set(capability) {
                Ok(()) | Err(rustix::io::Errno::INVAL) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    Ok(())
}
