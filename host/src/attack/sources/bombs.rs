//! Small sources that become large when they are compiled. Each ends at a limit of the compiler's own or of its jail; those
//! that would use all of the time that there is are few.

use std::fmt::Write;

use super::told::is_plain;
use super::{Bypassed, Case, Expected, case, plain, refused, strategy, within};

pub(super) fn cases() -> Vec<Case> {
    let mut all = values();
    all.extend(expansion());
    all.extend(types());
    all.extend(depth());
    all.extend(size());
    all
}

fn table() -> String {
    strategy(
        "static TABLE: [u8; 1_000] = [7; 1_000];",
        "log::info(format!(\"{}\", TABLE[self.bars as usize]));",
    )
}

fn large(length: &str, byte: u8) -> String {
    let items = format!("static TABLE: [u8; {length}] = [{byte}; {length}];");
    strategy(&items, "log::info(format!(\"{}\", TABLE[self.bars as usize]));")
}

/// Constants.
fn values() -> Vec<Case> {
    vec![
        case(
            "a_constant_without_an_end",
            Expected::Compile,
            || {
                let items = "const ENDLESS: u64 = { let mut i = 0_u64; loop { i = i.wrapping_add(1); if i == u64::MAX { break i; } } };";
                strategy(items, "log::info(format!(\"{ENDLESS}\"));")
            },
            plain,
        ),
        case(
            "a_constant_that_depends_on_itself",
            Expected::Compile,
            || {
                let items = "struct Own<const N: usize>; impl<const N: usize> Own<N> { const VALUE: usize = Own::<7>::VALUE + N; }";
                strategy(items, "log::info(format!(\"{}\", Own::<7>::VALUE));")
            },
            plain,
        ),
        case(
            "a_constant_of_a_gibibyte",
            Expected::Compile,
            || {
                let items =
                    "const SUM: usize = { let a = [0_u64; 1 << 27]; let b = a; b[3] as usize + a.len() };";
                strategy(items, "log::info(format!(\"{SUM}\"));")
            },
            plain,
        ),
        case("a_static_of_two_gibibytes", Expected::Compile, || large("1 << 31", 0), table),
        case("a_static_of_almost_two_gibibytes", Expected::Compile, || large("(1 << 31) - 1", 7), table),
        case("a_static_of_a_hundred_mebibytes", Expected::Compile, || large("100 << 20", 0), table),
        case(
            "an_array_of_more_than_there_is",
            Expected::Compile,
            || {
                strategy(
                    "",
                    "let all = [0_u8; 1_usize << 31]; log::info(format!(\"{}\", all[self.bars as usize]));",
                )
            },
            table,
        ),
    ]
}

/// Macros.
fn expansion() -> Vec<Case> {
    let control =
        || strategy("macro_rules! one { ($($x:tt)*) => { 1 } }", "log::info(format!(\"{}\", one!(a b c)));");
    vec![
        case(
            "a_macro_that_doubles",
            Expected::Compile,
            || strategy("macro_rules! twice { ($($x:tt)*) => { twice!{$($x)* $($x)*} } }\ntwice!{a}", ""),
            control,
        ),
        case(
            "a_macro_that_calls_itself",
            Expected::Compile,
            || strategy("macro_rules! more { ($($x:tt)*) => { more!{$($x)* a} } }\nmore!{}", ""),
            control,
        ),
        refused(
            "a_macro_that_may_call_itself_a_million_times",
            ("crate_attribute", Bypassed::Compile),
            || {
                within(
                    "#![recursion_limit = \"1000000\"]",
                    "macro_rules! more { ($($x:tt)*) => { more!{$($x)* a} } }\nmore!{}",
                    "",
                )
            },
            control,
        ),
        case(
            "a_macro_with_a_billion_leaves",
            Expected::Compile,
            || {
                let items = format!(
                    "macro_rules! tree {{ () => {{}}; (x $($rest:tt)*) => {{ tree!{{$($rest)*}} tree!{{$($rest)*}} }} }}\ntree!{{{}}}",
                    "x ".repeat(30)
                );
                strategy(&items, "")
            },
            control,
        ),
        case(
            "a_struct_of_five_thousand_fields",
            Expected::Compile,
            || {
                let mut fields = String::new();
                for index in 0..5_000 {
                    let _ = writeln!(fields, "    field_{index}: u64,");
                }
                let items = format!(
                    "#[derive(Clone, Debug, Default, PartialEq, PartialOrd)]\nstruct Wide {{\n{fields}}}"
                );
                strategy(&items, "log::info(format!(\"{}\", Wide::default().field_7));")
            },
            plain,
        ),
    ]
}

