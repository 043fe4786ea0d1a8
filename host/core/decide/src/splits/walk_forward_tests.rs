use proptest::prelude::*;

use super::super::Moment;
use super::*;

const DAY: i64 = 86_400_000_000_000;

fn settings(text: &str) -> Result<WalkForwardSettings, String> {
    toml::from_str(text).map_err(|error| error.message().to_owned())
}

fn steps(n: i64) -> Timeline {
    Timeline::new(0..n).unwrap()
}

fn made(text: &str, timeline: &Timeline) -> Result<Folds, String> {
    settings(text)?.folds(timeline, &timeline.whole()).map_err(|error| error.to_string())
}

type Ranges = Vec<(std::ops::Range<usize>, std::ops::Range<usize>)>;

fn ranges(text: &str, timeline: &Timeline) -> Ranges {
    let folds = made(text, timeline).unwrap().folds;
    folds.into_iter().map(|fold| (fold.train.steps, fold.test.steps)).collect()
}

/// A bar a day from a date on.
fn days(from: &str, n: i64) -> Timeline {
    let from = from.parse::<Moment>().unwrap().0;
    Timeline::new((0..n).map(|day| from + day * DAY)).unwrap()
}

#[test]
fn rolling_train_parts_move_on_with_the_tests() {
    let found = ranges("train = 4\ntest = 2", &steps(10));
    assert_eq!(found, [(0..4, 4..6), (2..6, 6..8), (4..8, 8..10)]);
}

#[test]
fn anchored_train_parts_begin_with_the_first_bar() {
    let found = ranges("kind = \"anchored\"\ntrain = 4\ntest = 2", &steps(10));
    assert_eq!(found, [(0..4, 4..6), (0..6, 6..8), (0..8, 8..10)]);
}

#[test]
fn a_longer_step_leaves_bars_between_the_tests() {
    let found = ranges("train = 4\ntest = 2\nstep = 3", &steps(10));
    assert_eq!(found, [(0..4, 4..6), (3..7, 7..9)]);
}

#[test]
fn the_last_test_may_be_shorter_or_is_left_out() {
    let found = ranges("train = 4\ntest = 4", &steps(10));
    assert_eq!(found, [(0..4, 4..8), (4..8, 8..10)]);
    let found = ranges("train = 4\ntest = 4\npartial = false", &steps(10));
    assert_eq!(found, [(0..4, 4..8)]);
    let whole = ranges("train = 4\ntest = 3\npartial = false", &steps(10));
    assert_eq!(whole.last(), Some(&(3..7, 7..10)));
}

#[test]
fn purge_and_embargo_are_taken_from_the_end_of_training() {
    let found = ranges("train = 6\ntest = 2\npurge = 2\nembargo = 1", &steps(10));
    assert_eq!(found, [(0..3, 6..8), (2..5, 8..10)]);
    let shares = ranges("train = 6\ntest = 2\nembargo = 0.19", &steps(10));
    assert_eq!(shares[0].0, 0..4, "0.19 of 10 bars, to the nearest");
}

#[test]
fn years_and_months_are_those_of_the_calendar() {
    // 2012 is a leap year.
    let timeline = days("2010-01-31", 1_200);
    let folds = made("train = \"2y\"\ntest = \"1m\"", &timeline).unwrap().folds;
    let begins: Vec<String> = folds.iter().map(|fold| Moment(fold.test.from).to_string()).collect();
    assert_eq!(begins[..4], ["2012-01-31", "2012-02-29", "2012-03-31", "2012-04-30"]);
    for pair in folds.windows(2) {
        assert_eq!(pair[0].test.steps.end, pair[1].test.steps.start, "no day is lost or tested twice");
    }
    let trains: Vec<String> = folds.iter().map(|fold| Moment(fold.train.from).to_string()).collect();
    assert_eq!(trains[..3], ["2010-01-31", "2010-02-28", "2010-03-31"]);
}

#[test]
fn in_time_a_window_is_whole_when_a_bar_is_at_its_end() {
    let text = "train = \"4d\"\ntest = \"3d\"\npartial = false";
    assert!(made(text, &days("2020-01-01", 7)).is_err());
    assert_eq!(made(text, &days("2020-01-01", 8)).unwrap().folds.len(), 1);
}

#[test]
fn windows_without_bars_are_left_out_and_counted() {
    // Five days, then two without: the last of them is a Friday.
    let from = "2024-01-01".parse::<Moment>().unwrap().0;
    let weekdays = (0..21).filter(|day| day % 7 < 5).map(|day| from + day * DAY);
    let timeline = Timeline::new(weekdays).unwrap();
    let found = made("train = \"2d\"\ntest = \"1d\"", &timeline).unwrap();
    // Mondays have nothing to train on, Saturdays and Sundays nothing to test.
    assert_eq!((found.folds.len(), found.left_out), (11, 6));
    assert!(found.folds.iter().all(|fold| fold.test.len() == 1));
}

