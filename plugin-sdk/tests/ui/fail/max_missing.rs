use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = 0.5, min = 0.0)]
    value: f64,
}

fn main() {}
