use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn settings(text: &str) -> Result<CpcvSettings, String> {
    toml::from_str(text).map_err(|error| error.message().to_owned())
}

fn made(text: &str, n: i64) -> Result<Cpcv, String> {
    let timeline = Timeline::new(0..n).unwrap();
    settings(text)?.splits(&timeline, &timeline.whole()).map_err(|error| error.to_string())
}

/// First step of each part, and the first one after it.
fn trained(split: &CpcvSplit) -> Vec<(usize, usize)> {
    split.train.iter().map(|part| (part.steps.start, part.steps.end)).collect()
}

#[test]
fn six_groups_of_which_two_are_tested_make_fifteen_splits_and_five_paths_as_published() {
    let cpcv = made("groups = 6\ntest_groups = 2", 60).unwrap();
    assert_eq!((cpcv.splits.len(), cpcv.paths.len()), (15, 5));
    // Figures 12.1 and 12.2, whose splits are numbered from 1.
    let published = [
        [1, 1, 2, 3, 4, 5],
        [2, 6, 6, 7, 8, 9],
        [3, 7, 10, 10, 11, 12],
        [4, 8, 11, 13, 13, 14],
        [5, 9, 12, 14, 15, 15],
    ];
    let found: Vec<Vec<usize>> =
        cpcv.paths.iter().map(|path| path.iter().map(|split| split + 1).collect()).collect();
    assert_eq!(found, published);
}

#[test]
fn the_last_group_has_what_is_left_over() {
    let cpcv = made("groups = 3\ntest_groups = 1", 11).unwrap();
    let sizes: Vec<_> = cpcv.groups.iter().map(Part::len).collect();
    assert_eq!(sizes, [3, 3, 5]);
}

#[test]
fn neighbours_are_trained_on_as_one_part() {
    let cpcv = made("groups = 4\ntest_groups = 1", 8).unwrap();
    assert_eq!(trained(&cpcv.splits[0]), [(2, 8)]);
    assert_eq!(trained(&cpcv.splits[1]), [(0, 2), (4, 8)]);
    assert_eq!(trained(&cpcv.splits[3]), [(0, 6)]);
}

#[test]
fn the_purge_is_on_both_sides_of_a_test_and_the_embargo_after_it() {
    let cpcv = made("groups = 4\ntest_groups = 1\npurge = 2\nembargo = 1", 40).unwrap();
    assert_eq!(trained(&cpcv.splits[1]), [(0, 8), (23, 40)]);
    assert_eq!(trained(&cpcv.splits[0]), [(13, 40)]);
    assert_eq!(trained(&cpcv.splits[3]), [(0, 28)]);
    let share = made("groups = 4\ntest_groups = 1\nembargo = 0.1", 40).unwrap();
    assert_eq!(trained(&share.splits[1]), [(0, 10), (24, 40)], "a tenth of all 40 bars");
}

#[test]
fn gaps_in_time_are_those_in_bars_where_bars_are_regular() {
    const HOUR: i64 = 3_600_000_000_000;
    let timeline = Timeline::new((0..40).map(|hour| hour * HOUR)).unwrap();
    let splits = |text| settings(text).unwrap().splits(&timeline, &timeline.whole()).unwrap().splits;
    let bars = splits("groups = 4\ntest_groups = 2\npurge = 2\nembargo = 1");
    assert_eq!(splits("groups = 4\ntest_groups = 2\npurge = \"2h\"\nembargo = \"1h\""), bars);
}

#[test]
fn a_gap_longer_than_a_group_takes_the_whole_group() {
    let cpcv = made("groups = 6\ntest_groups = 2\nembargo = 12", 60).unwrap();
    let split = cpcv.splits.iter().find(|split| split.test_groups == [1, 3]).unwrap();
    assert_eq!(trained(split), [(0, 10), (52, 60)]);
}

#[test]
fn a_split_without_anything_to_train_on_is_refused() {
    let refused = made("groups = 2\ntest_groups = 1\npurge = 5", 10).unwrap_err();
    assert_eq!(
        refused,
        "`cpcv` has no bars: `purge` and `embargo` leave nothing to train on when groups 1 are tested"
    );
}

#[test]
fn what_cannot_be_is_refused_with_the_setting_and_the_reason() {
    for (text, expected) in [
        ("groups = 1\ntest_groups = 1", "`cpcv.groups` is 1: at least 2"),
        (
            "groups = 5\ntest_groups = 0",
            "`cpcv.test_groups` is 0: from 1 to 4, as others must be left to train on",
        ),
        ("groups = 5\ntest_groups = 5", "`cpcv.test_groups` is 5: from 1 to 4"),
        ("groups = 40\ntest_groups = 20", "the settings make more than 100000 splits"),
        ("groups = 4000000000\ntest_groups = 2000000000", "the settings make more than 100000 splits"),
        ("groups = 20\ntest_groups = 2", "`cpcv.groups` has no bars: 10 bars cannot be cut into 20"),
        ("groups = 5\ntest_groups = 2\npurge = 0.5", "`cpcv.purge` is a share"),
        ("groups = 5", "missing field `test_groups`"),
        ("groups = 5\ntest_groups = 2\nk = 2", "unknown field `k`"),
    ] {
        let refused = made(text, 10).unwrap_err();
        assert!(refused.contains(expected), "{text}: {refused}");
    }
}

