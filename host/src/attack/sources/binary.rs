//! What a component is made of besides its code: symbols, sections, imports, the runtime, and code that nothing checks.

use super::{Bypassed, Case, Expected, case, plain, refused, strategy, within};

const UNCHECKED: (&str, Bypassed) = (concat!("un", "safe_code"), Bypassed::Compile);
const SHAPES: &str = "shapes_the_binary";

pub(super) fn cases() -> Vec<Case> {
    let mut all = unchecked();
    all.extend(symbols());
    all.extend(runtime());
    all.extend(crates());
    all
}

/// A byte out of a slice.
fn checked() -> String {
    strategy("fn read(bytes: &[u8]) -> u8 { bytes[0] }", "log::info(format!(\"{}\", read(&[1])));")
}

fn unchecked() -> Vec<Case> {
    vec![
        refused(
            "an_unchecked_block",
            UNCHECKED,
            || strategy("", "let byte = UNCHECKED { *(16 as *const u8) }; log::info(format!(\"{byte}\"));"),
            checked,
        ),
        refused(
            "an_unchecked_function",
            UNCHECKED,
            || {
                let items = "UNCHECKED fn read(at: usize) -> u8 { UNCHECKED { *(at as *const u8) } }";
                strategy(items, "log::info(format!(\"{}\", UNCHECKED { read(16) }));")
            },
            checked,
        ),
        refused(
            "an_unchecked_block_that_the_file_allows",
            UNCHECKED,
            || {
                within(
                    "#![allow(UNCHECKED_code)]",
                    "",
                    "let byte = UNCHECKED { *(16 as *const u8) }; log::info(format!(\"{byte}\"));",
                )
            },
            checked,
        ),
        refused(
            "an_unchecked_block_out_of_a_macro",
            UNCHECKED,
            || {
                let items = "macro_rules! at { ($at:expr) => { UNCHECKED { *($at as *const u8) } } }";
                strategy(items, "log::info(format!(\"{}\", at!(16)));")
            },
            checked,
        ),
        refused(
            "an_unchecked_keyword_as_an_argument_of_a_macro",
            UNCHECKED,
            || {
                let items = "macro_rules! run { ($($code:tt)*) => { $($code)* } }";
                strategy(
                    items,
                    "let byte = run!(UNCHECKED { *(16 as *const u8) }); log::info(format!(\"{byte}\"));",
                )
            },
            checked,
        ),
        refused(
            "an_unchecked_impl",
            UNCHECKED,
            || strategy("struct Shared(*mut u8); UNCHECKED impl Sync for Shared {}", "log::info(\"in\");"),
            checked,
        ),
        refused(
            "a_mutable_static",
            UNCHECKED,
            || strategy("static mut COUNT: u64 = 0;", "UNCHECKED { COUNT += 1; }"),
            checked,
        ),
        case(
            "an_expectation_of_unchecked_code",
            Expected::Compile,
            || strategy("#[expect(UNCHECKED_code)] fn f() {}", "f();"),
            checked,
        ),
        // A known hole of the language: safe code that keeps a reference for too long and reads memory through it. It has the
        // guest's memory to itself, and nothing else.
        case("a_reference_that_lives_too_long", Expected::Fault(&["trap", "memory"]), too_long, checked),
    ]
}

