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
