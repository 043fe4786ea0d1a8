//! The directory in which everything is.

use std::fs::{DirBuilder, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use stratbox_domain::Digest;

use crate::db::{Access, Db};
use crate::schema::{self, Format, LATEST};
use crate::{ExperimentId, ExperimentLock, Reader, StoreError, Writer, lock};

/// How long the store waits for other processes unless told otherwise.
pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(10);

const STORE: &str = "store.sqlite";
const EVENTS: &str = "events";
const COMPONENTS: &str = "components";
const LOCKS: &str = "locks";

/// A directory of experiments. Cheap to clone. While nothing uses it, it can be copied and moved.
///
/// ```text
/// <dir>/store.sqlite            the record: everything else but the components can be made from it
/// <dir>/events/<id>.jsonl       what happened in an experiment, see `EventLog`
/// <dir>/components/<digest>.wasm
/// <dir>/locks/<id>              held by whoever runs the experiment
/// ```
#[derive(Debug, Clone)]
pub struct Workspace {
    path: PathBuf,
    patience: Duration,
}

impl Workspace {
    /// Opens the workspace in `path`, for its owner only (mode 0700). It is made where there is nothing or an empty
    /// directory, and brought to the latest format.
    ///
    /// # Errors
    /// The directory cannot be used or holds something else; the store is newer than this program, damaged, or locked by
    /// another process; there is no room.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with_patience(path, DEFAULT_PATIENCE)
    }

    /// Like [`open`](Self::open); writers and readers wait for other processes so long.
    ///
    /// # Errors
    /// See [`open`](Self::open).
    pub fn open_with_patience(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        Self::make(path, patience, LATEST)
    }

    /// One whose store is not of the latest version.
    #[cfg(test)]
    pub(crate) fn of_version(path: &Path, version: i64) -> Result<Self, StoreError> {
        Self::make(path, DEFAULT_PATIENCE, version)
    }

    fn make(path: &Path, patience: Duration, version: i64) -> Result<Self, StoreError> {
        let workspace = Self { path: path.components().collect(), patience };
        workspace.make_directory()?;
        for folder in [EVENTS, COMPONENTS, LOCKS] {
            let folder = workspace.path.join(folder);
            make_private(&folder).map_err(|source| StoreError::file(folder, source))?;
        }
        workspace.bring_to(version)?;
        Ok(workspace)
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the store for writing. One a process is enough; those of several processes take turns. When it is dropped,
    /// everything is in the one file, unless others still read.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub fn writer(&self) -> Result<Writer, StoreError> {
        Ok(Writer::new(self.clone(), Db::open(&self.store(), Access::Write, self.patience)?))
    }

    /// Opens the store for reading. Readers and writers do not wait for each other; each thread takes its own.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Ok(Reader::new(self.clone(), self.open_for_reading()?))
    }

    pub(crate) fn open_for_reading(&self) -> Result<Db, StoreError> {
        Db::open(&self.store(), Access::Read, self.patience)
    }

    /// Takes the right to run an experiment, until the lock is dropped or the process ends.
    ///
    /// # Errors
    /// [`StoreError::Running`] when another has it; the lock's file cannot be used.
    pub fn lock(&self, id: ExperimentId) -> Result<ExperimentLock, StoreError> {
        ExperimentLock::take(&self.lock_path(id), id)
    }

    /// Whether somebody has the right to run an experiment at this moment.
    ///
    /// # Errors
    /// The lock's file cannot be used.
    pub fn is_running(&self, id: ExperimentId) -> Result<bool, StoreError> {
        ExperimentLock::is_taken(&self.lock_path(id))
    }

    /// Keeps a component, so that an experiment can go on without its source. It is on the disk, whole, when this
    /// returns.
    ///
    /// # Errors
    /// The content is not what the digest says; it cannot be written.
    pub fn keep_component(&self, digest: &Digest, content: &[u8]) -> Result<(), StoreError> {
        if Digest::of(content) != *digest {
            return Err(StoreError::Component { digest: *digest, problem: "is not what it is called" });
        }
        if self.component(digest).is_ok() {
            return Ok(());
        }
        replace(&self.component_path(digest), |file| file.write_all(content))
    }

    /// A component that was kept.
    ///
    /// # Errors
    /// It was not kept, was changed since, or cannot be read.
    pub fn component(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let path = self.component_path(digest);
        match std::fs::read(&path) {
            Ok(content) if Digest::of(&content) == *digest => Ok(content),
            Ok(_) => Err(StoreError::Component { digest: *digest, problem: "was changed since it was kept" }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(StoreError::Component { digest: *digest, problem: "is not in the workspace" })
            }
            Err(source) => Err(StoreError::file(path, source)),
        }
    }

    /// Where an experiment's events are written.
    #[must_use]
    pub fn events_path(&self, id: ExperimentId) -> PathBuf {
        self.path.join(EVENTS).join(format!("{id}.jsonl"))
    }

    pub(crate) fn component_path(&self, digest: &Digest) -> PathBuf {
        self.path.join(COMPONENTS).join(format!("{digest}.wasm"))
    }

    pub(crate) fn lock_path(&self, id: ExperimentId) -> PathBuf {
        self.path.join(LOCKS).join(id.to_string())
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path.join(STORE)
    }

    /// Makes the directory, or takes one that is empty or a workspace.
    fn make_directory(&self) -> Result<(), StoreError> {
        let failed = |source| StoreError::file(&self.path, source);
        let not = |why| StoreError::NotAWorkspace { path: self.path.clone(), why };
        match std::fs::metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(source) => return Err(failed(source)),
            Ok(found) if !found.is_dir() => return Err(not("it is not a directory")),
            Ok(_) => {
                let mut entries = std::fs::read_dir(&self.path).map_err(failed)?;
                // A process that was killed here may have made the folders and no more.
                let ours = |name: &std::ffi::OsStr| [EVENTS, COMPONENTS, LOCKS].iter().any(|it| name == *it);
                let other = entries.any(|entry| entry.map_or(true, |entry| !ours(&entry.file_name())));
                if other && !self.store().is_file() {
                    return Err(not("there are files in it, and none of them is `store.sqlite`"));
                }
            }
        }
        make_private(&self.path).map_err(failed)
    }

    /// Makes the store, or brings it to a version.
    fn bring_to(&self, version: i64) -> Result<(), StoreError> {
        let path = self.store();
        let mut db = Db::open(&path, Access::Write, self.patience)?;
        let format = Format::of(&db)?;
        if !format.is_ours() {
            let why = "its `store.sqlite` is the database of another program";
            return Err(StoreError::NotAWorkspace { path: self.path.clone(), why });
        }
        if format.version > LATEST {
            return Err(StoreError::Newer { path, found: format.version, known: LATEST });
        }
        if format.version < version {
            // One process at a time: making a file's log is not something that SQLite lets two wait for.
            let guard = self.path.join(LOCKS).join("format");
            let file = lock::open(&guard).and_then(|file| file.lock().map(|()| file));
            let _held = file.map_err(|source| StoreError::file(guard, source))?;
            schema::migrate(&mut db, version)?;
        }
        Ok(())
    }
}

/// Makes a directory that only its owner can enter.
fn make_private(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    if std::fs::metadata(path)?.mode() & 0o777 != 0o700 {
        std::fs::set_permissions(path, Permissions::from_mode(0o700))?;
    }
    Ok(())
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
        std::fs::File::open(parent)?.sync_all()
    };
    written().map_err(|source| StoreError::file(path, source))
}
