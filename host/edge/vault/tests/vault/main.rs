//! What the vault promises: what is stored is loaded, everything else is refused, and nothing is ever half there.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

mod concurrency;
mod files;
mod killed;
mod opening;
mod refusal;
mod tampering;
mod worker;

use std::path::{Path, PathBuf};

use stratbox_domain::Digest;
use stratbox_vault::{Reason, Shelf, Vault};
use tempfile::TempDir;

const FORMAT: u32 = 3;
const CONTENT: &[u8] = b"compiled";

/// A vault in a directory of its own, with one shelf.
struct Fixture {
    dir: TempDir,
    vault: Vault,
    shelf: Shelf,
}

impl Fixture {
    fn new() -> Self {
        Self::with(|vault| vault)
    }

    fn with(configure: impl FnOnce(Vault) -> Vault) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let vault = configure(Vault::open(&dir.path().join("vault")).unwrap());
        let shelf = vault.shelf("artifacts", FORMAT).unwrap();
        Self { dir, vault, shelf }
    }

    /// One with `CONTENT` stored under `key("one")`.
    fn with_one_file() -> Self {
        let fixture = Self::new();
        fixture.shelf.store(&key("one"), CONTENT).unwrap();
        fixture
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("vault")
    }

    fn path(&self, key: &Digest) -> PathBuf {
        self.root().join("artifacts").join(key.to_string())
    }

    /// Loads what must be refused, and says why it was.
    fn refusal(&self, key: &Digest) -> Reason {
        let before = self.shelf.quarantined().len();
        assert_eq!(self.shelf.load(key), None);
        let refused = self.shelf.quarantined();
        assert_eq!(refused.len(), before + 1, "it is counted");
        let last = refused[before];
        assert_eq!((last.shelf, last.key), ("artifacts", *key));
        assert!(self.path(key).symlink_metadata().is_err(), "it is out of the way");
        last.reason
    }
}

fn key(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

/// Names of what is in a directory, sorted.
fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt;
    path.symlink_metadata().unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
