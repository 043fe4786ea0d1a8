//! What is found, and how it is told.

use std::fmt;

use serde::Serialize;
use stratbox_domain::must_be_escaped;

/// The first few help; the rest are usually their repetition.
const KEPT: usize = 20;
/// Characters of a source line that are shown. A line of code has a hundred.
const LINE_CHARS: usize = 160;
/// Of a longer line, so many are shown in front of the place.
const CHARS_BEFORE: usize = 60;
/// Characters of a name that are shown.
const NAME_CHARS: usize = 60;

/// Something in a source that a strategy does not need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Which rule: a label that does not change, such as `reads_a_file`.
    pub rule: &'static str,
    /// What and why, with names in backticks.
    pub message: String,
    /// What to do instead.
    pub hint: String,
    /// That line of the source, escaped and cut.
    pub source_line: String,
}

/// Why a source is refused: never empty, the first places first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Refusals {
    /// The first ones, at most 20.
    pub refusals: Vec<Refusal>,
    /// How many more there are.
    pub more: usize,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.line, self.column, self.message, self.hint)
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, refusal) in self.refusals.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{refusal}")?;
        }
        if self.more > 0 {
            write!(f, "\nand {} more", self.more)?;
        }
        Ok(())
    }
}

/// One of them, not told yet.
#[derive(Debug)]
pub(super) struct Finding {
    /// Byte in the text; on a character's boundary.
    pub(super) at: usize,
    pub(super) rule: &'static str,
    pub(super) message: String,
    pub(super) hint: &'static str,
}

/// The first findings of one look at the text, which goes from its begin to its end, and the number of all.
#[derive(Debug, Default)]
pub(super) struct Findings {
    first: Vec<Finding>,
    count: usize,
}

impl Findings {
    /// Counts one more; it is built only when it is kept.
    pub(super) fn add(&mut self, finding: impl FnOnce() -> Finding) {
        self.count += 1;
        if self.first.len() < KEPT {
            self.first.push(finding());
        }
    }

    /// Adds those of another look. Each look kept its first ones, so that the first ones of all are among them.
    pub(super) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.first.extend(other.first);
        self.first.sort_by_key(|finding| finding.at);
        self.first.truncate(KEPT);
    }

    pub(super) fn into_result(self, text: &str) -> Result<(), Refusals> {
        if self.count == 0 {
            return Ok(());
        }
        let more = self.count - self.first.len();
        let refusals = self.first.into_iter().map(|finding| finding.told(text)).collect();
        Err(Refusals { refusals, more })
    }
}

impl Finding {
    fn told(self, text: &str) -> Refusal {
        let before = &text[..self.at];
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = text[start..].split('\n').next().unwrap_or_default();
        let chars_before = text[start..self.at].chars().count();
        Refusal {
            line: number(before.bytes().filter(|byte| *byte == b'\n').count() + 1),
            column: number(chars_before + 1),
            rule: self.rule,
            message: self.message,
            hint: self.hint.to_owned(),
            source_line: shown(line.strip_suffix('\r').unwrap_or(line), chars_before),
        }
    }
}

/// A limit beyond `u32` is nobody's; a number that does not fit is the largest.
fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// The part of a line around the character `at`.
fn shown(line: &str, at: usize) -> String {
    let from = if at < LINE_CHARS { 0 } else { at - CHARS_BEFORE };
    let mut rest = line.chars().skip(from);
    let part = escaped(rest.by_ref().take(LINE_CHARS));
    let mark = |is_cut: bool| if is_cut { "…" } else { "" };
    format!("{}{part}{}", mark(from > 0), mark(rest.next().is_some()))
}

/// A name of the source as a message can contain it.
pub(super) fn name(text: &str) -> String {
    let mut rest = text.chars();
    let part = escaped(rest.by_ref().take(NAME_CHARS));
    if rest.next().is_some() { part + "…" } else { part }
}

fn escaped(chars: impl Iterator<Item = char>) -> String {
    let mut out = String::new();
    for c in chars {
        match c {
            '\t' => out.push(' '),
            c if must_be_escaped(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}
