//! When an instrument trades, as far as its bars tell, and what it lacks of that.

use serde::Serialize;

use crate::span::{DAY, HOUR};
use crate::zone::Zone;

const MINUTE: i64 = HOUR / 60;
const MINUTES_A_DAY: usize = 1_440;
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// What an instrument's bars tell of its calendar.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CalendarReport {
    /// `24x7`, `weekdays`, `session` or `irregular`: too few bars, or bars longer than a day.
    pub kind: &'static str,
    /// In words, such as `Mon-Fri 09:30-16:00`.
    pub description: String,
    /// Bars that are lacking on days that have some.
    pub missing_bars: u64,
    /// Days that are lacking as a whole. Holidays are among them.
    pub missing_days: u64,
    /// Bars at times at which there usually is none.
    pub unexpected_bars: u64,
}

/// Counts bars by weekday and minute of the day, on the local clock.
pub(crate) struct Calendar {
    zone: Zone,
    /// The last day that had a bar, counted from 1970.
    day: Option<i64>,
    /// Days that had bars, by weekday.
    days: [u64; 7],
    /// Bars by minute of the week.
    minutes: Vec<u32>,
}

/// A day's weekday, Monday first.
fn weekday(day: i64) -> usize {
    // 1970 began on a Thursday.
    (day + 3).rem_euclid(7) as usize
}

impl Calendar {
    pub(crate) fn new(zone: Zone) -> Self {
        Self { zone, day: None, days: [0; 7], minutes: vec![0; 7 * MINUTES_A_DAY] }
    }

    fn local_day(&self, time: i64) -> (i64, i64) {
        let local = self.zone.local(time);
        (local.div_euclid(DAY.into()) as i64, local.rem_euclid(DAY.into()) as i64)
    }

    pub(crate) fn add(&mut self, time: i64) {
        let (day, of_day) = self.local_day(time);
        if self.day != Some(day) {
            self.day = Some(day);
            self.days[weekday(day)] += 1;
        }
        let minute = weekday(day) * MINUTES_A_DAY + (of_day / MINUTE) as usize;
        self.minutes[minute] = self.minutes[minute].saturating_add(1);
    }

    /// What is known when bars are usually `spacing` apart and lie between two times.
    pub(crate) fn report(&self, spacing: Option<u64>, (first, last): (i64, i64)) -> CalendarReport {
        let total: u64 = self.days.iter().sum();
        let irregular = || CalendarReport {
            kind: "irregular",
            description: "cannot be told".to_owned(),
            ..Default::default()
        };
        let Some(spacing) = spacing.filter(|spacing| *spacing <= 26 * HOUR as u64) else {
            return irregular();
        };
        // A week of days, or two days of shorter bars.
        if total < if spacing >= 20 * HOUR as u64 { 7 } else { 2 } {
            return irregular();
        }
        let most = self.days.into_iter().max().unwrap_or(0);
        let open: Vec<usize> =
            (0..7).filter(|day| self.days[*day] * 5 >= most && self.days[*day] > 0).collect();
        let missing_days = self.missing_days(&open, first, last);
        let days = match open.as_slice() {
            [0, 1, 2, 3, 4] => "Mon-Fri".to_owned(),
            [0, 1, 2, 3, 4, 5, 6] => "every day".to_owned(),
            some => some.iter().map(|day| WEEKDAYS[*day]).collect::<Vec<_>>().join(", "),
        };
        let strays = |day: usize| !open.contains(&day);
        if spacing >= 20 * HOUR as u64 {
            let kind = if open.len() == 7 { "24x7" } else { "weekdays" };
            let unexpected_bars = (0..7).filter(|day| strays(*day)).map(|day| self.days[day]).sum();
            return CalendarReport {
                kind,
                description: days,
                missing_bars: 0,
                missing_days,
                unexpected_bars,
            };
        }
        self.session(&open, &days, spacing, missing_days)
    }

