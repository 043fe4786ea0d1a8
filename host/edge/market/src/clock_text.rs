//! Dates and times of day as text, in the forms that files have them in. Written for speed: a file has millions.

use crate::date::DateError;
use crate::error::clip;
use crate::options::DateFormat;

/// What a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Days since 1970-01-01.
    pub(crate) day: i64,
    /// Nanoseconds since midnight.
    pub(crate) time: i64,
    /// Seconds ahead of UTC, if it says so.
    pub(crate) offset: Option<i32>,
    /// Whether there is no time of day.
    pub(crate) is_day: bool,
}

/// Three numbers of which the first is no year, and a time of day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers<'a> {
    parts: [i64; 3],
    time: Option<i64>,
    text: &'a [u8],
}

/// What the first two of three numbers tell of their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vote {
    /// This one.
    For(DateFormat),
    /// It does not matter: they are the same.
    Either,
    /// Nothing.
    Undecided,
}

/// `2018-12-31` (or with slashes), alone or followed by `T` or a blank, a time of day and, if wanted, an offset.
pub(crate) fn iso(text: &[u8]) -> Option<Parts> {
    let (date, rest) = text.split_at_checked(10)?;
    let separator = date[4];
    if !matches!(separator, b'-' | b'/') || date[7] != separator {
        return None;
    }
    let day = day(digits(&date[..4])?, digits(&date[5..7])?, digits(&date[8..])?)?;
    let Some((mark, rest)) = rest.split_first() else {
        return Some(Parts { day, time: 0, offset: None, is_day: true });
    };
    if !matches!(mark, b'T' | b't' | b' ') {
        return None;
    }
    let (time, rest) = time(rest)?;
    Some(Parts { day, time, offset: offset(rest)?, is_day: false })
}

/// `12/31/2018`, with any of `/`, `-` and `.` between, alone or followed by a blank and a time of day.
pub(crate) fn numbers(text: &[u8]) -> Option<Numbers<'_>> {
    let end = text.iter().position(|byte| matches!(byte, b' ' | b'T')).unwrap_or(text.len());
    let (date, rest) = text.split_at(end);
    let separator = *date.iter().find(|byte| !byte.is_ascii_digit())?;
    if !matches!(separator, b'/' | b'-' | b'.') {
        return None;
    }
    let mut parts = date.split(|byte| *byte == separator);
    let parts = [parts.next()?, parts.next()?, parts.next().filter(|_| parts.next().is_none())?];
    if parts[0].len() > 2 || parts[1].len() > 2 || parts[2].len() > 4 {
        return None;
    }
    let time = match rest.split_first() {
        None => None,
        Some((_, rest)) => Some(time(rest).filter(|(_, rest)| rest.is_empty())?.0),
    };
    let [first, second, year] = parts.map(digits);
    Some(Numbers { parts: [first?, second?, year?], time, text })
}

/// What it says when its parts are in this order; `None` if the order is needed and not known.
pub(crate) fn ordered(numbers: Numbers<'_>, format: Option<DateFormat>) -> Option<Result<Parts, DateError>> {
    let [first, second, year] = numbers.parts;
    let (month, day_of_month) = match format {
        Some(DateFormat::DayFirst) => (second, first),
        Some(DateFormat::MonthFirst) => (first, second),
        Some(DateFormat::Digits) | None => return None,
    };
    let is_day = numbers.time.is_none();
    let parts = day(year, month, day_of_month).map(|day| Parts {
        day,
        time: numbers.time.unwrap_or(0),
        offset: None,
        is_day,
    });
    Some(parts.ok_or_else(|| DateError::Unreadable(clip(&String::from_utf8_lossy(numbers.text)))))
}

/// What a text tells of the order; `None` if it needs none.
pub(crate) fn vote(text: &[u8]) -> Option<Vote> {
    if iso(text).is_some() {
        return None;
    }
    let [first, second, _] = numbers(text)?.parts;
    Some(match (first > 12, second > 12) {
        (true, false) => Vote::For(DateFormat::DayFirst),
        (false, true) => Vote::For(DateFormat::MonthFirst),
        _ if first == second => Vote::Either,
        _ => Vote::Undecided,
    })
}

