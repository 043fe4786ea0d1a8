//! An exploration's file as it is written: a sweep file whose strategies are approaches, with what is said of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use stratbox_decide::comparison::{Criterion, MAX_CRITERIA, Scale};
use stratbox_decide::selection::Rule;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::library::generated;
use super::settings::{CriterionWritten, Generation, MOST_APPROACHES, Settings, Written, measured, seconds};
use crate::failure::Failure;
use crate::file::read_settings;
use crate::render::text::inline;
use crate::sweep::{Place, SweepFile, span_of, unreadable};

/// Characters of the problem, and of what is said of an approach.
const MAX_TEXT: usize = 2_000;
/// Characters of an approach's name, and of one of its characteristics.
pub(super) const MAX_NAME: usize = 100;
/// Characteristics, and scores, of one approach.
const MAX_ENTRIES: usize = 50;

/// What is said of an approach beside what a strategy has.
const OWN: [&str; 6] = ["name", "description", "rationale", "characteristics", "scores", "timeout"];

/// An exploration's file, read but not yet checked against the sources it names.
pub(crate) struct ExploreFile {
    /// Its strategies are the approaches, in their order.
    pub(crate) sweep: SweepFile,
    pub(crate) problem: String,
    pub(crate) settings: Settings,
    /// At least one.
    pub(crate) criteria: Vec<Criterion>,
    pub(crate) approaches: Vec<Described>,
}

/// What a file says of an approach.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Described {
    /// No other approach has it.
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) rationale: String,
    pub(crate) characteristics: Vec<String>,
    pub(crate) scores: BTreeMap<String, f64>,
    /// Of compiling and of all runs, where it has a limit of its own.
    pub(crate) timeout: Option<Duration>,
    /// Whether it varies all parameters that it declares.
    pub(crate) varies_all: bool,
    /// All that the file says of it, whoever wrote it how: to find out whether that was changed.
    pub(crate) print: String,
}

/// Turns spans of a file into messages.
pub(super) struct Spot<'a>(Place<'a>);

impl Spot<'_> {
    pub(super) fn at(&self, span: Range<usize>, problem: impl std::fmt::Display) -> Failure {
        self.0.failure(span, problem)
    }

    pub(super) fn span_of(&self, path: &[&str]) -> Range<usize> {
        span_of(self.0.text, path)
    }

    /// Where the file is.
    pub(super) fn folder(&self) -> &Path {
        self.0.path.parent().unwrap_or(Path::new(""))
    }

    fn read<'de, T: Deserialize<'de>>(&self, value: Spanned<DeValue<'de>>) -> Result<T, Failure> {
        T::deserialize(value.into_deserializer())
            .map_err(|error| unreadable(self.0.path, self.0.text, &error))
    }
}

/// What is written of an approach beside what a strategy has.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DescriptionWritten {
    name: Option<Spanned<String>>,
    description: Option<Spanned<String>>,
    rationale: Option<Spanned<String>>,
    characteristics: Option<Spanned<Vec<String>>>,
    scores: BTreeMap<Spanned<String>, Spanned<f64>>,
    timeout: Option<Spanned<f64>>,
}

