//! A strategy's source to a component.
//!
//! One file goes in, one component comes out: `rustc` is called directly, never cargo, against a *kit* (the SDK compiled
//! for wasm, the trusted entry points, and the engine's own components) that is built once per SDK and compiler version.
//! Both results are kept in the vault, by content; so are refusals that every compiler of this version would repeat.
//!
//! A source is looked at first (`stratbox_intake`), for good messages. Then `rustc` and its linker work on it in a jail
//! each, and what they leave is wrapped into a component by whoever implements [`Componentize`]: not in this process, for
//! it is a stranger's work.

mod componentize;
mod diagnostics;
mod kit;
mod rust;
mod source;
mod toolchain;
mod tools;
mod work;

pub use componentize::{Componentize, componentize};
pub use diagnostics::{Diagnostic, Diagnostics, Severity, Suggestion};
pub use kit::Kit;
pub use rust::{Parts, RustCompiler};
pub use source::{Source, SourceError};
pub use toolchain::Toolchain;
pub use tools::ToolLimits;

use std::path::PathBuf;

/// A strategy's component, before anyone has looked at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// The component.
    pub component: Vec<u8>,
    /// What the compiler said on the way; warnings, since there is a component.
    pub diagnostics: Diagnostics,
    /// Whether it was taken from the cache.
    pub cached: bool,
}

/// Turns a strategy's source into a component.
pub trait Compile {
    /// Compiles `source`, or takes the component from a cache.
    ///
    /// # Errors
    /// The source does not compile ([`CompileError::Rejected`]), or the compiler could not do its work.
    fn compile(&self, source: &Source) -> Result<Compiled, CompileError>;
}

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The author's mistake.
    #[error("`{name}` does not compile: {diagnostics}")]
    Rejected {
        /// The source's file name.
        name: String,
        /// What the compiler said.
        diagnostics: Diagnostics,
    },
    /// The author's too, most likely: a tool was stopped at a limit, or fell over it.
    #[error("`{name}` could not be compiled: {problem}")]
    Stopped {
        /// The source's file name.
        name: String,
        /// What stopped it.
        problem: String,
        /// What to do.
        hint: &'static str,
    },
    /// The jail could not be built, or does not hold.
    #[error(transparent)]
    Jail(stratbox_jail::Failure),
    /// The vault cannot be used.
    #[error(transparent)]
    Vault(#[from] stratbox_vault::VaultError),
    /// There is no compiler that can do this.
    #[error("{problem}\nhint: {hint}")]
    Toolchain {
        /// What is missing.
        problem: String,
        /// What to do.
        hint: &'static str,
    },
    /// The kit could not be built.
    #[error("the kit could not be built: {problem}\nhint: {hint}")]
    Kit {
        /// What cargo or the linker said.
        problem: String,
        /// What to do.
        hint: &'static str,
    },
    /// A file could not be read or written.
    #[error("cannot use `{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl CompileError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        |source| Self::Io { path, source }
    }
}
