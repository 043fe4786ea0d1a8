use proptest::prelude::*;

use super::*;

/// Pieces of which the rules know something.
const SOUP: [&str; 64] = [
    "STD",
    "core",
    "alloc",
    "::",
    ":",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "self",
    "as",
    "use",
    "fs",
    "time",
    "Instant",
    "io",
    "stdin",
    "*",
    ",",
    ";",
    "#",
    "!",
    "cfg_attr",
    "path",
    "UNCHECKED",
    "extern",
    "crate",
    "mod",
    "a",
    "r#a",
    "'a",
    "'a'",
    "\"",
    "r#\"",
    "\"#",
    "b'",
    "0",
    "1.5e3",
    "//",
    "/*",
    "*/",
    "\n",
    " ",
    "<",
    ">",
    "|",
    "=>",
    "->",
    "=",
    "&",
    "else",
    "if",
    "return",
    "include_str",
    "env",
    "asm",
    "é",
    "\u{202e}",
    "$",
    "?",
    ".",
    "\\",
];

fn soup() -> impl Strategy<Value = String> {
    proptest::collection::vec((0..SOUP.len(), any::<bool>()), 0..200).prop_map(|pieces| {
        let text: String = pieces
            .iter()
            .flat_map(|(piece, spaced)| [SOUP[*piece], if *spaced { " " } else { "" }])
            .collect();
        source(&text)
    })
}

fn mutated() -> impl Strategy<Value = String> {
    let edits = proptest::collection::vec((any::<prop::sample::Index>(), 0..40_usize, 0..SOUP.len()), 1..8);
    (0..STRATEGIES.len(), edits).prop_map(|(which, edits)| {
        let mut text: Vec<char> = source(STRATEGIES[which].1).chars().collect();
        for (at, removed, piece) in edits {
            let at = at.index(text.len() + 1);
            let end = (at + removed).min(text.len());
            text.splice(at..end, source(SOUP[piece]).chars());
        }
        text.into_iter().collect()
    })
}

/// That the answer has the form that is promised, whatever it is.
fn check(text: &str) {
    let data = literal_data(text, &DataLimits::default());
    assert!(data.bytes_of_literals <= text.len() && (0.0..=8.0).contains(&data.entropy_bits_per_byte));
    let measured = complexity(text);
    assert!(measured.cyclomatic >= 1 && measured.cyclomatic <= measured.tokens + 1, "{measured:?}");
    assert!(measured.lines <= text.split('\n').count() as u64, "{measured:?}");
    for limits in [
        SourceLimits::default(),
        SourceLimits { bytes: 1 << 20, line_bytes: 20, tokens: 50, nesting: 2, chain: 5 },
    ] {
        let Err(found) = inspect(text, &limits) else { continue };
        assert!((1..=20).contains(&found.refusals.len()) && (found.more == 0 || found.refusals.len() == 20));
        let places: Vec<_> = found.refusals.iter().map(|refusal| (refusal.line, refusal.column)).collect();
        assert!(places.is_sorted());
        let lines: Vec<&str> = text.split('\n').collect();
        for refusal in found.refusals {
            assert!(RULES.contains(&refusal.rule) && !refusal.hint.is_empty());
            let line = lines[refusal.line as usize - 1];
            assert!((refusal.column as usize) <= line.chars().count() + 1);
            let shown = [&refusal.message, &refusal.source_line].map(String::as_str).concat();
            assert!(!shown.chars().any(stratbox_domain::must_be_escaped), "{shown:?}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,200}|[\\x00-\\u{ffff}]{0,200}") {
        check(&text);
    }

    #[test]
    fn any_row_of_tokens_has_an_answer(text in soup()) {
        check(&text);
    }

    #[test]
    fn any_changed_strategy_has_an_answer(text in mutated()) {
        check(&text);
    }

    #[test]
    fn what_is_quoted_is_never_refused_for_what_it_says(text in soup()) {
        let text = text.replace(['\u{202e}', '\\'], "");
        let hashes = "#".repeat(9);
        for quoted in [
            format!("const A: &str = r{hashes}\"{text}\"{hashes};"),
            text.lines().map(|line| format!("/// {line}\n")).collect(),
            format!("/* {} */", text.replace(['/', '*'], "")),
        ] {
            prop_assert_eq!(inspect(&quoted, &SourceLimits::default()), Ok(()));
        }
    }

    #[test]
    fn a_refusal_inside_a_strategy_is_found_between_any_two_lines(which in 0..STRATEGIES.len(), at in any::<prop::sample::Index>()) {
        let text = source(STRATEGIES[which].1);
        let mut lines: Vec<&str> = text.lines().collect();
        let at = at.index(lines.len() + 1);
        lines.insert(at, "option_env!(\"A\");");
        let found = refusals_of(&lines.join("\n"));
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!((found[0].line as usize, found[0].column, found[0].rule), (at + 1, 1, "reads_the_environment"));
    }
}