/// Days since 1970-01-01 of a date that exists.
pub(crate) fn day(year: i64, month: i64, day: i64) -> Option<i64> {
    const LENGTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = *LENGTHS.get(usize::try_from(month - 1).ok()?)? + i64::from(leap && month == 2);
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin in March end with the day that some of them lack.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + year * 365 + year / 4 - year / 100 + of_year - 719_468)
}

/// `9:30`, `09:30`, `09:30:05` or `09:30:05.123456789`, and what follows.
fn time(text: &[u8]) -> Option<(i64, &[u8])> {
    let colon = text.iter().take(3).position(|byte| *byte == b':')?;
    let hours = digits(&text[..colon])?;
    let (minutes, mut rest) = text[colon + 1..].split_at_checked(2)?;
    let minutes = digits(minutes)?;
    let (mut seconds, mut fraction) = (0, 0);
    if let [b':', after @ ..] = rest {
        let (two, after) = after.split_at_checked(2)?;
        seconds = digits(two)?;
        rest = after;
        if let [b'.' | b',', after @ ..] = rest {
            let count = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if !(1..=9).contains(&count) {
                return None;
            }
            fraction = digits(&after[..count])? * 10_i64.pow(9 - count as u32);
            rest = &after[count..];
        }
    }
    let valid = hours <= 23 && minutes <= 59 && seconds <= 59;
    valid.then_some(((hours * 3_600 + minutes * 60 + seconds) * 1_000_000_000 + fraction, rest))
}

/// Nothing, `Z`, `+01:00`, `+0100` or `+01`; seconds ahead of UTC. The outer `None` is for anything else.
fn offset(text: &[u8]) -> Option<Option<i32>> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let (sign, text) = match text {
        [] => return Some(None),
        [b'Z' | b'z'] => return Some(Some(0)),
        [b'+', text @ ..] => (1, text),
        [b'-', text @ ..] => (-1, text),
        _ => return None,
    };
    let (hours, minutes) = match text {
        [_, _] => (text, &b"00"[..]),
        [_, _, b':', minutes @ ..] => (&text[..2], minutes),
        [_, _, minutes @ ..] => (&text[..2], minutes),
        _ => return None,
    };
    let (hours, minutes) = (digits(hours)?, digits(minutes).filter(|_| minutes.len() == 2)?);
    let valid = hours <= 23 && minutes <= 59;
    valid.then_some(Some(sign * (hours * 3_600 + minutes * 60) as i32))
}

/// A number of at most nine digits.
fn digits(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 9 {
        return None;
    }
    let mut value = 0;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        let mut count = day(1600, 1, 1).unwrap();
        let mut previous = jiff::civil::date(1600, 1, 1);
        for _ in 0..300_000 {
            let next = previous.tomorrow().unwrap();
            count += 1;
            assert_eq!(day(next.year().into(), next.month().into(), next.day().into()), Some(count));
            previous = next;
        }
        assert_eq!(day(1970, 1, 1), Some(0));
        for (year, month, of_month) in
            [(2018, 2, 29), (1900, 2, 29), (2018, 0, 1), (2018, 13, 1), (2018, 4, 31), (2018, 1, 0)]
        {
            assert_eq!(day(year, month, of_month), None);
        }
    }

    #[test]
    fn offsets_are_read_in_every_form() {
        for (text, seconds) in
            [("Z", 0), ("+01:00", 3_600), ("-0530", -19_800), ("+09", 32_400), (" +01:00", 3_600)]
        {
            assert_eq!(offset(text.as_bytes()), Some(Some(seconds)), "{text}");
        }
        for text in ["+", "+1", "+01:0", "+24:00", "+01:60", "EST", "+01:00Z"] {
            assert_eq!(offset(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_part_above_twelve_tells_the_order() {
        assert_eq!(vote(b"1/13/2020"), Some(Vote::For(DateFormat::MonthFirst)));
        assert_eq!(vote(b"13.1.2020 10:00"), Some(Vote::For(DateFormat::DayFirst)));
        assert_eq!((vote(b"2/2/2020"), vote(b"1/2/2020")), (Some(Vote::Either), Some(Vote::Undecided)));
        assert_eq!((vote(b"2020-01-13"), vote(b"soon"), vote(b"1577836800")), (None, None, None));
    }
}
