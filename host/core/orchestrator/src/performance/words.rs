//! Numbers as people write them.

pub(super) use stratbox_domain::{counted, grouped};

use super::finite::Finite;

/// A share as percent, without decimals where it is 1 % or more.
pub(super) fn percent(share: Finite) -> String {
    let percent = share.get() * 100.0;
    match percent {
        0.0 => "0 %".to_owned(),
        percent if percent.abs() < 1.0 => "under 1 %".to_owned(),
        // Rounded, but not to all when it is less.
        percent if percent < 100.0 => format!("{} %", percent.round().min(99.0)),
        percent => format!("{percent:.0} %"),
    }
}

/// Something a second, with two or more digits.
pub(super) fn rate(per_second: Finite) -> String {
    let rate = per_second.get();
    // A cast stops at the largest number.
    if rate >= 10.0 { grouped(rate.round() as u64) } else { format!("{rate:.2}") }
}

/// Microseconds in the unit that suits them.
pub(super) fn duration(micros: u64) -> String {
    const SECOND: u64 = 1_000_000;
    const MINUTE: u64 = 60 * SECOND;
    const HOUR: u64 = 60 * MINUTE;
    let number = micros as f64;
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..9_950 => format!("{:.1} ms", number / 1e3),
        9_950..999_500 => format!("{:.0} ms", number / 1e3),
        999_500..9_995_000 => format!("{:.2} s", number / 1e6),
        9_995_000..119_950_000 => format!("{:.1} s", number / 1e6),
        _ if micros < 2 * HOUR => format!("{} min {} s", micros / MINUTE, micros % MINUTE / SECOND),
        _ => format!("{} h {} min", grouped(micros / HOUR), micros % HOUR / MINUTE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_the_unit_that_suits_it() {
        for (micros, text) in [
            (0, "0 µs"),
            (999, "999 µs"),
            (1_000, "1.0 ms"),
            (9_949, "9.9 ms"),
            (9_950, "10 ms"),
            (999_499, "999 ms"),
            (999_500, "1.00 s"),
            (12_345_678, "12.3 s"),
            (119_949_999, "119.9 s"),
            (119_950_000, "1 min 59 s"),
            (754_000_000, "12 min 34 s"),
            (7_199_999_999, "119 min 59 s"),
            (7_200_000_000, "2 h 0 min"),
            (u64::MAX, "5,124,095,576 h 1 min"),
        ] {
            assert_eq!(duration(micros), text);
        }
    }

    #[test]
    fn a_share_is_all_or_nothing_only_when_it_is() {
        let percents =
            [0.0, 0.001, 0.01, 0.57, 0.999, 1.0, 3.5].map(|share| percent(Finite::of(share).unwrap()));
        assert_eq!(percents, ["0 %", "under 1 %", "1 %", "57 %", "99 %", "100 %", "350 %"]);
    }

    #[test]
    fn a_rate_has_decimals_only_when_it_is_small() {
        let rates = [0.0, 0.456, 9.99, 12.6, 24_541.7].map(|it| rate(Finite::of(it).unwrap()));
        assert_eq!(rates, ["0.00", "0.46", "9.99", "13", "24,542"]);
    }
}
