//! Puts the kit's sources into the binary, so that an installed stratbox can build it without a checkout.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What the kit is made of, relative to the workspace's root.
const PARTS: [&str; 11] = [
    "Cargo.lock",
    "Cargo.toml",
    "host/core/domain/Cargo.toml",
    "host/core/domain/src",
    "host/core/venue/Cargo.toml",
    "host/core/venue/src",
    "host/guest",
    "plugin-sdk/Cargo.toml",
    "plugin-sdk/macros",
    "plugin-sdk/src",
    "wit",
];

fn main() {
    let manifest_dir = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let root =
        manifest_dir.join("../../..").canonicalize().expect("the crate is three folders below the workspace");
    let mut files = Vec::new();
    for part in PARTS {
        let path = root.join(part);
        println!("cargo:rerun-if-changed={}", path.display());
        collect(&path, &mut files);
    }
    files.sort();
    let mut code = String::from("pub(crate) const FILES: &[(&str, &[u8])] = &[\n");
    for file in files {
        let name =
            file.strip_prefix(&root).expect("found below the root").to_str().expect("our names are UTF-8");
        writeln!(code, "    ({name:?}, include_bytes!({:?})),", file.display()).expect("writing to memory");
    }
    code.push_str("];\n");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    std::fs::write(out.join("sources.rs"), code).expect("cargo's output folder is writable");
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).expect("the checkout is readable") {
            collect(&entry.expect("the checkout is readable").path(), files);
        }
    } else if path
        .extension()
        .is_some_and(|ending| ["rs", "toml", "wit", "lock"].iter().any(|e| ending == *e))
    {
        files.push(path.to_owned());
    }
}
