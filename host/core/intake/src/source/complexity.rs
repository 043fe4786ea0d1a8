//! How complex a source is: its size, and how many ways there are through it.

use serde::{Deserialize, Serialize};

use super::SourceLimits;
use super::tokens::{Kind, Token, Tokens};

/// The complexity of a source, without what is compiled for tests alone: items under `#[cfg(test)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complexity {
    /// McCabe's number, of all functions together: one more than there are decisions. A decision is an `if`, `while`, `for` or
    /// `loop`, an arm of a `match`, the `else` of a `let`, `&&`, `||` and `?`. What the definitions of macros hold is none.
    pub cyclomatic: u64,
    /// Tokens; comments and documentation are none.
    pub tokens: u64,
    /// Lines with a token.
    pub lines: u64,
}

/// Measures a source, whether or not it is refused or compiles. It reads no further than [`SourceLimits::default`] allows.
#[must_use]
pub fn complexity(text: &str) -> Complexity {
    let (tokens, _) = Tokens::of(text, SourceLimits::default().tokens);
    let mut found = Complexity { cyclomatic: 1, tokens: 0, lines: 0 };
    let mut lines = Lines::new(text);
    let mut definition_ends = 0;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if let Some(end) = test_item(&tokens, at) {
            at = end;
            continue;
        }
        // One in another ends with it; looking for its end too would take the square of the time.
        if at >= definition_ends {
            definition_ends = macro_definition(&tokens, at).unwrap_or(at);
        }
        found.tokens += 1;
        found.lines += lines.covered(token);
        found.cyclomatic += u64::from(at >= definition_ends && is_decision(&tokens, at));
        at += 1;
    }
    found
}

/// Counts lines of tokens that come in order.
struct Lines<'a> {
    text: &'a [u8],
    /// How far the text was looked through, and which line that is.
    seen: (usize, u64),
    last: Option<u64>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { text: text.as_bytes(), seen: (0, 0), last: None }
    }

    /// The lines that a token covers and no token before it did.
    fn covered(&mut self, token: &Token) -> u64 {
        let first = self.line(token.at);
        let last = self.line(token.end.saturating_sub(1));
        let from = self.last.map_or(first, |before| first.max(before + 1));
        self.last = Some(last);
        (last + 1).saturating_sub(from)
    }

    fn line(&mut self, at: usize) -> u64 {
        let (seen, line) = self.seen;
        let passed = self.text.get(seen..at).unwrap_or_default();
        let line = line + passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.seen = (seen.max(at), line);
        line
    }
}

fn is_decision(tokens: &Tokens<'_>, at: usize) -> bool {
    match tokens.kind(at) {
        Some(Kind::Arm) => true,
        Some(Kind::Mark(b'?')) => follows_operand(tokens, at),
        Some(Kind::Mark(mark @ (b'&' | b'|'))) => {
            is_second(tokens, at, mark) && follows_operand(tokens, at - 1)
        }
        Some(Kind::Word) => match tokens.keyword(at) {
            Some("if" | "while" | "loop") => true,
            Some("for") => is_loop(tokens, at),
            Some("else") => tokens.before(at).is_some_and(|before| tokens.text_of(before) != "}"),
            _ => false,
        },
        _ => false,
    }
}

/// Whether this mark and the one right before it are one operator: the second of a row of the same.
fn is_second(tokens: &Tokens<'_>, at: usize, mark: u8) -> bool {
    let touches = |second: usize| {
        let first = second.checked_sub(1).and_then(|first| tokens.get(first));
        let second = tokens.get(second);
        first
            .zip(second)
            .is_some_and(|(first, second)| first.kind == Kind::Mark(mark) && first.end == second.at)
    };
    // A row has three at most in what compiles (`a && &b` without its blank).
    touches(at) && !touches(at - 1)
}

/// Whether a value may end right before this place, so that an operator follows it and not a pattern, a type or a closure.
fn follows_operand(tokens: &Tokens<'_>, at: usize) -> bool {
    const NO_OPERAND: [&str; 20] = [
        "as", "async", "break", "continue", "dyn", "else", "for", "if", "impl", "in", "let", "loop", "match",
        "move", "mut", "ref", "return", "static", "where", "while",
    ];
    let Some(before) = tokens.before(at) else { return false };
    match before.kind {
        Kind::Word => !NO_OPERAND.contains(&tokens.text_of(before)),
        Kind::RawWord | Kind::Close | Kind::Literal { .. } | Kind::Mark(b'?') => true,
        _ => false,
    }
}

