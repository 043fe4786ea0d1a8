//! Components that import WASI, when nobody has allowed it. What they are given when somebody has is tried in
//! `host/tests/cli/wasi.rs`.

use stratbox_tests::lab;

#[test]
fn without_permission_every_package_of_wasi_is_refused_by_name() {
    for (import, what) in [
        ("wasi:random/random@0.2.0", "random numbers"),
        ("wasi:clocks/wall-clock@0.2.0", "clocks"),
        ("wasi:filesystem/preopens@0.2.0", "files"),
        ("wasi:sockets/tcp@0.2.0", "the network"),
        ("wasi:cli/environment@0.2.0", "environment variables"),
        ("wasi:io/streams@0.2.0", "input and output"),
        ("wasi:http/outgoing-handler@0.2.0", "the network"),
    ] {
        let component = wat::parse_str(format!(r#"(component (import "{import}" (instance)))"#)).unwrap();
        let refusal = lab().load(&component).err().expect("it is refused");
        assert!(refusal.contains(&format!("`{import}`")) && refusal.contains(what), "{refusal}");
    }
}
