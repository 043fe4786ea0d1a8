use super::*;

fn found(recorder: &Recorder, session: Session) -> (Bottleneck, String) {
    let Finding { bottleneck, recommendation } = recorder.report(session).bottleneck;
    (bottleneck, recommendation)
}

#[test]
fn the_store_stands_in_the_way_when_it_writes_most_of_the_time_and_workers_wait() {
    let mut recorder = ran(1_000, 790);
    recorder.stored(1_000, 700_000);
    let (bottleneck, said) = found(&recorder, SESSION);
    assert_eq!(bottleneck, Bottleneck::Store);
    assert_eq!(
        said,
        "the store wrote for 70 % of the time, workers were busy for 40 %: use fewer workers or a faster disk"
    );
}

#[test]
fn a_store_never_writes_for_more_than_the_time_there_is() {
    let mut recorder = ran(1_000, 790);
    recorder.stored(1_000, 5 * SECOND);
    let said = found(&recorder, SESSION).1;
    assert!(said.starts_with("the store wrote for 100 % of the time"), "{said}");
}

#[test]
fn a_busy_store_is_in_nobodys_way_when_workers_are_busy_too() {
    let mut recorder = ran(1_000, 1_590);
    recorder.stored(1_000, 700_000);
    assert_eq!(found(&recorder, SESSION).0, Bottleneck::Nothing);
    let mut recorder = ran(1_000, 790);
    recorder.stored(1_000, 699_999);
    assert_eq!(found(&recorder, SESSION).0, Bottleneck::Nothing);
}

#[test]
fn compiling_stands_in_the_way_when_it_is_half_of_the_work() {
    let mut recorder = ran(100, 1_990);
    recorder.compiled(100_000);
    assert_eq!(found(&recorder, SESSION).0, Bottleneck::Nothing);
    recorder.compiled(100_000);
    let (bottleneck, said) = found(&recorder, SESSION);
    assert_eq!(bottleneck, Bottleneck::Compile);
    assert_eq!(
        said,
        "compiling 2 strategies took 50 % of the work: more variants of each strategy would be worth it"
    );
}

#[test]
fn getting_ready_stands_in_the_way_when_it_takes_as_long_as_the_runs() {
    let (bottleneck, said) = found(&ran(1_000, 10), SESSION);
    assert_eq!(bottleneck, Bottleneck::Instantiate);
    assert_eq!(said, "getting ready for runs took 50 % of the work: runs over more bars cost little more");
    assert_eq!(found(&ran(1_000, 11), SESSION).0, Bottleneck::Nothing);
}

#[test]
fn batches_are_too_small_when_handing_them_over_takes_a_quarter_of_the_time() {
    let with_batches = |tasks: u64, held_micros: u64| {
        let mut recorder = ran(960, 290);
        (0..960 / tasks).for_each(|_| recorder.lease(tasks, held_micros));
        found(&recorder, SESSION)
    };
    let (bottleneck, said) = with_batches(4, 1_600);
    assert_eq!(bottleneck, Bottleneck::SmallBatches);
    assert_eq!(
        said,
        "handing tasks over took 25 % of the workers' time, with 4.0 of them at a time: fewer workers would have more each"
    );
    assert_eq!(with_batches(4, 1_590).0, Bottleneck::Nothing, "less than a quarter");
    assert_eq!(with_batches(16, 6_400).0, Bottleneck::Nothing, "the batches are not small");
}

#[test]
fn more_workers_than_processors_are_too_many() {
    let session = |processors| Session { workers: 8, processors, ..SESSION };
    let (bottleneck, said) = found(&ran(100, 100), session(Some(4)));
    assert_eq!(bottleneck, Bottleneck::TooManyWorkers);
    assert_eq!(said, "8 workers shared 4 processors: use 4 workers");
    for processors in [None, Some(0), Some(8), Some(16)] {
        assert_eq!(found(&ran(100, 100), session(processors)).0, Bottleneck::Nothing, "{processors:?}");
    }
    assert_eq!(found(&Recorder::new(), session(Some(4))).0, Bottleneck::Nothing, "nobody ran anything");
}

#[test]
fn workers_that_are_always_busy_are_all_there_is() {
    let said = |processors| {
        let (bottleneck, said) = found(&ran(1_000, 1_690), Session { processors, ..SESSION });
        assert_eq!(bottleneck, Bottleneck::Workers);
        said
    };
    assert_eq!(
        said(Some(2)),
        "workers were busy for 85 % of the time: this is as fast as this machine's processors are"
    );
    assert!(said(Some(6)).ends_with("this machine has 6 processors: use up to 6 workers"));
    assert!(said(None).ends_with("more of them are faster where there are processors for them"));
    assert_eq!(found(&ran(1_000, 1_689), SESSION).0, Bottleneck::Nothing);
}

#[test]
fn when_no_rule_holds_nothing_stands_out() {
    let nothing = (Bottleneck::Nothing, "nothing stands out".to_owned());
    assert_eq!(found(&ran(1_000, 990), SESSION), nothing);
    let session = Session { wall_micros: 0, workers: 0, processors: None };
    assert_eq!(found(&Recorder::new(), session), nothing);
}

#[test]
fn of_several_bottlenecks_the_first_in_the_list_is_named() {
    let mut recorder = ran(1_000, 10);
    recorder.compiled(500_000);
    recorder.stored(1_000, 900_000);
    let session = Session { workers: 8, ..SESSION };
    assert_eq!(found(&recorder, session).0, Bottleneck::Store);
}
