//! Compiled code, and the cache it is kept in.
//!
//! Loading an artifact means running native code, so only what this installation wrote itself is ever loaded: each file
//! carries a keyed digest over all of it, and the key never leaves the cache's private directory. Anything else is a
//! miss, and is compiled again.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stratbox_domain::{Digest, KeyBuilder, Recorder};
use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

use crate::compose::{Guests, SIMULATION, compose};
use crate::engine::fingerprint;
use crate::host::State;
use crate::text::escaped;
use crate::{Error, Sandbox};

const MAGIC: &[u8; 8] = b"sbxart01";
const HEADER: usize = MAGIC.len() + 32;

/// A strategy compiled together with the engine's parts: what [`Sandbox::run`] runs, on any number of threads at once.
pub struct Artifact<R: 'static> {
    pub(crate) pre: InstancePre<State<R>>,
    pub(crate) run: ComponentExportIndex,
    pub(crate) describe: ComponentExportIndex,
    component: Digest,
    identity: Digest,
    key: Digest,
    size: usize,
}

impl<R> Artifact<R> {
    /// Digest of the strategy's component.
    #[must_use]
    pub fn component(&self) -> Digest {
        self.component
    }

    /// Digest of what is run: the strategy's component and the engine's own. With the engine's version it decides results,
    /// on every machine of one architecture.
    #[must_use]
    pub fn identity(&self) -> Digest {
        self.identity
    }

    /// Digest of everything that the compiled code depends on: what is run, and the engine's version, settings and
    /// instruction set.
    #[must_use]
    pub fn key(&self) -> Digest {
        self.key
    }

    /// Bytes of compiled code.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }
}

/// A private directory of compiled artifacts.
#[derive(Debug, Clone)]
pub struct ArtifactCache {
    dir: PathBuf,
    secret: Arc<[u8; 32]>,
}

impl ArtifactCache {
    /// Opens the cache below `dir`, and makes its key when there is none.
    ///
    /// # Errors
    /// The directory or the key cannot be read or written.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let dir = dir.join("artifacts");
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Cache { path, source }
        };
        create_private_dir(&dir).and_then(|()| check_private(&dir)).map_err(at(&dir))?;
        let key_path = dir.join("key");
        let secret = match std::fs::read(&key_path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                new_secret(&dir, &key_path).map_err(at(&key_path))?
            }
            Err(error) => return Err(at(&key_path)(error)),
        };
        let secret = <[u8; 32]>::try_from(secret).map_err(|_| {
            at(&key_path)(std::io::Error::other(
                "it is not 32 bytes long; delete it, and artifacts are compiled anew",
            ))
        })?;
        Ok(Self { dir, secret: Arc::new(secret) })
    }

    /// The compiled code under `key`, when this installation has it and nobody has touched it.
    fn load(&self, key: &Digest) -> Option<Vec<u8>> {
        let mut bytes = std::fs::read(self.path(key)).ok()?;
        let (header, code) = bytes.split_at_checked(HEADER)?;
        let (magic, mac) = header.split_at(MAGIC.len());
        // Comparing BLAKE3 hashes takes the same time wherever they differ.
        let genuine = magic == MAGIC && self.mac(key, code) == *<&[u8; 32]>::try_from(mac).ok()?;
        genuine.then(|| {
            bytes.drain(..HEADER);
            bytes
        })
    }

    fn store(&self, key: &Digest, code: &[u8]) -> Result<(), Error> {
        let path = self.path(key);
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
            file.write_all(MAGIC)?;
            file.write_all(self.mac(key, code).as_bytes())?;
            file.write_all(code)?;
            file.persist(&path).map_err(|error| error.error)
        };
        write().map(|_| ()).map_err(|source| Error::Cache { path: path.clone(), source })
    }

    /// The key is part of what is authenticated, so that a genuine file cannot stand in for another.
    fn mac(&self, key: &Digest, code: &[u8]) -> blake3::Hash {
        blake3::Hasher::new_keyed(&self.secret).update(MAGIC).update(key.as_bytes()).update(code).finalize()
    }

    fn path(&self, key: &Digest) -> PathBuf {
        self.dir.join(key.to_string())
    }
}

