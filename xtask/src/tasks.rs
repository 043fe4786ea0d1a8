//! The commands.

use std::env::consts::EXE_SUFFIX;
use std::process::{Command, ExitCode};

use crate::args::{Bench, Format};
use crate::fuzz;
use crate::setup::{self, WASM};
use crate::shell::{command, passed_on, root, run};

/// Builds stratbox and runs its main job on the example strategies.
pub(crate) fn demo() -> Result<ExitCode, String> {
    setup::toolchain()?;
    // The documentation says `target/release/stratbox`, so that is where it goes, wherever other builds go.
    let build = ["build", "--release", "-p", "stratbox", "--target-dir", "target"];
    let built = run(&mut cargo(&build))?;
    if !built.success() {
        return Ok(passed_on(built));
    }
    let stratbox = root().join(format!("target/release/stratbox{EXE_SUFFIX}"));
    // Not among the user's own experiments, and run anew whenever it is asked for.
    let words = ["sweep", "example-strategies/demo.toml", "--workspace", "target/demo", "--fresh"];
    run(&mut command(stratbox, &words)).map(passed_on)
}

/// Runs every test: unit, integration and documentation; and each fuzz target, without feedback and on inputs that are the
/// same each time.
pub(crate) fn test() -> Result<ExitCode, String> {
    setup::toolchain()?;
    let steps = [
        ("tests of the workspace", cargo(&["test", "--workspace", "--no-fail-fast"])),
        ("fuzz targets, briefly", cargo(&fuzz::BRIEFLY)),
    ];
    all("test", steps)
}

/// Everything that is wrong with the source short of running it.
pub(crate) fn check() -> Result<ExitCode, String> {
    setup::toolchain()?;
    setup::linters()?;
    // The programs that libFuzzer drives are not built without being asked for.
    let programs = ["--features", "stratbox-fuzz/programs"];
    let native =
        [&["clippy", "--workspace", "--all-targets"], &programs[..], &["--", "-D", "warnings"]].concat();
    // Off by default, so that the other lints never see it.
    #[rustfmt::skip]
    let wasi = [
        "clippy", "-p", "stratbox", "-p", "stratbox-sandbox", "--features", "stratbox/wasi", "--all-targets",
        "--", "-D", "warnings",
    ];
    // What is compiled for wasm has code that the native build never sees.
    #[rustfmt::skip]
    let wasm = [
        "clippy", "--target", WASM,
        "-p", "stratbox-sdk", "-p", "stratbox-guest-venue", "-p", "stratbox-guest-driver", "-p", "stratbox-examples",
        "--", "-D", "warnings",
    ];
    // With the same features, for then their dependencies are compiled once.
    let mut doc = cargo(&[&["doc", "--workspace", "--no-deps"], &programs[..]].concat());
    doc.env("RUSTDOCFLAGS", "-D warnings");
    let steps = [
        ("formatting", cargo(&["fmt", "--all", "--check"])),
        ("lints", cargo(&native)),
        ("lints with WASI", cargo(&wasi)),
        ("lints for wasm", cargo(&wasm)),
        ("documentation", doc),
    ];
    all("check", steps)
}

/// Runs the benchmarks.
pub(crate) fn bench(bench: Bench) -> Result<ExitCode, String> {
    setup::toolchain()?;
    let mut benchmarks = match bench {
        Bench::Full => cargo(&["bench", "-p", "stratbox-bench"]),
        Bench::Quick(format) => quick_bench(format),
    };
    run(&mut benchmarks).map(passed_on)
}

fn quick_bench(format: Format) -> Command {
    let runner = ["run", "--release", "-p", "stratbox-bench", "--"];
    let options = ["--quick", "--format", format.name()];
    cargo(&[runner.as_slice(), &options].concat())
}

pub(crate) fn cargo(args: &[&str]) -> Command {
    command("cargo", args)
}

/// Runs every step, also after one that failed, so that one go shows all there is to mend; ends with one line that
/// says which passed.
#[expect(clippy::print_stdout, reason = "the summary is the command's result")]
fn all<const N: usize>(name: &str, steps: [(&str, Command); N]) -> Result<ExitCode, String> {
    let (mut passed, mut failed) = (Vec::new(), Vec::new());
    for (step, mut command) in steps {
        let outcome = if run(&mut command)?.success() { &mut passed } else { &mut failed };
        outcome.push(step);
    }
    println!("{}", summary(name, &passed, &failed));
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn summary(name: &str, passed: &[&str], failed: &[&str]) -> String {
    let list =
        |verdict, steps: &[&str]| (!steps.is_empty()).then(|| format!("{verdict}: {}", steps.join(", ")));
    let parts: Vec<_> = [list("FAILED", failed), list("passed", passed)].into_iter().flatten().collect();
    format!("{name}: {}", parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_what_failed_before_what_passed() {
        assert_eq!(summary("check", &["lints"], &["formatting"]), "check: FAILED: formatting; passed: lints");
    }

    #[test]
    fn the_summary_leaves_out_what_there_is_none_of() {
        assert_eq!(summary("check", &["formatting", "lints"], &[]), "check: passed: formatting, lints");
        assert_eq!(summary("test", &[], &["tests"]), "test: FAILED: tests");
    }
}
