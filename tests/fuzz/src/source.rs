use stratbox_domain::must_be_escaped;
use stratbox_intake::source::{DataLimits, RULES, Refusals, SourceLimits, complexity, inspect, literal_data};

/// Limits that small texts reach.
const TIGHT: SourceLimits =
    SourceLimits { bytes: 1 << 20, line_bytes: 40, tokens: 200, nesting: 4, chain: 8 };

/// Text into the source gate, which answers with reasons that name places in it; and into the measures of its literals and of its
/// complexity.
///
/// # Panics
/// A reason names no rule, no place, or would do something to a terminal; or a measure is out of its range.
pub fn source(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let data = literal_data(text, &DataLimits::default());
    assert!(data.bytes_of_literals <= text.len() && data.numbers <= text.len());
    assert!(data.longest_array <= text.len() && (0.0..=8.0).contains(&data.entropy_bits_per_byte));
    let measured = complexity(text);
    assert!((1..=measured.tokens + 1).contains(&measured.cyclomatic));
    assert!(measured.tokens as usize <= text.len() && measured.lines as usize <= text.len());
    for limits in [SourceLimits::default(), TIGHT] {
        if let Err(refusals) = inspect(text, &limits) {
            told(&refusals, text);
        }
    }
}

fn told(refusals: &Refusals, text: &str) {
    let lines: Vec<&str> = text.split('\n').collect();
    let first = &refusals.refusals;
    assert!((1..=20).contains(&first.len()) && (refusals.more == 0 || first.len() == 20));
    assert!(first.is_sorted_by_key(|refusal| (refusal.line, refusal.column)));
    for refusal in first {
        assert!(RULES.contains(&refusal.rule) && !refusal.message.is_empty() && !refusal.hint.is_empty());
        let line = lines[refusal.line as usize - 1];
        assert!((1..=line.chars().count() + 1).contains(&(refusal.column as usize)));
        let said = format!("{refusal}{}", refusal.source_line);
        assert!(said.len() < 8_000 && !said.chars().any(must_be_escaped), "{said:?}");
    }
}

/// Strategies, and a text that breaks most of the rules.
pub(crate) fn samples() -> Vec<Vec<u8>> {
    [
        include_str!("../../../example-strategies/buy_and_hold.rs"),
        include_str!("../../../example-strategies/pairs_spread.rs"),
        include_str!("../../strategies/chaos.rs"),
        concat!(include_str!("../samples/refused.rs.txt"), "/// \u{202e}\u{200b}\u{7}\n"),
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
