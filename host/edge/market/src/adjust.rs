//! Splits and dividends: read, and turned into the factors of the prices before them.
//!
//! Adjustment is backward: the last prices stay what they were. A split of `r` for one divides earlier prices by `r` and
//! multiplies earlier volumes. A dividend of `d` multiplies earlier prices by `1 - d / c`, where `c` is the close of the
//! last bar before (CRSP's factor). Of a day that has both, the dividend is one of the shares after the split.

use std::collections::BTreeMap;

use crate::MarketError;
use crate::chunk::Prices;
use crate::date::Either;
use crate::error::{Problem, clip};
use crate::input::{Form, Input};
use crate::options::Adjust;
use crate::read::Table;
use crate::rules::normal;
use crate::source::Prepared;

/// What happened to a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    // In the order in which those of one day count.
    Split,
    Dividend,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Dividend => "dividend",
        }
    }
}

/// A split or a dividend.
#[derive(Debug, Clone)]
struct Action {
    /// From here on it has happened.
    moment: i64,
    kind: Kind,
    value: f64,
    line: u64,
    /// The close before it, if there is a bar before it and one after it.
    close: Option<f64>,
}

/// The actions of a source, by symbol; those without one are the only instrument's.
pub(crate) struct Actions<'a> {
    input: &'a Input,
    by_symbol: BTreeMap<Option<String>, Vec<Action>>,
    adjust: Adjust,
}

/// What an instrument's bars are multiplied by, up to some time: prices, volumes.
pub(crate) struct Factors {
    /// Ends of the times, rising, with the factors before them.
    until: Vec<(i64, f64, f64)>,
    at: usize,
}

/// An action and what was made of it, for people.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Adjustment {
    /// The instrument.
    pub symbol: String,
    /// When it happened, nanoseconds since the Unix epoch.
    #[serde(serialize_with = "crate::date::iso")]
    pub time: i64,
    /// `split` or `dividend`.
    pub kind: &'static str,
    /// Shares for each one, or money for each share.
    pub value: f64,
    /// What earlier prices were multiplied by because of it; `None` if there are no bars on one of its sides, or it was
    /// not asked for.
    pub factor: Option<f64>,
}

const HEADER: [(&str, &[&str]); 4] = [
    ("date", &["date", "timestamp", "ex date"]),
    ("kind", &["kind", "action", "type"]),
    ("value", &["value", "ratio", "amount"]),
    ("symbol", &["symbol", "instrument", "ticker"]),
];

impl<'a> Actions<'a> {
    pub(crate) fn read(input: &'a Input, prepared: &Prepared, adjust: Adjust) -> Result<Self, MarketError> {
        if input.form == Form::Parquet {
            let problem = "is a Parquet file: write splits and dividends as CSV".to_owned();
            return Err(MarketError::Format { path: input.path.clone(), problem });
        }
        let mut table = Table::open(input, None)?;
        let (names, positions) = header(&mut table)?;
        let mut actions = Self { input, by_symbol: BTreeMap::new(), adjust };
        let mut times = prepared.times();
        while table.next(&names)? {
            let line = table.records.line();
            let refuse = |column: usize, problem| {
                let name = positions[column].map_or(HEADER[column].0.to_owned(), |at| names[at].clone());
                table.at(line, name, problem)
            };
            let cell = |column: usize| match positions[column].and_then(|at| table.records.cell(at)) {
                None => Ok(None),
                Some(bytes) => match std::str::from_utf8(bytes).map(str::trim) {
                    Ok("") => Err(refuse(column, Problem::EmptyCell)),
                    Ok(text) => Ok(Some(text)),
                    Err(_) => Err(refuse(column, Problem::NotUtf8)),
                },
            };
            let when = times.read(cell(0)?.unwrap_or_default()).map_err(|error| refuse(0, error.into()))?;
            let (Either::This(moment) | Either::Of(moment, _)) = when.moment;
            let kind = match cell(1)?.unwrap_or_default().to_ascii_lowercase().as_str() {
                "split" => Kind::Split,
                "dividend" => Kind::Dividend,
                other => return Err(refuse(1, Problem::UnknownAction(clip(other)))),
            };
            let text = cell(2)?.unwrap_or_default();
            let value = number(kind, text).ok_or_else(|| refuse(2, Problem::NotANumber(clip(text))))?;
            if !(value.is_finite() && value > 0.0) {
                let reason = "it must be a number greater than zero".to_owned();
                return Err(refuse(2, Problem::BadAction { kind: kind.name(), value, reason }));
            }
            let of = actions.by_symbol.entry(cell(3)?.map(str::to_owned)).or_default();
            match of.iter_mut().find(|other| (other.moment, other.kind) == (moment, kind)) {
                None => of.push(Action { moment, kind, value, line, close: None }),
                // A regular and a special one.
                Some(other) if kind == Kind::Dividend => other.value += value,
                Some(_) => {
                    let reason = "there is another of this kind at this time".to_owned();
                    return Err(refuse(2, Problem::BadAction { kind: kind.name(), value, reason }));
                }
            }
        }
        for actions in actions.by_symbol.values_mut() {
            actions.sort_unstable_by_key(|action| (action.moment, action.kind));
        }
        Ok(actions)
    }