impl ExploreFile {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        Self::parse(path, &read_settings(path)?)
    }

    /// Reads `text`; relative paths in it start at the folder of `path`.
    fn parse(path: &Path, text: &str) -> Result<Self, Failure> {
        let spot = Spot(Place { path, text });
        let mut document = DeTable::parse(text).map_err(|error| unreadable(path, text, &error))?;
        let tables = document.get_mut();
        refuse_foreign(tables, &spot)?;
        let problem = tables.remove("problem").map(|it| spot.read::<Spanned<String>>(it)).transpose()?;
        let problem = bounded("problem", problem.as_ref(), MAX_TEXT, &spot)?;
        let written = tables.remove("explore").map(|it| spot.read::<Written>(it)).transpose()?;
        let settings = Settings::of(&written.unwrap_or_default(), &spot)?;
        let criteria =
            tables.remove("criterion").map(|it| spot.read::<Vec<CriterionWritten>>(it)).transpose()?;
        let entries = match settings.approach_generation {
            Generation::UserSpecified => specified(tables, &settings, &spot)?,
            Generation::Automatic => generated(tables, &settings, &spot)?,
        };
        let (approaches, strategies): (Vec<Described>, Vec<Spanned<DeValue<'_>>>) =
            entries.into_iter().unzip();
        let list = DeArray::from_iter(strategies);
        tables
            .insert(Spanned::new(0..0, Cow::Borrowed("strategy")), Spanned::new(0..0, DeValue::Array(list)));
        let sweep = SweepFile::of_document(path, text, document)?;
        let criteria = self::criteria(&criteria.unwrap_or_default(), &approaches, &sweep, &spot)?;
        let file = Self { sweep, problem, settings, criteria, approaches };
        file.check_chosen(&spot)?;
        Ok(file)
    }

    /// Names that are chosen from outside are names of approaches.
    fn check_chosen(&self, spot: &Spot<'_>) -> Result<(), Failure> {
        let Rule::Chosen(names) = &self.settings.selection.rule else { return Ok(()) };
        let unknown = names.iter().find(|name| !self.approaches.iter().any(|it| it.name == **name));
        unknown.map_or(Ok(()), |name| {
            let problem = format!("`selection` chooses `{name}`, which is no approach");
            Err(spot.at(spot.span_of(&["explore", "selection"]), problem))
        })
    }
}

/// What a sweep file has and an exploration does otherwise.
fn refuse_foreign(tables: &DeTable<'_>, spot: &Spot<'_>) -> Result<(), Failure> {
    let foreign = [
        ("strategy", "an exploration has approaches: write `[[approach]]` above each"),
        ("halving", "an exploration halves its approaches: say `resources = \"reallocated\"` in `[explore]`"),
        ("objectives", "an exploration is ranked by one `objective`, and compared by `[[criterion]]`"),
    ];
    for (key, advice) in foreign {
        if let Some((written, _)) = tables.get_key_value(key) {
            return Err(spot.at(written.span(), format!("`{key}` is for sweeps: {advice}")));
        }
    }
    Ok(())
}

/// What is said of an approach, and its place in the list of strategies.
pub(super) type Approach<'a> = (Described, Spanned<DeValue<'a>>);

/// `[[approach]]`, each with its place in the list of strategies.
fn specified<'a>(
    tables: &mut DeTable<'a>,
    settings: &Settings,
    spot: &Spot<'_>,
) -> Result<Vec<Approach<'a>>, Failure> {
    let Some((key, list)) = tables.remove_entry("approach") else {
        let end = spot.0.text.trim_end().len();
        return Err(spot.at(end..end, "no `[[approach]]`: name at least one, with its `source`"));
    };
    let DeValue::Array(list) = list.into_inner() else {
        let problem = "`approach` is no list: write `[[approach]]`, with two brackets, above each approach";
        return Err(spot.at(key.span(), problem));
    };
    let (count, most) = (list.len(), settings.num_approaches);
    if count > most {
        let raise = if most < MOST_APPROACHES as usize {
            format!("raise `num_approaches` in `[explore]` (at most {MOST_APPROACHES}), or ")
        } else {
            String::new()
        };
        let problem =
            format!("there are {count} approaches, and at most {most} are explored: {raise}leave some out");
        return Err(spot.at(list[most].span(), problem));
    }
    if count == 0 {
        return Err(spot.at(key.span(), "`approach` is empty: name at least one, with its `source`"));
    }
    let mut names = BTreeSet::new();
    let mut approaches = Vec::with_capacity(count);
    for entry in list {
        let (described, at, strategy) = one(entry, spot)?;
        if !names.insert(described.name.clone()) {
            let problem =
                format!("two approaches are called `{}`: give each a `name` of its own", described.name);
            return Err(spot.at(at, problem));
        }
        approaches.push((described, strategy));
    }
    Ok(approaches)
}

