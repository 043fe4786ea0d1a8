//! Where people cut time: by days of a local clock, or at moments.

use std::str::FromStr;

use crate::DateError;
use crate::date::{is_day, parse_date};
use crate::zone::Zone;

/// Where time is cut: at a moment, or where a day begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    time: i64,
    is_day: bool,
}

impl Cut {
    /// When that is, nanoseconds since the Unix epoch: a day begins when the clock of this time zone says so, by default
    /// UTC's.
    ///
    /// # Errors
    /// There is no such zone.
    pub fn moment(self, timezone: Option<&str>) -> Result<i64, String> {
        let zone = Zone::named(timezone)?;
        Ok(if self.is_day { zone.moment(self.time.into()) } else { self.time })
    }
}

impl FromStr for Cut {
    type Err = DateError;

    /// What [`parse_date`] reads.
    fn from_str(text: &str) -> Result<Self, DateError> {
        Ok(Self { time: parse_date(text)?, is_day: is_day(text.trim()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_when_the_zone_s_clock_says_so_and_a_moment_is_one_everywhere() {
        let at = |text: &str, zone| text.parse::<Cut>().unwrap().moment(zone).unwrap();
        let (day, moment) = ("2024-07-01", "2024-07-01T00:00:00Z");
        assert_eq!(at(day, Some("Europe/London")), parse_date("2024-06-30T23:00:00Z").unwrap());
        assert_eq!(at(day, None), parse_date(moment).unwrap());
        assert_eq!(at(moment, Some("Europe/London")), parse_date(moment).unwrap());
        assert!(day.parse::<Cut>().unwrap().moment(Some("London")).unwrap_err().contains("is no time zone"));
        assert!("July".parse::<Cut>().is_err());
    }
}
