//! Everything between a source and compiled code.

use std::fs;

use std::process::ExitCode;
use std::sync::Arc;

use stratbox::{Workshop as Assembler, worker};
use stratbox_compiler::{Compile, Compiled, Kit, Parts, RustCompiler, Source, ToolLimits, Toolchain};
use stratbox_intake::source::SourceLimits;
use stratbox_jail::{Confinement, Jailer, Program};
use stratbox_sandbox::{Guests, MAX_RUNS, Sandbox, TrustedCode};
use stratbox_vault::{Shelf, Vault};
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
    jailer: Jailer,
}

/// This binary as a worker.
///
/// # Errors
/// The system does not say which binary that is.
pub fn this_binary() -> Result<Program> {
    Ok(Program::this([worker::ARGUMENT])?)
}

/// Compilers are worked in processes of their own, which are this binary with an argument: if that is what this process is
/// to be, it serves until it is done.
#[must_use]
pub fn serve_if_worker() -> Option<ExitCode> {
    std::env::args_os().nth(1).is_some_and(|argument| argument == worker::ARGUMENT).then(worker::serve)
}

impl Lab {
    /// Sets up. `worker` is how a worker is started, `building` is called before the kit is built, which takes some ten seconds the first time.
    ///
    /// # Errors
    /// There is no Rust toolchain with the wasm target, or the kit does not build.
    pub fn open(worker: Program, building: &mut dyn FnMut()) -> Result<Self> {
        fs::create_dir_all(cache_dir())?;
        let vault = Vault::open(&cache_dir().join("vault"))?;
        let toolchain = Toolchain::find()?;
        let kit = Kit::prepare(&cache_dir(), &vault, &toolchain, building)?;
        let guests = Guests { venue: kit.venue().to_vec(), driver: kit.driver().to_vec() };
        let jailer = Jailer::new(worker, Confinement::Jailed);
        Ok(Self { sandbox: Sandbox::new(MAX_RUNS)?, toolchain, kit, guests, jailer })
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
        let vault = Vault::open(&dir.path().join("vault"))?;
        let assembler = Assembler::new(self.jailer.clone());
        let parts = Parts {
            toolchain: self.toolchain.clone(),
            kit: self.kit.clone(),
            jailer: self.jailer.clone(),
            componentize: Arc::new(assembler.clone()),
            limits: ToolLimits::default(),
            gate: Some(SourceLimits::default()),
        };
        let compiler = RustCompiler::new(parts, &vault, dir.path())?;
        Ok(Workshop { lab: self, compiler, assembler, artifacts: vault.shelf("artifacts", 1)?, _dir: dir })
    }
}

/// A compiler with caches of its own, gone when it is dropped.
pub struct Workshop<'a> {
    lab: &'a Lab,
    compiler: RustCompiler,
    assembler: Assembler,
    artifacts: Shelf,
    _dir: TempDir,
}

impl Workshop<'_> {
    /// A source to its component: `rustc` and its linker in a jail each, or none when this workshop has seen the source before.
    ///
    /// # Errors
    /// What the compiler says.
    pub fn compile(&self, source: &Source) -> Result<Compiled> {
        Ok(self.compiler.compile(source)?)
    }

    /// A component to compiled code: gate, composition and Cranelift, or none when this workshop has seen it before.
    ///
    /// # Errors
    /// What the gate or the sandbox says.
    pub fn link(&self, component: &[u8]) -> Result<Code> {
        let Lab { sandbox, guests, .. } = self.lab;
        let key = sandbox.identify(guests, component).code;
        let code = match self.artifacts.load(&key) {
            Some(code) => code,
            None => {
                let code = self.assembler.compile(guests, component)?;
                self.artifacts.store(&key, &code)?;
                code
            }
        };
        // Made by a worker of this installation, or verified by the vault.
        Ok(sandbox.load(TrustedCode::vouched(&code))?)
    }

    /// A source to compiled code.
    ///
    /// # Errors
    /// What the compiler or the sandbox says.
    pub fn build(&self, source: &Source) -> Result<Code> {
        self.link(&self.compile(source)?.component)
    }
}
