//! What a machine offers, for people.

use super::figures::{limits, walls};
use super::text::size;
use crate::doctor::{DoctorReport, Finding, Jail};

pub(crate) fn human(report: &DoctorReport) -> String {
    let yes = if report.ready { "yes" } else { "no" };
    let landlock = match report.landlock.abi {
        None => "not in force".to_owned(),
        Some(abi) if report.landlock.lacks.is_empty() => format!("ABI {abi}"),
        Some(abi) => format!("ABI {abi}, which lacks: {}", report.landlock.lacks.join(", ")),
    };
    let compiler = &report.limits.compiler;
    let bytes = |bytes: u64| size(usize::try_from(bytes).unwrap_or(usize::MAX));
    let compiler = format!(
        "{} s, {} s of processor time, memory {}, files {}",
        compiler.wall_seconds,
        compiler.cpu_seconds,
        bytes(compiler.memory_bytes),
        bytes(compiler.disk_bytes)
    );
    let (source, component) = (&report.limits.source, &report.limits.component);
    let lines = [
        ("ready", format!("{yes}: strangers' code {} be compiled and run here", can(report.ready))),
        ("kernel", report.kernel.clone()),
        (
            "user",
            if report.root { "root, whom the limit on threads does not bind" } else { "not root" }.to_owned(),
        ),
        ("landlock", landlock),
        ("seccomp", if report.seccomp { "system calls are filtered" } else { "not in force" }.to_owned()),
        ("vault", finding(&report.vault)),
        ("toolchain", finding(&report.toolchain)),
        ("engine", finding(&report.engine)),
        ("features", report.features.join(", ")),
        ("runs", limits(&report.limits.run)),
        ("compilers", compiler),
        ("sources", format!("{}, {} tokens", size(source.bytes), source.tokens)),
        ("components", bytes(component.bytes)),
        ("walls", walls(&report.isolation)),
    ];
    let mut text: String = lines.iter().map(|(name, value)| format!("{name:<12}{value}\n")).collect();
    text += &jail("the jail of runs and of the engine's compiler", &report.worker_jail);
    text += &jail("the jail of the Rust compiler and the linker", &report.tool_jail);
    text
}

fn can(is: bool) -> &'static str {
    if is { "can" } else { "cannot" }
}

fn finding(finding: &Finding) -> String {
    if finding.ok { finding.what.clone() } else { format!("MISSING: {}", finding.what) }
}

fn jail(name: &str, jail: &Jail) -> String {
    let state = if jail.holds { "holds" } else { "DOES NOT HOLD" };
    let mut text = format!("\n{name}: {state}\n");
    text.extend(jail.problem.iter().map(|problem| format!("  {problem}\n")));
    let width = jail.walls.iter().map(|wall| wall.name.chars().count()).max().unwrap_or_default();
    for wall in &jail.walls {
        let mark = if wall.held { "ok  " } else { "DOWN" };
        text += &format!("  {mark}  {:<width$}  {}\n", wall.name, wall.evidence);
    }
    text
}
