//! Components to try the gate with. All begin as a genuine strategy: the contract's imports and exports around a module, as
//! the tools make it, whose functions do nothing.

use std::sync::OnceLock;

use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

/// The contract.
pub(super) const WIT: &str = include_str!("../../../../../../wit/strategy.wit");

/// Sections of a component.
pub(super) const MODULE: u8 = 1;
pub(super) const COMPONENT: u8 = 4;
pub(super) const TYPE: u8 = 7;
pub(super) const EXPORT: u8 = 11;

/// A component for the world `plugin` of a contract.
pub(super) fn component_of(wit: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("strategy.wit", wit).unwrap();
    let world = resolve.packages[package].worlds["plugin"];
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

/// A component that fits the contract.
pub(super) fn strategy() -> Vec<u8> {
    static STRATEGY: OnceLock<Vec<u8>> = OnceLock::new();
    STRATEGY.get_or_init(|| component_of(WIT)).clone()
}

/// A number as the format has it.
pub(super) fn leb(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return out;
        }
        out.push(byte | 0x80);
    }
}

/// The same component with one more section at its end: there may be any number of each, in any order.
pub(super) fn with_section(mut component: Vec<u8>, id: u8, content: &[u8]) -> Vec<u8> {
    component.push(id);
    component.extend(leb(content.len() as u64));
    component.extend(content);
    component
}

/// A strategy that also has this core module, which nothing uses.
pub(super) fn with_module(fields: &str) -> Vec<u8> {
    with_section(strategy(), MODULE, &wat::parse_str(format!("(module {fields})")).unwrap())
}

/// A strategy that also has this component inside, which nothing uses.
pub(super) fn with_component(fields: &str) -> Vec<u8> {
    with_section(strategy(), COMPONENT, &wat::parse_str(format!("(component {fields})")).unwrap())
}

/// A strategy that also has a module of these sections: numbers and their contents.
pub(super) fn with_raw_module(sections: &[(u8, &[u8])]) -> Vec<u8> {
    let header = b"\0asm\x01\0\0\0".to_vec();
    let module = sections.iter().fold(header, |module, (id, content)| with_section(module, *id, content));
    with_section(strategy(), MODULE, &module)
}

/// `text` written `count` times; `#` becomes the number of the copy.
pub(super) fn times(count: usize, text: &str) -> String {
    (0..count).map(|index| text.replace('#', &index.to_string())).collect()
}
