//! One file of Rust to a component.
//!
//! The kit's entry points, which are trusted and own the exports, are compiled with the author's file as a module of its
//! own in which unsafe code is forbidden. Compiler and linker each work in a jail of their own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};
use stratbox_domain::{Digest, KeyBuilder};
use stratbox_intake::source::{self, SourceLimits};
use stratbox_jail::{Failure, Jailer, Output, Policy, Tool};
use stratbox_vault::{Shelf, Vault};

use crate::componentize::Componentize;
use crate::diagnostics::Outside;
use crate::kit::{Kit, cargo_home};
use crate::toolchain::Toolchain;
use crate::tools::{self, DEPENDENCIES, ENTRY, MODULE, ToolLimits};
use crate::work::Work;
use crate::{Compile, CompileError, Compiled, Diagnostics, Source};

/// Changes whenever the same source would become another component, or another refusal.
const RECIPE: &[u8] = b"10";
/// Changes with the layout of what is kept.
const FORMAT: u32 = 1;
/// Far more than a strategy with everything that it links to.
const MAX_MODULE_BYTES: u64 = 64 << 20;
/// A line for each file that was read.
const MAX_DEPENDENCIES_BYTES: u64 = 1 << 20;
/// What the compiler exits with when it, and not the source, is wrong.
const INTERNAL_ERROR: i32 = 101;

/// What a compiler is put together from.
pub struct Parts {
    /// The tools.
    pub toolchain: Toolchain,
    /// What strategies are compiled against.
    pub kit: Kit,
    /// Where the tools are locked up.
    pub jailer: Jailer,
    /// Who wraps the tools' work into a component.
    pub componentize: Arc<dyn Componentize>,
    /// What the tools may use.
    pub limits: ToolLimits,
    /// What a source may be; `None` leaves everything to the jail.
    pub gate: Option<SourceLimits>,
}

/// Compiles strategies written in Rust.
pub struct RustCompiler {
    parts: Parts,
    components: Shelf,
    work: PathBuf,
}

/// What is kept of a compilation, so that it need not be done again.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// Absent when the source was refused.
    component: Option<serde_bytes::ByteBuf>,
    diagnostics: Diagnostics,
    /// What each of the diagnostics looks like to people.
    rendered: Vec<String>,
}

impl RustCompiler {
    /// A compiler that keeps its results in `vault` and works in directories below `cache_dir`.
    ///
    /// # Errors
    /// The vault cannot be used.
    pub fn new(parts: Parts, vault: &Vault, cache_dir: &Path) -> Result<Self, CompileError> {
        let components = vault.shelf("components", FORMAT)?;
        Ok(Self { parts, components, work: cache_dir.join("work") })
    }

    /// Components that were not as this installation had left them: set aside, and compiled anew.
    #[must_use]
    pub fn quarantined(&self) -> usize {
        self.components.quarantined().len()
    }

    fn build(&self, source: &Source) -> Result<Compiled, CompileError> {
        let Parts { toolchain, kit, limits, .. } = &self.parts;
        let rejected = |diagnostics| CompileError::Rejected { name: source.name().to_owned(), diagnostics };
        let work = Work::new(&self.work).map_err(CompileError::io(&self.work))?;
        let entry = format!("{}\n{}", module_of(source), kit.shim());
        for (name, text) in [(source.name(), source.text()), (ENTRY, &entry)] {
            let file = work.path().join(name);
            std::fs::write(&file, text).map_err(CompileError::io(&file))?;
        }

        let output = self.run(source, tools::rustc(toolchain, kit, work.path(), limits))?;
        let outside = self.outside(source, &work);
        let diagnostics = Diagnostics::parse(&String::from_utf8_lossy(&output.words), &outside);
        judge(source, &output, &diagnostics)?.map_err(|said| rejected(explain(said)))?;
        let dependencies = work
            .read(DEPENDENCIES, MAX_DEPENDENCIES_BYTES)
            .map_err(CompileError::io(work.path().join(DEPENDENCIES)))?;
        let dependencies = String::from_utf8_lossy(&dependencies);
        if dependencies.lines().any(|line| line.starts_with("# env-dep:")) {
            return Err(rejected(Diagnostics::environment()));
        }
        if let Some(other) = other_file_read(&dependencies, source) {
            return Err(rejected(Diagnostics::other_file(&other)));
        }

        let output = self.run(source, tools::linker(toolchain, work.path(), limits))?;
        if output.status != 0 {
            return Err(rejected(Diagnostics::of_linker(&String::from_utf8_lossy(&output.words), &outside)));
        }
        let module =
            work.read(MODULE, MAX_MODULE_BYTES).map_err(CompileError::io(work.path().join(MODULE)))?;
        let component = self.parts.componentize.componentize(source.name(), &module)?;
        Ok(Compiled { component, diagnostics, cached: false })
    }

