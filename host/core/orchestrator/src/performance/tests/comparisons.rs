use super::*;

/// A session with these numbers.
fn session(variants: u64, run_micros: u64, failed: u64) -> Report {
    let mut recorder = ran(variants - failed, run_micros);
    (0..failed).for_each(|_| recorder.settled(true));
    recorder.report(SESSION)
}

fn verdicts(report: &Report, earlier: &[Report]) -> [Option<Verdict>; 3] {
    let Comparison { throughput, efficiency, failures, .. } = compare(report, earlier);
    [throughput, efficiency, failures].map(|trend| trend.map(|trend| trend.verdict))
}

#[test]
fn a_session_like_the_others_is_as_usual() {
    let usual = session(1_000, 990, 0);
    assert_eq!(verdicts(&usual, &vec![usual.clone(); 3]), [Some(Verdict::AsUsual); 3]);
}

#[test]
fn throughput_is_news_beyond_fifteen_percent() {
    let usual = [session(1_000, 100, 0)];
    let verdict = |variants| verdicts(&session(variants, 100, 0), &usual)[0];
    let found = [840, 850, 1_150, 1_160].map(verdict);
    assert_eq!(found, [Verdict::Worse, Verdict::AsUsual, Verdict::AsUsual, Verdict::Better].map(Some));
}

#[test]
fn efficiency_is_news_beyond_ten_points() {
    let usual = [session(1_000, 990, 0)];
    let verdict = |micros| verdicts(&session(1_000, micros, 0), &usual)[1];
    let found = [780, 800, 1_180, 1_200].map(verdict);
    assert_eq!(found, [Verdict::Worse, Verdict::AsUsual, Verdict::AsUsual, Verdict::Better].map(Some));
}

#[test]
fn fewer_failures_are_better() {
    let usual = [session(1_000, 100, 500)];
    let verdict = |failed| verdicts(&session(1_000, 100, failed), &usual)[2];
    let found = [440, 451, 549, 560].map(verdict);
    assert_eq!(found, [Verdict::Better, Verdict::AsUsual, Verdict::AsUsual, Verdict::Worse].map(Some));
}

#[test]
fn usual_is_the_median_so_that_one_odd_session_does_not_count() {
    let earlier = [100, 120, 9_000].map(|variants| session(variants, 100, 0));
    let trend = compare(&session(120, 100, 0), &earlier).throughput.unwrap();
    assert_eq!((trend.usual, trend.verdict), (finite(120.0).unwrap(), Verdict::AsUsual));
    let trend = compare(&session(120, 100, 0), &earlier[..2]).throughput.unwrap();
    assert_eq!(trend.usual, finite(110.0).unwrap());
}

#[test]
fn only_the_last_thirty_sessions_count() {
    let mut earlier = vec![session(9_000, 10, 0); 40];
    earlier.extend(vec![session(100, 10, 0); 30]);
    let comparison = compare(&session(100, 10, 0), &earlier);
    assert_eq!(comparison.sessions, 30);
    assert_eq!(comparison.throughput.unwrap().usual, finite(100.0).unwrap());
}

#[test]
fn without_earlier_sessions_or_figures_there_is_no_verdict() {
    let usual = session(100, 10, 0);
    let first = compare(&usual, &[]);
    assert_eq!((first.throughput, first.efficiency, first.failures), (None, None, None));
    assert_eq!(first.to_string(), "no earlier session to compare with");
    let nothing = Recorder::new().report(Session { wall_micros: 0, ..SESSION });
    assert_eq!(verdicts(&nothing, std::slice::from_ref(&usual)), [None; 3]);
    assert_eq!(verdicts(&usual, &[nothing]), [None; 3]);
}

#[test]
fn a_comparison_is_said_in_a_line() {
    let said = compare(&session(1_264, 990, 0), &[session(1_000, 990, 100)]).to_string();
    assert_eq!(
        said,
        "variants a second better (1,264, usually 1,000), efficiency better (63 %, usually 45 %), \
         failures better (0 %, usually 10 %), beside 1 earlier session"
    );
}
