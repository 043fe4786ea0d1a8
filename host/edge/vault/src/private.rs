//! Directories and files that belong to us, and that nobody else can write.

use std::io::{Error, ErrorKind};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use cap_std::fs::{
    Dir, DirBuilder, DirBuilderExt as _, File, Metadata, MetadataExt, OpenOptions, OpenOptionsExt,
};
use rustix::fs::{Mode, OFlags};

use crate::VaultError;

/// Of a mode: group and others may write.
pub(crate) const WRITABLE_BY_OTHERS: u32 = 0o022;
/// Of a mode: group and others may do anything at all.
pub(crate) const OPEN_TO_OTHERS: u32 = 0o077;

/// Opens the directory at `path`, made with mode 0700 when missing: the one place that a path of the system is followed.
pub(crate) fn open_root(path: &Path) -> Result<(Dir, PathBuf), VaultError> {
    // A slash at the end would have the system follow a symbolic link.
    let path: PathBuf = path.components().collect();
    let failed = |source| VaultError::Open { path: path.clone(), source };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(failed)?;
    if std::fs::symlink_metadata(&path).map_err(failed)?.is_symlink() {
        return Err(VaultError::WrongKind { path, expected: "a directory" });
    }
    // What was just looked at can have been exchanged: it is the opened directory that is checked, and used from now on.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::fs::open(&path, flags, Mode::empty()).map_err(|errno| failed(errno.into()))?;
    let dir = Dir::from_std_file(opened.into());
    check(&dir.dir_metadata().map_err(failed)?, &path, WRITABLE_BY_OTHERS)?;
    Ok((dir, path))
}

/// Opens the directory `name` in `parent`, made with mode 0700 when missing. `path` is for messages.
pub(crate) fn open_dir(parent: &Dir, name: &str, path: &Path) -> Result<Dir, VaultError> {
    let failed = |source| VaultError::Open { path: path.to_owned(), source };
    match parent.create_dir_with(name, DirBuilder::new().mode(0o700)) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    if !parent.symlink_metadata(name).map_err(failed)?.is_dir() {
        return Err(VaultError::WrongKind { path: path.to_owned(), expected: "a directory" });
    }
    let dir = parent.open_dir(name).map_err(failed)?;
    check(&dir.dir_metadata().map_err(failed)?, path, WRITABLE_BY_OTHERS)?;
    Ok(dir)
}

/// Whoever can write here can have us run their code, so only we may.
pub(crate) fn check(metadata: &Metadata, path: &Path, forbidden: u32) -> Result<(), VaultError> {
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    if owner != rustix::process::geteuid().as_raw() {
        return Err(VaultError::Foreign { path: path.to_owned(), owner });
    }
    if mode & forbidden != 0 {
        return Err(VaultError::Exposed { path: path.to_owned(), mode });
    }
    Ok(())
}

/// What is under a name.
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// A regular file, open for reading.
    File(File, Metadata),
    /// A symbolic link, a directory, or anything else that is no regular file.
    NotRegular,
}

/// Opens a regular file and nothing else, without waiting for whatever may be in its place.
pub(crate) fn open_file(dir: &Dir, name: &str) -> Result<Found, Error> {
    match dir.symlink_metadata(name) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Ok(Found::NotRegular),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error),
    }
    // Another can have taken its place by now: a symbolic link is not followed, and a pipe does not make us wait.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = dir.open_with(name, OpenOptions::new().read(true).custom_flags(flags))?;
    let metadata = file.metadata()?;
    Ok(if metadata.is_file() { Found::File(file, metadata) } else { Found::NotRegular })
}

/// Makes names that were added to `dir` survive a power cut.
pub(crate) fn sync_dir(dir: &Dir) -> Result<(), Error> {
    // A handle of a directory can be one that only names it; reading it takes another.
    dir.open(".")?.sync_all()
}
