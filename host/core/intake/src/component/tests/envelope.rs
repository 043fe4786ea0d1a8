//! What is no component at all.

use super::sample::{leb, strategy, with_module, with_raw_module};
use super::{accepted, refusal, strictly};
use crate::component::refusal::shown;
use crate::component::{ComponentLimits, Profile, inspect};

#[test]
fn a_strategy_is_accepted_and_measured() {
    let shape = accepted(&strategy());
    assert_eq!(shape.export_names, ["stratbox:strategy/strategy@0.1.0"]);
    assert!(shape.import_names.iter().all(|name| name.starts_with("stratbox:strategy/")), "{shape:?}");
    assert_eq!(shape.bytes, strategy().len() as u64);
    assert!(shape.modules > 0 && shape.functions > 5 && shape.memories == 1);
}

#[test]
fn what_is_no_component_is_named_with_the_fix() {
    let elf = |rest: &[u8]| [b"\x7fELF\x02\x01\x01", rest].concat();
    let cases: [(&[u8], &str, &str); 16] = [
        (b"", "empty_file", "stratbox build"),
        (b"\0asm", "truncated", "again"),
        (b"\0asm\x01\0", "truncated", "again"),
        (b"\0asm\x01\0\0\0", "core_module", "build a component with `stratbox build`"),
        (b"\0asm\x0c\0\x01\0", "other_component_version", "current tools"),
        (b"\0asm\x02\0\x02\0", "unknown_format", "stratbox build"),
        (&elf(b"\0\0"), "native_program", "stratbox build"),
        (&elf(b"\0.wasmtime.engine\0"), "precompiled", "component that it was made of"),
        (b"MZ\x90\0", "native_program", "stratbox build"),
        (b"(component)", "text_format", "wasm-tools parse"),
        (b"\n;; a comment\n  (module)", "text_format", "wasm-tools parse"),
        (b"use stratbox_sdk::prelude::*;", "text_file", "stratbox build FILE.rs"),
        (b"PK\x03\x04\0\0", "archive", "unpack"),
        (b"\x1f\x8b\x08\0", "archive", "unpack"),
        (&[0; 64], "unknown_format", "stratbox build"),
        (&[0xff; 64], "unknown_format", "stratbox build"),
    ];
    for (bytes, rule, fix) in cases {
        let refusal = refusal(bytes);
        assert_eq!(refusal.rule, rule, "{refusal}");
        assert!(refusal.hint.contains(fix), "{refusal}");
    }
}

#[test]
fn a_component_that_was_cut_off_is_damaged_wherever_it_ends() {
    let whole = strategy();
    assert_eq!(refusal(&whole[..whole.len() - 1]).rule, "malformed");
    for length in (8..whole.len()).step_by(97) {
        assert!(strictly(&whole[..length]).is_err(), "{length} bytes of {}", whole.len());
    }
}

#[test]
fn a_component_that_breaks_the_rules_of_its_format_is_invalid() {
    let refusal = refusal(&with_module("(func (result i32) (i64.const 1))"));
    assert_eq!(refusal.rule, "invalid");
    assert!(refusal.message.contains("type mismatch") && refusal.message.contains("offset"), "{refusal}");
}

#[test]
fn a_file_above_the_size_limit_is_not_looked_at() {
    let limits = ComponentLimits { bytes: 10, ..ComponentLimits::default() };
    assert_eq!(inspect(&[0; 10], &limits, Profile::Strict).unwrap_err().rule, "unknown_format");
    assert_eq!(inspect(&[0; 11], &limits, Profile::Strict).unwrap_err().rule, "too_large");
}

#[test]
fn what_a_refusal_repeats_of_a_component_is_escaped_and_cut() {
    let name = format!("a\u{202e}\u{1b}[31m{}", "x".repeat(300));
    let module_name = [leb(1), leb(name.len() as u64), name.into_bytes()].concat();
    let named = with_raw_module(&[(2, &[module_name, leb(1), b"f\0\0".to_vec()].concat())]);
    let refusal = refusal(&named);
    assert!(!refusal.message.contains(['\u{202e}', '\u{1b}']), "{refusal}");
    assert!(refusal.message.chars().count() < 300, "{refusal}");
    assert_eq!(shown("a\u{202e}b\n"), r"a\u{202e}b\u{a}");
    assert_eq!(shown(&"x".repeat(201)).chars().count(), 201, "and a mark");
    assert_eq!(shown(&"x".repeat(200)), "x".repeat(200));
}
