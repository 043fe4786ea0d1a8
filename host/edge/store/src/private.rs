//! Files and directories of a workspace: those of its owner, and never what a link in their place points at.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

use crate::StoreError;

/// Opens a file for reading and writing. It is made when missing; its content is left as it is.
pub(crate) fn open(path: &Path) -> Result<File, StoreError> {
    opened(path, OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600))
        .map_err(|refused| refused.told(path))
}

/// Opens a file for reading; `None` when there is none.
pub(crate) fn find(path: &Path) -> Result<Option<File>, StoreError> {
    match opened(path, OpenOptions::new().read(true)) {
        Ok(file) => Ok(Some(file)),
        Err(Refused::System(error)) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(refused) => Err(refused.told(path)),
    }
}

/// Everything in a file; `None` when there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(mut file) = find(path)? else { return Ok(None) };
    let mut content = Vec::new();
    file.read_to_end(&mut content).map_err(|source| StoreError::file(path, source))?;
    Ok(Some(content))
}

/// Whether there is a file, which is not opened.
pub(crate) fn is_file(path: &Path) -> Result<bool, StoreError> {
    match std::fs::symlink_metadata(path) {
        Ok(found) => not_a_file(&found).map_or(Ok(true), |why| Err(Refused::Foreign(why).told(path))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(source) => Err(StoreError::file(path, source)),
    }
}

/// Whether there is a directory.
pub(crate) fn is_folder(path: &Path) -> Result<bool, StoreError> {
    match std::fs::symlink_metadata(path) {
        Ok(found) => not_a_folder(&found).map_or(Ok(true), |why| Err(Refused::Foreign(why).told(path))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(source) => Err(StoreError::file(path, source)),
    }
}

/// Makes the workspace's own directory, which only its owner can enter. Its user named it, so it may be behind a link.
pub(crate) fn make_root(path: &Path) -> Result<(), StoreError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.and_then(|()| shut(path, OFlags::DIRECTORY)).map_err(|source| StoreError::file(path, source))
}

/// Makes a directory in it.
pub(crate) fn make_folder(path: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::file(path, source);
    if !is_folder(path)? {
        match DirBuilder::new().mode(0o700).create(path) {
            // Another process was faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => made.map_err(failed)?,
        }
    }
    shut(path, OFlags::DIRECTORY | OFlags::NOFOLLOW).map_err(failed)
}

/// Removes a file, or the link in its place, if there is one.
pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != ErrorKind::NotFound => Err(StoreError::file(path, source)),
        _ => Ok(()),
    }
}

/// Puts a file in the place of another: it is there whole or not at all, whenever the process is killed.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut tempfile::NamedTempFile) -> std::io::Result<()>,
) -> Result<(), StoreError> {
    let written = || {
        let parent = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(parent)?;
        write(&mut file)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        File::open(parent)?.sync_all()
    };
    written().map_err(|source| StoreError::file(path, source))
}

/// Why a file is not opened.
enum Refused {
    System(std::io::Error),
    Foreign(&'static str),
}

impl Refused {
    fn told(self, path: &Path) -> StoreError {
        match self {
            Self::System(source) => StoreError::file(path, source),
            Self::Foreign(why) => StoreError::Foreign { path: path.to_owned(), why },
        }
    }
}

fn opened(path: &Path, options: &mut OpenOptions) -> Result<File, Refused> {
    // Neither is a link followed nor a pipe waited for, whatever is put here at this moment.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = options.custom_flags(flags.bits().cast_signed()).open(path).map_err(|error| {
        // What the system says of a link or a directory is hard to understand.
        let why = std::fs::symlink_metadata(path).ok().as_ref().and_then(not_a_file);
        why.map_or(Refused::System(error), Refused::Foreign)
    })?;
    match not_a_file(&file.metadata().map_err(Refused::System)?) {
        Some(why) => Err(Refused::Foreign(why)),
        None => Ok(file),
    }
}

fn not_a_file(found: &Metadata) -> Option<&'static str> {
    if found.is_symlink() {
        Some("it is a symbolic link")
    } else if !found.is_file() {
        Some("it is not a regular file")
    } else if found.uid() != rustix::process::geteuid().as_raw() {
        Some("it belongs to another user")
    } else {
        None
    }
}

fn not_a_folder(found: &Metadata) -> Option<&'static str> {
    if found.is_symlink() {
        Some("it is a symbolic link")
    } else if !found.is_dir() {
        Some("it is not a directory")
    } else {
        None
    }
}

/// Lets only the owner enter a directory.
fn shut(path: &Path, flags: OFlags) -> std::io::Result<()> {
    let folder = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    if folder.metadata()?.mode() & 0o777 != 0o700 {
        folder.set_permissions(Permissions::from_mode(0o700))?;
    }
    Ok(())
}
