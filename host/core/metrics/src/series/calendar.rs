//! Returns of months and years.

use serde::Serialize;

/// Nanoseconds in a day.
const DAY: i64 = 86_400_000_000_000;

/// The compounded return of a calendar month or year, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CalendarReturn {
    /// The year.
    pub year: i32,
    /// The month, from 1; none for a whole year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<u8>,
    /// Returns that were compounded.
    pub periods: u64,
    /// `product(1 + r) - 1`.
    pub value: f64,
}

/// The returns of each month in which there is one, in the order of time. `times` are nanoseconds since the Unix epoch,
/// ascending, one for each return; a return belongs to the month of its time. A return that is not finite, and what comes
/// after a product that is not, is left out.
#[must_use]
pub fn months(times: &[i64], returns: &[f64]) -> Vec<CalendarReturn> {
    table(times, returns, |(year, month)| (year, Some(month)))
}

/// The same for years.
#[must_use]
pub fn years(times: &[i64], returns: &[f64]) -> Vec<CalendarReturn> {
    table(times, returns, |(year, _)| (year, None))
}

fn table(
    times: &[i64],
    returns: &[f64],
    key: impl Fn((i32, u8)) -> (i32, Option<u8>),
) -> Vec<CalendarReturn> {
    let mut rows: Vec<CalendarReturn> = Vec::new();
    for (time, value) in times.iter().zip(returns) {
        let (year, month) = key(month_of(*time));
        let same = rows.last_mut().filter(|row| (row.year, row.month) == (year, month));
        let (growth, periods) = same.as_ref().map_or((1.0, 0), |row| (1.0 + row.value, row.periods));
        let value = growth * (1.0 + value) - 1.0;
        if !value.is_finite() {
            continue;
        }
        let row = CalendarReturn { year, month, periods: periods + 1, value };
        match same {
            Some(there) => *there = row,
            None => rows.push(row),
        }
    }
    rows
}

/// Year and month of a time, in the proleptic Gregorian calendar (Hinnant's `civil_from_days`).
fn month_of(time: i64) -> (i32, u8) {
    // Years begin in March here, so that a leap day is the last of its year.
    let days = time.div_euclid(DAY) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    // 64 bits of nanoseconds reach from 1677 to 2262.
    (year as i32, month as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn months_and_years_compound_their_returns() {
        // 2000-01-30 and the eight days after it, empyrical's `simple_benchmark` and its `aggregate_returns`.
        let start = 10_986;
        let times: Vec<i64> = (0..9).map(|day| (start + day) * DAY).collect();
        let returns = [0.0, 0.01, 0.0, 0.01, 0.0, 0.01, 0.0, 0.01, 0.0];
        let by_month = months(&times, &returns);
        assert_eq!(
            by_month.iter().map(|row| (row.year, row.month, row.periods)).collect::<Vec<_>>(),
            [(2000, Some(1), 2), (2000, Some(2), 7)]
        );
        assert!((by_month[0].value - 0.01).abs() < 1e-12);
        assert!((by_month[1].value - 0.030_300_999_999_999_91).abs() < 1e-12);
        let by_year = years(&times, &returns);
        assert_eq!((by_year.len(), by_year[0].month, by_year[0].periods), (1, None, 9));
        assert!((by_year[0].value - 0.040_604_010_000_000_024).abs() < 1e-12);
    }

    #[test]
    fn days_are_in_their_months() {
        for (days, expected) in [
            (0, (1970, 1)),
            (-1, (1969, 12)),
            (11_016, (2000, 2)),
            (11_017, (2000, 3)),
            (17_896, (2018, 12)),
            (17_897, (2019, 1)),
            (-106_751, (1677, 9)),
            (106_751, (2262, 4)),
        ] {
            assert_eq!(month_of(days * DAY), expected, "{days}");
        }
        assert_eq!(month_of(17_897 * DAY - 1), (2018, 12));
    }

    proptest! {
        #[test]
        fn the_years_compound_to_what_the_months_do(values in prop::collection::vec(-0.05..0.05_f64, 1..900)) {
            let times: Vec<i64> = (0..values.len() as i64).map(|day| day * DAY).collect();
            let product = |rows: &[CalendarReturn]| rows.iter().fold(1.0, |product, row| product * (1.0 + row.value));
            let (by_month, by_year) = (months(&times, &values), years(&times, &values));
            prop_assert!((product(&by_month) / product(&by_year) - 1.0).abs() < 1e-10);
            prop_assert_eq!(by_month.iter().map(|row| row.periods).sum::<u64>(), values.len() as u64);
        }
    }
}
