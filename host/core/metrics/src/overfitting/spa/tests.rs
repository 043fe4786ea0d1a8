use super::*;
use crate::normal::quantile;
use crate::series::Moments;
use stratbox_domain::uniform;

const HOW: Resampling = Resampling { resamples: 1_000, block_length: None, seed: 1 };

/// Columns of normal values around 0, each a tenth of the one before plus noise.
fn noise(rows: usize, columns: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut draw = uniform(seed);
    let mut column = || {
        let mut last = 0.0;
        let step = |_| {
            last = 0.1 * last + quantile(draw().max(1e-300));
            last
        };
        (0..rows).map(step).collect()
    };
    (0..columns).map(|_| column()).collect()
}

fn shifted(mut columns: Vec<Vec<f64>>, place: usize, by: f64) -> Vec<Vec<f64>> {
    columns[place].iter_mut().for_each(|value| *value += by);
    columns
}

/// The kernel of Hansen (2005, appendix), lag by lag, as in `arch`.
fn kernel(x: &[f64], block_length: f64) -> f64 {
    let (rows, stay) = (x.len() as f64, 1.0 - 1.0 / block_length);
    let lag = |i: usize| {
        let (part, back) = (i as f64 / rows, (x.len() - i) as f64);
        let weight = (1.0 - part) * stay.powf(i as f64) + part * stay.powf(back);
        2.0 * weight * x[i..].iter().zip(x).map(|(a, b)| a * b).sum::<f64>() / rows
    };
    x.iter().map(|value| value * value).sum::<f64>() / rows + (1..x.len()).map(lag).sum::<f64>()
}

#[test]
fn the_variance_by_recursion_is_the_one_lag_by_lag() {
    for (rows, length) in [(50, 7.0), (200, 14.0), (31, 1.0), (120, 60.0), (40, 1.5)] {
        let column = noise(rows, 1, 3).remove(0);
        let middle = mean(column.iter().copied());
        let deviations: Vec<f64> = column.iter().map(|value| value - middle).collect();
        let (quick, slow) = (long_run_variance(&deviations, length), kernel(&deviations, length));
        assert!((quick / slow - 1.0).abs() < 1e-10, "{rows} {length}: {quick} {slow}");
    }
}

#[test]
fn blocks_and_counts_add_up_to_the_same() {
    let columns = noise(60, 4, 8);
    let variants: Vec<Variant> = columns.iter().map(|column| Variant::new(column, 4.0)).collect();
    let mut bootstrap = StationaryBootstrap::new(60, 20.0, 2).unwrap();
    let group = Group::draw(&mut bootstrap, 60, 5);
    let Group::Blocks(plans) = &group else { panic!("long blocks are few") };
    for variant in &variants {
        for (sum, blocks) in group.sums(variant).iter().zip(plans) {
            let expected: f64 =
                super::super::bootstrap::rows_of(blocks, 60).map(|row| variant.deviations[row]).sum();
            assert!((sum - expected).abs() < 1e-12);
        }
    }
    let short = Group::draw(&mut StationaryBootstrap::new(60, 1.0, 2).unwrap(), 60, 5);
    assert!(matches!(short, Group::Counts(5, _)));
}

#[test]
fn a_variant_with_an_edge_is_found_among_noise() {
    let found = spa(&shifted(noise(500, 20, 1), 3, 0.5), HOW).unwrap();
    assert_eq!((found.best, found.best_studentised), (3, 3));
    for centrings in [found.plain, found.studentised] {
        assert!(centrings.upper < 0.01, "{centrings:?}");
    }
}

#[test]
fn p_values_are_those_of_arch_up_to_the_draws() {
    // arch.bootstrap.SPA(zeros, -columns, block_size=10, reps=20000), which does not studentise.
    for (shift, expected) in [
        (0.0, [0.25235, 0.37865, 0.4592]),
        (0.1, [0.31315, 0.37865, 0.4592]),
        (0.2, [0.02855, 0.0375, 0.04805]),
    ] {
        let columns = shifted(shifted(noise(300, 10, 5), 2, shift), 7, -0.4);
        let how = Resampling { resamples: 20_000, block_length: Some(10.0), seed: 3 };
        let Centrings { lower, consistent, upper } = spa(&columns, how).unwrap().plain;
        for (value, expected) in [lower, consistent, upper].into_iter().zip(expected) {
            let error = (expected * (1.0 - expected) / 20_000.0_f64).sqrt().max(0.001);
            assert!((value - expected).abs() < 4.0 * error * 2_f64.sqrt(), "{shift}: {value} {expected}");
        }
    }
}

