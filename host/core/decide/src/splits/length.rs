//! Lengths of parts and of gaps between them.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::SplitError;
use super::moment::later;

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;
/// What periods are written in; `true` for months. Longer units first, for showing them.
const UNITS: [(&str, i64, bool); 7] = [
    ("y", 12, true),
    ("m", 1, true),
    ("w", 7 * DAY, false),
    ("d", DAY, false),
    ("h", 3_600 * SECOND, false),
    ("min", 60 * SECOND, false),
    ("s", SECOND, false),
];

/// A length of time by the calendar in UTC, such as `3y`, `6m` (months), `2w`, `30d`, `12h`, `15min` or `30s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    months: i64,
    nanoseconds: i64,
}

impl Period {
    /// The time so much later: months first, then the rest. The end of all time where the calendar ends.
    #[must_use]
    pub fn after(self, time: i64) -> i64 {
        later(time, self.months, self.nanoseconds)
    }

    /// One after the other: as many months, and as much of the rest, as both have.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            months: self.months.saturating_add(other.months),
            nanoseconds: self.nanoseconds.saturating_add(other.nanoseconds),
        }
    }

    /// So many times.
    #[must_use]
    pub fn times(self, n: i64) -> Self {
        Self { months: self.months.saturating_mul(n), nanoseconds: self.nanoseconds.saturating_mul(n) }
    }
}

/// Text that is no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a length of time: write a whole number from 1 and a unit, such as `3y`, `6m` (months), `2w`, `30d`, \
         `12h`, `15min` or `30s`"
)]
pub struct NotAPeriod(pub String);

impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        let refused = || NotAPeriod(text.chars().take(40).flat_map(char::escape_default).collect());
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number = number.parse::<u32>().ok().filter(|number| *number > 0).ok_or_else(refused)?;
        let (_, size, is_months) = UNITS.into_iter().find(|(name, ..)| *name == unit).ok_or_else(refused)?;
        let amount = i64::from(number).checked_mul(size).ok_or_else(refused)?;
        Ok(if is_months {
            Self { months: amount, nanoseconds: 0 }
        } else {
            Self { months: 0, nanoseconds: amount }
        })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = if self.months > 0 { self.months } else { self.nanoseconds };
        let fits =
            |(_, size, is_months): &(&str, i64, bool)| *is_months == (self.months > 0) && amount % size == 0;
        let (name, size, _) = UNITS.into_iter().find(fits).unwrap_or(("s", SECOND, false));
        write!(f, "{}{name}", amount / size)
    }
}

/// A length in steps (distinct times), as a share of all steps, or in time. In settings a whole number, a fraction below 1,
/// or text such as `"6m"`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// So many steps.
    Bars(u64),
    /// This share of all steps that are split, rounded down.
    Share(f64),
    /// So much time.
    Time(Period),
}

impl Default for Length {
    /// Nothing.
    fn default() -> Self {
        Self::Bars(0)
    }
}

impl Length {
    /// Whether it can be a gap between parts.
    pub(super) fn check_gap(self, setting: &'static str, may_be_share: bool) -> Result<(), SplitError> {
        match self {
            Self::Share(_) if !may_be_share => Err(SplitError::setting(
                setting,
                "is a share: give a whole number of bars, or a length of time such as `\"5d\"`",
            )),
            Self::Share(share) if !(0.0..1.0).contains(&share) => {
                Err(SplitError::setting(setting, format!("is {share}: a share is from 0 to below 1")))
            }
            _ => Ok(()),
        }
    }
}

/// The time and the steps that some gaps are together.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gap {
    pub(super) time: Option<Period>,
    pub(super) steps: usize,
}

impl Gap {
    /// Gaps one after the other; shares are of so many steps.
    pub(super) fn of(lengths: &[Length], all: usize) -> Self {
        let mut gap = Self::default();
        for length in lengths {
            match *length {
                Length::Bars(bars) => gap.steps = gap.steps.saturating_add(to_usize(bars)),
                // From 0 to below 1 of a number of steps, to the nearest: never beyond them.
                Length::Share(share) => {
                    gap.steps = gap.steps.saturating_add(libm::round(share * all as f64) as usize);
                }
                Length::Time(period) => {
                    gap.time = Some(gap.time.map_or(period, |before| before.plus(period)));
                }
            }
        }
        gap
    }
}

pub(super) fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bars(bars) => serializer.serialize_u64(*bars),
            Self::Share(share) => serializer.serialize_f64(*share),
            Self::Time(period) => serializer.collect_str(period),
        }
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LengthVisitor;
        impl Visitor<'_> for LengthVisitor {
            type Value = Length;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of bars, a share below 1, or a length of time such as `\"6m\"`")
            }

            fn visit_u64<E: Error>(self, bars: u64) -> Result<Length, E> {
                Ok(Length::Bars(bars))
            }

            fn visit_i64<E: Error>(self, bars: i64) -> Result<Length, E> {
                u64::try_from(bars)
                    .map(Length::Bars)
                    .map_err(|_| E::custom(format_args!("`{bars}` is below zero: a length is not")))
            }

            fn visit_f64<E: Error>(self, share: f64) -> Result<Length, E> {
                if (0.0..1.0).contains(&share) {
                    return Ok(Length::Share(share));
                }
                Err(E::custom(format_args!(
                    "`{share}` is no share, which is from 0 to below 1; write a number of bars without a point"
                )))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Length, E> {
                text.parse().map(Length::Time).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(LengthVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_survives_its_text() {
        for text in ["3y", "6m", "18m", "2w", "30d", "12h", "15min", "30s"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
        assert_eq!("24m".parse::<Period>(), "2y".parse());
        assert_eq!("14d".parse::<Period>(), "2w".parse());
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for text in ["", "3", "y", "0d", "-1d", "1.5y", "3 y", "3Y", "99999999999d", "1d\u{7f}"] {
            let refused = text.parse::<Period>().unwrap_err().to_string();
            assert!(refused.contains("is not a length of time"), "{refused}");
        }
    }

    #[test]
    fn a_length_is_told_by_how_it_is_written() {
        let read = |text: &str| serde_json::from_str::<Length>(text).map_err(|error| error.to_string());
        assert_eq!(read("12"), Ok(Length::Bars(12)));
        assert_eq!(read("0.25"), Ok(Length::Share(0.25)));
        assert_eq!(read("\"6m\""), Ok(Length::Time("6m".parse().unwrap())));
        for text in ["-1", "1.0", "1.5", "\"6\"", "true"] {
            assert!(read(text).is_err(), "{text}");
        }
        for length in [Length::Bars(3), Length::Share(0.1), Length::Time("5d".parse().unwrap())] {
            assert_eq!(read(&serde_json::to_string(&length).unwrap()), Ok(length));
        }
    }
}
