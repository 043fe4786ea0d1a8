//! `stratbox attack`: a few cases of each class. All of them are tests of their own in `tests/attack.rs`.

use serde_json::Value;

use crate::{Ran, folder, stratbox};

fn cases(ran: &Ran) -> Vec<Value> {
    ran.json()["cases"].as_array().expect("there are cases").clone()
}

/// Attacks with the cases whose name contains `only`, all of which hold.
fn held(only: &str) -> Vec<Value> {
    let dir = folder();
    let ran = stratbox(dir.path(), &format!("attack --only {only} --format json")).ok();
    let cases = cases(&ran);
    assert_eq!((&ran.json()["held"], &ran.json()["failed"]), (&cases.len().into(), &0.into()));
    assert!(cases.iter().all(|case| case["held"] == true), "{}", ran.stdout);
    cases
}

#[test]
fn a_component_that_never_ends_faults_at_the_same_fuel_twice() {
    let case = &held("endless_loop_in_on_bar")[0];
    assert_eq!((&case["class"], &case["expected"]), (&"component".into(), &"fault (fuel)".into()));
    assert_eq!(case["came_of_it"], "fault (fuel)");
    let evidence = case["evidence"].as_str().unwrap();
    assert!(
        evidence.starts_with("fault fuel at bar ") && evidence.ends_with(" units of fuel, twice"),
        "{evidence}"
    );
    assert!(case["seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_source_that_reads_a_file_gets_past_neither_the_gate_nor_the_jail() {
    let case = &held("include_str_of_a_file")[0];
    assert_eq!(case["expected"], "reject-source (reads_a_file)");
    assert!(case["evidence"].as_str().unwrap().contains("; without the gate: "), "{case}");
}

#[test]
fn a_program_that_is_passed_off_as_a_component_is_refused() {
    let case = &held("program_of_the_system")[0];
    let expected = "reject-component (native_program)";
    assert_eq!((&case["class"], &case["expected"]), (&"component".into(), &expected.into()));
}

#[test]
fn a_file_of_machine_code_that_was_changed_is_quarantined_and_made_anew() {
    let case = &held("artifact_with_a_flipped_bit")[0];
    let expected = "quarantined (altered)";
    assert_eq!((&case["class"], &case["came_of_it"]), (&"artifact".into(), &expected.into()));
}

#[test]
fn the_walls_of_both_jails_are_cases() {
    let worker = held("worker_jail");
    let tool = held("tool_jail");
    for (jail, cases) in [("worker", worker), ("tool", tool)] {
        assert!(cases.iter().all(|case| case["class"] == "jail" && case["expected"] == "nothing gained"));
        let names: Vec<&str> = cases.iter().map(|case| case["name"].as_str().unwrap()).collect();
        for wall in ["opening_a_socket_ipv4", "reading_root", "starting_a_process"] {
            assert!(names.contains(&format!("{jail}_jail_{wall}").as_str()), "{names:?}");
        }
        assert!(
            !names.iter().any(|name| name.ends_with("_reading_lib")),
            "controls are no attacks: {names:?}"
        );
    }
}

#[test]
fn without_a_jail_the_walls_do_not_stand_and_the_exit_code_says_so() {
    let dir = folder();
    let ran = stratbox(dir.path(), "attack --only _jail_ --dangerously-without-jail --format json");
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    let failed: Vec<Value> = cases(&ran).into_iter().filter(|case| case["held"] == false).collect();
    assert_eq!(ran.json()["failed"], failed.len());
    for wall in ["landlock", "seccomp", "capabilities"] {
        for jail in ["worker", "tool"] {
            let name = format!("{jail}_jail_{wall}");
            let case = failed.iter().find(|case| case["name"] == name.as_str());
            assert!(
                case.is_some_and(|case| case["evidence"].as_str().unwrap().contains("turned off")),
                "{name}"
            );
        }
    }
    assert_eq!(ran.json()["isolation"]["runs"], "unconfined processes");
    let human = stratbox(dir.path(), "attack --only worker_jail_ --dangerously-without-jail");
    assert_eq!(human.code, 7);
    assert!(human.stdout.contains("FAILED"), "{}", human.stdout);
}

#[test]
fn a_list_names_what_must_come_of_each_case_and_attacks_nothing() {
    let dir = folder();
    let all = cases(&stratbox(dir.path(), "attack --list --format json").ok());
    for class in ["component", "source", "artifact", "jail"] {
        assert!(all.iter().any(|case| case["class"] == class), "{class}");
    }
    assert!(all.iter().all(|case| case.get("held").is_none()));
    let some = cases(&stratbox(dir.path(), "attack --list --only artifact_ --format json").ok());
    assert!(!some.is_empty() && some.len() < all.len());
    let human = stratbox(dir.path(), "attack --list").ok().stdout;
    assert!(human.contains("endless_loop_in_on_bar") && human.contains("fault (fuel)"), "{human}");
}

#[test]
fn a_name_that_no_case_has_and_a_process_that_is_the_hosts_own_are_refused() {
    let dir = folder();
    let ran = stratbox(dir.path(), "attack --only no_such_case");
    assert!(ran.refused(2).contains("no case's name contains `no_such_case`"), "{}", ran.stderr);
    let ran = stratbox(dir.path(), "attack --only worker_jail --isolation threads");
    assert!(ran.refused(2).contains("leave `--isolation threads` out"), "{}", ran.stderr);
}
