use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param(default = 10.0, min = 0.0, max = 1e300)]
    value: f32,
}

fn main() {}
