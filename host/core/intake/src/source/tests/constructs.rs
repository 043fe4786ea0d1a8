use super::{allowed, refused};

#[test]
fn unchecked_code_is_refused_wherever_it_hides() {
    refused(
        concat!("un", "safe_code"),
        "fn f() { ▶UNCHECKED { } }\n▶UNCHECKED fn g() {}\n▶UNCHECKED impl Send for A {}\nmacro_rules! m { () => { ▶UNCHECKED {} } }\nm!(▶UNCHECKED)",
    );
    allowed(
        "// UNCHECKED\n/// UNCHECKED {}\nfn f() -> &'static str { r#\"UNCHECKED {}\"# }\n#![allow(UNCHECKED_code)]",
    );
}

#[test]
fn an_attribute_inside_the_unchecked_one_is_named_too() {
    let found = super::refusals_of(&super::source("#[UNCHECKED(no_mangle)] pub fn f() {}"));
    let rules: Vec<_> = found.iter().map(|refusal| (refusal.column, refusal.rule)).collect();
    assert_eq!(rules, [(3, concat!("un", "safe_code")), (10, "shapes_the_binary")]);
}

#[test]
fn assembler_is_refused() {
    refused(
        "assembler",
        "use core::arch::▶asm;\nfn f() { ▶asm!(\"nop\"); core::arch::▶asm!(\"\"); }\n▶global_asm!(\"\");\n▶naked_asm!(\"\");\n#[▶naked] fn g() {}",
    );
    allowed("fn asm() -> bool { let asm = 1; asm != (2) } // asm!(\"nop\")");
}

#[test]
fn files_are_refused_when_compiled() {
    refused(
        "reads_a_file",
        "const A: &str = ▶include_str!(\"a\");\nconst B: &[u8] = STD::▶include_bytes!(\"b\");\n▶include!(\"c\");\n#[doc = ▶include_str!(\"d\")]\nconst E: &str = r#▶include_str!(\"e\");"
            .replace("r#▶", "▶r#")
            .as_str(),
    );
    allowed(
        "fn include(include: i32) -> bool { include != (1) && include_self!(include) }\n// include!(\"c\")\nconst A: &str = \"include_str!(a)\";",
    );
}

#[test]
fn files_are_refused_when_a_macro_makes_the_call_or_a_use_renames_it() {
    refused(
        "reads_a_file",
        "macro_rules! m { ($p:literal) => { const X: &str = ▶include_str!($p); } }\ncall!(▶include_bytes, \"a\");\nuse STD::▶include_str as text;\nuse core::{▶include as more};",
    );
}

#[test]
fn files_are_refused_when_run() {
    refused(
        "reads_a_file",
        "use STD::▶fs::File;\nuse STD::{collections::BTreeMap, ▶fs::{self, File}};\nuse STD::{▶fs as disk};\nuse ::STD::▶fs;\nfn f() { ::STD::▶fs::read(\"a\"); r#STD::▶fs::read(\"b\"); STD :: ▶fs::read(\"c\"); }",
    );
    allowed(
        "mod fs { pub fn read() {} }\nfn f() { fs::read(); self::fs::read(); mine::STD::fs::read(); let fs = 1; }\nuse STD::{collections::{BTreeMap, HashMap}, fmt};",
    );
}

#[test]
fn a_renamed_standard_library_is_followed() {
    refused(
        "reads_a_file",
        "fn f() { s::▶fs::read(\"a\"); }\nuse STD as s;\nuse s::▶fs;\nuse {STD as t, STD::fmt};\nfn g() { t::▶fs::read(\"b\") }",
    );
    refused("reads_a_file", "use STD::*;\nfn f() { ▶fs::read(\"a\"); }");
    allowed("use mine as s;\nfn f() { s::fs::read(\"a\"); }\nuse STD as t; fn g() { t::mem::swap(a, b) }");
}

#[test]
fn the_network_is_refused() {
    refused("uses_the_network", "use STD::▶net::TcpStream;\nuse core::▶net::IpAddr;");
    allowed("struct net; fn f(net: f64) -> f64 { my::net::profit(net) }");
}

#[test]
fn processes_are_refused() {
    refused("starts_processes", "use STD::{▶process::{self, Command}};\nfn f() { STD::▶process::exit(1) }");
    allowed("fn process(process: u8) { process; panic!(\"STD::process::abort\") }");
}

#[test]
fn the_environment_is_refused() {
    refused(
        "reads_the_environment",
        "const A: &str = ▶env!(\"PATH\");\nconst B: Option<&str> = STD::▶option_env!(\"B\");\nfn f() { STD::▶env::var(\"C\"); STD::▶env!(\"D\"); }\nuse STD::▶env as e;",
    );
    allowed("fn f(env: u8) -> bool { let environment = env; env != (3) && !env == [1] && env::of(2) }");
}

#[test]
fn threads_are_refused() {
    refused("starts_threads", "use STD::▶thread;\nfn f() { STD::▶thread::sleep(d) }");
    allowed(
        "thread_local! { static A: u8 = 1; }\nSTD::thread_local! { static B: u8 = 1; }\nstatic mut C: u8 = 1;",
    );
}

#[test]
fn clocks_are_refused_and_durations_are_not() {
    refused(
        "reads_a_clock",
        "use STD::time::{Duration, ▶Instant};\nfn f() { STD::time::▶SystemTime::now(); }\nuse STD::time::▶UNIX_EPOCH as e;",
    );
    allowed(
        "use STD::time::Duration;\nuse core::time::{self, Duration as D};\nstruct Instant; fn f() { Instant::now(); time::Duration::from_secs(1); }",
    );
}

