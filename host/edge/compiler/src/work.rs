//! A fresh private directory for each compilation, gone afterwards, whatever happens.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

const LOCK: &str = ".lock";

/// A directory that one compilation may write to. A lock beside it says that somebody works in it; one whose lock is free
/// was left behind by a process that was killed.
pub(crate) struct Work {
    dir: PathBuf,
    _lock: tempfile::NamedTempFile,
}

impl Work {
    /// A new directory below `parent`, which is made if there is none.
    pub(crate) fn new(parent: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(parent)?;
        remove_abandoned(parent);
        // The lock comes first: without a lock nobody takes a directory for abandoned.
        let lock = tempfile::Builder::new().prefix("work-").suffix(LOCK).tempfile_in(parent)?;
        lock.as_file().lock()?;
        let dir = lock.path().with_extension("");
        DirBuilder::new().mode(0o700).create(&dir)?;
        Ok(Self { dir, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.dir
    }

    /// What a tool left in a file of this name. It is the work of a stranger's tool: no link is followed, nothing but a
    /// regular file is read, and no more than `limit` bytes.
    pub(crate) fn read(&self, name: &str, limit: u64) -> io::Result<Vec<u8>> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).unwrap_or_default();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(self.path().join(name))?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        let mut bytes = Vec::new();
        file.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::other(format!("it is larger than {limit} bytes")));
        }
        Ok(bytes)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // What cannot be removed costs space and nothing else.
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// Removes what killed processes left behind. What cannot be removed costs space and nothing else.
fn remove_abandoned(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for lock in
        entries.flatten().map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(LOCK))
    {
        if let Ok(file) = File::open(&lock)
            && file.try_lock().is_ok()
        {
            let _ = std::fs::remove_dir_all(lock.with_extension(""));
            let _ = std::fs::remove_file(&lock);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_gone_after_the_work_and_what_a_killed_process_left_with_it() {
        let parent = tempfile::tempdir().unwrap();
        std::fs::create_dir(parent.path().join("work-old")).unwrap();
        std::fs::write(parent.path().join("work-old/file"), "half").unwrap();
        std::fs::write(parent.path().join("work-old.lock"), "").unwrap();
        let first = Work::new(parent.path()).unwrap();
        let second = Work::new(parent.path()).unwrap();
        assert!(!parent.path().join("work-old").exists());
        assert!(first.path().is_dir() && second.path().is_dir(), "one at work is left alone");
        drop((first, second));
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn only_regular_files_of_a_bounded_size_are_read() {
        let parent = tempfile::tempdir().unwrap();
        let work = Work::new(parent.path()).unwrap();
        std::fs::write(work.path().join("good"), "four").unwrap();
        assert_eq!(work.read("good", 4).unwrap(), b"four");
        assert!(work.read("good", 3).is_err());
        std::os::unix::fs::symlink("good", work.path().join("link")).unwrap();
        std::fs::create_dir(work.path().join("dir")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            work.path().join("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        for name in ["link", "dir", "pipe", "missing"] {
            assert!(work.read(name, 100).is_err(), "{name}");
        }
    }
}
