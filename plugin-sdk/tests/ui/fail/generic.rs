use stratbox_sdk::Params;

#[derive(Params)]
struct Misused<T> {
    #[param(default = 10, min = 2, max = 200)]
    value: T,
}

fn main() {}
