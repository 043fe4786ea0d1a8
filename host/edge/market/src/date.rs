//! Text to nanoseconds since the Unix epoch, UTC.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::clock_text::{self, Parts};
use crate::error::clip;
use crate::options::{DateFormat, Dst};
use crate::zone::{Moment, Zone};

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
    /// A date whose day could be its month, in a file that has no other.
    #[error(
        "`{0}` could be a month's day or a day's month, and no row of the file decides it: set `date_format` to `m/d/y` \
         or `d/m/y`"
    )]
    DayOrMonth(String),
    /// A local time that the clock was set forward over.
    #[error(
        "`{text}` does not exist in `{zone}`, for the clock was set forward over it: write times with an offset, or set \
         `dst` to `shift`"
    )]
    Skipped {
        /// The time.
        text: String,
        /// The time zone.
        zone: String,
    },
    /// A local time that the clock showed twice.
    #[error(
        "`{text}` was twice in `{zone}`, and the order of the rows does not tell which is meant: write times with an \
         offset, or set `dst` to `earlier` or `later`"
    )]
    Repeated {
        /// The time.
        text: String,
        /// The time zone.
        zone: String,
    },
}

/// A day as `2018-12-31` (its midnight, UTC) or a moment in RFC 3339, as nanoseconds since the Unix epoch.
///
/// # Errors
/// Text in another form, or a date that 64 bits of nanoseconds cannot express.
pub fn parse_date(text: &str) -> Result<i64, DateError> {
    let text = text.trim();
    let timestamp = if is_day(text) { midnight("%Y-%m-%d", text) } else { rfc3339(text) };
    nanoseconds(timestamp, text)
}

/// Whether a date is written without a time of day.
pub(crate) fn is_day(text: &str) -> bool {
    text.len() == "2018-12-31".len()
}

/// A time as people read it, for messages.
pub(crate) fn show(nanoseconds: i64) -> Timestamp {
    // A timestamp covers ten times the years that 64 bits of nanoseconds do.
    Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or_default()
}

/// The same in documents.
pub(crate) fn iso<S: serde::Serializer>(nanoseconds: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&show(*nanoseconds))
}

/// What a cell says of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct When {
    pub(crate) moment: Either,
    /// Whether it is a day, without a time of day.
    pub(crate) is_day: bool,
    /// Whether the cell said nothing of an offset, so that the zone's was used.
    pub(crate) is_local: bool,
}

impl When {
    /// A moment that is told as such.
    pub(crate) fn moment(time: i64) -> Self {
        Self { moment: Either::This(time), is_day: false, is_local: false }
    }
}

/// One moment, or, of a local time that was twice, two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Either {
    This(i64),
    Of(i64, i64),
}

/// Reads the time column of one file, whose integers share one unit.
#[derive(Debug)]
pub(crate) struct TimeColumn {
    unit: Option<Unit>,
    pub(crate) format: Option<DateFormat>,
    zone: Zone,
    dst: Dst,
    /// A local day throughout which the clock was not changed, and its offset from UTC.
    calm: Option<(i64, i64)>,
}

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;

impl TimeColumn {
    pub(crate) fn new(zone: Zone, dst: Dst, format: Option<DateFormat>) -> Self {
        Self { unit: None, format, zone, dst, calm: None }
    }

    /// A cell's time.
    pub(crate) fn read(&mut self, text: &str) -> Result<When, DateError> {
        let bytes = text.as_bytes();
        if let Some(parts) = clock_text::iso(bytes) {
            return self.settle(parts, text);
        }
        if let Ok(value) = text.parse::<i64>() {
            return self.integer(value);
        }
        if let Some(numbers) = clock_text::numbers(bytes) {
            return match clock_text::ordered(numbers, self.format) {
                Some(parts) => self.settle(parts?, text),
                None => Err(DateError::DayOrMonth(clip(text))),
            };
        }
        nanoseconds(rfc3339(text), text).map(When::moment)
    }

    /// Days since 1970, in the local calendar.
    pub(crate) fn day(&mut self, day: i64) -> Result<When, DateError> {
        self.settle(Parts { day, time: 0, offset: None, is_day: true }, "the day")
    }

    /// Nanoseconds that a local clock shows since its 1970-01-01 00:00.
    #[cfg(feature = "parquet")]
    pub(crate) fn local(&mut self, local: i64) -> Result<When, DateError> {
        let parts =
            Parts { day: local.div_euclid(DAY), time: local.rem_euclid(DAY), offset: None, is_day: false };
        self.settle(parts, &show(local).to_string().replace('Z', ""))
    }

