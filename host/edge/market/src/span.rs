//! Lengths of bars, and where buckets of that length begin and end on a local clock.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::clip;
use crate::zone::Zone;

pub(crate) const HOUR: i64 = 3_600_000_000_000;
pub(crate) const DAY: i64 = 24 * HOUR;
/// 1970-01-05 was a Monday.
const FIRST_MONDAY: i64 = 4;

/// A length of bars: `30s`, `15m`, `1h`, `1d`, `1w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span {
    count: u32,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
}

impl Unit {
    const ALL: [(Self, char, i64); 5] = [
        (Self::Second, 's', 1_000_000_000),
        (Self::Minute, 'm', 60_000_000_000),
        (Self::Hour, 'h', HOUR),
        (Self::Day, 'd', DAY),
        (Self::Week, 'w', 7 * DAY),
    ];

    fn row(self) -> (char, i64) {
        let (_, letter, length) = Self::ALL[self as usize];
        (letter, length)
    }
}

impl Span {
    /// Its length when no clock is changed meanwhile.
    #[must_use]
    pub fn nanoseconds(self) -> i64 {
        i64::from(self.count) * self.unit.row().1
    }

    /// Whether it is counted in whole local days, whatever their length.
    pub(crate) fn is_days(self) -> bool {
        matches!(self.unit, Unit::Day | Unit::Week)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let letter = text.chars().next_back()?;
            let (unit, ..) = Unit::ALL.into_iter().find(|(_, known, _)| *known == letter)?;
            let digits = &text[..text.len() - 1];
            let count: u32 = digits.parse().ok()?;
            // Within a day, or days up to a year.
            let most = match unit {
                Unit::Second => 86_400,
                Unit::Minute => 1_440,
                Unit::Hour => 24,
                Unit::Day => 366,
                Unit::Week => 52,
            };
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (1..=most).contains(&count);
            plain.then_some(Self { count, unit })
        };
        parse().ok_or_else(|| {
            format!(
                "`{}` is not a length of bars: write `30s`, `15m`, `1h` (up to a day), `1d` or `1w` (up to a year)",
                clip(text)
            )
        })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.count, self.unit.row().0)
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

/// A time from `start` on and before `end`, nanoseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// Divides time into buckets on a zone's local clock.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Buckets {
    span: Span,
    zone: Zone,
    /// When a day begins, nanoseconds after midnight.
    session: i64,
}

impl Buckets {
    pub(crate) fn new(span: Span, zone: Zone, session: i64) -> Self {
        Self { span, zone, session }
    }

    pub(crate) fn span(&self) -> Span {
        self.span
    }

    /// What a bucket belongs to, on the local clock, and how far into it `closes` is: its day, or, if it is of days itself,
    /// the bucket.
    pub(crate) fn reach(&self, bucket: Bucket, closes: i64) -> (i128, u64) {
        let (local, session) = (self.zone.local(bucket.start), i128::from(self.session));
        let day = (local - session).div_euclid(i128::from(DAY)) * i128::from(DAY) + session;
        let base = if self.span.is_days() { local } else { day };
        (base, u64::try_from(self.zone.local(closes) - base).unwrap_or(0))
    }

    /// The bucket that `time` is in.
    pub(crate) fn of(&self, time: i64) -> Bucket {
        let local = self.zone.local(time) - i128::from(self.session);
        let day = local.div_euclid(i128::from(DAY)) as i64;
        let bucket = if self.span.is_days() { self.days(day) } else { self.within(day, local, time) };
        // What a changed clock does to a boundary must not leave a time outside of its own bucket.
        Bucket { start: bucket.start.min(time), end: bucket.end.max(time.saturating_add(1)) }
    }

    /// When a local day begins.
    fn begins(&self, day: i64) -> i64 {
        self.zone.moment(i128::from(day) * i128::from(DAY) + i128::from(self.session))
    }

    fn days(&self, day: i64) -> Bucket {
        let count = self.span.nanoseconds() / DAY;
        // Weeks begin on Mondays, and several days or weeks are counted from 1970.
        let anchor = if self.span.unit == Unit::Week { FIRST_MONDAY } else { 0 };
        let first = (day - anchor).div_euclid(count) * count + anchor;
        Bucket { start: self.begins(first), end: self.begins(first + count) }
    }

