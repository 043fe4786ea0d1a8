use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    #[param]
    value: usize,
}

fn main() {}
