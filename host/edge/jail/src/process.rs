//! A child process as its parent sees it: nothing that it does can block the parent, and nothing of it stays.

use std::fs::{File, read_dir};
use std::io::{self, Read};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, socketpair};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process_group, pidfd_open, pidfd_send_signal, waitpid,
};

use crate::Program;
use crate::connection::send_piece;
use crate::failure::Failure;
use crate::inbox::{Inbox, More};

/// How often the caller's cancel flag is looked at.
const TICK: Duration = Duration::from_millis(20);

/// How long to wait, and for whose word.
pub(crate) struct Watch<'a> {
    start: Instant,
    deadline: Instant,
    cancel: &'a AtomicBool,
    /// A directory, and the bytes that may be in it.
    space: Option<(&'a Path, u64)>,
}

impl<'a> Watch<'a> {
    pub(crate) fn until(deadline: Instant, cancel: &'a AtomicBool) -> Self {
        Self { start: Instant::now(), deadline, cancel, space: None }
    }

    pub(crate) fn within(limit: Duration, cancel: &'a AtomicBool) -> Self {
        let start = Instant::now();
        // A limit beyond what the clock can count is no limit for anyone alive.
        let deadline =
            start.checked_add(limit).unwrap_or_else(|| start + Duration::from_secs(u32::MAX.into()));
        Self { start, deadline, cancel, space: None }
    }

    /// The same, over a directory that must not hold more than `bytes`.
    pub(crate) fn over(self, dir: &'a Path, bytes: u64) -> Self {
        Self { space: Some((dir, bytes)), ..self }
    }

    /// How long to sleep before the next look.
    fn tick(&self) -> Result<Duration, Failure> {
        if self.cancel.load(Ordering::Relaxed) {
            return Err(Failure::Cancelled);
        }
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Failure::TimedOut { limit: self.deadline.saturating_duration_since(self.start) });
        }
        if self.space.is_some_and(|(dir, bytes)| is_fuller(dir, bytes)) {
            return Err(Failure::TooMuchOutput);
        }
        Ok(left.min(TICK))
    }
}

/// Whether there is more below a directory than so many bytes on disk, or more files than anyone needs. What is in it
/// changes meanwhile, and what is gone by the time it is looked at takes no space.
fn is_fuller(dir: &Path, bytes: u64) -> bool {
    const MAX_FILES: usize = 4_096;
    const BLOCK: u64 = 512;
    let (mut used, mut files, mut left) = (0, 0, vec![dir.to_owned()]);
    while let Some(dir) = left.pop() {
        for entry in read_dir(dir).into_iter().flatten().flatten() {
            files += 1;
            let Ok(metadata) = entry.metadata() else { continue };
            used += metadata.blocks() * BLOCK;
            if used > bytes || files > MAX_FILES {
                return true;
            }
            if metadata.is_dir() {
                left.push(entry.path());
            }
        }
    }
    false
}

/// What comes from a child.
pub(crate) enum Next {
    Frame(Vec<u8>),
    Ended(End),
}

/// A child that ended by itself, and has been reaped.
pub(crate) struct End {
    pub(crate) status: ExitStatus,
    /// Its processor time had run out.
    pub(crate) cpu_spent: bool,
    /// It ended in the middle of a message.
    pub(crate) truncated: bool,
}

enum Event {
    Socket,
    Exited,
}

/// A running child, in a process group of its own.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pidfd: OwnedFd,
    socket: OwnedFd,
    inbox: Inbox,
    words: File,
    cpu_seconds: u64,
    /// It has been killed or has ended, and has been reaped.
    gone: bool,
}

