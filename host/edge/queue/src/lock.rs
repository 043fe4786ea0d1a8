//! Who may write a queue file.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::QueueError;
use crate::disk::{cannot, folder, hidden, refused};

/// Between the opening of a lock and the taking of it, its last holder may have removed it.
const TRIES: u32 = 100;

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
        for _ in 0..TRIES {
            let mut file = open(&path)?;
            match file.try_lock() {
                Ok(()) if !is_at(&file, &path) => {}
                Ok(()) => {
                    // For the messages of others, and no harm when it cannot be written.
                    let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                    return Ok(Self { path, file });
                }
                Err(TryLockError::WouldBlock) => {
                    let mut process = String::new();
                    // Only for the message.
                    let _ = (&file).take(20).read_to_string(&mut process);
                    return Err(QueueError::Locked {
                        path: queue.to_owned(),
                        process: process.trim().parse().ok(),
                    });
                }
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
        Err(QueueError::Locked { path: queue.to_owned(), process: None })
    }
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
