//! What may be given to the sandbox as a component, and what comes of everything else.

use std::sync::OnceLock;

use stratbox_compiler::{Compile, CompileError, Source};
use stratbox_domain::Digest;
use stratbox_intake::component::{ComponentLimits, Profile, inspect};
use stratbox_sdk::testing::{Backtest, random_walk};
use stratbox_tests::{Lab, Trial, cache_dir, lab};

const QUIET: &str = "use stratbox_sdk::prelude::*;
pub struct Quiet;
impl Strategy for Quiet {
    type Params = ();
    fn new(_: (), _: &[Instrument]) -> Result<Self, String> { Ok(Self) }
    fn on_bar(&mut self, _: &Bar, _: &mut Broker) {}
}
strategy!(Quiet);
";

fn refusal(component: &[u8]) -> String {
    match lab().load(component) {
        Err(error) => error,
        Ok(_) => panic!("it should have been refused"),
    }
}

#[test]
fn a_ready_made_component_is_as_good_as_a_source() {
    let compiled = lab().compile("quiet.rs", QUIET).unwrap();
    let artifact = lab().load(&compiled.component).unwrap();
    let manifest = lab().sandbox.describe(&artifact, &Digest::of(&compiled.component)).unwrap();
    assert_eq!((manifest.name.as_str(), manifest.parameters.len()), ("Quiet", 0));
    assert!(matches!(
        lab().run(&artifact, &Trial::new(random_walk(1, 10, 1))).0.outcome,
        stratbox_domain::RunOutcome::Completed(_)
    ));
}

/// `tests/fixtures/before_tickets.rs`, compiled when the contract's broker had no `place`, `open-quantity` or `financing`.
#[test]
fn a_component_that_was_built_for_the_first_contract_still_runs() {
    let component = include_bytes!("../fixtures/before_tickets.wasm");
    let shape = inspect(component, &ComponentLimits::default(), Profile::Strict).unwrap();
    assert!(shape.import_names.iter().any(|name| name == "stratbox:strategy/broker@0.1.0"), "{shape:?}");
    let artifact = lab().load(component).unwrap();
    let trial = Trial::new(random_walk(1, 300, 1)).with("units", stratbox_domain::ParamValue::Number(10.0));
    let (report, tape) = lab().run(&artifact, &trial);
    let stratbox_domain::RunOutcome::Completed(summary) = &report.outcome else {
        panic!("{:?}", report.outcome)
    };
    assert!(tape.fills.len() > 50 && summary.orders > 200, "{summary:?}");
    assert_eq!(summary.rejections[stratbox_domain::Rejection::InvalidQuantity as usize], 300);
    let natively = Backtest::new(random_walk(1, 300, 1)).run_with::<before_tickets::Before>(&[]).unwrap();
    assert_eq!((natively.fills, natively.equity), (tape.fills, tape.equity), "as the same source does today");
}

#[path = "../fixtures/before_tickets.rs"]
#[expect(unreachable_pub, reason = "a strategy as an author writes it")]
mod before_tickets;

#[test]
fn what_is_not_a_component_is_refused() {
    for bytes in [&b""[..], b"\x7fELF", b"(component)", &[0; 64]] {
        assert!(refusal(bytes).starts_with("the component does not fit the contract"), "{bytes:?}");
    }
    assert!(lab().load(&wat::parse_str("(module)").unwrap()).is_err(), "a core module is not a component");
}

#[test]
fn an_empty_component_is_told_which_export_is_missing() {
    let message = refusal(&wat::parse_str("(component)").unwrap());
    assert!(message.contains("stratbox:strategy/strategy@0.1.0"), "{message}");
}

#[test]
fn an_import_outside_of_the_contract_is_named_with_the_way_out() {
    let curious = r#"(component (import "wasi:random/random@0.2.0" (instance (export "get-random-u64" (func (result u64))))))"#;
    let message = refusal(&wat::parse_str(curious).unwrap());
    assert!(
        message.contains("wasi:random/random@0.2.0") && message.contains("wasm32-unknown-unknown"),
        "{message}"
    );
}

#[test]
fn a_strategy_imports_nothing_but_the_contract() {
    let compiled = lab().compile("quiet.rs", QUIET).unwrap();
    let shape = inspect(&compiled.component, &ComponentLimits::default(), Profile::Strict).unwrap();
    let imports = shape.import_names;
    assert!(imports.iter().all(|import| import.starts_with("stratbox:strategy/")), "{imports:?}");
}

#[test]
fn the_same_source_is_the_same_component_and_comes_from_the_cache() {
    let first = lab().compile("quiet.rs", QUIET).unwrap();
    let again = lab().compile("quiet.rs", QUIET).unwrap();
    assert_eq!(first.component, again.component);
    assert!(again.cached);
}

#[test]
fn compiling_twice_from_scratch_gives_the_same_bytes() {
    let stamp = format!("{QUIET}// {}", std::process::id());
    let first = lab().compile("quiet.rs", &stamp).unwrap();
    let file = lab().compile("quiet.rs", &format!("{stamp}\n")).unwrap();
    assert!(!first.cached && !file.cached);
    assert_eq!(first.component, file.component, "a comment changes nothing");
}

/// What the compiler says when nobody has looked at the source before.
fn diagnostics(text: &str) -> stratbox_compiler::Diagnostics {
    static UNGATED: OnceLock<Lab> = OnceLock::new();
    match UNGATED.get_or_init(|| Lab::new(None)).compile("wrong.rs", text) {
        Err(CompileError::Rejected { diagnostics, .. }) => diagnostics,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it should not compile"),
    }
}

