//! A guest's words, made harmless: bounded, and without anything that a terminal or a reader could mistake for ours.

use stratbox_domain::must_be_escaped;

/// `text` with control and bidirectional-formatting characters escaped, cut to about `limit` bytes with a marker when
/// something is missing. A tab becomes a space; a line feed is escaped too, so that one message is one line.
pub(crate) fn escaped(text: &str, limit: usize) -> String {
    let mut out = String::new();
    for (at, c) in text.char_indices() {
        if out.len() >= limit {
            out.push_str(&format!("… ({} bytes more)", text.len() - at));
            break;
        }
        match c {
            '\t' => out.push(' '),
            c if must_be_escaped(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_and_bidirectional_controls_are_escaped() {
        assert_eq!(escaped("a\u{1b}[31mb\r\n\u{202e}c", 100), r"a\u{1b}[31mb\u{d}\u{a}\u{202e}c");
        assert_eq!(escaped("naïve\tüber 🙂", 100), "naïve über 🙂");
    }

    #[test]
    fn long_text_is_cut_at_a_character_and_says_so() {
        assert_eq!(escaped("äöü", 3), "äö… (2 bytes more)");
    }

    #[test]
    fn what_escaping_makes_longer_is_cut_all_the_same() {
        assert!(escaped(&"\u{1}".repeat(10_000), 100).len() < 150);
    }
}
