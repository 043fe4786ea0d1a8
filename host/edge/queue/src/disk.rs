//! The queue file on the disk: read bounded, and replaced as a whole.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{Error as IoError, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::QueueError;
use crate::content::{MAX_BYTES, MAX_OWN_BYTES};

/// Marks files under way. A file with it that nobody is writing was left by a process that was killed.
const UNDER_WAY: &str = "stratbox-";
const UNDER_WAY_ENDING: &str = ".tmp";
const RANDOM_CHARACTERS: usize = 8;

/// What a path leads to. A link is followed once, here: what it points to is read, locked and replaced, never the link.
pub(crate) fn target(path: &Path) -> Result<PathBuf, QueueError> {
    std::fs::canonicalize(path).map_err(|source| cannot("read", path, source))
}

/// Everything in the file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, QueueError> {
    content(open(path, false)?, path)
}

/// The same of a file that can also be written: one that cannot is not meant to be replaced either.
pub(crate) fn read_writable(path: &Path) -> Result<Vec<u8>, QueueError> {
    content(open(path, true)?, path)
}

fn open(path: &Path, write: bool) -> Result<File, QueueError> {
    let task = if write { "write" } else { "read" };
    // Neither is a link followed that was put here since, nor a pipe waited for.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened =
        OpenOptions::new().read(true).write(write).custom_flags(flags.bits().cast_signed()).open(path);
    let file = opened.map_err(|source| cannot(task, path, source))?;
    let found = file.metadata().map_err(|source| cannot(task, path, source))?;
    if found.is_file() { Ok(file) } else { Err(refused(task, path, "it is not a regular file")) }
}

fn content(file: File, path: &Path) -> Result<Vec<u8>, QueueError> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_BYTES + 1).unwrap_or(u64::MAX);
    file.take(most).read_to_end(&mut bytes).map_err(|source| cannot("read", path, source))?;
    if bytes.len() > MAX_BYTES {
        return Err(refused("read", path, &format!("it is larger than {} MiB", MAX_OWN_BYTES >> 20)));
    }
    Ok(bytes)
}

/// Puts `bytes` in the place of `before`, if that is still what is there: the file is whole, old or new, whenever the
/// process is killed. It keeps its owner and permissions.
pub(crate) fn replace(path: &Path, before: &[u8], bytes: &[u8]) -> Result<(), QueueError> {
    replace_with(path, before, |file| file.write_all(bytes))
}

fn replace_with(
    path: &Path,
    before: &[u8],
    write: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> Result<(), QueueError> {
    let failed = |source| cannot("write", path, source);
    let folder = folder(path);
    let mut made = tempfile::Builder::new()
        .prefix(&under_way(path))
        .suffix(UNDER_WAY_ENDING)
        .rand_bytes(RANDOM_CHARACTERS)
        .tempfile_in(folder)
        .map_err(failed)?;
    write(made.as_file_mut()).map_err(failed)?;
    like(path, made.as_file()).map_err(failed)?;
    made.as_file().sync_all().map_err(failed)?;
    // As late as possible, for all that somebody else writes from here on is lost.
    if read_writable(path)? != before {
        return Err(QueueError::Edited { path: path.to_owned() });
    }
    made.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Makes sure that a file that was put in its place stays there when the machine stops.
pub(crate) fn sync_folder(path: &Path) -> Result<(), QueueError> {
    File::open(folder(path))
        .and_then(|folder| folder.sync_all())
        .map_err(|source| cannot("write", path, source))
}

/// Gives a new file the owner and permissions of the one in whose place it will be.
fn like(path: &Path, made: &File) -> std::io::Result<()> {
    let (old, new) = (std::fs::symlink_metadata(path)?, made.metadata()?);
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        std::os::unix::fs::fchown(made, Some(old.uid()), Some(old.gid())).map_err(|error| {
            IoError::new(
                error.kind(),
                "it belongs to another user or group, which the new file could not be given",
            )
        })?;
    }
    made.set_permissions(Permissions::from_mode(old.mode() & 0o7777))
}

/// Removes what processes left behind that were killed while they wrote. Only whoever has the lock may call it.
pub(crate) fn remove_leftovers(path: &Path) {
    let prefix = under_way(path);
    let Ok(found) = std::fs::read_dir(folder(path)) else { return };
    let is_leftover = |name: &OsStr| {
        let rest = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
        let random = rest.and_then(|rest| rest.strip_suffix(UNDER_WAY_ENDING.as_bytes()));
        random.is_some_and(|it| it.len() == RANDOM_CHARACTERS && it.iter().all(u8::is_ascii_alphanumeric))
    };
    for entry in found.flatten().filter(|entry| is_leftover(&entry.file_name())) {
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            // It is in nobody's way: the next one who opens the queue tries again.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// `.NAME.stratbox-`
fn under_way(path: &Path) -> OsString {
    hidden(path, &format!(".{UNDER_WAY}"))
}

/// The name of a hidden file that belongs to the one at `path`.
pub(crate) fn hidden(path: &Path, ending: &str) -> OsString {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(ending);
    name
}

pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(crate) fn cannot(task: &'static str, path: &Path, source: IoError) -> QueueError {
    QueueError::File { task, path: path.to_owned(), source }
}

pub(crate) fn refused(task: &'static str, path: &Path, problem: &str) -> QueueError {
    QueueError::Refused { task, path: path.to_owned(), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_is_full_costs_nothing_of_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("queue.yaml");
        std::fs::write(&path, "before").unwrap();
        let full = |file: &mut File| file.write_all(b"half").and(Err(std::io::ErrorKind::StorageFull.into()));
        let error = replace_with(&path, b"before", full).unwrap_err().to_string();
        assert!(error.starts_with("cannot write `") && error.ends_with("no storage space"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"before");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left behind");
        replace(&path, b"before", b"after").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"after");
    }
}