    /// What the author of a source is not told.
    fn outside<'a>(&self, source: &'a Source, work: &Work) -> Outside<'a> {
        let Parts { toolchain, kit, .. } = &self.parts;
        let directories = [
            (work.path(), "<work>"),
            (kit.dir(), "<kit>"),
            (toolchain.sysroot(), "<toolchain>"),
            (self.work.parent().unwrap_or(&self.work), "<cache>"),
        ];
        let cargo = cargo_home();
        let directories = directories.into_iter().chain(cargo.as_deref().map(|home| (home, "<cargo>")));
        // The compiler names some of them as they were named to it, and some as they are.
        let forms = |(path, name): (&Path, _)| {
            let paths = [Some(path.to_owned()), path.canonicalize().ok()];
            paths.into_iter().flatten().map(move |path| (path.to_string_lossy().into_owned(), name))
        };
        let directories = directories.flat_map(forms).collect();
        Outside { files: [source.name(), ENTRY], directories }
    }

    fn run(&self, source: &Source, (tool, policy): (Tool, Policy)) -> Result<Output, CompileError> {
        // Who interrupts this program ends its children with it.
        let never = AtomicBool::new(false);
        let ran = self.parts.jailer.run(&tool, &policy, self.parts.limits.wall, &never);
        ran.map_err(|failure| stopped(source.name(), &policy, failure))
    }

    /// What the gate has to say, as a compiler says it.
    fn look_at(&self, source: &Source) -> Result<(), CompileError> {
        let Some(limits) = &self.parts.gate else { return Ok(()) };
        source::inspect(source.text(), limits).map_err(|refusals| CompileError::Rejected {
            name: source.name().to_owned(),
            diagnostics: Diagnostics::of_gate(source.name(), &refusals),
        })
    }

    fn key(&self, source: &Source) -> Digest {
        KeyBuilder::new("component")
            .field("recipe", RECIPE)
            .field("kit", self.parts.kit.digest().as_bytes())
            .field("name", source.name().as_bytes())
            .field("source", source.text().as_bytes())
            .finish()
    }
}

impl Compile for RustCompiler {
    fn compile(&self, source: &Source) -> Result<Compiled, CompileError> {
        self.look_at(source)?;
        let key = self.key(source);
        if let Some(kept) = self.components.load(&key).and_then(|bytes| Kept::read(&bytes)) {
            return kept.recall(source);
        }
        let built = self.build(source);
        // Only what would come out the same again is kept: a compiler that ran out of time or memory may do better on
        // another day.
        let kept = match &built {
            Ok(compiled) => Kept::new(Some(&compiled.component), &compiled.diagnostics),
            Err(CompileError::Rejected { diagnostics, .. }) => Kept::new(None, diagnostics),
            Err(_) => return built,
        };
        self.components.store(&key, &kept.write()?)?;
        built
    }
}

