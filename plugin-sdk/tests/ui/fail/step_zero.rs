use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = 10, min = 2, max = 200, step = 0)]
    value: usize,
}

fn main() {}
