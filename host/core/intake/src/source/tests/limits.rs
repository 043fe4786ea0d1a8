use super::*;

fn only_rule(text: &str) -> &'static str {
    let refusals = refusals_of(text);
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    refusals[0].rule
}

/// A prefix, something that hangs on itself that many times, and what ends it.
fn deep(begin: &str, times: usize, link: &str, middle: &str, end: &str) -> String {
    format!("fn f() {{ let x = {begin}{}{middle}{}; }}", link.repeat(times), end.repeat(times))
}

#[test]
fn a_text_of_too_many_bytes_is_not_looked_into() {
    let text = " ".repeat((1 << 20) - 1) + "\n";
    assert_eq!(inspect(&text.replace(' ', "\n"), &SourceLimits::default()), Ok(()));
    assert_eq!(only_rule(&(text + "\u{0}")), "too_large");
}

#[test]
fn a_line_of_too_many_bytes_is_refused_once() {
    let line = format!("// {}\n", "é".repeat(2_046));
    assert_eq!(inspect(&line, &SourceLimits::default()), Ok(()), "`{}` bytes and a line end", line.len() - 1);
    let found = refusals_of(&format!("{line}// {}\n{line}", "é".repeat(2_047)));
    assert_eq!((found.len(), found[0].rule, found[0].line, found[0].column), (1, "long_line", 2, 1));
}

#[test]
fn too_many_tokens_are_refused_at_the_first_that_is_too_many() {
    let limits = SourceLimits { tokens: 6, ..SourceLimits::default() };
    assert_eq!(inspect("use a::b; // c d e f g\n/* h i */ j", &limits), Ok(()));
    let found = inspect("use a::b; // c d e f g\n/* h i */ j k l m", &limits).unwrap_err();
    assert_eq!(found.refusals.len(), 1);
    let refusal = &found.refusals[0];
    assert_eq!((refusal.rule, refusal.line, refusal.column), ("too_many_tokens", 2, 13));
}

#[test]
fn brackets_are_counted_whether_or_not_they_match() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("([", "}}"), ("m![", "]")] {
        let nested = |times: usize| open.repeat(times) + &close.repeat(times);
        let per = open.matches(['(', '[', '{']).count();
        assert_eq!(inspect(&nested(128 / per), &SourceLimits::default()), Ok(()), "{open}");
        let found = refusals_of(&nested(128 / per + 1));
        assert_eq!((found.len(), found[0].rule), (1, "deep_nesting"), "{open}");
        assert_eq!(only_rule(&open.repeat(130)), "deep_nesting", "{open}");
    }
    assert_eq!(inspect(&"();\n)]}\n".repeat(1_000), &SourceLimits::default()), Ok(()));
}

#[test]
fn brackets_in_strings_and_comments_do_not_count() {
    let many = "(".repeat(1_000);
    assert_eq!(
        inspect(&format!("// {many}\n/* {many} */ const A: &str = \"{many}\";"), &SourceLimits::default()),
        Ok(())
    );
}

#[test]
fn every_kind_of_chain_is_allowed_at_a_hundred_and_refused_at_a_thousand_and_some() {
    let kinds = [
        ("", "!", "x", ""),
        ("", "- ", "x", ""),
        ("", "&", "x", ""),
        ("", "*", "x", ""),
        ("", "&mut ", "x", ""),
        ("x", "+x", "", ""),
        ("x", " && x", "", ""),
        ("x", " == x", "", ""),
        ("x", ".abs()", "", ""),
        ("x", "?", "", ""),
        ("x", "[0]", "", ""),
        ("x", "()", "", ""),
        ("x", " as u8", "", ""),
        ("", "x = ", "x", ""),
        ("", "|| ", "x", ""),
        ("", "|a, b| ", "x", ""),
        ("", "move |a| ", "x", ""),
        ("", "return ", "x", ""),
        ("", "break ", "x", ""),
        ("", ".. ", "x", ""),
        ("", "if ", "x", " {}"),
        ("", "if x > 0 { 1 } else ", "{ 0 }", ""),
        ("", "'a: ", "loop {}", ""),
        ("a", "::<a", "", ">"),
        ("", "Vec<", "u8", ">"),
        ("", "Result<u8,", "u8", ">"),
        ("", "<", "u8", " as T>::B"),
        ("", "fn() -> ", "u8", ""),
        ("", "impl Fn() -> ", "u8", ""),
        ("", "*const ", "u8", ""),
        ("", "&'a ", "u8", ""),
        ("", "y @ ", "_", ""),
    ];
    for (begin, link, middle, end) in kinds {
        let few = deep(begin, 100, link, middle, end);
        assert_eq!(
            inspect(&few, &SourceLimits { line_bytes: 1 << 20, ..SourceLimits::default() }),
            Ok(()),
            "{link}"
        );
        let many = deep(begin, 1_100, link, middle, end);
        let found =
            inspect(&many, &SourceLimits { line_bytes: 1 << 20, ..SourceLimits::default() }).unwrap_err();
        assert!(found.refusals.iter().all(|refusal| refusal.rule == "long_chain"), "{link}: {found}");
    }
}

