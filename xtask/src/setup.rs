//! What the Rust toolchain must have before anything is built, and how it gets it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::shell::{ask, command, run};

/// What strategies and the engine's guests are compiled to.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Makes sure that there is a Rust toolchain that can build for the host and for wasm.
///
/// # Errors
/// What is missing and how to get it, if it cannot be had automatically.
pub(crate) fn toolchain() -> Result<(), String> {
    for program in ["cargo", "rustc"] {
        ask(&mut command(program, &["--version"]))
            .map_err(|error| format!("{error}; install Rust with rustup (https://rustup.rs)"))?;
    }
    let sysroot = ask(&mut command("rustc", &["--print", "sysroot"]))?;
    let libraries = libraries(Path::new(&sysroot));
    if libraries.is_dir() {
        return Ok(());
    }
    let missing = format!("the standard library for `{WASM}` (there is no `{}`)", libraries.display());
    add(&["target", "add", WASM], &missing)?;
    // rustup may manage another toolchain than the one that `rustc` on the path belongs to.
    if libraries.is_dir() {
        Ok(())
    } else {
        Err(format!(
            "rustup added the target `{WASM}`, but not to the `rustc` on your path, which still lacks {missing}; \
             put rustup's `rustc` first on the path, or install the target the way this `rustc` was installed"
        ))
    }
}

/// Makes sure that rustfmt and clippy are there.
///
/// # Errors
/// Which one is missing and how to get it, if it cannot be had automatically.
pub(crate) fn linters() -> Result<(), String> {
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if ask(&mut command("cargo", &[subcommand, "--version"])).is_err() {
            add(&["component", "add", component], &format!("`{component}`"))?;
        }
    }
    Ok(())
}

/// Where a toolchain keeps the standard library for wasm.
fn libraries(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(WASM).join("lib")
}

/// Has rustup add something to the toolchain.
fn add(args: &[&str], missing: &str) -> Result<(), String> {
    let advice = format!("the Rust toolchain lacks {missing}");
    let by_hand = format!("rustup {}", args.join(" "));
    // Our stdout may be somebody's JSON.
    let added = run(command("rustup", args).stdout(Stdio::from(io::stderr())));
    match added {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!(
            "{advice}, and `{by_hand}` failed (its reason is above); run it by hand when the machine can reach the \
             network, then repeat this command"
        )),
        Err(error) => Err(format!(
            "{advice}: {error}; install rustup (https://rustup.rs) and run `{by_hand}`, or install it with the \
             package manager that this toolchain came from"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_for_the_host_is_where_the_one_for_wasm_is_looked_for() {
        let version = ask(&mut command("rustc", &["--version", "--verbose"])).unwrap();
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let sysroot = ask(&mut command("rustc", &["--print", "sysroot"])).unwrap();
        let for_wasm = libraries(Path::new(&sysroot));
        let for_host = PathBuf::from(for_wasm.to_str().unwrap().replace(WASM, host));
        assert!(for_host.is_dir(), "{}", for_host.display());
    }
}
