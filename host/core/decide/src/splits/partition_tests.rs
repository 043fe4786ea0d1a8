use proptest::prelude::*;

use super::*;

const DAY: i64 = 86_400_000_000_000;

fn settings(text: &str) -> Result<SplitSettings, String> {
    toml::from_str(text).map_err(|error| error.message().to_owned())
}

/// A bar a day from 1970-01-01 on.
fn days(n: i64) -> Timeline {
    Timeline::new((0..n).map(|day| day * DAY)).unwrap()
}

type Steps = (std::ops::Range<usize>, Option<std::ops::Range<usize>>, Option<std::ops::Range<usize>>);

fn parts(text: &str, timeline: &Timeline) -> Result<Steps, String> {
    let partition = settings(text)?.partition(timeline).map_err(|error| error.to_string())?;
    let steps = |part: &Option<Part>| part.as_ref().map(|part| part.steps.clone());
    Ok((partition.train.steps.clone(), steps(&partition.validation), steps(&partition.holdout)))
}

#[test]
fn shares_are_taken_from_the_end() {
    let found = parts("validation = 0.3\nholdout = 0.2", &days(10)).unwrap();
    assert_eq!(found, (0..5, Some(5..8), Some(8..10)));
    let train = parts("train = 0.3\nvalidation = 0.3\nholdout = 0.2", &days(10)).unwrap();
    assert_eq!(train.0, 2..5, "just before the next part");
    assert_eq!(parts("holdout = 0.29", &days(100)).unwrap().2, Some(71..100), "not 28 by rounding");
}

#[test]
fn dates_are_half_open_and_end_where_the_next_part_begins() {
    let text = "validation = 1970-01-05\nholdout = { from = \"1970-01-07\", to = 1970-01-09 }";
    assert_eq!(parts(text, &days(10)).unwrap(), (0..4, Some(4..6), Some(6..8)));
    let train = "train = { from = 1970-01-02, to = 1970-01-04 }\nholdout = 1970-01-07T00:00:01Z";
    assert_eq!(parts(train, &days(10)).unwrap(), (1..3, None, Some(7..10)));
}

#[test]
fn without_other_parts_all_is_train() {
    assert_eq!(parts("", &days(4)).unwrap(), (0..4, None, None));
}

#[test]
fn several_instruments_are_cut_at_the_same_times() {
    let timeline = Timeline::new((0..10).flat_map(|day| [day * DAY; 3])).unwrap();
    let partition = settings("holdout = 0.2").unwrap().partition(&timeline).unwrap();
    assert_eq!((partition.train.rows, partition.holdout.unwrap().rows), (0..24, 24..30));
}

#[test]
fn what_is_purged_is_in_no_part() {
    let found = parts("validation = 0.3\nholdout = 0.2\npurge = 1", &days(10)).unwrap();
    assert_eq!(found, (0..4, Some(5..7), Some(8..10)));
    let same = parts("validation = 0.3\nholdout = 0.2\npurge = \"1d\"", &days(10)).unwrap();
    assert_eq!(same, found, "a day of daily bars is one bar");
    let longer_than_validation = parts("validation = 0.1\nholdout = 0.2\npurge = 0", &days(10)).unwrap();
    assert_eq!(longer_than_validation, (0..7, Some(7..8), Some(8..10)));
}

#[test]
fn a_gap_between_parts_is_already_purged() {
    let text = "train = { to = 1970-01-04 }\nholdout = 1970-01-07\npurge = 3";
    assert_eq!(parts(text, &days(10)).unwrap().0, 0..3);
    assert_eq!(parts(&text.replace("purge = 3", "purge = 4"), &days(10)).unwrap().0, 0..2);
}

#[test]
fn what_choices_may_read_ends_before_the_holdout() {
    let timeline = days(10);
    let partition = |text| settings(text).unwrap().partition(&timeline).unwrap();
    let open = partition("validation = 0.3\nholdout = 0.2\npurge = 1").open_to_choices(&timeline);
    assert_eq!((open.steps, open.to), (0..7, 7 * DAY));
    assert_eq!(partition("holdout = 0.2").open_to_choices(&timeline).steps, 0..8);
}

