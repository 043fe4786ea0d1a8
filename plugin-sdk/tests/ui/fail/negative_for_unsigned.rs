use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = 10, min = -1, max = 20)]
    value: u32,
}

fn main() {}
