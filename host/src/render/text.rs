//! Text that others wrote, made harmless for a terminal.

use stratbox_domain::escaped;
pub(crate) use stratbox_domain::{counted, grouped};

/// `text` on one line: control characters and invisible ones that change what is seen are escaped.
pub(crate) fn inline(text: &str) -> String {
    escaped(text, false)
}

/// The same for text of several lines.
pub(crate) fn block(text: &str) -> String {
    escaped(text, true)
}

/// Bytes in the largest unit that leaves at least one of it.
pub(crate) fn size(bytes: usize) -> String {
    let units = [(1_usize << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / unit as f64),
        None => format!("{bytes} bytes"),
    }
}

/// A time as a day when it is midnight, UTC, else to the second or finer.
pub(crate) fn time(nanoseconds: i64) -> String {
    // A timestamp reaches further than 64 bits of nanoseconds.
    let timestamp = jiff::Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or_default();
    let text = timestamp.to_string();
    text.strip_suffix("T00:00:00Z").map_or(text.clone(), str::to_owned)
}

/// A word that a shell takes as it is.
pub(crate) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_cannot_move_the_cursor_or_turn_the_text_around() {
        assert_eq!(inline("SP\u{1b}[2J\n\u{202e}500"), r"SP\u{1b}[2J\u{a}\u{202e}500");
        assert_eq!(inline("naïve 🙂"), "naïve 🙂");
        assert_eq!(block("a\n\tb\u{7}"), "a\n b\\u{7}");
    }

    #[test]
    fn sizes_have_a_unit() {
        assert_eq!([12, 2_048, 5 << 20].map(size), ["12 bytes", "2.0 KiB", "5.0 MiB"]);
    }

    #[test]
    fn midnight_is_a_day() {
        assert_eq!(time(1_546_214_400_000_000_000), "2018-12-31");
        assert_eq!(time(1_546_214_400_000_000_000 + 59_400_000_000_000), "2018-12-31T16:30:00Z");
    }

    #[test]
    fn a_word_with_blanks_or_quotes_is_one_word_for_a_shell() {
        let words = ["a/b-c.rs", "x=1e-3", "my file.csv", "it's", "$HOME", ""].map(shell_word);
        assert_eq!(words, ["a/b-c.rs", "x=1e-3", "'my file.csv'", r"'it'\''s'", "'$HOME'", "''"]);
    }
}
