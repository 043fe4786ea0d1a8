use super::*;

#[test]
fn a_refusal_says_where_what_why_and_what_to_do_instead() {
    let text = source("// größe\r\nfn f() {\r\n\tlet ä\u{301} = 1; STD::fs::read(\"a\");\r\n}\r\n");
    let found = inspect(&text, &SourceLimits::default()).unwrap_err();
    let read = &found.refusals[1];
    assert_eq!((read.line, read.column, read.rule), (3, 19, "reads_a_file"));
    let path = source("STD::fs");
    assert_eq!(read.message, format!("`{path}`: there are no files in the sandbox, and every call fails"));
    assert_eq!(read.hint, "put what it needs into the source as a constant, or make it a parameter");
    assert_eq!(read.source_line, source(" let ä\u{301} = 1; STD::fs::read(\"a\");"));
    assert_eq!(
        found.to_string().lines().last(),
        Some(format!("3:19: `{path}`: there are no files in the sandbox, and every call fails; put what it needs into the source as a constant, or make it a parameter").as_str())
    );
}

#[test]
fn what_is_shown_of_the_source_is_escaped() {
    let found = refusals_of("let a = \"\u{1b}[31m\u{202e}\";");
    assert_eq!(found[0].source_line, r#"let a = "\u{1b}[31m\u{202e}";"#);
    assert_eq!(found[0].message, "`U+001B` is a control character, which has no place in source text");
    let found = refusals_of("fn é\u{200b}() {}");
    assert!(found.iter().all(|refusal| !refusal.message.contains('\u{200b}')), "{found:?}");
}

#[test]
fn of_a_long_line_the_part_around_the_place_is_shown() {
    let text = format!("let a = [{}\u{202e}{}];", "1, ".repeat(400), "2, ".repeat(400));
    let found = refusals_of(&text);
    assert_eq!(found[0].column, 1_210);
    assert!(found[0].source_line.starts_with("…1, 1,") && found[0].source_line.ends_with('…'), "{found:?}");
    assert!(found[0].source_line.contains(r"1, \u{202e}2, "), "{found:?}");
    assert!(found[0].source_line.chars().count() < 180, "{found:?}");
}

#[test]
fn a_long_name_is_cut() {
    let found = refusals_of(&format!("mod {};", "a".repeat(3_000)));
    assert!(found[0].message.len() < 200, "{found:?}");
}

#[test]
fn every_message_is_a_sentence_with_a_hint() {
    let text = source(
        "UNCHECKED {} extern crate a; mod b; #[path = \"c\"] use STD::{fs, net, process, env, thread, os, time::Instant, io::stdin}; asm!(); #![no_std]",
    );
    let found = refusals_of(&text);
    assert_eq!(found.len(), 14, "{found:#?}");
    for refusal in found {
        assert!(refusal.message.contains('`') && !refusal.message.ends_with('.'), "{refusal:?}");
        assert!(
            !refusal.hint.is_empty() && refusal.hint.starts_with(|c: char| c.is_lowercase()),
            "{refusal:?}"
        );
    }
}

#[test]
fn data_is_counted_where_it_is_and_not_in_comments() {
    let text = "/// 1 2 3 \"documentation\"\n// 4 5\n#[a(default = 20, max = 30)]\nconst A: [(u8, i8); 2] = [(1, -2), (3, 4)];\nconst B: &str = \"abcd\"; const C: &[u8] = b\"ef\"; const D: u8 = b'x'; const E: char = 'y';";
    let data = literal_data(text, &DataLimits::default());
    assert_eq!(data.numbers, 2 + 1 + 4 + 1);
    assert_eq!(data.longest_array, 4);
    assert_eq!(data.bytes_of_literals, 4 + 1 + 4 + 6 + 5 + 4 + 3);
    assert!(!data.is_suspicious);
}

#[test]
fn more_data_than_the_limit_is_suspicious() {
    let numbers = |count: usize| format!("const A: &[u8] = &[{}];", "1, ".repeat(count));
    assert!(!literal_data(&numbers(2_000), &DataLimits::default()).is_suspicious);
    let many = literal_data(&numbers(2_001), &DataLimits::default());
    assert!(many.is_suspicious && many.longest_array == 2_001 && many.entropy_bits_per_byte == 0.0);
    let text = |bytes: usize| format!("const A: &str = \"{}\";", "ab".repeat(bytes / 2 - 1));
    assert!(!literal_data(&text(32 << 10), &DataLimits::default()).is_suspicious);
    let long = literal_data(&text((32 << 10) + 2), &DataLimits::default());
    assert!(long.is_suspicious && long.entropy_bits_per_byte == 1.0, "{long:?}");
    assert!(literal_data("1", &DataLimits { numbers: 0, bytes: 9 }).is_suspicious);
}

#[test]
fn a_text_without_literals_has_no_entropy() {
    assert_eq!(literal_data("fn f() {}", &DataLimits::default()), LiteralData::default());
}
