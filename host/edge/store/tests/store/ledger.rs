//! What was tried, what is held out, and who looked: only ever more of it.

use proptest::prelude::*;
use rusqlite::Connection;
use stratbox_domain::Digest;
use stratbox_store::{
    Batch, DataRange, ExperimentId, MAX_FIGURES, MAX_WHO, MAX_WHY, NewExperiment, NewLook, Reader,
    StoreError, Trial, Trials,
};

use super::fixture::{data, look};
use super::{Fixture, START, experiment, failed_attempt, settled};

fn range(from: i64, to: i64) -> DataRange {
    DataRange { dataset: Digest::of(b"bars"), from: Some(from), to: Some(to) }
}

fn trials(reader: &Reader, data: &DataRange) -> Trials {
    reader.trials(data, &[]).unwrap()
}

fn total(fixture: &Fixture) -> u64 {
    trials(&fixture.workspace.reader().unwrap(), &data()).total
}

#[test]
fn every_result_and_every_failed_attempt_is_a_trial() {
    let mut fixture = Fixture::new();
    assert_eq!(total(&fixture), 0);
    fixture.commit((0..10).map(settled).collect());
    assert_eq!(total(&fixture), 10, "faults and interruptions too");
    let attempts = vec![failed_attempt(20), failed_attempt(20), failed_attempt(21)];
    fixture.writer.commit(fixture.id, &Batch { attempts, ..Batch::default() }).unwrap();
    assert_eq!(total(&fixture), 13);
}

#[test]
fn a_variant_that_is_settled_again_counts_again() {
    let mut fixture = Fixture::new();
    fixture.commit(vec![settled(8)]);
    fixture.commit(vec![settled(8)]);
    assert_eq!(fixture.workspace.reader().unwrap().rows(fixture.id).unwrap().count(), 1);
    assert_eq!(total(&fixture), 2);
}

#[test]
fn what_was_answered_from_the_store_counts_and_can_be_told() {
    let mut fixture = Fixture::new();
    let reused = Trial { reused: ExperimentId::new(1), ..settled(1) };
    fixture.commit(vec![settled(0), reused]);
    let found = trials(&fixture.workspace.reader().unwrap(), &data());
    assert_eq!((found.total, found.reused), (2, 1));
}

#[test]
fn a_batch_that_is_refused_counts_nothing() {
    let mut fixture = Fixture::with_results(5);
    let before = total(&fixture);
    let batch = Batch { trials: vec![settled(30), settled(99)], ..Batch::default() };
    assert!(fixture.writer.commit(fixture.id, &batch).is_err(), "no strategy owns variant 99");
    assert_eq!(total(&fixture), before);
    fixture.commit(vec![settled(30)]);
    assert_eq!(total(&fixture), before + 1);
}

#[test]
fn a_deleted_experiment_has_tried_what_it_tried() {
    let mut fixture = Fixture::with_results(20);
    let before = trials(&fixture.workspace.reader().unwrap(), &data());
    assert_eq!(before.total, 24);
    drop(fixture.lock);
    fixture.writer.delete(fixture.id).unwrap();
    let reader = fixture.workspace.reader().unwrap();
    assert!(reader.experiments().unwrap().is_empty());
    assert_eq!(trials(&reader, &data()), before);
}

#[test]
fn experiments_on_the_same_bars_add_up_and_are_told_apart() {
    let mut fixture = Fixture::with_results(10);
    let second = fixture.another();
    fixture.writer.commit(second, &Batch { trials: vec![settled(0)], ..Batch::default() }).unwrap();
    fixture.writer.count_trials(&data(), 5, START).unwrap();
    let found = trials(&fixture.workspace.reader().unwrap(), &data());
    assert_eq!(found.total, 18);
    assert_eq!(found.by_experiment(), [(None, 5), (Some(fixture.id), 12), (Some(second), 1)]);
}