/// Takes one `[[approach]]` apart: what is said of it, where its name stands, and its strategy.
fn one<'a>(
    entry: Spanned<DeValue<'a>>,
    spot: &Spot<'_>,
) -> Result<(Described, Range<usize>, Spanned<DeValue<'a>>), Failure> {
    let (span, printed) = (entry.span(), print(entry.get_ref()));
    let DeValue::Table(mut table) = entry.into_inner() else {
        return Err(spot.at(span, "an approach is a table: write `[[approach]]` above each"));
    };
    if let Some((key, _)) = table.get_key_value("after") {
        let problem = "approaches do not wait for one another: `parallel_execution = false` in `[explore]` has them run \
                       one after the other";
        return Err(spot.at(key.span(), problem));
    }
    let mut own = DeTable::new();
    for key in OWN {
        own.extend(table.remove_entry(key));
    }
    let written: DescriptionWritten = spot.read(Spanned::new(span.clone(), DeValue::Table(own)))?;
    // Points that any number can be had of, unless it says otherwise, or has nothing to vary.
    let says = |key: &str| match table.get(key).map(Spanned::get_ref) {
        Some(DeValue::Table(params)) => !params.is_empty(),
        said => said.is_some(),
    };
    if !says("search") && ["params", "samples", "enqueue", "seed"].into_iter().any(says) {
        let method = DeValue::String(Cow::Borrowed("sobol"));
        table.insert(Spanned::new(span.clone(), Cow::Borrowed("search")), Spanned::new(span.clone(), method));
    }
    let stem = || match table.get("source").map(Spanned::get_ref) {
        Some(DeValue::String(path)) => file_stem(Path::new(path.as_ref())),
        _ => String::new(),
    };
    let at = written.name.as_ref().map_or_else(|| span.clone(), Spanned::span);
    let described = described(written, stem, printed, spot)?;
    Ok((described, at, Spanned::new(span, DeValue::Table(table))))
}

fn described(
    written: DescriptionWritten,
    stem: impl FnOnce() -> String,
    print: String,
    spot: &Spot<'_>,
) -> Result<Described, Failure> {
    let DescriptionWritten { name, description, rationale, characteristics, scores, timeout } = written;
    let named = bounded("name", name.as_ref(), MAX_NAME, spot)?;
    if let Some(name) = name.as_ref().filter(|_| named.trim().is_empty()) {
        return Err(spot.at(name.span(), "`name` is empty: leave it out, or say something"));
    }
    let mut listed = Vec::new();
    if let Some(characteristics) = &characteristics {
        let all = characteristics.get_ref();
        if all.len() > MAX_ENTRIES || all.iter().any(|it| it.chars().count() > MAX_NAME) {
            let problem =
                format!("`characteristics` may have {MAX_ENTRIES} entries of {MAX_NAME} characters each");
            return Err(spot.at(characteristics.span(), problem));
        }
        listed.extend(all.iter().map(|it| inline(it)));
    }
    let mut given = BTreeMap::new();
    for (name, score) in &scores {
        let (said, value) = (inline(name.get_ref()), *score.get_ref());
        if measured(&said).is_some() {
            let problem = format!("`{said}` is measured: a score from outside needs a name of its own");
            return Err(spot.at(name.span(), problem));
        }
        if said.chars().count() > MAX_NAME || !value.is_finite() || given.len() >= MAX_ENTRIES {
            let problem = format!(
                "score `{said}` is `{value}`: an approach may have {MAX_ENTRIES} scores, which are finite numbers with names \
                 of up to {MAX_NAME} characters"
            );
            return Err(spot.at(name.span(), problem));
        }
        given.insert(said, value);
    }
    Ok(Described {
        name: if name.is_some() { named } else { stem() },
        description: bounded("description", description.as_ref(), MAX_TEXT, spot)?,
        rationale: bounded("rationale", rationale.as_ref(), MAX_TEXT, spot)?,
        characteristics: listed,
        scores: given,
        timeout: seconds("timeout", &timeout, spot)?,
        varies_all: false,
        print,
    })
}

