//! The interfaces of WASI: which ones a host can provide, and what the others would let a strategy do.

use crate::component::Profile;
use crate::component::refusal::{Refusal, shown};

/// The minor version whose patches are all compatible.
const VERSION: &str = "0.2.";

/// What a host can provide, by package.
const PROVIDED: [(&str, &[&str]); 6] = [
    ("io", &["error", "poll", "streams"]),
    ("clocks", &["monotonic-clock", "wall-clock"]),
    ("random", &["random", "insecure", "insecure-seed"]),
    (
        "cli",
        &[
            "environment",
            "exit",
            "stdin",
            "stdout",
            "stderr",
            "terminal-input",
            "terminal-output",
            "terminal-stdin",
            "terminal-stdout",
            "terminal-stderr",
        ],
    ),
    ("filesystem", &["types", "preopens"]),
    (
        "sockets",
        &[
            "network",
            "instance-network",
            "ip-name-lookup",
            "tcp",
            "tcp-create-socket",
            "udp",
            "udp-create-socket",
        ],
    ),
];

/// Whether a name is one of WASI 0.2 that a host can provide.
pub(super) fn is_provided(name: &str) -> bool {
    let Some((package, interface, version)) = parts(name) else {
        return false;
    };
    let is_known = PROVIDED.iter().any(|(known, all)| *known == package && all.contains(&interface));
    let patch = version.strip_prefix(VERSION).unwrap_or_default();
    is_known && !patch.is_empty() && patch.bytes().all(|digit| digit.is_ascii_digit())
}

/// Why a name of WASI is refused; none when it is no name of WASI.
pub(super) fn refusal(name: &str, profile: Profile) -> Option<Refusal> {
    let (package, ..) = parts(name)?;
    let capability = match package {
        "io" => "input and output",
        "clocks" => "clocks",
        "random" => "random numbers",
        "cli" => "arguments, environment variables and standard streams",
        "filesystem" => "files",
        "sockets" | "http" | "tls" => "the network",
        _ => "the system it runs on",
    };
    let name = shown(name);
    Some(match profile {
        Profile::Strict => Refusal::new(
            "system_import",
            format!("it imports `{name}`: {capability}, and a strategy has no access to that"),
            "build it for `wasm32-unknown-unknown`, not for `wasm32-wasip1` or `wasm32-wasip2`; `stratbox build` does",
        ),
        Profile::Wasi => Refusal::new(
            "system_import",
            format!(
                "it imports `{name}` ({capability}), which is not among the interfaces of WASI that are provided"
            ),
            "build it against the `cli`, `clocks`, `filesystem`, `io`, `random` and `sockets` interfaces of WASI 0.2",
        ),
    })
}

/// Package, interface and version of a name such as `wasi:io/streams@0.2.3`.
fn parts(name: &str) -> Option<(&str, &str, &str)> {
    let (path, version) = name.strip_prefix("wasi:")?.split_once('@').unwrap_or((&name["wasi:".len()..], ""));
    let (package, interface) = path.split_once('/').unwrap_or((path, ""));
    Some((package, interface, version))
}