#[test]
fn what_was_answered_from_the_store_was_made_before_and_is_the_same_run() {
    let mut fixture = Fixture::with_results(10);
    let second = fixture.another();
    let before = trials(&fixture.workspace.reader().unwrap(), &data());
    assert_eq!((before.made(), before.total), (12, 12), "all of it was made");
    let answers = [0, 1].map(|variant| Trial { reused: Some(fixture.id), ..settled(variant) });
    fixture.writer.commit(second, &Batch { trials: answers.to_vec(), ..Batch::default() }).unwrap();
    let reader = fixture.workspace.reader().unwrap();
    let found = trials(&reader, &data());
    assert_eq!((found.made(), found.total, found.reused), (12, 14, 2));
    assert_eq!(found.parts.iter().map(stratbox_store::Tried::made).collect::<Vec<_>>(), [12, 0]);
    let runs = |of: &[ExperimentId]| reader.different_runs(of).unwrap();
    assert_eq!((runs(&[fixture.id]), runs(&[second]), runs(&[fixture.id, second])), (10, 2, 10));
    assert_eq!(runs(&[]), 0);
}

#[test]
fn a_choice_on_a_range_has_used_the_trials_of_every_range_that_overlaps_it() {
    let Fixture { mut writer, workspace, dir: _dir, .. } = Fixture::new();
    for (range, n) in [(range(0, 100), 1), (range(100, 200), 10), (range(150, 300), 100)] {
        writer.count_trials(&range, n, START).unwrap();
    }
    writer.count_trials(&DataRange { from: None, to: Some(50), ..data() }, 1_000, START).unwrap();
    writer.count_trials(&DataRange { dataset: Digest::of(b"other"), ..data() }, 7, START).unwrap();
    let reader = workspace.reader().unwrap();
    let total = |from, to| trials(&reader, &range(from, to)).total;
    assert_eq!(total(0, 100), 1_001, "ranges that touch do not overlap");
    assert_eq!(total(100, 150), 10);
    assert_eq!(total(100, 151), 110);
    assert_eq!(total(-9, 1_000), 1_111);
    assert_eq!(total(300, 400), 0);
    assert_eq!(trials(&reader, &DataRange::all(data().dataset)).total, 1_111);
    let ranges: Vec<_> = trials(&reader, &range(100, 151)).parts.iter().map(|part| part.data).collect();
    assert_eq!(ranges, [range(100, 200), range(150, 300)]);
}

#[test]
fn the_same_bars_under_another_digest_are_counted_where_it_is_named() {
    let Fixture { mut writer, workspace, dir: _dir, .. } = Fixture::new();
    let rows = Digest::of(b"only these rows");
    writer.count_trials(&range(0, 9), 1, START).unwrap();
    writer.count_trials(&DataRange { dataset: rows, ..range(0, 9) }, 10, START).unwrap();
    let reader = workspace.reader().unwrap();
    assert_eq!(reader.trials(&range(0, 9), &[]).unwrap().total, 1);
    assert_eq!(reader.trials(&range(0, 9), &[rows, rows, range(0, 9).dataset]).unwrap().total, 11);
}

#[test]
fn a_session_is_what_one_process_did_of_one_experiment() {
    let mut fixture = Fixture::new();
    let sessions = |fixture: &Fixture| trials(&fixture.workspace.reader().unwrap(), &data()).sessions;
    fixture.commit(vec![settled(0)]);
    fixture.commit(vec![settled(1)]);
    assert_eq!(sessions(&fixture), 1);
    fixture.writer = fixture.workspace.writer().unwrap();
    assert_eq!(sessions(&fixture), 1, "who tries nothing is none");
    fixture.commit(vec![settled(2)]);
    assert_eq!(sessions(&fixture), 2);
    let another = fixture.another();
    fixture.writer.commit(another, &Batch { trials: vec![settled(0)], ..Batch::default() }).unwrap();
    assert_eq!(sessions(&fixture), 3);
}

#[test]
fn the_ledger_knows_when_the_first_and_the_last_trial_was() {
    let mut fixture = Fixture::new();
    fixture.commit((3..6).map(settled).collect());
    fixture.commit(vec![settled(9)]);
    let found = trials(&fixture.workspace.reader().unwrap(), &data());
    assert_eq!((found.parts[0].first, found.parts[0].last), (START + 3, START + 9));
}

#[test]
fn counts_stop_at_the_largest_number() {
    let Fixture { mut writer, workspace, dir: _dir, .. } = Fixture::new();
    for n in [0, u64::MAX, 5] {
        writer.count_trials(&data(), n, START).unwrap();
    }
    assert_eq!(trials(&workspace.reader().unwrap(), &data()).total, i64::MAX.unsigned_abs());
}