#[test]
fn clocks_are_refused_through_the_name_of_their_module() {
    refused("reads_a_clock", "use STD::time;\nfn f() { time::▶Instant::now(); self::time::Instant::now() }");
    refused("reads_a_clock", "use STD::{time::{self, Duration}};\nfn f() { time::▶Instant::now() }");
    refused("reads_a_clock", "use STD::{fmt, time as t};\nfn f() { t::▶SystemTime::now() }");
    refused("reads_a_clock", "use STD::time::*;\nfn f() { ▶Instant::now() }");
    allowed("mod time { pub struct Instant; }\nfn f() { time::Instant::new() }");
}

#[test]
fn input_is_refused_and_the_traits_of_reading_are_not() {
    refused("reads_input", "use STD::io::{self, Read};\nfn f() { io::▶stdin(); STD::io::▶stdin(); }");
    allowed(
        "use STD::io::{self, Write};\nfn f(out: &mut Vec<u8>) -> io::Result<()> { out.write_all(b\"a\") }",
    );
}

#[test]
fn the_platform_is_refused() {
    refused("names_the_platform", "use STD::▶os::raw::c_int;");
    allowed("use STD::{cmp::Ordering, ops::Add, option};");
}

#[test]
fn a_module_without_a_body_is_refused() {
    refused("second_file", "▶mod other;\npub ▶mod r#more;\nmacro_rules! m { ($n:ident) => { ▶mod $n; } }");
    refused("second_file", "#[▶path = \"x.rs\"] mod a {}\n#[cfg_attr(all(), ▶path = \"y.rs\")] mod b {}");
    allowed(
        "mod other { pub fn f() {} }\nuse STD::path::Path;\n#[param(path = \"x\")] struct A { path: u8 }\n#[cfg_attr(path, inline)] fn g() {}",
    );
}

#[test]
fn another_crate_is_refused() {
    refused("extern_crate", "▶extern crate alloc;\n▶extern crate self as me;");
    allowed("use alloc::vec::Vec;\nfn r#extern() {}\n// extern crate alloc;");
}

#[test]
fn foreign_functions_are_refused() {
    refused(
        "foreign_functions",
        "▶extern \"C\" { fn f(); }\npub ▶extern \"C\" fn g() {}\n▶extern fn h() {}\ntype F = ▶extern \"C\" fn();",
    );
    allowed("type F = fn(u8) -> u8;\nfn f() -> &'static str { \"extern \\\"C\\\" {}\" }");
}

#[test]
fn what_decides_the_components_symbols_is_refused() {
    refused(
        "shapes_the_binary",
        "#[▶no_mangle] pub fn a() {}\n#[▶export_name = \"b\"] pub fn b() {}\n#[▶link_section = \"c\"] static C: u8 = 1;\n#![▶link(name = \"d\")]\n#[cfg_attr(test, inline, ▶used)] static E: u8 = 1;\n#[cfg_attr(a, cfg_attr(b, ▶r#no_mangle))] fn f() {}",
    );
    allowed(
        "#[inline]\n#[must_use]\n#[cfg(no_mangle)]\n#[doc = \"no_mangle\"]\n#[derive(link)] fn link(used: bool) { let a = [no_mangle]; }",
    );
}

#[test]
fn what_replaces_the_runtime_is_refused() {
    refused(
        "replaces_the_runtime",
        "#[▶global_allocator] static A: B = B;\n#[▶panic_handler] fn f() {}\n#[core::prelude::v1::▶global_allocator] static C: D = D;",
    );
    allowed("fn global_allocator() {} fn panic_handler() { global_allocator() }");
}

#[test]
fn features_of_another_compiler_are_refused() {
    refused("unstable_feature", "#![▶feature(asm_experimental_arch)]\n#![ ▶feature ( x ) ]");
    allowed("#[cfg(feature = \"fast\")] fn feature() {}");
}

#[test]
fn attributes_of_a_crate_are_refused() {
    refused(
        "crate_attribute",
        "#![▶no_std]\n#![▶crate_name = \"a\"]\n#![▶crate_type = \"cdylib\"]\n#![▶recursion_limit = \"9999\"]\n#![▶type_length_limit = \"9\"]",
    );
    allowed("#![allow(dead_code)]\n#![warn(missing_docs)]\nconst recursion_limit: u8 = 1;");
}

#[test]
fn procedural_macros_are_refused() {
    refused("procedural_macro", "#[▶proc_macro_derive(A)] pub fn a() {}\n#[▶proc_macro] pub fn b() {}");
    allowed("macro_rules! proc_macro { () => {} }\nproc_macro!();");
}

#[test]
fn instructions_that_the_sandbox_lacks_are_refused() {
    refused("target_feature", "#[▶target_feature(enable = \"simd128\")] fn f() {}");
    allowed("#[cfg(target_feature = \"simd128\")] fn f() {}");
}

#[test]
fn names_of_other_letters_are_refused_and_text_of_them_is_not() {
    refused(
        "non_ascii_name",
        "let ▶сlose = 1;\nfn f<▶'α>(▶r#größe: &▶'α u8, a: x▶é) {} let b = 1▶ß;"
            .replace("x▶é", "▶xé")
            .as_str(),
    );
    allowed(
        "// größe, сlose, 価格, 🙂, ⚠\u{fe0f}\nconst A: &str = \"Größe 価格 🙂 ❤\u{fe0f}\"; const B: char = 'é'; const C: char = '\\u{200b}';",
    );
}

#[test]
fn hash_maps_threads_locals_and_prints_are_nobodys_harm() {
    allowed(
        "use STD::collections::HashMap;\nuse STD::sync::{Mutex, atomic::AtomicU64};\nfn f() { println!(\"{}\", STD::any::type_name::<u8>()); STD::hint::black_box(1); }",
    );
}
