//! The architecture, as absences: which crate must not be able to name what.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every package that `package` is built from, itself included.
fn built_from(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--edges", "normal", "--all-features", "--prefix", "none", "--format", "{p}"])
        .args(["--package", package])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("package names are UTF-8");
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// The manifests of the workspace's packages by name.
fn manifests() -> BTreeMap<String, String> {
    fn collect(dir: &Path, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(dir).expect("the checkout is readable").flatten() {
            let path = entry.path();
            let name = entry.file_name().into_string().unwrap_or_default();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                collect(&path, found);
            } else if name == "Cargo.toml" {
                let text = std::fs::read_to_string(&path).expect("readable");
                let package = text.lines().find_map(|line| line.strip_prefix("name = "));
                found.extend(package.map(|package| (package.trim_matches('"').to_owned(), text.clone())));
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(&root(), &mut found);
    found
}

fn sources(dir: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut left = vec![root().join(dir)];
    while let Some(dir) = left.pop() {
        for entry in std::fs::read_dir(dir).expect("the checkout is readable").flatten() {
            let path = entry.path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).expect("readable");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "there are sources to look at");
    found
}

const CORE: [&str; 8] = [
    "stratbox-domain",
    "stratbox-venue",
    "stratbox-metrics",
    "stratbox-decide",
    "stratbox-search",
    "stratbox-intake",
    "stratbox-orchestrator",
    "stratbox-worlds",
];
/// What does one job with the outside, and knows no other edge but the two that all may build on.
const EDGES: [&str; 6] = ["market", "compiler", "sandbox", "scheduler", "store", "queue"];
/// Confined processes, and files that nobody else wrote.
const FOUNDATIONS: [&str; 2] = ["jail", "vault"];

#[test]
fn the_core_is_built_from_nothing_that_does_input_or_output() {
    let forbidden = [
        "wasmtime",
        "tokio",
        "memmap2",
        "tempfile",
        "getrandom",
        "rand",
        "rustix",
        "arrow-ipc",
        "ctrlc",
        "rusqlite",
        "sysinfo",
        "granit-parser",
    ];
    for package in CORE {
        let parts = built_from(package);
        assert!(parts.contains(package), "the tree of `{package}` was read");
        for part in forbidden {
            assert!(!parts.contains(part), "`{package}` must not be built from `{part}`");
        }
        let edges: Vec<_> =
            EDGES.into_iter().chain(FOUNDATIONS).map(|edge| format!("stratbox-{edge}")).collect();
        assert!(edges.iter().all(|edge| !parts.contains(edge)), "`{package}` must not know the edges");
    }
}

#[test]
fn the_core_names_no_file_clock_thread_or_environment() {
    let forbidden =
        ["std::fs", "std::net", "std::time", "std::thread", "std::env", "std::process", "std::io", "unsafe"];
    for (path, text) in sources("host/core") {
        for name in forbidden {
            assert!(!text.contains(name), "`{}` names `{name}`", path.display());
        }
    }
}

/// Packages that name `dependency` in their manifest.
fn dependents(dependency: &str) -> Vec<String> {
    let names = |text: &String| {
        text.lines()
            .any(|line| line.starts_with(dependency) || line == format!("[dependencies.{dependency}]"))
    };
    manifests().into_iter().filter(|(_, text)| names(text)).map(|(name, _)| name).collect()
}

#[test]
fn only_the_store_depends_on_sqlite() {
    assert_eq!(dependents("rusqlite"), ["stratbox-store"]);
}

#[test]
fn only_the_queue_depends_on_a_yaml_library() {
    assert_eq!(dependents("granit-parser"), ["stratbox-queue"]);
    for other in ["serde_yaml", "serde-saphyr", "saphyr", "yaml-rust"] {
        assert_eq!(dependents(other), [""; 0], "one is enough");
    }
}

#[test]
fn only_the_sandbox_depends_on_wasmtime() {
    assert_eq!(dependents("wasmtime"), ["stratbox-sandbox"]);
}

#[test]
fn only_the_jail_names_the_walls_and_only_the_vault_the_way_around_paths() {
    assert_eq!(dependents("landlock"), ["stratbox-jail"]);
    assert_eq!(dependents("seccompiler"), ["stratbox-jail"]);
    assert_eq!(dependents("cap-std"), ["stratbox-vault"]);
}

/// The hostile corpus names whatever its strategies try, and makes vaults to spoil.
fn is_corpus(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "attack")
}

#[test]
fn strangers_code_meets_a_compiler_or_an_engine_in_a_jail_only() {
    // Everything that starts a process, but for the tools that look for the toolchain and build our own kit.
    for (path, text) in sources("host/edge/compiler").into_iter().chain(sources("host/src")) {
        let starts = text.contains("Command::new(");
        let may = ["kit.rs", "toolchain.rs"].iter().any(|name| path.ends_with(name)) || is_corpus(&path);
        assert!(!starts || may, "`{}` starts processes outside of a jail", path.display());
    }
}

#[test]
fn the_edges_do_not_know_one_another() {
    for edge in EDGES.into_iter().chain(FOUNDATIONS) {
        let parts = built_from(&format!("stratbox-{edge}"));
        for other in EDGES.into_iter().filter(|other| *other != edge) {
            assert!(!parts.contains(&format!("stratbox-{other}")), "`{edge}` must not know `{other}`");
        }
    }
}

#[test]
fn only_the_wiring_builds_compilers_and_sandboxes() {
    for (path, text) in
        sources("host/src").into_iter().filter(|(path, _)| !path.ends_with("wiring.rs") && !is_corpus(path))
    {
        for built in [
            "Sandbox::new",
            "RustCompiler::new",
            "Kit::prepare",
            "Vault::open",
            "Jailer::new",
            "Dataset::open",
        ] {
            assert!(!text.contains(built), "`{}` builds with `{built}`", path.display());
        }
    }
}

#[test]
fn strategies_are_built_from_the_sdk_and_never_from_the_host() {
    let parts = built_from("stratbox-guest-driver");
    assert!(!parts.iter().any(|part| part.starts_with("stratbox-venue") || part.starts_with("stratbox-sdk")));
    let sdk = built_from("stratbox-sdk");
    assert!(
        ["stratbox", "stratbox-sandbox", "stratbox-market", "serde"].iter().all(|part| !sdk.contains(*part))
    );
}
