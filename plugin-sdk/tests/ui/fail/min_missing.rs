use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = 10, max = 200)]
    value: usize,
}

fn main() {}