    /// Refuses actions that no instrument of the source has, and several instruments for actions of one.
    pub(crate) fn check(&self, symbols: &[&str]) -> Result<(), MarketError> {
        let refuse = |problem| Err(MarketError::Setting { path: self.input.path.clone(), problem });
        if self.by_symbol.contains_key(&None) && symbols.len() != 1 {
            return refuse("the bars are of several instruments: add a column `symbol`".to_owned());
        }
        let known = |symbol: &&String| !symbols.contains(&symbol.as_str());
        match self.by_symbol.keys().flatten().find(known) {
            Some(symbol) => refuse(format!("there are no bars of `{}`: leave its rows out", clip(symbol))),
            None => Ok(()),
        }
    }

    fn of(&self, symbol: &str) -> Option<&Vec<Action>> {
        self.by_symbol.get(&Some(symbol.to_owned())).or_else(|| self.by_symbol.get(&None))
    }

    /// When something happened to an instrument.
    pub(crate) fn moments(&self, symbol: &str) -> Vec<i64> {
        self.of(symbol)
            .map(|actions| actions.iter().map(|action| action.moment).collect())
            .unwrap_or_default()
    }

    /// Takes note of the last close before each of [`moments`](Self::moments) that has bars on both sides.
    pub(crate) fn note(&mut self, symbol: &str, closes: &[Option<f64>]) {
        let key = Some(symbol.to_owned());
        let key = if self.by_symbol.contains_key(&key) { key } else { None };
        if let Some(actions) = self.by_symbol.get_mut(&key) {
            actions.iter_mut().zip(closes).for_each(|(action, close)| action.close = *close);
        }
    }

    /// What an action multiplies earlier prices by; `before` is of the same day's split, if there is one.
    fn factor(&self, action: &Action, ratio: f64) -> Result<Option<f64>, MarketError> {
        let Some(close) = action.close else { return Ok(None) };
        match action.kind {
            Kind::Split => Ok(Some(1.0 / action.value)),
            Kind::Dividend if self.adjust == Adjust::Splits => Ok(None),
            Kind::Dividend => {
                let factor = 1.0 - action.value / (close / ratio);
                if factor > 0.0 {
                    return Ok(Some(factor));
                }
                let reason = format!("the close before it was `{}`", close / ratio);
                let problem = Problem::BadAction { kind: "dividend", value: action.value, reason };
                let place = crate::Place::Line { path: self.input.path.clone(), line: action.line };
                Err(MarketError::invalid(place, HEADER[2].0.to_owned(), problem))
            }
        }
    }

