//! A strategy's source to a component.
//!
//! One file goes in, one component comes out: `rustc` is called directly, never cargo, against a *kit* (the SDK compiled
//! for wasm, the trusted entry points, and the engine's own components) that is built once per SDK and compiler version.
//! Both results are cached by content.
//!
//! The rest of the program sees only [`Compile`], so that the step can move into a jail without anyone noticing.

mod cache;
mod componentize;
mod diagnostics;
mod kit;
mod rust;
mod source;
mod toolchain;

pub use diagnostics::{Diagnostic, Diagnostics, Severity, Suggestion};
pub use kit::Kit;
pub use rust::RustCompiler;
pub use source::{Source, SourceError};
pub use toolchain::Toolchain;

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
