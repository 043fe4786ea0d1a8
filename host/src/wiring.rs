//! The one place that builds concrete types: which compiler, which sandbox, which caches, and where.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use stratbox_compiler::{Compile, CompileError, Compiled, Kit, RustCompiler, Toolchain};
use stratbox_domain::{Fill, Manifest, Recorder};
use stratbox_market::{Dataset, Source};
use stratbox_metrics::Accumulator;
use stratbox_sandbox::{Artifact, ArtifactCache, Guests, RunReport, RunRequest, Sandbox};

use crate::failure::{Failure, OTHER_CACHE, shown};

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
    make_private(cache)?;
    let toolchain = Toolchain::find()?;
    let started = Instant::now();
    let mut building = || note("building the SDK and the engine's own components (once, some ten seconds)");
    let kit = Kit::prepare(cache, &toolchain, &mut building).map_err(|error| explain(error, cache))?;
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
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(cache).map_err(|error| {
        Failure::environment(format!("cannot make the cache's directory `{}`: {error}", shown(cache)))
            .hint(OTHER_CACHE)
    })
}

/// Everything that compiles and runs strategies. One serves any number of threads.
pub(crate) struct Engine {
    compiler: RustCompiler,
    sandbox: Sandbox<RunRecorder>,
    guests: Guests,
    artifacts: ArtifactCache,
    cache: PathBuf,
}

impl Engine {
    /// Starts the engine with its caches below `cache`.
    pub(crate) fn start(cache: &Path, note: &dyn Fn(&str)) -> Result<Self, Failure> {
        let (toolchain, kit) = kit(cache, note)?;
        let guests = Guests { venue: kit.venue().to_vec(), driver: kit.driver().to_vec() };
        Ok(Self {
            compiler: RustCompiler::new(toolchain, kit, cache).map_err(|error| explain(error, cache))?,
            sandbox: Sandbox::new()?,
            guests,
            artifacts: ArtifactCache::open(cache)?,
            cache: cache.to_owned(),
        })
    }

    /// The engine's version and settings, as they go into the keys of runs.
    pub(crate) fn version(&self) -> &str {
        self.sandbox.version()
    }

    /// A strategy's source to its component.
    pub(crate) fn compile(&self, source: &stratbox_compiler::Source) -> Result<Compiled, Failure> {
        self.compiler.compile(source).map_err(|error| explain(error, &self.cache))
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
        Ok(Dataset::open(sources, &self.cache.join("bars"))?)
    }
}

#[cfg(all(test, unix))]
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
