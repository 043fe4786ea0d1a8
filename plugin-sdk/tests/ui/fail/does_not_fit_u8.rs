use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = 10, min = 2, max = 300)]
    value: u8,
}

fn main() {}
