//! In these sources `STD` stands for the standard library and `UNCHECKED` for the keyword: no file of this crate contains
//! either as code. `▶` marks each place that must be refused, and is not part of the source.

mod complexity;
mod constructs;
mod laws;
mod limits;
mod told;

use super::*;

pub(super) const STRATEGIES: [(&str, &str); 8] = [
    ("buy_and_hold", include_str!("../../../../../example-strategies/buy_and_hold.rs")),
    ("donchian_breakout", include_str!("../../../../../example-strategies/donchian_breakout.rs")),
    ("momentum_rotation", include_str!("../../../../../example-strategies/momentum_rotation.rs")),
    ("pairs_spread", include_str!("../../../../../example-strategies/pairs_spread.rs")),
    ("rsi_reversion", include_str!("../../../../../example-strategies/rsi_reversion.rs")),
    ("sma_cross", include_str!("../../../../../example-strategies/sma_cross.rs")),
    ("chaos", include_str!("../../../../../tests/strategies/chaos.rs")),
    ("the template of `new`", include_str!("../../../../src/scaffold/strategy.rs.txt")),
];

const MARK: char = '▶';

/// A source as the compiler would see it.
fn source(written: &str) -> String {
    written.replace("STD", "std").replace("UNCHECKED", concat!("un", "safe")).replace("{{type}}", "MyIdea")
}

/// Line and column of each mark.
fn marks(text: &str) -> Vec<(u32, u32)> {
    let (mut line, mut column, mut found) = (1, 1, Vec::new());
    for c in text.chars() {
        match c {
            MARK => found.push((line, column)),
            '\n' => (line, column) = (line + 1, 1),
            _ => column += 1,
        }
    }
    found
}

fn refusals_of(text: &str) -> Vec<Refusal> {
    inspect(text, &SourceLimits::default()).map_or_else(|found| found.refusals, |()| Vec::new())
}

/// Asserts that exactly the marked places are refused, by this rule.
#[track_caller]
fn refused(rule: &str, written: &str) {
    let marked = source(written);
    let found = refusals_of(&marked.replace(MARK, ""));
    let places: Vec<_> = found.iter().map(|refusal| (refusal.line, refusal.column)).collect();
    assert_eq!(places, marks(&marked), "{marked}\n{found:#?}");
    assert!(found.iter().all(|refusal| refusal.rule == rule), "{marked}\n{found:#?}");
    assert!(!found.is_empty() && RULES.contains(&rule), "`{rule}` is a rule, and a place is marked");
}

/// Asserts that nothing in the source is refused.
#[track_caller]
fn allowed(written: &str) {
    let text = source(written);
    assert_eq!(inspect(&text, &SourceLimits::default()), Ok(()), "{text}");
}

#[test]
fn every_strategy_that_comes_with_stratbox_is_let_through() {
    for (name, text) in STRATEGIES {
        assert_eq!(inspect(&source(text), &SourceLimits::default()), Ok(()), "{name}");
    }
}

#[test]
fn they_stay_a_factor_of_four_below_every_limit() {
    let limits = SourceLimits::default();
    let quarter = SourceLimits {
        bytes: limits.bytes / 4,
        line_bytes: limits.line_bytes / 4,
        tokens: limits.tokens / 4,
        nesting: limits.nesting / 4,
        chain: limits.chain / 4,
    };
    for (name, text) in STRATEGIES {
        assert_eq!(inspect(&source(text), &quarter), Ok(()), "{name}");
    }
}

#[test]
fn they_carry_hardly_any_data() {
    for (name, text) in STRATEGIES {
        let data = literal_data(&source(text), &DataLimits::default());
        assert!(
            !data.is_suspicious && data.numbers < 100 && data.bytes_of_literals < 2_000,
            "{name}: {data:?}"
        );
        assert!(data.numbers > 0 && data.entropy_bits_per_byte > 3.0, "{name}: {data:?}");
    }
}
