// The derived code means the standard library whatever these names mean here.
#![deny(warnings, unsafe_code)]
#![allow(dead_code)]

struct Vec;
struct Result;
struct Option;
struct BTreeMap;
struct ParamSpec;
struct ParamValue;
mod std {}
mod core {}

#[derive(stratbox_sdk::Params)]
struct Shadowed {
    #[param(default = 3, min = 1, max = 9)]
    length: usize,
    #[param(default = "up", choices = ["up", "down"])]
    side: String,
}

#[derive(stratbox_sdk::Params)]
struct Empty {}

fn main() {
    use stratbox_sdk::Params;
    assert_eq!(Shadowed::specs().len(), 2);
    assert_eq!(Empty::specs().len(), 0);
}
