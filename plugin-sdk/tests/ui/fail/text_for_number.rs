use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = "1", min = 1, max = 5)]
    value: f64,
}

fn main() {}
