//! Numbers as files have them: a few digits and a point.

/// What a power of ten is exactly, as far as doubles go.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// The number that is nearest to the text's, if the text is only digits with at most one point, not too many of them.
///
/// Digits that fit 53 bits and a power of ten up to 22 are exact as doubles, and the quotient of two doubles is rounded
/// once: to the same bits as by the general way, which takes all other texts.
#[inline]
pub(crate) fn plain(text: &[u8]) -> Option<f64> {
    let (mut digits, mut count, mut fraction, mut point) = (0_u64, 0_usize, 0_usize, false);
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            digits = digits * 10 + u64::from(digit);
            count += 1;
            fraction += usize::from(point);
        } else if byte == b'.' && !point {
            point = true;
        } else {
            return None;
        }
        if count > 18 {
            return None;
        }
    }
    if count == 0 || digits > 1 << 53 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "it has at most 53 bits")]
    let number = digits as f64;
    Some(number / POWERS[fraction])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_plain_is_left_to_others() {
        for text in
            ["", ".", "-1", "+1", "1e5", "nan", "1.2.3", " 1", "9007199254740993", "1234567890123456789"]
        {
            assert_eq!(plain(text.as_bytes()), None, "{text}");
        }
        for (text, number) in
            [("0", 0.0), ("1229.22998", 1_229.229_98), (".5", 0.5), ("5.", 5.0), ("007", 7.0)]
        {
            assert_eq!(plain(text.as_bytes()).map(f64::to_bits), Some(f64::to_bits(number)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn plain_numbers_are_read_to_the_last_bit(text in "[0-9]{0,12}\\.?[0-9]{0,12}") {
            if let Some(number) = plain(text.as_bytes()) {
                prop_assert_eq!(number.to_bits(), text.parse::<f64>().unwrap().to_bits());
            }
        }
    }
}
