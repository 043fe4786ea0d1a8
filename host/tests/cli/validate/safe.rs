//! What is written where, what is said, and what is begun.

use super::{SEER, folder, queue, read, said, validate};
use crate::write;

#[test]
fn what_waits_to_be_mended_takes_nobodys_place() {
    let dir = folder(&queue("", &[("A", "every: 3"), ("B", "units: 5"), ("C", "units: 7")]));
    validate(dir.path(), "--queue-size 1 --on-failures continue").ok();
    assert_eq!(said(dir.path(), "status"), ["L0_FIXABLE"]);
    validate(dir.path(), "--queue-size 1").ok();
    assert_eq!(said(dir.path(), "status"), ["L0_FIXABLE", "L0_PASSED"]);
}

#[test]
fn the_reason_of_what_does_not_compile_is_what_the_compiler_says_first_and_where() {
    let dir = folder(&queue("", &[("A", "")]));
    write(dir.path(), "seer.rs", &SEER.replace("fn spin(", "fn spun("));
    validate(dir.path(), "--on-failures continue").ok();
    let reason = &said(dir.path(), "reason")[0];
    assert!(reason.contains("; line ") && reason.contains("cannot find function `spin`"), "{reason}");
}

#[test]
fn where_nothing_is_due_the_report_and_the_events_are_written_all_the_same() {
    let dir = folder(&queue("", &[("A", "")]));
    validate(dir.path(), "").ok();
    validate(dir.path(), "--out report.json --events events.jsonl").ok();
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).expect("it was written");
    assert!(read("report.json").contains("\"not_due\":1") || read("report.json").contains("\"not_due\": 1"));
    assert!(read("events.jsonl").contains("validation.complete"));
}

#[test]
fn an_end_after_the_first_failure_says_what_was_not_begun() {
    let settings = "validation: {fail_fast: true, auto_escalate_threshold: 1}\n";
    let dir = folder(&queue(settings, &[("A", "every: 3"), ("B", "units: 5")]));
    let ran = validate(dir.path(), "--workers 1");
    assert_eq!(ran.code, 8, "{}", ran.stderr);
    assert!(ran.stdout.contains("as `fail_fast` says: A did not pass; not begun: B"), "{}", ran.stdout);
}

#[test]
fn files_that_are_written_are_not_each_other_and_nothing_that_is_needed() {
    let written = queue("", &[("A", "")]);
    for (words, expected) in [
        ("--plan x.json --out x.json", "`--plan` and `--out` are the same file"),
        ("--out x.json --events ./x.json", "`--out` and `--events` are the same file"),
        ("--plan .queue.yaml.lock", "it is the lock of the queue"),
        ("--plan notes.txt", "is no plan of a validation"),
        ("--plan queue.yaml", "one of the files that are read"),
    ] {
        let dir = folder(&written);
        write(dir.path(), "notes.txt", "mine");
        let refused = validate(dir.path(), words);
        assert!(refused.refused(2).contains(expected), "{words}: {}", refused.stderr);
        assert_eq!(read(dir.path()), written);
        assert_eq!(std::fs::read_to_string(dir.path().join("notes.txt")).expect("it is there"), "mine");
    }
    let dir = folder(&(written + "    status: L0_FAILED\n"));
    let refused = validate(dir.path(), "--out seer.rs");
    assert!(refused.refused(2).contains("one of the files that are read"), "{}", refused.stderr);
    assert_eq!(std::fs::read_to_string(dir.path().join("seer.rs")).expect("it is there"), SEER);
}
