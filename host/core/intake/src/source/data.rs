//! How much data a source carries: answers that were computed beforehand are numbers or text in the source, and many.

use ra_ap_rustc_lexer::LiteralKind;
use serde::{Deserialize, Serialize};

use super::tokens::{Kind, lex};

/// From when on the data in a source is worth a look. Strategies that compute have a few dozen numbers and, with what they
/// log, a kilobyte of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataLimits {
    /// Numbers. 2,000: one for every trading day of eight years.
    pub numbers: usize,
    /// Bytes of literals as they are written. 32 KiB: one bit for each of 190,000 bars, were they written as base64.
    pub bytes: usize,
}

impl Default for DataLimits {
    fn default() -> Self {
        Self { numbers: 2_000, bytes: 32 << 10 }
    }
}

/// The literals of a source, wherever they stand; comments and documentation are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct LiteralData {
    /// Bytes of all number, character and string literals as they are written, with quotes and suffixes.
    pub bytes_of_literals: usize,
    /// Numbers, and characters of bytes (`b'x'`), which are numbers too.
    pub numbers: usize,
    /// Most literals in one pair of square brackets, with what is nested in it. Those of attributes do not count.
    pub longest_array: usize,
    /// Shannon entropy of those bytes, in bits, to a hundredth: about 3.3 for digits, 4 to 5 for sentences, 6 for base64; zero
    /// without literals.
    pub entropy_bits_per_byte: f64,
    /// Whether there is more than the limits say.
    pub is_suspicious: bool,
}

/// Measures the data that a source carries, whether or not it is refused or compiles.
#[must_use]
pub fn literal_data(text: &str, limits: &DataLimits) -> LiteralData {
    let mut data = LiteralData::default();
    let mut bytes = [0_u64; 256];
    let mut arrays = Arrays::default();
    for token in lex(text) {
        if let Kind::Literal { kind, .. } = token.kind {
            let written = &text[token.at..token.end];
            data.bytes_of_literals += written.len();
            data.numbers += usize::from(is_number(kind));
            written.bytes().for_each(|byte| bytes[usize::from(byte)] += 1);
        }
        arrays.token(token.kind);
    }
    data.longest_array = arrays.longest;
    data.entropy_bits_per_byte = entropy(&bytes);
    data.is_suspicious = data.numbers > limits.numbers || data.bytes_of_literals > limits.bytes;
    data
}

fn is_number(kind: LiteralKind) -> bool {
    matches!(kind, LiteralKind::Int { .. } | LiteralKind::Float { .. } | LiteralKind::Byte { .. })
}

/// Counts the literals between square brackets.
#[derive(Debug, Default)]
struct Arrays {
    /// For each open bracket: whether it is an array's, and the literals so far.
    open: Vec<(bool, usize)>,
    longest: usize,
    /// The last marks were `#` or `#!`.
    after_pound: bool,
}

impl Arrays {
    fn token(&mut self, kind: Kind) {
        match kind {
            Kind::Open(bracket) => self.open.push((bracket == b'[' && !self.after_pound, 0)),
            Kind::Close => {
                if let Some((is_array, literals)) = self.open.pop() {
                    if is_array {
                        self.longest = self.longest.max(literals);
                    }
                    if let Some((_, outer)) = self.open.last_mut() {
                        *outer += literals;
                    }
                }
            }
            Kind::Literal { .. } => {
                if let Some((_, literals)) = self.open.last_mut() {
                    *literals += 1;
                }
            }
            _ => {}
        }
        self.after_pound = kind == Kind::Mark(b'#') || self.after_pound && kind == Kind::Mark(b'!');
    }
}

fn entropy(counts: &[u64; 256]) -> f64 {
    let all: u64 = counts.iter().sum();
    let share = |count: &u64| *count as f64 / all as f64;
    let bits: f64 =
        counts.iter().filter(|count| **count > 0).map(share).map(|share| -share * share.log2()).sum();
    (bits * 100.0).round() / 100.0
}