    fn within(&self, day: i64, local: i128, time: i64) -> Bucket {
        let span = i128::from(self.span.nanoseconds());
        let midnight = i128::from(day) * i128::from(DAY);
        let passed = (local - midnight) % span;
        let start = local - passed;
        let end = (start + span).min(midnight + i128::from(DAY));
        if span <= i128::from(HOUR) {
            // An hour that is repeated is another hour.
            let begun = i128::from(time) - passed;
            let clamp = |value: i128| value.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
            return Bucket { start: clamp(begun), end: clamp(begun + (end - start)) };
        }
        let moment = |local: i128| self.zone.moment(local + i128::from(self.session));
        Bucket { start: moment(start), end: moment(end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_date;

    fn buckets(span: &str, zone: &str, session: i64) -> Buckets {
        Buckets::new(span.parse().unwrap(), Zone::named(Some(zone)).unwrap(), session)
    }

    fn at(text: &str) -> i64 {
        parse_date(text).unwrap()
    }

    #[track_caller]
    fn is(buckets: &Buckets, time: &str, start: &str, end: &str) {
        assert_eq!(buckets.of(at(time)), Bucket { start: at(start), end: at(end) }, "{time}");
    }

    #[test]
    fn lengths_are_read_as_they_are_shown() {
        for text in ["1s", "30s", "15m", "1h", "24h", "1d", "3d", "1w"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        for text in
            ["", "h", "0h", "1", "1x", "+1h", "25h", "1441m", "-1d", "1.5h", "53w", "1é", "99999999999d"]
        {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_day_has_as_many_hours_as_its_clock_gives_it() {
        let days = buckets("1d", "America/New_York", 0);
        is(&days, "2024-03-10T12:00:00Z", "2024-03-10T05:00:00Z", "2024-03-11T04:00:00Z");
        is(&days, "2024-11-03T12:00:00Z", "2024-11-03T04:00:00Z", "2024-11-04T05:00:00Z");
        is(&days, "2024-11-03T04:00:00Z", "2024-11-03T04:00:00Z", "2024-11-04T05:00:00Z");
        is(&days, "2024-11-03T03:59:59Z", "2024-11-02T04:00:00Z", "2024-11-03T04:00:00Z");
    }

    #[test]
    fn a_repeated_hour_is_two_hours_and_a_skipped_one_none() {
        let hours = buckets("1h", "America/New_York", 0);
        is(&hours, "2024-11-03T05:30:00Z", "2024-11-03T05:00:00Z", "2024-11-03T06:00:00Z");
        is(&hours, "2024-11-03T06:30:00Z", "2024-11-03T06:00:00Z", "2024-11-03T07:00:00Z");
        is(&hours, "2024-03-10T07:30:00Z", "2024-03-10T07:00:00Z", "2024-03-10T08:00:00Z");
        let four = buckets("4h", "America/New_York", 0);
        is(&four, "2024-11-03T06:30:00Z", "2024-11-03T04:00:00Z", "2024-11-03T09:00:00Z");
        is(&four, "2024-03-10T07:30:00Z", "2024-03-10T05:00:00Z", "2024-03-10T08:00:00Z");
    }

    #[test]
    fn hours_are_counted_from_the_beginning_of_the_session_and_end_with_its_day() {
        let hours = buckets("1h", "UTC", HOUR / 2);
        is(&hours, "2024-01-02T10:29:00Z", "2024-01-02T09:30:00Z", "2024-01-02T10:30:00Z");
        let sevens = buckets("7h", "UTC", 0);
        is(&sevens, "2024-01-02T23:00:00Z", "2024-01-02T21:00:00Z", "2024-01-03T00:00:00Z");
        let days = buckets("1d", "UTC", 17 * HOUR);
        is(&days, "2024-01-02T16:59:00Z", "2024-01-01T17:00:00Z", "2024-01-02T17:00:00Z");
    }

    #[test]
    fn weeks_begin_on_mondays() {
        let weeks = buckets("1w", "UTC", 0);
        is(&weeks, "2024-01-07T23:00:00Z", "2024-01-01", "2024-01-08");
        is(&weeks, "2024-01-08", "2024-01-08", "2024-01-15");
        is(&weeks, "1969-12-31", "1969-12-29", "1970-01-05");
    }

    #[test]
    fn every_time_is_in_its_own_bucket_and_the_next_one_begins_where_it_ends() {
        for zone in ["America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"] {
            for span in ["1m", "30m", "1h", "4h", "5h", "1d", "1w"] {
                let buckets = buckets(span, zone, HOUR / 2);
                let mut time = at("2024-03-01");
                while time < at("2024-04-10") {
                    let bucket = buckets.of(time);
                    assert!(bucket.start <= time && time < bucket.end, "{zone} {span} {time}");
                    time += 17 * 60_000_000_000;
                }
            }
        }
    }
}