    fn settle(&mut self, parts: Parts, text: &str) -> Result<When, DateError> {
        let Parts { day, time, offset, is_day } = parts;
        let far = || DateError::OutOfRange(clip(text));
        let when = |moment| When { moment, is_day, is_local: offset.is_none() };
        let shown = i128::from(day) * i128::from(DAY) + i128::from(time);
        let known = offset.map(|offset| i64::from(offset) * SECOND);
        let calm = || self.calm.filter(|(calm, _)| *calm == day).map(|(_, offset)| offset);
        if let Some(offset) = known.or_else(calm) {
            let moment = i64::try_from(shown - i128::from(offset)).map_err(|_| far())?;
            return Ok(when(Either::This(moment)));
        }
        // Local clocks are within a day of UTC's.
        if shown.unsigned_abs() > (i64::MAX - DAY) as u128 {
            return i64::try_from(shown).map(|moment| when(Either::This(moment))).map_err(|_| far());
        }
        self.calm = self.calm_day(day);
        let zone = || self.zone.name().to_owned();
        let moment = match (self.zone.find(shown), self.dst.later()) {
            (Moment::Once(moment), _) => Either::This(moment),
            // A day begins when its clock begins to show it.
            (Moment::Never(moment), _) if is_day || self.dst.shifts() => Either::This(moment),
            (Moment::Twice(moment, _), _) if is_day => Either::This(moment),
            (Moment::Never(_), _) => return Err(DateError::Skipped { text: clip(text), zone: zone() }),
            (Moment::Twice(_, later), Some(true)) => Either::This(later),
            (Moment::Twice(earlier, _), Some(false)) => Either::This(earlier),
            (Moment::Twice(earlier, later), None) => Either::Of(earlier, later),
        };
        Ok(when(moment))
    }

    /// The day with its offset, if its clock was not changed: not within three hours before and after it either.
    fn calm_day(&self, day: i64) -> Option<(i64, i64)> {
        let start = i128::from(day) * i128::from(DAY);
        let around = [-3 * 3_600, 0, 43_200, 86_399, 89_999 + 7_200]
            .map(|seconds| start + seconds * i128::from(SECOND));
        let offset = |shown: i128| match self.zone.find(shown) {
            Moment::Once(moment) => Some(shown - i128::from(moment)),
            Moment::Twice(..) | Moment::Never(_) => None,
        };
        let first = offset(around[0])?;
        let calm = around.into_iter().all(|shown| offset(shown) == Some(first));
        calm.then_some((day, i64::try_from(first).ok()?))
    }

    /// What to say of a local time of which nothing tells which of two moments it is.
    pub(crate) fn repeated(&self, earlier: i64) -> DateError {
        let shown = self.zone.local(earlier).clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        let text = show(shown).to_string().replace('Z', "").replace('T', " ");
        DateError::Repeated { text, zone: self.zone.name().to_owned() }
    }

