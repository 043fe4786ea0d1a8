//! Who may write a queue file.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use crate::QueueError;
use crate::disk::{cannot, folder, hidden, refused};

/// Between the opening of a lock and the taking of it, its last holder may have removed it.
const TRIES: u32 = 100;

/// A process that is gone may leave its lock to others that it started, which end a little later.
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(10);

/// The right to write a queue file. It is of a file next to it, `.NAME.lock`, as the queue file itself is replaced. The
/// system takes it back from a process that ends, however that happens.
#[derive(Debug)]
pub(crate) struct QueueLock {
    path: PathBuf,
    file: File,
}

impl QueueLock {
    /// Takes the lock of the queue file `queue`, which is no link.
    pub(crate) fn take(queue: &Path) -> Result<Self, QueueError> {
        let path = folder(queue).join(hidden(queue, ".lock"));
        let failed = |source| cannot("lock", &path, source);
        let (mut tries, begun) = (0, Instant::now());
        while tries < TRIES {
            let mut file = open(&path)?;
            match file.try_lock() {
                Ok(()) if !is_at(&file, &path) => tries += 1,
                Ok(()) => {
                    // For the messages of others, and no harm when it cannot be written.
                    let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                    return Ok(Self { path, file });
                }
                Err(TryLockError::WouldBlock) => {
                    let process = holder(&file);
                    if process.is_some_and(is_there) || begun.elapsed() > PATIENCE {
                        return Err(QueueError::Locked { path: queue.to_owned(), process });
                    }
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
        Err(QueueError::Locked { path: queue.to_owned(), process: None })
    }
}

/// The process that says it has the lock; none while it is being taken.
fn holder(file: &File) -> Option<u32> {
    let mut process = String::new();
    // What cannot be read is nobody.
    let _ = file.take(20).read_to_string(&mut process);
    process.trim().parse().ok()
}

/// Whether there is such a process, whoever's it is.
fn is_there(process: u32) -> bool {
    let id = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
    id.is_some_and(|id| rustix::process::test_kill_process(id) != Err(rustix::io::Errno::SRCH))
}

impl Drop for QueueLock {
    fn drop(&mut self) {
        // While it is held: whoever opened it before that finds out that it is no longer there. One that cannot be removed
        // is used again.
        if is_at(&self.file, &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Whether it is this file that has this name.
fn is_at(file: &File, path: &Path) -> bool {
    let identity = |found: std::io::Result<Metadata>| found.ok().map(|it| (it.dev(), it.ino()));
    let opened = identity(file.metadata());
    opened.is_some() && opened == identity(std::fs::symlink_metadata(path))
}

fn open(path: &Path) -> Result<File, QueueError> {
    // Neither is a link followed nor a pipe waited for, whatever is put here at this moment.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.custom_flags(flags.bits().cast_signed()).open(path).map_err(|source| {
        // What the system says of a link or a directory is hard to understand.
        let why = std::fs::symlink_metadata(path).ok().as_ref().and_then(not_a_lock);
        why.map_or_else(|| cannot("lock", path, source), |why| refused("lock", path, why))
    })?;
    let found = file.metadata().map_err(|source| cannot("lock", path, source))?;
    match not_a_lock(&found) {
        Some(why) => Err(refused("lock", path, why)),
        None => Ok(file),
    }
}

fn not_a_lock(found: &Metadata) -> Option<&'static str> {
    if found.is_symlink() {
        Some("it is a symbolic link; remove it")
    } else if !found.is_file() {
        Some("it is not a regular file; remove it")
    } else if found.uid() != rustix::process::geteuid().as_raw() {
        Some("it belongs to another user")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A lock that says it is of this process, and its queue.
    fn locked(dir: &Path, process: &str) -> (PathBuf, File) {
        let file = open(&dir.join(".queue.yaml.lock")).unwrap();
        file.lock().unwrap();
        (&file).write_all(process.as_bytes()).unwrap();
        (dir.join("queue.yaml"), file)
    }

    #[test]
    fn a_lock_of_a_process_that_is_there_is_refused_with_its_number() {
        let dir = tempfile::tempdir().unwrap();
        let (queue, _held) = locked(dir.path(), &std::process::id().to_string());
        let refused = QueueLock::take(&queue).unwrap_err();
        assert!(matches!(refused, QueueError::Locked { process: Some(it), .. } if it == std::process::id()));
    }

    #[test]
    fn a_lock_that_outlives_its_process_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        // No process has this number.
        let (queue, held) = locked(dir.path(), &i32::MAX.to_string());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| QueueLock::take(&queue));
            drop(held);
            waiting.join().unwrap().unwrap();
        });
    }
}