/// A text that is not too long, on one line.
fn bounded(
    name: &str,
    text: Option<&Spanned<String>>,
    most: usize,
    spot: &Spot<'_>,
) -> Result<String, Failure> {
    let Some(text) = text else { return Ok(String::new()) };
    let said = inline(text.get_ref());
    let found = said.chars().count();
    if found > most {
        let problem = format!("`{name}` has {found} characters: at most {most} are allowed");
        return Err(spot.at(text.span(), problem));
    }
    Ok(said)
}

pub(super) fn file_stem(path: &Path) -> String {
    let stem = inline(&path.file_stem().unwrap_or_default().to_string_lossy());
    let stem: String = stem.chars().take(MAX_NAME).collect();
    if stem.trim().is_empty() { "nameless".to_owned() } else { stem }
}

/// What approaches are compared by: what the file says, or the objective.
fn criteria(
    written: &[CriterionWritten],
    approaches: &[Described],
    sweep: &SweepFile,
    spot: &Spot<'_>,
) -> Result<Vec<Criterion>, Failure> {
    if written.is_empty() {
        let objective = sweep.objective()?;
        let (name, direction) = (objective.as_str().to_owned(), objective.direction());
        return Ok(vec![Criterion { name, weight: 1.0, direction, scale: Scale::Relative }]);
    }
    let scores: BTreeSet<&str> =
        approaches.iter().flat_map(|approach| approach.scores.keys().map(String::as_str)).collect();
    let scores: Vec<&str> = scores.into_iter().collect();
    let mut criteria: Vec<Criterion> = Vec::with_capacity(written.len().min(MAX_CRITERIA));
    for entry in written {
        let criterion = entry.criterion(&scores, spot)?;
        if criteria.iter().any(|before| before.name == criterion.name) {
            let problem = format!("criterion `{}` is there twice: leave one out", criterion.name);
            return Err(spot.at(entry.span(), problem));
        }
        outside(&criterion, approaches).map_err(|problem| spot.at(entry.span(), problem))?;
        if criteria.len() == MAX_CRITERIA {
            let problem = format!("there are more than {MAX_CRITERIA} criteria: leave some out");
            return Err(spot.at(entry.span(), problem));
        }
        criteria.push(criterion);
    }
    if !criteria.iter().any(Criterion::counts) {
        let problem = "every criterion has weight 0, so that nothing would be decided: give one more";
        return Err(spot.at(written[0].span(), problem));
    }
    Ok(criteria)
}

/// Refuses a score that its criterion has no room for: as likely as not it is a slip of the pen.
fn outside(criterion: &Criterion, approaches: &[Described]) -> Result<(), String> {
    let (name, Scale::Between { from, to }) = (&criterion.name, criterion.scale) else { return Ok(()) };
    let scores = approaches.iter().filter_map(|it| Some((&it.name, *it.scores.get(name)?)));
    match scores.into_iter().find(|(_, score)| !(from..=to).contains(score)) {
        Some((approach, score)) if measured(name).is_none() => Err(format!(
            "approach `{approach}` has a score of {score} for `{name}`, which goes from {from} to {to}: change it, or say \
             `from` and `to` in the criterion"
        )),
        _ => Ok(()),
    }
}

/// A value without the places where it stands.
fn print(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(date) => date.to_string(),
        DeValue::Array(list) => {
            let entries: Vec<String> = list.iter().map(|entry| print(entry.get_ref())).collect();
            format!("[{}]", entries.join(","))
        }
        DeValue::Table(table) => {
            let entries: Vec<String> = table
                .iter()
                .map(|(key, value)| format!("{:?}={}", key.get_ref(), print(value.get_ref())))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
    }
}

#[cfg(test)]
mod tests;