#[test]
fn nothing_is_taken_back_even_past_the_program() {
    let mut fixture = Fixture::with_results(5);
    let holdout = fixture.writer.declare_holdout(&range(0, 9), None, START).unwrap();
    fixture.writer.record_look(&look(holdout)).unwrap();
    let connection = Connection::open(fixture.workspace.path().join("store.sqlite")).unwrap();
    for sql in [
        "DELETE FROM ledger",
        "UPDATE ledger SET trials = trials - 1",
        "UPDATE ledger SET dataset = x'00'",
        "DELETE FROM holdouts",
        "UPDATE holdouts SET until = 1",
        "DELETE FROM looks",
        "UPDATE looks SET who = 'nobody'",
    ] {
        let refused = connection.execute(sql, []).unwrap_err().to_string();
        assert!(refused.contains("stays") || refused.contains("not taken back"), "{sql}: {refused}");
    }
    assert_eq!(connection.execute("UPDATE ledger SET trials = trials + 1", []).unwrap(), 2);
}

#[test]
fn an_empty_range_is_refused_wherever_it_is_named() {
    let mut fixture = Fixture::new();
    for (from, to) in [(5, 5), (6, 5), (i64::MAX, i64::MAX)] {
        let refused = fixture.writer.count_trials(&range(from, to), 1, START).unwrap_err();
        assert!(refused.to_string().contains("no bar can be from time"), "{refused}");
        assert!(fixture.writer.declare_holdout(&range(from, to), None, START).is_err());
        let on = NewExperiment { data: range(from, to), ..experiment() };
        assert!(matches!(fixture.writer.create(&on, "{}", START), Err(StoreError::Unfit(_))));
    }
    fixture.writer.count_trials(&range(5, 6), 1, START).unwrap();
}

#[test]
fn a_holdout_is_declared_once_however_often_it_is_named() {
    let mut fixture = Fixture::new();
    let first = fixture.writer.declare_holdout(&range(50, 90), Some(fixture.id), START).unwrap();
    let again = fixture.writer.declare_holdout(&range(50, 90), None, START + 5).unwrap();
    let other = fixture.writer.declare_holdout(&range(10, 60), None, START + 6).unwrap();
    assert_eq!((first.number(), first), (1, again));
    let reader = fixture.workspace.reader().unwrap();
    let found = reader.holdouts(&range(0, 100)).unwrap();
    assert_eq!(found.iter().map(|it| it.id).collect::<Vec<_>>(), [other, first]);
    let declared = found[1];
    assert_eq!((declared.data, declared.experiment), (range(50, 90), Some(fixture.id)));
    assert_eq!((declared.at, declared.looks), (START, 0));
    assert_eq!(reader.holdouts(&range(0, 50)).unwrap().len(), 1);
    assert!(reader.holdouts(&range(90, 100)).unwrap().is_empty());
    assert!(reader.holdouts(&DataRange::all(Digest::of(b"other"))).unwrap().is_empty());
    let nobody = ExperimentId::new(99);
    let refused = fixture.writer.declare_holdout(&range(0, 5), nobody, START);
    assert!(matches!(refused, Err(StoreError::Unknown { .. })));
}

#[test]
fn a_look_is_written_down_with_who_when_why_and_what_was_seen() {
    let mut fixture = Fixture::new();
    let holdout = fixture.writer.declare_holdout(&range(50, 90), None, START).unwrap();
    let by = NewLook { experiment: Some(fixture.id), ..look(holdout) };
    assert_eq!(fixture.writer.record_look(&by).unwrap(), 1);
    assert_eq!(fixture.writer.record_look(&look(holdout)).unwrap(), 2);
    let reader = fixture.workspace.reader().unwrap();
    let looks = reader.looks(&range(80, 100)).unwrap();
    assert_eq!(looks.iter().map(|look| look.number).collect::<Vec<_>>(), [1, 2]);
    let seen = &looks[0];
    assert_eq!((seen.holdout, seen.experiment, seen.variant), (holdout, Some(fixture.id), Some(4)));
    assert_eq!((seen.key, seen.at), (by.key, by.at));
    assert_eq!((&seen.who, &seen.why, &seen.figures), (&by.who, &by.why, &by.figures));
    assert_eq!(reader.looks_of(fixture.id).unwrap(), looks[..1]);
    assert!(reader.looks(&range(0, 50)).unwrap().is_empty());
    assert_eq!(reader.holdouts(&range(50, 90)).unwrap()[0].looks, 2);
    assert_eq!(trials(&reader, &range(50, 90)).total, 2, "each is a trial on the holdout");
}

