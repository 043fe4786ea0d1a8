use proptest::prelude::*;
use stratbox_domain::uniform;

use super::*;

const DAY: i64 = 86_400_000_000_000;

/// Bars with a drift, gaps, and instruments that move together.
fn real(steps: usize, instruments: u32) -> Vec<Bar> {
    let mut draw = uniform(7);
    let mut normal = move || (0..12).map(|_| draw()).sum::<f64>() - 6.0;
    let mut close = vec![100.0; instruments as usize];
    let mut bars = Vec::new();
    for step in 0..steps {
        let (gap, body) = (normal(), normal());
        for instrument in 0..instruments {
            let before = close[instrument as usize];
            let open = before * libm::exp(0.0005 + 0.004 * (gap + 0.5 * normal()));
            let end = open * libm::exp(0.0005 + 0.008 * (body + 0.5 * normal()));
            let high = open.max(end) * libm::exp(0.003 * normal().abs());
            let low = open.min(end) * libm::exp(-0.003 * normal().abs());
            let (time, volume) = (step as i64 * DAY, 1_000.0 + step as f64);
            bars.push(Bar { instrument, time, open, high, low, close: end, volume });
            close[instrument as usize] = end;
        }
    }
    bars
}

fn closes(bars: &[Bar], instrument: u32) -> Vec<f64> {
    bars.iter().filter(|bar| bar.instrument == instrument).map(|bar| bar.close).collect()
}

