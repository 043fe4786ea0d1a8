//! Bars without an edge, made from real ones, and bars with a known one.
//!
//! Whoever searches long enough finds something in noise. How often a pipeline does can be measured: let it search in a
//! [`World`] in which there is nothing to be found, and count. A world that has an edge of known strength shows that it
//! would have found one.
//!
//! A world has the times, the instruments and the number of bars of the real bars that it is made from, and its bars are as
//! valid as those. The same bars, world and seed give the same bits on every machine.

mod panel;
mod random;
mod resampled;
mod settings;
mod walk;

pub use panel::WorldError;
pub use settings::{Drift, World};

use panel::Panel;
use random::Random;
use stratbox_domain::Bar;

impl World {
    /// Makes the world's bars.
    ///
    /// `bars` are in the order of time, then of instrument, and every instrument, `0` to `instruments - 1`, has a bar at
    /// every time. Bars that only show others in a slower timeframe are not to be among them: make those from the result.
    ///
    /// # Errors
    /// Settings that make no sense; bars in another order, of fewer than three times, or with a price that is none;
    /// instruments that have no bars in common; prices that leave the range of numbers on the way.
    pub fn make(&self, bars: &[Bar], instruments: u32, seed: u64) -> Result<Vec<Bar>, WorldError> {
        self.validate()?;
        let panel = Panel::of(bars, instruments)?;
        let mut random = Random::new(seed);
        match *self {
            Self::Permuted { drift } => resampled::permuted(&panel, drift, &mut random),
            Self::Bootstrapped { mean_block, mirrored: true, .. } => {
                resampled::mirrored(&panel, mean_block, &mut random)
            }
            Self::Bootstrapped { mean_block, drift, .. } => {
                resampled::bootstrapped(&panel, mean_block, drift, &mut random)
            }
            Self::RandomWalk { volatility, drift } => {
                walk::random_walk(&panel, volatility, drift, &mut random)
            }
            Self::Planted { autocorrelation, volatility } => {
                walk::planted(&panel, autocorrelation, volatility, &mut random)
            }
        }
    }
}

#[cfg(test)]
mod tests;
