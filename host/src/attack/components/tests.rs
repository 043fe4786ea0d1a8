//! What must be true of the cases before any of them is run.

use std::collections::BTreeSet;

use stratbox_intake::component::{ComponentLimits, Profile, Refusal, Shape, inspect};

use super::cases;
use crate::attack::case::{Expected, Material};

fn bytes(material: Material) -> Vec<u8> {
    match material {
        Material::Component(make) => make(),
        Material::Source(_) => panic!("these are components"),
    }
}

fn at_the_gate(material: Material) -> Result<Shape, Refusal> {
    inspect(&bytes(material), &ComponentLimits::default(), Profile::Strict)
}

#[test]
fn every_case_has_a_name_of_its_own_in_snake_case() {
    let mut names = BTreeSet::new();
    for case in cases() {
        let is_plain = case.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        assert!(is_plain && names.insert(case.name), "{}", case.name);
    }
}

#[test]
fn an_attack_is_the_same_bytes_every_time_and_others_than_its_control() {
    for case in cases() {
        let attack = bytes(case.attack);
        assert!(attack == bytes(case.attack), "{}", case.name);
        assert!(attack != bytes(case.control), "{}", case.name);
    }
}

#[test]
fn what_the_gate_must_refuse_is_refused_by_its_rule_and_everything_else_passes() {
    let mut wrong = String::new();
    for case in cases() {
        let refused = at_the_gate(case.attack).err();
        let is_right = match (case.expected, &refused) {
            (Expected::Component(rules), Some(refusal)) => rules.contains(&refusal.rule),
            (Expected::Component(_), None) => false,
            (_, refused) => refused.is_none(),
        };
        if !is_right {
            wrong += &format!("{}: {:?}, but {refused:?}\n", case.name, case.expected);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_control_passes_the_gate() {
    let refusals = cases().into_iter().filter_map(|case| Some((case.name, at_the_gate(case.control).err()?)));
    assert_eq!(refusals.collect::<Vec<_>>(), []);
}
