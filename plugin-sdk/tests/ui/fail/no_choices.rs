use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = "open", choices = [])]
    value: String,
}

fn main() {}
