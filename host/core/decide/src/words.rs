//! Numbers and foreign texts in sentences.

/// Six digits of a number: enough to tell figures apart, and none of the noise of binary fractions.
pub(crate) fn number(value: f64) -> String {
    let rounded = format!("{value:.5e}").parse().unwrap_or(value);
    if rounded == 0.0 {
        return "0".to_owned();
    }
    if (1e-6..1e15).contains(&f64::abs(rounded)) { format!("{rounded}") } else { format!("{rounded:e}") }
}

/// A count and what is counted.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A share, in percent without digits after the point.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", number((share * 100.0).round()))
}

/// The beginning of a text out of a file, so that it can be printed.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 64;
    text.escape_debug().take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_without_the_noise_of_binary_fractions() {
        for (value, text) in [
            (1.0 - 0.85, "0.15"),
            (-0.25, "-0.25"),
            (1_234_567.0, "1234570"),
            (0.0, "0"),
            (-0.0, "0"),
            (1e300, "1e300"),
            (1.5e-9, "1.5e-9"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn one_is_said_differently_from_several() {
        assert_eq!(counted(1, "strategy", "strategies"), "1 strategy");
        assert_eq!(counted(0, "strategy", "strategies"), "0 strategies");
        assert_eq!(percent(0.625), "63 %");
    }

    #[test]
    fn a_text_out_of_a_file_is_shown_in_part_and_without_control_characters() {
        assert_eq!(shown("sharpe"), "sharpe");
        assert_eq!(shown("\u{1b}[31m"), "\\u{1b}[31m");
        assert_eq!(shown(&"x".repeat(100)).len(), 64);
    }
}