#[test]
fn folds_stay_within_the_part_that_choices_may_read() {
    let timeline = steps(20);
    let within = timeline.part(3..13);
    let folds = settings("train = 4\ntest = 4").unwrap().folds(&timeline, &within).unwrap().folds;
    assert_eq!((folds[0].train.steps.start, folds[1].test.steps.end), (3, 13));
    let timeline = days("2020-01-01", 20);
    let within = timeline.part(3..13);
    let folds = settings("train = \"4d\"\ntest = \"4d\"").unwrap().folds(&timeline, &within).unwrap().folds;
    assert_eq!((folds[0].train.steps.start, folds[1].test.steps.end), (3, 13));
}

#[test]
fn what_cannot_be_is_refused_with_the_setting_and_the_reason() {
    for (text, expected) in [
        ("train = 0\ntest = 1", "`walk_forward.train` is 0: at least one bar"),
        ("train = 1\ntest = 0", "`walk_forward.test` is 0: at least one bar"),
        (
            "train = 5\ntest = 3\nstep = 2",
            "`walk_forward.step` is 2, less than `test` with 3: test parts would overlap",
        ),
        (
            "train = 5\ntest = \"3d\"",
            "`walk_forward.train`, `test` and `step` are to be all in bars (whole numbers), or all in time",
        ),
        ("train = 0.5\ntest = 0.1", "`walk_forward.train`, `test` and `step` are to be all in bars"),
        ("train = 5\ntest = 1\npurge = 0.1", "`walk_forward.purge` is a share"),
        (
            "train = 20\ntest = 1",
            "`walk_forward` has no bars: in 10 bars there is no train part with a test part after it",
        ),
        ("train = 4\ntest = 1\npurge = 9", "`walk_forward` has no bars"),
        ("train = 4", "missing field `test`"),
        ("train = 4\ntest = 1\ngap = 1", "unknown field `gap`"),
        ("train = \"3x\"\ntest = 1", "`3x` is not a length of time"),
        ("train = -3\ntest = 1", "`-3` is below zero"),
    ] {
        let refused = made(text, &steps(10)).unwrap_err();
        assert!(refused.contains(expected), "{text}: {refused}");
    }
    let overlap = made("train = \"5d\"\ntest = \"3d\"\nstep = \"2d\"", &days("2020-01-01", 30)).unwrap_err();
    assert_eq!(overlap, "`walk_forward.step` is shorter than `walk_forward.test`: test parts would overlap");
    let many = made("train = \"1d\"\ntest = \"1s\"", &days("2020-01-01", 30)).unwrap_err();
    assert_eq!(many, "the settings make more than 100000 windows: make `walk_forward.step` longer");
}

#[test]
fn settings_survive_being_kept() {
    let text =
        "kind = \"anchored\"\ntrain = \"3y\"\ntest = \"6m\"\npurge = 5\nembargo = 0.01\npartial = false";
    let settings = settings(text).unwrap();
    let kept = serde_json::to_string(&settings).unwrap();
    assert_eq!(serde_json::from_str::<WalkForwardSettings>(&kept).unwrap(), settings);
}

fn length(max: u64) -> impl Strategy<Value = Length> {
    (0..max).prop_map(Length::Bars)
}

proptest! {
    #[test]
    fn no_tested_step_is_trained_on_and_gaps_are_kept(
        n in 10..120_i64,
        (train, test, more) in (1..30_u64, 1..15_u64, 0..5_u64),
        (purge, embargo) in (length(5), length(5)),
        anchored in any::<bool>(),
    ) {
        let timeline = steps(n);
        let kind = if anchored { WalkForwardKind::Anchored } else { WalkForwardKind::Rolling };
        let settings = WalkForwardSettings {
            kind,
            train: Length::Bars(train),
            test: Length::Bars(test),
            step: Some(Length::Bars(test + more)),
            purge,
            embargo,
            partial: true,
        };
        let Ok(made) = settings.folds(&timeline, &timeline.whole()) else { return Ok(()) };
        let (Length::Bars(purge), Length::Bars(embargo)) = (purge, embargo) else { unreachable!() };
        let mut tested = 0;
        for (number, fold) in made.folds.iter().enumerate() {
            prop_assert_eq!(fold.train.steps.end + (purge + embargo) as usize, fold.test.steps.start);
            prop_assert!(!fold.train.is_empty() && !fold.test.is_empty());
            prop_assert!(fold.test.steps.start >= tested, "test parts share no step");
            tested = fold.test.steps.end;
            if anchored {
                prop_assert_eq!(fold.train.steps.start, 0);
            } else {
                prop_assert_eq!(fold.train.len() as u64, train - purge - embargo);
            }
            prop_assert!(fold.test.len() as u64 == test || number + 1 == made.folds.len());
        }
        if more == 0 && made.left_out == 0 {
            prop_assert_eq!(tested, n as usize, "every step after the first train part is tested");
            prop_assert_eq!(made.folds.len() as u64, (n as u64 - train).div_ceil(test));
        }
    }
}
