//! One connection to the store's file, and its troubles in our words.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, ffi};

use crate::StoreError;

/// Memory for pages, KiB: what a scan of a million rows needs is not much, and there may be several connections.
const CACHE_KIB: i64 = 8 << 10;
/// Pages in the log before they are moved into the file: 16 MiB, so that this happens once in many batches.
const PAGES_PER_CHECKPOINT: i64 = 4_000;
/// What the log is cut to when it has grown beyond, bytes.
const LOG_BYTES: i64 = 32 << 20;
/// How long a writer that ends waits for readers, so that it can leave one file behind.
const PATIENCE_AT_END: Duration = Duration::from_millis(250);

/// What went wrong inside a piece of work, before it is known in which file.
#[derive(Debug)]
pub(crate) enum Problem {
    Sqlite(rusqlite::Error),
    /// A row makes no sense.
    Damaged(String),
    Store(StoreError),
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Access {
    Read,
    Write,
}

/// A connection and the path of its file, for messages.
pub(crate) struct Db {
    pub(crate) connection: Connection,
    path: PathBuf,
    /// Something was written, so that there may be something in the log.
    wrote: bool,
}

impl Db {
    /// Opens the file; for writing it is made when missing. A lock of another process is waited for so long.
    pub(crate) fn open(path: &Path, access: Access, patience: Duration) -> Result<Self, StoreError> {
        let flags = match access {
            Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        };
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(path, flags).map_err(|error| explain(path, &error, None))?;
        let db = Self { connection, path: path.to_owned(), wrote: false };
        db.run(|connection| {
            connection.busy_timeout(patience)?;
            connection.set_prepared_statement_cache_capacity(64);
            for (pragma, value) in [
                ("temp_store", "FILE"),
                ("synchronous", "NORMAL"),
                ("trusted_schema", "OFF"),
                ("cell_size_check", "ON"),
            ] {
                connection.pragma_update(None, pragma, value)?;
            }
            for (pragma, value) in [
                ("cache_size", -CACHE_KIB),
                ("wal_autocheckpoint", PAGES_PER_CHECKPOINT),
                ("journal_size_limit", LOG_BYTES),
            ] {
                // Some of them answer with the value.
                connection.pragma_update_and_check(None, pragma, value, |_| Ok(())).or_else(|error| {
                    match error {
                        rusqlite::Error::QueryReturnedNoRows => Ok(()),
                        error => Err(error),
                    }
                })?;
            }
            Ok(())
        })?;
        Ok(db)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Does something outside of a transaction.
    pub(crate) fn run<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Problem>,
    ) -> Result<T, StoreError> {
        work(&self.connection).map_err(|problem| self.told(problem))
    }

    /// Reads what belongs together: nothing that others write meanwhile is seen.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Problem>,
    ) -> Result<T, StoreError> {
        self.run(|connection| {
            let transaction = connection.unchecked_transaction()?;
            let value = work(&transaction)?;
            // A table that is the connection's own may have been made.
            transaction.commit()?;
            Ok(value)
        })
    }

    /// Writes all that `work` writes, or nothing.
    pub(crate) fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Problem>,
    ) -> Result<T, StoreError> {
        self.wrote = true;
        let done = (|| {
            // At once, as a lock that is asked for later is refused without waiting.
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })();
        done.map_err(|problem| self.told(problem))
    }

    fn told(&self, problem: Problem) -> StoreError {
        match problem {
            Problem::Store(error) => error,
            Problem::Damaged(problem) => StoreError::Corrupted { path: self.path.clone(), problem },
            Problem::Sqlite(error) => explain(&self.path, &error, Some(&self.connection)),
        }
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        if self.wrote {
            // What cannot be moved into the file now stays in the log beside it, where the next one finds it.
            let _ = self.connection.busy_timeout(PATIENCE_AT_END);
            let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
    }
}

/// An error of SQLite in our words.
fn explain(path: &Path, error: &rusqlite::Error, connection: Option<&Connection>) -> StoreError {
    let (path, problem) = (path.to_owned(), error.to_string());
    let code = match error {
        rusqlite::Error::SqliteFailure(failure, _) => failure.code,
        // The tables are strict: a value of another type than was written is no value of ours.
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => ErrorCode::DatabaseCorrupt,
        _ => ErrorCode::Unknown,
    };
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Locked { path },
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Corrupted { path, problem },
        ErrorCode::DiskFull => StoreError::Full { path, problem },
        ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            StoreError::Unusable { path, source: std::io::Error::other(problem) }
        }
        ErrorCode::SystemIoFailure => {
            let errno = connection.map_or(0, system_errno);
            let system = std::io::Error::from_raw_os_error(errno);
            match StoreError::file(&path, system) {
                StoreError::Full { path, problem } => StoreError::Full { path, problem },
                _ => StoreError::Sqlite { path, problem },
            }
        }
        _ => StoreError::Sqlite { path, problem },
    }
}

/// The system's error number behind the connection's last failure.
#[expect(unsafe_code, reason = "SQLite says only through its C interface which error of the system it met")]
fn system_errno(connection: &Connection) -> i32 {
    // SAFETY: the handle belongs to a connection that is open for as long as it is borrowed, on this thread, and is
    // only read from.
    unsafe { ffi::sqlite3_system_errno(connection.handle()) }
}