#[test]
fn the_best_of_noise_has_a_p_value_like_any_other() {
    let values: Vec<f64> = (0..60)
        .map(|seed| spa(&noise(120, 10, seed), Resampling { resamples: 200, ..HOW }).unwrap().plain.upper)
        .collect();
    let moments = Moments::of(&values).unwrap();
    assert!((0.35..0.65).contains(&moments.mean), "{moments:?}");
    assert!(values.iter().filter(|value| **value < 0.1).count() < 18, "{values:?}");
}

#[test]
fn poor_variants_push_up_the_upper_p_value_alone() {
    let good = shifted(noise(300, 5, 9), 0, 0.14);
    let mut wild = noise(300, 5, 10);
    wild.iter_mut().flatten().for_each(|value| *value = *value * 5.0 - 4.0);
    let both: Vec<_> = good.iter().cloned().chain(wild).collect();
    let (alone, beside) = (spa(&good, HOW).unwrap().plain, spa(&both, HOW).unwrap().plain);
    assert!(beside.upper > alone.upper + 0.2, "{alone:?} {beside:?}");
    assert!((beside.consistent - alone.consistent).abs() < 0.05, "{alone:?} {beside:?}");
}

#[test]
fn the_scale_of_a_variant_matters_to_the_plain_statistic_alone() {
    let columns = shifted(noise(200, 6, 12), 0, 0.15);
    let mut scaled = columns.clone();
    scaled[3].iter_mut().for_each(|value| *value *= 16.0);
    let (before, after) = (spa(&columns, HOW).unwrap(), spa(&scaled, HOW).unwrap());
    assert_eq!(before.studentised, after.studentised);
    assert!(after.plain.upper > before.plain.upper);
}

#[test]
fn one_variant_is_tested_as_a_mean_is() {
    // A mean of 2 standard errors above zero: a one-sided p-value of about 2.3 %.
    let mut column = noise(400, 1, 21);
    let deviations = Variant::new(&column[0], 20.0);
    let shift = 2.0 * deviations.error - deviations.mean;
    column[0].iter_mut().for_each(|value| *value += shift);
    let found = spa(&column, Resampling { resamples: 20_000, ..HOW }).unwrap();
    for p in [found.plain.upper, found.studentised.upper, found.studentised.consistent] {
        assert!((0.015..0.031).contains(&p), "{found:?}");
    }
}

#[test]
fn the_three_p_values_are_in_order() {
    for seed in 0..20 {
        let found = spa(&noise(100, 6, seed), Resampling { resamples: 100, ..HOW }).unwrap();
        for Centrings { lower, consistent, upper } in [found.plain, found.studentised] {
            assert!(lower <= consistent && consistent <= upper, "{found:?}");
        }
    }
}

#[test]
fn a_difference_that_never_varies_takes_no_part() {
    let mut columns = noise(100, 3, 4);
    let alone = spa(&columns, HOW).unwrap();
    columns.insert(0, vec![0.5; 100]);
    let beside = spa(&columns, HOW).unwrap();
    assert_eq!(beside.flat_variants, 1);
    assert_eq!((beside.plain, beside.best), (alone.plain, alone.best + 1));
}

#[test]
fn the_same_seed_gives_the_same_bits_and_the_default_length_is_the_root_of_the_rows() {
    let columns = noise(90, 3, 4);
    assert_eq!(spa(&columns, HOW), spa(&columns, HOW));
    assert_eq!(spa(&columns, HOW).unwrap().block_length, 9.0);
}

#[test]
fn inputs_that_allow_no_test_are_reasons() {
    let columns = noise(30, 3, 4);
    let of = |how| spa(&columns, how).err();
    assert_eq!(of(Resampling { resamples: 0, ..HOW }), Some(Missing::OutOfRange));
    assert_eq!(of(Resampling { block_length: Some(0.9), ..HOW }), Some(Missing::OutOfRange));
    assert_eq!(of(Resampling { block_length: Some(15.1), ..HOW }), Some(Missing::OutOfRange));
    assert_eq!(of(Resampling { block_length: Some(15.0), ..HOW }), None);
    assert_eq!(spa(&[vec![0.1; 30]], HOW), Err(Missing::TooFewVariants));
    assert_eq!(spa(&[vec![0.1, 0.2]], HOW), Err(Missing::TooFewReturns));
    assert_eq!(spa::<Vec<f64>>(&[], HOW), Err(Missing::NoData));
    assert_eq!(spa(&[vec![0.1, f64::INFINITY, 0.3]], HOW), Err(Missing::NotRepresentable));
}
