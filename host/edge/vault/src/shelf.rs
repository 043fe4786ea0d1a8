use std::fmt;
use std::io::{Error, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use cap_std::fs::{Dir, File, MetadataExt, Permissions, PermissionsExt};
use cap_tempfile::TempFile;
use stratbox_domain::Digest;

use crate::envelope::{HEADER, Header, Label};
use crate::private::{Found, open_file, sync_dir};
use crate::quarantine::put_away;
use crate::vault::Root;
use crate::{Quarantined, Reason, VaultError};

/// A folder of one kind of file. Cheap to clone; clones share what [`quarantined`](Self::quarantined) reports.
#[derive(Clone)]
pub struct Shelf(Arc<Inner>);

struct Inner {
    root: Arc<Root>,
    dir: Dir,
    name: &'static str,
    /// Digest of the name.
    id: Digest,
    format: u32,
    max_content: u64,
    refused: Mutex<Vec<Quarantined>>,
}

/// Why there is nothing to return.
enum Miss {
    /// There is no such file, or it cannot be read.
    Absent,
    /// There is one that must not be used.
    Refused(Reason),
}

impl From<Reason> for Miss {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason)
    }
}

impl From<Error> for Miss {
    fn from(error: Error) -> Self {
        // The file has become shorter since its size was asked for.
        if error.kind() == ErrorKind::UnexpectedEof { Self::Refused(Reason::Truncated) } else { Self::Absent }
    }
}

impl Shelf {
    pub(crate) fn new(root: Arc<Root>, dir: Dir, name: &'static str, format: u32, max_content: u64) -> Self {
        let id = Digest::of(name.as_bytes());
        Self(Arc::new(Inner { root, dir, name, id, format, max_content, refused: Mutex::default() }))
    }

    /// What is stored under `key`, when this installation wrote just that. Anything else is moved to the quarantine,
    /// counted, and is a miss; so is a file that cannot be read, which stays where it is.
    #[must_use]
    pub fn load(&self, key: &Digest) -> Option<Vec<u8>> {
        match self.read(key) {
            Ok(content) => Some(content),
            Err(Miss::Absent) => None,
            Err(Miss::Refused(reason)) => {
                self.refuse(key, reason);
                None
            }
        }
    }

    /// Stores `content` under `key`, in place of what may be there. It is on the disk when this returns.
    ///
    /// # Errors
    /// The content is larger than what would be loaded again, or the file cannot be written: a full disk, a directory
    /// that may not be written or has been deleted. What was stored before is still there then, or all of `content` when
    /// nothing failed but the last step, which makes it survive a power cut.
    pub fn store(&self, key: &Digest, content: &[u8]) -> Result<(), VaultError> {
        let (size, limit) = (content.len() as u64, self.0.max_content);
        if size > limit {
            return Err(VaultError::TooLarge { path: self.path(key), size, limit });
        }
        let header = Header::seal(&self.0.root.secret, &self.label(key), content);
        self.write(key, &header, content).map_err(|source| {
            let path = self.path(key);
            if is_deleted(&self.0.dir) {
                VaultError::Deleted { path }
            } else {
                VaultError::Store { path, source }
            }
        })
    }

    /// The files that were refused since the shelf was opened, in the order they were asked for.
    #[must_use]
    pub fn quarantined(&self) -> Vec<Quarantined> {
        self.0.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A file is there whole or not at all, whenever this process is killed or the power fails. Until the rename its name
    /// belongs to what was there before, or to nothing; the rename is one step for everyone who looks; and it comes after
    /// all bytes have reached the disk, so that the name cannot get there before them. What a killed process leaves is at
    /// most a temporary file, under a name that no key has. Any other failure removes that too.
    fn write(&self, key: &Digest, header: &Header, content: &[u8]) -> Result<(), Error> {
        let mut file = TempFile::new(&self.0.dir)?;
        file.as_file().set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(header.as_bytes())?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        file.replace(key.to_string())?;
        sync_dir(&self.0.dir)
    }

    fn read(&self, key: &Digest) -> Result<Vec<u8>, Miss> {
        let (mut file, size) = match open_file(&self.0.dir, &key.to_string())? {
            Found::Nothing => return Err(Miss::Absent),
            Found::NotRegular => return Err(Reason::NotRegular.into()),
            Found::File(file, metadata) => (file, metadata.len()),
        };
        let length = size.checked_sub(HEADER as u64).ok_or(Reason::Truncated)?;
        if length > self.0.max_content {
            return Err(Reason::TooLarge.into());
        }
        let mut header = [0; HEADER];
        file.read_exact(&mut header)?;
        let header = Header::from_bytes(header);
        if header.claimed_length().ok_or(Reason::Altered)? > length {
            return Err(Reason::Truncated.into());
        }
        let content = read_content(&mut file, length)?;
        // From here on only this memory counts, whatever happens to the file.
        header.verify(&self.0.root.secret, &self.label(key), &content)?;
        Ok(content)
    }

    fn refuse(&self, key: &Digest, reason: Reason) {
        let Inner { root, dir, name, refused, .. } = &*self.0;
        put_away(root.quarantine().as_ref(), dir, &key.to_string(), name, key, SystemTime::now());
        let refusal = Quarantined { shelf: name, key: *key, reason };
        refused.lock().unwrap_or_else(PoisonError::into_inner).push(refusal);
    }

    fn label(&self, key: &Digest) -> Label {
        Label { format: self.0.format, shelf: self.0.id, key: *key }
    }

    /// For messages.
    fn path(&self, key: &Digest) -> PathBuf {
        self.0.root.path.join(self.0.name).join(key.to_string())
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf")
            .field("name", &self.0.name)
            .field("format", &self.0.format)
            .finish_non_exhaustive()
    }
}

/// Whether an open directory has no name any more. What the system says to writing in one differs between file systems.
fn is_deleted(dir: &Dir) -> bool {
    dir.dir_metadata().is_ok_and(|metadata| metadata.nlink() == 0)
}

/// Reads the `length` bytes that the file has after its header. Memory that is not there is no reason to end the process.
fn read_content(file: &mut File, length: u64) -> Result<Vec<u8>, Error> {
    let capacity = usize::try_from(length).map_err(|_| ErrorKind::OutOfMemory)?;
    let mut content = Vec::new();
    content.try_reserve_exact(capacity).map_err(|_| ErrorKind::OutOfMemory)?;
    file.take(length).read_to_end(&mut content)?;
    Ok(content)
}
