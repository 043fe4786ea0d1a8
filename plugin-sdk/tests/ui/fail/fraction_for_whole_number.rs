use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = 2.5, min = 1, max = 5)]
    value: i32,
}

fn main() {}
