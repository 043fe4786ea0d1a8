use stratbox_sdk::Params;

#[derive(Params)]
struct Misused;

fn main() {}