impl Process {
    pub(crate) fn spawn(program: &Program, cpu_seconds: u64) -> Result<Self, Failure> {
        let (socket, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
                .map_err(Failure::start)?;
        // Standard error is a file in memory, which the child's file limit bounds: no pipe that fills, no thread that drains it.
        let words: File = memfd_create("words", MemfdFlags::CLOEXEC).map_err(Failure::start)?.into();
        let mut child = Command::new(&program.path)
            .args(&program.arguments)
            .env_clear()
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::from(words.try_clone().map_err(Failure::start)?))
            .spawn()
            .map_err(Failure::start)?;
        match pidfd_open(Pid::from_child(&child), PidfdFlags::empty()) {
            Ok(pidfd) => {
                let inbox = Inbox::default();
                Ok(Self { child, pidfd, socket, inbox, words, cpu_seconds, gone: false })
            }
            Err(errno) => {
                let _ = reap(&mut child);
                Err(Failure::start(errno))
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What can kill it, from anywhere.
    pub(crate) fn killer(&self) -> io::Result<Killer> {
        Ok(Killer { pidfd: self.pidfd.try_clone()?, pid: self.pid() })
    }

    /// The first bytes of its standard error, and how many there are.
    pub(crate) fn words(&self, kept: usize) -> io::Result<(Vec<u8>, u64)> {
        let total = self.words.metadata()?.len();
        let mut words = vec![0; usize::try_from(total).unwrap_or(usize::MAX).min(kept)];
        self.words.read_exact_at(&mut words, 0)?;
        Ok((words, total))
    }

    /// Sends `frame`, and `file` with its first byte. A failure is the child's end.
    pub(crate) fn send(
        &mut self,
        frame: &[u8],
        file: Option<BorrowedFd<'_>>,
        watch: &Watch<'_>,
    ) -> Result<(), Failure> {
        let result = self.send_all(frame, file, watch);
        self.settled(result)
    }

    /// The child's next message, of at most `max_bytes`, or its end. A failure is the child's end, too.
    pub(crate) fn next(&mut self, max_bytes: usize, watch: &Watch<'_>) -> Result<Next, Failure> {
        let result = self.read_next(max_bytes, watch);
        self.settled(result)
    }

    /// Kills the child and all that it started.
    pub(crate) fn kill(&mut self) {
        if !self.gone {
            self.gone = true;
            // A child that cannot be waited for has been waited for.
            let _ = reap(&mut self.child);
        }
    }

    /// Kills the child and all that it started; if it is not gone in a moment, it is waited for elsewhere.
    fn kill_promptly(&mut self) {
        if self.gone {
            return;
        }
        let pid = Pid::from_child(&self.child);
        let _ = kill_process_group(pid, Signal::KILL);
        let mut end = [PollFd::new(&self.pidfd, PollFlags::IN)];
        let moment = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
        let is_gone = poll(&mut end, Some(&moment)).is_ok_and(|ready| ready > 0);
        let waits = || {
            let wait = move || waitpid(Some(pid), WaitOptions::empty()).map(drop);
            std::thread::Builder::new().name("reaper".to_owned()).spawn(wait)
        };
        if is_gone || waits().is_err() {
            self.kill();
        }
        // It is killed, and nobody else waits for its number.
        self.gone = true;
    }

    fn settled<T>(&mut self, result: Result<T, Failure>) -> Result<T, Failure> {
        match &result {
            // Who waits for the clock does not wait for the kernel too, which takes its time to free gigabytes.
            Err(Failure::TimedOut { .. }) => self.kill_promptly(),
            Err(_) => self.kill(),
            Ok(_) => {}
        }
        result
    }

    fn send_all(
        &mut self,
        frame: &[u8],
        mut file: Option<BorrowedFd<'_>>,
        watch: &Watch<'_>,
    ) -> Result<(), Failure> {
        self.must_live()?;
        let mut sent = 0;
        while sent < frame.len() {
            match send_piece(&self.socket, &frame[sent..], file, SendFlags::DONTWAIT) {
                Ok(count) => {
                    sent += count;
                    file = None;
                    watch.tick()?;
                }
                Err(Errno::AGAIN | Errno::INTR) => {
                    self.poll(Some(PollFlags::OUT), watch)?;
                }
                Err(Errno::PIPE | Errno::CONNRESET) => {
                    let end = self.await_end(watch, false)?;
                    return Err(self.failure(&end));
                }
                Err(errno) => return Err(Failure::start(errno)),
            }
        }
        Ok(())
    }

    fn read_next(&mut self, max_bytes: usize, watch: &Watch<'_>) -> Result<Next, Failure> {
        self.must_live()?;
        loop {
            if let Some(frame) = self.inbox.take(max_bytes)? {
                return Ok(Next::Frame(frame));
            }
            let event = self.poll(Some(PollFlags::IN), watch)?;
            match self.inbox.fill(&self.socket).map_err(Failure::start)? {
                More::Came => {}
                More::Nothing if matches!(event, Event::Socket) => {}
                More::Nothing | More::Never => {
                    let truncated = !self.inbox.is_empty();
                    return Ok(Next::Ended(self.await_end(watch, truncated)?));
                }
            }
        }
    }

    /// Waits for the socket (when events are named) or for the child's exit. What is in the socket comes first.
    fn poll(&self, events: Option<PollFlags>, watch: &Watch<'_>) -> Result<Event, Failure> {
        loop {
            let tick =
                Timespec::try_from(watch.tick()?).map_err(|error| Failure::start(io::Error::other(error)))?;
            let mut both = [
                PollFd::new(&self.pidfd, PollFlags::IN),
                PollFd::new(&self.socket, events.unwrap_or(PollFlags::empty())),
            ];
            let watched = if events.is_some() { &mut both[..] } else { &mut both[..1] };
            match poll(watched, Some(&tick)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(Failure::start(errno)),
            }
            if both[1].revents() != PollFlags::empty() {
                return Ok(Event::Socket);
            }
            if both[0].revents() != PollFlags::empty() {
                return Ok(Event::Exited);
            }
        }
    }

    fn await_end(&mut self, watch: &Watch<'_>, truncated: bool) -> Result<End, Failure> {
        self.must_live()?;
        self.poll(None, watch)?;
        // Read while it is a zombie: reaping it forgets the figure.
        let cpu_spent = cpu_seconds(self.pid()).is_some_and(|spent| spent >= self.cpu_seconds);
        self.gone = true;
        let status = reap(&mut self.child).map_err(Failure::start)?;
        Ok(End { status, cpu_spent, truncated })
    }

    /// What an end means when none was expected.
    pub(crate) fn failure(&self, end: &End) -> Failure {
        if end.status.success() {
            return Failure::protocol(match end.truncated {
                true => "it ended in the middle of a message",
                false => "it ended without an answer",
            });
        }
        let (words, _) = self.words(WORDS_OF_A_CRASH).unwrap_or_default();
        Failure::of(end.status, end.cpu_spent, &words)
    }

    fn must_live(&self) -> Result<(), Failure> {
        if self.gone { Err(Failure::protocol("it has already ended")) } else { Ok(()) }
    }
}

/// How much of its standard error tells why a child crashed.
const WORDS_OF_A_CRASH: usize = 8192;

/// Kills a worker from anywhere: whoever waits for its word sees it end. It names the process itself, never a number that
/// another process may have by now.
#[derive(Debug)]
pub struct Killer {
    pidfd: OwnedFd,
    pid: u32,
}

impl Killer {
    /// The number that the worker has while it lives.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Kills the worker at once, also one that is stopped. What it started goes with it when whoever waits for it sees the
    /// end. A worker that has ended stays as it is.
    pub fn kill(&self) {
        // There is nobody left to kill when this fails.
        let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Kills whoever is left of the child's group, and waits for the child itself. A status that it already has stays.
fn reap(child: &mut Child) -> io::Result<ExitStatus> {
    // The child has not been waited for, so its number is still its own. There may be nobody left to kill.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    child.wait()
}

/// The processor time that a process has used, in whole seconds.
fn cpu_seconds(pid: u32) -> Option<u64> {
    let mut stat = String::new();
    File::open(format!("/proc/{pid}/stat")).ok()?.read_to_string(&mut stat).ok()?;
    // The second field, the name in parentheses, may hold anything; user and system time are the 14th and the 15th.
    let mut after_name = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut ticks = || after_name.next()?.parse::<u64>().ok();
    Some((ticks()? + ticks()?) / rustix::param::clock_ticks_per_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_does_not_read_ends_with_the_clock() {
        let program = Program { path: "/bin/sleep".into(), arguments: vec!["1000".into()] };
        let cancel = AtomicBool::new(false);
        let mut process = Process::spawn(&program, 1).unwrap();
        let soon = Watch::within(Duration::from_millis(50), &cancel);
        process.send(&[1; 100], None, &soon).unwrap();
        let failure = process.send(&vec![1; 10 << 20], None, &soon).unwrap_err();
        assert!(matches!(failure, Failure::TimedOut { .. }), "{failure}");
        assert!(!Path::new(&format!("/proc/{}", process.pid())).exists());
    }
}