    /// Weekdays in the calendar between two times, less those that have bars.
    fn missing_days(&self, open: &[usize], first: i64, last: i64) -> u64 {
        let (first, last) = (self.local_day(first).0, self.local_day(last).0);
        let length = last - first + 1;
        let of_weekday = |day: usize| {
            let until = (day as i64 - weekday(first) as i64).rem_euclid(7);
            // Lossless: a count of days.
            if until >= length { 0 } else { ((length - 1 - until) / 7 + 1) as u64 }
        };
        open.iter().map(|&day| of_weekday(day).saturating_sub(self.days[day])).sum()
    }

    fn session(&self, open: &[usize], days: &str, spacing: u64, missing_days: u64) -> CalendarReport {
        // Bars that a minute has room for, where they are shorter than one.
        let room = (MINUTE as u64 / spacing.max(1)).max(1);
        let (mut missing_bars, mut unexpected_bars) = (0, 0);
        let (mut begin, mut end, mut usual) = (MINUTES_A_DAY, 0, 0_u64);
        for (minute, &count) in self.minutes.iter().enumerate() {
            let (day, of_day, count) = (minute / MINUTES_A_DAY, minute % MINUTES_A_DAY, u64::from(count));
            let full = self.days[day] * room;
            if !open.contains(&day) || count * 2 < full || count == 0 {
                unexpected_bars += count;
                continue;
            }
            missing_bars += full.saturating_sub(count);
            (begin, end, usual) = (begin.min(of_day), end.max(of_day), usual + room);
        }
        let length = spacing.div_ceil(MINUTE as u64) as usize;
        let per_day = DAY as u64 / spacing.max(1);
        // But for an hour that a changed clock skips.
        let all_day = open.len() == 7 && usual * 20 >= 7 * per_day * 19;
        let clock = |minute: usize| format!("{:02}:{:02}", minute / 60, minute % 60);
        let description = if usual == 0 {
            days.to_owned()
        } else {
            format!("{days} {}-{}", clock(begin), clock((end + length).min(MINUTES_A_DAY)))
        };
        let kind = match (usual, all_day) {
            (0, _) => "irregular",
            (_, true) => "24x7",
            (_, false) => "session",
        };
        CalendarReport { kind, description, missing_bars, missing_days, unexpected_bars }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(zone: &str, spacing: i64, times: impl Iterator<Item = i64> + Clone) -> CalendarReport {
        let mut calendar = Calendar::new(Zone::named(Some(zone)).unwrap());
        times.clone().for_each(|time| calendar.add(time));
        let (first, last) = (times.clone().next().unwrap(), times.last().unwrap());
        calendar.report(Some(spacing as u64), (first, last))
    }

    #[test]
    fn days_without_weekends_are_weekdays_and_a_day_that_lacks_is_missing() {
        let days = (0..100_i64).filter(|day| weekday(*day) < 5 && *day != 50).map(|day| day * DAY);
        let report = report("UTC", DAY, days);
        assert_eq!((report.kind, report.description.as_str()), ("weekdays", "Mon-Fri"));
        assert_eq!((report.missing_days, report.unexpected_bars), (u64::from(weekday(50) < 5), 0));
    }

    #[test]
    fn hours_around_the_clock_are_24x7() {
        let hours = (0..24 * 30_i64).filter(|hour| *hour != 100).map(|hour| hour * HOUR);
        let report = report("UTC", HOUR, hours);
        assert_eq!((report.kind, report.missing_bars, report.missing_days), ("24x7", 1, 0));
        assert_eq!(report.description, "every day 00:00-24:00");
    }

    #[test]
    fn a_session_is_told_on_the_local_clock_throughout_the_year() {
        let zone = Zone::named(Some("America/New_York")).unwrap();
        let days = (19_700..19_900_i64).filter(|day| weekday(*day) < 5);
        let minutes = days.flat_map(|day| (570..960_i64).map(move |minute| day * DAY + minute * MINUTE));
        let times: Vec<i64> = minutes
            .map(|local| zone.moment(local.into()))
            .enumerate()
            .filter(|(index, _)| *index != 5_000)
            .map(|(_, time)| time)
            .collect();
        let report = report("America/New_York", MINUTE, times.into_iter());
        assert_eq!((report.kind, report.description.as_str()), ("session", "Mon-Fri 09:30-16:00"));
        assert_eq!((report.missing_bars, report.missing_days, report.unexpected_bars), (1, 0, 0));
    }
}
