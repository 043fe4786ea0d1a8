/// Whether a character of someone else's text could move the cursor, start a line, or change how others are read: control
/// characters, bidirectional controls, invisible separators and the tags block. Escape it before it is shown.
#[must_use]
pub fn must_be_escaped(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}