#[test]
fn an_error_says_where_it_is_and_what_would_be_right() {
    let said = diagnostics(&QUIET.replace("Ok(Self)", "Ok(5)"));
    let first = &said.items[0];
    assert_eq!(
        (first.code.as_deref(), first.file.as_deref(), first.line),
        (Some("E0308"), Some("wrong.rs"), Some(5))
    );
    assert!(first.source_line.as_deref().unwrap().contains("Ok(5)"));
    let said = diagnostics(&QUIET.replace("Ok(Self)", "Okk(Self)"));
    assert_eq!(said.items[0].suggestions[0].replacement, "Ok");
}

#[test]
fn unsafe_code_is_refused_whatever_the_file_allows_itself() {
    let code = QUIET.replace("Ok(Self)", "Ok(unsafe { Self })");
    for text in [
        code.clone(),
        format!("#![allow(unsafe_code)]\n{code}"),
        code.replace("pub struct", "#[allow(unsafe_code)] pub struct"),
    ] {
        assert!(diagnostics(&text).items.iter().any(|item| item.message.contains("unsafe")), "{text}");
    }
    assert!(!diagnostics(&format!("{QUIET}\n#[unsafe(no_mangle)] pub fn main() {{}}")).items.is_empty());
}

#[test]
fn a_file_that_names_no_strategy_is_told_how() {
    let said = diagnostics(&QUIET.replace("strategy!(Quiet);", ""));
    assert!(said.items[0].message.contains("strategy!(YourType);"), "{}", said.items[0].message);
    let said = diagnostics("use stratbox_sdk::prelude::*; pub struct Not; strategy!(Not);");
    assert!(said.items[0].message.contains("Strategy"), "{}", said.items[0].message);
    assert_eq!(said.items[0].file.as_deref(), Some("wrong.rs"));
}

#[test]
fn a_source_cannot_read_a_file_of_this_machine() {
    let dir = tempfile::tempdir().unwrap();
    let other = dir.path().join("secret.txt");
    std::fs::write(&other, "the word is swordfish").unwrap();
    for reads in [
        format!("const READ: &str = include_str!({other:?});"),
        format!("const READ: &[u8] = include_bytes!({other:?});"),
    ] {
        let text = format!("{QUIET}\n{reads}\npub fn read() -> usize {{ READ.len() }}");
        let said = diagnostics(&text);
        assert!(said.items[0].message.contains("a strategy is one file"), "{said:?}");
        let absent = text.replace("secret.txt", "absent.txt");
        assert_eq!(said, diagnostics(&absent), "nor learn whether it is there");
        assert!(!format!("{said:?}").contains("swordfish"));
    }
    // What the compiler itself needs to read is told by what it says that it has read.
    let toolchain = std::process::Command::new("rustc").args(["--print", "sysroot"]).output().unwrap().stdout;
    let readable =
        std::path::Path::new(String::from_utf8(toolchain).unwrap().trim()).join("lib/rustlib/components");
    let said = diagnostics(&format!(
        "{QUIET}\nconst READ: &str = include_str!({readable:?});\npub fn read() -> usize {{ READ.len() }}"
    ));
    assert!(said.items[0].message.contains("a strategy is one file"), "{said:?}");
    let module = dir.path().join("more.rs");
    std::fs::write(&module, "pub fn more() {}").unwrap();
    assert!(!diagnostics(&format!("{QUIET}\n#[path = {module:?}]\nmod more;")).items.is_empty());
}

#[test]
fn arithmetic_that_overflows_is_a_fault_as_it_is_in_a_native_test() {
    let source = QUIET.replace(
        "_: &Bar, _: &mut Broker) {}",
        "bar: &Bar, _: &mut Broker) { let _ = std::hint::black_box(250_u8 + bar.close as u8); }",
    );
    let artifact = lab().artifact("overflow.rs", &source);
    let stratbox_domain::RunOutcome::Faulted(fault) =
        lab().run(&artifact, &Trial::new(random_walk(1, 3, 1))).0.outcome
    else {
        panic!("it overflows")
    };
    assert!(
        fault.message.starts_with("attempt to add with overflow (at overflow.rs:6:"),
        "{}",
        fault.message
    );
}

#[test]
fn the_environment_is_empty_and_the_entry_points_are_out_of_reach() {
    assert!(!diagnostics(&format!("{QUIET}\nconst HOME: &str = env!(\"HOME\");")).items.is_empty());
    assert!(
        !diagnostics(&format!("{QUIET}\nfn reach() {{ let _ = &crate::entry::SLOT; }}")).items.is_empty()
    );
    let said = diagnostics(&QUIET.replace("Ok(Self)", "Ok(5)"));
    let text = format!("{said:?}");
    assert!(!text.contains(cache_dir().to_str().unwrap()), "no path of this machine");
}

#[test]
fn a_source_is_not_confused_with_another_of_the_same_text_and_another_name() {
    let source = QUIET.replace(
        "fn on_bar(&mut self, _: &Bar, _: &mut Broker) {}",
        "fn on_bar(&mut self, _: &Bar, _: &mut Broker) { panic!() }",
    );
    for name in ["one.rs", "two.rs"] {
        let compiled = lab().compiler.compile(&Source::new(name, source.clone())).unwrap();
        let artifact = lab().load(&compiled.component).unwrap();
        let stratbox_domain::RunOutcome::Faulted(fault) =
            lab().run(&artifact, &Trial::new(random_walk(1, 3, 1))).0.outcome
        else {
            panic!("it panics")
        };
        assert!(fault.message.contains(name), "{}", fault.message);
    }
}
