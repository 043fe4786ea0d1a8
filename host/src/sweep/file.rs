//! A sweep file as it is written, and where in it something stands.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use stratbox_decide::splits::{CpcvSettings, SplitSettings, WalkForwardSettings};
use stratbox_domain::{BarSource, Instrument, Limits, PolicyProblem, VenuePolicy};
use stratbox_market::{
    Adjust, DateFormat, Delimiter, Dst, Partial, Source, SourceOptions, Span, Stamp, TimeOfDay,
};
use stratbox_search::{HalvingSettings, Method};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::aim::ConstraintEntry;
use super::split::GateEntry;
use super::values::{Date, Scalar, Values, entries};
use crate::failure::{Failure, shown, told};
use crate::file::read_settings;
use crate::render::text::inline;

/// Of a line that is quoted in a message.
const MAX_QUOTED: usize = 120;

/// Of a second strategy where the first is no list.
const TWO_BRACKETS: &str = ": write `[[strategy]]`, with two brackets, above each strategy";

/// A sweep file, read but not yet checked against the strategies it names.
pub(crate) struct SweepFile {
    path: PathBuf,
    text: String,
    pub(super) content: Content,
}

/// What is in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    /// For people; the file's own name by default.
    pub(super) name: Option<String>,
    /// The metric to rank by.
    pub(super) objective: Option<Spanned<String>>,
    /// The metric to rank by, and others that matter.
    pub(super) objectives: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default, rename = "constraint")]
    pub(super) constraints: Vec<Spanned<ConstraintEntry>>,
    pub(super) data: Data,
    /// Bars that are kept from the choice.
    pub(super) split: Option<Spanned<SplitSettings>>,
    /// Folds in which the choice is judged.
    pub(super) walk_forward: Option<Spanned<WalkForwardSettings>>,
    pub(super) cpcv: Option<Spanned<CpcvSettings>>,
    /// Rungs on which variants are stopped early.
    pub(super) halving: Option<Spanned<HalvingSettings>>,
    /// What the best must pass to be believed.
    #[serde(default, rename = "gate")]
    pub(super) gates: Vec<Spanned<GateEntry>>,
    #[serde(default)]
    pub(super) venue: VenuePolicy,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default, rename = "strategy", deserialize_with = "entries")]
    pub(super) strategies: Vec<Spanned<Entry>>,
}

/// Which bars.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Data {
    pub(super) sources: Spanned<Vec<DataSource>>,
    /// First day or moment.
    pub(super) from: Option<Spanned<Date>>,
    /// First day or moment that is left out.
    pub(super) to: Option<Spanned<Date>>,
}

/// One file of bars.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DataSource {
    path: PathBuf,
    symbol: Option<String>,
    delimiter: Option<Delimiter>,
    timezone: Option<String>,
    #[serde(default)]
    dst: Dst,
    date_format: Option<DateFormat>,
    #[serde(default)]
    stamp: Stamp,
    actions: Option<PathBuf>,
    adjust: Option<Adjust>,
    resample: Option<Span>,
    session: Option<TimeOfDay>,
    #[serde(default)]
    partial: Partial,
    #[serde(default)]
    views: Vec<Span>,
}

impl DataSource {
    /// The file as it is read, its paths as `resolve` makes them.
    pub(crate) fn source(&self, resolve: &dyn Fn(&Path) -> PathBuf) -> Source {
        Source {
            path: resolve(&self.path),
            symbol: self.symbol.clone(),
            options: SourceOptions {
                delimiter: self.delimiter,
                timezone: self.timezone.clone(),
                dst: self.dst,
                date_format: self.date_format,
                stamp: self.stamp,
                actions: self.actions.as_deref().map(resolve),
                adjust: self.adjust,
                resample: self.resample,
                session: self.session,
                partial: self.partial,
                views: self.views.clone(),
            },
        }
    }
}

/// One strategy and its variants.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) source: Spanned<PathBuf>,
    #[serde(default)]
    pub(super) search: Method,
    /// Points to draw.
    pub(super) samples: Option<Spanned<u64>>,
    /// What draws begin with.
    pub(super) seed: Option<Spanned<u64>>,
    /// Whether a Sobol sequence is scrambled.
    pub(super) scramble: Option<Spanned<bool>>,
    /// Settings of `tpe`.
    pub(super) startup: Option<Spanned<u64>>,
    pub(super) gamma: Option<Spanned<f64>>,
    pub(super) candidates: Option<Spanned<u32>>,
    pub(super) batch: Option<Spanned<u32>>,
    /// Points that are tried before all others.
    #[serde(default)]
    pub(super) enqueue: Vec<Spanned<BTreeMap<String, Spanned<Scalar>>>>,
    /// Higher ones run first.
    #[serde(default)]
    pub(super) priority: i32,
    /// Labels of strategies that must have run before.
    #[serde(default)]
    pub(super) after: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) params: BTreeMap<Spanned<String>, Spanned<Values>>,
}

