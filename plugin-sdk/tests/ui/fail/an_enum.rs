use stratbox_sdk::Params;

#[derive(Params)]
enum Misused {
    Value,
}

fn main() {}