    /// What each action does to what is before it, in the order of time.
    fn effects(&self, symbol: &str) -> Result<Vec<(&Action, Option<f64>)>, MarketError> {
        let mut split = (i64::MIN, 1.0);
        let mut effects = Vec::new();
        for action in self.of(symbol).into_iter().flatten() {
            let ratio = if split.0 == action.moment { split.1 } else { 1.0 };
            effects.push((action, self.factor(action, ratio)?));
            if action.kind == Kind::Split {
                split = (action.moment, action.value);
            }
        }
        Ok(effects)
    }

    /// What to multiply an instrument's bars by.
    pub(crate) fn factors(&self, symbol: &str) -> Result<Factors, MarketError> {
        let (mut until, mut price, mut volume) = (Vec::new(), 1.0, 1.0);
        for (action, factor) in self.effects(symbol)?.into_iter().rev() {
            let Some(factor) = factor else { continue };
            // Dividing once is exact where multiplying by an inverse is not.
            if action.kind == Kind::Split {
                price /= action.value;
                volume *= action.value;
            } else {
                price *= factor;
            }
            until.push((action.moment, price, volume));
        }
        until.reverse();
        Ok(Factors { until, at: 0 })
    }

    /// The same for people.
    pub(crate) fn adjustments(&self, symbol: &str) -> Result<Vec<Adjustment>, MarketError> {
        let shown = |(action, factor): (&Action, Option<f64>)| Adjustment {
            symbol: symbol.to_owned(),
            time: action.moment,
            kind: action.kind.name(),
            value: action.value,
            factor,
        };
        Ok(self.effects(symbol)?.into_iter().map(shown).collect())
    }
}

impl Factors {
    /// Adjusts a bar that is later than all before; `None` if nothing sensible is left of it, with the worst price.
    pub(crate) fn apply(&mut self, time: i64, ohlcv: &mut Prices) -> Result<(), f64> {
        while self.until.get(self.at).is_some_and(|(until, ..)| *until <= time) {
            self.at += 1;
        }
        let Some((_, price, volume)) = self.until.get(self.at) else { return Ok(()) };
        // One factor leaves the order of the four prices as it is.
        ohlcv[..4].iter_mut().for_each(|value| *value *= price);
        ohlcv[4] *= volume;
        if crate::rules::sound(ohlcv) { Ok(()) } else { Err(ohlcv[2]) }
    }
}

type Header = (Vec<String>, [Option<usize>; HEADER.len()]);

fn header(table: &mut Table<'_>) -> Result<Header, MarketError> {
    if !table.next(&[])? {
        return Err(table.at(table.records.line(), HEADER[0].0.to_owned(), Problem::NoActions));
    }
    let (mut names, mut positions) = (Vec::new(), [None; HEADER.len()]);
    for at in 0..table.records.len() {
        let cell = table.records.cell(at).unwrap_or_default();
        let name = std::str::from_utf8(cell).map(str::trim);
        let name = name.map_err(|_| table.at(1, (at + 1).to_string(), Problem::NotUtf8))?.to_owned();
        let words = normal(&name);
        let column = HEADER.iter().position(|(_, known)| known.contains(&words.as_str()));
        let Some(column) = column else { return Err(table.at(1, clip(&name), Problem::UnknownActionHeader)) };
        if positions[column].replace(at).is_some() {
            return Err(table.at(1, clip(&name), Problem::RepeatedHeader));
        }
        names.push(name);
    }
    match positions[..3].iter().position(Option::is_none) {
        Some(missing) => Err(table.at(1, HEADER[missing].0.to_owned(), Problem::UnknownActionHeader)),
        None => Ok((names, positions)),
    }
}

/// A number; a split may be written `4:1`.
fn number(kind: Kind, text: &str) -> Option<f64> {
    match text.split_once(':').filter(|_| kind == Kind::Split) {
        Some((new, old)) => Some(new.trim().parse::<f64>().ok()? / old.trim().parse::<f64>().ok()?),
        None => text.parse().ok(),
    }
}
