//! What holds of the indicators whatever they are fed.

use proptest::prelude::*;
use std::panic::{UnwindSafe, catch_unwind};
use stratbox_sdk::Bar;
use stratbox_sdk::indicators::{Atr, Bands, Bollinger, Ema, Highest, Lowest, Macd, Rsi, Sma, Window};

fn prices() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.01..1e6_f64, 1..200)
}

/// How many values an indicator takes before it answers; it must not stop answering then.
fn warm_up<T>(mut update: impl FnMut(f64) -> Option<T>) -> usize {
    let answered: Vec<bool> = (0..100).map(|i| update(f64::from(i % 7)).is_some()).collect();
    let first = answered.iter().position(|&answered| answered).expect("answers within 100 values");
    assert!(answered[first..].iter().all(|&answered| answered));
    first
}

fn bar(price: f64) -> Bar {
    Bar { instrument: 0, time: 0, open: price, high: price, low: price, close: price, volume: 0.0 }
}

fn standard_deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / values.len() as f64).sqrt()
}

#[track_caller]
fn refusal<T>(make: impl FnOnce() -> T + UnwindSafe) -> String {
    let panic = catch_unwind(|| drop(make())).expect_err("panics");
    panic.downcast_ref::<String>().expect("a formatted message").clone()
}

#[test]
fn there_is_no_answer_before_the_warm_up() {
    let (mut sma, mut ema, mut rsi, mut atr) = (Sma::new(5), Ema::new(5), Rsi::new(5), Atr::new(5));
    let (mut highest, mut lowest) = (Highest::new(5), Lowest::new(5));
    let (mut bollinger, mut macd) = (Bollinger::new(5, 2.0), Macd::new(3, 5, 4));
    assert_eq!(warm_up(|value| sma.update(value)), 4);
    assert_eq!(warm_up(|value| ema.update(value)), 4);
    assert_eq!(warm_up(|value| atr.update(&bar(value))), 4);
    assert_eq!(warm_up(|value| highest.update(value)), 4);
    assert_eq!(warm_up(|value| lowest.update(value)), 4);
    assert_eq!(warm_up(|value| bollinger.update(value)), 4);
    assert_eq!(warm_up(|value| rsi.update(value)), 5, "it takes 6 values to make 5 changes");
    assert_eq!(warm_up(|value| macd.update(value)), 4 + 3, "the signal averages 4 differences");
}

#[test]
fn a_length_of_1_answers_at_once() {
    assert_eq!(Sma::new(1).update(3.0), Some(3.0));
    assert_eq!(Ema::new(1).update(3.0), Some(3.0));
    assert_eq!(Highest::new(1).update(3.0), Some(3.0));
    assert_eq!(Lowest::new(1).update(3.0), Some(3.0));
    assert_eq!(Bollinger::new(1, 2.0).update(3.0), Some(Bands { upper: 3.0, middle: 3.0, lower: 3.0 }));
}

#[test]
fn a_length_of_0_is_refused() {
    assert_eq!(refusal(|| Sma::new(0)), "`Sma` needs a length of at least 1, got `0`");
    assert_eq!(refusal(|| Ema::new(0)), "`Ema` needs a length of at least 1, got `0`");
    assert_eq!(refusal(|| Rsi::new(0)), "`Rsi` needs a length of at least 1, got `0`");
    assert_eq!(refusal(|| Atr::new(0)), "`Atr` needs a length of at least 1, got `0`");
    assert_eq!(refusal(|| Highest::new(0)), "`Highest` needs a length of at least 1, got `0`");
    assert_eq!(refusal(|| Lowest::new(0)), "`Lowest` needs a length of at least 1, got `0`");
    assert_eq!(refusal(|| Bollinger::new(0, 2.0)), "`Bollinger` needs a length of at least 1, got `0`");
    assert_eq!(refusal(|| Macd::new(0, 26, 9)), "`Macd` needs a length of at least 1, got `0`");
    assert_eq!(refusal(|| Macd::new(12, 26, 0)), "`Macd` needs a length of at least 1, got `0`");
    assert_eq!(refusal(|| Window::<f64>::new(0)), "`Window` needs a length of at least 1, got `0`");
}

#[test]
fn a_macd_whose_fast_average_is_not_the_shorter_one_is_refused() {
    let message = "`Macd` needs a fast average shorter than the slow one, got `26` and `26`";
    assert_eq!(refusal(|| Macd::new(26, 26, 9)), message);
}

#[test]
fn bollinger_bands_of_a_negative_width_are_refused() {
    let message = "`Bollinger` needs a finite number of deviations of at least 0, got `-1`";
    assert_eq!(refusal(|| Bollinger::new(20, -1.0)), message);
}

