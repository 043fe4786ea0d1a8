//! Hostile components: made by hand, since no compiler makes them.
//!
//! Most are a strategy that does nothing ([`guest`]) with an attack in one place, and are tried next to that strategy, or next
//! to one that goes up to a limit where the attack goes beyond.

/// Refused by this rule; the control is within it.
macro_rules! refused {
    ($name:literal, [$($rule:literal),+], $attack:expr, $control:expr) => {
        $crate::attack::components::beside(
            $name,
            $crate::attack::case::Expected::Component(&[$($rule),+]),
            || $attack,
            || $control,
        )
    };
}

mod code;
mod features;
mod files;
mod guest;
mod lies;
mod orders;
mod sizes;
mod space;
mod state;
mod surface;
#[cfg(test)]
mod tests;
mod time;
mod types;
mod words;

use super::case::{Case, Expected, Material, Told};
use crate::backtest::Outcome;

/// Every case of this part of the corpus.
pub(crate) fn cases() -> Vec<Case> {
    [
        files::cases(),
        surface::cases(),
        features::cases(),
        sizes::cases(),
        code::cases(),
        types::cases(),
        time::cases(),
        space::cases(),
        lies::cases(),
        words::cases(),
        orders::cases(),
        state::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// An attack next to the strategy that attacks nothing.
fn case(name: &'static str, expected: Expected, attack: fn() -> Vec<u8>) -> Case {
    beside(name, expected, attack, guest::harmless)
}

/// An attack next to a strategy that goes as far as is allowed.
fn beside(name: &'static str, expected: Expected, attack: fn() -> Vec<u8>, control: fn() -> Vec<u8>) -> Case {
    let control = Material::Component(control);
    Case { name, attack: Material::Component(attack), expected, control, also: None }
}

/// The case, of whose end more must be true.
fn and(mut case: Case, also: fn(&Told) -> Result<(), String>) -> Case {
    case.also = Some(also);
    case
}

/// What a run that came to its end logged, message by message.
fn messages(told: &Told) -> Result<Vec<&str>, String> {
    match told {
        Told::Ran { outcome: Outcome::Completed(_), log, .. } => {
            Ok(log.lines.iter().map(|line| line.message.as_str()).collect())
        }
        _ => Err("it did not complete".to_owned()),
    }
}

/// Says what is wrong unless it holds.
fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}
