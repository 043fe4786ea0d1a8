use serde_json::json;

use super::*;

#[test]
fn a_session_in_which_nothing_happened_has_no_figures() {
    let nothing = Session { wall_micros: 0, workers: 0, processors: None };
    let report = Recorder::new().report(nothing);
    assert_eq!((report.efficiency, report.variants_per_second, report.failure_share), (None, None, None));
    assert_eq!((report.runs, report.queue, report.time.saved_percent), (None, None, None));
    assert_eq!((report.stages.run.share_of_work, report.stages.queue.share_of_time), (None, None));
    assert!(report.ranking.is_empty() && report.alerts.is_empty());
}

#[test]
fn the_wall_time_is_put_against_one_thing_after_the_other() {
    let mut recorder = ran(1_000, 1_490);
    recorder.compiled(300_000);
    recorder.stored(1_000, 200_000);
    let report = recorder.report(SESSION);
    let time =
        TimeSaved { sequential_micros: 2 * SECOND, saved_micros: 1_000_000, saved_percent: finite(50.0) };
    assert_eq!(report.time, time);
}

#[test]
fn a_session_that_took_longer_than_its_work_lost_time() {
    let time = ran(1_000, 490).report(SESSION).time;
    assert_eq!((time.saved_micros, time.saved_percent), (-500_000, finite(-100.0)));
}

#[test]
fn efficiency_is_the_share_of_their_time_that_workers_were_busy() {
    assert_eq!(ran(1_000, 1_490).report(SESSION).efficiency, finite(0.75));
    assert_eq!(ran(1_000, 9_990).report(SESSION).efficiency, finite(1.0), "clocks differ a little");
}

#[test]
fn throughput_is_what_was_settled_a_second() {
    let session = Session { wall_micros: 2 * SECOND, ..SESSION };
    assert_eq!(ran(1_000, 100).report(session).variants_per_second, finite(500.0));
}

#[test]
fn workers_count_each_time_they_are_started() {
    let mut recorder = ran(2, 100);
    recorder.worker_lost(0);
    recorder.worker_started(0);
    recorder.worker_timed_out(1);
    let workers = recorder.report(SESSION).workers;
    assert_eq!(workers, WorkerCounts { spawned: 3, completed: 2, timed_out: 1, lost: 1 });
}

#[test]
fn run_times_have_the_variant_that_was_slowest_and_of_several_the_first() {
    let mut recorder = Recorder::new();
    for (variant, micros) in [(4, 10), (9, 60), (7, 60), (8, 20), (3, 50)] {
        recorder.task(&task(0, variant, micros));
    }
    let runs = recorder.report(SESSION).runs.unwrap();
    assert_eq!((runs.runs, runs.average_micros), (5, finite(40.0).unwrap()));
    assert_eq!((runs.fastest_micros, runs.median_micros, runs.p95_micros), (10, 50, 60));
    assert_eq!((runs.slowest_micros, runs.slowest_variant), (60, 7));
}

#[test]
fn a_run_that_was_stopped_says_nothing_of_how_long_runs_take() {
    let mut recorder = ran(3, 50);
    recorder.task(&TaskFacts { end: TaskEnd::TimedOut, ..task(0, 9, 60_000_000) });
    recorder.task(&TaskFacts { end: TaskEnd::Failed, ..task(0, 9, 55) });
    let report = recorder.report(SESSION);
    let runs = report.runs.unwrap();
    assert_eq!((runs.runs, runs.slowest_micros), (4, 55));
    assert_eq!(report.attempts, Attempts { completed: 3, failed: 1, timed_out: 1 });
    assert_eq!(report.stages.run.micros, 60_000_205);
}

#[test]
fn workers_are_ranked_by_what_they_do_while_they_are_busy() {
    let mut recorder = Recorder::new();
    // As fast as each other: 3, with twice the tasks of 1. Faster: 2. Never busy: 0.
    for (worker, micros) in [(3, 90), (3, 90), (1, 90), (2, 40)] {
        recorder.task(&task(worker, 0, micros));
    }
    recorder.worker_lost(0);
    recorder.task(&TaskFacts { end: TaskEnd::Failed, ..task(2, 0, 40) });
    recorder.task(&TaskFacts { end: TaskEnd::TimedOut, ..task(2, 0, 40) });
    recorder.task(&task(2, 0, 40));
    let ranking = recorder.report(SESSION).ranking;
    assert_eq!(ranking.iter().map(|it| it.worker).collect::<Vec<_>>(), [2, 1, 3, 0]);
    let best = RankedWorker {
        worker: 2,
        tasks: 4,
        busy_micros: 200,
        failures: 2,
        losses: 0,
        tasks_per_busy_second: finite(20_000.0),
        failure_share: finite(0.5),
    };
    assert_eq!(ranking[0], best);
    let idle = ranking[3];
    assert_eq!((idle.losses, idle.tasks_per_busy_second, idle.failure_share), (1, None, None));
}

#[test]
fn a_worker_with_an_enormous_number_is_counted_but_not_ranked() {
    let mut recorder = ran(2, 100);
    recorder.worker_started(u32::MAX);
    recorder.task(&task(u32::MAX, 7, 100));
    let report = recorder.report(SESSION);
    assert_eq!((report.workers.spawned, report.attempts.completed, report.ranking.len()), (3, 3, 2));
}

#[test]
fn time_is_shared_out_among_stages_with_and_without_waiting() {
    let mut recorder = Recorder::new();
    recorder.compiled(100);
    recorder.stored(1, 50);
    recorder.task(&TaskFacts { queue_micros: 800, instantiate_micros: 20, run_micros: 30, ..task(0, 1, 0) });
    let stages = recorder.report(SESSION).stages;
    let stage = |micros, of_time, of_work: Option<f64>| StageTime {
        count: 1,
        micros,
        share_of_time: finite(of_time),
        share_of_work: of_work.and_then(finite),
    };
    assert_eq!(stages.queue, stage(800, 0.8, None));
    assert_eq!(stages.compile, stage(100, 0.1, Some(0.5)));
    assert_eq!(stages.instantiate, stage(20, 0.02, Some(0.1)));
    assert_eq!(stages.run, stage(30, 0.03, Some(0.15)));
    assert_eq!(stages.store, stage(50, 0.05, Some(0.25)));
}

#[test]
fn a_report_survives_being_stored() {
    let mut recorder = ran(3, 70_001);
    recorder.task(&task(0, 77, 170_003));
    recorder.queue_length(5);
    let report = recorder.report(SESSION);
    let text = serde_json::to_string(&report).unwrap();
    assert!(text.starts_with(r#"{"version":1,"#), "{text}");
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    assert!(!report.alerts.is_empty(), "alerts are stored with it");
}

#[test]
fn what_has_no_value_is_absent() {
    let json = serde_json::to_value(Recorder::new().report(SESSION)).unwrap();
    let absent = |field: &str| json.get(field).is_none();
    assert!(["runs", "queue", "failure_share"].into_iter().all(absent));
    assert_eq!(json["efficiency"], json!(0.0));
}

#[test]
fn a_report_of_another_version_is_refused() {
    let mut json = serde_json::to_value(ran(3, 70).report(SESSION)).unwrap();
    assert!(serde_json::from_value::<Report>(json.clone()).is_ok());
    json["version"] = json!(7);
    let said = serde_json::from_value::<Report>(json).unwrap_err().to_string();
    assert_eq!(said, "version `7` is not known here, only `1` is: use the stratbox that wrote it");
}
