use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = 1, choices = ["one"])]
    value: String,
}

fn main() {}
