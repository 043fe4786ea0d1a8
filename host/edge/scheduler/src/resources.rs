//! What the machine has left, looked at once a second on a thread of its own.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use stratbox_orchestrator::Sample;
use sysinfo::{
    CpuRefreshKind, MemoryRefreshKind, Pid, ProcessRefreshKind, ProcessesToUpdate, RefreshKind, System,
};

/// How often. Shorter ones say little: the kernel counts processor time in hundredths of a second.
const EVERY: Duration = Duration::from_secs(1);

/// Looks until `end` closes. `processes` are ours besides this one.
pub(crate) fn watch(end: &Receiver<()>, processes: impl Fn() -> Vec<u32>, say: impl Fn(Sample)) {
    let kinds = RefreshKind::nothing()
        .with_cpu(CpuRefreshKind::nothing().with_usage())
        .with_memory(MemoryRefreshKind::nothing().with_ram());
    // A machine that says nothing of itself counts as idle.
    let Ok(mut system) = System::new_with_specifics(kinds) else { return };
    let mut ours = Ours::default();
    let mut looked = Instant::now();
    ours.used(&mut system, processes(), time_of_children());
    while end.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
        system.refresh_cpu_usage();
        system.refresh_memory();
        let own = ours.used(&mut system, processes(), time_of_children());
        let since = std::mem::replace(&mut looked, Instant::now());
        say(sample(&system, own.as_secs_f64() / (looked - since).as_secs_f64().max(1e-3)));
    }
}

/// What is left of the memory, before anything else is known.
pub(crate) fn memory() -> Option<Sample> {
    let kinds = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(kinds).ok()?;
    Some(Sample { cpu_of_others: 0.0, ..sample(&system, 0.0) })
}

/// Processor time of our processes, in milliseconds, as of the last look.
#[derive(Default)]
struct Ours {
    /// Of each that is there.
    there: HashMap<Pid, u64>,
    /// Of all that have ended: compilers come and go between two looks.
    ended: u64,
}

impl Ours {
    /// What they used since then, `ended` being what all that have ended used in all. One that was not there then has used all
    /// of its time since.
    fn used(&mut self, system: &mut System, processes: Vec<u32>, ended: u64) -> Duration {
        let pids: Vec<Pid> = processes.into_iter().chain([std::process::id()]).map(Pid::from_u32).collect();
        let cpu = ProcessRefreshKind::nothing().with_cpu();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&pids), true, cpu);
        let times = pids.iter().filter_map(|pid| Some((*pid, system.process(*pid)?.accumulated_cpu_time())));
        let now: HashMap<Pid, u64> = times.collect();
        let since =
            |(pid, time): (&Pid, &u64)| time.saturating_sub(self.there.get(pid).copied().unwrap_or(0));
        let used: u64 = now.iter().map(since).sum();
        // What is known of those that have ended since was counted while they were there.
        let known: u64 =
            self.there.iter().filter(|(pid, _)| !now.contains_key(pid)).map(|(_, time)| time).sum();
        let children = ended.saturating_sub(self.ended).saturating_sub(known);
        (self.there, self.ended) = (now, ended);
        Duration::from_millis(used + children)
    }
}

/// Processor time of this process's children that have ended, in milliseconds; 0 where the system does not tell.
fn time_of_children() -> u64 {
    std::fs::read_to_string("/proc/self/stat").ok().and_then(|text| children_of(&text)).unwrap_or(0)
}

/// The same, out of the kernel's line on a process: `cutime` and `cstime`, in hundredths of a second (`proc_pid_stat(5)`).
fn children_of(stat: &str) -> Option<u64> {
    // The name may have spaces and parentheses in it; what follows the last one are numbers from the third field on.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(13);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some((next()? + next()?) * 10)
}

