//! Help, version, and what is answered to nonsense.

use crate::{Ran, command, folder, stratbox};

#[test]
fn help_and_version_are_results_and_show_the_exit_codes() {
    let dir = folder();
    let help = stratbox(dir.path(), "--help").ok();
    for code in ["0  done", "1  `run`", "2  ", "3  ", "4  ", "5  ", "7  `attack`", "130  Ctrl-C"] {
        assert!(help.stdout.contains(code), "{code}: {}", help.stdout);
    }
    assert!(stratbox(dir.path(), "--version").ok().stdout.starts_with("stratbox "));
    for command in ["new", "build", "inspect", "run", "sweep", "judge", "stats", "data", "attack", "doctor"] {
        assert!(
            stratbox(dir.path(), &format!("{command} --help")).ok().stdout.contains("Usage"),
            "{command}"
        );
    }
}

#[test]
fn nonsense_is_refused_with_code_2_in_the_format_that_was_asked_for() {
    let dir = folder();
    assert!(stratbox(dir.path(), "dance").refused(2).contains("dance"));
    assert!(stratbox(dir.path(), "").refused(2).contains("Usage"));
    let json = stratbox(dir.path(), "dance --format json");
    assert_eq!((json.code, json.stderr.as_str()), (2, ""));
    assert_eq!(json.json()["error"]["kind"], "usage");
}

#[test]
fn a_cache_that_cannot_be_used_is_the_environments_fault() {
    let dir = folder();
    let ran = stratbox(dir.path(), "inspect probe.rs --cache probe.rs/below");
    assert!(ran.refused(4).contains("probe.rs/below"), "{}", ran.stderr);
    stratbox(dir.path(), "inspect probe.rs").ok();
}

#[test]
#[cfg(unix)]
fn a_new_cache_is_its_users_alone() {
    use std::os::unix::fs::PermissionsExt;

    let dir = folder();
    // Without a toolchain it gets no further than that.
    let words = ["inspect", "probe.rs", "--cache", "new/cache"];
    let ran = command(dir.path()).args(words).env_clear().output().map(Ran::of).expect("the program starts");
    ran.refused(4);
    let mode = std::fs::metadata(dir.path().join("new/cache")).expect("it was made").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
