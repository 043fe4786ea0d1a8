//! Text to nanoseconds since the Unix epoch, UTC.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::error::clip;

/// Why some text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// None of the known forms.
    #[error("`{0}` is not a date: write `2018-12-31` or, with an offset from UTC, `2018-12-31T16:00:00Z`")]
    Unreadable(String),
    /// A date too far away for 64 bits of nanoseconds.
    #[error("`{0}` is too far away: dates reach from 1677-09-22 to 2262-04-11")]
    OutOfRange(String),
    /// A number that could be both a calendar date and seconds since the Unix epoch.
    #[error("`{0}` could be a date or a count of seconds: write a date as `2018-12-31`")]
    Ambiguous(i64),
    /// A number in another unit than the file's first.
    #[error("`{value}` looks like {unit} where the rows before have {expected}: use one unit in a file")]
    MixedUnits {
        /// The number.
        value: i64,
        /// The unit that its magnitude tells.
        unit: &'static str,
        /// The unit of the first number in the file.
        expected: &'static str,
    },
}

/// A day as `2018-12-31` (its midnight, UTC) or a moment in RFC 3339, as nanoseconds since the Unix epoch.
///
/// # Errors
/// Text in another form, or a date that 64 bits of nanoseconds cannot express.
pub fn parse_date(text: &str) -> Result<i64, DateError> {
    let text = text.trim();
    let timestamp = if text.len() == "2018-12-31".len() { midnight("%Y-%m-%d", text) } else { rfc3339(text) };
    nanoseconds(timestamp, text)
}

/// A time as people read it, for messages.
pub(crate) fn show(nanoseconds: i64) -> Timestamp {
    // A timestamp covers ten times the years that 64 bits of nanoseconds do.
    Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or_default()
}

/// Reads the time column of one file, whose integers share one unit.
#[derive(Debug, Default)]
pub(crate) struct TimeColumn {
    unit: Option<Unit>,
}

impl TimeColumn {
    /// A cell's time, nanoseconds since the Unix epoch.
    pub(crate) fn read(&mut self, text: &str) -> Result<i64, DateError> {
        if let Ok(value) = text.parse::<i64>() {
            return self.integer(value);
        }
        // Lengths tell a time without an offset (UTC by definition here) from RFC 3339, which always has one.
        let timestamp = match text.len() {
            _ if text.contains('/') => midnight("%m/%d/%Y", text),
            16 => moment("%Y-%m-%d %H:%M", text),
            19 => moment("%Y-%m-%d %H:%M:%S", text),
            _ => return parse_date(text),
        };
        nanoseconds(timestamp, text)
    }

    fn integer(&mut self, value: i64) -> Result<i64, DateError> {
        // `20181231` is a common way to write a day. As seconds it would be a quiet 1970, before any such data.
        if (19_000_101..=20_991_231).contains(&value) {
            return Err(DateError::Ambiguous(value));
        }
        let unit = Unit::of(value);
        let expected = *self.unit.get_or_insert(unit);
        if unit != expected {
            return Err(DateError::MixedUnits { value, unit: unit.name(), expected: expected.name() });
        }
        value.checked_mul(unit.nanoseconds()).ok_or_else(|| DateError::OutOfRange(value.to_string()))
    }
}

/// What an integer counts since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

impl Unit {
    /// By magnitude: 1e11 is the year 5138 in seconds and 1973 in the next finer unit, and so on down.
    fn of(value: i64) -> Self {
        match value.unsigned_abs() {
            0..100_000_000_000 => Self::Seconds,
            100_000_000_000..100_000_000_000_000 => Self::Milliseconds,
            100_000_000_000_000..100_000_000_000_000_000 => Self::Microseconds,
            _ => Self::Nanoseconds,
        }
    }

    fn nanoseconds(self) -> i64 {
        match self {
            Self::Seconds => 1_000_000_000,
            Self::Milliseconds => 1_000_000,
            Self::Microseconds => 1_000,
            Self::Nanoseconds => 1,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
            Self::Nanoseconds => "nanoseconds",
        }
    }
}

fn midnight(format: &str, text: &str) -> Result<Timestamp, jiff::Error> {
    utc(Date::strptime(format, text)?.to_datetime(jiff::civil::Time::midnight()))
}

fn moment(format: &str, text: &str) -> Result<Timestamp, jiff::Error> {
    utc(DateTime::strptime(format, text)?)
}

