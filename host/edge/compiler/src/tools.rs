//! How the two tools are called: `rustc` to a static library, `rust-lld` to a core module. Two, because a compiler that
//! starts its linker itself would have to be allowed to start processes.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use stratbox_jail::{Policy, Tool, system_libraries};

use crate::kit::{Kit, LINK_ARGS};
use crate::toolchain::{TARGET, Toolchain};

/// How strategies are compiled. Overflow is checked as in `cargo test`, so that what faults in one faults in the other.
const CODEGEN: [&str; 5] =
    ["opt-level=3", "panic=abort", "codegen-units=1", "strip=debuginfo", "overflow-checks=on"];
/// The entry points' file. No source has a name that begins with a dot.
pub(crate) const ENTRY: &str = ".entry.rs";
const LIBRARY: &str = "libcomponent.a";
/// What the linker leaves.
pub(crate) const MODULE: &str = "component.wasm";
/// What the compiler says it has read.
pub(crate) const DEPENDENCIES: &str = "component.d";
/// More words than a person reads, and more than is kept.
const WORDS_KEPT: usize = 4 << 20;
/// What the contract has a component export, as its bindings name it, and the allocator that the engine calls.
const EXPORTS: [&str; 8] = [
    "stratbox:strategy/strategy@0.1.0#describe",
    "cabi_post_stratbox:strategy/strategy@0.1.0#describe",
    "stratbox:strategy/strategy@0.1.0#init",
    "cabi_post_stratbox:strategy/strategy@0.1.0#init",
    "stratbox:strategy/strategy@0.1.0#on-bar",
    "stratbox:strategy/strategy@0.1.0#on-fill",
    "stratbox:strategy/strategy@0.1.0#finish",
    "cabi_realloc",
];

/// What a tool may use for one source. Honest strategies take half a second and 160 MB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolLimits {
    /// Address space, bytes.
    pub memory_bytes: u64,
    /// Time before it is stopped.
    pub wall: Duration,
    /// Processor time, seconds.
    pub cpu_seconds: u64,
    /// Largest file that it may write, and all of them together; its words are one of them.
    pub disk_bytes: u64,
}

impl Default for ToolLimits {
    fn default() -> Self {
        Self {
            // The compiler maps half a gigabyte before it begins; an optimised build of a large strategy stays below one.
            memory_bytes: 2 << 30,
            // A hundred times what an honest source takes, on a machine that is busy.
            wall: Duration::from_secs(30),
            cpu_seconds: 30,
            // A static library holds the standard library: 10 MB.
            disk_bytes: 128 << 20,
        }
    }
}

impl ToolLimits {
    fn policy(&self, read: Vec<PathBuf>, work: &Path) -> Policy {
        Policy {
            read,
            write: Some(work.to_owned()),
            memory_bytes: self.memory_bytes,
            data_bytes: None,
            cpu_seconds: self.cpu_seconds,
            file_bytes: self.disk_bytes,
            descriptors: 256,
            processes: 64,
        }
    }
}

/// The compiler, at work in `work`, where it finds its source and the entry points.
pub(crate) fn rustc(toolchain: &Toolchain, kit: &Kit, work: &Path, limits: &ToolLimits) -> (Tool, Policy) {
    let mut arguments: Vec<OsString> = ["--edition", "2024", "--target", TARGET, "--error-format", "json"]
        .into_iter()
        .chain(["--crate-type", "staticlib", "--crate-name", "component"])
        .chain(["--emit", "link,dep-info"])
        .chain(CODEGEN.iter().flat_map(|setting| ["-C", setting]))
        .map(OsString::from)
        .collect();
    arguments.extend(["--extern".into(), prefixed("stratbox_sdk=", &kit.sdk_rlib()), ENTRY.into()]);
    for dir in kit.dependency_dirs() {
        arguments.extend(["-L".into(), prefixed("dependency=", &dir)]);
    }
    let program = toolchain.rustc.clone();
    let tool = Tool { program, arguments, directory: work.to_owned(), words_kept: WORDS_KEPT };
    let mut read = system_libraries();
    read.extend([toolchain.sysroot.clone(), kit.dir().to_owned()]);
    (tool, limits.policy(read, work))
}

/// The linker, on what the compiler left in `work`.
pub(crate) fn linker(toolchain: &Toolchain, work: &Path, limits: &ToolLimits) -> (Tool, Policy) {
    let fixed = ["-flavor", "wasm", "--no-entry", "--stack-first", "--gc-sections", "--strip-debug", "-O3"];
    let arguments = fixed
        .into_iter()
        .chain(["--allow-undefined", "--export=__heap_base", "--export=__data_end"])
        .chain(LINK_ARGS)
        .map(OsString::from)
        .chain(EXPORTS.map(|name| format!("--export={name}").into()))
        .chain([LIBRARY.into(), "-o".into(), MODULE.into()])
        .collect();
    let program = toolchain.linker.clone();
    let tool = Tool { program, arguments, directory: work.to_owned(), words_kept: WORDS_KEPT };
    let mut read = system_libraries();
    read.push(toolchain.sysroot.clone());
    (tool, limits.policy(read, work))
}

fn prefixed(prefix: &str, path: &Path) -> OsString {
    let mut text = OsString::from(prefix);
    text.push(path);
    text
}
