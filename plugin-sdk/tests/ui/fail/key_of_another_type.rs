use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = true, choices = ["true"])]
    value: bool,
}

fn main() {}