#[test]
fn holdouts_and_looks_outlive_the_experiment() {
    let mut fixture = Fixture::new();
    let holdout = fixture.writer.declare_holdout(&range(50, 90), Some(fixture.id), START).unwrap();
    fixture.writer.record_look(&NewLook { experiment: Some(fixture.id), ..look(holdout) }).unwrap();
    let reader = fixture.workspace.reader().unwrap();
    let before = (reader.holdouts(&range(0, 99)).unwrap(), reader.looks_of(fixture.id).unwrap());
    drop(fixture.lock);
    fixture.writer.delete(fixture.id).unwrap();
    assert_eq!((reader.holdouts(&range(0, 99)).unwrap(), reader.looks_of(fixture.id).unwrap()), before);
}

#[test]
fn a_look_that_is_not_accounted_for_is_refused_and_not_counted() {
    let mut fixture = Fixture::new();
    let holdout = fixture.writer.declare_holdout(&range(50, 90), None, START).unwrap();
    type Change = fn(&mut NewLook);
    let changes: [(Change, &str); 9] = [
        (|it| it.who = String::new(), "who looks is not said"),
        (|it| it.why = " \u{a0} ".into(), "the reason for it is not said"),
        (|it| it.who = "ü".repeat(MAX_WHO + 1), "who looks has 201 characters, and may have 200"),
        (|it| it.why = "y".repeat(MAX_WHY + 1), "the reason for it has 1001 characters"),
        (|it| it.why = "one\ntwo".into(), "the character `\\u{a}`"),
        (|it| it.who = "ada\u{202e}".into(), "the character `\\u{202e}`"),
        (|it| it.figures = "[1]".into(), "no JSON object"),
        (|it| it.figures = "{\"a\":NaN}".into(), "no JSON object"),
        (|it| it.figures = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_FIGURES)), "bytes, and may have 65536"),
    ];
    for (change, expected) in changes {
        let mut unfit = look(holdout);
        change(&mut unfit);
        let refused = fixture.writer.record_look(&unfit).unwrap_err();
        assert!(matches!(refused, StoreError::Unfit(_)), "{refused}");
        assert!(refused.to_string().starts_with("a look at a holdout must be accounted for: "), "{refused}");
        assert!(refused.to_string().contains(expected), "{refused}");
        assert!(refused.hint().contains("nothing was written"));
    }
    let by_nobody = NewLook { experiment: ExperimentId::new(99), ..look(holdout) };
    assert!(matches!(fixture.writer.record_look(&by_nobody), Err(StoreError::Unknown { .. })));
    let longest = NewLook { who: "ü".repeat(MAX_WHO), why: "y".repeat(MAX_WHY), ..look(holdout) };
    assert_eq!(fixture.writer.record_look(&longest).unwrap(), 1, "and those before left no trace");
    assert_eq!(trials(&fixture.workspace.reader().unwrap(), &range(50, 90)).total, 1);
}

#[test]
fn a_look_at_a_holdout_that_there_is_not_is_refused() {
    let mut one = Fixture::new();
    let mut other = Fixture::new();
    let holdout = one.writer.declare_holdout(&range(50, 90), None, START).unwrap();
    let refused = other.writer.record_look(&look(holdout)).unwrap_err();
    assert_eq!(refused.to_string(), "there is no holdout `1`");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_total_is_the_sum_over_what_overlaps(
        counted in prop::collection::vec((0..20_i64, 1..20_i64, 0..50_u64), 0..12),
        (from, length) in (0..25_i64, 1..20_i64),
    ) {
        let Fixture { mut writer, workspace, dir: _dir, .. } = Fixture::new();
        let asked = range(from, from + length);
        let mut expected = 0;
        for (from, length, n) in counted {
            let tried = range(from, from + length);
            writer.count_trials(&tried, n, START).unwrap();
            expected += if tried.overlaps(&asked) { n } else { 0 };
        }
        prop_assert_eq!(trials(&workspace.reader().unwrap(), &asked).total, expected);
    }
}
