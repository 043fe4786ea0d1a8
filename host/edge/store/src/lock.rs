//! Who runs an experiment.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use crate::{ExperimentId, StoreError, private};

/// Whoever asks whether an experiment is running holds its lock for an instant.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(2);

/// The right to run an experiment. The system takes it back from a process that ends, however that happens.
#[derive(Debug)]
pub struct ExperimentLock {
    id: ExperimentId,
    _file: File,
}

impl ExperimentLock {
    /// The experiment.
    #[must_use]
    pub fn experiment(&self) -> ExperimentId {
        self.id
    }

    pub(crate) fn take(path: &Path, id: ExperimentId) -> Result<Self, StoreError> {
        let failed = |source| StoreError::file(path, source);
        let mut file = private::open(path)?;
        let mut tries = 1;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tries < TRIES => {
                    tries += 1;
                    std::thread::sleep(BETWEEN_TRIES);
                }
                Err(TryLockError::WouldBlock) => {
                    let mut process = String::new();
                    // Only for the message.
                    let _ = (&file).take(20).read_to_string(&mut process);
                    return Err(StoreError::Running { id, process: process.trim().parse().ok() });
                }
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
        // Only now, as a file whose lock another holds is not ours to write. It is for the messages of others, and no harm
        // when it cannot be written.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self { id, _file: file })
    }

    pub(crate) fn is_taken(path: &Path) -> Result<bool, StoreError> {
        let Some(file) = private::find(path)? else { return Ok(false) };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(source)) => Err(StoreError::file(path, source)),
        }
    }
}
