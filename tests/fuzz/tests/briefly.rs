//! Every target with its samples and with a bounded number of changes of them: the same ones each time, on every machine.
//!
//! `cargo xtask test` runs all of it. With a target's name, `--runs N` makes more or fewer inputs, and `--input FILE` gives it
//! that file instead.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use stratbox_fuzz::mutate::{Numbers, mutated};
use stratbox_fuzz::{TARGETS, Target};

/// How many inputs each target gets, samples included.
const RUNS: usize = 10_000;
const USAGE: &str = "usage: [TARGET [--runs N | --input FILE]]";

/// What to do.
struct Order {
    targets: Vec<&'static Target>,
    runs: usize,
    input: Option<PathBuf>,
}

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program talks to the person who started it"
)]
fn main() -> ExitCode {
    let order = match order(std::env::args().skip(1)) {
        Ok(order) => order,
        Err(problem) => {
            eprintln!("error: {problem}; {USAGE}");
            return ExitCode::from(2);
        }
    };
    for target in order.targets {
        let done = match &order.input {
            Some(path) => replay(target, path),
            None => briefly(target, order.runs),
        };
        match done {
            Ok(runs) => println!("{}: nothing wrong (inputs: {runs})", target.name),
            Err(problem) => {
                eprintln!("error: {problem}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn order(mut args: impl Iterator<Item = String>) -> Result<Order, String> {
    let mut order = Order { targets: TARGETS.iter().collect(), runs: RUNS, input: None };
    let Some(name) = args.next() else { return Ok(order) };
    order.targets.retain(|target| target.name == name);
    if order.targets.is_empty() {
        return Err(format!("there is no target `{name}`"));
    }
    while let Some(option) = args.next() {
        let value = args.next().ok_or_else(|| format!("`{option}` needs a value"))?;
        match option.as_str() {
            "--runs" => order.runs = value.parse().map_err(|_| format!("`{value}` is no number of runs"))?,
            "--input" => order.input = Some(value.into()),
            _ => return Err(format!("there is no option `{option}`")),
        }
    }
    Ok(order)
}

fn replay(target: &Target, path: &Path) -> Result<usize, String> {
    let input = std::fs::read(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    catch_unwind(|| (target.run)(&input))
        .map_err(|_| format!("`{}` fails on `{}`", target.name, path.display()))?;
    Ok(1)
}

/// Gives the target its samples, then changes of them.
fn briefly(target: &Target, runs: usize) -> Result<usize, String> {
    let crashes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/fuzz/crashes");
    let problem = |error: std::io::Error| format!("cannot write to `{}`: {error}", crashes.display());
    std::fs::create_dir_all(&crashes).map_err(problem)?;
    // Written before it is used: what overflows the stack or the memory takes this process along, and leaves the file.
    let current = crashes.join(format!("{}-unfinished", target.name));
    let samples = (target.samples)();
    let mut numbers = Numbers::new(0);
    for run in 0..runs {
        let input = samples.get(run).cloned().unwrap_or_else(|| mutated(&samples, &mut numbers));
        std::fs::write(&current, &input).map_err(problem)?;
        if catch_unwind(|| (target.run)(&input)).is_err() {
            let name = format!("{}-run-{run}", target.name);
            std::fs::rename(&current, crashes.join(&name)).map_err(problem)?;
            return Err(format!(
                "`{target}` fails on the input in `target/fuzz/crashes/{name}`; again with: \
                 cargo xtask fuzz {target} --input target/fuzz/crashes/{name}",
                target = target.name
            ));
        }
    }
    std::fs::remove_file(&current).or_else(|error| if runs == 0 { Ok(()) } else { Err(problem(error)) })?;
    Ok(runs)
}
