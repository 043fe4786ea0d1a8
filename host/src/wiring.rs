//! The one place that builds concrete types: which compiler, which sandbox, which jail, which caches, and where.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use serde::Serialize;
use stratbox_compiler::{Compile, CompileError, Compiled, Kit, Parts, RustCompiler, ToolLimits, Toolchain};
use stratbox_domain::{Fill, Manifest, Recorder};
use stratbox_intake::component::{ComponentLimits, Profile, Shape};
use stratbox_intake::source::SourceLimits;
use stratbox_jail::{Confinement, Jailer, Program};
use stratbox_market::{Dataset, Source};
use stratbox_metrics::Accumulator;
use stratbox_sandbox::{Artifact, Guests, Identity, MAX_RUNS, Sandbox, TrustedCode};
use stratbox_store::Workspace;
use stratbox_vault::{Shelf, Vault};

use crate::backtest::Conditions;
use crate::bars::Bars;
use crate::failure::{Failure, OTHER_CACHE, shown};
use crate::runs::{self, Runners, Runs};
use crate::trace::Tracer;
use crate::worker::protocol::Threads;
use crate::workshop::Workshop;

/// Changes with the layout of what is kept of compiled code.
pub(crate) const ARTIFACTS_FORMAT: u32 = 1;

/// Keeps of a run what its metrics need.
pub(crate) struct RunRecorder {
    pub(crate) metrics: Accumulator,
    /// When a trace is to be kept.
    pub(crate) tracer: Option<Tracer>,
}

impl Recorder for RunRecorder {
    fn equity(&mut self, values: &[f64]) {
        self.metrics.equity(values);
        if let Some(tracer) = &mut self.tracer {
            tracer.equity(values);
        }
    }

    fn fill(&mut self, fill: &Fill) {
        self.metrics.fill(fill);
        if let Some(tracer) = &mut self.tracer {
            tracer.fill(fill);
        }
    }

    fn signals(&mut self, pairs: &[[f64; 2]]) {
        if let Some(tracer) = &mut self.tracer {
            tracer.signals(pairs);
        }
    }
}

/// Where the engine works, and how much it trusts what it works on.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// Absolute: tools are started in other directories.
    pub(crate) cache: PathBuf,
    /// Where experiments are kept; absolute. `None` if nothing says where.
    pub(crate) workspace: Option<PathBuf>,
    /// Whether somebody can be asked.
    pub(crate) attended: bool,
    /// What was typed of all this, as a command that goes on has to say it again.
    pub(crate) typed: Vec<String>,
    /// How workers are started.
    pub(crate) worker: Program,
    pub(crate) confinement: Confinement,
    pub(crate) isolation: Isolation,
    /// What a source may be; `None` leaves everything to the jail.
    pub(crate) gate: Option<SourceLimits>,
    /// What a component may be.
    pub(crate) components: ComponentLimits,
    /// What compiling one source may take.
    pub(crate) tools: ToolLimits,
    /// What a component may import.
    pub(crate) profile: Profile,
}

/// Where strategies run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Isolation {
    /// In worker processes that can do nothing else
    #[default]
    Processes,
    /// On threads of this process: for code that you trust
    Threads,
}

/// What stood between strangers' code and this machine; part of every result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Walls {
    /// `jailed` or `unconfined`.
    pub(crate) compilers: &'static str,
    /// `jailed processes`, `unconfined processes` or `threads`.
    pub(crate) runs: &'static str,
    /// Files of compiled code that were not as this installation had left them: set aside, and made anew.
    pub(crate) quarantined: usize,
    /// Whether components were allowed to import WASI.
    pub(crate) wasi: bool,
}

impl Setting {
    /// What stands between strangers' code and this machine, of whose cache so many files had been changed.
    pub(crate) fn walls(&self, quarantined: usize) -> Walls {
        let jailed = self.confinement == Confinement::Jailed;
        Walls {
            compilers: if jailed { "jailed" } else { "unconfined" },
            runs: match self.isolation {
                Isolation::Threads => "threads",
                Isolation::Processes if jailed => "jailed processes",
                Isolation::Processes => "unconfined processes",
            },
            quarantined,
            wasi: self.profile == Profile::Wasi,
        }
    }