    /// An integer's time.
    pub(crate) fn integer(&mut self, value: i64) -> Result<When, DateError> {
        // `20181231` is a common way to write a day. As seconds it would be a quiet 1970, before any such data.
        if (19_000_101..=20_991_231).contains(&value) {
            if self.format != Some(DateFormat::Digits) {
                return Err(DateError::Ambiguous(value));
            }
            let [year, month, day] = [value / 10_000, value / 100 % 100, value % 100];
            let day =
                clock_text::day(year, month, day).ok_or_else(|| DateError::Unreadable(value.to_string()))?;
            return self.day(day);
        }
        let unit = Unit::of(value);
        let expected = *self.unit.get_or_insert(unit);
        if unit != expected {
            return Err(DateError::MixedUnits { value, unit: unit.name(), expected: expected.name() });
        }
        let moment =
            value.checked_mul(unit.nanoseconds()).ok_or_else(|| DateError::OutOfRange(value.to_string()))?;
        Ok(When::moment(moment))
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
    let day = Date::strptime(format, text)?;
    TimeZone::UTC.to_timestamp(day.to_datetime(jiff::civil::Time::midnight()))
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

    fn column(format: Option<DateFormat>) -> TimeColumn {
        TimeColumn::new(Zone::named(None).unwrap(), Dst::Error, format)
    }

    fn read_as(format: Option<DateFormat>, text: &str) -> Result<i64, DateError> {
        column(format).read(text).map(|when| match when.moment {
            Either::This(time) => time,
            Either::Of(..) => panic!("UTC is never ambiguous"),
        })
    }

    fn read(text: &str) -> Result<i64, DateError> {
        read_as(None, text)
    }

    #[test]
    fn a_day_is_its_midnight_in_utc() {
        assert_eq!(read("2018-12-31"), Ok(DAY * SECOND));
        assert_eq!(read("2018/12/31"), Ok(DAY * SECOND));
    }

    #[test]
    fn the_order_of_day_and_month_is_a_setting_and_never_a_guess() {
        let (month, day) = (Some(DateFormat::MonthFirst), Some(DateFormat::DayFirst));
        for text in ["12/31/2018", "12-31-2018", "12.31.2018"] {
            assert_eq!(read_as(month, text), Ok(DAY * SECOND), "{text}");
            assert!(matches!(read_as(day, text), Err(DateError::Unreadable(_))), "{text}");
        }
        assert_eq!(read_as(day, "31.12.2018 16:30"), Ok((DAY + 59_400) * SECOND));
        assert_eq!(read_as(month, "1/4/1999"), read("1999-01-04"));
        assert_eq!(read_as(day, "1/4/1999"), read("1999-04-01"));
        assert_eq!(read("1/4/1999"), Err(DateError::DayOrMonth("1/4/1999".to_owned())));
        assert_eq!(read_as(Some(DateFormat::Digits), "20181231"), Ok(DAY * SECOND));
    }

    #[test]
    fn a_time_of_day_without_an_offset_is_utc() {
        assert_eq!(read("2018-12-31 16:30"), Ok((DAY + 59_400) * SECOND));
        assert_eq!(read("2018-12-31 16:30:05"), Ok((DAY + 59_405) * SECOND));
        assert_eq!(read("2018-12-31T16:30:05"), Ok((DAY + 59_405) * SECOND));
        assert_eq!(read("2018-12-31 9:30"), Ok((DAY + 34_200) * SECOND));
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
        let mut column = column(None);
        let mut time = |text: &str| column.read(text).map(|when| when.moment);
        assert_eq!(time("1546214400000"), Ok(Either::This(DAY * SECOND)));
        assert_eq!(time("1546214400001"), Ok(Either::This(DAY * SECOND + 1_000_000)));
        let mixed = time("1546214400").unwrap_err().to_string();
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
        for text in
            ["", "soon", "2018-02-30", "2018-12-31 25:00", "1.5", "2018-13-01", "2018-12-31T", "2018-1-1-1"]
        {
            assert_eq!(read(text), Err(DateError::Unreadable(text.to_owned())));
        }
        for text in ["13/31/2018", "2/30/2018", "1/2/3/4", "1//2018", "0/1/2018"] {
            let month_first = Some(DateFormat::MonthFirst);
            assert_eq!(read_as(month_first, text), Err(DateError::Unreadable(text.to_owned())));
        }
    }

    #[test]
    fn dates_reach_as_far_as_64_bits_of_nanoseconds() {
        for text in ["1677-09-22", "2262-04-11", "9223372036854775807"] {
            assert!(read(text).is_ok(), "{text}");
        }
        for text in ["1677-09-21", "2262-04-12", "9300000000", "1/4/99"] {
            let month_first = Some(DateFormat::MonthFirst);
            assert_eq!(read_as(month_first, text), Err(DateError::OutOfRange(text.to_owned())));
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

    #[test]
    fn local_times_are_of_their_zone_whatever_its_clock_does_that_day() {
        let zone = || Zone::named(Some("America/New_York")).unwrap();
        let mut column = TimeColumn::new(zone(), Dst::Error, None);
        let mut read = |text: &str| column.read(text).map(|when| when.moment);
        let at = |text: &str| Either::This(parse_date(text).unwrap());
        assert_eq!(read("2024-07-01 09:30"), Ok(at("2024-07-01T13:30:00Z")));
        assert_eq!(read("2024-07-01 16:00"), Ok(at("2024-07-01T20:00:00Z")));
        assert_eq!(read("2024-12-02 09:30"), Ok(at("2024-12-02T14:30:00Z")));
        assert_eq!(read("2024-03-10"), Ok(at("2024-03-10T05:00:00Z")));
        assert_eq!(read("2024-03-10 01:59"), Ok(at("2024-03-10T06:59:00Z")));
        assert_eq!(read("2024-03-10 03:00"), Ok(at("2024-03-10T07:00:00Z")));
        assert!(matches!(read("2024-03-10 02:00"), Err(DateError::Skipped { .. })));
        let Ok(Either::Of(earlier, later)) = read("2024-11-03 01:30") else { panic!("it was twice") };
        assert_eq!(later - earlier, 3_600 * SECOND);
        assert_eq!(read("2024-11-03 01:30-05:00"), Ok(Either::This(later)));
        let set = |dst, text: &str| TimeColumn::new(zone(), dst, None).read(text).map(|when| when.moment);
        assert_eq!(set(Dst::Later, "2024-11-03 01:30"), Ok(Either::This(later)));
        assert_eq!(set(Dst::Earlier, "2024-11-03 01:30"), Ok(Either::This(earlier)));
        assert_eq!(set(Dst::Shift, "2024-03-10 02:30"), Ok(at("2024-03-10T07:30:00Z")));
    }
}
