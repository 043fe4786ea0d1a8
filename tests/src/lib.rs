//! A compiler and a sandbox, set up once for all tests of a binary, and the strategies that they are tried with.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use stratbox::Workshop;
use stratbox_compiler::{
    Compile, CompileError, Compiled, Kit, Parts, RustCompiler, Source, ToolLimits, Toolchain,
};
use stratbox_domain::{Bar, Digest, Fill, Instrument, Limits, ParamValue, Params, Recorder, VenuePolicy};
use stratbox_intake::source::SourceLimits;
use stratbox_jail::{Confinement, Jailer, Program};
use stratbox_market::Dataset;
use stratbox_sandbox::{Artifact, Guests, MAX_RUNS, RunReport, RunRequest, Sandbox, TrustedCode};
use stratbox_vault::{Shelf, Vault};

/// The strategy that trades at random: its source for the compiler, and the same file natively.
#[path = "../strategies/chaos.rs"]
pub mod chaos;

/// Keeps everything a run leaves behind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tape {
    /// Equity at the end of each time step.
    pub equity: Vec<f64>,
    /// Every execution.
    pub fills: Vec<Fill>,
    /// Every forecast that was scored, with the return that followed it.
    pub signals: Vec<[f64; 2]>,
}

impl Recorder for Tape {
    fn equity(&mut self, values: &[f64]) {
        self.equity.extend_from_slice(values);
    }

    fn fill(&mut self, fill: &Fill) {
        self.fills.push(*fill);
    }

    fn signals(&mut self, pairs: &[[f64; 2]]) {
        self.signals.extend_from_slice(pairs);
    }
}

/// Everything between a source and an outcome. Compilers are in jails; runs are on the caller's thread.
pub struct Lab {
    /// The compiler.
    pub compiler: RustCompiler,
    /// Who wraps and compiles components.
    pub workshop: Workshop,
    /// The sandbox.
    pub sandbox: Sandbox<Tape>,
    /// The engine's own components.
    pub guests: Guests,
    /// Where compiled code is kept.
    pub artifacts: Shelf,
}

/// Where all test binaries share one kit.
#[must_use]
pub fn cache_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-cache")
}

/// Starts workers: the binary of this package that is nothing else, which cargo builds beside the tests.
///
/// # Panics
/// The tests are not where cargo puts them.
#[must_use]
pub fn jailer() -> Jailer {
    let test = std::env::current_exe().expect("a test knows where it is");
    let path = test.ancestors().nth(2).map(|dir| dir.join("stratbox-worker")).expect("tests are in `deps`");
    Jailer::new(Program { path, arguments: Vec::new() }, Confinement::Jailed)
}

/// The lab, set up on first use.
///
/// # Panics
/// There is no Rust toolchain with the wasm target.
#[must_use]
pub fn lab() -> &'static Lab {
    static LAB: OnceLock<Lab> = OnceLock::new();
    LAB.get_or_init(|| Lab::new(Some(SourceLimits::default())))
}

impl Lab {
    /// A lab of one's own, whose compiler looks at sources first, or leaves everything to the jail.
    ///
    /// # Panics
    /// There is no Rust toolchain with the wasm target.
    #[must_use]
    pub fn new(gate: Option<SourceLimits>) -> Self {
        let cache = cache_dir();
        std::fs::create_dir_all(&cache).expect("the cache is writable");
        let vault = Vault::open(&cache.join("vault")).unwrap_or_else(|error| panic!("{error}"));
        let toolchain = Toolchain::find().unwrap_or_else(|error| panic!("{error}"));
        let kit =
            Kit::prepare(&cache, &vault, &toolchain, &mut || {}).unwrap_or_else(|error| panic!("{error}"));
        let guests = Guests { venue: kit.venue().to_vec(), driver: kit.driver().to_vec() };
        let workshop = Workshop::new(jailer());
        let parts = Parts {
            toolchain,
            kit,
            jailer: jailer(),
            componentize: Arc::new(workshop.clone()),
            limits: ToolLimits::default(),
            gate,
        };
        let compiler = RustCompiler::new(parts, &vault, &cache).expect("the cache is writable");
        let sandbox = Sandbox::new(MAX_RUNS).expect("the engine starts");
        let artifacts = vault.shelf("test-artifacts", 1).expect("the cache is writable");
        Self { compiler, workshop, sandbox, guests, artifacts }
    }

    /// Compiles a source.
    ///
    /// # Errors
    /// What the compiler says.
    pub fn compile(&self, name: &str, text: &str) -> Result<Compiled, CompileError> {
        self.compiler.compile(&Source::new(name, text))
    }

    /// Composes a component with the engine's parts, in a worker.
    ///
    /// # Errors
    /// What the gate or the sandbox says.
    pub fn load(&self, component: &[u8]) -> Result<Artifact<Tape>, String> {
        let key = self.sandbox.identify(&self.guests, component).code;
        let code = match self.artifacts.load(&key) {
            Some(code) => code,
            None => {
                let code = self.workshop.compile(&self.guests, component)?;
                self.artifacts.store(&key, &code).map_err(|error| error.to_string())?;
                code
            }
        };
        // Made by a worker of this installation, or verified by the vault.
        self.sandbox.load(TrustedCode::vouched(&code)).map_err(|error| error.to_string())
    }

    /// From source to what can be run.
    ///
    /// # Panics
    /// The source does not compile.
    #[must_use]
    pub fn artifact(&self, name: &str, text: &str) -> Artifact<Tape> {
        let compiled = self.compile(name, text).unwrap_or_else(|error| match error {
            CompileError::Rejected { diagnostics, .. } => {
                let words: Vec<String> = diagnostics.items.into_iter().map(|item| item.rendered).collect();
                panic!("{}", words.join("\n"))
            }
            error => panic!("{error}"),
        });
        self.load(&compiled.component).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs it.
    ///
    /// # Panics
    /// The host fails.
    #[must_use]
    pub fn run(&self, artifact: &Artifact<Tape>, trial: &Trial) -> (RunReport, Tape) {
        let request = RunRequest {
            bars: Arc::clone(&trial.bars) as _,
            params: &trial.params,
            policy: &trial.policy,
            limits: trial.limits,
            cancel: Arc::clone(&trial.cancel),
            seed: Digest::of(b"trial"),
        };
        self.sandbox.run(artifact, &request, Tape::default).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// What a run is made of.
#[derive(Clone)]
pub struct Trial {
    /// The bars.
    pub bars: Arc<Dataset>,
    /// Parameters by name.
    pub params: Params,
    /// The venue's conventions.
    pub policy: VenuePolicy,
    /// What the run may use.
    pub limits: Limits,
    /// Ends the run.
    pub cancel: Arc<AtomicBool>,
}

impl Trial {
    /// A trial on `bars` with defaults.
    ///
    /// # Panics
    /// The bars are not sound.
    #[must_use]
    pub fn new(bars: Vec<Bar>) -> Self {
        let count = bars.iter().map(|bar| bar.instrument + 1).max().unwrap_or(1);
        let symbol = |i: u32| Instrument {
            symbol: char::from_u32(u32::from('A') + i).map(String::from).unwrap_or_default(),
        };
        let bars = Dataset::from_bars((0..count).map(symbol).collect(), bars)
            .unwrap_or_else(|error| panic!("{error}"));
        Self {
            bars: Arc::new(bars),
            params: Params::new(),
            policy: VenuePolicy::default(),
            limits: Limits::default(),
            cancel: Arc::default(),
        }
    }

    /// The same with one more parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: ParamValue) -> Self {
        self.params.insert(name.to_owned(), value);
        self
    }
}
