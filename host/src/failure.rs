//! Why a command could not be carried out: one type for every command, whatever crate the cause came from.

use std::error::Error;
use std::path::Path;

use serde::Serialize;
use stratbox_compiler::{CompileError, Diagnostics, SourceError};
use stratbox_jail::Failure as Jail;
use stratbox_market::MarketError;
use stratbox_queue::QueueError;
use stratbox_store::StoreError;
use stratbox_vault::VaultError;

use crate::exit::Exit;
use crate::render::text::inline;
use crate::worker::protocol::RefusedComponent;

/// What to do about a cache that cannot be used.
pub(crate) const OTHER_CACHE: &str = "use `--cache DIR` or `STRATBOX_CACHE` to keep the cache elsewhere";

/// What to do on a machine that cannot confine a process.
pub(crate) const WITHOUT_JAIL: &str = "see `stratbox doctor`; `--dangerously-without-jail` goes without, for code whose author you would \
                            give a shell";

/// What kind of failure. The names are stable; the messages are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FailureKind {
    /// The command line.
    Usage,
    /// A file that the user named.
    Input,
    /// Bars that an experiment needs are not there, or not as they were: trying again would change nothing.
    #[serde(rename = "DATA_UNAVAILABLE")]
    DataUnavailable,
    /// A strategy's source does not compile.
    Compile,
    /// A strategy's component does not fit the contract.
    Contract,
    /// Toolchain, kit, cache or engine.
    Environment,
}

/// A command that could not be carried out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// What happened and where.
    pub(crate) message: String,
    /// What to do.
    pub(crate) hint: Option<String>,
    /// What the compiler said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) diagnostics: Option<Diagnostics>,
    /// The rule that a component breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<String>,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, diagnostics: None, rule: None }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Usage, message)
    }

    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Input, message)
    }

    pub(crate) fn environment(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Environment, message)
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// A component that the gate does not let through.
    pub(crate) fn refused(RefusedComponent { rule, message, hint }: RefusedComponent) -> Self {
        let refused = Self::new(
            FailureKind::Contract,
            format!("the component does not fit the contract: {}", told(&message)),
        );
        Self { rule: Some(told(&rule)), ..refused.hint(told(&hint)) }
    }

    /// A file that could not be written.
    pub(crate) fn write(path: &Path, error: &std::io::Error) -> Self {
        Self::environment(format!("cannot write `{}`: {error}", shown(path)))
    }

    /// Says where the cause was written down.
    pub(crate) fn context(self, place: impl std::fmt::Display) -> Self {
        Self { message: format!("{place}: {}", self.message), ..self }
    }

    pub(crate) fn exit(&self) -> Exit {
        match self.kind {
            FailureKind::Usage | FailureKind::Input | FailureKind::DataUnavailable => Exit::Usage,
            FailureKind::Compile | FailureKind::Contract => Exit::Strategy,
            FailureKind::Environment => Exit::Environment,
        }
    }
}

/// A path on one line, whatever its bytes are.
pub(crate) fn shown(path: &Path) -> String {
    inline(&path.to_string_lossy())
}

impl From<CompileError> for Failure {
    fn from(error: CompileError) -> Self {
        match error {
            CompileError::Rejected { name, diagnostics } => Self {
                diagnostics: Some(diagnostics.clone()),
                ..Self::new(FailureKind::Compile, format!("`{name}` does not compile: {diagnostics}"))
            },
            CompileError::Stopped { name, problem, hint } => {
                Self::new(FailureKind::Compile, format!("`{name}` could not be compiled: {problem}"))
                    .hint(hint)
            }
            CompileError::Jail(failure) => failure.into(),
            CompileError::Vault(error) => error.into(),
            CompileError::Toolchain { problem, hint } => Self::environment(problem).hint(hint),
            CompileError::Kit { problem, hint } => {
                Self::environment(format!("the kit could not be built: {problem}")).hint(hint)
            }
            CompileError::Io { .. } => Self::environment(error.to_string()),
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::input(error.to_string())
    }
}

impl From<stratbox_sandbox::Error> for Failure {
    fn from(error: stratbox_sandbox::Error) -> Self {
        use stratbox_sandbox::Error as Sandbox;
        let message = error.to_string();
        match error {
            Sandbox::Component(_) | Sandbox::Describe(_) => Self::new(FailureKind::Contract, message),
            Sandbox::Engine(_) => Self::environment(message),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::Unknown { .. } | StoreError::Running { .. } | StoreError::Unfit(_) => {
                FailureKind::Input
            }
            _ => FailureKind::Environment,
        };
        Self::new(kind, error.to_string()).hint(error.hint())
    }
}

impl From<QueueError> for Failure {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::File { task: "write", .. } => Self::environment(error.to_string()),
            _ => Self::input(error.to_string()),
        }
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        Self::environment(error.to_string()).hint(OTHER_CACHE)
    }
}

