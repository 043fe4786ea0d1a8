use super::*;

fn alerts(recorder: &Recorder) -> Vec<Alert> {
    recorder.report(SESSION).alerts
}

#[test]
fn a_session_as_it_should_be_alerts_nobody() {
    assert_eq!(alerts(&ran(1_000, 1_000)), []);
}

#[test]
fn runs_over_twice_the_median_are_counted_and_the_slowest_named() {
    let mut recorder = ran(100, 3_000);
    for (variant, micros) in [(7, 9_000), (8, 20_000), (9, 5_900)] {
        recorder.task(&task(0, variant, micros));
    }
    let found = alerts(&recorder);
    let [Alert::SlowRuns { runs: 2, median_micros, slowest_micros: 20_000, slowest_variant: 8 }] = found[..]
    else {
        panic!("{found:?}");
    };
    assert!(median_micros.abs_diff(3_000) < 48, "{median_micros}");
    let said = found[0].to_string();
    assert!(said.starts_with("2 runs took over twice the median of 3.0 ms"), "{said}");
    assert!(said.ends_with("; the slowest was variant `8` with 20 ms"), "{said}");
}

#[test]
fn a_difference_below_a_millisecond_is_noise() {
    let with_a_run_of = |micros| {
        let mut recorder = ran(100, 24);
        recorder.task(&task(0, 7, micros));
        alerts(&recorder)
    };
    assert_eq!(with_a_run_of(1_024), [], "forty times the median, and yet only a millisecond more");
    assert_eq!(with_a_run_of(1_025).len(), 1);
}

#[test]
fn more_than_half_of_the_variants_failing_is_an_alert() {
    let mut recorder = ran(10, 100);
    (0..10).for_each(|_| recorder.settled(true));
    assert_eq!(alerts(&recorder), []);
    recorder.settled(true);
    let found = alerts(&recorder);
    assert_eq!(found, [Alert::FailingVariants { failed: 11, settled: 21 }]);
    assert_eq!(found[0].to_string(), "11 of 21 variants failed (52 %): look at one of them");
}

#[test]
fn more_than_a_fifth_of_the_attempts_out_of_time_is_an_alert() {
    let mut recorder = ran(8, 100);
    let slow = TaskFacts { end: TaskEnd::TimedOut, ..task(0, 9, 100) };
    recorder.task(&slow);
    recorder.task(&slow);
    assert_eq!(alerts(&recorder), []);
    recorder.task(&slow);
    let found = alerts(&recorder);
    assert_eq!(found, [Alert::Timeouts { timed_out: 3, attempts: 11 }]);
    assert_eq!(found[0].to_string(), "3 of 11 attempts ran out of time (27 %): allow more, or run less");
}

#[test]
fn three_workers_that_had_to_be_stopped_are_an_alert() {
    let mut recorder = ran(8, 100);
    recorder.worker_timed_out(0);
    recorder.worker_timed_out(1);
    assert_eq!(alerts(&recorder), []);
    recorder.worker_timed_out(1);
    let found = alerts(&recorder);
    assert_eq!(found, [Alert::WorkerTimeouts { workers: 3 }]);
    assert_eq!(found[0].to_string(), "3 workers had to be stopped: the machine may be overloaded");
}

fn with_queue(lengths: &[u64]) -> Vec<Alert> {
    let mut recorder = ran(8, 100);
    lengths.iter().for_each(|length| recorder.queue_length(*length));
    alerts(&recorder)
}

#[test]
fn a_queue_that_grows_over_the_session_is_an_alert() {
    let found = with_queue(&[20, 20, 22, 24, 26, 28, 31, 31]);
    assert_eq!(found, [Alert::GrowingQueue { early: 20, late: 31 }]);
    assert_eq!(found[0].to_string(), "the queue grew from 20 to 31 tasks: more comes in than is done");
}

#[test]
fn a_queue_that_is_steady_shrinks_or_was_hardly_looked_at_is_none() {
    assert_eq!(with_queue(&[20, 20, 22, 24, 26, 28, 30, 30]), [], "half as long again is not more than that");
    assert_eq!(with_queue(&[1, 1, 2, 2, 3, 3, 9, 9]), [], "a few tasks more");
    assert_eq!(with_queue(&[90, 80, 70, 60, 50, 40, 30, 20]), []);
    assert_eq!(with_queue(&[20, 20, 30, 40, 50, 60, 70]), [], "seven looks");
}
