//! Files that take more than their share, or are none at all.

use proptest::prelude::*;

use super::*;

#[test]
fn a_file_that_is_too_large_is_refused() {
    let padded = |bytes: usize| {
        let head = "strategies: [{id: a}]\n#";
        format!("{head}{}", "x".repeat(bytes - head.len()))
    };
    assert!(read(&padded(4 << 20)).is_ok());
    assert_eq!(refusal(&padded((4 << 20) + 1)), "1: the file is larger than 4 MiB");
    let message = read(&padded(60 << 20)).unwrap_err().to_string();
    assert!(message.ends_with("it is larger than 4 MiB"), "{message}");
}

#[test]
fn many_strategies_on_one_line_take_no_longer_and_count_no_less() {
    let on_one_line = |bytes: usize| {
        let entries: String = (0..10_000).map(|number| format!("{{id: {number}, reason: x}},")).collect();
        format!("strategies: [{entries}{}]\n#{}", " ".repeat(bytes / 2), "x".repeat(bytes / 2))
    };
    assert_eq!(read(&on_one_line(3 << 20)).unwrap().len(), 10_000);
    assert_eq!(refusal(&on_one_line(6 << 20)), "1: the file is larger than 4 MiB");
    let far = format!("strategies: [{}{{id: a, reason: x}}]\n#{}", " ".repeat(2 << 20), "x".repeat(3 << 20));
    assert_eq!(refusal(&far), "1: the file is larger than 4 MiB");
}

#[test]
fn what_is_written_into_a_file_never_makes_it_too_large() {
    let mut text: String = "strategies:\n".to_owned();
    (0..1_000).for_each(|number| text.push_str(&format!("- id: {number}\n")));
    text.push('#');
    text.push_str(&"x".repeat((4 << 20) - text.len()));
    let fixture = Fixture::new(&text);
    let reason = Some("\u{1}".repeat(1_000));
    let largest = Managed { fingerprint: reason.clone(), verdict: reason.clone(), reason, ..full() };
    let changes: Vec<_> = (0..1_000).map(|number| (number.to_string(), largest.clone())).collect();
    fixture.open().update(&changes).unwrap();
    assert!(fixture.text().len() > 5 << 20);
    assert_eq!(fixture.open().document().managed("999"), Some(&largest.bounded()));
}

#[test]
fn strategies_are_counted() {
    let of = |count: usize| {
        let ids = (0..count).map(|number| format!("- id: {number}\n"));
        std::iter::once("strategies:\n".to_owned()).chain(ids).collect::<String>()
    };
    assert_eq!(read(&of(10_000)).unwrap().len(), 10_000);
    assert_eq!(refusal(&of(10_001)), "1: there are more than 10000 strategies");
}

#[test]
fn values_are_counted() {
    let text = format!("x: [{}]\nstrategies: []\n", "1,".repeat(600_000));
    assert!(refusal(&text).contains("values in it"), "{}", refusal(&text));
}

#[test]
fn aliases_cannot_blow_anything_up() {
    let mut text = "a0: &a0 [x, x]\n".to_owned();
    (1..30).for_each(|n| text.push_str(&format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1)));
    text.push_str("strategies: []\n");
    assert!(refusal(&text).starts_with("1: anchors (`&name`) and aliases (`*name`) are not supported"));
}

#[test]
fn depth_and_lengths_are_bounded() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")] {
        let deep = format!("x:\n {}1{}\nstrategies: []\n", open.repeat(200_000), close.repeat(200_000));
        assert!(refusal(&deep).starts_with("2: "), "{}", refusal(&deep));
    }
    let mut stairs = String::from("strategies: []\n");
    (0..1_000).for_each(|depth| stairs.push_str(&format!("{}x:\n", " ".repeat(depth))));
    assert!(read(&stairs).is_err());
    let long = "x".repeat(3 << 20);
    assert!(read(&format!("x: {long}\nstrategies: [{{id: a}}]\n")).is_ok());
    assert!(read(&format!("x: \"{}\"\nstrategies: [{{id: a}}]\n", "\\n".repeat(1 << 20))).is_ok());
    assert!(read(&format!("{long}: x\nstrategies: []\n")).is_err(), "a key of that length is none");
    assert!(refusal(&format!("strategies:\n- id: {long}\n")).len() < 400);
    assert!(refusal(&format!("strategies:\n- id: a\n  status: {long}\n")).len() < 2_100);
}

/// Pieces of which queues, and what is nearly one, are made.
fn piece() -> impl Strategy<Value = String> {
    let pieces = [
        "strategies:",
        "\n",
        "\n- ",
        "\n  ",
        "id: a",
        "id: b",
        "status: PENDING",
        "status:",
        "reason: 'x'",
        "reason: |",
        "{",
        "}",
        "[",
        "]",
        ",",
        ": ",
        "? ",
        "#",
        " # c",
        "\"",
        "'",
        "\\",
        "&a ",
        "*a",
        "!t ",
        "---",
        "...",
        "%YAML 1.2",
        "\r\n",
        "\r",
        "\t",
        "\u{feff}",
        "ü",
        "\u{85}",
        "\u{2028}",
        "|",
        ">",
        "-",
        "~",
        "\0",
        "<<: ",
        "attempts: 1",
        "strategies: [{id: a}]",
    ];
    prop_oneof![4 => proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned), 1 => ".{0,4}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_bytes_are_a_queue_or_a_message_on_one_line(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let fixture = Fixture::new("");
        std::fs::write(fixture.path(), bytes).unwrap();
        if let Err(error) = Queue::read(&fixture.path()) {
            prop_assert!(!error.to_string().chars().any(char::is_control));
        }
    }

    #[test]
    fn whatever_is_accepted_can_be_updated(pieces in proptest::collection::vec(piece(), 0..30), start in any::<bool>()) {
        let text = format!("{}{}", if start { "strategies:\n- id: z" } else { "" }, pieces.concat());
        let fixture = Fixture::new(&text);
        match Queue::open(&fixture.path()) {
            Ok(mut queue) => {
                let changes: Vec<_> = managed(queue.document()).into_iter().map(|(id, _)| (id, full())).collect();
                queue.update(&changes).unwrap();
                prop_assert_eq!(managed(&Queue::read(&fixture.path()).unwrap()), changes);
            }
            Err(error) => {
                prop_assert!(!error.to_string().chars().any(char::is_control), "{}", error);
                prop_assert_eq!(fixture.text(), text);
            }
        }
    }
}