/// Types and traits.
fn types() -> Vec<Case> {
    vec![
        case(
            "a_trait_that_needs_itself",
            Expected::Compile,
            || {
                let items = "trait T {} struct A<X>(X); impl<X> T for A<X> where A<A<X>>: T {} fn f<X: T>() {}";
                strategy(items, "f::<A<u8>>();")
            },
            plain,
        ),
        case(
            "a_function_of_ever_larger_types",
            Expected::Compile,
            || {
                let items = "fn f<T: Copy>(t: T, n: u64) -> u64 { if n == 0 { 0 } else { f((t, t), n - 1) } }";
                strategy(items, "log::info(format!(\"{}\", f(1_u8, self.bars)));")
            },
            plain,
        ),
        case(
            "a_type_that_doubles_forty_times",
            Expected::Compile,
            || {
                let body = format!("let a = 1_u8; {} log::info(std::any::type_name_of_val(&a));", "let a = f(a); ".repeat(40));
                strategy("fn f<T: Copy>(t: T) -> (T, T) { (t, t) }", &body)
            },
            plain,
        ),
        case("the_name_of_a_type_of_megabytes", Expected::Component(&["too_much_data"]), || {
            let body = format!("let a = 1_u8; {} log::info(std::any::type_name_of_val(&a));", "let a = f(a); ".repeat(16));
            strategy("fn f<T>(t: T) -> Option<(T, Vec<T>)> { Some((t, Vec::new())) }", &body)
        }, plain),
        case("an_error_about_a_long_type", Expected::Compile, || {
            let name = "A".repeat(1_500);
            let items = format!("#[derive(Clone, Copy)] struct {name}<T>(T);\nfn f<T: Copy>(t: T) -> (T, {name}<T>) {{ (t, {name}(t)) }}");
            strategy(&items, &format!("let a = 1_u8; {} let b: () = a;", "let a = f(a); ".repeat(8)))
        }, plain)
        .also(is_plain),
        case("patterns_of_every_combination", Expected::Compile, || {
            let row = |i: usize| {
                let place = |j: usize| if i == j { "E::A" } else if (i + 11) % 12 == j { "E::B" } else { "_" };
                format!("({}) => {i},", (0..12).map(place).collect::<Vec<_>>().join(", "))
            };
            let rows: Vec<String> = (0..12).map(row).collect();
            let items = format!(
                "#[derive(Clone, Copy)] enum E {{ A, B, C, D, F, G }}\n#[inline(never)] fn f(e: ({})) -> u8 {{ match e {{\n{}\n}} }}",
                "E, ".repeat(12),
                rows.join("\n")
            );
            strategy(&items, &format!("log::info(format!(\"{{}}\", f(({}))));", "E::A, ".repeat(12)))
        }, plain),
        // The one case that takes all of the time that there is.
        case("functions_that_double_when_they_are_inlined", Expected::Compile, || {
            let mut items = "#[inline(always)] fn f0(x: u64) -> u64 { x.rotate_left(7) ^ 3 }\n".to_owned();
            for index in 1..26 {
                let inner = index - 1;
                let _ = writeln!(
                    items,
                    "#[inline(always)] fn f{index}(x: u64) -> u64 {{ f{inner}(x).wrapping_add(f{inner}(x ^ {index})) }}"
                );
            }
            strategy(&items, "log::info(format!(\"{}\", f25(self.bars)));")
        }, plain),
        case("modules_that_import_one_another", Expected::Nothing, || {
            let items = "#[allow(unused_imports)] mod a { pub use super::b::*; pub use super::c::*; }
#[allow(unused_imports)] mod b { pub use super::a::*; pub use super::c::*; }
#[allow(unused_imports)] mod c { pub use super::a::*; pub use super::b::*; pub const ONE: u8 = 1; }";
            strategy(items, "log::info(format!(\"{}\", a::ONE));")
        }, plain),
    ]
}

