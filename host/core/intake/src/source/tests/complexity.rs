use super::*;

/// The decisions of a source: one less than its number.
fn decisions(text: &str) -> u64 {
    complexity(text).cyclomatic - 1
}

#[test]
fn every_strategy_that_comes_with_stratbox_has_a_complexity() {
    for (name, text) in STRATEGIES {
        let measured = complexity(&source(text));
        assert!((2..60).contains(&measured.cyclomatic), "{name}: {measured:?}");
        assert!((100..2_500).contains(&measured.tokens), "{name}: {measured:?}");
        let lines = text.lines().filter(|line| !line.trim().is_empty()).count() as u64;
        assert!((10..=lines).contains(&measured.lines), "{name}: {measured:?} of {lines}");
    }
}

#[test]
fn holding_is_simpler_than_following_a_trend() {
    let of =
        |name: &str| STRATEGIES.iter().find(|(it, _)| *it == name).map(|(_, text)| complexity(text)).unwrap();
    let (hold, cross) = (of("buy_and_hold"), of("sma_cross"));
    assert!(hold.cyclomatic < cross.cyclomatic && hold.tokens < cross.tokens && hold.lines < cross.lines);
}

#[test]
fn each_way_to_decide_is_counted_once() {
    for (text, expected) in [
        ("", 0),
        ("fn f() { g(); }", 0),
        ("fn f() { if a { b() } else { c() } }", 1),
        ("fn f() { if a { b() } else if c { d() } }", 2),
        ("fn f() { while let Some(x) = next() { for y in x { loop { break } } } }", 3),
        ("fn f() { 'out: for x in y { for z in x { continue 'out } } }", 2),
        ("fn f() -> u8 { match x { 0 => 1, 1 | 2 => 2, n if n > 5 => 3, _ => 4 } }", 5),
        ("fn f() -> Option<u8> { let Some(a) = b else { return None }; c? + d()?.e? }", 4),
        ("fn f() -> bool { a && b || !c && (d || x[0] || 5 > 4 && true) }", 6),
    ] {
        assert_eq!(decisions(text), expected, "{text}");
    }
}

#[test]
fn what_only_looks_like_a_decision_is_none() {
    for text in [
        "impl Strategy for Mine {}",
        "impl<T> From<Vec<T>> for Mine<T> {}",
        "fn f<F>(f: F) where F: for<'a> Fn(&'a u8) {}",
        "fn f(a: &&str, b: &'static &&u8) -> &&u8 { let c = &&a; f(&&c, || 1, move || 2); return &&d; }",
        "fn f() { x.filter(|&&y| y).map(|| 0); let g = || {}; }",
        "fn f<T: ?Sized, U: Copy + ?Sized>(t: &T) { a & b | c; }",
        "// if while for && ||\n/* match x { 1 => 2 } */ const A: &str = \"if a && b\";",
        "fn r#if() { r#match(); }",
    ] {
        assert_eq!(decisions(text), 0, "{text}");
    }
}

#[test]
fn the_definition_of_a_macro_holds_no_decisions_and_what_follows_it_does() {
    let definition = "macro_rules! m { ($x:expr) => { if $x { 1 } else { 2 } }; () => { a && b } }";
    assert_eq!(decisions(definition), 0);
    assert_eq!(decisions(&format!("{definition} fn f() {{ if a {{}} }}")), 1);
    assert!(complexity(definition).tokens > 20, "its tokens are there all the same");
}

#[test]
fn what_is_compiled_for_tests_alone_is_left_out() {
    let own = "fn f() -> u8 { if a { 1 } else { 2 } }\n";
    let expected = complexity(own);
    for test in [
        "#[cfg(test)]\nmod tests {\n  fn g() { if b {} }\n}",
        "#[cfg(test)]\n#[allow(x)]\npub(crate) fn g() -> [u8; 2] { loop {} }",
        "#[cfg(test)] use a::{b, c};",
        "#[cfg(test)] const A: [u8; 2] = { if b { [1; 2] } else { [2; 2] } };",
        "#[cfg(test)] pub const fn g() { while b {} }",
        "#[cfg(test)] mod tests;",
        "#![cfg(test)]\nfn g() { if b {} }",
    ] {
        assert_eq!(complexity(&format!("{own}{test}")), expected, "{test}");
    }
    let field = complexity("struct S { #[cfg(test)] a: Vec<(u8, u8)>, b: u8 }");
    assert_eq!(field, complexity("struct S { b: u8 }"));
}

#[test]
fn what_is_compiled_for_more_than_tests_stays() {
    let plain = decisions("fn g() { if b {} }");
    for attribute in ["#[cfg(not(test))]", "#[cfg(feature = \"test\")]", "#[test]", "#[cfg_attr(test, x)]"] {
        assert_eq!(decisions(&format!("{attribute} fn g() {{ if b {{}} }}")), plain, "{attribute}");
    }
    assert_eq!(decisions("mod m { #![cfg(test)] fn g() { if b {} } } fn h() { if c {} }"), 1);
}

#[test]
fn lines_are_those_with_a_token_and_a_text_over_several_is_on_each() {
    let lines = |text: &str| complexity(text).lines;
    assert_eq!(lines("fn f() {\n\n  // nothing\n  a(); b();\n}\n"), 3);
    assert_eq!(lines("const A: &str = \"one\ntwo\nthree\"; const B: u8 = 0;\n"), 3);
    assert_eq!((lines(""), lines("\n\n"), lines("a\r\nb")), (0, 0, 2));
}

#[test]
fn a_hostile_text_is_measured_in_a_time_that_grows_with_its_length() {
    let most = SourceLimits::default().tokens as u64;
    for piece in [
        "macro_rules!a{",
        "#[cfg(test)]",
        "#[cfg(test)]#![cfg(test)]",
        "if(",
        "&&",
        "}",
        "#[cfg(test)]{",
        "for ",
    ] {
        let text = piece.repeat((1 << 20) / piece.len());
        let measured = complexity(&text);
        assert!(measured.tokens <= most && measured.cyclomatic <= most + 1, "{piece}: {measured:?}");
    }
}
