//! Slower bars of the same instruments: where they stand, and that nothing is known early.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use proptest::prelude::*;
use stratbox_domain::{Bar, BarSource};
use stratbox_market::{Dataset, Span};

use crate::{DAY, Folder, at, bars, symbols, with};

const MINUTE: i64 = DAY / 1_440;

fn file(minutes: impl IntoIterator<Item = i64>) -> String {
    let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
    for minute in minutes {
        let time = at("2024-01-02") / 1_000_000_000 + minute * 60;
        let price = 1_000 + minute;
        writeln!(text, "{time},{price},{},{},{price}.5,1", price + 2, price - 2).unwrap();
    }
    text
}

fn dataset(minutes: impl IntoIterator<Item = i64>, views: &[&str]) -> Arc<Dataset> {
    let folder = Folder::new();
    let views: Vec<Span> = views.iter().map(|view| view.parse().unwrap()).collect();
    folder.open(&[with(folder.write("x.csv", file(minutes)), |options| options.views = views)]).unwrap()
}

/// Each row's instrument, and its time in minutes.
fn rows(dataset: &Dataset) -> Vec<(u32, i64)> {
    bars(dataset).iter().map(|bar| (bar.instrument, (bar.time - at("2024-01-02")) / MINUTE)).collect()
}

#[test]
fn a_view_stands_after_the_bar_whose_close_completes_it() {
    let dataset = dataset((0..12).map(|it| it * 5), &["15m", "30m"]);
    assert_eq!(symbols(&dataset), ["X", "X@15m", "X@30m"]);
    assert_eq!((dataset.tradable(), dataset.steps(), dataset.rows()), (1, 12, 18));
    let expected = [
        (0, 0),
        (0, 5),
        (0, 10),
        (1, 0),
        (0, 15),
        (0, 20),
        (0, 25),
        (1, 15),
        (2, 0),
        (0, 30),
        (0, 35),
        (0, 40),
        (1, 30),
        (0, 45),
        (0, 50),
        (0, 55),
        (1, 45),
        (2, 30),
    ];
    assert_eq!(rows(&dataset), expected);
    let first = dataset.bar(3);
    assert_eq!(
        first,
        Bar {
            instrument: 1,
            time: at("2024-01-02"),
            open: 1_000.0,
            high: 1_012.0,
            low: 998.0,
            close: 1_010.5,
            volume: 3.0
        }
    );
}

#[test]
fn a_view_whose_last_bar_is_missing_stands_before_the_next_bar() {
    let dataset = dataset([0, 5, 20, 25, 50], &["15m"]);
    assert_eq!(rows(&dataset), [(0, 0), (0, 5), (1, 0), (0, 20), (0, 25), (1, 15), (0, 50)]);
}

#[test]
fn a_view_that_the_data_end_in_the_middle_of_is_never_delivered() {
    assert_eq!(rows(&dataset([0, 5], &["15m"])), [(0, 0), (0, 5)]);
    assert_eq!(rows(&dataset([0, 5, 10], &["15m"])), [(0, 0), (0, 5), (0, 10), (1, 0)]);
}

#[test]
fn views_of_several_instruments_stand_after_all_bars_of_a_time() {
    let folder = Folder::new();
    let source = |name: &str| {
        with(folder.write(name, file((0..4).map(|it| it * 5))), |options| {
            options.views = vec!["10m".parse().unwrap()];
        })
    };
    let dataset = folder.open(&[source("a.csv"), source("b.csv")]).unwrap();
    assert_eq!((symbols(&dataset), dataset.tradable()), (vec!["A", "B", "A@10m", "B@10m"], 2));
    let expected = [
        (0, 0),
        (1, 0),
        (0, 5),
        (1, 5),
        (2, 0),
        (3, 0),
        (0, 10),
        (1, 10),
        (0, 15),
        (1, 15),
        (2, 10),
        (3, 10),
    ];
    assert_eq!(rows(&dataset), expected);
    let times: Vec<i64> = dataset.times().map(|time| (time - at("2024-01-02")) / MINUTE).collect();
    assert_eq!(times, [0, 0, 5, 5, 10, 10, 15, 15]);
}

#[test]
fn a_view_is_part_of_what_the_rows_are() {
    let plain = dataset((0..12).map(|it| it * 5), &[]);
    assert_ne!(plain.digest(), dataset((0..12).map(|it| it * 5), &["1h"]).digest());
    assert_eq!((plain.tradable(), plain.instruments().len()), (1, 1));
}

