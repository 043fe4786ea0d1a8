//! Files that are no component at all, or only the beginning of one.

use super::case;
use super::guest::{Guest, MODULE_HEADER, assemble, harmless};
use crate::attack::case::{Case, Expected};

pub(super) fn cases() -> Vec<Case> {
    [foreign(), damaged()].into_iter().flatten().collect()
}

fn foreign() -> Vec<Case> {
    let refused = Expected::Component;
    vec![
        case("empty_file", refused(&["empty_file"]), Vec::new),
        case("machine_code_of_the_engine", refused(&["precompiled"]), || {
            elf(b".wasmtime.engine\0.wasmtime.info\0")
        }),
        case("machine_code_with_a_component_behind_it", refused(&["precompiled"]), || {
            [elf(b".wasmtime.engine\0"), harmless()].concat()
        }),
        case("program_of_the_system", refused(&["native_program"]), || elf(b".text\0.data\0")),
        case("library_of_another_system", refused(&["native_program"]), || {
            [&b"MZ\x90\0"[..], &[0; 60]].concat()
        }),
        case("text_of_a_component", refused(&["text_format"]), || Guest::default().text().into_bytes()),
        case("source_of_a_strategy", refused(&["text_file"]), || b"use stratbox_sdk::prelude::*;\n".to_vec()),
        case("core_module", refused(&["core_module"]), || assemble("(module (memory 1))")),
        case("compressed_with_gzip", refused(&["archive"]), || {
            [&b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..], &harmless()].concat()
        }),
        case("zip_archive", refused(&["archive"]), || [&b"PK\x03\x04"[..], &harmless()].concat()),
        case("zstd_archive", refused(&["archive"]), || [&b"\x28\xb5\x2f\xfd"[..], &harmless()].concat()),
        case("component_of_an_old_format", refused(&["other_component_version"]), || {
            [&b"\0asm\x0c\0\x01\0"[..], &harmless()[8..]].concat()
        }),
        case("wasm_of_an_unknown_kind", refused(&["unknown_format"]), || {
            [&b"\0asm\x0d\0\x02\0"[..], &harmless()[8..]].concat()
        }),
        case("byte_before_a_component", refused(&["unknown_format"]), || {
            [&b"\xff"[..], &harmless()].concat()
        }),
        case("noise", refused(&["unknown_format"]), || [&[0xf3][..], &noise(1, 100_000)].concat()),
        case("noise_that_begins_as_a_component", refused(&["malformed", "invalid"]), || {
            [&harmless()[..8], &noise(2, 100_000)].concat()
        }),
        case("file_of_sixty_megabytes", refused(&["too_large"]), || {
            let mut file = harmless();
            file.resize(60 << 20, 0);
            file
        }),
    ]
}

fn damaged() -> Vec<Case> {
    let refused = Expected::Component;
    vec![
        case("cut_off_within_the_first_bytes", refused(&["truncated"]), || harmless()[..6].to_vec()),
        case("cut_off_after_the_header", refused(&["missing_export"]), || harmless()[..8].to_vec()),
        case("cut_off_within_a_section_s_length", refused(&["malformed"]), || harmless()[..9].to_vec()),
        case("cut_off_in_the_middle", refused(&["malformed"]), || {
            harmless()[..harmless().len() / 2].to_vec()
        }),
        case("cut_off_before_the_last_byte", refused(&["malformed"]), || {
            harmless()[..harmless().len() - 1].to_vec()
        }),
        case("cut_off_at_the_end_of_a_section", refused(&["missing_export"]), || {
            // The export is the last section.
            let whole = harmless();
            let name = b"stratbox:strategy/strategy@0.1.0";
            let at = whole.windows(name.len()).rposition(|window| window == name).unwrap_or(whole.len());
            whole[..at - 5].to_vec()
        }),
        case("two_components_in_one_file", refused(&["malformed", "invalid"]), || {
            [harmless(), harmless()].concat()
        }),
        case("module_behind_a_component", refused(&["malformed", "invalid"]), || {
            [&harmless()[..], MODULE_HEADER].concat()
        }),
        case("noise_over_the_middle", refused(&["malformed", "invalid"]), || {
            let mut file = harmless();
            let middle = file.len() / 2;
            file[middle..middle + 64].copy_from_slice(&noise(3, 64));
            file
        }),
        case("length_of_a_section_four_gigabytes", refused(&["malformed"]), || {
            [&harmless()[..], &[1, 0xff, 0xff, 0xff, 0xff, 0x0f], &[0; 64]].concat()
        }),
        case("section_that_does_not_exist", refused(&["malformed", "invalid"]), || {
            [&harmless()[..], &[0x63, 1, 0]].concat()
        }),
        case("number_that_never_ends", refused(&["malformed"]), || {
            [&harmless()[..], &[1], &[0x80; 100]].concat()
        }),
    ]
}

/// The beginning of an object file for Linux, and these bytes somewhere inside.
fn elf(sections: &[u8]) -> Vec<u8> {
    [&b"\x7fELF\x02\x01\x01\x00"[..], &[0; 56], &[0x90; 4096], sections].concat()
}

/// Bytes without any order, the same for the same seed (xorshift).
fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    });
    next.take(bytes).collect()
}