/// Whether this `for` begins a loop: not `for<'a>`, and not behind the trait of an `impl`.
fn is_loop(tokens: &Tokens<'_>, at: usize) -> bool {
    if tokens.kind(at + 1) == Some(Kind::Mark(b'<')) {
        return false;
    }
    let Some(before) = tokens.before(at) else { return true };
    match before.kind {
        Kind::Word => matches!(tokens.text_of(before), "return" | "break" | "in"),
        Kind::RawWord | Kind::Mark(b'>') => false,
        Kind::Close => tokens.text_of(before) != ")",
        _ => true,
    }
}

/// Where the definition of a macro ends that begins here.
fn macro_definition(tokens: &Tokens<'_>, at: usize) -> Option<usize> {
    let is_one = tokens.keyword(at) == Some("macro_rules") && tokens.kind(at + 1) == Some(Kind::Mark(b'!'));
    is_one.then(|| group_end(tokens, at + 3))
}

/// Where the item ends that begins here with `#[cfg(test)]`, or what is left of the module with `#![cfg(test)]`.
fn test_item(tokens: &Tokens<'_>, at: usize) -> Option<usize> {
    if tokens.kind(at) != Some(Kind::Mark(b'#')) {
        return None;
    }
    let is_inner = tokens.kind(at + 1) == Some(Kind::Mark(b'!'));
    let first = at + 1 + usize::from(is_inner);
    let written = (first..first + 6).map(|place| tokens.get(place).map(|token| tokens.text_of(token)));
    if !written.eq(["[", "cfg", "(", "test", ")", "]"].map(Some)) {
        return None;
    }
    Some(if is_inner { scope_end(tokens, first + 6) } else { item_end(tokens, first + 6) })
}

/// Behind the group that opens at this place; one behind it when none does.
fn group_end(tokens: &Tokens<'_>, open: usize) -> usize {
    match tokens.kind(open) {
        Some(Kind::Open(_)) => (scope_end(tokens, open + 1) + 1).min(tokens.len()),
        _ => (open + 1).min(tokens.len()),
    }
}

/// The bracket that closes what this place is in, or the end.
fn scope_end(tokens: &Tokens<'_>, from: usize) -> usize {
    let mut depth = 0_usize;
    for at in from..tokens.len() {
        match tokens.kind(at) {
            Some(Kind::Open(_)) => depth += 1,
            Some(Kind::Close) if depth == 0 => return at,
            Some(Kind::Close) => depth -= 1,
            _ => {}
        }
    }
    tokens.len()
}

/// How an item ends.
#[derive(Clone, Copy, PartialEq)]
enum Ending {
    /// With `;`.
    Semicolon,
    /// With the first group in braces, or with `;` before one.
    Braces,
    /// A field, an arm or a statement: with `,` too.
    Comma,
}

/// Behind the item that begins here, further attributes first; no further than what the item is in.
fn item_end(tokens: &Tokens<'_>, from: usize) -> usize {
    let mut at = from;
    while tokens.kind(at) == Some(Kind::Mark(b'#')) {
        at = group_end(tokens, at + 1);
    }
    if tokens.keyword(at) == Some("pub") {
        at = if tokens.kind(at + 1) == Some(Kind::Open(b'(')) { group_end(tokens, at + 1) } else { at + 1 };
    }
    let ending = ending(tokens, at);
    while at < tokens.len() {
        match tokens.kind(at) {
            Some(Kind::Close) => return at,
            Some(Kind::Open(bracket)) => {
                at = group_end(tokens, at);
                if bracket == b'{' && ending != Ending::Semicolon {
                    return at;
                }
                continue;
            }
            Some(Kind::Mark(b';')) => return at + 1,
            Some(Kind::Mark(b',')) if ending == Ending::Comma => return at + 1,
            _ => at += 1,
        }
    }
    at
}

fn ending(tokens: &Tokens<'_>, at: usize) -> Ending {
    match tokens.keyword(at) {
        Some("const") if matches!(tokens.keyword(at + 1), Some("fn" | "async" | "extern")) => Ending::Braces,
        Some("use" | "const" | "static" | "type" | "let") => Ending::Semicolon,
        Some(
            "fn" | "mod" | "struct" | "enum" | "union" | "trait" | "impl" | "async" | "extern"
            | "macro_rules",
        ) => Ending::Braces,
        _ => Ending::Comma,
    }
}
