//! Local clocks: what they show, and which moment is meant by what they show.

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use crate::error::clip;

/// The name of the time zone that is used where none is given.
pub(crate) const UTC: &str = "UTC";

/// A time zone by its IANA name, with the rules that come with this program: the machine's own are not asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Zone {
    name: String,
    /// `None` for UTC.
    rules: Option<TimeZone>,
}

/// Which moment a local time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// This one.
    Once(i64),
    /// Two: the clock was set back.
    Twice(i64, i64),
    /// None: the clock was set forward over it. By as much later, it is this one.
    Never(i64),
}

impl Zone {
    /// The zone of this name, UTC without one.
    pub(crate) fn named(name: Option<&str>) -> Result<Self, String> {
        match name {
            None | Some(UTC) => Ok(Self { name: UTC.to_owned(), rules: None }),
            Some(name) => match TimeZoneDatabase::bundled().get(name) {
                Ok(rules) => {
                    let name = rules.iana_name().unwrap_or(name).to_owned();
                    Ok(Self { name, rules: Some(rules) })
                }
                Err(_) => Err(format!(
                    "`{}` is no time zone: use a name of the IANA database, such as `America/New_York` or `UTC`",
                    clip(name)
                )),
            },
        }
    }

    /// Whether it is another than UTC.
    pub(crate) fn changes(&self) -> bool {
        self.rules.is_some()
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Nanoseconds that the local clock is ahead of UTC.
    fn offset(&self, time: i64) -> i64 {
        let Some(rules) = &self.rules else { return 0 };
        i64::from(rules.to_offset(timestamp(time.into())).seconds()) * 1_000_000_000
    }

    /// What the local clock shows, as nanoseconds since its own 1970-01-01 00:00.
    pub(crate) fn local(&self, time: i64) -> i128 {
        i128::from(time) + i128::from(self.offset(time))
    }

    /// Which moment the local clock shows this at. Times outside of 64 bits are moved to their ends.
    pub(crate) fn find(&self, local: i128) -> Moment {
        let at = |offset: jiff::tz::Offset| {
            let moment = local - i128::from(offset.seconds()) * 1_000_000_000;
            moment.clamp(i64::MIN.into(), i64::MAX.into()) as i64
        };
        let Some(rules) = &self.rules else {
            return Moment::Once(local.clamp(i64::MIN.into(), i64::MAX.into()) as i64);
        };
        let shown = TimeZone::UTC.to_datetime(timestamp(local));
        match rules.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => Moment::Once(at(offset)),
            AmbiguousOffset::Gap { before, .. } => Moment::Never(at(before)),
            AmbiguousOffset::Fold { before, after } => Moment::Twice(at(before), at(after)),
        }
    }

    /// The same, of two the first, and for none the one that the clock would have shown it at.
    pub(crate) fn moment(&self, local: i128) -> i64 {
        match self.find(local) {
            Moment::Once(time) | Moment::Twice(time, _) | Moment::Never(time) => time,
        }
    }
}

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::named(Some(&name))
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name
    }
}

/// Timestamps reach further than 64 bits of nanoseconds, and local times are within a day of those.
fn timestamp(nanoseconds: i128) -> Timestamp {
    Timestamp::from_nanosecond(nanoseconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_date;

    #[test]
    fn a_clock_that_is_changed_shows_times_twice_and_never() {
        let zone = Zone::named(Some("America/New_York")).unwrap();
        let local = |text: &str| i128::from(parse_date(text).unwrap());
        let at = |text: &str| parse_date(text).unwrap();
        assert_eq!(zone.find(local("2024-01-02T09:30:00Z")), Moment::Once(at("2024-01-02T14:30:00Z")));
        assert_eq!(zone.find(local("2024-03-10T02:30:00Z")), Moment::Never(at("2024-03-10T07:30:00Z")));
        let twice = Moment::Twice(at("2024-11-03T05:30:00Z"), at("2024-11-03T06:30:00Z"));
        assert_eq!(zone.find(local("2024-11-03T01:30:00Z")), twice);
        assert_eq!(zone.local(at("2024-07-01T13:30:00Z")), local("2024-07-01T09:30:00Z"));
    }

    #[test]
    fn zones_come_with_the_program_and_unknown_ones_are_refused() {
        assert_eq!(Zone::named(None).unwrap().name(), "UTC");
        assert_eq!(Zone::named(Some("Asia/Tokyo")).unwrap().name(), "Asia/Tokyo");
        let refusal = Zone::named(Some("New York")).unwrap_err();
        assert!(refusal.starts_with("`New York` is no time zone"), "{refusal}");
        assert!(Zone::named(Some("/etc/localtime")).is_err() && Zone::named(Some("")).is_err());
    }
}