fn too_long() -> String {
    let items = "
const UNIT: &&() = &&();

fn shorten<'a, 'b, T: ?Sized>(_: &'a &'b (), value: &'b mut T) -> &'a mut T {
    value
}

fn lengthen<'a, 'b, T: ?Sized>(value: &'a mut T) -> &'b mut T {
    let f: for<'x> fn(_, &'x mut T) -> &'b mut T = shorten;
    f(UNIT, value)
}

enum Either<A, B> {
    A(#[allow(dead_code)] Option<Box<A>>),
    B(Option<Box<B>>),
}

#[inline(never)]
fn reinterpret<A, B>(either: &mut Either<A, B>, a: A) -> B {
    let Either::B(inner) = either else { unreachable!() };
    let inner = lengthen(inner);
    *either = Either::A(Some(Box::new(a)));
    std::hint::black_box(&mut *either);
    *inner.take().unwrap()
}";
    let body = "let mut nothing = Either::B(None);
            let memory: &mut [u8] = reinterpret(std::hint::black_box(&mut nothing), (0_usize, 0x7fff_ffff_usize));
            log::info(format!(\"{}\", memory[16]));
            memory[0x7000_0000] = 1;";
    strategy(items, body)
}

/// An ordinary function.
fn function() -> String {
    strategy("#[inline(never)] pub fn call() -> u8 { 1 }", "log::info(format!(\"{}\", call()));")
}

fn symbols() -> Vec<Case> {
    let refused_as = |bypassed| (SHAPES, bypassed);
    vec![
        refused(
            "a_function_named_as_the_allocator",
            UNCHECKED,
            || strategy("#[UNCHECKED(no_mangle)] pub extern \"C\" fn cabi_realloc() {}", "cabi_realloc();"),
            function,
        ),
        refused(
            "a_function_named_as_an_export",
            UNCHECKED,
            || {
                let items = "#[UNCHECKED(export_name = \"stratbox:strategy/strategy@0.1.0#on-bar\")] pub fn call() {}";
                strategy(items, "call();")
            },
            function,
        ),
        // The compiler's check of attributes does not look into traits: the component's gate does the rest.
        refused(
            "a_method_named_as_an_export",
            (UNCHECKED.0, Bypassed::Compile),
            || method("export_name = \"stratbox:strategy/strategy@0.1.0#on-bar\""),
            function,
        ),
        refused(
            "a_method_named_as_the_allocator",
            (UNCHECKED.0, Bypassed::Harmless),
            || method("export_name = \"cabi_realloc\""),
            function,
        ),
        refused(
            "a_method_named_as_a_part_of_the_library",
            (UNCHECKED.0, Bypassed::Harmless),
            || method("export_name = \"memcpy\""),
            function,
        ),
        refused(
            "a_method_with_a_name_of_its_own",
            (UNCHECKED.0, Bypassed::Harmless),
            || method("export_name = \"stratbox_extra\""),
            function,
        ),
        refused(
            "a_method_in_a_section",
            (UNCHECKED.0, Bypassed::Harmless),
            || method("link_section = \"component-type:strategy\""),
            function,
        ),
        refused(
            "a_static_in_a_section",
            UNCHECKED,
            || {
                strategy(
                    "#[UNCHECKED(link_section = \"component-type:x\")] static TYPE: [u8; 3] = *b\"abc\";",
                    "log::info(\"in\");",
                )
            },
            function,
        ),
        refused(
            "a_static_in_a_section_without_the_keyword",
            refused_as(Bypassed::Compile),
            || {
                strategy(
                    "#[link_section = \"component-type:x\"] static TYPE: [u8; 3] = *b\"abc\";",
                    "log::info(\"in\");",
                )
            },
            function,
        ),
        refused(
            "a_static_that_is_kept",
            refused_as(Bypassed::Harmless),
            || strategy("#[used] static KEPT: [u8; 3] = *b\"abc\";", "log::info(\"in\");"),
            function,
        ),
        refused(
            "an_import_of_the_engines",
            ("foreign_functions", Bypassed::Compile),
            || foreign("stratbox:engine/recorder", "safe fn fill(at: i32);", "fill(16);"),
            function,
        ),
        refused(
            "an_import_of_the_brokers_that_is_called_safe",
            ("foreign_functions", Bypassed::Compile),
            || foreign("stratbox:strategy/broker@0.1.0", "safe fn cancel(order: u64) -> i32;", "cancel(1);"),
            function,
        ),
        refused(
            "an_import_of_the_systems",
            ("foreign_functions", Bypassed::Compile),
            || foreign("wasi_snapshot_preview1", "safe fn proc_exit(code: i32);", "proc_exit(0);"),
            function,
        ),
        refused(
            "assembler_that_holds_a_file",
            ("assembler", Bypassed::Compile),
            || strategy("core::arch::global_asm!(\".incbin \\\"/etc/passwd\\\"\");", "log::info(\"in\");"),
            function,
        ),
        refused(
            "a_naked_function",
            ("assembler", Bypassed::Compile),
            || {
                let items =
                    "#[UNCHECKED(naked)] pub extern \"C\" fn call() { core::arch::naked_asm!(\"nop\") }";
                strategy(items, "call();")
            },
            function,
        ),
        refused(
            "instructions_that_the_sandbox_lacks",
            ("target_feature", Bypassed::Component(&["forbidden_feature"])),
            || {
                let items = "#[target_feature(enable = \"simd128\")] #[inline(never)] fn wide(x: i32) -> [i32; 4] {
    let sum = core::arch::wasm32::i32x4_add(core::arch::wasm32::i32x4_splat(x), core::arch::wasm32::i32x4_splat(1));
    [core::arch::wasm32::i32x4_extract_lane::<0>(sum); 4] }";
                strategy(items, "log::info(format!(\"{:?}\", wide(self.bars as i32)));")
            },
            function,
        ),
    ]
}

/// A method of a trait with this attribute, which takes what an allocator and a copy take.
fn method(attribute: &str) -> String {
    let items = format!(
        "trait Own {{
    #[UNCHECKED({attribute})]
    #[inline(never)]
    fn call(&self, a: usize, b: usize, c: usize) -> usize {{
        std::hint::black_box(std::ptr::from_ref(self).addr() & 1) + a + b + c
    }}
}}

impl<T> Own for T {{}}"
    );
    strategy(&items, "log::info(format!(\"{}\", self.bars.call(1, 2, 3)));")
}

fn foreign(module: &str, declaration: &str, call: &str) -> String {
    let items =
        format!("#[link(wasm_import_module = \"{module}\")] UNCHECKED extern \"C\" {{ {declaration} }}");
    strategy(&items, call)
}

/// What every strategy runs on.
fn runtime() -> Vec<Case> {
    const RULE: (&str, Bypassed) = ("replaces_the_runtime", Bypassed::Compile);
    vec![
        refused(
            "another_allocator",
            RULE,
            || {
                strategy(
                    "#[global_allocator] static OTHER: std::alloc::System = std::alloc::System;",
                    "log::info(\"in\");",
                )
            },
            plain,
        ),
        refused(
            "another_panic_handler",
            RULE,
            || {
                strategy(
                    "#[panic_handler] fn handle(_: &core::panic::PanicInfo) -> ! { loop {} }",
                    "log::info(\"in\");",
                )
            },
            plain,
        ),
    ]
}

/// What makes another crate of it, or names one.
fn crates() -> Vec<Case> {
    const ATTRIBUTE: &str = "crate_attribute";
    const EXTERN: &str = "extern_crate";
    vec![
        refused(
            "another_kind_of_crate",
            (ATTRIBUTE, Bypassed::Harmless),
            || within("#![crate_type = \"proc-macro\"]", "", "log::info(\"in\");"),
            plain,
        ),
        refused(
            "another_name_of_the_crate",
            (ATTRIBUTE, Bypassed::Harmless),
            || within("#![crate_name = \"../x\"]", "", "log::info(\"in\");"),
            plain,
        ),
        refused(
            "no_library",
            (ATTRIBUTE, Bypassed::Harmless),
            || within("#![no_std]", "", "log::info(\"in\");"),
            plain,
        ),
        refused(
            "no_core",
            (ATTRIBUTE, Bypassed::Compile),
            || within("#![no_core]", "", "log::info(\"in\");"),
            plain,
        ),
        refused(
            "features_of_a_nightly_compiler",
            ("unstable_feature", Bypassed::Compile),
            || within("#![feature(core_intrinsics)]", "", "core::intrinsics::abort();"),
            plain,
        ),
        refused(
            "a_macro_that_the_compiler_runs",
            ("procedural_macro", Bypassed::Compile),
            || {
                let items = "#[proc_macro] pub fn run(input: proc_macro::TokenStream) -> proc_macro::TokenStream { input }";
                strategy(items, "log::info(\"in\");")
            },
            plain,
        ),
        refused(
            "the_crate_of_macros",
            (EXTERN, Bypassed::Harmless),
            || {
                strategy(
                    "extern crate proc_macro;",
                    "log::info(format!(\"{}\", proc_macro::is_available()));",
                )
            },
            plain,
        ),
        refused(
            "other_crates_of_the_library",
            (EXTERN, Bypassed::Harmless),
            || {
                strategy(
                    "extern crate alloc; extern crate core as heart;",
                    "log::info(format!(\"{}\", heart::mem::size_of::<alloc::string::String>()));",
                )
            },
            plain,
        ),
        refused(
            "the_crate_of_the_sdks_types",
            (EXTERN, Bypassed::Compile),
            || strategy("extern crate stratbox_domain;", "log::info(\"in\");"),
            plain,
        ),
        refused(
            "the_crate_of_the_allocator",
            (EXTERN, Bypassed::Compile),
            || strategy("extern crate dlmalloc;", "log::info(\"in\");"),
            plain,
        ),
        case(
            "a_file_that_is_configured_out",
            Expected::Compile,
            || within("#![cfg(false)]", "", "log::info(\"in\");"),
            plain,
        ),
    ]
}
