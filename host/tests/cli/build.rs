//! `stratbox build` and `stratbox inspect`.

use serde_json::json;

use crate::{folder, stratbox, write};

#[test]
fn a_source_becomes_a_component_that_is_the_same_strategy() {
    let dir = folder();
    let built = stratbox(dir.path(), "build probe.rs -o out.wasm --format json").ok().json();
    let component = std::fs::read(dir.path().join("out.wasm")).unwrap();
    assert_eq!(&component[..4], b"\0asm");
    assert_eq!(built["component"]["bytes"], component.len());
    assert_eq!(built["output"], "out.wasm");

    let source = stratbox(dir.path(), "inspect probe.rs --format json").ok().json();
    let binary = stratbox(dir.path(), "inspect out.wasm --format json").ok().json();
    for key in ["manifest", "component", "artifact", "imports"] {
        assert_eq!(source[key], binary[key], "{key}");
    }
    assert_eq!(source["component"], built["component"]);
}

#[test]
fn a_component_is_not_written_over_its_source_or_over_what_is_no_regular_file() {
    let dir = folder();
    for (target, why) in [
        ("probe.rs", "one of the files that are read"),
        ("./probe.rs", "one of the files that are read"),
        (".", "it is a directory"),
        ("/dev/null", "it is not a regular file"),
    ] {
        let ran = stratbox(dir.path(), &format!("build probe.rs -o {target}"));
        let said = ran.refused(2);
        assert!(said.contains(&format!("cannot write `{target}`: ")) && said.contains(why), "{said}");
    }
    assert_eq!(std::fs::read_to_string(dir.path().join("probe.rs")).unwrap(), crate::PROBE);
    write(dir.path(), "old.wasm", "an earlier result");
    stratbox(dir.path(), "build probe.rs -o old.wasm").ok();
    assert!(std::fs::read(dir.path().join("old.wasm")).unwrap().starts_with(b"\0asm"));
}

#[test]
fn the_second_build_of_a_source_comes_from_the_cache() {
    let dir = folder();
    stratbox(dir.path(), "build probe.rs").ok();
    let again = stratbox(dir.path(), "build probe.rs --format json").ok().json();
    assert_eq!(again["cached"], true);
    let text = std::fs::read_to_string(dir.path().join("probe.rs")).unwrap();
    let nonce = format!("{text}// {:?}\n", std::time::SystemTime::now());
    write(dir.path(), "probe.rs", &nonce);
    let changed = stratbox(dir.path(), "build probe.rs --format json").ok().json();
    assert_eq!(changed["cached"], false);
}

#[test]
fn inspecting_shows_each_parameter_and_the_imports() {
    let dir = folder();
    let report = stratbox(dir.path(), "inspect probe.rs --format json").ok().json();
    let parameters = report["manifest"]["parameters"].as_array().unwrap();
    let names: Vec<&str> = parameters.iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["units", "share", "talk", "mode"]);
    let expected = json!({"name": "units", "description": "units to buy on the first bar", "type": "integer",
        "min": 0, "max": 1000, "step": 100, "default": 1});
    assert_eq!(parameters[0], expected);
    let imports: Vec<&str> =
        report["imports"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert!(imports.contains(&"stratbox:strategy/broker@0.1.0"), "{imports:?}");
    assert!(imports.iter().all(|name| name.starts_with("stratbox:strategy/")), "{imports:?}");
    let human = stratbox(dir.path(), "inspect probe.rs").ok().stdout;
    assert!(human.contains("a whole number from 0 to 1000, step 100, default 1"), "{human}");
}

#[test]
fn a_source_that_does_not_compile_is_answered_with_the_compilers_words() {
    let dir = folder();
    let bad = crate::PROBE.replace("self.bars += 1;", "self.bars = \"text\";");
    let line = bad.lines().position(|line| line.contains("\"text\"")).unwrap() + 1;
    write(dir.path(), "bad.rs", &bad);
    let human = stratbox(dir.path(), "build bad.rs");
    let said = human.refused(3);
    assert!(
        said.contains("error[E0308]: mismatched types") && said.contains(&format!("bad.rs:{line}:21")),
        "{said}"
    );
    assert!(said.ends_with("error: `bad.rs` does not compile: 1 error\n"), "{said}");

    let json = stratbox(dir.path(), "build bad.rs --format json");
    assert_eq!((json.code, json.stderr.as_str()), (3, ""));
    let error = &json.json()["error"];
    assert_eq!(error["kind"], "compile");
    let item = &error["diagnostics"]["items"][0];
    assert_eq!(
        (&item["code"], &item["line"], &item["file"]),
        (&json!("E0308"), &json!(line), &json!("bad.rs"))
    );
    write(dir.path(), "bad.rs", crate::PROBE);
    stratbox(dir.path(), "build bad.rs").ok();
}

#[test]
fn a_component_that_does_not_fit_the_contract_and_a_file_of_another_kind_are_refused() {
    let dir = folder();
    // An empty component.
    std::fs::write(dir.path().join("empty.wasm"), b"\0asm\x0d\0\x01\0").unwrap();
    assert!(stratbox(dir.path(), "inspect empty.wasm").refused(3).contains("does not fit the contract"));
    assert!(stratbox(dir.path(), "inspect a.csv").refused(2).contains("must end in `.rs` or `.wasm`"));
    assert!(stratbox(dir.path(), "inspect missing.rs").refused(2).contains("cannot read `missing.rs`"));
    assert!(stratbox(dir.path(), "build empty.wasm").refused(2).contains("is a component already"));
    assert!(stratbox(dir.path(), "build probe.rs -o no/out.wasm").refused(2).contains("no directory `no`"));
}

#[test]
fn an_operator_says_what_may_come_in() {
    let dir = folder();
    write(dir.path(), "strict.toml", "[component]\nbytes = 1000\n");
    write(dir.path(), "wide.toml", "[component]\nbytes = 8000000\n\n[source]\nnesting = 100\n");
    write(dir.path(), "wrong.toml", "[component]\nsize = 1000\n");
    write(dir.path(), "shallow.toml", "[source]\nnesting = 1\n");
    let strict = stratbox(dir.path(), "build probe.rs --intake strict.toml --format json");
    let error = &strict.json()["error"];
    assert_eq!((strict.code, &error["rule"]), (3, &json!("too_large")), "{error}");
    stratbox(dir.path(), "build probe.rs --intake wide.toml").ok();
    assert!(stratbox(dir.path(), "build probe.rs --intake shallow.toml").refused(3).contains("deep_nesting"));
    assert!(
        stratbox(dir.path(), "build probe.rs --intake wrong.toml")
            .refused(2)
            .contains("unknown field `size`")
    );
    assert!(stratbox(dir.path(), "build probe.rs --intake no.toml").refused(2).contains("`no.toml`: "));
}