#[test]
fn a_range_has_the_views_that_stand_after_its_own_bars() {
    let dataset = dataset((0..12).map(|it| it * 5), &["15m"]);
    let minute = |minute: i64| Some(at("2024-01-02") + minute * MINUTE);
    let view = dataset.view(minute(10), minute(30));
    assert_eq!((view.rows(), view.steps(), view.tradable()), (6, 4, 1));
    assert_eq!(view.span(), Some((minute(10).unwrap(), minute(25).unwrap())));
    assert_eq!(view.bar(1).instrument, 1);
    assert!(view.absent().is_empty() && dataset.view(minute(15), minute(20)).absent().is_empty());
    let (before, after) = (dataset.view(None, minute(20)), dataset.view(minute(20), None));
    assert_eq!(before.rows() + after.rows(), dataset.rows());
    assert_eq!(after.bar(0).time, minute(20).unwrap());
}

#[test]
fn a_bar_that_would_close_after_its_view_s_is_refused() {
    let folder = Folder::new();
    let open = |minutes: &mut dyn Iterator<Item = i64>, view: &str| {
        folder.open(&[with(folder.write("x.csv", file(minutes)), |options| {
            options.views = vec![view.parse().unwrap()];
        })])
    };
    let error = open(&mut (0..8).map(|it| it * 45), "1h").unwrap_err().to_string();
    assert!(
        error.contains(
            "the bar of `X` at `2024-01-02T00:45:00Z` closes at `2024-01-02T01:30:00Z`, after the bar of `1h`"
        ),
        "{error}"
    );
    let error = open(&mut (0..8).map(|it| 30 + it * 60), "2h").unwrap_err().to_string();
    assert!(error.contains("the bar of `X` at `2024-01-02T01:30:00Z`"), "{error}");
    open(&mut (0..8).map(|it| it * 30), "1h").unwrap();
    open(&mut (0..8).map(|it| it * 60), "2h").unwrap();
}

#[test]
fn a_few_odd_rows_do_not_decide_when_views_are_complete() {
    let folder = Folder::new();
    let open = |minutes: &[i64]| {
        folder.open(&[with(folder.write("x.csv", file(minutes.iter().copied())), |options| {
            options.views = vec!["1h".parse().unwrap()];
        })])
    };
    let error = open(&[0, 15, 30, 45, 60, 61, 75, 90]).unwrap_err().to_string();
    assert!(error.contains("the row of `X` at `2024-01-02T01:01:00Z` is 1 min after"), "{error}");
    open(&[0, 15, 30, 45, 60, 75, 90]).unwrap();
}

#[test]
fn a_view_must_be_slower_than_the_bars() {
    let folder = Folder::new();
    let open = |views: &[&str]| {
        let views = views.iter().map(|view| view.parse().unwrap()).collect();
        folder.open(&[with(folder.write("x.csv", file([0, 5, 10])), |options| options.views = views)])
    };
    let error = open(&["5m"]).unwrap_err().to_string();
    assert!(error.contains("`5m` is no slower view of `X`, whose bars are 5 min long"), "{error}");
    assert!(open(&["10m", "10m"]).unwrap_err().to_string().contains("the view `10m` is named twice"));
    open(&["10m"]).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_view_is_delivered_before_its_bars_have_closed_nor_depends_on_later_ones(
        bars in proptest::collection::btree_set(0..200_i64, 2..60),
        length in prop_oneof![Just(1_i64), Just(3), Just(5)],
        cut in 0..600_i64,
    ) {
        // Most are neighbours, as their length is told by it.
        let minutes: BTreeSet<i64> = bars.into_iter().chain(20..80).map(|bar| bar * length).collect();
        let whole = dataset(minutes.iter().copied(), &["15m", "1h", "4h"]);
        let lengths = [0, 15, 60, 240];
        let all = rows(&whole);
        for (place, (instrument, start)) in all.iter().enumerate().filter(|(_, row)| row.0 > 0) {
            let end = start + lengths[*instrument as usize];
            let before = all[..place].iter().rev().find(|row| row.0 == 0).unwrap().1;
            let after = all[place..].iter().find(|row| row.0 == 0).map(|row| row.1);
            // Known from the close of the bar before it, or because the next one opens after it.
            prop_assert!(before + length >= end || after.is_some_and(|after| after >= end));
            prop_assert!(before < end);
        }
        // What comes later changes nothing of what was there before.
        let early: Vec<i64> = minutes.iter().copied().filter(|minute| *minute < cut).collect();
        let steps = early.windows(2).map(|pair| pair[1] - pair[0]).min();
        if steps == Some(length) {
            let part = crate::bars(&dataset(early.iter().copied(), &["15m", "1h", "4h"]));
            prop_assert_eq!(&crate::bars(&whole)[..part.len()], &part[..]);
        }
    }
}
