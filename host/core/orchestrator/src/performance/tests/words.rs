use super::*;

#[test]
fn a_session_is_told_in_lines_with_their_subject_first() {
    let mut recorder = ran(100_000, 22);
    recorder.task(&TaskFacts { worker: 1, end: TaskEnd::Failed, ..task(1, 4_711, 4_100) });
    recorder.settled(true);
    recorder.compiled(350_000);
    recorder.stored(100_001, 240_000);
    let lines = ten_lines(&recorder.report(Session { wall_micros: 1_890_000, ..SESSION }));
    assert_eq!(
        lines,
        [
            "time    1.89 s on 2 workers, 3.79 s one after the other: 1.90 s (50 %) saved",
            "workers 2 started, 2 completed, 0 timed out, 0 lost; busy for 85 % of the time",
            "ranking fastest worker `0` with 31,250 tasks a busy second, slowest worker `1` with 31,171 tasks a busy second and under 1 % failed",
            "runs    100,001, median 22 µs, 95 % within 22 µs, fastest 22 µs, slowest 4.1 ms (variant `4711`)",
            "work    running 58 %, getting ready 26 %, compiling 9 %, storing 6 %; a task waited 500 µs on average",
            "advice  nothing stands out",
            "alert   1 run took over twice the median of 22 µs; the slowest was variant `4711` with 4.1 ms",
        ]
    );
}

#[test]
fn a_session_in_which_nothing_happened_is_told_in_few_lines() {
    let lines = ten_lines(&Recorder::new().report(SESSION));
    assert_eq!(
        lines,
        [
            "time    1.00 s on 2 workers",
            "workers 0 started, 0 completed, 0 timed out, 0 lost; busy for 0 % of the time",
            "advice  nothing stands out",
        ]
    );
}

#[test]
fn time_that_was_lost_is_called_that() {
    let lines = ten_lines(&ran(1_000, 490).report(SESSION));
    assert_eq!(lines[0], "time    1.00 s on 2 workers, 500 ms one after the other: 500 ms lost");
}

#[test]
fn with_every_alert_there_are_ten_lines_and_the_ranking_is_what_is_left_out() {
    let mut recorder = ran(10, 3_000);
    recorder.task(&task(0, 11, 30_000));
    (0..20).for_each(|_| recorder.settled(true));
    (0..3).for_each(|_| recorder.worker_timed_out(0));
    (0..20).for_each(|_| recorder.task(&TaskFacts { end: TaskEnd::TimedOut, ..task(0, 3, 9) }));
    (0..20).for_each(|length| recorder.queue_length(length * 10));
    let report = recorder.report(SESSION);
    assert_eq!(report.alerts.len(), 5);
    let lines = ten_lines(&report);
    assert_eq!(lines.len(), 10);
    assert!(!lines.iter().any(|line| line.starts_with("ranking")));
    assert_eq!(lines.iter().filter(|line| line.starts_with("alert")).count(), 5);
}

#[test]
fn a_report_from_a_file_cannot_move_the_cursor() {
    let mut report = ran(10, 100).report(SESSION);
    report.bottleneck.recommendation = "a\u{1b}[2J\nb".to_owned();
    assert!(ten_lines(&report).contains(&r"advice  a\u{1b}[2J\u{a}b".to_owned()));
}
