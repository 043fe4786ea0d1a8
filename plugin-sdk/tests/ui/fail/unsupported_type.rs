use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = 10, min = 2, max = 200)]
    value: Option<usize>,
}

fn main() {}
