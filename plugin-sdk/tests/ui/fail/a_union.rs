use stratbox_sdk::Params;

#[derive(Params)]
union Misused {
    value: usize,
}

fn main() {}
