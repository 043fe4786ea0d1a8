//! What can be said of the text before it is code: its lines and its characters.

use super::refusal::{Finding, Findings};
use super::{SourceLimits, rules};

/// Every line that is too long and every character that is not what it seems, in strings and comments too.
pub(super) fn look(text: &str, limits: &SourceLimits) -> Findings {
    let mut findings = lines(text, limits.line_bytes);
    findings.merge(characters(text));
    findings
}

fn lines(text: &str, limit: usize) -> Findings {
    let mut findings = Findings::default();
    let mut at = 0;
    for line in text.split('\n') {
        if line.len() > limit {
            findings.add(|| Finding {
                at,
                rule: rules::LONG_LINE,
                message: format!("the line has `{}` bytes, more than `{limit}`", line.len()),
                hint: "break it into several",
            });
        }
        at += line.len() + 1;
    }
    findings
}

fn characters(text: &str) -> Findings {
    let mut findings = Findings::default();
    let mut chars = text.char_indices().peekable();
    let mut before = '\0';
    while let Some((at, c)) = chars.next() {
        let is_line_end = c == '\r' && chars.peek().is_some_and(|(_, next)| *next == '\n');
        let is_byte_order_mark = c == '\u{feff}' && at == 0;
        if !is_line_end
            && !is_byte_order_mark
            && let Some((rule, what, hint)) = deception(c, before)
        {
            findings.add(|| Finding {
                at,
                rule,
                message: format!("`U+{:04X}` is {what}", u32::from(c)),
                hint,
            });
        }
        before = c;
    }
    findings
}

/// Why a character is refused: rule, what it is, what to do.
fn deception(c: char, before: char) -> Option<(&'static str, &'static str, &'static str)> {
    if c.is_control() {
        let what = "a control character, which has no place in source text";
        let ordinary = matches!(c, '\t' | '\n');
        return (!ordinary).then_some((
            rules::CONTROL_CHARACTER,
            what,
            "remove it, or write it as an escape such as `\\u{7}` in a string",
        ));
    }
    if is_bidirectional(c) {
        let what = "a bidirectional control: what people read is not what the compiler reads";
        return Some((
            rules::BIDIRECTIONAL_CONTROL,
            what,
            "remove it, or write it as an escape such as `\\u{200f}` in a string",
        ));
    }
    (is_invisible(c) && !is_presentation(c, before)).then_some((
        rules::INVISIBLE_CHARACTER,
        "an invisible character, and text that nobody sees can hide anything",
        "remove it, or write it as an escape such as `\\u{200b}` in a string",
    ))
}

fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Format characters, fillers, separators, variation selectors and tags: what is shown as nothing at all.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether it is one of the two selectors that make the symbol in front of it a sign or a picture, as in `⚠️`. A second one
/// in a row would select nothing.
fn is_presentation(c: char, before: char) -> bool {
    matches!(c, '\u{fe0e}' | '\u{fe0f}') && !is_invisible(before) && !before.is_whitespace()
}
