use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = 10, min = 200, max = 2)]
    value: usize,
}

fn main() {}
