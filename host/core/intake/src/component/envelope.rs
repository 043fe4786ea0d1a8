//! What a file is by its first bytes.

use wasmparser::Parser;

use super::refusal::Refusal;

const BUILD: &str = "build a component with `stratbox build`";
/// A module or component starts with this, then two bytes of version and two of kind.
const MAGIC: &[u8] = b"\0asm";
const MODULE: [u8; 4] = [1, 0, 0, 0];
const COMPONENT_KIND: [u8; 2] = [1, 0];
/// Sections in the object files that wasmtime writes of compiled code.
const PRECOMPILED: &[u8] = b".wasmtime.";

/// Accepts what starts as a component does, and says what everything else is.
pub(super) fn check(bytes: &[u8]) -> Result<(), Refusal> {
    if Parser::is_component(bytes) {
        return Ok(());
    }
    let (rule, what, fix) =
        if let Some(header) = bytes.strip_prefix(MAGIC) { wasm(header) } else { foreign(bytes) };
    Err(Refusal::new(rule, what, fix))
}

fn wasm(header: &[u8]) -> (&'static str, String, String) {
    let Some(&[a, b, c, d]) = header.first_chunk::<4>() else {
        return ("truncated", "it ends within its first eight bytes".into(), "build or copy it again".into());
    };
    if [a, b, c, d] == MODULE {
        ("core_module", "it is a core module, not a component".into(), BUILD.into())
    } else if [c, d] == COMPONENT_KIND {
        let version = u16::from_le_bytes([a, b]);
        let what = format!("it is a component of version {version:#x} of the format, where 0xd is known");
        ("other_component_version", what, "build it with current tools".into())
    } else {
        ("unknown_format", "it is WebAssembly of a kind that is not known".into(), BUILD.into())
    }
}

fn foreign(bytes: &[u8]) -> (&'static str, String, String) {
    const ARCHIVES: [(&[u8], &str); 5] = [
        (b"PK\x03\x04", "zip"),
        (b"\x1f\x8b", "gzip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"\xfd7zXZ", "xz"),
        (b"BZh", "bzip2"),
    ];
    const PROGRAMS: [&[u8]; 4] = [b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"];
    if bytes.is_empty() {
        return ("empty_file", "the file is empty".into(), BUILD.into());
    }
    if let Some((_, name)) = ARCHIVES.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return ("archive", format!("it is a {name} archive"), "unpack it, and give what is in it".into());
    }
    if PROGRAMS.iter().any(|magic| bytes.starts_with(magic)) {
        return if contains(bytes, PRECOMPILED) {
            (
                "precompiled",
                "it is machine code that wasmtime made of a component, which nobody can check".into(),
                "give the component that it was made of".into(),
            )
        } else {
            ("native_program", "it is a program or library of an operating system".into(), BUILD.into())
        };
    }
    text(bytes).unwrap_or_else(|| {
        ("unknown_format", "it is neither WebAssembly nor anything else that is known".into(), BUILD.into())
    })
}

fn text(bytes: &[u8]) -> Option<(&'static str, String, String)> {
    let text = std::str::from_utf8(bytes).ok()?;
    if text.contains('\0') {
        return None;
    }
    let code = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with(";;"));
    let code = code.unwrap_or_default();
    if code.starts_with("(component") || code.starts_with("(module") {
        let fix = "turn it into bytes with `wasm-tools parse FILE.wat -o FILE.wasm`";
        return Some(("text_format", "it is WebAssembly as text".into(), fix.into()));
    }
    Some(("text_file", "it is a text file".into(), "compile a source with `stratbox build FILE.rs`".into()))
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}
