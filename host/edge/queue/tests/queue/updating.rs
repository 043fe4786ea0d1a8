//! What changes in the text, and what does not.

use super::*;

#[test]
fn managed_values_are_changed_where_they_stand_and_nothing_else_is() {
    let text = "\
# mine
strategies:   # all of them
- id:   a     # first
  reason: 'old'   # why
  status:  PENDING\t # managed

  attempts: 0
  source: x.rs
  verdict:  # none yet
  fingerprint: \"0\"
- id: b
";
    let expected = r##"# mine
strategies:   # all of them
- id:   a     # first
  reason: "sharpe 1.2: \"good\"\n# end"   # why
  status:  L0_PASSED	 # managed

  attempts: 2
  source: x.rs
  verdict: "PASS"  # none yet
  fingerprint: "1e5"
- id: b
"##;
    assert_eq!(updated(text, "a", full()), expected);
}

#[test]
fn managed_keys_that_are_missing_are_added_in_their_order() {
    let text = "strategies:\n  - source: a.rs\n    id: a # one\n    params:\n      x: 1\n    attempts: 1\n\n  # two\n  - id: b";
    let expected = r##"strategies:
  - source: a.rs
    id: a # one
    status: L0_PASSED
    params:
      x: 1
    attempts: 2
    fingerprint: "1e5"
    verdict: "PASS"
    reason: "sharpe 1.2: \"good\"\n# end"

  # two
  - id: b"##;
    assert_eq!(updated(text, "a", full()), expected);
}

#[test]
fn the_last_line_needs_no_end() {
    assert_eq!(
        updated("strategies:\r\n- id: b", "b", Managed { attempts: 1, ..with(PASSED) }),
        "strategies:\r\n- id: b\r\n  status: L0_PASSED\r\n  attempts: 1"
    );
}

#[test]
fn line_breaks_and_the_byte_order_mark_stay_as_they_are() {
    let text = "\u{feff}strategies:\r\n  -\r\n    id: a\r\n    x: 1\r\n";
    let expected = "\u{feff}strategies:\r\n  -\r\n    id: a\r\n    status: L0_PASSED\r\n    x: 1\r\n";
    assert_eq!(updated(text, "a", with(PASSED)), expected);
    assert_eq!(
        updated("strategies:\r- id: a\r", "a", with(PASSED)),
        "strategies:\r- id: a\r  status: L0_PASSED\r"
    );
}

#[test]
fn entries_in_braces_are_changed_within_them() {
    let text = "strategies: [{id: a, x: {y: z}}, {\"id\":\"b\",\"status\":\"PENDING\"},\n {id: c # c\n  , reason: }]";
    let mut expected = "strategies: [{id: a, status: L0_PASSED, attempts: 3, x: {y: z}}, ".to_owned();
    assert!(updated(text, "a", Managed { attempts: 3, ..with(PASSED) }).starts_with(&expected));
    expected = text.replace("\"PENDING\"", " L0_PASSED");
    assert_eq!(updated(text, "b", with(PASSED)), expected);
    expected = text.replace("id: c", "id: c, status: L0_PASSED").replace("reason: ", "reason: \"x\" ");
    assert_eq!(updated(text, "c", Managed { reason: Some("x".to_owned()), ..with(PASSED) }), expected);
}

#[test]
fn a_value_that_is_no_longer_there_takes_its_line_along_or_becomes_null() {
    let text = "strategies:\n- id: a\n  verdict: PASS\n  reason: x # seen\n  x: 1\n- reason: y\n  id: b\n- {id: c, reason: z}\n";
    let none = Managed::default;
    assert_eq!(
        updated(text, "a", none()),
        text.replace("  verdict: PASS\n", "").replace("reason: x", "reason: null")
    );
    assert_eq!(updated(text, "b", none()), text.replace("reason: y", "reason: null"));
    assert_eq!(updated(text, "c", none()), text.replace("reason: z", "reason: null"));
}

