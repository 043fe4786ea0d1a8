use std::collections::BTreeSet;

use stratbox_intake::source::{DataLimits, SourceLimits, inspect, literal_data};

use super::*;

fn text(material: Material) -> String {
    match material {
        Material::Source(source) => source(),
        Material::Component(_) => panic!("these are sources"),
    }
}

fn rules(text: &str) -> Vec<&'static str> {
    let found = inspect(text, &SourceLimits::default());
    found.map_or_else(|found| found.refusals.iter().map(|refusal| refusal.rule).collect(), |()| Vec::new())
}

#[test]
fn every_case_has_a_name_of_its_own() {
    let names: BTreeSet<&str> = cases().iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases().len());
    let is_snake_case =
        |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    assert!(names.into_iter().all(is_snake_case));
}

#[test]
fn the_gate_refuses_what_is_said_to_be_refused_by_that_rule_and_lets_the_rest_through() {
    for case in cases() {
        let found = rules(&text(case.attack));
        match case.expected {
            Expected::Source { rule, .. } => assert!(found.contains(&rule), "{}: {found:?}", case.name),
            _ => assert!(found.is_empty(), "{}: {found:?}", case.name),
        }
    }
}

#[test]
fn the_gate_lets_every_control_through() {
    for case in cases() {
        let found = rules(&text(case.control));
        assert!(found.is_empty(), "{}: {found:?}", case.name);
    }
}

#[test]
fn an_attack_differs_from_its_control() {
    for case in cases() {
        assert_ne!(text(case.attack), text(case.control), "{}", case.name);
    }
}

#[test]
fn answers_that_were_worked_out_before_look_like_a_lot_of_data() {
    let told = |text: &str| literal_data(text, &DataLimits::default());
    let data = told(&determinism::answers());
    assert!(data.is_suspicious && data.longest_array >= 5_000, "{data:?}");
    assert!(!told(&plain()).is_suspicious);
}
