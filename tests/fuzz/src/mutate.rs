//! Changes to bytes that depend on nothing but a number.

/// Bytes that are lengths, ends and signs in many formats.
const TELLING: [u8; 12] = [0, 1, 2, 0x0b, 0x7f, 0x80, 0xc0, 0xdd, 0xff, b'"', b'{', b'\n'];
/// The longest piece that is moved at once, bytes.
const PIECE: usize = 64;

/// A sequence of numbers without a pattern (splitmix64).
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Numbers {
    /// The sequence that begins with `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not zero.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn byte(&mut self) -> u8 {
        self.next() as u8
    }
}

/// One of `samples`, of which there is at least one, with one to eight changes.
#[must_use]
pub fn mutated(samples: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = samples[numbers.below(samples.len())].clone();
    for _ in 0..=numbers.below(8) {
        change(&mut bytes, &samples[numbers.below(samples.len())], numbers);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    if bytes.is_empty() {
        bytes.push(numbers.byte());
        return;
    }
    let at = numbers.below(bytes.len());
    let end = (at + 1 + numbers.below(PIECE)).min(bytes.len());
    match numbers.below(8) {
        0 => bytes[at] = numbers.byte(),
        1 => bytes[at] ^= 1 << numbers.below(8),
        2 => bytes[at] = TELLING[numbers.below(TELLING.len())],
        3 => bytes[at] = bytes[at].wrapping_add(1),
        4 => bytes.insert(at, numbers.byte()),
        5 => drop(bytes.drain(at..end)),
        6 => bytes.splice(at..at, bytes[at..end].to_vec()).for_each(drop),
        _ => drop(bytes.splice(at..end, piece(other, numbers).to_vec())),
    }
}

/// Some bytes of another sample.
fn piece<'a>(other: &'a [u8], numbers: &mut Numbers) -> &'a [u8] {
    let at = numbers.below(other.len() + 1);
    let end = (at + numbers.below(PIECE)).min(other.len());
    &other[at..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(seed: u64) -> Vec<Vec<u8>> {
        let mut numbers = Numbers::new(seed);
        let samples = [b"first sample".to_vec(), b"second".to_vec(), Vec::new()];
        (0..100).map(|_| mutated(&samples, &mut numbers)).collect()
    }

    #[test]
    fn the_same_number_makes_the_same_inputs_and_another_makes_others() {
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
    }

    #[test]
    fn inputs_differ_from_one_another() {
        let mut distinct = inputs(1);
        distinct.sort();
        distinct.dedup();
        assert!(distinct.len() > 80, "{}", distinct.len());
    }
}