#[derive(Clone, Copy)]
struct Ids {
    component: Digest,
    identity: Digest,
    key: Digest,
}

fn create_private_dir(dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Whoever can write here can have us run their code, so nobody else may.
#[cfg(unix)]
fn check_private(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    // A file's owner is whoever makes it: the one way to learn who we are without a system call of our own.
    let ours = tempfile::NamedTempFile::new_in(dir)?.as_file().metadata()?.uid();
    let found = [Some(dir.to_owned()), Some(dir.join("key")).filter(|key| key.exists())];
    for path in found.into_iter().flatten() {
        let metadata = std::fs::symlink_metadata(&path)?;
        if metadata.uid() != ours || metadata.mode() & 0o022 != 0 || metadata.is_symlink() {
            let advice =
                "others can write to it, or it belongs to someone else: use a cache directory of your own";
            return Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, advice));
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_private(_dir: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Temporary files are readable by their owner only. Of two processes that make a key at once, the first wins.
fn new_secret(dir: &Path, path: &Path) -> std::io::Result<Vec<u8>> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(std::io::Error::other)?;
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(&secret)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(secret.to_vec()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => std::fs::read(path),
        Err(error) => Err(error.error),
    }
}

impl<R: Recorder> Sandbox<R> {
    /// Composes a strategy's component with the engine's parts and compiles the whole, or takes it from the cache.
    ///
    /// # Errors
    /// The component does not fit the contract, or the cache cannot be written.
    pub fn compile(
        &self,
        guests: &Guests,
        component: &[u8],
        cache: &ArtifactCache,
    ) -> Result<Artifact<R>, Error> {
        let digest = Digest::of(component);
        let identity = KeyBuilder::new("composition")
            .field("component", digest.as_bytes())
            .field("venue", Digest::of(&guests.venue).as_bytes())
            .field("driver", Digest::of(&guests.driver).as_bytes())
            .finish();
        let key = KeyBuilder::new("artifact")
            .field("composition", identity.as_bytes())
            .field("engine", fingerprint(&self.engine).as_bytes())
            .finish();
        let ids = Ids { component: digest, identity, key };
        if let Some(code) = cache.load(&key) {
            return self.load(&code, ids).map_err(|error| Error::engine(&error));
        }
        let refused = |error: wasmtime::Error| Error::Component(escaped(&format!("{error:#}"), 1_000));
        let composed = compose(guests, component)?;
        let code = self.engine.precompile_component(&composed).map_err(refused)?;
        // What the engine compiles but cannot hold (its tables, its memories) is the component's fault too.
        let artifact = self.load(&code, ids).map_err(refused)?;
        cache.store(&key, &code)?;
        Ok(artifact)
    }

    fn load(&self, code: &[u8], ids: Ids) -> wasmtime::Result<Artifact<R>> {
        let loaded = self.deserialize(code)?;
        let export = |name| {
            let instance = loaded.get_export_index(None, SIMULATION);
            let found = instance.and_then(|instance| loaded.get_export_index(Some(&instance), name));
            found.ok_or_else(|| wasmtime::Error::msg(format!("the composed component lacks `{name}`")))
        };
        let (run, describe) = (export("run")?, export("describe")?);
        let pre = self.linker.instantiate_pre(&loaded)?;
        let Ids { component, identity, key } = ids;
        Ok(Artifact { pre, run, describe, component, identity, key, size: code.len() })
    }

    #[expect(unsafe_code, reason = "compiled code can only be loaded on trust")]
    fn deserialize(&self, code: &[u8]) -> wasmtime::Result<Component> {
        // SAFETY: `code` was either made by this engine a moment ago, or comes out of `ArtifactCache::load`, which has
        // verified that this installation wrote it and that nobody has changed it since. Its key names the engine's
        // exact version and settings, and wasmtime checks those again.
        unsafe { Component::deserialize(&self.engine, code) }
    }
}