/// What the machine says, of which we use so many processors ourselves.
fn sample(system: &System, own: f64) -> Sample {
    let processors = system.cpus().len().max(1) as f64;
    let used = f64::from(system.global_cpu_usage()) / 100.0;
    // A container may have less than the machine.
    let (total, available) = match system.cgroup_limits() {
        Some(limits) if limits.total_memory > 0 && limits.total_memory < system.total_memory() => {
            (limits.total_memory, limits.free_memory)
        }
        _ => (system.total_memory(), system.available_memory()),
    };
    let free = if total == 0 { 1.0 } else { available as f64 / total as f64 };
    Sample {
        cpu_of_others: (used - own / processors).clamp(0.0, 1.0),
        memory_used: (1.0 - free).clamp(0.0, 1.0),
        memory_available: available,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{channel, sync_channel};

    use super::*;

    #[test]
    fn a_sample_is_of_this_machine_and_the_watch_ends_when_nobody_waits_for_it() {
        let (end, ended) = sync_channel(0);
        let (say, said) = channel();
        let watcher = std::thread::spawn(move || {
            watch(&ended, Vec::new, |sample| say.send(sample).expect("somebody listens"));
        });
        let sample = said.recv().expect("there is one every second");
        assert!((0.0..=1.0).contains(&sample.cpu_of_others), "{sample:?}");
        assert!((0.0..1.0).contains(&sample.memory_used) && sample.memory_available > 0, "{sample:?}");
        drop(end);
        watcher.join().expect("it ends");
    }

    fn system() -> System {
        System::new_with_specifics(RefreshKind::nothing()).expect("there is a machine")
    }

    fn time_of(pid: Pid) -> Duration {
        let mut system = system();
        let cpu = ProcessRefreshKind::nothing().with_cpu();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, cpu);
        Duration::from_millis(system.process(pid).map_or(0, sysinfo::Process::accumulated_cpu_time))
    }

    /// A process that does nothing but use processor time, and ends with this.
    struct Busy(std::process::Child);

    impl Busy {
        /// One that has used some.
        fn new() -> Self {
            let child = std::process::Command::new("sh").args(["-c", "while :; do :; done"]).spawn();
            let busy = Self(child.expect("there is a shell"));
            while busy.time().is_zero() {
                std::thread::yield_now();
            }
            busy
        }

        fn time(&self) -> Duration {
            time_of(Pid::from_u32(self.0.id()))
        }
    }

    impl Drop for Busy {
        fn drop(&mut self) {
            self.0.kill().expect("it is ours");
            self.0.wait().expect("it is ours");
        }
    }

    #[test]
    fn what_this_process_uses_is_counted_once() {
        let (mut ours, mut system) = (Ours::default(), system());
        let before = time_of(Pid::from_u32(std::process::id()));
        let mut counted = ours.used(&mut system, vec![], 0);
        assert!(counted >= before);
        while counted == before {
            counted += ours.used(&mut system, vec![], 0);
        }
        counted += ours.used(&mut system, vec![], 0);
        assert!(counted <= time_of(Pid::from_u32(std::process::id())), "nothing is counted twice");
    }

    #[test]
    fn a_process_that_was_not_there_before_has_used_all_of_its_time_since() {
        let (mut ours, mut system) = (Ours::default(), system());
        ours.used(&mut system, vec![], 0);
        let busy = Busy::new();
        let at_least = busy.time();
        assert!(ours.used(&mut system, vec![busy.0.id()], 0) >= at_least);
    }

    #[test]
    fn a_process_that_is_gone_is_forgotten() {
        let (mut ours, mut system) = (Ours::default(), system());
        let busy = Busy::new();
        let pid = busy.0.id();
        ours.used(&mut system, vec![pid], 0);
        assert!(ours.there.contains_key(&Pid::from_u32(pid)), "a positive control");
        drop(busy);
        ours.used(&mut system, vec![pid], 0);
        assert!(!ours.there.contains_key(&Pid::from_u32(pid)));
    }

    #[test]
    fn what_children_used_is_counted_once_also_when_they_were_seen() {
        let (mut ours, mut system) = (Ours::default(), system());
        ours.there.insert(Pid::from_u32(u32::MAX), 700);
        let before = time_of(Pid::from_u32(std::process::id()));
        let used = ours.used(&mut system, vec![], 1_000_000);
        let own = time_of(Pid::from_u32(std::process::id()));
        let children = Duration::from_millis(1_000_000 - 700);
        assert!((before + children..=own + children).contains(&used), "{used:?}");
        assert!(ours.used(&mut system, vec![], 1_000_000) < children, "they have ended once");
    }

    #[test]
    fn what_children_used_is_known_when_they_have_ended() {
        let before = time_of_children();
        let busy = Busy::new();
        let at_least = busy.time();
        drop(busy);
        assert!(Duration::from_millis(time_of_children() - before) >= at_least);
    }

    #[test]
    fn the_kernels_line_is_read_whatever_the_process_is_called() {
        let line = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 20 0 5";
        assert_eq!(children_of(line), Some((13 + 14) * 10));
        assert_eq!(children_of("7 (a) S 1 2"), None);
        assert_eq!(children_of(""), None);
    }
}
