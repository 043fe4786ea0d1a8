use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = 10, min = 2, min = 3, max = 200)]
    value: usize,
}

fn main() {}
