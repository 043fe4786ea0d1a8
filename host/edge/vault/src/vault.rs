use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use cap_std::fs::Dir;

use crate::secret::{self, Secret};
use crate::{Shelf, VaultError, private, quarantine, temporary};

/// The largest content that is stored and loaded unless told otherwise, bytes: 512 MiB.
pub const DEFAULT_MAX_CONTENT: u64 = 512 << 20;

/// The installation's private directory and its key. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    root: Arc<Root>,
    max_content: u64,
}

/// The open directory, its path for messages, and its key.
pub(crate) struct Root {
    pub(crate) dir: Dir,
    pub(crate) path: PathBuf,
    pub(crate) secret: Secret,
}

impl Root {
    /// The folder for refused files, when there can be one.
    pub(crate) fn quarantine(&self) -> Option<Dir> {
        private::open_dir(&self.dir, quarantine::NAME, &self.path.join(quarantine::NAME)).ok()
    }
}

impl Vault {
    /// Opens the vault in `dir`, which is made with mode 0700 when missing, and makes its key when there is none: of two
    /// processes that do so at once, the first wins. Removes temporary files older than a day.
    ///
    /// # Errors
    /// The directory or the key cannot be read or written, is a symbolic link, or belongs to someone else; others can
    /// write to the directory, or can read or write the key; the key is not 32 bytes long.
    pub fn open(dir: &Path) -> Result<Self, VaultError> {
        let (dir, path) = private::open_root(dir)?;
        temporary::remove_stale(&dir, SystemTime::now());
        let secret = Secret::open(&dir, &path)?;
        Ok(Self { root: Arc::new(Root { dir, path, secret }), max_content: DEFAULT_MAX_CONTENT })
    }

    /// The same vault, for contents of at most so many bytes. It concerns the shelves that are opened after.
    #[must_use]
    pub fn with_max_content(self, bytes: u64) -> Self {
        Self { max_content: bytes, ..self }
    }

    /// A folder of one kind of file, such as `artifacts`. `format` is raised with the layout of the content: files of
    /// another format are old, and are refused. Removes temporary files older than a day.
    ///
    /// # Errors
    /// `name` is not made of lowercase letters, digits and hyphens, or is `key` or `quarantine`; the folder cannot be
    /// read or written, is a symbolic link, belongs to someone else, or others can write to it.
    pub fn shelf(&self, name: &'static str, format: u32) -> Result<Shelf, VaultError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || !name.bytes().all(plain) || [secret::NAME, quarantine::NAME].contains(&name) {
            return Err(VaultError::Name(name));
        }
        let dir = private::open_dir(&self.root.dir, name, &self.root.path.join(name))?;
        temporary::remove_stale(&dir, SystemTime::now());
        Ok(Shelf::new(Arc::clone(&self.root), dir, name, format, self.max_content))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("path", &self.root.path).finish_non_exhaustive()
    }
}
