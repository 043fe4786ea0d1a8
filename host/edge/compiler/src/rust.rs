//! One file of Rust to a component.
//!
//! Two calls of `rustc`: the author's file as a library, with `unsafe` forbidden; then the kit's entry points, which are
//! trusted, own the exports, and link it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use stratbox_domain::KeyBuilder;

use crate::cache::FileCache;
use crate::componentize::componentize;
use crate::kit::{Kit, LINK_STACK};
use crate::toolchain::{TARGET, Toolchain};
use crate::{Compile, CompileError, Compiled, Diagnostics, Source};

/// Changes whenever the same source would become another component.
const RECIPE: &[u8] = b"1";
/// More than a person reads, and more than is kept.
const MAX_WORDS: u64 = 4 << 20;

/// Compiles strategies written in Rust.
#[derive(Debug, Clone)]
pub struct RustCompiler {
    toolchain: Toolchain,
    kit: Kit,
    components: FileCache,
}

impl RustCompiler {
    /// A compiler that keeps its results below `cache_dir`.
    ///
    /// # Errors
    /// The cache cannot be used.
    pub fn new(toolchain: Toolchain, kit: Kit, cache_dir: &Path) -> Result<Self, CompileError> {
        let dir = cache_dir.join("components");
        let components = FileCache::open(dir.clone()).map_err(CompileError::io(dir))?;
        Ok(Self { toolchain, kit, components })
    }

    fn build(&self, source: &Source) -> Result<Compiled, CompileError> {
        let work = tempfile::tempdir().map_err(CompileError::io(std::env::temp_dir()))?;
        let file = work.path().join(source.name());
        std::fs::write(&file, source.text()).map_err(CompileError::io(&file))?;
        let rejected = |diagnostics| CompileError::Rejected { name: source.name().to_owned(), diagnostics };

        let mut library = self.rustc(work.path());
        library
            .args(["--crate-type", "rlib", "--crate-name", "strategy", "-o", "libstrategy.rlib"])
            // Forbidding beats whatever the file allows itself.
            .args(["-F", "unsafe_code", "-F", "long_running_const_eval"])
            .arg(source.name());
        let diagnostics = run(&mut library)?.map_err(rejected)?;

        let mut module = self.rustc(work.path());
        module
            .args(["--crate-type", "cdylib", "--crate-name", "component", "-o", "component.wasm"])
            .args(["-C", LINK_STACK, "-C", "strip=debuginfo", "--extern", "strategy=libstrategy.rlib"])
            .arg(self.kit.shim());
        run(&mut module)?.map_err(|said| rejected(explain_shim(said)))?;

        let path = work.path().join("component.wasm");
        let module = std::fs::read(&path).map_err(CompileError::io(&path))?;
        let component = componentize(&module).map_err(|problem| rejected(Diagnostics::single(problem)))?;
        Ok(Compiled { component, diagnostics, cached: false })
    }

    /// What both calls have in common. The environment is empty: a source can name variables.
    fn rustc(&self, work: &Path) -> Command {
        let mut command = Command::new(&self.toolchain.rustc);
        command
            .current_dir(work)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .args(["--edition", "2024", "--target", TARGET, "--error-format", "json"])
            .args(["-C", "opt-level=3", "-C", "panic=abort", "-C", "codegen-units=1"])
            .arg("--extern")
            .arg(prefixed("stratbox_sdk=", &self.kit.sdk_rlib()));
        for dir in self.kit.dependency_dirs() {
            command.arg("-L").arg(prefixed("dependency=", &dir));
        }
        command
    }
}

impl Compile for RustCompiler {
    fn compile(&self, source: &Source) -> Result<Compiled, CompileError> {
        let key = KeyBuilder::new("component")
            .field("recipe", RECIPE)
            .field("kit", self.kit.digest().as_bytes())
            .field("name", source.name().as_bytes())
            .field("source", source.text().as_bytes())
            .finish()
            .to_string();
        if let Some(component) = self.components.load(&key) {
            return Ok(Compiled { component, diagnostics: Diagnostics::default(), cached: true });
        }
        let compiled = self.build(source)?;
        self.components.store(&key, &compiled.component).map_err(CompileError::io(self.components.dir()))?;
        Ok(compiled)
    }
}

/// `Ok(Err(..))` when the compiler refuses the source.
fn run(command: &mut Command) -> Result<Result<Diagnostics, Diagnostics>, CompileError> {
    let rustc = PathBuf::from(command.get_program());
    let mut child = command.spawn().map_err(CompileError::io(&rustc))?;
    let mut words = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        stderr.take(MAX_WORDS).read_to_end(&mut words).map_err(CompileError::io(&rustc))?;
        // Dropping our end of the pipe ends a compiler that goes on talking.
    }
    let status = child.wait().map_err(CompileError::io(&rustc))?;
    let said = Diagnostics::parse(&String::from_utf8_lossy(&words));
    if status.success() {
        return Ok(Ok(said));
    }
    if said.errors == 0 {
        let words = String::from_utf8_lossy(&words[..words.len().min(2_000)]).into_owned();
        return Ok(Err(Diagnostics::single(format!("the compiler ended with {status}: {words}"))));
    }
    Ok(Err(said))
}

/// The entry points fail to link with a strategy for one reason that an author can do something about.
fn explain_shim(said: Diagnostics) -> Diagnostics {
    let has_no_strategy = said.items.iter().any(|item| item.message.contains("StratboxStrategy"));
    if has_no_strategy {
        Diagnostics::single(
            "the file does not say which type is its strategy: end it with `strategy!(YourType);`",
        )
    } else {
        said
    }
}

fn prefixed(prefix: &str, path: &Path) -> std::ffi::OsString {
    let mut text = std::ffi::OsString::from(prefix);
    text.push(path);
    text
}
