//! What is said about a strategy's source before the compiler says something.
//!
//! The compiler's jail is the wall, and it holds without this check; what it cannot do is tell an author in one sentence
//! that a bar's time is the only clock. So [`inspect`] knows what a strategy never needs, and answers with the line, the
//! reason and what to write instead. What it lets through must be harmless all the same: it does not expand macros, and
//! whoever wants to get a name past it can.
//!
//! Nothing in here recurses, and the time it takes is linear in the text, whatever the text is.

mod attributes;
mod complexity;
mod data;
mod depth;
mod names;
mod paths;
mod refusal;
mod rules;
mod text;
mod tokens;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use complexity::{Complexity, complexity};
pub use data::{DataLimits, LiteralData, literal_data};
pub use refusal::{Refusal, Refusals};
pub use rules::RULES;

use refusal::{Finding, Findings};
use tokens::Tokens;

/// How large and how deep a source may be. The numbers are generous: what a person or a model writes stays far below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourceLimits {
    /// Bytes of the whole text. 1 MiB: more than a person or a model writes into one file.
    pub bytes: usize,
    /// Bytes of a line. 4,096: forty times what a formatter allows, and still a line that can be looked at.
    pub line_bytes: usize,
    /// Tokens, comments not counted. 250,000: a mebibyte of ordinary code; a mebibyte of brackets is four times as many, and
    /// the compiler takes a hundred bytes for each.
    pub tokens: usize,
    /// Brackets that are open at once. 128: the compiler's limit for macros and types; its own stack overflows between 500
    /// and 2,000.
    pub nesting: usize,
    /// Operators, calls and keywords that hang on one another without a bracket, `!!!!x`, `a.b().c()`, `if … else if …`, in
    /// all expressions and types that are open at once. 500: the compiler's own stack overflows between 1,000 (`return
    /// return …`, closures in closures) and 10,000 (sums).
    pub chain: usize,
}

impl Default for SourceLimits {
    fn default() -> Self {
        Self { bytes: 1 << 20, line_bytes: 4_096, tokens: 250_000, nesting: 128, chain: 500 }
    }
}

/// Looks for what a strategy's source must not or need not contain. What does not lex or parse is no reason to refuse: the
/// compiler explains that better.
///
/// # Errors
/// Every refusal, the first ones first, at most 20 and the number of the rest. A text of too many bytes is not looked into.
pub fn inspect(text: &str, limits: &SourceLimits) -> Result<(), Refusals> {
    if text.len() > limits.bytes {
        let mut findings = Findings::default();
        findings.add(|| Finding {
            at: 0,
            rule: rules::TOO_LARGE,
            message: format!("the source has `{}` bytes, more than `{}`", text.len(), limits.bytes),
            hint: "a strategy is a few kilobytes of code: data belongs into the bars or the parameters",
        });
        return findings.into_result(text);
    }
    let mut findings = text::look(text, limits);
    let (tokens, over) = Tokens::of(text, limits.tokens);
    findings.merge(over);
    findings.merge(depth::look(&tokens, limits));
    findings.merge(names::look(&tokens));
    findings.merge(attributes::look(&tokens));
    findings.merge(paths::look(&tokens));
    findings.into_result(text)
}
