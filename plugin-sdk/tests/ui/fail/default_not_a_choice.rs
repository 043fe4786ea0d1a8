use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = "open", choices = ["close", "typical"])]
    value: String,
}

fn main() {}