impl SweepFile {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        Self::parse(path, read_settings(path)?)
    }

    /// Reads `text`; relative paths in it start at the folder of `path`.
    pub(super) fn parse(path: &Path, text: String) -> Result<Self, Failure> {
        let content = toml::from_str(&text).map_err(|error| unreadable(path, &text, &error))?;
        Self::of(path, text, content)
    }

    /// What is in it is read already.
    pub(super) fn of(path: &Path, text: String, content: Content) -> Result<Self, Failure> {
        let file = Self { path: path.to_owned(), text, content };
        file.check_settings()?;
        file.check_strategies()?;
        Ok(file)
    }

    /// A path in the file, seen from outside.
    pub(crate) fn resolve(&self, path: &Path) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }

    /// The files of bars, seen from outside.
    pub(super) fn sources(&self) -> Vec<Source> {
        let sources = self.content.data.sources.get_ref().iter();
        sources.map(|it| it.source(&|path| self.resolve(path))).collect()
    }

    /// Every file that a sweep reads: this one, and those that it names.
    pub(crate) fn inputs(&self) -> Vec<PathBuf> {
        let bars = self
            .sources()
            .into_iter()
            .flat_map(|source| [Some(source.path), source.options.actions])
            .flatten();
        let entries = self.content.strategies.iter();
        let strategies = entries.map(|entry| self.resolve(entry.get_ref().source.get_ref()));
        std::iter::once(self.path.clone()).chain(bars).chain(strategies).collect()
    }

    /// The file, for people.
    pub(crate) fn shown(&self) -> String {
        shown(&self.path)
    }

    /// What the experiment is called.
    pub(crate) fn name(&self) -> String {
        let stem = || self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        inline(&self.content.name.clone().unwrap_or_else(stem))
    }

    /// What is wrong at some place in the file.
    pub(crate) fn at(&self, span: Range<usize>, problem: impl std::fmt::Display) -> Failure {
        Place { path: &self.path, text: &self.text }.failure(span, problem)
    }

    /// Where something stands, such as in ``put `demo.toml:3` before a message``.
    pub(crate) fn place(&self, span: Range<usize>) -> String {
        Place { path: &self.path, text: &self.text }.line(span)
    }

    fn check_settings(&self) -> Result<(), Failure> {
        let Content { venue, limits, .. } = &self.content;
        venue.validate().map_err(|error| {
            let path: Vec<&str> =
                std::iter::once("venue").chain(error.path.iter().map(String::as_str)).collect();
            self.at(self.span_of(&path), error)
        })?;
        limits.validate().map_err(|problem| {
            // Its messages start with the name of the limit in backticks.
            let field = problem.split('`').nth(1).unwrap_or_default();
            self.at(self.span_of(&["limits", field]), &problem)
        })
    }

    fn check_strategies(&self) -> Result<(), Failure> {
        if self.content.strategies.is_empty() {
            let end = self.text.trim_end().len();
            let problem = "no `[[strategy]]`: name at least one, with its `source` and `[strategy.params]`";
            return Err(self.at(end..end, problem));
        }
        let sources = &self.content.data.sources;
        if sources.get_ref().is_empty() {
            let problem = "`sources` is empty: name at least one file, as in `{ path = \"bars.csv\" }`";
            return Err(self.at(sources.span(), problem));
        }
        let check = |source: Source| {
            source.check().map_err(|error| self.at(sources.span(), told(&error.to_string())))
        };
        self.sources().into_iter().try_for_each(check)
    }

    /// Whether the venue's policy fits the instruments.
    pub(super) fn check_instruments(&self, bars: &dyn BarSource) -> Result<(), Failure> {
        let problem = fits(&self.content.venue, bars).err();
        let failure = |problem: PolicyProblem| {
            self.at(self.span_of(&["venue", "instruments", &problem.symbol]), inline(&problem.to_string()))
        };
        problem.map_or(Ok(()), |problem| Err(failure(problem)))
    }

    fn span_of(&self, path: &[&str]) -> Range<usize> {
        span_of(&self.text, path)
    }
}

/// What is wrong with a file that cannot be read, and where.
pub(crate) fn unreadable(path: &Path, text: &str, error: &toml::de::Error) -> Failure {
    let place = Place { path, text };
    let span = error.span().unwrap_or(0..0);
    let advice = if place.repeats_strategy(&span) { TWO_BRACKETS } else { "" };
    let problem = format!("{}{}{advice}", inline(error.message()), place.quoted(span.clone()));
    place.failure(span, problem)
}

