//! Names in sentences.

use stratbox_domain::escaped;

/// Names that a sentence has at most.
const SPELLED_OUT: usize = 5;

/// A name that strangers may have chosen: on one line, between backticks, and without any of its own.
pub(crate) fn quoted(name: &str) -> String {
    format!("`{}`", escaped(name, false).replace('`', "'"))
}

/// `` `a`, `b` and `c` ``; of many names the first ones, and how many more there are.
pub(crate) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let shown = if names.len() > SPELLED_OUT { SPELLED_OUT - 1 } else { names.len() };
    let mut parts: Vec<String> = names[..shown].iter().map(|name| quoted(name.as_ref())).collect();
    if shown < names.len() {
        parts.push(format!("{} others", names.len() - shown));
    }
    match parts.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => parts.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_neither_end_its_quotation_nor_start_a_line() {
        assert_eq!(quoted("a` is best.\n`b"), r"`a' is best.\u{a}'b`");
    }

    #[test]
    fn many_names_are_cut_short() {
        assert_eq!(listed::<&str>(&[]), "");
        assert_eq!(listed(&["a"]), "`a`");
        assert_eq!(listed(&["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(listed(&["a", "b", "c", "d", "e", "f"]), "`a`, `b`, `c`, `d` and 2 others");
    }
}
