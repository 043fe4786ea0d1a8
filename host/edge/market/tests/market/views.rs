//! Parts of a dataset between two times.

use std::sync::Arc;

use stratbox_domain::{BarSource, Instrument};
use stratbox_market::{Dataset, DatasetView, parse_date};

use crate::{DAY, Folder, YEAR_2020, bar, shipped};

/// Two instruments on days 0 and 3 of 2020; only the first on day 1, only the second on the day before.
fn dataset() -> Arc<Dataset> {
    let instruments = ["A", "B"].map(|symbol| Instrument { symbol: symbol.to_owned() });
    let bars = [(1, -1), (0, 0), (1, 0), (0, 1), (0, 3), (1, 3)]
        .map(|(instrument, day)| bar(instrument, YEAR_2020 + day * DAY, 10.0 + day as f64));
    Arc::new(Dataset::from_bars(instruments.to_vec(), bars.to_vec()).unwrap())
}

fn view(from: i64, to: i64) -> DatasetView {
    dataset().view(Some(YEAR_2020 + from * DAY), Some(YEAR_2020 + to * DAY))
}

#[test]
fn a_view_holds_its_first_time_and_not_its_last() {
    let view = view(0, 3);
    assert_eq!((view.rows(), view.steps()), (3, 2));
    assert_eq!(view.span(), Some((YEAR_2020, YEAR_2020 + DAY)));
    assert_eq!(view.bar(2), bar(0, YEAR_2020 + DAY, 11.0));
    assert_eq!(view.times().collect::<Vec<_>>(), [YEAR_2020, YEAR_2020, YEAR_2020 + DAY]);
}

#[test]
fn a_bound_between_two_times_cuts_there() {
    let view = view(2, 100);
    assert_eq!((view.rows(), view.steps()), (2, 1));
    assert_eq!(view.bar(0), bar(0, YEAR_2020 + 3 * DAY, 13.0));
}

#[test]
fn a_view_without_bounds_is_everything() {
    let dataset = dataset();
    let view = dataset.view(None, None);
    assert_eq!((view.rows(), view.steps(), view.span()), (dataset.rows(), dataset.steps(), dataset.span()));
    assert_eq!(view.instruments(), dataset.instruments());
    assert!(view.times().eq(dataset.times()));
}

#[test]
fn a_view_of_no_time_is_empty() {
    for view in [view(1, 1), view(2, 3), view(3, 0), view(50, 60), view(-60, -50)] {
        assert_eq!((view.rows(), view.steps(), view.span()), (0, 0, None));
        assert_eq!(view.columns(0, 10).rows, 0);
        assert_eq!(view.instruments().len(), 2);
    }
}

#[test]
#[should_panic(expected = "row 3 of a view of 3 rows")]
fn a_view_does_not_show_the_bar_after_its_last() {
    let _ = view(0, 3).bar(3);
}

#[test]
fn views_of_the_same_rows_have_one_digest_and_others_have_another() {
    assert_eq!(view(2, 4).digest(), view(3, 9).digest());
    for other in [view(0, 4), view(0, 3), view(1, 1)] {
        assert_ne!(other.digest(), view(2, 4).digest());
    }
}

#[test]
fn a_digest_is_of_the_rows_whatever_they_were_cut_from() {
    let whole = dataset();
    assert_eq!(whole.view(None, None).digest(), whole.digest());
    let cut = view(0, 2);
    let rows = (0..cut.rows()).map(|row| cut.bar(row)).collect();
    let alone = Dataset::from_bars(cut.instruments().to_vec(), rows).unwrap();
    assert_eq!(cut.digest(), alone.digest());
    let renamed = ["A", "C"].map(|symbol| Instrument { symbol: symbol.to_owned() });
    let renamed = Dataset::from_bars(renamed.to_vec(), (0..cut.rows()).map(|row| cut.bar(row)).collect());
    assert_ne!(cut.digest(), renamed.unwrap().digest());
}

#[test]
fn a_view_knows_who_is_not_in_it_and_the_dataset_where_they_are() {
    assert_eq!(view(1, 2).absent(), [1]);
    assert_eq!(view(0, 1).absent(), [0_u32; 0]);
    assert_eq!(view(2, 3).absent(), [0, 1]);
    assert_eq!(dataset().span_of(1), Some((YEAR_2020 - DAY, YEAR_2020 + 3 * DAY)));
    assert_eq!(dataset().span_of(2), None);
}

#[test]
fn adjoining_views_divide_the_shipped_data_without_loss_or_overlap() {
    let folder = Folder::new();
    let dataset = folder.open(&[shipped("sp500-daily.csv"), shipped("nasdaq-daily.csv")]).unwrap();
    let cut = parse_date("2015-01-01").unwrap();
    let (before, after) = (dataset.view(None, Some(cut)), dataset.view(Some(cut), None));
    assert_eq!(before.rows() + after.rows(), dataset.rows());
    assert_eq!(before.steps() + after.steps(), dataset.steps());
    assert!(before.times().all(|time| time < cut) && after.times().all(|time| time >= cut));
    assert_eq!(after.span().unwrap().0, parse_date("2015-01-02").unwrap());
}

#[test]
fn a_view_shares_the_dataset_s_memory() {
    let dataset = dataset();
    let view = dataset.view(Some(YEAR_2020 + DAY), None);
    assert_eq!(view.columns(1, 1).ohlcv.as_ptr(), dataset.columns(4, 1).ohlcv.as_ptr());
}

#[test]
fn a_bar_that_closes_after_a_range_s_end_is_not_in_it() {
    let instruments = ["A", "B"].map(|symbol| Instrument { symbol: symbol.to_owned() });
    let hour = DAY / 24;
    let bars = (0..6).flat_map(|row| [0, 1].map(|owner| bar(owner, YEAR_2020 + row * hour, 10.0)));
    let dataset = Arc::new(Dataset::from_bars(instruments.to_vec(), bars.collect()).unwrap());
    let last = |to: i64| dataset.view(None, Some(to)).span().map(|(_, last)| (last - YEAR_2020) / hour);
    assert_eq!(last(YEAR_2020 + 3 * hour), Some(2));
    for inside in [2, hour / 2, hour - 1] {
        assert_eq!(last(YEAR_2020 + 3 * hour + inside), Some(2), "{inside}");
        let cut = Some(YEAR_2020 + 3 * hour + inside);
        let (before, after) = (dataset.view(None, cut), dataset.view(cut, None));
        assert_eq!((before.rows(), after.rows()), (6, 4));
        assert_eq!(dataset.view(None, None).part((None, cut)).digest(), before.digest());
    }
    assert_eq!(last(YEAR_2020 + 4 * hour), Some(3));
}

#[test]
fn a_range_that_ends_the_moment_after_a_bar_opens_names_it_as_its_last() {
    let dataset = dataset();
    let (_, last) = dataset.span().unwrap();
    let all = dataset.view(None, Some(last + 1));
    assert_eq!(all.digest(), dataset.digest());
    assert_eq!(all.part((None, None)).digest(), dataset.digest());
    assert_eq!(view(0, 2).part((Some(YEAR_2020), Some(YEAR_2020 + DAY))).rows(), 2);
}