    pub(crate) fn jailer(&self) -> Jailer {
        Jailer::new(self.worker.clone(), self.confinement)
    }

    /// The directory of experiments, made if there is none.
    pub(crate) fn workspace(&self) -> Result<Workspace, Failure> {
        Ok(Workspace::open(self.workspace_dir()?)?)
    }

    /// The directory of experiments, for commands that only look: whoever mistypes its name is not given a new one.
    pub(crate) fn existing_workspace(&self) -> Result<Workspace, Failure> {
        let dir = self.workspace_dir()?;
        if !dir.exists() {
            return Err(Failure::input(format!("there are no experiments: `{}` does not exist", shown(dir)))
                .hint("`stratbox sweep FILE` makes one; `--workspace DIR` names another workspace"));
        }
        Ok(Workspace::open_existing(dir)?)
    }

    fn workspace_dir(&self) -> Result<&Path, Failure> {
        self.workspace.as_deref().ok_or_else(|| {
            Failure::environment("there is no directory for experiments: the home directory is not known")
                .hint("name one with `--workspace DIR` or `STRATBOX_WORKSPACE`")
        })
    }

    /// The private directory below the cache.
    pub(crate) fn vault(&self) -> Result<Vault, Failure> {
        make_private(&self.cache)?;
        Ok(Vault::open(&self.cache.join("vault"))?)
    }
}

/// The engine's version and settings, without anything that could run.
pub(crate) fn engine_version() -> Result<String, Failure> {
    Ok(Sandbox::<RunRecorder>::new(NonZeroU32::MIN)?.version().to_owned())
}

/// The compiler and the kit, for what needs no sandbox.
pub(crate) fn kit(setting: &Setting, note: &dyn Fn(&str)) -> Result<(Toolchain, Kit), Failure> {
    let cache = &setting.cache;
    let vault = setting.vault()?;
    let toolchain = Toolchain::find()?;
    let started = Instant::now();
    let mut building = || note("building the SDK and the engine's own components (once, some ten seconds)");
    let kit =
        Kit::prepare(cache, &vault, &toolchain, &mut building).map_err(|error| explain(error, cache))?;
    // Said when it took long enough to have been worth an announcement.
    if started.elapsed().as_secs() > 0 {
        note(&format!("ready after {:.1} s", started.elapsed().as_secs_f64()));
    }
    Ok((toolchain, kit))
}

/// The compiler's files are the cache's, the toolchain's or temporary, and only the first can be kept elsewhere.
fn explain(error: CompileError, cache: &Path) -> Failure {
    let of_the_cache = matches!(&error, CompileError::Io { path, .. } if path.starts_with(cache));
    let failure = Failure::from(error);
    if of_the_cache { failure.hint(OTHER_CACHE) } else { failure }
}

/// Makes the cache's directory if there is none. What is in it is run as native code, so that nobody else may write to
/// it, or read what its user works on.
fn make_private(cache: &Path) -> Result<(), Failure> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(cache).map_err(|error| {
        Failure::environment(format!("cannot make the cache's directory `{}`: {error}", shown(cache)))
            .hint(OTHER_CACHE)
    })
}

/// A strategy's machine code, made by this installation.
pub(crate) struct Code {
    identity: Identity,
    bytes: Vec<u8>,
    shape: Box<Shape>,
    /// Its name among workers.
    number: u32,
    /// Loaded into this process, when runs happen here.
    native: OnceLock<Artifact<RunRecorder>>,
}

impl Code {
    /// No code at all, for workers that do not run any.
    #[cfg(test)]
    pub(crate) fn none(number: u32) -> Self {
        let digest = stratbox_domain::Digest::of(b"");
        let identity = Identity { component: digest, composition: digest, code: digest };
        Self { identity, bytes: Vec::new(), shape: Box::default(), number, native: OnceLock::new() }
    }

