//! The directory in which everything is.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use stratbox_domain::Digest;

use crate::db::{Access, Db};
use crate::schema::{self, Format, LATEST};
use crate::{ExperimentId, ExperimentLock, Reader, StoreError, Writer, private};

/// How long the store waits for other processes unless told otherwise.
pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(10);

const STORE: &str = "store.sqlite";
const EVENTS: &str = "events";
const COMPONENTS: &str = "components";
const LOCKS: &str = "locks";
const FOLDERS: [&str; 3] = [EVENTS, COMPONENTS, LOCKS];

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
    /// directory, and brought to the latest format. What is refused is left as it is.
    ///
    /// # Errors
    /// The directory cannot be used or holds something else; a file or directory in it is a link or another user's; the
    /// store is newer than this program, damaged, or locked by another process; there is no room.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with_patience(path, DEFAULT_PATIENCE)
    }

    /// Like [`open`](Self::open); writers and readers wait for other processes so long.
    ///
    /// # Errors
    /// See [`open`](Self::open).
    pub fn open_with_patience(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        Self::at(path, patience).make(LATEST)
    }

    /// Like [`open`](Self::open), for whoever wants to look at what is there: where there is no workspace, none is made.
    ///
    /// # Errors
    /// [`StoreError::NotAWorkspace`] also where `open` makes one; see [`open`](Self::open).
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        let workspace = Self::at(path, DEFAULT_PATIENCE);
        match workspace.look()? {
            Found::Store(format) if format.version > 0 => workspace.make(LATEST),
            Found::NoDirectory => Err(workspace.refused("there is no such directory")),
            Found::NoStore | Found::Store(_) => Err(workspace.refused("there is no store in it")),
        }
    }

    /// One whose store is not of the latest version.
    #[cfg(test)]
    pub(crate) fn of_version(path: &Path, version: i64) -> Result<Self, StoreError> {
        Self::at(path, DEFAULT_PATIENCE).make(version)
    }

    fn at(path: &Path, patience: Duration) -> Self {
        Self { path: path.components().collect(), patience }
    }

    fn make(self, version: i64) -> Result<Self, StoreError> {
        self.look()?;
        private::make_root(&self.path)?;
        for folder in FOLDERS {
            private::make_folder(&self.path.join(folder))?;
        }
        self.bring_to(version)?;
        Ok(self)
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
        private::replace(&self.component_path(digest), |file| file.write_all(content))
    }

    /// A component that was kept.
    ///
    /// # Errors
    /// It was not kept, was changed since, or cannot be read.
    pub fn component(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let problem = match private::read(&self.component_path(digest))? {
            Some(content) if Digest::of(&content) == *digest => return Ok(content),
            Some(_) => "was changed since it was kept",
            None => "is not in the workspace",
        };
        Err(StoreError::Component { digest: *digest, problem })
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

    /// What is there, if it is a workspace or can become one. Nothing is changed.
    fn look(&self) -> Result<Found, StoreError> {
        let failed = |source| StoreError::file(&self.path, source);
        match std::fs::metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::NoDirectory),
            Err(source) => return Err(failed(source)),
            Ok(found) if !found.is_dir() => return Err(self.refused("it is not a directory")),
            Ok(_) => {}
        }
        // A process that was killed here may have made the folders and no more.
        let ours = |name: &std::ffi::OsStr| FOLDERS.iter().any(|it| name == *it);
        let mut entries = std::fs::read_dir(&self.path).map_err(failed)?;
        let other = entries.any(|entry| entry.map_or(true, |entry| !ours(&entry.file_name())));
        // Last, as another process may be making it.
        let store = private::is_file(&self.store())?;
        if other && !store {
            return Err(self.refused("there are files in it, and none of them is `store.sqlite`"));
        }
        FOLDERS.iter().try_for_each(|folder| private::is_folder(&self.path.join(folder)).map(drop))?;
        if !store {
            return Ok(Found::NoStore);
        }
        // By SQLite and no other way: to close a file gives up the locks of every connection that the process has to it.
        let read = |access| Format::of(&Db::open(&self.store(), access, self.patience)?);
        let format = match read(Access::Read) {
            // What a process that was killed has begun can be undone only by one that may write.
            Err(StoreError::Unusable { .. }) => read(Access::Write),
            read => read,
        };
        self.accept(format?).map(Found::Store)
    }

    /// The format, if it is one of ours that is known.
    fn accept(&self, format: Format) -> Result<Format, StoreError> {
        if !format.is_ours() {
            return Err(self.refused("its `store.sqlite` is the database of another program"));
        }
        if format.version > LATEST {
            return Err(StoreError::Newer { path: self.store(), found: format.version, known: LATEST });
        }
        Ok(format)
    }

    fn refused(&self, why: &'static str) -> StoreError {
        StoreError::NotAWorkspace { path: self.path.clone(), why }
    }

    /// Makes the store, or brings it to a version.
    fn bring_to(&self, version: i64) -> Result<(), StoreError> {
        let mut db = Db::open(&self.store(), Access::Write, self.patience)?;
        // Again: another process may have been faster.
        if self.accept(Format::of(&db)?)?.version < version {
            // One process at a time: making a file's log is not something that SQLite lets two wait for.
            let guard = self.path.join(LOCKS).join("format");
            let held = private::open(&guard)?;
            held.lock().map_err(|source| StoreError::file(guard, source))?;
            schema::migrate(&mut db, version)?;
        }
        Ok(())
    }
}

/// What is in the place of a workspace.
enum Found {
    NoDirectory,
    NoStore,
    /// Of version 0 when nothing is in it yet.
    Store(Format),
}