#[test]
fn what_cannot_be_is_refused_with_the_part_and_the_reason() {
    let refused = |text| parts(text, &days(10)).unwrap_err();
    for (text, expected) in [
        (
            "holdout = 2030-01-01",
            "`split.holdout` has no bars: it is from 2030-01-01 on, and the data covers 1970-01-01 to 1970-01-10",
        ),
        (
            "train = { from = 1970-01-09 }\nholdout = 0.2",
            "`split.train` has no bars: it is from 1970-01-09 on and before `holdout` begins at 1970-01-09, and the data \
             covers 1970-01-01 to 1970-01-10",
        ),
        (
            "train = { to = 1970-01-06 }\nvalidation = 1970-01-05",
            "`train` ends at 1970-01-06, after `validation` begins at 1970-01-05: parts must not overlap",
        ),
        ("holdout = 0.01", "`split.holdout` has no bars: 0.01 of 10 bars is none"),
        (
            "validation = 0.9\nholdout = 1970-01-06",
            "`split.validation` has no bars: it is to have 9 bars, and there are 5 before the next part",
        ),
        ("holdout = 0.6\nvalidation = 0.6", "`split` has shares of together 1.2: at most 1"),
        ("holdout = { to = 1970-01-06 }", "`split.holdout` needs `from`, or a share such as `0.2`"),
        (
            "holdout = { from = 1970-01-06, to = 1970-01-06 }",
            "`split.holdout` ends at 1970-01-06, which is not after 1970-01-06, where it begins",
        ),
        (
            "holdout = 0.2\npurge = 0.1",
            "`split.purge` is a share: give a whole number of bars, or a length of time",
        ),
        ("holdout = 0.2\npurge = 8", "`split.train` has no bars: `split.purge` takes all 8 of its bars"),
    ] {
        assert!(refused(text).starts_with(expected), "{text}: {}", refused(text));
    }
}

#[test]
fn what_is_no_setting_is_refused_where_it_stands() {
    for (text, expected) in [
        ("holdout = 1.2", "is 1.2: a share is above 0 and below 1"),
        ("holdout = 0.0", "is 0: a share is above 0 and below 1"),
        ("holdout = 2", "expected a share such as `0.2`, a date, or"),
        ("holdout = \"soon\"", "`soon` is not a date"),
        ("holdout = { form = 1970-01-06 }", "unknown field `form`, expected `from` or `to`"),
        ("holdouts = 0.2", "unknown field `holdouts`"),
    ] {
        let refused = settings(text).unwrap_err();
        assert!(refused.contains(expected), "{text}: {refused}");
    }
}

#[test]
fn settings_survive_being_kept() {
    let text = "train = { to = 2000-01-01 }\nvalidation = 2001-01-01\nholdout = 0.25\npurge = \"5d\"";
    let settings = settings(text).unwrap();
    let kept = serde_json::to_string(&settings).unwrap();
    assert_eq!(serde_json::from_str::<SplitSettings>(&kept).unwrap(), settings);
}

proptest! {
    #[test]
    fn parts_are_in_order_share_no_step_and_keep_their_distance(
        gaps in prop::collection::vec(1..4_i64, 10..80),
        (validation, holdout) in (prop::option::of(0.1..0.4), prop::option::of(0.1..0.4)),
        purge in 0..6_u64,
    ) {
        let mut time = 0;
        let timeline = Timeline::new(gaps.into_iter().map(|gap| { time += gap * DAY; time })).unwrap();
        let (validation, holdout) = (validation.map(Extent::Share), holdout.map(Extent::Share));
        let settings = SplitSettings { train: None, validation, holdout, purge: Length::Bars(purge) };
        let Ok(partition) = settings.partition(&timeline) else { return Ok(()) };
        let parts = [Some(&partition.train), partition.validation.as_ref(), partition.holdout.as_ref()];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        for part in &parts {
            prop_assert!(!part.is_empty());
            prop_assert_eq!(timeline.between(Some(part.from), Some(part.to)), part.steps.clone());
        }
        for pair in parts.windows(2) {
            prop_assert_eq!(pair[0].steps.end + purge as usize, pair[1].steps.start);
        }
        prop_assert_eq!(parts.last().unwrap().steps.end, timeline.steps());
    }
}