/// Whether a venue's policy fits the instruments that can be traded.
pub(crate) fn fits(policy: &VenuePolicy, bars: &dyn BarSource) -> Result<(), PolicyProblem> {
    let tradable: Vec<Instrument> =
        bars.instruments().iter().take(bars.tradable() as usize).cloned().collect();
    policy.increments(&tradable).map(|_| ())
}

/// Where a key stands that is so many tables deep; as much of the way to it as is written, else the start of the file.
pub(crate) fn span_of(text: &str, path: &[&str]) -> Range<usize> {
    let Ok(document) = DeTable::parse(text) else { return 0..0 };
    let (mut table, mut span) = (document.get_ref(), 0..0);
    for key in path {
        let Some((key, value)) = table.get_key_value(*key) else { break };
        span = key.span();
        let DeValue::Table(inner) = value.get_ref() else { break };
        table = inner;
    }
    span
}

/// Turns spans into lines.
pub(crate) struct Place<'a> {
    pub(crate) path: &'a Path,
    pub(crate) text: &'a str,
}

impl Place<'_> {
    pub(crate) fn failure(&self, span: Range<usize>, problem: impl std::fmt::Display) -> Failure {
        Failure::input(format!("{}: {problem}", self.line(span)))
    }

    /// File and line, counted from one as editors do.
    fn line(&self, span: Range<usize>) -> String {
        let before = &self.text.as_bytes()[..span.start.min(self.text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("{}:{line}", shown(self.path))
    }

    fn text_of_line(&self, span: &Range<usize>) -> &str {
        let start = self.text.floor_char_boundary(span.start);
        let start = self.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        self.text[start..].lines().next().unwrap_or_default().trim()
    }

    /// Whether a strategy is refused at its header, which TOML does when a `[strategy]` with single brackets came before.
    fn repeats_strategy(&self, span: &Range<usize>) -> bool {
        let header = |text: &str| ["[strategy]", "[[strategy]]"].iter().any(|it| text.starts_with(it));
        header(self.text_of_line(span)) && DeTable::parse(self.text).is_err()
    }

    /// The line itself, which names the key where the parser's own words do not.
    pub(crate) fn quoted(&self, span: Range<usize>) -> String {
        let line = self.text_of_line(&span);
        let line = &line[..line.floor_char_boundary(MAX_QUOTED)];
        if line.is_empty() { String::new() } else { format!(", in `{}`", inline(line)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[data]\nsources = [{ path = \"a.csv\" }]\n\n[[strategy]]\nsource = \"s.rs\"\n";

    fn parse(text: &str) -> Result<SweepFile, Failure> {
        SweepFile::parse(Path::new("folder/x.toml"), text.to_owned())
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let file = parse(GOOD).unwrap();
        assert_eq!((file.name(), &file.content.venue), ("x".to_owned(), &VenuePolicy::default()));
        assert_eq!(file.content.limits, Limits::default());
        assert_eq!(file.content.strategies[0].get_ref().search, Method::Grid);
        assert_eq!(file.resolve(Path::new("a.csv")), Path::new("folder/a.csv"));
        assert_eq!(file.resolve(Path::new("/a.csv")), Path::new("/a.csv"));
    }

    #[test]
    fn lines_are_counted_from_one_and_settings_are_found_in_either_notation() {
        for (venue, line) in
            [("[venue]\nleverage = 1.0\nfee_bps = -1.0\n", 8), ("[venue]\n# a remark\n\nfee_bps = -1.0\n", 9)]
        {
            let failure = parse(&format!("{GOOD}{venue}")).err().unwrap();
            assert!(failure.message.starts_with(&format!("folder/x.toml:{line}: `fee_bps`")), "{failure:?}");
        }
        let nested = "[venue.instruments.\"BRK.B\"]\nlot = 1.0\ntick = -1.0\n";
        let failure = parse(&format!("{GOOD}{nested}")).err().unwrap();
        assert!(failure.message.starts_with("folder/x.toml:8: `instruments.BRK.B.tick`"), "{failure:?}");
        let inline = parse(&format!("venue = {{ fee_bps = -1.0 }}\n{GOOD}")).err().unwrap();
        assert!(inline.message.starts_with("folder/x.toml:1: `fee_bps`"), "{inline:?}");
    }

    #[test]
    fn a_quoted_line_cannot_write_to_the_terminal_or_fill_it() {
        let long = format!("\u{202e}{}", "é".repeat(1_000));
        let failure = parse(&format!("{GOOD}x = \"{long}\"\n")).err().unwrap();
        assert!(failure.message.contains(r"\u{202e}") && failure.message.len() < 1_000, "{failure:?}");
    }
}
