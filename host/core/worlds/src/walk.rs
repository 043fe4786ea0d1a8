//! Random walks.

use stratbox_domain::Bar;

use crate::panel::{Panel, Shape};
use crate::random::Random;
use crate::{Drift, WorldError};

/// Steps of the path within a bar. The more, the nearer are its extremes to those of continuous trading.
const GRID: usize = 16;

/// How instruments really move.
struct Moves {
    /// Mean logarithmic growth of close to close, by instrument.
    drift: Vec<f64>,
    /// Standard deviation of the logarithmic return, close to close, by instrument.
    volatility: Vec<f64>,
    /// Lower triangle of the root of the correlation matrix, by instrument.
    root: Vec<Vec<f64>>,
    /// Share of the variance that lies between bars.
    gaps: f64,
}

impl Moves {
    fn of(panel: &Panel<'_>, volatility: Option<f64>) -> Self {
        let (shapes, n) = (panel.shapes(), panel.instruments);
        let count = (panel.steps() - 1) as f64;
        let of = |instrument: usize, what: fn(&Shape) -> f64| {
            let values: Vec<f64> = shapes.iter().skip(instrument).step_by(n).map(what).collect();
            let mean = values.iter().sum::<f64>() / count;
            (mean, values.into_iter().map(|value| value - mean).collect::<Vec<f64>>())
        };
        let product = |one: &[f64], other: &[f64]| one.iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
        let returns: Vec<_> = (0..n).map(|instrument| of(instrument, |it| it.gap + it.body)).collect();
        let deviation = |values: &[f64]| libm::sqrt(product(values, values) / (count - 1.0));
        let real: Vec<f64> = returns.iter().map(|(_, values)| deviation(values)).collect();
        let correlation = |one: usize, other: usize| {
            let scale = real[one] * real[other] * (count - 1.0);
            if scale > 0.0 { product(&returns[one].1, &returns[other].1) / scale } else { 0.0 }
        };
        let (mut between, mut within) = (0.0, 0.0);
        for instrument in 0..n {
            let (gaps, bodies) = (of(instrument, |it| it.gap).1, of(instrument, |it| it.body).1);
            between += product(&gaps, &gaps);
            within += product(&bodies, &bodies);
        }
        let all = between + within;
        Self {
            drift: returns.iter().map(|(mean, _)| *mean).collect(),
            volatility: real.iter().map(|real| volatility.unwrap_or(*real)).collect(),
            root: root(n, correlation),
            gaps: if all > 0.0 { between / all } else { 0.0 },
        }
    }
}

/// The lower root of a correlation matrix (Cholesky). Instruments that move as others do add nothing of their own.
fn root(n: usize, correlation: impl Fn(usize, usize) -> f64) -> Vec<Vec<f64>> {
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(n);
    for row in 0..n {
        let mut this = vec![0.0; row + 1];
        for column in 0..row {
            let known: f64 = (0..column).map(|k| this[k] * rows[column][k]).sum();
            let pivot = rows[column][column];
            this[column] = if pivot > 1e-9 { (correlation(row, column) - known) / pivot } else { 0.0 };
        }
        let known: f64 = this[..row].iter().map(|value| value * value).sum();
        this[row] = libm::sqrt((1.0 - known).max(0.0));
        rows.push(this);
    }
    rows
}

/// Geometric Brownian motion, a grid of normal steps within each bar, and one between bars.
pub(crate) fn random_walk(
    panel: &Panel<'_>,
    volatility: Option<f64>,
    drift: Drift,
    random: &mut Random,
) -> Result<Vec<Bar>, WorldError> {
    let moves = Moves::of(panel, volatility);
    let n = panel.instruments;
    let (mut draws, mut step) = (vec![0.0; n], vec![0.0; n]);
    // One step of every instrument that has this share of a bar's variance.
    let mut advance = |share: f64, step: &mut [f64]| {
        draws.iter_mut().for_each(|draw| *draw = random.normal());
        for (instrument, step) in step.iter_mut().enumerate() {
            let together: f64 =
                moves.root[instrument].iter().zip(&draws).map(|(weight, draw)| weight * draw).sum();
            let volatility = moves.volatility[instrument];
            // Half the variance less, so that the mean simple return is zero.
            let mean = match drift {
                Drift::Removed => -volatility * volatility / 2.0,
                Drift::Kept => moves.drift[instrument],
            };
            *step = mean * share + volatility * libm::sqrt(share) * together;
        }
    };
    let mut shapes = Vec::with_capacity(n);
    panel.rebuilt(|place, instrument| {
        if instrument == 0 {
            advance(moves.gaps, &mut step);
            shapes.clear();
            shapes.extend(step.iter().map(|gap| Shape {
                gap: *gap,
                up: 0.0,
                down: 0.0,
                body: 0.0,
                volume: 0.0,
            }));
            for _ in 0..GRID {
                advance((1.0 - moves.gaps) / GRID as f64, &mut step);
                shapes.iter_mut().zip(&step).for_each(|(shape, step)| moved(shape, *step));
            }
        }
        let volume = panel.bars[place * n + instrument].volume;
        Shape { volume, ..shapes[instrument] }
    })
}

/// A path goes on within its bar.
fn moved(shape: &mut Shape, step: f64) {
    shape.body += step;
    shape.up = shape.up.max(shape.body);
    shape.down = shape.down.min(shape.body);
}

/// Returns that say something of those that follow them.
pub(crate) fn planted(
    panel: &Panel<'_>,
    autocorrelation: f64,
    volatility: Option<f64>,
    random: &mut Random,
) -> Result<Vec<Bar>, WorldError> {
    let moves = Moves::of(panel, volatility);
    // The last return of each instrument in units of its volatility: at first as it is in the long run.
    let mut last: Vec<f64> = (0..panel.instruments).map(|_| random.normal()).collect();
    let own = libm::sqrt(1.0 - autocorrelation * autocorrelation);
    panel.rebuilt(|place, instrument| {
        let volatility = moves.volatility[instrument];
        let mut shape = Shape { gap: 0.0, up: 0.0, down: 0.0, body: 0.0, volume: 0.0 };
        let expected = autocorrelation * last[instrument];
        let mut total = 0.0;
        for _ in 0..GRID {
            let step = expected / GRID as f64 + own * random.normal() / libm::sqrt(GRID as f64);
            total += step;
            // Half the variance less, so that holding alone earns nothing.
            moved(&mut shape, volatility * (step - volatility / (2.0 * GRID as f64)));
        }
        last[instrument] = total;
        shape.volume = panel.bars[place * panel.instruments + instrument].volume;
        shape
    })
}