    /// Digests of what it was made from and of what it became.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What its component looks like.
    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The machine code.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Whether it is given WASI.
    pub(crate) fn imports_wasi(&self) -> bool {
        self.shape.import_names.iter().any(|name| name.starts_with("wasi:"))
    }

    /// The code in this process: of several threads that ask first, each may load it once.
    pub(crate) fn native(&self, sandbox: &Sandbox<RunRecorder>) -> Result<&Artifact<RunRecorder>, Failure> {
        if let Some(native) = self.native.get() {
            return Ok(native);
        }
        // A worker of this installation made it a moment ago, or it comes out of the vault, which has verified that.
        let native = sandbox.load(TrustedCode::vouched(&self.bytes))?;
        Ok(self.native.get_or_init(|| native))
    }
}

/// Everything that compiles and runs strategies. One serves any number of threads.
pub(crate) struct Engine {
    compiler: RustCompiler,
    workshop: Workshop,
    sandbox: Sandbox<RunRecorder>,
    guests: Guests,
    artifacts: Shelf,
    setting: Setting,
    numbers: AtomicU32,
    sysroot: PathBuf,
}

impl Engine {
    /// Starts the engine with its caches below the setting's.
    pub(crate) fn start(setting: &Setting, note: &dyn Fn(&str)) -> Result<Self, Failure> {
        if setting.confinement == Confinement::None {
            note("WITHOUT A JAIL: whatever is compiled or run now can do all that you can do");
        }
        let vault = setting.vault()?;
        let (toolchain, kit) = kit(setting, note)?;
        let guests = Guests { venue: kit.venue().to_vec(), driver: kit.driver().to_vec() };
        let jailer = setting.jailer();
        let (limits, profile) = (setting.components.clone(), setting.profile);
        let workshop = Workshop { jailer: jailer.clone(), limits, profile, threads: Threads::All };
        let sysroot = toolchain.sysroot().to_owned();
        let parts = Parts {
            toolchain,
            kit,
            jailer,
            componentize: Arc::new(workshop.clone()),
            limits: setting.tools,
            gate: setting.gate,
        };
        let cache = &setting.cache;
        Ok(Self {
            sysroot,
            compiler: RustCompiler::new(parts, &vault, cache).map_err(|error| explain(error, cache))?,
            workshop,
            sandbox: Sandbox::with_profile(MAX_RUNS, setting.profile)?,
            guests,
            artifacts: vault.shelf("artifacts", ARTIFACTS_FORMAT)?,
            setting: setting.clone(),
            numbers: AtomicU32::new(0),
        })
    }

    /// The same, with one processor for each component that is compiled: for those who compile as many at once as they have
    /// workers.
    pub(crate) fn compiling_side_by_side(mut self) -> Self {
        self.workshop.threads = Threads::One;
        self
    }

