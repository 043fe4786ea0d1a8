//! Everything between a source and compiled code.

use std::fs;

use stratbox_compiler::{Compile, Compiled, Kit, RustCompiler, Source, Toolchain};
use stratbox_sandbox::{ArtifactCache, Guests, Sandbox};
use tempfile::TempDir;

use crate::backtest::{Code, Figures};
use crate::{Result, cache_dir, root};

/// The toolchain, the kit and the engine: what a process sets up once.
pub struct Lab {
    /// The engine.
    pub sandbox: Sandbox<Figures>,
    toolchain: Toolchain,
    kit: Kit,
    guests: Guests,
}

impl Lab {
    /// Sets up. `building` is called before the kit is built, which takes some ten seconds the first time.
    ///
    /// # Errors
    /// There is no Rust toolchain with the wasm target, or the kit does not build.
    pub fn open(building: &mut dyn FnMut()) -> Result<Self> {
        fs::create_dir_all(cache_dir())?;
        let toolchain = Toolchain::find()?;
        let kit = Kit::prepare(&cache_dir(), &toolchain, building)?;
        let guests = Guests { venue: kit.venue().to_vec(), driver: kit.driver().to_vec() };
        Ok(Self { sandbox: Sandbox::new()?, toolchain, kit, guests })
    }

    /// The strategy that everything is measured with.
    ///
    /// # Errors
    /// Its file cannot be read.
    pub fn strategy(&self) -> Result<Source> {
        Ok(Source::read(&root().join("example-strategies/sma_cross.rs"))?)
    }

    /// A compiler whose caches are empty.
    ///
    /// # Errors
    /// The caches cannot be written.
    pub fn workshop(&self) -> Result<Workshop<'_>> {
        // Beside the kit, so that files are written to the kind of disk that the product's own caches are on.
        let dir = tempfile::tempdir_in(cache_dir())?;
        let compiler = RustCompiler::new(self.toolchain.clone(), self.kit.clone(), dir.path())?;
        let artifacts = ArtifactCache::open(dir.path())?;
        Ok(Workshop { lab: self, compiler, artifacts, _dir: dir })
    }
}

/// A compiler with caches of its own, gone when it is dropped.
pub struct Workshop<'a> {
    lab: &'a Lab,
    compiler: RustCompiler,
    artifacts: ArtifactCache,
    _dir: TempDir,
}

impl Workshop<'_> {
    /// A source to its component: one call of `rustc`, or none when this workshop has seen the source before.
    ///
    /// # Errors
    /// What the compiler says.
    pub fn compile(&self, source: &Source) -> Result<Compiled> {
        Ok(self.compiler.compile(source)?)
    }

    /// A component to compiled code: composition and Cranelift, or neither when this workshop has seen it before.
    ///
    /// # Errors
    /// What the sandbox says.
    pub fn link(&self, component: &[u8]) -> Result<Code> {
        Ok(self.lab.sandbox.compile(&self.lab.guests, component, &self.artifacts)?)
    }

    /// A source to compiled code.
    ///
    /// # Errors
    /// What the compiler or the sandbox says.
    pub fn build(&self, source: &Source) -> Result<Code> {
        self.link(&self.compile(source)?.component)
    }
}
