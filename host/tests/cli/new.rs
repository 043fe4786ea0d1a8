//! `stratbox new`: what it makes is complete.

use std::process::Command;

use crate::{Ran, folder, stratbox};

#[test]
fn a_new_strategy_passes_its_own_tests_and_builds_and_sweeps() {
    let dir = folder();
    let made = stratbox(dir.path(), "new mean_reversion --format json").ok().json();
    assert_eq!(made["next_steps"][0], "cd mean_reversion");
    let folder = dir.path().join("mean_reversion");

    let mut cargo = Command::new(env!("CARGO"));
    // Settings for this workspace's own build are not those of a user's crate.
    cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS");
    let tests = cargo
        .args(["test", "--offline", "--quiet", "--lib"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .output();
    let tests = Ran::of(tests.expect("cargo starts")).ok();
    assert!(tests.stdout.contains("2 passed"), "{}", tests.stdout);
    assert!(!tests.stderr.contains("warning"), "{}", tests.stderr);

    let built = stratbox(&folder, "build mean_reversion.rs --format json").ok().json();
    assert_eq!(built["diagnostics"]["warnings"], 0);
    let swept = stratbox(&folder, "sweep mean_reversion.toml --format json").ok().json();
    assert_eq!(swept["summary"]["completed"], 30);
    for step in made["next_steps"].as_array().unwrap() {
        if let Some(words) = step.as_str().unwrap().strip_prefix("stratbox ") {
            stratbox(&folder, words).ok();
        }
    }
}

#[test]
fn a_strategy_may_be_called_what_something_in_the_sdk_is_called() {
    let dir = folder();
    for name in ["strategy", "order", "self_"] {
        stratbox(dir.path(), &format!("new {name}")).ok();
        stratbox(dir.path(), &format!("build {name}/{name}.rs")).ok();
    }
}

#[test]
fn a_name_that_is_taken_or_no_name_is_refused_and_nothing_is_touched() {
    let dir = folder();
    stratbox(dir.path(), "new idea").ok();
    let source = dir.path().join("idea/idea.rs");
    std::fs::write(&source, "mine").unwrap();
    assert!(stratbox(dir.path(), "new idea").refused(2).contains("`idea` exists already"));
    assert_eq!(std::fs::read_to_string(source).unwrap(), "mine");
    for name in ["../up", "Idea", "2nd", "match"] {
        assert!(
            stratbox(dir.path(), &format!("new {name}")).refused(2).contains("cannot be a strategy's name")
        );
    }
    assert!(stratbox(dir.path(), "new other --dir missing").refused(2).contains("no directory `missing`"));
}
