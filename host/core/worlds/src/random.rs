//! Random numbers of a seed.

use stratbox_domain::uniform;

/// Draws from one stream, the same for the same seed on every machine.
pub(crate) struct Random {
    uniform: Box<dyn FnMut() -> f64>,
    /// The second of a pair of normal numbers.
    spare: Option<f64>,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { uniform: Box::new(uniform(seed)), spare: None }
    }

    /// From 0 to below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.uniform)()
    }

    /// Below `n`, which is above zero and far below 2^53, so that no number is more likely than another to matter.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n - 1)
    }

    /// Standard normal (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        // Above zero, so that there is a logarithm.
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        let angle = std::f64::consts::TAU * self.unit();
        self.spare = Some(radius * libm::sin(angle));
        radius * libm::cos(angle)
    }
}
