//! Whether a component's imports and exports are those of the contract, by name and by type.

pub(super) mod encoded;
mod signature;
mod wasi;

use wasmparser::Validator;
use wasmparser::collections::IndexMap;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentEntityType, ComponentInstanceTypeId, ComponentItem, ComponentTypeId,
    SubtypeCx,
};
use wasmparser::types::{Types, TypesRef};

use super::refusal::{Refusal, shown};
use super::{Examined, Profile};

/// What every strategy exports.
const STRATEGY: &str = "stratbox:strategy/strategy@0.1.0";
const REBUILD: &str = "build it against the `strategy.wit` of this stratbox; `stratbox build` does";

/// The contract's types, in the validator that is about to read a component.
pub(super) fn types(validator: &mut Validator) -> Types {
    let types = validator.validate_all(encoded::WORLD).expect("the contract is a valid component type");
    validator.reset();
    types
}

/// Checks names first: they say more than types that do not match.
pub(super) fn check(examined: &Examined<'_>, profile: Profile) -> Result<(), Refusal> {
    let contract = Contract::of(&examined.contract);
    for &name in &examined.measured.imports {
        contract.check_import_name(name, profile)?;
    }
    contract.check_export_names(&examined.measured.exports)?;
    let theirs = examined.types.as_ref();
    for &name in &examined.measured.imports {
        if let (Some(ours), Some(item)) = (contract.imports.get(name), theirs.component_item_for_import(name))
        {
            contract.compare(Side::Import, name, (item.ty, theirs), ours.ty)?;
        }
    }
    for (name, ours) in contract.exports {
        if let Some(item) = theirs.component_item_for_export(name) {
            contract.compare(Side::Export, name, (item.ty, theirs), ours.ty)?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Import,
    Export,
}

/// The imports and exports of the contract's world.
struct Contract<'c> {
    types: TypesRef<'c>,
    imports: &'c IndexMap<String, ComponentItem>,
    exports: &'c IndexMap<String, ComponentItem>,
}

impl<'c> Contract<'c> {
    /// A world is encoded as the type of a component, exported by the type of a component that stands for its package.
    fn of(types: &'c Types) -> Self {
        let world = match types.component_item_for_export("plugin").map(|item| item.ty) {
            Some(ComponentEntityType::Type { referenced: ComponentAnyTypeId::Component(id), .. }) => {
                Self::only_component(types, id)
            }
            _ => None,
        };
        let world = &types[world.expect("the contract is the encoded world `plugin`")];
        Self { types: types.as_ref(), imports: &world.imports, exports: &world.exports }
    }

    fn only_component(types: &Types, package: ComponentTypeId) -> Option<ComponentTypeId> {
        match types[package].exports.values().next()?.ty {
            ComponentEntityType::Component(id) => Some(id),
            _ => None,
        }
    }

    fn check_import_name(&self, name: &str, profile: Profile) -> Result<(), Refusal> {
        if self.imports.contains_key(name) || (profile == Profile::Wasi && wasi::is_provided(name)) {
            return Ok(());
        }
        if let Some(known) = self.other_version(name) {
            return Err(other_version("imports", name, known));
        }
        if let Some(refusal) = wasi::refusal(name, profile) {
            return Err(refusal);
        }
        let allowed: Vec<_> = self.imports.keys().map(|name| format!("`{name}`")).collect();
        Err(Refusal::new(
            "unknown_import",
            format!("it imports `{}`, which is not in the contract", shown(name)),
            format!("a strategy may import {}, and nothing else", allowed.join(", ")),
        ))
    }

    fn check_export_names(&self, names: &[&str]) -> Result<(), Refusal> {
        if names.contains(&STRATEGY) {
            return Ok(());
        }
        Err(match names.iter().find(|name| base(name) == base(STRATEGY)) {
            Some(name) => other_version("exports", name, STRATEGY),
            None => Refusal::new(
                "missing_export",
                format!("it does not export `{STRATEGY}`, so it is no strategy"),
                "end the source with `strategy!(YourType);`, or export that interface of `strategy.wit`",
            ),
        })
    }

    /// The contract's interface of the same name in another version.
    fn other_version(&self, name: &str) -> Option<&str> {
        let known = self.imports.keys().chain(self.exports.keys());
        known.map(String::as_str).find(|known| base(known) == base(name) && *known != name)
    }

    /// Compares one interface, part by part so that the refusal can name the part, then as a whole.
    fn compare(
        &self,
        side: Side,
        interface: &str,
        (theirs, types): (ComponentEntityType, TypesRef<'_>),
        ours: ComponentEntityType,
    ) -> Result<(), Refusal> {
        let (ComponentEntityType::Instance(their_id), ComponentEntityType::Instance(our_id)) = (theirs, ours)
        else {
            let verb = if side == Side::Import { "imports" } else { "exports" };
            return Err(wrong_type(format!("what it {verb} as `{interface}` is no interface")));
        };
        self.compare_parts(side, interface, (their_id, types), our_id)?;
        let result = match side {
            // An import must be content with what the contract gives, an export must give what the contract asks.
            Side::Import => {
                SubtypeCx::new_with_refs(self.types, types).component_entity_type(&ours, &theirs, 0)
            }
            Side::Export => {
                SubtypeCx::new_with_refs(types, self.types).component_entity_type(&theirs, &ours, 0)
            }
        };
        result
            .map_err(|error| wrong_type(format!("its `{interface}` is not the contract's: {}", said(&error))))
    }

    fn compare_parts(
        &self,
        side: Side,
        interface: &str,
        (theirs, types): (ComponentInstanceTypeId, TypesRef<'_>),
        ours: ComponentInstanceTypeId,
    ) -> Result<(), Refusal> {
        let (their_parts, our_parts) = (&types[theirs].exports, &self.types[ours].exports);
        let needed = if side == Side::Import { their_parts } else { our_parts };
        for name in needed.keys() {
            let (theirs, ours) = match (their_parts.get(name), our_parts.get(name)) {
                (Some(theirs), Some(ours)) => (theirs.ty, ours.ty),
                (Some(_), None) => {
                    let name = shown(name);
                    return Err(wrong_type(format!(
                        "it wants `{name}` of `{interface}`, where the contract has no `{name}`"
                    )));
                }
                (None, _) => {
                    return Err(wrong_type(format!("its `{interface}` has no `{name}`")));
                }
            };
            if let Err(error) =
                SubtypeCx::new_with_refs(types, self.types).component_entity_type(&theirs, &ours, 0)
            {
                let theirs = signature::of(types, theirs);
                let ours = signature::of(self.types, ours);
                let difference = if theirs == ours {
                    format!("another {ours} than the contract's")
                } else {
                    format!("`{theirs}`, where the contract has `{ours}`")
                };
                let name = shown(name);
                return Err(wrong_type(format!(
                    "`{name}` of its `{interface}` is {difference}: {}",
                    said(&error)
                )));
            }
        }
        Ok(())
    }
}

/// An interface's name without its version.
fn base(name: &str) -> &str {
    name.split_once('@').map_or(name, |(base, _)| base)
}

fn other_version(verb: &str, name: &str, known: &str) -> Refusal {
    Refusal::new(
        "other_contract_version",
        format!("it {verb} `{}`, and this stratbox knows `{known}`", shown(name)),
        REBUILD,
    )
}

fn wrong_type(message: String) -> Refusal {
    Refusal::new("wrong_type", message, REBUILD)
}

/// What a comparison says, in one line, the innermost reason last. There is no offset: types come from anywhere.
fn said(error: &wasmparser::Error) -> String {
    shown(&error.message().replace('\n', ": "))
}
