//! Real bars in another order.

use stratbox_domain::Bar;

use crate::panel::{Panel, Shape};
use crate::random::Random;
use crate::{Drift, WorldError};

/// All steps in an order in which each is as likely as another (Fisher and Yates, as Durstenfeld 1964).
pub(crate) fn permuted(panel: &Panel<'_>, drift: Drift, random: &mut Random) -> Result<Vec<Bar>, WorldError> {
    let shapes = shapes(panel, drift);
    let mut order: Vec<usize> = (0..panel.steps() - 1).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, random.below(last + 1));
    }
    panel.rebuilt(|step, instrument| shapes[order[step - 1] * panel.instruments + instrument])
}

/// Blocks of steps.
pub(crate) fn bootstrapped(
    panel: &Panel<'_>,
    mean_block: f64,
    drift: Drift,
    random: &mut Random,
) -> Result<Vec<Bar>, WorldError> {
    let shapes = shapes(panel, drift);
    let drawn = blocks(panel.steps() - 1, mean_block, random);
    panel.rebuilt(|step, instrument| shapes[drawn[step - 1] * panel.instruments + instrument])
}

/// Blocks of steps, each step upside down with a chance of a half.
pub(crate) fn mirrored(
    panel: &Panel<'_>,
    mean_block: f64,
    random: &mut Random,
) -> Result<Vec<Bar>, WorldError> {
    let mut shapes = panel.shapes();
    let upside_down = |it: &Shape| Shape { gap: -it.gap, up: -it.down, down: -it.up, body: -it.body, ..*it };
    shapes.extend(shapes.iter().map(upside_down).collect::<Vec<_>>());
    without_drift(&mut shapes, panel.instruments);
    let count = panel.steps() - 1;
    let mut drawn = blocks(count, mean_block, random);
    drawn.iter_mut().for_each(|step| *step += if random.unit() < 0.5 { count } else { 0 });
    panel.rebuilt(|step, instrument| shapes[drawn[step - 1] * panel.instruments + instrument])
}

/// As many of `count` steps in blocks that begin anywhere and, after the last step, go on with the first.
fn blocks(count: usize, mean_block: f64, random: &mut Random) -> Vec<usize> {
    let mut drawn = Vec::with_capacity(count);
    let mut from = None;
    for _ in 0..count {
        let goes_on = from.filter(|_| random.unit() * mean_block >= 1.0);
        let next = goes_on.map_or_else(|| random.below(count), |last: usize| (last + 1) % count);
        drawn.push(next);
        from = Some(next);
    }
    drawn
}

/// The real shapes, without the drift of each instrument where that is removed.
fn shapes(panel: &Panel<'_>, drift: Drift) -> Vec<Shape> {
    let mut shapes = panel.shapes();
    if drift == Drift::Removed {
        without_drift(&mut shapes, panel.instruments);
    }
    shapes
}

/// Takes the mean growth of each instrument, between bars and within them, from its shapes.
fn without_drift(shapes: &mut [Shape], instruments: usize) {
    for instrument in 0..instruments {
        let its = || shapes.iter().skip(instrument).step_by(instruments);
        let (gap, body) = (growth(its().map(|it| it.gap)), growth(its().map(|it| it.body)));
        for shape in shapes.iter_mut().skip(instrument).step_by(instruments) {
            shape.gap -= gap;
            shape.body -= body;
        }
    }
}

/// The logarithm of the mean growth: without it, the mean simple return is zero.
fn growth(logarithms: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = logarithms.clone().count() as f64;
    // `expm1`, as growth is close to 1.
    libm::log1p(logarithms.map(libm::expm1).sum::<f64>() / count)
}
