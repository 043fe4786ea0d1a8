//! Sources of hostile authors.
//!
//! Every one that the source gate refuses is tried a second time with the gate bypassed: the gate is advice, and what is
//! behind it must hold without it.

mod binary;
mod bombs;
mod determinism;
mod environment;
mod files;
mod private;
mod runtime;
mod syntax;
mod system;
mod told;
mod words;

#[cfg(test)]
mod tests;

use super::case::{Bypassed, Case, Expected, Material, Told};

/// Every case.
pub(crate) fn cases() -> Vec<Case> {
    [
        files::cases(),
        environment::cases(),
        binary::cases(),
        private::cases(),
        bombs::cases(),
        syntax::cases(),
        system::cases(),
        runtime::cases(),
        determinism::cases(),
        words::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

type Check = fn(&Told) -> Result<(), String>;

/// A case whose only demand is how it ends.
fn case(name: &'static str, expected: Expected, attack: fn() -> String, control: fn() -> String) -> Case {
    let (attack, control) = (Material::Source(attack), Material::Source(control));
    Case { name, attack, expected, control, also: None }
}

/// A case that the source gate refuses by `rule`.
fn refused(
    name: &'static str,
    (rule, bypassed): (&'static str, Bypassed),
    attack: fn() -> String,
    control: fn() -> String,
) -> Case {
    case(name, Expected::Source { rule, bypassed }, attack, control)
}

impl Case {
    fn also(self, check: Check) -> Self {
        Self { also: Some(check), ..self }
    }
}

/// A strategy that runs `body` at its eighth bar, with `items` beside it. `UNCHECKED` stands for the keyword, which this
/// crate's files do not contain as text.
fn strategy(items: &str, body: &str) -> String {
    within("", items, body)
}

/// The same, with attributes of the whole file in front.
fn within(attributes: &str, items: &str, body: &str) -> String {
    format!(
        "{attributes}
use stratbox_sdk::prelude::*;

{items}

pub struct Guest {{
    bars: u64,
}}

impl Strategy for Guest {{
    type Params = ();

    fn new(_: (), _: &[Instrument]) -> Result<Self, String> {{
        Ok(Self {{ bars: 0 }})
    }}

    fn on_bar(&mut self, bar: &Bar, broker: &mut Broker) {{
        let _ = (&bar, &broker);
        self.bars += 1;
        if self.bars == 8 {{
            {body}
        }}
    }}
}}

strategy!(Guest);
"
    )
    .replace("UNCHECKED", concat!("un", "safe"))
}

/// A strategy that does nothing but say so.
fn plain() -> String {
    strategy("", r#"log::info("done");"#)
}
