use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = 10, minimum = 2, max = 200)]
    value: usize,
}

fn main() {}
