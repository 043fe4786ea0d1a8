#![deny(warnings, unsafe_code)]

use stratbox_sdk::Params;

/// Uses everything that there is.
#[derive(Params)]
struct Everything {
    /// documented
    #[param(default = -5, min = -10, max = 0)]
    a: i8,
    #[param(default = 1_000, min = 0, max = 0x7fff, step = 50)]
    b: i16,
    #[param(default = 1, min = -1, max = 1)]
    c: i32,
    #[param(default = 1, min = -9223372036854775808, max = 9223372036854775807)]
    d: i64,
    #[param(default = 255, min = 0, max = 255)]
    e: u8,
    #[param(default = 1, min = 1, max = 65535)]
    f: u16,
    #[param(default = 1, min = 1, max = 4294967295)]
    g: u32,
    #[param(default = 1, min = 1, max = 9223372036854775807)]
    h: u64,
    #[param(default = 1, min = 1, max = 4294967295)]
    i: usize,
    #[param(default = 0.5, min = 0.0, max = 1.0)]
    j: f32,
    #[param(default = -0.5, min = -1, max = 1e3, step = 0.25)]
    k: f64,
    #[param(default = true)]
    l: bool,
    #[param(default = "close", choices = ["close", "typical",])]
    m: String,
    /// a keyword is a name like any other
    #[param(default = 2, min = 2, max = 2)]
    r#type: usize,
}

fn main() {
    let Everything { a, b, c, d, e, f, g, h, i, j, k, l, m, r#type } = Everything::defaults();
    assert_eq!((a, b, c, d, e, f, g, h, i), (-5, 1000, 1, 1, 255, 1, 1, 1, 1));
    assert_eq!((j, k, l, m.as_str(), r#type), (0.5, -0.5, true, "close", 2));
    assert_eq!(Everything::specs().last().map(|spec| spec.name.clone()), Some("type".to_owned()));
    assert!(Everything::specs().iter().all(|spec| spec.validate().is_ok()));
}
