//! What is read of a file, and what is said of one that is wrong.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_spanned::Spanned;

use super::*;

const QUEUE: &str = "\
# The queue.
data:
  sources: [{path: sp500.csv}]
strategies:
  - id: STR-201
    source: sma_cross.rs
    params: {fast: 10, slow: [20, 30.5], name: x}
    status: L0_PASSED
    attempts: 1
  - source: 'b.rs'
    id: 17
";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    data: Data,
    validation: Option<Validation>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    sources: Spanned<Vec<BTreeMap<String, String>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Validation {
    #[expect(dead_code, reason = "it is only refused")]
    max_workers: u32,
    mode: Option<Mode>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Plain,
    Cut { at: f64 },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strategy {
    source: String,
    #[serde(default)]
    params: BTreeMap<String, Param>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(untagged)]
enum Param {
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Param>),
}

fn settings_refusal(text: &str) -> String {
    let message = read(text).unwrap().settings::<Settings>().unwrap_err().to_string();
    message.split_once("queue.yaml:").unwrap().1.to_owned()
}

#[test]
fn strategies_are_read_with_their_lines_and_with_what_is_managed() {
    let document = read(QUEUE).unwrap();
    let entries = document.entries::<Strategy>().unwrap();
    let [first, second] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((first.id.as_str(), first.line, first.line_of("params")), ("STR-201", 5, 7));
    assert_eq!(first.managed, Managed { attempts: 1, ..with(PASSED) });
    assert_eq!(first.rest.params["slow"], Param::List(vec![Param::Integer(20), Param::Number(30.5)]));
    assert_eq!(first.rest.params["name"], Param::Text("x".to_owned()));
    assert_eq!((second.id.as_str(), second.line, second.rest.source.as_str()), ("17", 10, "b.rs"));
    assert_eq!(second.managed, Managed::default());
    assert_eq!(document.managed("STR-201"), Some(&first.managed));
    assert_eq!((document.managed("STR-202"), document.len()), (None, 2));
}

#[test]
fn settings_are_all_that_is_beside_the_strategies_and_know_where_they_stand() {
    let settings: Settings = read(QUEUE).unwrap().settings().unwrap();
    assert!(settings.validation.is_none());
    assert_eq!(settings.data.sources.get_ref()[0]["path"], "sp500.csv");
    assert_eq!(&QUEUE[settings.data.sources.span()], "[{path: sp500.csv}]");
    assert_eq!(read(QUEUE).unwrap().line_at(settings.data.sources.span().start), 3);
}

#[test]
fn names_of_variants_stand_alone_or_with_what_belongs_to_them() {
    let mode = |mode: &str| {
        let text =
            format!("data: {{sources: []}}\nvalidation: {{max_workers: 4, mode: {mode}}}\nstrategies: []");
        read(&text).unwrap().settings::<Settings>().map(|settings| settings.validation.unwrap().mode)
    };
    assert_eq!(mode("plain").unwrap(), Some(Mode::Plain));
    assert_eq!(mode("{cut: {at: 2}}").unwrap(), Some(Mode::Cut { at: 2.0 }));
    assert_eq!(mode("~").unwrap(), None);
    for refused in ["cut", "other", "[plain]", "{plain: 3}"] {
        assert!(mode(refused).is_err(), "{refused}");
    }
}

#[test]
fn what_a_type_refuses_is_named_with_its_line() {
    let settings = |text: &str| settings_refusal(&format!("{text}\nstrategies: []"));
    assert_eq!(
        settings("data: {sources: []}\nvalidaton: 3"),
        "2: unknown key `validaton`: there are `data`, `validation`"
    );
    assert_eq!(settings("validation:\n  max_workers: 3"), "1: `data` is missing");
    let refused = settings("data: {sources: []}\nvalidation:\n  max_workers: four");
    assert_eq!(refused, "3: expected u32, not string \"four\"");
    let refused = settings("data: {sources: []}\nvalidation:\n  max_workers:");
    assert_eq!(refused, "3: nothing is written here: write u32");
    assert!(settings("data: {sources: []}\nvalidation:\n  max_workers: -1").starts_with("3: "));
    assert!(
        settings("data: {sources: []}\nvalidation:\n  max_workers: .inf")
            .starts_with("3: `.inf` is no number")
    );
}

#[test]
fn what_is_refused_of_a_strategy_names_it() {
    let refused = |text: &str| {
        let message = read(text).unwrap().entries::<Strategy>().unwrap_err().to_string();
        message.split_once("queue.yaml:").unwrap().1.to_owned()
    };
    let unknown = refused("strategies:\n- id: a\n  source: x\n  sauce: y");
    assert_eq!(unknown, "4: strategy `a`: unknown key `sauce`: there are `source`, `params`");
    assert_eq!(refused("strategies:\n- id: a\n"), "2: strategy `a`: `source` is missing");
}

