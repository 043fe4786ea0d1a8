use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = "open", choices = ["open", "open"])]
    value: String,
}

fn main() {}
