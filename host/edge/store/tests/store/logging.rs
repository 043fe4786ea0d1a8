//! The event log.

use std::fs;

use stratbox_store::{Batch, EventLog, Milestone, Status, StoreError};

use super::{Fixture, START, batch_of, failed_attempt, settled, transition};

/// A log of everything that can happen, written as it happened.
fn written() -> (Fixture, EventLog, String) {
    let mut fixture = Fixture::new();
    let mut log = fixture.log();
    let batches = [
        batch_of(transition(Milestone::Phase("Backtesting".into()), Status::Running), START),
        Batch {
            trials: (0..20).map(settled).collect(),
            attempts: (0..20).step_by(3).map(failed_attempt).collect(),
            ..Batch::default()
        },
        batch_of(transition(Milestone::Paused, Status::Paused), START + 100),
        batch_of(transition(Milestone::Resumed, Status::Running), START + 90),
        // One of them was interrupted before.
        Batch { trials: vec![settled(8), settled(20)], ..Batch::default() },
        batch_of(transition(Milestone::Completed, Status::Completed), START + 200),
        batch_of(transition(Milestone::Failed, Status::Failed), START + 200),
    ];
    for batch in batches {
        let events = fixture.writer.commit(fixture.id, &batch).unwrap();
        log.append(&events).unwrap();
    }
    let text = fixture.log_text();
    (fixture, log, text)
}

#[test]
fn lines_are_numbered_without_gaps_and_name_what_happened() {
    let (fixture, log, text) = written();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (place, line) in (1_u64..).zip(&lines) {
        assert_eq!((line["v"].as_u64(), line["seq"].as_u64()), (Some(1), Some(place)));
        assert_eq!(line["experiment"].as_i64(), Some(fixture.id.number()));
    }
    assert_eq!(lines.len() as u64, log.last());
    assert!(lines.is_sorted_by_key(|line| line["at"].as_u64()), "time does not go back");
    for event in [
        "experiment_started",
        "experiment_resumed",
        "phase_changed",
        "attempt_failed",
        "variant_settled",
        "experiment_paused",
        "experiment_completed",
        "experiment_failed",
    ] {
        assert!(lines.iter().any(|line| line["event"] == event), "{event}");
    }
}

#[test]
fn the_log_made_from_the_store_is_the_log_that_was_written_byte_for_byte() {
    let (fixture, _, text) = written();
    fs::remove_file(fixture.workspace.events_path(fixture.id)).unwrap();
    EventLog::rebuild(&fixture.workspace, fixture.id).unwrap();
    assert_eq!(fixture.log_text(), text);
}

#[test]
fn a_log_cut_at_any_byte_of_its_last_lines_is_mended() {
    let (fixture, _, text) = written();
    let path = fixture.workspace.events_path(fixture.id);
    let two_lines = text.lines().rev().take(2).map(|line| line.len() + 1).sum::<usize>();
    for end in (text.len() - two_lines)..=text.len() {
        fs::write(&path, &text.as_bytes()[..end]).unwrap();
        fixture.log();
        assert_eq!(fixture.log_text(), text, "cut at {end}");
    }
}

#[test]
fn a_log_that_is_missing_empty_or_without_a_whole_line_is_made_again() {
    let (fixture, _, text) = written();
    let path = fixture.workspace.events_path(fixture.id);
    for left in [&b""[..], b"{\"v\":1,"] {
        fs::write(&path, left).unwrap();
        fixture.log();
        assert_eq!(fixture.log_text(), text);
    }
    fs::remove_file(&path).unwrap();
    fixture.log();
    assert_eq!(fixture.log_text(), text);
}

#[test]
fn what_the_store_does_not_have_is_cut_off() {
    let (fixture, _, text) = written();
    let last = text.lines().count() as u64;
    let ahead =
        text.lines().last().unwrap().replace(&format!("\"seq\":{last}"), &format!("\"seq\":{}", last + 1));
    fs::write(fixture.workspace.events_path(fixture.id), format!("{text}{ahead}\n")).unwrap();
    let log = fixture.log();
    assert_eq!((fixture.log_text(), log.last()), (text, last));
}

#[test]
fn a_log_that_says_other_things_than_the_store_is_made_again() {
    let (fixture, _, text) = written();
    let path = fixture.workspace.events_path(fixture.id);
    for other in ["not json\n".to_owned(), format!("{text}{{}}\n"), text.replace("\"failed\"", "\"fine\"")] {
        fs::write(&path, other.replace("experiment_failed", "experiment_fine")).unwrap();
        fixture.log();
        assert_eq!(fixture.log_text(), text);
    }
}

#[test]
fn a_mended_log_goes_on_where_it_ended() {
    let (mut fixture, log, text) = written();
    drop(log);
    fs::write(fixture.workspace.events_path(fixture.id), &text.as_bytes()[..text.len() / 2]).unwrap();
    let mut log = fixture.log();
    let batch = Batch { trials: vec![settled(30)], ..Batch::default() };
    let events = fixture.writer.commit(fixture.id, &batch).unwrap();
    log.append(&events).unwrap();
    log.append(&events).unwrap();
    let all = fixture.log_text();
    assert!(all.starts_with(&text) && all.lines().count() == text.lines().count() + 1);
    EventLog::rebuild(&fixture.workspace, fixture.id).unwrap();
    assert_eq!(fixture.log_text(), all);
}

#[test]
fn events_after_a_gap_are_refused_and_nothing_is_written() {
    let (mut fixture, mut log, text) = written();
    let mut commit = |variant| {
        let batch = Batch { trials: vec![settled(variant)], ..Batch::default() };
        fixture.writer.commit(fixture.id, &batch).unwrap()
    };
    let (first, second) = (commit(30), commit(31));
    assert!(matches!(log.append(&second), Err(StoreError::Invalid(_))));
    assert_eq!(fixture.log_text(), text);
    log.append(&first).unwrap();
    log.append(&second).unwrap();
    assert_eq!(fixture.log_text().lines().count(), text.lines().count() + 2);
}

#[test]
fn a_log_that_is_read_is_mended_when_nobody_runs_the_experiment() {
    let (fixture, log, text) = written();
    drop((log, fixture.lock));
    let path = fixture.workspace.events_path(fixture.id);
    fs::write(&path, &text.as_bytes()[..text.len() - 10]).unwrap();
    EventLog::mend(&fixture.workspace, fixture.id).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    fs::remove_file(&path).unwrap();
    EventLog::mend(&fixture.workspace, fixture.id).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert!(!fixture.workspace.is_running(fixture.id).unwrap(), "the lock was given back");
}

#[test]
fn a_log_that_is_read_is_left_alone_while_the_experiment_runs() {
    let (fixture, _log, text) = written();
    let path = fixture.workspace.events_path(fixture.id);
    // As it is in the middle of an append, and with more than the store had a moment ago.
    for left in [&text[..text.len() - 10], &format!("{text}{{\"v\":1,\"seq\":999}}\n")] {
        fs::write(&path, left).unwrap();
        EventLog::mend(&fixture.workspace, fixture.id).unwrap();
        assert_eq!(fixture.log_text(), left);
    }
}

#[test]
fn an_experiment_that_there_is_not_has_no_log_to_mend() {
    let fixture = Fixture::new();
    let unknown = stratbox_store::ExperimentId::new(99).unwrap();
    let refused = EventLog::mend(&fixture.workspace, unknown).unwrap_err();
    assert!(matches!(refused, StoreError::Unknown { .. }), "{refused}");
    assert!(!fixture.workspace.path().join("locks/99").exists());
}
