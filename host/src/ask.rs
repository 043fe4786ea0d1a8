//! What only a person can decide, asked at a terminal.

use std::io::{BufRead, Write};

/// Whether the answer is yes: anything else is no, and so is a question that cannot be put.
pub(crate) fn yes(question: &str) -> bool {
    answered_yes(question, &mut std::io::stderr(), &mut std::io::stdin().lock())
}

fn answered_yes(question: &str, out: &mut dyn Write, from: &mut dyn BufRead) -> bool {
    let mut answer = String::new();
    let asked = write!(out, "{question} [y/N] ").and_then(|()| out.flush());
    let answered = asked.and_then(|()| from.read_line(&mut answer));
    answered.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for (typed, yes) in [("y\n", true), ("YES\n", true), ("n\n", false), ("", false), ("maybe\n", false)]
        {
            let mut out = Vec::new();
            assert_eq!(answered_yes("well?", &mut out, &mut typed.as_bytes()), yes, "{typed:?}");
            assert_eq!(out, b"well? [y/N] ");
        }
    }
}
