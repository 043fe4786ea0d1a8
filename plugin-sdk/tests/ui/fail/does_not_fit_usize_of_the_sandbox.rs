use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = 10, min = 2, max = 4294967296)]
    value: usize,
}

fn main() {}