    /// The engine's version and settings, as they go into the keys of this code's runs. Of several, with how WASI is given if
    /// one of them is given it.
    pub(crate) fn version<'c>(&self, codes: impl IntoIterator<Item = &'c Code>) -> &str {
        let imports_wasi = codes.into_iter().any(Code::imports_wasi);
        if imports_wasi { self.sandbox.version_with_wasi() } else { self.sandbox.version() }
    }

    /// Where the compiler is on this machine.
    pub(crate) fn sysroot(&self) -> &Path {
        &self.sysroot
    }

    /// What stands between strategies and this machine.
    pub(crate) fn walls(&self) -> Walls {
        self.setting.walls(self.artifacts.quarantined().len() + self.compiler.quarantined())
    }

    /// A strategy's source to its component.
    pub(crate) fn compile(&self, source: &stratbox_compiler::Source) -> Result<Compiled, Failure> {
        self.compiler.compile(source).map_err(|error| explain(error, &self.setting.cache))
    }

    /// A component to what runs.
    pub(crate) fn link(&self, component: &[u8]) -> Result<Code, Failure> {
        self.link_on(component, &self.artifacts)
    }

    /// The same, with machine code kept on another shelf than the engine's own.
    pub(crate) fn link_on(&self, component: &[u8], shelf: &Shelf) -> Result<Code, Failure> {
        let identity = self.sandbox.identify(&self.guests, component);
        let made = self.workshop.make(&self.guests, component, &identity.code, shelf)?;
        Ok(Code {
            identity,
            bytes: made.code.into_vec(),
            shape: made.shape,
            number: self.numbers.fetch_add(1, Ordering::Relaxed),
            native: OnceLock::new(),
        })
    }

    /// What a strategy says about itself.
    pub(crate) fn describe(&self, code: &Code) -> Result<Manifest, Failure> {
        match self.setting.isolation {
            Isolation::Processes => runs::describe(&self.setting.jailer(), self.setting.profile, code),
            Isolation::Threads => {
                Ok(self.sandbox.describe(code.native(&self.sandbox)?, &code.identity.component)?)
            }
        }
    }

    /// Where runs under these conditions happen.
    pub(crate) fn runs(&self, conditions: Conditions, bars: &Bars) -> Result<Runs<'_>, Failure> {
        match self.setting.isolation {
            Isolation::Threads => Ok(Runs::Threads { sandbox: &self.sandbox, conditions }),
            Isolation::Processes => {
                let shared = bars.source.share().map_err(|error| {
                    Failure::environment(format!("cannot share the bars with the workers: {error}"))
                })?;
                let Setting { profile, .. } = self.setting;
                let runners = Runners::new(self.setting.jailer(), profile, conditions, shared);
                Ok(Runs::Processes(Box::new(runners)))
            }
        }
    }

    /// The bars of some files.
    pub(crate) fn bars(&self, sources: &[Source]) -> Result<Arc<Dataset>, Failure> {
        Ok(Dataset::open(sources, &self.setting.cache.join("bars"))?)
    }
}

/// The bars of some files for commands that run nothing; what is kept of them on the way is kept in `dir`.
pub(crate) fn bars_of(sources: &[Source], dir: &Path) -> Result<Arc<Dataset>, stratbox_market::MarketError> {
    Dataset::open(sources, dir)
}

/// What tests of others are built with.
#[cfg(test)]
pub(crate) mod parts {
    use super::*;

    /// A jailer without a jail: the threads of a test binary cannot be closed in.
    pub(crate) fn jailer(program: Program) -> Jailer {
        Jailer::new(program, Confinement::None)
    }

    /// Daily bars of two years, kept in `dir`.
    pub(crate) fn bars(dir: &Path) -> stratbox_market::DatasetView {
        let path = dir.join("walk.csv");
        std::fs::write(&path, crate::scaffold::random_walk()).unwrap();
        Dataset::open(&[Source::new(path)], dir).unwrap().view(None, None)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_files_of_the_cache_can_be_kept_elsewhere() {
        let hint = |path: &str| {
            let source = std::io::ErrorKind::PermissionDenied.into();
            explain(CompileError::Io { path: path.into(), source }, Path::new("/cache")).hint
        };
        assert_eq!(hint("/cache/kits/lock").as_deref(), Some(OTHER_CACHE));
        assert_eq!((hint("/toolchain/rustc"), hint("/cached")), (None, None));
    }

    #[test]
    fn a_new_cache_is_its_users_alone_and_one_that_is_there_is_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let cache = dir.path().join("below/cache");
        make_private(&cache).unwrap();
        assert_eq!(mode(&cache), 0o700);
        std::fs::set_permissions(&cache, PermissionsExt::from_mode(0o755)).unwrap();
        make_private(&cache).unwrap();
        assert_eq!(mode(&cache), 0o755);
        std::fs::write(dir.path().join("file"), "").unwrap();
        let failure = make_private(&dir.path().join("file/cache")).unwrap_err();
        assert_eq!(failure.exit(), crate::Exit::Environment);
    }
}