#[test]
fn rsi_is_50_when_nothing_moves_and_at_its_ends_when_everything_moves_one_way() {
    let last = |step: f64| {
        let mut rsi = Rsi::new(5);
        (0..20).filter_map(|i| rsi.update(100.0 + step * f64::from(i))).last()
    };
    assert_eq!([last(0.0), last(1.0), last(-1.0)], [Some(50.0), Some(100.0), Some(0.0)]);
}

#[test]
fn the_true_range_reaches_to_the_previous_close() {
    let mut atr = Atr::new(1);
    assert_eq!(atr.update(&Bar { high: 12.0, low: 9.0, ..bar(10.0) }), Some(3.0));
    assert_eq!(atr.update(&Bar { high: 16.0, low: 15.0, ..bar(15.0) }), Some(6.0), "a gap up from 10 to 16");
    assert_eq!(
        atr.update(&Bar { high: 11.0, low: 10.0, ..bar(10.0) }),
        Some(5.0),
        "a gap down from 15 to 10"
    );
}

#[test]
fn narrow_bands_around_a_large_price_are_exact() {
    let mut bollinger = Bollinger::new(20, 1.0);
    let closes: Vec<f64> = (0..10_000).map(|i| 50_000.0 + 0.001 * f64::from(i * 7 % 13)).collect();
    for (index, &close) in closes.iter().enumerate() {
        let Some(bands) = bollinger.update(close) else { continue };
        let expected = standard_deviation(&closes[index - 19..=index]);
        let width = (bands.upper - bands.lower) / 2.0;
        assert!((width - expected).abs() <= 1e-6 * expected, "bar {index}: {width}, expected {expected}");
    }
}

#[test]
fn nan_is_in_the_answer_as_long_as_it_is_in_the_window() {
    let (mut highest, mut lowest, mut bollinger) = (Highest::new(3), Lowest::new(3), Bollinger::new(3, 2.0));
    let mut update = |value: f64| {
        let middle = bollinger.update(value).map(|bands| bands.middle);
        [highest.update(value), lowest.update(value), middle]
    };
    for _ in 0..4 {
        update(5.0);
    }
    for value in [f64::NAN, 5.0, 5.0] {
        assert!(update(value).iter().all(|answer| answer.is_some_and(f64::is_nan)));
    }
    assert_eq!(update(5.0), [Some(5.0); 3]);
}

#[test]
fn nan_and_lost_digits_have_left_a_moving_average_after_twice_its_length() {
    for poison in [f64::NAN, f64::INFINITY, 1e300] {
        for before in 0..8 {
            let mut sma = Sma::new(4);
            for value in std::iter::repeat_n(5.0, before).chain([poison]).chain([5.0; 8]) {
                sma.update(value);
            }
            assert_eq!(sma.value(), Some(5.0), "{poison} after {before}");
        }
    }
}

#[test]
fn nan_is_not_hidden_by_averages_that_never_forget() {
    let (mut ema, mut rsi, mut atr, mut macd) = (Ema::new(3), Rsi::new(3), Atr::new(3), Macd::new(2, 3, 2));
    for value in [1.0, 2.0, 3.0, 4.0, 5.0, f64::NAN, 6.0, 7.0] {
        ema.update(value);
        rsi.update(value);
        atr.update(&bar(value));
        macd.update(value);
    }
    let answers = [ema.value(), rsi.value(), atr.value(), macd.value().map(|value| value.histogram)];
    assert!(answers.iter().all(|answer| answer.is_some_and(f64::is_nan)), "{answers:?}");
}

