//! What holds for all bars.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use stratbox_domain::{Bar, BarSource, Instrument};
use stratbox_market::Dataset;

use crate::{Folder, bars};

/// Four prices and a volume of any magnitude, in a bar of no instrument and time yet.
fn any_bar() -> impl Strategy<Value = Bar> {
    let price = || prop_oneof![any::<f64>(), 1.0..5_000.0].prop_map(f64::abs);
    let valid = |value: &f64| value.is_finite() && *value > 0.0;
    let prices = [(); 4].map(|()| price().prop_filter("a price", valid));
    (prices, price().prop_filter("a volume", |volume| volume.is_finite()), any::<bool>()).prop_map(
        |(mut prices, volume, rising)| {
            prices.sort_by(f64::total_cmp);
            let [low, a, b, high] = prices;
            let (open, close) = if rising { (a, b) } else { (b, a) };
            Bar { instrument: 0, time: 0, open, high, low, close, volume }
        },
    )
}

/// Bars of up to three instruments in the order of a dataset; every instrument has one.
fn any_bars() -> impl Strategy<Value = Vec<Bar>> {
    // Nanoseconds of 1973 and later, which is where an integer is known to be nanoseconds.
    let clock = (100_000_000_000_000_000..8_000_000_000_000_000_000_i64, 1..10_000_000_000_000_000_i64);
    clock.prop_flat_map(|clock| (Just(clock), vec(any_steps(), 1..=3))).prop_flat_map(
        |((start, length), steps)| {
            let keys: BTreeSet<(i64, u32)> = (0..)
                .zip(steps)
                .flat_map(|(instrument, steps)| {
                    steps.into_iter().map(move |step| (start + step * length, instrument))
                })
                .collect();
            vec(any_bar(), keys.len()).prop_map(move |bars| {
                let bars = keys.iter().zip(bars);
                bars.map(|(&(time, instrument), bar)| Bar { instrument, time, ..bar }).collect()
            })
        },
    )
}

/// The times of one instrument's bars, in bars' lengths: one alone, or some with gaps, of which most are neighbours.
fn any_steps() -> impl Strategy<Value = BTreeSet<i64>> {
    let some = (0..40_i64, btree_set(2..40_i64, 0..18)).prop_map(|(start, mut steps)| {
        steps.extend(0..10);
        steps.into_iter().map(|step| start + step).collect()
    });
    prop_oneof![1 => (0..80_i64).prop_map(|step| [step].into()), 4 => some]
}

fn instruments(bars: &[Bar]) -> Vec<Instrument> {
    let count = bars.iter().map(|bar| bar.instrument + 1).max().unwrap();
    (0..count).map(|index| Instrument { symbol: format!("S{index}") }).collect()
}

/// Grouped by instrument, so that files are in another order than datasets.
fn csv(bars: &[Bar]) -> String {
    let mut sorted = bars.to_vec();
    sorted.sort_by_key(|bar| bar.instrument);
    let mut text = "timestamp,symbol,open,high,low,close,volume\n".to_owned();
    for Bar { instrument, time, open, high, low, close, volume } in sorted {
        writeln!(text, "{time},S{instrument},{open},{high},{low},{close},{volume}").unwrap();
    }
    text
}

fn bits(bar: &Bar) -> [u64; 7] {
    let Bar { instrument, time, open, high, low, close, volume } = *bar;
    let [open, high, low, close, volume] = [open, high, low, close, volume].map(f64::to_bits);
    [instrument.into(), time as u64, open, high, low, close, volume]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bars_come_back_from_a_file_and_from_the_cache_to_the_last_bit(written in any_bars()) {
        let folder = Folder::new();
        let source = folder.write("x.csv", csv(&written));
        let expected: Vec<_> = written.iter().map(bits).collect();
        let memory = Dataset::from_bars(instruments(&written), written).unwrap();
        for _ in ["parsed", "mapped"] {
            let read = folder.open(std::slice::from_ref(&source)).unwrap();
            prop_assert_eq!(bars(&read).iter().map(bits).collect::<Vec<_>>(), expected.clone());
            prop_assert_eq!(read.digest(), memory.digest());
            prop_assert_eq!(read.steps(), memory.steps());
        }
    }

    #[test]
    fn chunks_of_any_size_join_to_the_whole(written in any_bars(), size in 1..70_u32, skip in 0..70_usize) {
        let dataset = Arc::new(Dataset::from_bars(instruments(&written), written.clone()).unwrap());
        let from = written.get(skip).map_or(i64::MAX, |bar| bar.time);
        let view = dataset.view(Some(from), None);
        for source in [&*dataset as &dyn BarSource, &view] {
            let whole = source.columns(0, u32::MAX);
            prop_assert_eq!(whole.rows as u64, source.rows());
            let mut joined: [Vec<u8>; 3] = Default::default();
            for start in (0..source.rows()).step_by(size as usize) {
                let chunk = source.columns(start, size);
                prop_assert_eq!(chunk.rows as u64, (source.rows() - start).min(size.into()));
                let parts = [chunk.instrument, chunk.time, chunk.ohlcv];
                for (column, part) in joined.iter_mut().zip(parts) {
                    column.extend_from_slice(&part);
                }
            }
            let columns = [whole.instrument, whole.time, whole.ohlcv];
            prop_assert_eq!(joined, columns.map(|column| column.to_vec()));
            prop_assert_eq!(source.columns(source.rows(), size).rows, 0);
            prop_assert_eq!(source.columns(u64::MAX, u32::MAX).rows, 0);
        }
    }
}