impl Kept {
    fn new(component: Option<&[u8]>, diagnostics: &Diagnostics) -> Self {
        Self {
            component: component.map(|bytes| serde_bytes::ByteBuf::from(bytes.to_vec())),
            diagnostics: diagnostics.clone(),
            rendered: diagnostics.items.iter().map(|item| item.rendered.clone()).collect(),
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        rmp_serde::from_slice(bytes).ok()
    }

    fn write(&self) -> Result<Vec<u8>, CompileError> {
        let bug = |error: rmp_serde::encode::Error| std::io::Error::other(error);
        rmp_serde::to_vec_named(self).map_err(bug).map_err(CompileError::io("components"))
    }

    fn recall(mut self, source: &Source) -> Result<Compiled, CompileError> {
        for (item, rendered) in self.diagnostics.items.iter_mut().zip(self.rendered) {
            item.rendered = rendered;
        }
        match self.component {
            Some(component) => {
                Ok(Compiled { component: component.into_vec(), diagnostics: self.diagnostics, cached: true })
            }
            None => {
                Err(CompileError::Rejected { name: source.name().to_owned(), diagnostics: self.diagnostics })
            }
        }
    }
}

/// `Ok(Err(..))` when the compiler refuses the source.
fn judge(
    source: &Source,
    output: &Output,
    said: &Diagnostics,
) -> Result<Result<(), Diagnostics>, CompileError> {
    match output.status {
        0 => Ok(Ok(())),
        INTERNAL_ERROR => Err(CompileError::Stopped {
            name: source.name().to_owned(),
            problem: "the compiler crashed".to_owned(),
            hint: "write it more simply: few levels of nesting, types and macros that do not grow",
        }),
        status if said.errors == 0 => {
            let words = String::from_utf8_lossy(&output.words[..output.words.len().min(2_000)]).into_owned();
            Ok(Err(Diagnostics::single(format!("the compiler ended with status {status}: {words}"))))
        }
        _ => Ok(Err(said.clone())),
    }
}

/// A tool that did not come to its own end. Mostly the source's doing, since honest ones stay far below every limit.
fn stopped(name: &str, policy: &Policy, failure: Failure) -> CompileError {
    let stopped = |problem: String, hint| CompileError::Stopped { name: name.to_owned(), problem, hint };
    let simpler = "look for constants, types or macros that grow without end";
    match failure {
        Failure::OutOfMemory => {
            let limit = policy.memory_bytes >> 20;
            stopped(format!("the compiler needed more than its {limit} MiB of memory"), simpler)
        }
        Failure::TimedOut { limit } => {
            stopped(format!("the compiler took longer than its {} s", limit.as_secs()), simpler)
        }
        Failure::CpuTime => stopped(
            format!("the compiler took longer than its {} s of processor time", policy.cpu_seconds),
            simpler,
        ),
        Failure::TooMuchOutput => {
            stopped(format!("the compiler wrote more than its {} MiB", policy.file_bytes >> 20), simpler)
        }
        Failure::Crashed { how, .. } => stopped(
            format!("the compiler crashed ({how})"),
            "write it more simply: few levels of nesting, types and macros that do not grow",
        ),
        other => CompileError::Jail(other),
    }
}

/// Declares the author's file as a module. Forbidding beats whatever the file allows itself.
fn module_of(source: &Source) -> String {
    format!("#[forbid(unsafe_code, long_running_const_eval)] #[path = {:?}] mod strategy;", source.name())
}

/// The first file that the compiler read besides the source and the entry points, according to what it says it depends on.
fn other_file_read(dependencies: &str, source: &Source) -> Option<String> {
    // Each file that was read has a rule of its own too. A space in a path is escaped, so the parts of such a path are
    // not the source's name either.
    let mut files = dependencies
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(|line| line.rsplit(": ").next().unwrap_or(line).split_whitespace())
        .map(|path| path.trim_end_matches(':'));
    let other = files.find(|path| ![source.name(), ENTRY].contains(path))?;
    Some(other.to_owned())
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
