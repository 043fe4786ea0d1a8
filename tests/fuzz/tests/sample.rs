//! Where the component among the samples comes from.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

/// The contract around a module whose functions do nothing, as the tools make it.
fn strategy() -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve
        .push_str("strategy.wit", include_str!("../../../wit/strategy.wit"))
        .expect("the contract is read");
    let world = resolve.packages[package].worlds["plugin"];
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .expect("it says of what world it is");
    let mut encoder = ComponentEncoder::default().module(&module).expect("it is a module of that world");
    encoder.encode().expect("it becomes a component")
}

fn path() -> impl AsRef<Path> {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/strategy.wasm")
}

#[test]
fn the_component_among_the_samples_is_of_todays_contract() {
    let again = "write it again with `cargo test -p stratbox-fuzz --test sample -- --ignored`";
    assert!(std::fs::read(path()).unwrap() == strategy(), "{again}");
}

#[test]
#[ignore = "it writes the sample instead of testing it"]
fn write_the_component_among_the_samples() {
    std::fs::write(path(), strategy()).unwrap();
}
