//! Fuzz targets under libFuzzer, and the inputs that it leaves.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::args::{FuzzTarget, Stop};
use crate::setup;
use crate::shell::{ask, command, passed_on, root, run};
use crate::tasks::cargo;

/// Cargo's words for the targets without libFuzzer: built as the tests are, so that nothing is compiled twice.
pub(crate) const BRIEFLY: [&str; 4] = ["test", "--workspace", "--test", "briefly"];

/// What libFuzzer needs to see which branches an input takes and what it is compared with. The compiler pass is LLVM's own,
/// which a stable `rustc` hands through.
const COVERAGE: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// What takes longest to compile, and is linked but never run: it need not be fast.
const NEVER_RUN: [&str; 6] = [
    "cranelift-codegen",
    "cranelift-frontend",
    "regalloc2",
    "wasmtime",
    "wasmtime-environ",
    "wasmtime-internal-cranelift",
];

/// Everything about fuzzing is in here, below the root: the build, the inputs that reach something new, and those that fail.
const HOME: &str = "target/fuzz";

/// Looks for inputs that break the targets, one after the other.
pub(crate) fn search(targets: &[FuzzTarget], stop: Stop) -> Result<ExitCode, String> {
    setup::toolchain()?;
    let triple = host_triple()?;
    let built = run(&mut build(targets, &triple))?;
    if !built.success() {
        return Ok(passed_on(built));
    }
    let (corpus, crashes) = (root().join(HOME).join("corpus"), root().join(HOME).join("crashes"));
    let mut broken = Vec::new();
    for target in targets {
        let inputs = corpus.join(target.name);
        for directory in [&inputs, &crashes] {
            fs::create_dir_all(directory)
                .map_err(|error| format!("cannot make `{}`: {error}", directory.display()))?;
        }
        let before = files(&crashes)?;
        let ended = run(&mut program(target, &triple, stop))?;
        if !ended.success() {
            let left = files(&crashes)?.difference(&before).cloned().collect();
            broken.push((target.name, left));
        }
    }
    report(targets, &broken);
    Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Gives a target one input, without libFuzzer.
pub(crate) fn replay(target: &FuzzTarget, input: &str) -> Result<ExitCode, String> {
    setup::toolchain()?;
    // The program is run in a directory of its own.
    let input = std::path::absolute(input).map_err(|error| format!("cannot find `{input}`: {error}"))?;
    let mut replay = cargo(&BRIEFLY);
    replay.args(["--", target.name, "--input"]).arg(input);
    run(&mut replay).map(passed_on)
}

/// Builds the targets' programs, instrumented. With a target triple given, build scripts and procedural macros are not.
fn build(targets: &[FuzzTarget], triple: &str) -> Command {
    let mut build = cargo(&["build", "-p", "stratbox-fuzz", "--target", triple, "--target-dir", HOME]);
    // Checks of overflow and of assertions stay on, as in every build that is not a release.
    build.args(["--config", "profile.dev.opt-level=2", "--features", "libfuzzer"]);
    if targets.iter().all(|target| !target.needs_host) {
        build.arg("--no-default-features");
    }
    for package in NEVER_RUN {
        build.arg("--config").arg(format!("profile.dev.package.{package}.opt-level=0"));
    }
    for target in targets {
        build.arg("--bin").arg(format!("fuzz-{}", target.name));
    }
    build.env("RUSTFLAGS", COVERAGE.join(" "));
    build
}

/// libFuzzer on one target. Ten seconds for one input are a finding, and so are two gigabytes.
fn program(target: &FuzzTarget, triple: &str, stop: Stop) -> Command {
    let name = target.name;
    let mut program = command(root().join(format!("{HOME}/{triple}/debug/fuzz-{name}")), &[]);
    program.arg(format!("{HOME}/corpus/{name}")).arg(format!("-artifact_prefix={HOME}/crashes/{name}-"));
    program.args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"]);
    program.args(stop.seconds.map(|seconds| format!("-max_total_time={seconds}")));
    program.args(stop.runs.map(|runs| format!("-runs={runs}")));
    program
}

fn host_triple() -> Result<String, String> {
    let version = ask(&mut command("rustc", &["--version", "--verbose"]))?;
    let triple = version.lines().find_map(|line| line.strip_prefix("host: "));
    triple.map(str::to_owned).ok_or_else(|| "`rustc --version --verbose` does not name its host".to_owned())
}

fn files(directory: &Path) -> Result<BTreeSet<PathBuf>, String> {
    let entries =
        fs::read_dir(directory).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    entries.map_err(|error| format!("cannot list `{}`: {error}", directory.display()))
}

#[expect(clippy::print_stdout, reason = "the summary is the command's result")]
fn report(targets: &[FuzzTarget], broken: &[(&str, Vec<PathBuf>)]) {
    for (name, inputs) in broken {
        for input in inputs {
            let input = input.strip_prefix(root()).unwrap_or(input).display();
            println!("`{name}` fails; again with: cargo xtask fuzz {name} --input {input}");
        }
    }
    println!("fuzz: {} of {} targets failed", broken.len(), targets.len());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::FUZZ_TARGETS;

    fn words(command: &Command) -> Vec<String> {
        command.get_args().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn each_target_has_a_program_and_each_program_a_target() {
        let manifest = fs::read_to_string(root().join("tests/fuzz/Cargo.toml")).unwrap();
        let programs = manifest.lines().filter_map(|line| line.strip_prefix("name = \"fuzz-"));
        let programs: Vec<_> = programs.map(|rest| rest.trim_end_matches('"')).collect();
        assert_eq!(programs, FUZZ_TARGETS.map(|target| target.name));
    }

    #[test]
    fn the_engine_is_built_for_the_targets_that_need_it_only() {
        let lean = "--no-default-features".to_owned();
        assert!(words(&build(&FUZZ_TARGETS[..1], "triple")).contains(&lean));
        assert!(!words(&build(&FUZZ_TARGETS, "triple")).contains(&lean));
    }

    #[test]
    fn a_search_stops_when_it_is_told_to() {
        let stop = Stop { seconds: None, runs: std::num::NonZeroU32::new(7) };
        let words = words(&program(&FUZZ_TARGETS[0], "triple", stop));
        assert!(words.contains(&"-runs=7".to_owned()));
        assert!(!words.iter().any(|word| word.starts_with("-max_total_time")));
    }
}
