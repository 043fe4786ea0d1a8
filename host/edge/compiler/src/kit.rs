//! The kit: what a strategy is compiled against, built once per SDK and compiler version.
//!
//! Its sources are in this binary (`build.rs`). They are our own, so cargo may build them; a strategy never meets cargo.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use stratbox_domain::{Digest, KeyBuilder};
use stratbox_vault::{Shelf, Vault};
use toml_edit::{Array, DocumentMut, value};

use crate::CompileError;
use crate::componentize::componentize;
use crate::toolchain::{TARGET, Toolchain};

include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// The crates that are built; what they need comes along.
const PACKAGES: [&str; 3] = ["stratbox-sdk", "stratbox-guest-venue", "stratbox-guest-driver"];
const MEMBERS: [&str; 6] = [
    "host/core/domain",
    "host/core/venue",
    "host/guest/venue",
    "host/guest/driver",
    "plugin-sdk",
    "plugin-sdk/macros",
];
/// How it is built, whatever the user's own settings are.
const PROFILE: [&str; 8] = [
    "profile.release.opt-level=3",
    "profile.release.codegen-units=1",
    "profile.release.debug=false",
    "profile.release.debug-assertions=false",
    "profile.release.incremental=false",
    "profile.release.lto=\"off\"",
    "profile.release.overflow-checks=false",
    "profile.release.panic=\"abort\"",
];
/// What cargo needs of the environment to find its home, its registry and a linker for its build scripts.
const PASSED_ON: [&str; 12] = [
    "CARGO_HOME",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "PATH",
    "RUSTUP_HOME",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "SYSTEMROOT",
    "TMPDIR",
    "USERPROFILE",
];
const PASSED_ON_PREFIXES: [&str; 4] = ["CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR", "CARGO_SOURCE_"];
/// Changes whenever the way in which kits are built does.
const RECIPE: &[u8] = b"10";
/// How guests are linked. A shadow stack of 64 KiB, since the linker's default of a megabyte would have to be zeroed for
/// every run; and a heap that is large enough from the start for what most strategies allocate, since growing memory is a
/// system call that stops the other workers for a moment.
pub(crate) const LINK_ARGS: [&str; 2] = ["-zstack-size=65536", "--initial-heap=131072"];
/// Changes with the layout of what is kept of a kit.
const FORMAT: u32 = 1;
const INVENTORY: &str = "inventory";
const HINT: &str = "the first build needs the crates that the SDK depends on: check the network, or run it once where there is one";

/// A kit on disk.
#[derive(Debug, Clone)]
pub struct Kit {
    dir: PathBuf,
    digest: Digest,
    venue: Vec<u8>,
    driver: Vec<u8>,
}

impl Kit {
    /// Takes the kit from `cache_dir`, or builds it there; `building` is called before the latter, which takes some ten
    /// seconds. Of several processes one builds and the others wait.
    ///
    /// # Errors
    /// The cache cannot be used, or the kit's own sources do not build with this compiler.
    pub fn prepare(
        cache_dir: &Path,
        vault: &Vault,
        toolchain: &Toolchain,
        building: &mut dyn FnMut(),
    ) -> Result<Self, CompileError> {
        let digest = FILES
            .iter()
            .fold(KeyBuilder::new("kit").field("recipe", RECIPE), |key, (name, content)| {
                key.field(name, content)
            })
            .field("compiler", toolchain.version().as_bytes())
            .finish();
        let kits = cache_dir.join("kit");
        let dir = kits.join(digest.short());
        let shelf = vault.shelf("kit", FORMAT)?;
        if let Some(kit) = Self::load(&dir, &shelf, digest) {
            return Ok(kit);
        }
        std::fs::create_dir_all(&kits).map_err(CompileError::io(&kits))?;
        let lock_path = kits.join("lock");
        let lock = std::fs::File::create(&lock_path).map_err(CompileError::io(&lock_path))?;
        lock.lock().map_err(CompileError::io(&lock_path))?;
        if let Some(kit) = Self::load(&dir, &shelf, digest) {
            return Ok(kit);
        }
        building();
        build(&dir, &shelf, &digest, toolchain)?;
        Self::load(&dir, &shelf, digest).ok_or_else(|| CompileError::Kit {
            problem: format!("what was built in `{}` cannot be read back", dir.display()),
            hint: "check that the disk is not full",
        })
    }

    /// The engine's venue, a component.
    #[must_use]
    pub fn venue(&self) -> &[u8] {
        &self.venue
    }

    /// The engine's driver, a component.
    #[must_use]
    pub fn driver(&self) -> &[u8] {
        &self.driver
    }

    /// What the kit was made from: sources and compiler.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The SDK's sources, for authors' own crates to depend on.
    #[must_use]
    pub fn sdk_sources(&self) -> PathBuf {
        self.dir.join("src/plugin-sdk")
    }

    /// The entry points of a strategy's component.
    pub(crate) fn shim(&self) -> &'static str {
        include_str!("../../../guest/shim.rs")
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn sdk_rlib(&self) -> PathBuf {
        wasm_output(&self.dir).join("libstratbox_sdk.rlib")
    }

    /// Where the compiler finds what the SDK depends on: wasm libraries, and the native macros.
    pub(crate) fn dependency_dirs(&self) -> [PathBuf; 2] {
        [wasm_output(&self.dir).join("deps"), self.dir.join("target/release/deps")]
    }

