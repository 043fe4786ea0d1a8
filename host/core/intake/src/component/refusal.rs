//! Why a component is refused, for people and for programs.

use serde::Serialize;
use stratbox_domain::must_be_escaped;

/// Characters of a stranger's text that are shown at a time.
const SHOWN: usize = 200;

/// Why a component is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}: {hint}")]
pub struct Refusal {
    /// The rule that it breaks: a stable label, such as `too_many_locals`.
    pub rule: &'static str,
    /// What it is and where, measured and allowed. Names in it are escaped and cut.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl Refusal {
    pub(super) fn new(rule: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { rule, message: message.into(), hint: hint.into() }
    }

    /// The bytes cannot be read as a component.
    pub(super) fn malformed(error: &wasmparser::Error) -> Self {
        Self::new(
            "malformed",
            format!("it is damaged: {}", told(error)),
            "build or copy it again: it was cut off, changed, or made by a broken tool",
        )
    }

    /// The bytes are a component that breaks the rules of its format.
    pub(super) fn invalid(error: &wasmparser::Error) -> Self {
        Self::new(
            "invalid",
            format!("it is not a valid component: {}", told(error)),
            "build it again with a current version of its tools",
        )
    }
}

/// What the parser or the validator says, in one line: it repeats names of the component.
pub(super) fn told(error: &wasmparser::Error) -> String {
    format!("{} (at offset {:#x})", shown(&error.message().replace('\n', ": ")), error.offset())
}

/// A stranger's text with everything that could mislead a reader escaped, cut to 200 characters.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::new();
    let mut length = 0;
    for c in text.chars() {
        let escaped = if must_be_escaped(c) { c.escape_unicode().to_string() } else { c.to_string() };
        length += escaped.chars().count();
        if length > SHOWN {
            out.push('…');
            break;
        }
        out.push_str(&escaped);
    }
    out
}
