//! One file of Rust to a component.
//!
//! One call of `rustc`: the kit's entry points, which are trusted and own the exports, with the author's file as a
//! module of its own in which unsafe code is forbidden.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use stratbox_domain::KeyBuilder;

use crate::cache::FileCache;
use crate::componentize::componentize;
use crate::kit::{Kit, LINK_ARGS};
use crate::toolchain::{TARGET, Toolchain};
use crate::{Compile, CompileError, Compiled, Diagnostics, Source};

/// How strategies are compiled. Overflow is checked as in `cargo test`, so that what faults in one faults in the other.
const CODEGEN: [&str; 5] =
    ["opt-level=3", "panic=abort", "codegen-units=1", "strip=debuginfo", "overflow-checks=on"];
/// The entry points' file. No source has a name that begins with a dot.
const ENTRY: &str = ".entry.rs";
/// Changes whenever the same source would become another component.
const RECIPE: &[u8] = b"6";
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
        let rejected = |diagnostics| CompileError::Rejected { name: source.name().to_owned(), diagnostics };
        let entry = format!("{}\n{}", module_of(source), self.kit.shim());
        for (name, text) in [(source.name(), source.text()), (ENTRY, &entry)] {
            let file = work.path().join(name);
            std::fs::write(&file, text).map_err(CompileError::io(&file))?;
        }
        let diagnostics = run(&mut self.rustc(work.path()))?.map_err(|said| rejected(explain(said)))?;

        let dep_info = work.path().join("component.d");
        if let Some(other) = other_file_read(&dep_info, source).map_err(CompileError::io(&dep_info))? {
            return Err(rejected(Diagnostics::single(format!(
                "a strategy is one file, and this one reads another, `{other}`: put what it needs into the source"
            ))));
        }
        let path = work.path().join("component.wasm");
        let module = std::fs::read(&path).map_err(CompileError::io(&path))?;
        let component = componentize(&module).map_err(|problem| rejected(Diagnostics::single(problem)))?;
        Ok(Compiled { component, diagnostics, cached: false })
    }

    /// The compiler, with an empty environment: a source can name variables.
    fn rustc(&self, work: &Path) -> Command {
        let mut command = Command::new(&self.toolchain.rustc);
        command
            .current_dir(work)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .args(["--edition", "2024", "--target", TARGET, "--error-format", "json"])
            .args(["--crate-type", "cdylib", "--crate-name", "component"])
            .args(["--emit", "link,dep-info"])
            .args(CODEGEN.iter().flat_map(|setting| ["-C", setting]))
            .args(LINK_ARGS)
            .arg("--extern")
            .arg(prefixed("stratbox_sdk=", &self.kit.sdk_rlib()))
            .arg(ENTRY);
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
        let mut stderr = stderr.take(MAX_WORDS);
        stderr.read_to_end(&mut words).map_err(CompileError::io(&rustc))?;
        // The rest is not kept, but a compiler that cannot go on talking would fail on a source that is good.
        std::io::copy(&mut stderr.into_inner(), &mut std::io::sink()).map_err(CompileError::io(&rustc))?;
    }
    let status = child.wait().map_err(CompileError::io(&rustc))?;
    let said = Diagnostics::parse(&String::from_utf8_lossy(&words));
    if status.success() {
        return Ok(Ok(said));
    }
    if status.code().is_none() {
        return Err(CompileError::Toolchain {
            problem: format!("the compiler was stopped: {status}"),
            hint: "the machine may have run out of memory; try again",
        });
    }
    if said.errors == 0 {
        let words = String::from_utf8_lossy(&words[..words.len().min(2_000)]).into_owned();
        return Ok(Err(Diagnostics::single(format!("the compiler ended with {status}: {words}"))));
    }
    Ok(Err(said))
}

/// Declares the author's file as a module. Forbidding beats whatever the file allows itself.
fn module_of(source: &Source) -> String {
    format!("#[forbid(unsafe_code, long_running_const_eval)] #[path = {:?}] mod strategy;", source.name())
}

/// The first file that the compiler read besides the source and the entry points, according to what it says it depends on.
fn other_file_read(dep_info: &Path, source: &Source) -> std::io::Result<Option<String>> {
    let text = std::fs::read_to_string(dep_info)?;
    let rule = text.lines().find_map(|line| line.strip_prefix("component.d: "));
    let rule = rule.ok_or_else(|| std::io::Error::other("it has no rule for itself"))?;
    // A space in a path is escaped, so the parts of such a path are not the source's name either.
    let mut others = rule.split_whitespace().filter(|path| *path != source.name() && *path != ENTRY);
    Ok(others.next().map(|path| path.rsplit('/').next().unwrap_or(path).to_owned()))
}

/// What an author cannot know from the compiler's words, since the entry points are not theirs: the strategy is not named.
/// Beside other errors that is only their consequence.
fn explain(said: Diagnostics) -> Diagnostics {
    let (ours, theirs): (Vec<_>, Vec<_>) =
        said.items.iter().cloned().partition(|item| item.file.as_deref() == Some(ENTRY));
    let lacks_strategy = ours.iter().any(|item| item.message.contains("StratboxStrategy"));
    if !lacks_strategy {
        return said;
    }
    let rest: Diagnostics = theirs.into_iter().collect();
    if rest.errors > 0 {
        return rest;
    }
    Diagnostics::single(
        "the file does not say which type is its strategy: end it with `strategy!(YourType);`",
    )
}

fn prefixed(prefix: &str, path: &Path) -> std::ffi::OsString {
    let mut text = std::ffi::OsString::from(prefix);
    text.push(path);
    text
}
