//! The one place that builds concrete types: which compiler, which sandbox, which caches, and where.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use stratbox_compiler::{Compile, Compiled, Kit, RustCompiler, Toolchain};
use stratbox_domain::{Fill, Manifest, Recorder};
use stratbox_market::{Dataset, Source};
use stratbox_metrics::Accumulator;
use stratbox_sandbox::{Artifact, ArtifactCache, Guests, RunReport, RunRequest, Sandbox};

use crate::failure::Failure;

/// Keeps of a run what its metrics need.
pub(crate) struct RunRecorder(pub(crate) Accumulator);

impl Recorder for RunRecorder {
    fn equity(&mut self, values: &[f64]) {
        self.0.equity(values);
    }

    fn fill(&mut self, fill: &Fill) {
        self.0.fill(fill);
    }
}

/// Compiled code that [`Engine::run`] takes.
pub(crate) type Code = Artifact<RunRecorder>;

/// The compiler and the kit, for what needs no sandbox.
pub(crate) fn kit(cache: &Path, note: &dyn Fn(&str)) -> Result<(Toolchain, Kit), Failure> {
    let toolchain = Toolchain::find()?;
    let started = Instant::now();
    let mut building = || note("building the SDK and the engine's own components (once, some ten seconds)");
    let kit = Kit::prepare(cache, &toolchain, &mut building)?;
    // Said when it took long enough to have been worth an announcement.
    if started.elapsed().as_secs() > 0 {
        note(&format!("ready after {:.1} s", started.elapsed().as_secs_f64()));
    }
    Ok((toolchain, kit))
}

/// Everything that compiles and runs strategies. One serves any number of threads.
pub(crate) struct Engine {
    compiler: RustCompiler,
    sandbox: Sandbox<RunRecorder>,
    guests: Guests,
    artifacts: ArtifactCache,
    bars: PathBuf,
}

impl Engine {
    /// Starts the engine with its caches below `cache`.
    pub(crate) fn start(cache: &Path, note: &dyn Fn(&str)) -> Result<Self, Failure> {
        let (toolchain, kit) = kit(cache, note)?;
        let guests = Guests { venue: kit.venue().to_vec(), driver: kit.driver().to_vec() };
        Ok(Self {
            compiler: RustCompiler::new(toolchain, kit, cache)?,
            sandbox: Sandbox::new()?,
            guests,
            artifacts: ArtifactCache::open(cache)?,
            bars: cache.join("bars"),
        })
    }

    /// The engine's version and settings, as they go into the keys of runs.
    pub(crate) fn version(&self) -> &str {
        self.sandbox.version()
    }

    /// A strategy's source to its component.
    pub(crate) fn compile(&self, source: &stratbox_compiler::Source) -> Result<Compiled, Failure> {
        Ok(self.compiler.compile(source)?)
    }

    /// A component to what runs.
    pub(crate) fn link(&self, component: &[u8]) -> Result<Code, Failure> {
        Ok(self.sandbox.compile(&self.guests, component, &self.artifacts)?)
    }

    /// What a strategy says about itself.
    pub(crate) fn describe(&self, code: &Code) -> Result<Manifest, Failure> {
        Ok(self.sandbox.describe(code)?)
    }

    /// One run. An error is never the strategy's doing.
    pub(crate) fn run(
        &self,
        code: &Code,
        request: &RunRequest<'_>,
        recorder: RunRecorder,
    ) -> Result<(RunReport, RunRecorder), Failure> {
        Ok(self.sandbox.run(code, request, recorder)?)
    }

    /// The bars of some files.
    pub(crate) fn bars(&self, sources: &[Source]) -> Result<Arc<Dataset>, Failure> {
        Ok(Dataset::open(sources, &self.bars)?)
    }
}