fn utc(datetime: DateTime) -> Result<Timestamp, jiff::Error> {
    TimeZone::UTC.to_timestamp(datetime)
}

fn rfc3339(text: &str) -> Result<Timestamp, jiff::Error> {
    text.parse()
}

fn nanoseconds(timestamp: Result<Timestamp, jiff::Error>, text: &str) -> Result<i64, DateError> {
    let timestamp = timestamp.map_err(|_| DateError::Unreadable(clip(text)))?;
    i64::try_from(timestamp.as_nanosecond()).map_err(|_| DateError::OutOfRange(clip(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2018-12-31T00:00:00Z, seconds.
    const DAY: i64 = 1_546_214_400;
    const SECOND: i64 = 1_000_000_000;

    fn read(text: &str) -> Result<i64, DateError> {
        TimeColumn::default().read(text)
    }

    #[test]
    fn a_day_is_its_midnight_in_utc() {
        assert_eq!(read("2018-12-31"), Ok(DAY * SECOND));
        assert_eq!(read("12/31/2018"), Ok(DAY * SECOND));
        assert_eq!(read("1/4/1999"), read("1999-01-04"));
    }

    #[test]
    fn a_time_of_day_without_an_offset_is_utc() {
        assert_eq!(read("2018-12-31 16:30"), Ok((DAY + 59_400) * SECOND));
        assert_eq!(read("2018-12-31 16:30:05"), Ok((DAY + 59_405) * SECOND));
    }

    #[test]
    fn an_offset_is_applied_and_fractions_are_kept() {
        assert_eq!(read("2018-12-31T00:00:00Z"), Ok(DAY * SECOND));
        assert_eq!(read("2018-12-31T01:00:00+01:00"), Ok(DAY * SECOND));
        assert_eq!(read("2018-12-30 19:00:00-05:00"), Ok(DAY * SECOND));
        assert_eq!(read("2018-12-31T00:00:00.000000001Z"), Ok(DAY * SECOND + 1));
    }

    #[test]
    fn the_magnitude_of_an_integer_tells_its_unit() {
        for scale in [1, 1_000, 1_000_000, SECOND] {
            assert_eq!(read(&(DAY * scale).to_string()), Ok(DAY * SECOND), "scale {scale}");
        }
        assert_eq!(read("0"), Ok(0));
        assert_eq!(read("-86400"), Ok(-86_400 * SECOND));
    }

    #[test]
    fn a_column_keeps_the_unit_of_its_first_integer() {
        let mut column = TimeColumn::default();
        assert_eq!(column.read("1546214400000"), Ok(DAY * SECOND));
        assert_eq!(column.read("1546214400001"), Ok(DAY * SECOND + 1_000_000));
        let mixed = column.read("1546214400").unwrap_err().to_string();
        assert_eq!(
            mixed,
            "`1546214400` looks like seconds where the rows before have milliseconds: use one unit in a file"
        );
    }

    #[test]
    fn a_calendar_date_written_as_a_number_is_refused_rather_than_read_as_1970() {
        assert_eq!(read("20181231"), Err(DateError::Ambiguous(20_181_231)));
        assert!(read("200000000").is_ok());
    }

    #[test]
    fn what_is_not_a_date_is_refused() {
        for text in ["", "soon", "2018-02-30", "13/31/2018", "2018-12-31T16:00:00", "2018-12-31 25:00", "1.5"]
        {
            assert_eq!(read(text), Err(DateError::Unreadable(text.to_owned())));
        }
    }

    #[test]
    fn dates_reach_as_far_as_64_bits_of_nanoseconds() {
        for text in ["1677-09-22", "2262-04-11", "9223372036854775807"] {
            assert!(read(text).is_ok(), "{text}");
        }
        for text in ["1677-09-21", "2262-04-12", "9300000000", "1/4/99"] {
            assert_eq!(read(text), Err(DateError::OutOfRange(text.to_owned())));
        }
    }

    #[test]
    fn a_sweep_file_may_say_a_day_or_a_moment_and_nothing_else() {
        assert_eq!(parse_date("2018-12-31"), Ok(DAY * SECOND));
        assert_eq!(parse_date(" 2018-12-31T00:00:00Z "), Ok(DAY * SECOND));
        for text in ["12/31/2018", "1546214400", "2018-12-31 16:00"] {
            assert_eq!(parse_date(text), Err(DateError::Unreadable(text.to_owned())));
        }
    }
}