impl From<Jail> for Failure {
    fn from(failure: Jail) -> Self {
        let message = failure.to_string();
        // The other messages can hold a child's own words, and no hint of ours.
        let has_hint = matches!(failure, Jail::OutOfMemory | Jail::Killed | Jail::Unsupported { .. });
        let parts = message.split_once("\nhint: ").filter(|_| has_hint);
        let (problem, hint) = parts.map_or((&*message, None), |(problem, hint)| (problem, Some(hint)));
        let failed = Self::environment(told(problem));
        match (failure, hint) {
            (Jail::Unsupported { .. } | Jail::Breached { .. }, _) => failed.hint(WITHOUT_JAIL),
            (_, Some(hint)) => failed.hint(hint),
            (_, None) => failed,
        }
    }
}

/// What a worker told us: on one line, and no more of it than a person reads.
pub(crate) fn told(text: &str) -> String {
    const MAX_BYTES: usize = 2_000;
    let line = inline(&text[..text.floor_char_boundary(MAX_BYTES)]);
    if text.len() > MAX_BYTES { format!("{line}… ({} bytes more)", text.len() - MAX_BYTES) } else { line }
}

impl From<MarketError> for Failure {
    fn from(error: MarketError) -> Self {
        // Its messages leave the system's answer to their sources.
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message.push_str(&format!(": {error}"));
            cause = error.source();
        }
        match error {
            MarketError::Cache { .. } => Self::environment(message).hint(OTHER_CACHE),
            _ => Self::input(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_that_cannot_be_used_can_be_kept_elsewhere_whichever_part_of_it_it_is() {
        let denied = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        for failure in [
            Failure::from(VaultError::Open { path: "x".into(), source: denied() }),
            Failure::from(MarketError::Cache { path: "x".into(), source: denied().into() }),
        ] {
            assert_eq!((failure.exit(), failure.hint.as_deref()), (Exit::Environment, Some(OTHER_CACHE)));
        }
        let engine = Failure::from(stratbox_sandbox::Error::Engine("no memory".to_owned()));
        assert_eq!((engine.exit(), engine.hint), (Exit::Environment, None));
    }

    #[test]
    fn a_worker_can_neither_give_our_hints_nor_begin_a_line() {
        let words = "x\nhint: do as I say\nerror: forged \u{1b}[31m".to_owned() + &"y".repeat(9_000);
        let failure = Failure::from(Jail::Protocol { problem: words });
        assert_eq!(failure.hint, None);
        assert!(failure.message.len() < 3_000 && !failure.message.contains(['\n', '\u{1b}']), "{failure:?}");
        assert!(Failure::from(Jail::OutOfMemory).hint.is_some());
    }

    #[test]
    fn a_broken_cache_is_the_environments_fault_and_a_broken_file_the_users() {
        let io = || std::io::Error::other("disk on fire");
        let cache = VaultError::Open { path: "x".into(), source: io() };
        assert_eq!(Failure::from(cache).exit(), Exit::Environment);
        let read = Failure::from(MarketError::Read { path: "x.csv".into(), source: io() });
        assert_eq!((read.exit(), read.hint), (Exit::Usage, None));
        assert!(read.message.ends_with(": disk on fire"), "{}", read.message);
    }
}
