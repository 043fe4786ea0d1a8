//! Points that cover a cube more evenly than chance does, each computed from its index.

use crate::directions::{MAX_DIMENSIONS, POLYNOMIALS};
use crate::random::{Permutation, mix, seed_of, share};

/// Bits of a coordinate: as many as a float has.
const BITS: u32 = 52;

/// Latin hypercube sampling (McKay, Beckman and Conover 1979): each axis is cut into as many strata as there are points,
/// and every stratum has one, at a random place in it.
#[derive(Debug, Clone)]
pub(crate) struct Latin {
    points: u64,
    axes: Vec<(Permutation, u64)>,
}

impl Latin {
    /// `points` points, at least one, along axes of these names.
    pub(crate) fn new<'a>(points: u64, names: impl Iterator<Item = &'a str>, seed: u64) -> Self {
        let axis = |name| {
            let order = Permutation::new(points, seed_of("latin hypercube strata", seed, name));
            (order, seed_of("latin hypercube places", seed, name))
        };
        Self { points, axes: names.map(axis).collect() }
    }

    /// The coordinates of the point at `index`, below the number of points.
    pub(crate) fn at(&self, index: u64) -> Vec<f64> {
        let points = self.points as f64;
        let place = |(order, seed): &(Permutation, u64)| {
            let stratum = order.at(index) as f64;
            // Rounding may carry the last place of a stratum into the next one.
            let end = ((stratum + 1.0) / points).next_down();
            ((stratum + share(mix(*seed, index))) / points).min(end)
        };
        self.axes.iter().map(place).collect()
    }
}

/// Sobol's sequence with the direction numbers of Joe and Kuo (2008), in Gray code order.
#[derive(Debug, Clone)]
pub(crate) struct Sobol {
    axes: Vec<([u64; BITS as usize], Option<u64>)>,
}

impl Sobol {
    /// Along axes of these names; with a seed, scrambled. `None` when there are more axes than direction numbers.
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>, seed: Option<u64>) -> Option<Self> {
        let axis = |(dimension, name)| {
            let scramble = seed.map(|seed| seed_of("sobol scramble", seed, name));
            (dimension < MAX_DIMENSIONS).then(|| (directions(dimension), scramble))
        };
        names.enumerate().map(axis).collect::<Option<_>>().map(|axes| Self { axes })
    }

    /// The coordinates of the point at `index`, below 2^52.
    pub(crate) fn at(&self, index: u64) -> Vec<f64> {
        let gray = index ^ (index >> 1);
        let coordinate = |(directions, seed): &([u64; BITS as usize], Option<u64>)| {
            let used = directions.iter().enumerate().filter(|(bit, _)| gray >> bit & 1 == 1);
            let bits = used.fold(0, |bits, (_, direction)| bits ^ direction);
            let bits = seed.map_or(bits, |seed| scrambled(bits, seed));
            bits as f64 / (1_u64 << BITS) as f64
        };
        self.axes.iter().map(coordinate).collect()
    }
}

/// The direction numbers of a dimension, counted from zero, as fractions of 2^52.
fn directions(dimension: usize) -> [u64; BITS as usize] {
    let mut directions = [0; BITS as usize];
    let Some((inner, initial)) = dimension.checked_sub(1).and_then(|row| POLYNOMIALS.get(row)) else {
        // The first dimension is van der Corput's sequence.
        (0..BITS).for_each(|bit| directions[bit as usize] = 1 << (BITS - 1 - bit));
        return directions;
    };
    let degree = initial.len();
    for bit in 0..BITS as usize {
        directions[bit] = if bit < degree {
            initial[bit] << (BITS as usize - 1 - bit)
        } else {
            let first = directions[bit - degree] ^ (directions[bit - degree] >> degree);
            let inner_terms = (1..degree).filter(|term| inner >> (degree - 1 - term) & 1 == 1);
            inner_terms.fold(first, |value, term| value ^ directions[bit - term])
        };
    }
    directions
}

/// Owen's nested uniform scrambling (1995): each bit is flipped or not as a random bit says that belongs to the bits
/// above it, so that every elementary interval keeps as many points as it had.
fn scrambled(bits: u64, seed: u64) -> u64 {
    (0..BITS).fold(0, |scrambled, place| {
        let shift = BITS - 1 - place;
        // A one before the bits above tells prefixes of different lengths apart.
        let prefix = (1 << place) | (bits >> shift >> 1);
        let bit = (bits >> shift & 1) ^ (mix(seed, prefix) >> 63);
        scrambled << 1 | bit
    })
}

#[cfg(test)]
mod tests;