proptest! {
    #[test]
    fn sma_is_the_mean_of_the_last_values(prices in prices(), length in 1_usize..30) {
        let mut sma = Sma::new(length);
        for (index, &price) in prices.iter().enumerate() {
            let mean = (index + 1).checked_sub(length).map(|start| {
                prices[start..=index].iter().sum::<f64>() / length as f64
            });
            let answer = sma.update(price);
            prop_assert_eq!(answer.is_some(), mean.is_some());
            if let (Some(answer), Some(mean)) = (answer, mean) {
                prop_assert!((answer - mean).abs() <= 1e-9 * mean, "{} is not {}", answer, mean);
            }
        }
    }

    #[test]
    fn highest_and_lowest_are_those_of_the_last_values(prices in prices(), length in 1_usize..30, sign in -1..=1) {
        // Ties, zeros and negative values as well as prices.
        let values: Vec<f64> = prices.iter().map(|price| (price / 1e5).floor() * f64::from(sign)).collect();
        let (mut highest, mut lowest) = (Highest::new(length), Lowest::new(length));
        for (index, &value) in values.iter().enumerate() {
            let window = (index + 1).checked_sub(length).map(|start| &values[start..=index]);
            let expected = |pick: fn(f64, f64) -> f64| window.map(|w| w.iter().copied().reduce(pick).expect("full"));
            prop_assert_eq!(highest.update(value), expected(f64::max));
            prop_assert_eq!(lowest.update(value), expected(f64::min));
        }
    }

    #[test]
    fn bollinger_bands_are_the_mean_and_the_population_deviation(prices in prices(), length in 1_usize..30) {
        let mut bollinger = Bollinger::new(length, 2.0);
        for (index, &price) in prices.iter().enumerate() {
            let Some(Bands { upper, middle, lower }) = bollinger.update(price) else { continue };
            let window = &prices[index + 1 - length..=index];
            let (mean, width) = (window.iter().sum::<f64>() / length as f64, 2.0 * standard_deviation(window));
            prop_assert!((middle - mean).abs() <= 1e-9 * mean);
            prop_assert!((upper - mean - width).abs() <= 1e-9 * mean && (mean - width - lower).abs() <= 1e-9 * mean);
        }
    }

    #[test]
    fn what_has_left_the_window_leaves_no_trace(prices in prices(), length in 1_usize..30, blocks in 1_usize..4) {
        let (mut used, mut fresh) = (Sma::new(length), Sma::new(length));
        let (mut used_bands, mut fresh_bands) = (Bollinger::new(length, 2.0), Bollinger::new(length, 2.0));
        for _ in 0..blocks * length {
            used.update(1e300);
            used_bands.update(1e300);
        }
        for &price in &prices {
            let (used, fresh) = (used.update(price), fresh.update(price));
            let (used_bands, fresh_bands) = (used_bands.update(price), fresh_bands.update(price));
            prop_assert!(fresh.is_none() || used == fresh);
            prop_assert!(fresh_bands.is_none() || used_bands == fresh_bands);
        }
    }

    #[test]
    fn ema_stays_within_what_it_has_seen(prices in prices(), length in 1_usize..30) {
        let mut ema = Ema::new(length);
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for price in prices {
            (least, most) = (least.min(price), most.max(price));
            if let Some(answer) = ema.update(price) {
                prop_assert!(least * (1.0 - 1e-12) <= answer && answer <= most * (1.0 + 1e-12));
            }
        }
    }

    #[test]
    fn rsi_stays_between_0_and_100(prices in prices(), length in 1_usize..30) {
        let mut rsi = Rsi::new(length);
        prop_assert!(prices.iter().filter_map(|&price| rsi.update(price)).all(|rsi| (0.0..=100.0).contains(&rsi)));
    }

    #[test]
    fn value_repeats_the_latest_answer(prices in prices(), length in 1_usize..30) {
        let (mut sma, mut ema, mut rsi, mut atr) = (Sma::new(length), Ema::new(length), Rsi::new(length), Atr::new(length));
        let (mut highest, mut lowest) = (Highest::new(length), Lowest::new(length));
        let (mut bollinger, mut macd) = (Bollinger::new(length, 2.0), Macd::new(length, length + 3, 2));
        for price in prices {
            prop_assert_eq!(sma.update(price), sma.value());
            prop_assert_eq!(ema.update(price), ema.value());
            prop_assert_eq!(rsi.update(price), rsi.value());
            prop_assert_eq!(atr.update(&bar(price)), atr.value());
            prop_assert_eq!(highest.update(price), highest.value());
            prop_assert_eq!(lowest.update(price), lowest.value());
            prop_assert_eq!(bollinger.update(price), bollinger.value());
            prop_assert_eq!(macd.update(price), macd.value());
        }
    }

    #[test]
    fn a_window_keeps_the_latest_values_in_order(values in prop::collection::vec(any::<u8>(), 0..50), capacity in 1_usize..20) {
        let mut window = Window::new(capacity);
        for (index, &value) in values.iter().enumerate() {
            let evicted = index.checked_sub(capacity).map(|oldest| values[oldest]);
            prop_assert_eq!(window.push(value), evicted);
            let kept = &values[(index + 1).saturating_sub(capacity)..=index];
            prop_assert!(window.iter().eq(kept));
            prop_assert!((0..kept.len()).all(|age| window.get(age) == kept.iter().rev().nth(age)));
            prop_assert_eq!((window.get(kept.len()), window.get(usize::MAX)), (None, None));
            prop_assert_eq!((window.len(), window.is_full()), (kept.len(), kept.len() == capacity));
        }
        prop_assert_eq!((window.is_empty(), window.capacity()), (values.is_empty(), capacity));
    }
}
