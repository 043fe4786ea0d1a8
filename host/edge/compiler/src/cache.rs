//! Files by content: written whole or not at all, and only believed when they are what they were.

use std::io::Write;
use std::path::{Path, PathBuf};

use stratbox_domain::Digest;

const HEADER: usize = 32;

/// A directory of files that carry their own digest. A damaged file is a miss.
#[derive(Debug, Clone)]
pub(crate) struct FileCache {
    dir: PathBuf,
}

impl FileCache {
    pub(crate) fn open(dir: PathBuf) -> std::io::Result<Self> {
        std::fs::create_dir_all(&dir)?;
        Ok(Self { dir })
    }

    pub(crate) fn load(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = std::fs::read(self.path(name)).ok()?;
        let (header, content) = bytes.split_at_checked(HEADER)?;
        let sound = header == Digest::of(content).as_bytes();
        sound.then(|| {
            bytes.drain(..HEADER);
            bytes
        })
    }

    pub(crate) fn store(&self, name: &str, content: &[u8]) -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        file.write_all(Digest::of(content).as_bytes())?;
        file.write_all(content)?;
        file.persist(self.path(name)).map_err(|error| error.error)?;
        Ok(())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_is_a_miss() {
        let dir = tempfile::tempdir().unwrap();
        let cache = FileCache::open(dir.path().join("files")).unwrap();
        cache.store("a", b"content").unwrap();
        assert_eq!(cache.load("a").as_deref(), Some(b"content".as_slice()));
        for damage in [&b"short"[..], b"", &[7; 60]] {
            std::fs::write(cache.path("a"), damage).unwrap();
            assert_eq!(cache.load("a"), None);
        }
    }
}
