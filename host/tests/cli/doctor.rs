//! `stratbox doctor`.

use crate::{Ran, command, folder, stratbox};

#[test]
fn a_machine_that_can_do_everything_is_ready_and_shows_why() {
    let dir = folder();
    let report = stratbox(dir.path(), "doctor --format json").ok().json();
    assert_eq!(report["ready"], true);
    assert!(report["landlock"]["abi"].as_i64().unwrap() >= 4, "{report}");
    assert_eq!(report["seccomp"], true);
    for jail in ["worker_jail", "tool_jail"] {
        assert_eq!(report[jail]["holds"], true, "{jail}");
        let walls = report[jail]["walls"].as_array().unwrap();
        assert!(walls.iter().any(|wall| wall["name"] == "starting a process"), "{walls:?}");
        assert!(walls.iter().all(|wall| wall["held"] == true && wall["evidence"].is_string()), "{walls:?}");
    }
    assert!(report["vault"]["what"].as_str().unwrap().contains("its user's alone"), "{report}");
    assert!(report["toolchain"]["what"].as_str().unwrap().starts_with("rustc "), "{report}");
    assert!(report["engine"]["what"].as_str().unwrap().starts_with("wasmtime "), "{report}");
    assert!(report["features"].as_array().unwrap().iter().any(|name| name == "component_model"));
    assert_eq!(report["limits"]["run"]["wall_ms"], 60_000);
    let human = stratbox(dir.path(), "doctor").ok().stdout;
    for part in
        ["ready       yes", "kernel", "landlock    ABI", "vault", "toolchain   rustc", "starting a process"]
    {
        assert!(human.contains(part), "{part}: {human}");
    }
}

#[test]
fn without_a_jail_it_is_not_ready_and_says_what_to_do() {
    let dir = folder();
    let ran = stratbox(dir.path(), "doctor --dangerously-without-jail --format json");
    assert_eq!(ran.code, 4);
    let report = ran.json();
    assert_eq!((&report["ready"], &report["seccomp"]), (&false.into(), &false.into()));
    assert_eq!(report["worker_jail"]["holds"], false);
    assert!(report["error"]["hint"].as_str().unwrap().contains("--dangerously-without-jail"), "{report}");
    let human = stratbox(dir.path(), "doctor --dangerously-without-jail");
    assert!(human.stdout.contains("DOES NOT HOLD"), "{}", human.stdout);
    assert!(human.stderr.contains("hint: leave `--dangerously-without-jail` out"), "{}", human.stderr);
}

#[test]
fn without_a_compiler_it_is_not_ready_and_the_rest_is_still_shown() {
    let dir = folder();
    let cache = crate::cache();
    let ran = command(dir.path())
        .args(["doctor", "--format", "json", "--cache"])
        .arg(cache)
        .env_clear()
        .output()
        .map(Ran::of)
        .expect("the program starts");
    assert_eq!(ran.code, 4);
    let report = ran.json();
    assert_eq!((&report["toolchain"]["ok"], &report["vault"]["ok"]), (&false.into(), &true.into()));
    assert_eq!(report["worker_jail"]["holds"], true);
    assert!(report["error"]["hint"].as_str().unwrap().contains("rustup"), "{report}");
}

#[test]
fn a_cache_that_others_can_write_to_is_no_place_for_machine_code() {
    use std::os::unix::fs::PermissionsExt;

    let dir = folder();
    let vault = dir.path().join("cache/vault");
    std::fs::create_dir_all(&vault).unwrap();
    std::fs::set_permissions(&vault, PermissionsExt::from_mode(0o777)).unwrap();
    let ran = stratbox(dir.path(), "doctor --cache cache --format json");
    assert_eq!(ran.code, 4);
    assert_eq!(ran.json()["vault"]["ok"], false);
    assert!(ran.json()["error"]["message"].as_str().unwrap().contains("open to others"), "{}", ran.stdout);
    std::fs::set_permissions(&vault, PermissionsExt::from_mode(0o700)).unwrap();
    stratbox(dir.path(), "doctor --cache cache").ok();
}