/// Lines of at most a thousand bytes, so that it is the depth that counts.
fn lines(piece: &str, count: usize) -> String {
    let in_a_line = (1_000 / piece.len()).max(1);
    let line = piece.repeat(in_a_line) + "\n";
    line.repeat(count / in_a_line) + &piece.repeat(count % in_a_line)
}

/// What makes the compiler call itself.
fn depth() -> Vec<Case> {
    const BRACKETS: (&str, Bypassed) = ("deep_nesting", Bypassed::Compile);
    const CHAIN: (&str, Bypassed) = ("long_chain", Bypassed::Compile);
    vec![
        refused(
            "ten_thousand_brackets",
            BRACKETS,
            || strategy("", &format!("let x = {}1{}; let _ = x;", lines("(", 10_000), lines(")", 10_000))),
            || strategy("", "let x = ((((1)))); let _ = x;"),
        ),
        refused(
            "ten_thousand_negations",
            CHAIN,
            || strategy("", &format!("let x = {}true; let _ = x;", lines("!", 10_000))),
            || strategy("", "let x = !!true; let _ = x;"),
        ),
        refused(
            "ten_thousand_ranges",
            CHAIN,
            || strategy("", &format!("let x = {}; let _ = x;", lines(".. ", 10_000))),
            || strategy("", "let x = .. ; let _: std::ops::RangeFull = x;"),
        ),
        refused(
            "a_sum_of_a_mebibyte",
            CHAIN,
            || strategy("", &format!("let x = bar.time{}; let _ = x;", lines(" + 1", 200_000))),
            || strategy("", "let x = bar.time + 1 + 1; let _ = x;"),
        ),
        refused(
            "five_thousand_conditions",
            ("long_chain", Bypassed::Harmless),
            || strategy("", &format!("{} {{}}", lines("if self.bars == 0 {} else ", 5_000))),
            || strategy("", "if self.bars == 0 {} else if self.bars == 1 {}"),
        ),
        refused(
            "five_thousand_references",
            CHAIN,
            || strategy(&format!("#[allow(dead_code)] type Far = {}u8;", lines("& ", 5_000)), ""),
            || strategy("#[allow(dead_code)] type Far = &'static u8;", ""),
        ),
        // As deep as the gate allows: the compiler must come through.
        case(
            "closures_in_brackets_as_deep_as_allowed",
            Expected::Nothing,
            || {
                let closures = lines("|| ", 400);
                strategy(
                    "",
                    &format!("let x = {}{closures}1{}; let _ = x;", "[".repeat(100), "]".repeat(100)),
                )
            },
            || strategy("", "let x = [[|| || 1]]; let _ = x;"),
        ),
    ]
}

/// Much of everything.
fn size() -> Vec<Case> {
    vec![
        refused(
            "more_than_a_mebibyte",
            ("too_large", Bypassed::Harmless),
            || plain() + &"// nothing\n".repeat(100_000),
            plain,
        ),
        refused(
            "a_line_of_a_hundred_kilobytes",
            ("long_line", Bypassed::Harmless),
            || plain() + "// " + &"nothing ".repeat(12_500),
            plain,
        ),
        refused(
            "half_a_million_tokens",
            ("too_many_tokens", Bypassed::Harmless),
            || {
                strategy(
                    &format!(
                        "macro_rules! drop {{ ($($x:tt)*) => {{}} }}\ndrop! {{ {} }}",
                        "a b c d e f g h\n".repeat(62_500)
                    ),
                    "",
                )
            },
            plain,
        ),
        case("a_mebibyte_of_comments", Expected::Nothing, || plain() + &"// nothing\n".repeat(90_000), plain),
        case(
            "a_flood_of_warnings",
            Expected::Nothing,
            || {
                let mut items = String::new();
                for index in 0..20_000 {
                    let _ = writeln!(items, "fn unused_{index}() {{}}");
                }
                strategy(&items, "log::info(\"in\");")
            },
            plain,
        ),
        case(
            "a_flood_of_errors",
            Expected::Compile,
            || strategy(&format!("fn f() {{\n{}}}", "u();\n".repeat(4_000)), ""),
            plain,
        )
        .also(is_plain),
    ]
}
