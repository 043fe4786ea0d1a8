//! The Rust compiler that is there.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::CompileError;

/// What strategies are compiled for: plain wasm, without a system interface.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

const NO_RUST: &str =
    "install Rust from https://rustup.rs and make sure that `rustc` and `cargo` are on the PATH";
const NO_TARGET: &str =
    "run `rustup target add wasm32-unknown-unknown` (in a checkout `cargo xtask demo` does it for you)";

/// A Rust toolchain that can compile for wasm.
#[derive(Debug, Clone)]
pub struct Toolchain {
    /// The compiler itself, not a proxy in front of it, which would need an environment.
    pub(crate) rustc: PathBuf,
    pub(crate) cargo: PathBuf,
    /// The linker for wasm that comes with the compiler.
    pub(crate) linker: PathBuf,
    /// Where the compiler and its libraries are.
    pub(crate) sysroot: PathBuf,
    version: String,
}

impl Toolchain {
    /// Finds the compiler that `rustc` stands for.
    ///
    /// # Errors
    /// There is none, or it lacks the wasm target.
    pub fn find() -> Result<Self, CompileError> {
        let sysroot = PathBuf::from(output(Command::new("rustc").args(["--print", "sysroot"]))?.trim());
        let tool = |name: &str| {
            let path = sysroot.join("bin").join(name).with_extension(std::env::consts::EXE_EXTENSION);
            if path.is_file() { path } else { PathBuf::from(name) }
        };
        let rustc = tool("rustc");
        let version = output(Command::new(&rustc).arg("-vV"))?;
        if !sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir() {
            let release = version.lines().next().unwrap_or_default();
            return Err(CompileError::Toolchain {
                problem: format!("{release} has no standard library for `{TARGET}`"),
                hint: NO_TARGET,
            });
        }
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
        let linker = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
        if !linker.is_file() {
            let problem =
                format!("the toolchain has no linker for wasm: `{}` is not there", linker.display());
            return Err(CompileError::Toolchain { problem, hint: NO_RUST });
        }
        Ok(Self { rustc, cargo: tool("cargo"), linker, sysroot, version })
    }

    /// What the compiler says of its version: results of different ones are never mixed up.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Where the compiler and its libraries are: the one place of this machine that a compiler in its jail knows by name.
    #[must_use]
    pub fn sysroot(&self) -> &Path {
        &self.sysroot
    }

    /// Directory of the compiler, for tools that look for one another there.
    pub(crate) fn bin(&self) -> Option<&Path> {
        self.rustc.parent()
    }
}

fn output(command: &mut Command) -> Result<String, CompileError> {
    let problem = |problem: String| CompileError::Toolchain { problem, hint: NO_RUST };
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| problem(format!("`{name}` cannot be started: {error}")))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(problem(format!("`{name}` failed: {}", words.trim())));
    }
    String::from_utf8(output.stdout).map_err(|_| problem(format!("`{name}` does not answer in UTF-8")))
}
