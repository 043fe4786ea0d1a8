use super::*;
use crate::normal::quantile;
use crate::series::Moments;
use proptest::prelude::*;
use stratbox_domain::uniform;

/// Columns of independent standard normal values.
fn noise(rows: usize, columns: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut draw = uniform(seed);
    (0..columns).map(|_| (0..rows).map(|_| quantile(draw().max(1e-300))).collect()).collect()
}

/// The definition, word by word: every choice of half of the blocks, joined, and ranked.
fn by_definition(columns: &[Vec<f64>], blocks: usize) -> (f64, f64, f64) {
    let rows = columns[0].len() / blocks;
    let skipped = columns[0].len() % blocks;
    let sharpe = |column: &[f64], chosen: u32| {
        let block = |block: usize| &column[skipped + block * rows..skipped + (block + 1) * rows];
        let joined: Vec<f64> =
            (0..blocks).filter(|place| chosen >> place & 1 == 1).flat_map(block).copied().collect();
        Moments::of(&joined).map_or(0.0, |moments| moments.sharpe())
    };
    let (mut overfit, mut losses, mut logits, mut splits) = (0.0, 0.0, 0.0, 0.0);
    for chosen in (0_u32..1 << blocks).filter(|chosen| chosen.count_ones() as usize == blocks / 2) {
        let inside: Vec<f64> = columns.iter().map(|column| sharpe(column, chosen)).collect();
        let outside: Vec<f64> = columns.iter().map(|column| sharpe(column, !chosen)).collect();
        let best = (0..inside.len()).max_by(|a, b| inside[*a].total_cmp(&inside[*b])).unwrap();
        let rank = crate::series::ranks(&outside)[best];
        let w = rank / (columns.len() as f64 + 1.0);
        let logit = (w / (1.0 - w)).ln();
        overfit += f64::from(u8::from(logit <= 0.0));
        losses += f64::from(u8::from(outside[best] < 0.0));
        logits += logit;
        splits += 1.0;
    }
    (overfit / splits, losses / splits, logits / splits)
}

fn near(figure: Figure, expected: f64) {
    let value = figure.get().unwrap();
    assert!((value - expected).abs() < 1e-12, "{value} {expected}");
}

#[test]
fn sums_over_blocks_give_what_the_definition_gives() {
    for (rows, columns, blocks, seed) in [(60, 7, 6, 1), (83, 4, 8, 2), (40, 2, 2, 3), (95, 10, 10, 4)] {
        let matrix = noise(rows, columns, seed);
        let found = pbo(&matrix, blocks).unwrap();
        let (probability, loss, logit) = by_definition(&matrix, blocks);
        near(found.probability, probability);
        near(found.probability_of_loss, loss);
        near(found.mean_logit, logit);
        assert_eq!(found.rows_left_out, rows % blocks);
    }
}

#[test]
fn splits_are_all_halves_of_the_blocks() {
    let splits = |blocks| pbo(&noise(200, 2, 9), blocks).unwrap().splits;
    assert_eq!([2, 4, 6, 8, 10, 12].map(splits), [2, 6, 20, 70, 252, 924]);
}

#[test]
fn choosing_among_noise_is_overfitting_about_half_of_the_time() {
    let values: Vec<f64> =
        (0..40).map(|seed| pbo(&noise(160, 20, seed), 8).unwrap().probability.get().unwrap()).collect();
    let moments = Moments::of(&values).unwrap();
    // Four standard errors around a half, where the truth for independent columns is.
    assert!((moments.mean - 0.5).abs() < 4.0 * moments.deviation / 40_f64.sqrt(), "{moments:?}");
    assert!(moments.deviation > 0.05, "single matrices say little");
}

#[test]
fn a_variant_with_an_edge_is_not_overfit() {
    let mut matrix = noise(400, 20, 5);
    matrix[7].iter_mut().for_each(|value| *value += 0.5);
    let found = pbo(&matrix, 8).unwrap();
    assert_eq!((found.probability.get(), found.probability_of_loss.get()), (Ok(0.0), Ok(0.0)));
    assert_eq!(found.dominance, Dominance { first_order: true, second_order: true });
}