#[test]
fn subsets_are_in_lexicographic_order() {
    let found: Vec<Vec<usize>> = subsets(4, 2).collect();
    assert_eq!(found, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]);
    assert_eq!(subsets(3, 1).count(), 3);
    assert_eq!(
        (combinations(6, 2), combinations(16, 8), combinations(5, 4)),
        (Some(15), Some(12_870), Some(5))
    );
}

proptest! {
    #[test]
    fn counts_are_binomial_and_no_step_is_tested_and_trained_on(
        (groups, test_groups) in (2..9_u32).prop_flat_map(|n| (Just(n), 1..n)),
        more in 0..80_i64,
        (purge, embargo) in (0..6_u64, 0..6_u64),
    ) {
        let timeline = Timeline::new(0..i64::from(groups) + more).unwrap();
        let (purge_bars, embargo_bars) = (Length::Bars(purge), Length::Bars(embargo));
        let settings = CpcvSettings { groups, test_groups, purge: purge_bars, embargo: embargo_bars };
        let Ok(cpcv) = settings.splits(&timeline, &timeline.whole()) else { return Ok(()) };
        let splits = combinations(groups, test_groups).unwrap();
        prop_assert_eq!(cpcv.splits.len(), splits);
        prop_assert_eq!(cpcv.paths.len() * groups as usize, splits * test_groups as usize);
        prop_assert_eq!(cpcv.groups[0].steps.start, 0);
        prop_assert_eq!(cpcv.groups.last().unwrap().steps.end, timeline.steps());
        for split in &cpcv.splits {
            let tested: BTreeSet<usize> =
                split.test_groups.iter().flat_map(|group| cpcv.groups[*group].steps.clone()).collect();
            let trained: BTreeSet<usize> = split.train.iter().flat_map(|part| part.steps.clone()).collect();
            // From the definition, step by step.
            for step in 0..timeline.steps() {
                let near = |test: &usize| {
                    let (purge, after) = (purge as usize, (purge + embargo) as usize);
                    *test >= step && *test <= step + purge || *test <= step && step <= *test + after
                };
                prop_assert_eq!(trained.contains(&step), !tested.iter().any(near), "step {}", step);
            }
        }
    }

    #[test]
    fn in_time_too_nothing_is_trained_on_that_reaches_a_test_or_is_reached_by_it(
        gaps in prop::collection::vec(1..9_i64, 12..60),
        (groups, test_groups) in (2..7_u32).prop_flat_map(|n| (Just(n), 1..n)),
        (purge, embargo) in (1..12_i64, 1..12_i64),
    ) {
        const SECOND: i64 = 1_000_000_000;
        let mut time = 0;
        let timeline = Timeline::new(gaps.into_iter().map(|gap| { time += gap * SECOND; time })).unwrap();
        let seconds = |n: i64| Length::Time(format!("{n}s").parse().unwrap());
        let settings = CpcvSettings { groups, test_groups, purge: seconds(purge), embargo: seconds(embargo) };
        let Ok(cpcv) = settings.splits(&timeline, &timeline.whole()) else { return Ok(()) };
        let times = timeline.times();
        for split in &cpcv.splits {
            let tested: Vec<usize> =
                split.test_groups.iter().flat_map(|group| cpcv.groups[*group].steps.clone()).collect();
            for step in 0..timeline.steps() {
                let near = |test: &usize| {
                    let (at, test) = (times[step], times[*test]);
                    at <= test && at + purge * SECOND >= test
                        || test <= at && test + (purge + embargo) * SECOND >= at
                };
                let is_trained = split.train.iter().any(|part| part.steps.contains(&step));
                prop_assert_eq!(is_trained, !tested.iter().any(near), "step {}", step);
            }
        }
    }

    #[test]
    fn every_test_is_in_one_path_and_every_path_has_each_group_once(
        (groups, test_groups) in (2..9_u32).prop_flat_map(|n| (Just(n), 1..n)),
    ) {
        let timeline = Timeline::new(0..i64::from(groups)).unwrap();
        let none = Length::default();
        let settings = CpcvSettings { groups, test_groups, purge: none, embargo: none };
        let cpcv = settings.splits(&timeline, &timeline.whole()).unwrap();
        let mut seen = BTreeSet::new();
        for path in &cpcv.paths {
            prop_assert_eq!(path.len(), groups as usize);
            for (group, split) in path.iter().enumerate() {
                prop_assert!(cpcv.splits[*split].test_groups.contains(&group));
                prop_assert!(seen.insert((group, *split)));
            }
        }
        prop_assert_eq!(seen.len(), cpcv.splits.len() * test_groups as usize);
        let steps: Vec<Vec<usize>> = (0..groups as usize).map(|group| vec![group]).collect();
        for path in 0..cpcv.paths.len() {
            let whole = cpcv.assemble(path, |_, group| &steps[group]);
            prop_assert_eq!(whole, (0..groups as usize).collect::<Vec<_>>());
        }
    }
}