#[test]
fn a_text_that_is_asked_for_is_read_as_it_is_written() {
    let document = read("strategies:\n- {id: 007, source: 000001}\n- {id: 1.10, source: true}").unwrap();
    let entries = document.entries::<Strategy>().unwrap();
    let found: Vec<_> = entries.iter().map(|entry| (entry.id.as_str(), entry.rest.source.as_str())).collect();
    assert_eq!(found, [("007", "000001"), ("1.10", "true")]);
}

#[test]
fn an_id_is_needed_once_and_as_a_plain_name() {
    assert!(read("strategies:\n- id: A.b_c-9\n- id: _a").is_ok());
    assert!(read(&format!("strategies:\n- id: {}", "x".repeat(64))).is_ok());
    assert_eq!(
        refusal("strategies:\n- id: a\n- source: b"),
        "3: this strategy has no `id`: write `id: NAME`"
    );
    assert!(refusal("strategies:\n- id:\n").starts_with("2: this strategy has no `id`"));
    assert_eq!(
        refusal("strategies:\n- id: a\n- id: b\n- x: 1\n  id: 'a'"),
        "4: `a` is already the strategy in line 2"
    );
    for id in ["a b", "../a", "-a", ".a", "\"a\\x1b\"", "ä", "[a]", "''", &"x".repeat(65)] {
        let message = refusal(&format!("strategies:\n- id: {id}"));
        assert!(message.starts_with("2: `") && message.contains("` is no `id`"), "{message}");
    }
}

#[test]
fn a_status_that_is_none_is_refused_with_all_that_there_are() {
    assert!(read("strategies:\n- {id: a, status: L2_FIXABLE}").is_ok());
    let message = refusal("strategies:\n- id: a\n  status: passed");
    assert!(message.starts_with("3: `status`: no such status"), "{message}");
    assert!(Status::all().all(|status| message.contains(&format!("`{status}`"))), "{message}");
    assert!(refusal("strategies:\n- id: a\n  status: [PENDING]").starts_with("3: `status`"));
}

#[test]
fn other_managed_keys_are_checked_as_well() {
    assert!(read("strategies:\n- {id: a, attempts: 3, reason: x}").is_ok());
    for attempts in ["-1", "1.5", "4294967296", "x", "[]", "''"] {
        let message = refusal(&format!("strategies:\n- id: a\n  attempts: {attempts}"));
        assert!(message.starts_with("3: `attempts` must be a whole number"), "{message}");
    }
    assert_eq!(refusal("strategies:\n- id: a\n  verdict: {x: y}"), "3: `verdict` must be a text");
    let long = format!("strategies:\n- id: a\n  reason: {}", "x".repeat(501));
    assert_eq!(refusal(&long), "3: `reason` must be a text of at most 500 characters");
}

#[test]
fn what_is_no_queue_is_refused_with_what_to_write() {
    assert!(read("strategies: []").unwrap().is_empty());
    assert!(read("strategies:\n").unwrap().is_empty());
    assert!(refusal("").starts_with("1: there is nothing in it"));
    assert!(refusal("- id: a").starts_with("1: a queue file is a map of keys to values, not a list"));
    assert!(refusal("strategy: []").starts_with("1: `strategies` is missing"));
    assert!(refusal("strategies: {a: 1}").starts_with("1: `strategies` must be a list"));
    assert!(refusal("strategies:\n- a.rs").starts_with("2: a strategy is written as `- id: ...`"));
    assert!(refusal("strategies:\n- id: a\n   x: 1").contains(": no valid YAML: "));
}

#[test]
fn what_is_not_utf_8_is_refused_with_its_line() {
    let fixture = Fixture::new("");
    std::fs::write(fixture.path(), b"strategies:\n- id: \xff").unwrap();
    let message = Queue::read(&fixture.path()).unwrap_err().to_string();
    assert!(message.ends_with("queue.yaml:2: this is not UTF-8: save the file as UTF-8"), "{message}");
}

#[test]
fn the_caller_can_name_a_line_too() {
    let document = read(QUEUE).unwrap();
    let problem = document.problem(6, "there is no `sma_cross.rs`\u{1b}").to_string();
    assert!(problem.ends_with(r"queue.yaml:6: there is no `sma_cross.rs`\u{1b}"), "{problem}");
}
