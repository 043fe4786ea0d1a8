//! Moments as settings name them, and the calendar.

use std::fmt;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment, nanoseconds since the Unix epoch, UTC. In settings a day (`2018-12-31`, its midnight in UTC) or a moment in
/// RFC 3339 (`2018-12-31T16:00:00Z`), as text or as a date of TOML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: i64 = 86_400_000_000_000;
        // A timestamp covers ten times the years that 64 bits of nanoseconds do.
        let timestamp = Timestamp::from_nanosecond(i128::from(self.0)).unwrap_or_default();
        if self.0 % DAY == 0 {
            write!(f, "{}", TimeZone::UTC.to_datetime(timestamp).date())
        } else {
            write!(f, "{timestamp}")
        }
    }
}

impl std::str::FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let timestamp = if text.len() == "2018-12-31".len() {
            text.parse::<Date>()
                .and_then(|date| TimeZone::UTC.to_timestamp(date.to_datetime(Time::midnight())))
        } else {
            text.parse::<Timestamp>()
        };
        let shown: String = text.chars().take(40).flat_map(char::escape_default).collect();
        let timestamp = timestamp.map_err(|_| {
            format!("`{shown}` is not a date: write `2018-12-31` or, with an offset from UTC, `2018-12-31T16:00:00Z`")
        })?;
        i64::try_from(timestamp.as_nanosecond())
            .map(Self)
            .map_err(|_| format!("`{shown}` is too far away: dates reach from 1677-09-22 to 2262-04-11"))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MomentVisitor;
        impl<'de> Visitor<'de> for MomentVisitor {
            type Value = Moment;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date such as `2018-12-31`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Moment, E> {
                text.parse().map_err(E::custom)
            }

            // TOML's dates come as maps with a key of their own.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Moment, A::Error> {
                match map.next_entry::<String, String>()? {
                    Some((key, text)) if key == "$__toml_private_datetime" => self.visit_str(&text),
                    _ => Err(A::Error::custom("expected a date such as `2018-12-31`")),
                }
            }
        }
        deserializer.deserialize_any(MomentVisitor)
    }
}

/// A time so many months and then so many nanoseconds later, in UTC: the same day of the month, or its last one where there
/// is no such day. The end of all time where the calendar ends.
pub(super) fn later(time: i64, months: i64, nanoseconds: i64) -> i64 {
    let moved = if months == 0 { Some(time) } else { months_later(time, months) };
    moved.map_or(i64::MAX, |time| time.saturating_add(nanoseconds))
}

fn months_later(time: i64, months: i64) -> Option<i64> {
    let timestamp = Timestamp::from_nanosecond(i128::from(time)).ok()?;
    let span = Span::new().try_months(months).ok()?;
    let moved = TimeZone::UTC.to_datetime(timestamp).checked_add(span).ok()?;
    i64::try_from(TimeZone::UTC.to_timestamp(moved).ok()?.as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000_000;

    fn moment(text: &str) -> i64 {
        text.parse::<Moment>().unwrap().0
    }

    #[test]
    fn a_day_is_its_midnight_and_a_moment_has_an_offset() {
        assert_eq!(moment("1970-01-02"), DAY);
        assert_eq!(moment("1970-01-02T01:00:00+01:00"), DAY);
        for text in ["1970-1-2", "1970-02-30", "soon", "1970-01-02T01:00:00", "1600-01-01", ""] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_moment_survives_its_text() {
        for time in [0, DAY, -DAY, DAY + 1, i64::MIN, i64::MAX] {
            assert_eq!(moment(&Moment(time).to_string()), time);
        }
        assert_eq!(Moment(DAY).to_string(), "1970-01-02");
    }

    #[test]
    fn months_keep_the_day_or_end_with_the_month() {
        let moved = |text, months| Moment(later(moment(text), months, 0)).to_string();
        assert_eq!(moved("2020-01-31", 1), "2020-02-29");
        assert_eq!(moved("2020-01-31", 2), "2020-03-31");
        assert_eq!(moved("2019-02-28", 12), "2020-02-28");
        assert_eq!(moved("2020-02-29", 12), "2021-02-28");
        assert_eq!(moved("2020-03-31T09:30:00Z", 1), "2020-04-30T09:30:00Z");
        assert_eq!(later(0, i64::MAX, 0), i64::MAX);
        assert_eq!(later(0, 12 * 400, 0), i64::MAX);
    }
}