#[test]
fn a_choice_that_always_turns_out_wrong_is_overfit() {
    // Each of two variants gains in one half what it loses in the other.
    let wave = |sign: f64| -> Vec<f64> {
        (0..40).map(|row| sign * if row < 20 { 0.01 } else { -0.01 } + 0.001 * f64::from(row % 3)).collect()
    };
    let found = pbo(&[wave(1.0), wave(-1.0)], 2).unwrap();
    assert_eq!((found.probability.get(), found.probability_of_loss.get()), (Ok(1.0), Ok(1.0)));
}

#[test]
fn variants_that_are_all_the_same_say_nothing_for_the_choice() {
    let one = noise(40, 1, 3).remove(0);
    assert_eq!(pbo(&vec![one; 5], 4).unwrap().probability.get(), Ok(1.0), "each is the median: a logit of 0");
}

#[test]
fn variants_that_never_vary_take_no_part() {
    let mut matrix = noise(80, 5, 11);
    let alone = pbo(&matrix, 4).unwrap();
    matrix.extend([vec![0.0; 80], vec![0.01; 80]]);
    let beside = pbo(&matrix, 4).unwrap();
    assert_eq!((beside.flat_variants, beside.variants), (2, 5));
    assert_eq!(beside, Pbo { flat_variants: 2, ..alone });
}

#[test]
fn a_variant_that_rests_for_a_while_is_worth_nothing_then() {
    let mut matrix = noise(40, 3, 2);
    matrix[0][20..].fill(0.0);
    let found = pbo(&matrix, 2).unwrap();
    let (probability, ..) = by_definition(&matrix, 2);
    near(found.probability, probability);
}

#[test]
fn inputs_that_allow_no_choice_are_reasons() {
    let matrix = noise(40, 3, 1);
    for blocks in [0, 3, MAX_BLOCKS + 2] {
        assert_eq!(pbo(&matrix, blocks), Err(Missing::OutOfRange), "{blocks}");
    }
    assert_eq!(pbo(&noise(5, 3, 1), 6), Err(Missing::TooFewRows));
    assert_eq!(pbo(&noise(4, 3, 1), 2), Err(Missing::TooFewRows));
    assert!(pbo(&noise(6, 3, 1), 2).is_ok());
    assert_eq!(pbo(&matrix[..1], 4), Err(Missing::TooFewVariants));
    assert_eq!(pbo(&[vec![0.1; 40], vec![0.2; 40]], 4), Err(Missing::TooFewVariants));
    assert_eq!(pbo::<Vec<f64>>(&[], 4), Err(Missing::NoData));
    assert_eq!(pbo(&[vec![0.1; 40], vec![0.2; 39]], 4), Err(Missing::OutOfRange));
    let mut broken = matrix;
    broken[1][3] = f64::NAN;
    assert_eq!(pbo(&broken, 4), Err(Missing::NotRepresentable));
}

proptest! {
    #[test]
    fn the_order_of_variants_and_their_scale_do_not_matter(
        values in prop::collection::vec(-3_i32..=3, 48..=48),
        turn in 0_usize..6,
    ) {
        // Small whole numbers tie often.
        let matrix: Vec<Vec<f64>> =
            values.chunks(8).map(|column| column.iter().map(|value| f64::from(*value)).collect()).collect();
        let mut turned = matrix.clone();
        turned.rotate_left(turn);
        let scaled: Vec<Vec<f64>> =
            matrix.iter().map(|column| column.iter().map(|value| value * 2.0).collect()).collect();
        let found = pbo(&matrix, 4);
        let probability = |result: Result<Pbo, Missing>| result.map(|pbo| pbo.probability);
        prop_assert_eq!(probability(found.clone()), probability(pbo(&turned, 4)));
        prop_assert_eq!(probability(found), probability(pbo(&scaled, 4)));
    }
}
