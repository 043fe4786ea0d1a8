use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = DEFAULT, min = 2, max = 200)]
    value: usize,
}

fn main() {}