#[test]
fn chains_in_brackets_in_chains_add_up() {
    let text = deep("", 60, "!!!!!!!!!!!!!!!!!!!!(", "x", ")");
    assert_eq!(only_rule(&text), "long_chain");
    assert_eq!(inspect(&deep("", 40, "!!!!!!!!!!!!!!!!!!!!(", "x", ")"), &SourceLimits::default()), Ok(()));
}

#[test]
fn what_stands_beside_one_another_does_not_add_up() {
    for beside in [
        "fn f<T: Add + Mul>(a: &T) -> Vec<T> { if a { b } else { c } }\n",
        "#[inline] fn f() { let a = b.c().d() + *e; }\n",
        "const A: [f64; 3] = [-1.0, -2.0, -3.0];\n",
        "impl<'a> A for B<'a> {}\n",
        "struct A { a: Vec<u8>, b: Option<Box<u8>> }\n",
        "use a::b::{c, d::e};\n",
    ] {
        assert_eq!(inspect(&beside.repeat(2_000), &SourceLimits::default()), Ok(()), "{beside}");
    }
    let list = |one: &str| format!("const A: &[f64] = &[\n{}];", one.repeat(2_000));
    assert_eq!(inspect(&list("-1.5 + 2.0,\n"), &SourceLimits::default()), Ok(()));
    assert_eq!(inspect(&list("a.b(|x, y| x < y),\n"), &SourceLimits::default()), Ok(()));
    assert_eq!(inspect(&list("i < 3, a | b, Vec::<u8>::new(),\n"), &SourceLimits::default()), Ok(()));
    let arms = "A::B | A::C(_) if x < 3 => { y.z() }\n&A::D => -1,\n(_, -1) => {}\n".repeat(2_000);
    assert_eq!(inspect(&format!("fn f() {{ match x {{ {arms} }} }}"), &SourceLimits::default()), Ok(()));
}

/// Whatever a text repeats, it has an answer, and the stack holds.
fn answers(piece: &str, times: usize) {
    let limits = SourceLimits { bytes: 1 << 30, tokens: 1 << 30, ..SourceLimits::default() };
    let text = source(piece).repeat(times);
    assert!(inspect(&text, &limits).map_or_else(|found| found.refusals.len() <= 20, |()| true), "{piece}");
    assert!(literal_data(&text, &DataLimits::default()).bytes_of_literals <= text.len(), "{piece}");
}

#[test]
fn a_million_brackets_and_operators_end_in_a_refusal_and_not_in_a_crash() {
    for piece in ["(", "[", "{", "!", "-", "&", "<", "|", "/*"] {
        answers(piece, 1_000_000);
    }
}

