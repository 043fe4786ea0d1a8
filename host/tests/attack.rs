//! Every attack of the corpus as a test of its own. They are tried once, together, by one process of the program.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::{Arc, LazyLock};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

/// What came of each case, by name.
type Tried = BTreeMap<String, Value>;

/// The cases that `stratbox attack` answers with.
fn cases(options: &[&str]) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_stratbox"))
        .args(["attack", "--format", "json"])
        .args(options)
        .env("STRATBOX_CACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"))
        .output()
        .expect("the program starts");
    let mut document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}\n{}", String::from_utf8_lossy(&output.stderr));
    });
    match document["cases"].take() {
        Value::Array(cases) => cases,
        _ => panic!("it did not come to any case: {document}"),
    }
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_default()
}

/// One case: it holds, and prints what shows that.
fn check(name: &str, tried: &Tried) -> Result<(), Failed> {
    let case = tried.get(name).ok_or("it was listed, and not tried")?;
    let line = format!("{name}: {}: {}", text(case, "came_of_it"), text(case, "evidence"));
    if case["held"] != true {
        return Err(format!("it must come to {}. {line}", text(case, "expected")).into());
    }
    #[expect(clippy::print_stderr, reason = "what came of an attack is worth reading when it was held, too")]
    {
        eprintln!("{line}");
    }
    Ok(())
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut options = vec![];
    options.extend(arguments.filter.iter().flat_map(|part| ["--only".to_owned(), part.clone()]));
    let tried = Arc::new(LazyLock::new(move || -> Tried {
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        cases(&options).into_iter().map(|case| (text(&case, "name").to_owned(), case)).collect()
    }));
    let trials = cases(&["--list"]).into_iter().map(|case| {
        let (name, tried) = (text(&case, "name").to_owned(), Arc::clone(&tried));
        Trial::test(name.clone(), move || check(&name, &tried))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
