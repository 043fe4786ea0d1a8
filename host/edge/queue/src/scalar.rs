//! What a plain scalar stands for (the core schema of YAML 1.2), and how a text is written as one that is quoted.

use stratbox_domain::must_be_escaped;

/// The longest text that is written, in characters and in the bytes that they take.
const MAX_CHARACTERS: usize = 500;
const MAX_WRITTEN: usize = 1_000;
const QUOTES: usize = 2;

/// What a plain scalar stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Plain<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    /// One that is larger.
    Large(u64),
    /// A finite number.
    Float(f64),
    /// A number that cannot be represented, or is none.
    NoNumber,
    Text(&'a str),
}

/// What a scalar that is not quoted stands for.
pub(crate) fn plain(text: &str) -> Plain<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Plain::Null,
        "true" | "True" | "TRUE" => Plain::Bool(true),
        "false" | "False" | "FALSE" => Plain::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Plain::NoNumber,
        _ if matches!(unsigned(text), ".inf" | ".Inf" | ".INF") => Plain::NoNumber,
        _ => number(text).unwrap_or(Plain::Text(text)),
    }
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

fn number(text: &str) -> Option<Plain<'static>> {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let valid = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
            let read = u64::from_str_radix(digits, radix);
            return valid.then(|| read.map_or(Plain::NoNumber, integer));
        }
    }
    let digits = unsigned(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        if let Ok(value) = text.parse::<i64>() {
            return Some(Plain::Integer(value));
        }
        if let Ok(value) = text.parse::<u64>() {
            return Some(Plain::Large(value));
        }
    }
    is_float(digits).then(|| match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Plain::Float(value),
        _ => Plain::NoNumber,
    })
}

fn integer(value: u64) -> Plain<'static> {
    i64::try_from(value).map_or(Plain::Large(value), Plain::Integer)
}

/// Digits with at most one point, and at most one exponent. Rust reads more than that as a number.
fn is_float(text: &str) -> bool {
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_ok = exponent.is_none_or(|it| !unsigned(it).is_empty() && all_digits(unsigned(it)));
    all_digits(whole) && all_digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent_ok
}

/// `text` between double quotes on one line, in which only what could do something to a reader is escaped.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + QUOTES);
    out.push('"');
    text.chars().for_each(|c| push_escaped(&mut out, c));
    out.push('"');
    out
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '"' | '\\' => out.extend(['\\', c]),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if must_be_escaped(c) || is_special(c) => out.push_str(&match u32::from(c) {
            code @ ..=0xff => format!("\\x{code:02X}"),
            code @ ..=0xffff => format!("\\u{code:04X}"),
            code => format!("\\U{code:08X}"),
        }),
        c => out.push(c),
    }
}

/// Characters that YAML does not count as printable.
fn is_special(c: char) -> bool {
    u32::from(c) & 0xfffe == 0xfffe
}

/// The beginning of `text` that may be written, with an ellipsis where something was left out.
pub(crate) fn bounded(text: &str) -> String {
    let mut written = String::new();
    let mut ends = Vec::with_capacity(MAX_CHARACTERS + 1);
    for (index, c) in text.char_indices() {
        push_escaped(&mut written, c);
        ends.push(index);
        if ends.len() > MAX_CHARACTERS || written.len() > MAX_WRITTEN {
            break;
        }
    }
    if ends.len() <= MAX_CHARACTERS && written.len() <= MAX_WRITTEN {
        return text.to_owned();
    }
    // The ellipsis needs room as well: one character, of three bytes.
    let mut kept = &text[..ends.last().copied().unwrap_or_default()];
    while kept.chars().count() >= MAX_CHARACTERS || quote(kept).len() - QUOTES + '…'.len_utf8() > MAX_WRITTEN
    {
        kept = kept.char_indices().next_back().map_or("", |(end, _)| &kept[..end]);
    }
    format!("{kept}…")
}

/// Whether a text is one that is written whole.
pub(crate) fn is_bounded(text: &str) -> bool {
    text.len() <= 4 * MAX_CHARACTERS && bounded(text) == text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_mean_what_the_core_schema_says() {
        let cases = [
            ("", Plain::Null),
            ("~", Plain::Null),
            ("True", Plain::Bool(true)),
            ("no", Plain::Text("no")),
            ("007", Plain::Integer(7)),
            ("-12", Plain::Integer(-12)),
            ("+3", Plain::Integer(3)),
            ("0x1F", Plain::Integer(31)),
            ("0o17", Plain::Integer(15)),
            ("0x", Plain::Text("0x")),
            ("0x+1", Plain::Text("0x+1")),
            ("18446744073709551615", Plain::Large(u64::MAX)),
            ("1.", Plain::Float(1.0)),
            (".5e-1", Plain::Float(0.05)),
            ("1e3", Plain::Float(1000.0)),
            ("1e", Plain::Text("1e")),
            (".", Plain::Text(".")),
            ("inf", Plain::Text("inf")),
            ("-.inf", Plain::NoNumber),
            (".nan", Plain::NoNumber),
            ("1e999", Plain::NoNumber),
            ("2010-01-01", Plain::Text("2010-01-01")),
            ("1_000", Plain::Text("1_000")),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text), expected, "`{text}`");
        }
    }

    #[test]
    fn a_quoted_text_is_one_line_of_characters_that_do_nothing() {
        assert_eq!(quote("a\"\\\n\u{1b}\u{202e}ü🙂\u{e0041}"), r#""a\"\\\n\x1B\u202Eü🙂\U000E0041""#);
    }

    #[test]
    fn a_text_that_is_too_long_ends_in_an_ellipsis() {
        let whole = "x".repeat(MAX_CHARACTERS);
        assert_eq!(bounded(&whole), whole);
        let cut = bounded(&"x".repeat(MAX_CHARACTERS + 1));
        assert_eq!((cut.chars().count(), cut.ends_with('…')), (MAX_CHARACTERS, true));
        for text in ["\u{1}".repeat(400), "🙂".repeat(400), "x".repeat(1 << 20)] {
            let cut = bounded(&text);
            assert!(cut.ends_with('…') && is_bounded(&cut), "{}", cut.len());
            assert!(quote(&cut).len() <= MAX_WRITTEN + QUOTES, "{}", quote(&cut).len());
        }
        assert!(!is_bounded(&"x".repeat(MAX_CHARACTERS + 1)));
    }
}