#[test]
fn a_hundred_thousand_of_anything_are_answered() {
    for piece in [
        ")",
        "*",
        "?",
        ">",
        "..",
        ".a",
        "#[",
        "::",
        "STD::{",
        "use ",
        "=>",
        "#",
        "else if ",
        "||",
        "->",
        "r#",
        "'",
        "\"",
        "\\",
        "b'",
        "cfg_attr(a,",
        "\u{0}",
        "\u{202e}",
        "é",
        "é ",
        "#\"",
        "0.",
        "UNCHECKED ",
        "include_str!(",
        "STD::fs::",
        "{}",
        "STD::fs,",
        "use STD as s;",
        "\r",
        "\n",
        "#[path]",
        "a::{b,",
        "mod a;",
        "r##\"",
        "'a",
        "1é",
    ] {
        answers(piece, 100_000);
    }
}

#[test]
fn of_many_refusals_the_first_twenty_are_told_and_the_rest_counted() {
    let text = "\u{202e}fn f() { option_env!(\"A\") }\nextern fn g() {}\n".repeat(1_000);
    let found = inspect(&text, &SourceLimits::default()).unwrap_err();
    assert_eq!((found.refusals.len(), found.more), (20, 2_980));
    let places: Vec<_> = found.refusals.iter().map(|refusal| (refusal.line, refusal.column)).collect();
    assert!(places.is_sorted() && places[19] == (13, 11), "{places:?}");
}

#[test]
fn characters_that_are_not_what_they_seem_are_refused_in_strings_and_comments_too() {
    for (c, rule) in [
        ('\u{0}', "control_character"),
        ('\u{7}', "control_character"),
        ('\u{1b}', "control_character"),
        ('\u{7f}', "control_character"),
        ('\u{85}', "control_character"),
        ('\r', "control_character"),
        ('\u{61c}', "bidirectional_control"),
        ('\u{200e}', "bidirectional_control"),
        ('\u{200f}', "bidirectional_control"),
        ('\u{202a}', "bidirectional_control"),
        ('\u{202e}', "bidirectional_control"),
        ('\u{2066}', "bidirectional_control"),
        ('\u{2069}', "bidirectional_control"),
        ('\u{ad}', "invisible_character"),
        ('\u{200b}', "invisible_character"),
        ('\u{200d}', "invisible_character"),
        ('\u{2028}', "invisible_character"),
        ('\u{2060}', "invisible_character"),
        ('\u{3164}', "invisible_character"),
        ('\u{fe00}', "invisible_character"),
        ('\u{feff}', "invisible_character"),
        ('\u{e0001}', "invisible_character"),
        ('\u{e0041}', "invisible_character"),
        ('\u{e0100}', "invisible_character"),
    ] {
        for text in [format!("// a{c}b\n"), format!("const A: &str = \"a{c}b\";"), format!("/* a{c}b */")] {
            assert_eq!(only_rule(&text), rule, "U+{:04X}", u32::from(c));
        }
    }
}

#[test]
fn line_ends_tabs_and_a_byte_order_mark_in_front_are_ordinary() {
    allowed("\u{feff}fn f() {\r\n\tlet a = 1;\r\n}\r\n");
}

#[test]
fn a_selector_of_signs_is_ordinary_behind_a_sign_and_refused_in_a_row() {
    allowed("// ⚠\u{fe0f} ✔\u{fe0e}");
    assert_eq!(only_rule("// ⚠\u{fe0f}\u{fe0f}"), "invisible_character");
    assert_eq!(only_rule("// \u{fe0f}"), "invisible_character");
}

#[test]
fn text_that_does_not_lex_or_parse_is_the_compilers_to_explain() {
    for text in [
        "",
        "fn f( {",
        "}}}",
        "\"",
        "r#\"",
        "/*",
        "'",
        "#\"a\"#",
        "fn fn fn",
        "1e",
        "0x",
        "“x”",
        "a # b",
        "---\n---\n",
    ] {
        assert_eq!(inspect(text, &SourceLimits::default()), Ok(()), "{text}");
    }
}

#[test]
fn a_shebang_cannot_hide_what_is_behind_it() {
    let found = refusals_of("#!/bin/x /* \"\noption_env!(\"A\");");
    assert_eq!((found.len(), found[0].line), (1, 2));
    let found = refusals_of("\u{feff}#!/bin/x /* \"\noption_env!(\"A\");");
    assert_eq!((found.len(), found[0].line), (1, 2));
}
