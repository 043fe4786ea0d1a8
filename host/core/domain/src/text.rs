/// Whether a character of someone else's text could move the cursor, start a line, or change how others are read: control
/// characters, bidirectional controls, invisible separators and the tags block. Escape it before it is shown.
#[must_use]
pub fn must_be_escaped(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// `text` with such characters escaped, so that it is shown and not obeyed. A tab becomes a space; line feeds stay where
/// `keeps_lines`, or else it is one line.
#[must_use]
pub fn escaped(text: &str, keeps_lines: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' if keeps_lines => out.push(c),
            '\t' => out.push(' '),
            c if must_be_escaped(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// `1264` as `1,264`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 variant`, `2 variants`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let texts = [0, 999, 1_000, 1_264, 1_000_000].map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "1,264", "1,000,000"]);
        assert_eq!((counted(1, "bar"), counted(2, "bar")), ("1 bar".to_owned(), "2 bars".to_owned()));
    }
}