#[test]
fn what_looks_like_a_managed_key_elsewhere_is_left_alone() {
    let text = "status: x\nstrategies:\n- id: a\n  notes: |\n    status: PENDING\n  params: {status: 1}\n  # status: PENDING\n";
    let expected = text.replace("- id: a\n", "- id: a\n  status: L0_PASSED\n");
    assert_eq!(updated(text, "a", with(PASSED)), expected);
}

#[test]
fn an_update_with_nothing_new_writes_nothing() {
    let fixture = Fixture::new("strategies:\n- {id: a, status: 'L0_PASSED'}\n- id: b\n");
    let identity = || std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(fixture.path()).unwrap());
    let (before, text) = (identity(), fixture.text());
    let mut queue = fixture.open();
    queue.update(&[]).unwrap();
    queue.update(&[("a".to_owned(), with(PASSED)), ("b".to_owned(), with(Status::Pending))]).unwrap();
    assert_eq!((identity(), fixture.text()), (before, text));
    queue.update(&[("b".to_owned(), with(PASSED))]).unwrap();
    assert_ne!(identity(), before);
}

#[test]
fn of_a_strategy_that_is_named_twice_the_last_is_written() {
    let fixture = Fixture::new("strategies:\n- id: a\n");
    let mut queue = fixture.open();
    let change = |status| ("a".to_owned(), with(status));
    queue.update(&[change(Status::Validating(Tier::L0)), change(PASSED)]).unwrap();
    assert_eq!(fixture.text(), "strategies:\n- id: a\n  status: L0_PASSED\n");
    assert_eq!(queue.document().managed("a"), Some(&with(PASSED)));
}

#[test]
fn a_strategy_that_is_not_in_the_queue_is_refused_and_nothing_is_written() {
    let fixture = Fixture::new("strategies:\n- id: a\n");
    let mut queue = fixture.open();
    let changes = [("a".to_owned(), with(PASSED)), ("b".to_owned(), with(PASSED))];
    let message = queue.update(&changes).unwrap_err().to_string();
    assert!(message.starts_with("there is no strategy `b` in `"), "{message}");
    assert_eq!(fixture.text(), "strategies:\n- id: a\n");
    queue.update(&changes[..1]).unwrap();
}

#[test]
fn a_reason_is_one_line_and_at_most_so_long() {
    let reason = Some(format!("{}\u{1b}\n", "x".repeat(490)).repeat(2));
    let wanted = Managed { reason, ..Managed::default() };
    let text = updated("strategies:\n- id: a\n", "a", wanted.clone());
    assert_eq!(text.lines().count(), 3);
    assert!(text.contains("\\x1B\\nxxx") && text.ends_with("…\"\n"), "{text}");
    let read = read(&text).unwrap();
    assert_eq!(read.managed("a"), Some(&wanted.bounded()));
}

#[test]
fn what_cannot_be_changed_in_place_is_refused_before_any_work() {
    let one_line = |text: &str| {
        let message = refusal(text);
        assert!(message.contains("on one line: `"), "{message}");
    };
    assert!(read("strategies:\n- id: a\n  reason: \"x y\"\n").is_ok());
    one_line("strategies:\n- id: a\n  reason: |\n    x\n");
    one_line("strategies:\n- id: a\n  reason: \"x\n    y\"\n");
    one_line("strategies:\n- id:\n    a\n");
    one_line("strategies:\n- ? id\n  : a\n");
    one_line("strategies:\n- {id: a, status}\n");
    let in_place = refusal("strategies: [id: a]\n");
    assert!(in_place.starts_with("1: this cannot be kept up to date in place: write"), "{in_place}");
    let far = format!("strategies:\n{0}- id: a\n{0}  x: 1\n", " ".repeat(101));
    assert!(refusal(&far).starts_with("2: this is indented too far"), "{}", refusal(&far));
}