/// Logarithmic returns, close to close.
fn returns(bars: &[Bar], instrument: u32) -> Vec<f64> {
    closes(bars, instrument).windows(2).map(|pair| libm::log(pair[1] / pair[0])).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    (values.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt()
}

fn correlation(one: &[f64], other: &[f64]) -> f64 {
    let (a, b) = (mean(one), mean(other));
    let product: f64 = one.iter().zip(other).map(|(x, y)| (x - a) * (y - b)).sum();
    product / (one.len() - 1) as f64 / deviation(one) / deviation(other)
}

const NULL: [World; 3] = [
    World::Permuted { drift: Drift::Removed },
    World::Bootstrapped { mean_block: 10.0, drift: Drift::Removed, mirrored: false },
    World::RandomWalk { volatility: None, drift: Drift::Removed },
];
const PLANTED: World = World::Planted { autocorrelation: 0.3, volatility: None };

const MIRRORED: World = World::Bootstrapped { mean_block: 10.0, drift: Drift::Removed, mirrored: true };

fn every() -> [World; 5] {
    [NULL[0], NULL[1], NULL[2], MIRRORED, PLANTED]
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    let apart = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(apart < 1e-12, "{apart}");
}

#[test]
fn a_world_has_the_times_instruments_and_number_of_the_real_bars_and_begins_as_they_do() {
    let bars = real(200, 3);
    for world in every() {
        let made = world.make(&bars, 3, 1).unwrap();
        assert_eq!(made.len(), bars.len());
        assert!(made.iter().zip(&bars).all(|(a, b)| (a.time, a.instrument) == (b.time, b.instrument)));
        assert_eq!(made[..3], bars[..3]);
    }
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_others() {
    let bars = real(100, 2);
    for world in every() {
        let bits = |seed| {
            let made = world.make(&bars, 2, seed).unwrap();
            made.iter()
                .flat_map(|it| [it.open, it.high, it.low, it.close, it.volume].map(f64::to_bits))
                .collect::<Vec<_>>()
        };
        assert_eq!(bits(5), bits(5), "{}", world.label());
        assert_ne!(bits(5), bits(6), "{}", world.label());
    }
}

#[test]
fn permuted_bars_have_the_returns_of_the_real_ones_in_another_order() {
    let bars = real(500, 2);
    let made = World::Permuted { drift: Drift::Kept }.make(&bars, 2, 3).unwrap();
    for instrument in 0..2 {
        let (before, after) = (returns(&bars, instrument), returns(&made, instrument));
        assert_ne!(before, after);
        assert_close(&sorted(after), &sorted(before));
    }
    let volumes = |bars: &[Bar]| sorted(bars.iter().map(|bar| bar.volume).collect());
    assert_eq!(volumes(&made), volumes(&bars));
    let spans = |bars: &[Bar]| sorted(bars.iter().map(|bar| libm::log(bar.high / bar.low)).collect());
    assert_close(&spans(&made), &spans(&bars));
    let last = |bars: &[Bar]| bars.last().unwrap().close;
    assert!((last(&made) / last(&bars) - 1.0).abs() < 1e-9, "and come to the same price");
}

#[test]
fn a_removed_drift_is_gone_between_bars_and_within_them() {
    let bars = real(400, 1);
    let made = World::Permuted { drift: Drift::Removed }.make(&bars, 1, 3).unwrap();
    let gaps: Vec<f64> = made.windows(2).map(|pair| pair[1].open / pair[0].close - 1.0).collect();
    let bodies: Vec<f64> = made[1..].iter().map(|bar| bar.close / bar.open - 1.0).collect();
    assert!(mean(&gaps).abs() < 1e-14, "{}", mean(&gaps));
    assert!(mean(&bodies).abs() < 1e-14, "{}", mean(&bodies));
    let kept = World::Permuted { drift: Drift::Kept }.make(&bars, 1, 3).unwrap();
    let bodies: Vec<f64> = kept[1..].iter().map(|bar| bar.close / bar.open - 1.0).collect();
    assert!(mean(&bodies) > 1e-4, "there was one");
}

#[test]
fn prices_of_null_worlds_go_nowhere() {
    let bars = real(5_000, 2);
    for world in [NULL[0], NULL[1], NULL[2], MIRRORED] {
        for seed in 0..5 {
            let made = world.make(&bars, 2, seed).unwrap();
            for instrument in 0..2 {
                let returns = returns(&made, instrument);
                let bound = 4.0 * deviation(&returns) / (returns.len() as f64).sqrt();
                let found = mean(&returns);
                assert!(found.abs() < bound, "{} {seed}: {found} against {bound}", world.label());
                let serial = correlation(&returns[1..], &returns[..returns.len() - 1]);
                assert!(serial.abs() < 4.0 / (returns.len() as f64).sqrt(), "{}: {serial}", world.label());
            }
        }
    }
}

#[test]
fn a_kept_drift_stays() {
    let bars = real(4_000, 1);
    let real = returns(&bars, 0);
    for world in [
        World::Permuted { drift: Drift::Kept },
        World::Bootstrapped { mean_block: 5.0, drift: Drift::Kept, mirrored: false },
        World::RandomWalk { volatility: None, drift: Drift::Kept },
    ] {
        let returns = returns(&world.make(&bars, 1, 1).unwrap(), 0);
        let bound = 4.0 * deviation(&real) / (real.len() as f64).sqrt();
        assert!((mean(&returns) - mean(&real)).abs() < bound, "{}", world.label());
    }
}

#[test]
fn instruments_move_together_as_they_really_do() {
    let bars = real(4_000, 2);
    let together = |bars: &[Bar]| correlation(&returns(bars, 0), &returns(bars, 1));
    let expected = together(&bars);
    assert!(expected > 0.5);
    for world in [NULL[0], NULL[1], NULL[2], MIRRORED] {
        let found = together(&world.make(&bars, 2, 9).unwrap());
        assert!((found - expected).abs() < 0.04, "{}: {found} against {expected}", world.label());
    }
}

#[test]
fn a_random_walk_has_the_real_volatility_or_the_one_that_is_asked_for() {
    let bars = real(5_000, 1);
    let made = |volatility| {
        let world = World::RandomWalk { volatility, drift: Drift::Removed };
        deviation(&returns(&world.make(&bars, 1, 2).unwrap(), 0))
    };
    let real = deviation(&returns(&bars, 0));
    assert!((made(None) / real - 1.0).abs() < 0.05);
    assert!((made(Some(0.02)) / 0.02 - 1.0).abs() < 0.05);
}

#[test]
fn blocks_are_as_long_as_asked_for_on_average() {
    // Volumes number the bars.
    let bars = real(20_000, 1);
    let made = World::Bootstrapped { mean_block: 25.0, drift: Drift::Removed, mirrored: false }
        .make(&bars, 1, 4)
        .unwrap();
    let follows = |pair: &[Bar]| pair[1].volume - pair[0].volume == 1.0;
    let blocks = 1 + made[1..].windows(2).filter(|pair| !follows(pair)).count();
    let length = (made.len() - 1) as f64 / blocks as f64;
    assert!((length / 25.0 - 1.0).abs() < 0.15, "{length}");
    let single = World::Bootstrapped { mean_block: 1.0, drift: Drift::Removed, mirrored: false }
        .make(&bars, 1, 4)
        .unwrap();
    assert!(single[1..].windows(2).filter(|pair| follows(pair)).count() < 10);
}

#[test]
fn mirrored_blocks_keep_the_clusters_of_volatility_and_nothing_else() {
    // Real bars that follow each other, in calm and in wild weeks.
    let planted = World::Planted { autocorrelation: 0.5, volatility: Some(0.01) };
    let mut wild = planted.make(&real(8_000, 2), 2, 1).unwrap();
    let shapes = Panel::of(&wild, 2).unwrap().shapes();
    let scaled = |(place, shape): (usize, &panel::Shape)| {
        let scale = if place / 400 % 2 == 0 { 0.3 } else { 1.0 };
        panel::Shape { up: shape.up * scale, down: shape.down * scale, body: shape.body * scale, ..*shape }
    };
    let shapes: Vec<_> = shapes.iter().enumerate().map(scaled).collect();
    wild = Panel::of(&wild, 2).unwrap().rebuilt(|step, it| shapes[(step - 1) * 2 + it]).unwrap();
    let follow = |values: &[f64]| correlation(&values[1..], &values[..values.len() - 1]);
    let absolute = |values: &[f64]| values.iter().map(|it| it.abs()).collect::<Vec<f64>>();
    let made = |mirrored| {
        let world = World::Bootstrapped { mean_block: 100.0, drift: Drift::Removed, mirrored };
        returns(&world.make(&wild, 2, 3).unwrap(), 0)
    };
    let (plain, mirrored) = (made(false), made(true));
    assert!(follow(&plain) > 0.3, "an edge stays within blocks: {}", follow(&plain));
    assert!(follow(&mirrored).abs() < 0.06, "{}", follow(&mirrored));
    assert!(follow(&absolute(&mirrored)) > 0.15, "{}", follow(&absolute(&mirrored)));
    let bound = 4.0 * deviation(&mirrored) / (mirrored.len() as f64).sqrt();
    assert!(mean(&mirrored).abs() < bound);
}

#[test]
fn a_planted_edge_has_the_strength_that_it_says() {
    let bars = real(20_000, 1);
    for autocorrelation in [0.3, -0.3] {
        let world = World::Planted { autocorrelation, volatility: Some(0.01) };
        let made = world.make(&bars, 1, 11).unwrap();
        let returns: Vec<f64> = made[1..].iter().map(|bar| bar.close / bar.open - 1.0).collect();
        let serial = correlation(&returns[1..], &returns[..returns.len() - 1]);
        assert!((serial - autocorrelation).abs() < 0.03, "{serial}");
        let earned: Vec<f64> =
            returns.windows(2).map(|pair| autocorrelation.signum() * pair[0].signum() * pair[1]).collect();
        let sharpe = mean(&earned) / deviation(&earned);
        assert!((sharpe / world.sharpe_per_bar() - 1.0).abs() < 0.15, "{sharpe} {}", world.sharpe_per_bar());
        assert!(mean(&returns).abs() < 4.0 * 0.014 / (returns.len() as f64).sqrt(), "holding earns nothing");
        assert!(made.windows(2).all(|pair| pair[1].open == pair[0].close));
    }
    assert!(!PLANTED.is_null() && NULL.iter().all(World::is_null));
}

#[test]
fn an_instrument_that_is_another_one_stays_it() {
    let one = real(300, 1);
    let bars: Vec<Bar> = one.iter().flat_map(|bar| [*bar, Bar { instrument: 1, ..*bar }]).collect();
    let made = NULL[2].make(&bars, 2, 1).unwrap();
    assert_close(&returns(&made, 0), &returns(&made, 1));
}

#[test]
fn bars_that_never_move_make_a_world_that_never_moves() {
    let flat = |step: i64| Bar {
        instrument: 0,
        time: step,
        open: 5.0,
        high: 5.0,
        low: 5.0,
        close: 5.0,
        volume: 0.0,
    };
    let bars: Vec<Bar> = (0..10).map(flat).collect();
    for world in every() {
        assert_eq!(world.make(&bars, 1, 3).unwrap(), bars, "{}", world.label());
    }
    let moving = World::RandomWalk { volatility: Some(0.01), drift: Drift::Removed };
    assert_ne!(moving.make(&bars, 1, 3).unwrap(), bars);
}

#[test]
fn what_no_world_can_be_made_from_is_refused_by_row() {
    let refused = |change: fn(&mut Vec<Bar>), instruments| {
        let mut bars = real(5, 2);
        change(&mut bars);
        NULL[0].make(&bars, instruments, 1).unwrap_err()
    };
    assert!(NULL[0].make(&real(5, 2), 2, 1).is_ok());
    let ragged = WorldError::Ragged { row: 3, time: 2 * DAY, found: 0, expected: 1 };
    assert_eq!(
        refused(
            |bars| {
                bars.remove(3);
            },
            2
        ),
        ragged
    );
    assert_eq!(
        refused(|bars| bars.swap(0, 1), 2),
        WorldError::Ragged { row: 0, time: 0, found: 1, expected: 0 }
    );
    assert_eq!(refused(|bars| bars.truncate(9), 2), WorldError::Cut { expected: 1 });
    assert_eq!(refused(|bars| bars[4].time = 0, 2), WorldError::Unsorted { row: 4 });
    assert_eq!(refused(|bars| bars[2].low = 0.0, 2), WorldError::NotABar { row: 2 });
    assert_eq!(refused(|bars| bars[2].close = f64::NAN, 2), WorldError::NotABar { row: 2 });
    assert_eq!(refused(|bars| bars[2].volume = -1.0, 2), WorldError::NotABar { row: 2 });
    assert_eq!(refused(|bars| bars.truncate(4), 2), WorldError::TooFew { found: 2 });
    assert_eq!(refused(Vec::clear, 2), WorldError::TooFew { found: 0 });
    assert!(matches!(refused(|_| {}, 0), WorldError::Ragged { row: 1, .. }));
    assert!(matches!(refused(|_| {}, 3), WorldError::Ragged { row: 2, .. }));
}

#[test]
fn prices_beyond_all_numbers_are_an_error_and_no_infinity() {
    let price = |step: i64| {
        if step < 40 { libm::pow(10.0, 7.0 * step as f64) } else { libm::pow(10.0, 7.0 * (80 - step) as f64) }
    };
    let bar = |step: i64| {
        let close = price(step).max(1e-300);
        Bar { instrument: 0, time: step, open: close, high: close, low: close, close, volume: 1.0 }
    };
    let bars: Vec<Bar> = (0..80).map(bar).collect();
    let boot = World::Bootstrapped { mean_block: 80.0, drift: Drift::Kept, mirrored: false };
    let found: Vec<_> = (0..40).filter_map(|seed| boot.make(&bars, 1, seed).err()).collect();
    assert!(found.iter().any(|error| matches!(error, WorldError::OutOfRange { instrument: 0, .. })));
}

#[test]
fn settings_are_tables_with_a_kind() {
    let read = |text: &str| {
        toml::from_str::<World>(text)
            .map_err(|error| error.message().to_owned())
            .and_then(|world| world.validate().map(|()| world).map_err(|error| error.to_string()))
    };
    assert_eq!(read("kind = \"permuted\""), Ok(NULL[0]));
    assert_eq!(read("kind = \"bootstrapped\"\nmean_block = 10"), Ok(NULL[1]));
    assert_eq!(read("kind = \"random_walk\""), Ok(NULL[2]));
    assert_eq!(read("kind = \"planted\"\nautocorrelation = 0.3"), Ok(PLANTED));
    assert_eq!(
        read("kind = \"random_walk\"\nvolatility = 0.01\ndrift = \"kept\""),
        Ok(World::RandomWalk { volatility: Some(0.01), drift: Drift::Kept })
    );
    for (text, expected) in [
        ("kind = \"real\"", "unknown variant `real`"),
        ("kind = \"permuted\"\nblock = 3", "unknown field `block`"),
        ("kind = \"bootstrapped\"", "missing field `mean_block`"),
        ("kind = \"bootstrapped\"\nmean_block = 0.5", "`mean_block` is 0.5: a number of bars, at least 1"),
        (
            "kind = \"bootstrapped\"\nmean_block = 5\nmirrored = true\ndrift = \"kept\"",
            "`drift` is `kept`: bars that may be turned upside down have none to keep",
        ),
        ("kind = \"planted\"\nautocorrelation = 1.0", "`autocorrelation` is 1: between -1 and 1"),
        ("kind = \"planted\"\nautocorrelation = nan", "`autocorrelation` is NaN: between -1 and 1"),
        ("kind = \"random_walk\"\nvolatility = 0", "`volatility` is 0: above 0 and at most 1, a bar"),
    ] {
        let refused = read(text).unwrap_err();
        assert!(refused.contains(expected), "{text}: {refused}");
    }
    let kept = serde_json::to_string(&PLANTED).unwrap();
    assert_eq!(serde_json::from_str::<World>(&kept).unwrap(), PLANTED);
}

/// Bars as wild as they may be.
fn wild() -> impl Strategy<Value = (Vec<Bar>, u32)> {
    let bar = (-1.0..1.0_f64, -1.0..1.0_f64, 0.0..1.0_f64, 0.0..1.0_f64, 0.0..1e9_f64);
    (1..4_u32, 3..30_usize).prop_flat_map(move |(instruments, steps)| {
        let bars = prop::collection::vec(bar.clone(), steps * instruments as usize);
        bars.prop_map(move |shapes| {
            let bar = |(row, (level, body, up, down, volume)): (usize, (f64, f64, f64, f64, f64))| {
                let open = 100.0 * libm::exp(level);
                let close = open * libm::exp(body);
                let (high, low) = (open.max(close) * (1.0 + up), open.min(close) * (1.0 - down / 2.0));
                let (row, n) = (row as u32, instruments);
                Bar { instrument: row % n, time: i64::from(row / n), open, high, low, close, volume }
            };
            (shapes.into_iter().enumerate().map(bar).collect(), instruments)
        })
    })
}

proptest! {
    #[test]
    fn every_bar_of_every_world_is_a_bar((bars, instruments) in wild(), seed in any::<u64>()) {
        for world in every() {
            let made = world.make(&bars, instruments, seed).unwrap();
            for bar in &made {
                prop_assert!(bar.low > 0.0 && bar.high.is_finite());
                prop_assert!(bar.low <= bar.open && bar.open <= bar.high);
                prop_assert!(bar.low <= bar.close && bar.close <= bar.high);
                prop_assert!(bar.volume >= 0.0 && bar.volume.is_finite());
            }
            // A world is as good a source as the bars that it was made from.
            prop_assert!(world.make(&made, instruments, seed).is_ok());
        }
    }
}