    fn load(dir: &Path, shelf: &Shelf, digest: Digest) -> Option<Self> {
        let part = |name| shelf.load(&part_key(&digest, name));
        if part(INVENTORY)? != inventory(dir).ok()?.into_bytes() {
            return None;
        }
        let (venue, driver) = (part("venue")?, part("driver")?);
        Some(Self { dir: dir.to_owned(), digest, venue, driver })
    }
}

fn part_key(kit: &Digest, name: &str) -> Digest {
    KeyBuilder::new("kit part").field("kit", kit.as_bytes()).field("name", name.as_bytes()).finish()
}

fn is_passed_on(name: &str) -> bool {
    PASSED_ON.contains(&name) || PASSED_ON_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Names and sizes of the libraries that strategies are compiled against. One that has gone would otherwise be reported as
/// the next author's mistake.
fn inventory(dir: &Path) -> std::io::Result<String> {
    let mut lines = Vec::new();
    for folder in [wasm_output(dir), wasm_output(dir).join("deps"), dir.join("target/release/deps")] {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if [".rlib", ".so", ".dylib", ".dll"].iter().any(|ending| name.ends_with(ending)) {
                lines.push(format!("{name} {}\n", entry.metadata()?.len()));
            }
        }
    }
    lines.sort();
    Ok(lines.concat())
}

fn wasm_output(dir: &Path) -> PathBuf {
    dir.join("target").join(TARGET).join("release")
}

/// Unpacks and builds. The parts are written last: while they are missing the kit is not there, whatever else is.
fn build(dir: &Path, shelf: &Shelf, digest: &Digest, toolchain: &Toolchain) -> Result<(), CompileError> {
    let src = dir.join("src");
    if dir.exists() {
        std::fs::remove_dir_all(dir).map_err(CompileError::io(dir))?;
    }
    for (name, content) in FILES {
        let path = src.join(name);
        let parent = path.parent().unwrap_or(&src);
        std::fs::create_dir_all(parent).map_err(CompileError::io(parent))?;
        let written = match *name {
            "Cargo.toml" => std::fs::write(&path, workspace_manifest(content)?),
            _ => std::fs::write(&path, content),
        };
        written.map_err(CompileError::io(&path))?;
    }
    cargo_build(dir, &src, toolchain)?;
    for part in ["venue", "driver"] {
        let path = wasm_output(dir).join(format!("stratbox_guest_{part}.wasm"));
        let module = std::fs::read(&path).map_err(CompileError::io(&path))?;
        let component = componentize(&module).map_err(|problem| CompileError::Kit {
            problem,
            hint: "this is a bug in stratbox; please report it",
        })?;
        shelf.store(&part_key(digest, part), &component)?;
    }
    let inventory = inventory(dir).map_err(CompileError::io(dir))?;
    Ok(shelf.store(&part_key(digest, INVENTORY), inventory.as_bytes())?)
}

/// The workspace's own manifest, reduced to the kit's members, so that versions and lints are written down once.
fn workspace_manifest(content: &[u8]) -> Result<String, CompileError> {
    let bug =
        |problem: String| CompileError::Kit { problem, hint: "this is a bug in stratbox; please report it" };
    let text = std::str::from_utf8(content).map_err(|error| bug(error.to_string()))?;
    let mut manifest: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| bug(error.to_string()))?;
    manifest["workspace"]["members"] = value(MEMBERS.into_iter().collect::<Array>());
    if let Some(workspace) = manifest["workspace"].as_table_mut() {
        workspace.remove("default-members");
    }
    Ok(manifest.to_string())
}

/// Where cargo keeps the sources of crates.
pub(crate) fn cargo_home() -> Option<PathBuf> {
    let home = || std::env::home_dir().map(|home| home.join(".cargo"));
    std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home)
}

fn cargo_build(dir: &Path, src: &Path, toolchain: &Toolchain) -> Result<(), CompileError> {
    // No path of this machine may end up in a component: not in its bytes, and not in what it says when it panics.
    let mut flags = vec![format!("--remap-path-prefix={}=stratbox", src.display())];
    flags.extend(cargo_home().map(|home| format!("--remap-path-prefix={}=cargo", home.display())));
    flags.extend(LINK_ARGS.map(|argument| format!("-Clink-arg={argument}")));
    flags.push("-Cstrip=debuginfo".to_owned());
    let mut command = Command::new(&toolchain.cargo);
    command
        .args(["build", "--release", "--target", TARGET, "--manifest-path"])
        .arg(src.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(dir.join("target"))
        .args(PACKAGES.iter().flat_map(|package| ["--package", package]))
        .args(PROFILE.iter().flat_map(|setting| ["--config", setting]))
        // The same kit must come out whatever a user has set for crates of their own: of the environment only what
        // leads to the registry is passed on, and settings on the command line win over those in files.
        .current_dir(src)
        .env_clear()
        .envs(
            std::env::vars_os()
                .filter(|(name, _)| is_passed_on(&name.to_string_lossy().to_ascii_uppercase())),
        )
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .env("RUSTC", &toolchain.rustc)
        .stdin(Stdio::null());
    if let Some(bin) = toolchain.bin() {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let dirs = std::iter::once(bin.to_owned()).chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(dirs).unwrap_or(path));
    }
    let output = command.output().map_err(CompileError::io(&toolchain.cargo))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = words.lines().collect();
    let tail = lines[lines.len().saturating_sub(30)..].join("\n");
    Err(CompileError::Kit { problem: tail, hint: HINT })
}
