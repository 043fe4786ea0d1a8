use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = 1)]
    value: bool,
}

fn main() {}
