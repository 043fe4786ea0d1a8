//! The installation's key.

use std::io::{Error, ErrorKind, Read, Write};
use std::path::Path;

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};

use crate::VaultError;
use crate::private::{Found, OPEN_TO_OTHERS, check, open_file, sync_dir};
use crate::temporary::key_in_the_making;

pub(crate) const NAME: &str = "key";
const LENGTH: usize = 32;

/// The key that MACs are made with. It is never shown and never leaves the directory.
pub(crate) struct Secret([u8; LENGTH]);

impl Secret {
    /// Reads the key in `dir`, and makes it when there is none. `path` is the directory, for messages.
    pub(crate) fn open(dir: &Dir, path: &Path) -> Result<Self, VaultError> {
        let path = path.join(NAME);
        let failed = |source| VaultError::Open { path: path.clone(), source };
        if let Some(secret) = Self::read(dir, &path)? {
            return Ok(secret);
        }
        create(dir).map_err(failed)?;
        // Whoever made it, it is read back: all processes agree on what is in the file.
        Self::read(dir, &path)?.ok_or_else(|| failed(ErrorKind::NotFound.into()))
    }

    /// Starts a MAC.
    pub(crate) fn hasher(&self) -> blake3::Hasher {
        blake3::Hasher::new_keyed(&self.0)
    }

    #[cfg(test)]
    pub(crate) fn for_tests(byte: u8) -> Self {
        Self([byte; LENGTH])
    }

    fn read(dir: &Dir, path: &Path) -> Result<Option<Self>, VaultError> {
        let failed = |source| VaultError::Open { path: path.to_owned(), source };
        let (mut file, metadata) = match open_file(dir, NAME).map_err(failed)? {
            Found::Nothing => return Ok(None),
            Found::NotRegular => {
                return Err(VaultError::WrongKind { path: path.to_owned(), expected: "a file" });
            }
            Found::File(file, metadata) => (file, metadata),
        };
        check(&metadata, path, OPEN_TO_OTHERS)?;
        if metadata.len() != LENGTH as u64 {
            return Err(VaultError::Key { path: path.to_owned() });
        }
        let mut secret = [0; LENGTH];
        file.read_exact(&mut secret).map_err(failed)?;
        Ok(Some(Self(secret)))
    }
}

/// Of several processes that make a key at once, the first wins: a link is made whole, and never replaces another. So
/// nobody reads a key that is still being written, and a process that dies before leaves no key rather than a broken one.
fn create(dir: &Dir) -> Result<(), Error> {
    let mut secret = [0; LENGTH];
    getrandom::fill(&mut secret)?;
    let temporary = key_in_the_making()?;
    let made = write_new(dir, &temporary, &secret).and_then(|()| dir.hard_link(&temporary, dir, NAME));
    // It is a second name of the key now, or of no use.
    let removed = dir.remove_file(&temporary);
    match made {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => removed?,
    }
    sync_dir(dir)
}

fn write_new(dir: &Dir, name: &str, content: &[u8]) -> Result<(), Error> {
    let mut file = dir.open_with(name, OpenOptions::new().write(true).create_new(true).mode(0o600))?;
    file.write_all(content)?;
    file.sync_all()
}
