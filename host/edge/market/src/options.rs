//! How a file is to be read, where it does not say so itself.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Span;

/// How a source is read and what is made of it. Everything has a default that decides nothing silently: what a file
/// leaves open is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceOptions {
    /// What stands between the cells of a text file. By default the header tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<Delimiter>,
    /// The IANA time zone (such as `America/New_York`) of times without an offset, and of days: where buckets of
    /// `resample` and `views` begin, and where a split's date does. By default UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// What to do with local times that a change of the clock skips or repeats.
    pub dst: Dst,
    /// The order of day, month and year. By default the file has to decide it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_format: Option<DateFormat>,
    /// Which end of a bar its time is.
    pub stamp: Stamp,
    /// Splits and dividends: a file with the columns `date`, `kind`, `value` and, if wanted, `symbol`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<PathBuf>,
    /// What prices are adjusted for. By default nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjust: Option<Adjust>,
    /// The length of the bars that are made of the file's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resample: Option<Span>,
    /// When a trading day begins, local time of day: where days begin and hours are counted from. By default midnight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<TimeOfDay>,
    /// What becomes of a last bucket that the data end in the middle of: earlier in its day than they usually do.
    pub partial: Partial,
    /// Slower bars of the same instruments, `SYMBOL@1h`, which a strategy sees and cannot trade.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<Span>,
}

/// What stands between cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delimiter {
    /// `,`
    #[serde(rename = ",", alias = "comma")]
    Comma,
    /// `;`
    #[serde(rename = ";", alias = "semicolon")]
    Semicolon,
    /// A tab
    #[serde(rename = "tab", alias = "\t")]
    Tab,
    /// `|`
    #[serde(rename = "|", alias = "pipe")]
    Pipe,
}

impl Delimiter {
    /// In the order of preference.
    pub(crate) const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    /// Its byte.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }
}

/// Local times around a change of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dst {
    /// A time that does not exist is refused, and so is one that exists twice, unless the order of the rows tells.
    #[default]
    Error,
    /// A time that does not exist is moved forward by as much as the clock was.
    Shift,
    /// Of a time that exists twice, the first.
    Earlier,
    /// Of a time that exists twice, the second.
    Later,
    /// `shift` and `earlier`.
    ShiftEarlier,
    /// `shift` and `later`.
    ShiftLater,
}

impl Dst {
    /// Whether times that do not exist are moved.
    pub(crate) fn shifts(self) -> bool {
        matches!(self, Self::Shift | Self::ShiftEarlier | Self::ShiftLater)
    }

    /// Which of two times is meant: the second?
    pub(crate) fn later(self) -> Option<bool> {
        match self {
            Self::Error | Self::Shift => None,
            Self::Earlier | Self::ShiftEarlier => Some(false),
            Self::Later | Self::ShiftLater => Some(true),
        }
    }
}

/// The order of a date's parts where it could be another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DateFormat {
    /// `12/31/2018`, with any of `/`, `-` and `.` between
    #[serde(rename = "m/d/y")]
    MonthFirst,
    /// `31/12/2018`
    #[serde(rename = "d/m/y")]
    DayFirst,
    /// `20181231`, which is otherwise refused, for it could be seconds since 1970
    #[serde(rename = "yyyymmdd")]
    Digits,
}

/// Which end of a bar its time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stamp {
    /// When it opened.
    #[default]
    Open,
    /// When it closed: it opened one bar's length before, the smallest distance between the file's bars. A date without a
    /// time of day is the whole day.
    Close,
}

/// What prices are adjusted for, backwards: the last prices stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjust {
    /// Nothing.
    None,
    /// Splits: prices before one are divided by its ratio, volumes multiplied.
    Splits,
    /// Splits, and dividends: prices before one are multiplied by 1 - dividend / previous close.
    SplitsAndDividends,
    /// The file's own column: the four prices of a row are multiplied by adjusted close / close.
    AdjClose,
}

/// What becomes of a last bucket that the data end in the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Partial {
    /// It is left out.
    #[default]
    Drop,
    /// It is a bar like others.
    Keep,
}

/// A time of day, in minutes since midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// Nanoseconds since midnight.
    pub(crate) fn nanoseconds(self) -> i64 {
        i64::from(self.0) * 60_000_000_000
    }
}

impl std::str::FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (hours, minutes) = text.split_once(':')?;
            let number = |digits: &str, most: u16| {
                let plain =
                    (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
                digits.parse::<u16>().ok().filter(|value| plain && *value <= most)
            };
            Some(Self(number(hours, 23)? * 60 + number(minutes, 59)?))
        };
        parse().ok_or_else(|| format!("`{}` is not a time of day: write `09:30`", crate::error::clip(text)))
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        format!("{:02}:{:02}", time.0 / 60, time.0 % 60)
    }
}

impl SourceOptions {
    /// Whether nothing was chosen.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether bars are what the rows say, one for one.
    pub(crate) fn is_plain(&self) -> bool {
        let nothing = matches!(self.adjust, None | Some(Adjust::None));
        self.stamp == Stamp::Open && nothing && self.resample.is_none()
    }

    /// Whether options contradict one another.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.actions.is_some() && self.adjust.is_none() {
            return Err("`actions` is named, but not what for: say `adjust = \"splits\"`, `\"splits_and_dividends\"` \
                        or `\"none\"`"
                .to_owned());
        }
        let needs = matches!(self.adjust, Some(Adjust::Splits | Adjust::SplitsAndDividends));
        if needs && self.actions.is_none() {
            return Err(
                "`adjust` needs the splits and dividends: name a file of them as `actions`".to_owned()
            );
        }
        if self.actions.is_some() && self.adjust == Some(Adjust::AdjClose) {
            return Err("`actions` is named, and `adjust = \"adj_close\"` reads the file's own column instead: leave one \
                        of them out"
                .to_owned());
        }
        if self.partial == Partial::Keep && self.resample.is_none() {
            return Err("`partial` is for `resample`, which is not given: leave it out".to_owned());
        }
        if self.session.is_some() && self.resample.is_none() && self.views.is_empty() {
            return Err(
                "`session` is for `resample` and `views`, and neither is given: leave it out".to_owned()
            );
        }
        if let Some(base) = self.resample
            && let Some(view) = self.views.iter().find(|view| view.nanoseconds() <= base.nanoseconds())
        {
            return Err(format!(
                "a view of `{view}` shows nothing more than bars of `{base}`: choose a longer one"
            ));
        }
        let repeated = |(place, view): (usize, &Span)| self.views[..place].contains(view);
        match self.views.iter().enumerate().find(|view| repeated(*view)) {
            Some((_, view)) => Err(format!("the view `{view}` is named twice: leave one out")),
            None => Ok(()),
        }
    }
}
