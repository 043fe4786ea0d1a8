//! How many periods make a year.

/// Nanoseconds in a Julian year of 365.25 days.
const YEAR: f64 = 365.25 * 86_400e9;

/// The periods a year that people mean when they name a bar's length. Stock exchanges are open on 252 days for 6.5
/// hours; other markets never close.
const CONVENTIONS: [f64; 11] = [
    1.0,              // years
    4.0,              // quarters
    12.0,             // months
    52.0,             // weeks
    252.0,            // trading days
    365.0,            // calendar days
    252.0 * 6.5,      // stock hours
    365.0 * 24.0,     // hours
    252.0 * 390.0,    // stock minutes
    365.0 * 1_440.0,  // minutes
    365.0 * 86_400.0, // seconds
];

/// How far, as a share, an observed rate may be from a convention. Holidays, half days and gaps move a year of daily
/// bars by some 3 %; the weekdays of a market without holidays (261) are still called 252.
const TOLERANCE: f64 = 0.04;

/// Periods a year of ascending times, in nanoseconds; a repeated time counts once.
///
/// The observed rate, `(n - 1) / years`, becomes the nearest convention (252 trading days, 365 days, 52 weeks, 12
/// months, ...) when it is within 4 % of it; otherwise it stands as it is. `None` when there are fewer than two
/// different times.
#[must_use]
pub fn periods_per_year(times: impl Iterator<Item = i64>) -> Option<f64> {
    let mut times = times;
    let first = times.next()?;
    let (mut last, mut gaps) = (first, 0_u64);
    for time in times {
        gaps += u64::from(time != last);
        last = time;
    }
    let years = years_between(first, last);
    (years > 0.0).then(|| convention(as_number(gaps) / years))
}

/// Years of 365.25 days from one time to another, in nanoseconds.
pub(crate) fn years_between(start: i64, end: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a nanosecond in a hundred years does not matter")]
    let span = (i128::from(end) - i128::from(start)) as f64;
    span / YEAR
}

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "nothing is counted up to 2^53")]
pub(crate) fn as_number(count: u64) -> f64 {
    count as f64
}

fn convention(rate: f64) -> f64 {
    let distance = |convention: &f64| (rate / convention - 1.0).abs();
    CONVENTIONS
        .into_iter()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
        .filter(|nearest| distance(nearest) <= TOLERANCE)
        .unwrap_or(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000_000;
    const HOUR: i64 = DAY / 24;

    fn every(step: i64, count: i64) -> Option<f64> {
        periods_per_year((0..count).map(|i| i * step))
    }

    #[test]
    fn twenty_years_of_sp500_days_have_252_periods_a_year() {
        // 5,031 rows from 1999-01-04 to 2018-12-31, which are 10,595 and 17,896 days after the epoch.
        let (first, last) = (10_595 * DAY, 17_896 * DAY);
        let times = (0..5_031).map(|i| first + (last - first) / 5_030 * i);
        assert_eq!(periods_per_year(times), Some(252.0));
    }

    #[test]
    fn regular_spacings_have_their_usual_names() {
        for (step, count, periods) in [
            (365 * DAY, 10, 1.0),
            (91 * DAY, 40, 4.0),
            (30 * DAY, 60, 12.0),
            (7 * DAY, 100, 52.0),
            (DAY, 1_000, 365.0),
            (HOUR, 1_000, 8_760.0),
            (HOUR / 60, 1_000, 525_600.0),
            (HOUR / 3_600, 1_000, 31_536_000.0),
        ] {
            assert_eq!(every(step, count), Some(periods), "{step}");
        }
    }

    #[test]
    fn weekdays_are_trading_days() {
        let weekdays = (0..3_000_i64).filter(|day| day % 7 < 5).map(|day| day * DAY);
        assert_eq!(periods_per_year(weekdays), Some(252.0));
    }

    #[test]
    fn a_spacing_without_a_name_counts_as_observed() {
        assert_eq!(every(2 * DAY, 100), Some(365.25 / 2.0));
    }

    #[test]
    fn a_time_that_several_instruments_share_counts_once() {
        let twice = (0..200_i64).map(|i| i / 2 * 7 * DAY);
        assert_eq!(periods_per_year(twice), Some(52.0));
    }

    #[test]
    fn a_rate_needs_two_different_times() {
        assert_eq!(periods_per_year(std::iter::empty()), None);
        assert_eq!(periods_per_year([5, 5].into_iter()), None);
        assert!(periods_per_year([5, 6].into_iter()).is_some());
        assert!(periods_per_year([i64::MIN, i64::MAX].into_iter()).is_some());
    }
}
