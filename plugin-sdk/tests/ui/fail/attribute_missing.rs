use stratbox_sdk::Params;

#[derive(Params)]
struct Misused {
    whole: usize,
    number: f64,
    flag: bool,
    text: String,
}

fn main() {}
