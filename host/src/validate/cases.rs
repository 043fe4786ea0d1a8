//! What a queue file asks for, checked as far as that can be done before anything runs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use stratbox_decide::Tier;
use stratbox_domain::{FeeModel, Limits, ParamValue, SlippageModel, VenuePolicy};
use stratbox_market::{Source, parse_date};
use stratbox_queue::{Document, Entry, Managed};

use super::settings::{DataEntry, Sections, StrategyEntry, TierRules, Validation};
use crate::bars::Times;
use crate::cli::ValidateArgs;
use crate::failure::{Failure, shown, told};
use crate::render::text::inline;

/// A queue file that makes sense.
pub(super) struct Asked {
    pub(super) path: PathBuf,
    pub(super) venue: VenuePolicy,
    pub(super) limits: Limits,
    pub(super) validation: Validation,
    pub(super) rules: TierRules,
    /// Data, each once; the first is the file's own.
    pub(super) fields: Vec<Field>,
    /// All strategies, in the order of the file.
    pub(super) cases: Vec<Case>,
    /// The tiers that are validated, from the cheapest on; at least one.
    pub(super) tiers: Vec<Tier>,
    /// The tier at which strategies must be due that something is done with.
    only: Option<Tier>,
    /// Places of the strategies that something is done with, in the order in which they are begun.
    pub(super) due: Vec<usize>,
}

/// Data as it is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) sources: Vec<Source>,
    /// Of all that may be read.
    times: Times,
    /// What only the last tier reads.
    pub(super) holdout: Option<Times>,
}

impl Field {
    /// What choosing may read.
    pub(super) fn selection(&self) -> Times {
        match self.holdout {
            Some((from, _)) => (self.times.0, from),
            None => self.times,
        }
    }
}

/// A strategy of the queue.
pub(super) struct Case {
    pub(super) id: String,
    pub(super) line: usize,
    /// As seen from here.
    pub(super) source: PathBuf,
    /// What is written for its parameters, by name; at least one value each.
    pub(super) params: BTreeMap<String, Vec<ParamValue>>,
    /// Its place in [`Asked::fields`].
    pub(super) field: usize,
    pub(super) priority: i32,
    pub(super) managed: Managed,
    /// The same as it stood in the queue when that was read.
    pub(super) was: Managed,
    /// The tier that is next, up to the last one that is asked for.
    pub(super) due: Option<Tier>,
}

impl Case {
    /// How many variants its parameters have.
    pub(super) fn variants(&self) -> u64 {
        self.params.values().fold(1_u64, |count, values| count.saturating_mul(values.len() as u64))
    }

    /// Values for one variant: the last parameter's change fastest.
    pub(super) fn variant(&self, number: u64) -> BTreeMap<&str, &ParamValue> {
        let mut rest = number;
        let mut chosen = BTreeMap::new();
        for (name, values) in self.params.iter().rev() {
            let count = values.len() as u64;
            chosen.insert(name.as_str(), &values[(rest % count) as usize]);
            rest /= count;
        }
        chosen
    }
}

impl Asked {
    /// Reads what a queue says, and finds what is wrong with it.
    pub(super) fn read(document: &Document, args: &ValidateArgs) -> Result<Self, Failure> {
        let path = document.path().to_owned();
        let sections: Sections = document.settings()?;
        let entries: Vec<Entry<StrategyEntry>> = document.entries()?;
        let wrong = |problem: String| Failure::input(format!("{}: {problem}", shown(&path)));
        sections.venue.validate().map_err(|error| wrong(format!("`venue`: {error}")))?;
        sections.limits.validate().map_err(|problem| wrong(format!("`limits`: {problem}")))?;
        sections.validation.check().map_err(wrong)?;
        let rules = sections.tiers.resolve().map_err(wrong)?;
        let tiers = tiers(args, sections.validation.escalate_to)?;
        let mut fields =
            vec![field(&sections.data, &path).map_err(|problem| wrong(format!("`data`: {problem}")))?];
        let mut cases = Vec::with_capacity(entries.len());
        for entry in entries {
            let at = |problem: String| {
                Failure::input(format!("{}:{}: `{}`: {problem}", shown(&path), entry.line, entry.id))
            };
            let field = match &entry.rest.data {
                None => 0,
                Some(data) => {
                    let field = field(data, &path).map_err(|problem| at(format!("`data`: {problem}")))?;
                    fields.iter().position(|other| *other == field).unwrap_or_else(|| {
                        fields.push(field);
                        fields.len() - 1
                    })
                }
            };
            let case = Case {
                source: resolve(&path, &entry.rest.source),
                params: entry.rest.params.iter().map(|(name, it)| (name.clone(), it.0.clone())).collect(),
                field,
                priority: entry.rest.priority,
                line: entry.line,
                due: entry.managed.status.due(tiers[tiers.len() - 1]),
                managed: entry.managed.clone(),
                was: entry.managed.clone(),
                id: entry.id.clone(),
            };
            if case.variants() > sections.validation.max_variants {
                let (found, most) = (case.variants(), sections.validation.max_variants);
                return Err(at(format!(
                    "its `params` have {found} variants, and `max_variants` is {most}: give fewer values, or raise it"
                )));
            }
            cases.push(case);
        }
        let mut asked = Self {
            path,
            venue: sections.venue,
            limits: sections.limits,
            validation: sections.validation,
            rules,
            fields,
            cases,
            tiers,
            only: args.tier,
            due: Vec::new(),
        };
        asked.due = asked.candidates();
        asked.check_due()?;
        Ok(asked)
    }

    /// The last tier.
    pub(super) fn until(&self) -> Tier {
        self.tiers[self.tiers.len() - 1]
    }

    /// The tier at which a strategy is due, of those that are validated.
    pub(super) fn due_at(&self, place: usize) -> Option<Tier> {
        self.cases[place].due.filter(|tier| self.tiers.contains(tier))
    }

    /// Writes down what came of a tier.
    pub(super) fn settle(&mut self, place: usize, managed: Managed) {
        let until = self.until();
        let case = &mut self.cases[place];
        case.due = managed.status.due(until);
        case.managed = managed;
    }

    /// Every strategy that is due, in the order in which they are begun.
    fn candidates(&self) -> Vec<usize> {
        let is_due = |place: &usize| match (self.due_at(*place), self.only) {
            (Some(tier), Some(only)) => tier == only,
            (tier, _) => tier.is_some(),
        };
        let mut due: Vec<usize> = (0..self.cases.len()).filter(is_due).collect();
        // Places break ties, as the sort is stable.
        due.sort_by_key(|place| std::cmp::Reverse(self.cases[*place].priority));
        due
    }

    /// Of what is due, as much as is asked for. What is not validated again, as nothing of it was changed, takes nobody's place.
    pub(super) fn limit(&mut self, most: Option<usize>, unchanged: &BTreeSet<usize>) {
        let candidates = self.candidates();
        let (idle, mut due): (Vec<usize>, Vec<usize>) =
            candidates.into_iter().partition(|place| unchanged.contains(place));
        due.truncate(most.unwrap_or(usize::MAX));
        due.extend(idle);
        self.due = due;
    }

    /// What can be wrong with strategies that something is to be done with.
    fn check_due(&self) -> Result<(), Failure> {
        if self.due.is_empty() {
            return Ok(());
        }
        for place in &self.due {
            let case = &self.cases[*place];
            let at = |problem: String| {
                Failure::input(format!("{}:{}: `{}`: {problem}", shown(&self.path), case.line, case.id))
            };
            match std::fs::metadata(&case.source) {
                Ok(found) if found.is_file() => {}
                Ok(_) => return Err(at(format!("its source `{}` is not a file", shown(&case.source)))),
                Err(error) => {
                    return Err(at(format!("its source `{}` cannot be read: {error}", shown(&case.source))));
                }
            }
            if self.until() == Tier::L2 && self.fields[case.field].holdout.is_none() {
                return Err(at("its `data` holds nothing out, which L2 needs".to_owned())
                    .hint("write `holdout: {from: DATE}` below `data`, or stop earlier with `--until L1`"));
            }
        }
        if self.until() > Tier::L0 && costs_nothing(&self.venue) {
            let problem =
                format!("{}: trading costs nothing, and {} is with costs", shown(&self.path), Tier::L1);
            return Err(Failure::input(problem)
                .hint("write `venue: {fee_bps: 5, slippage_bps: 2}`, or what your broker takes"));
        }
        Ok(())
    }

    /// Every file that is read: the queue, the sources of what is due, and data.
    pub(super) fn inputs(&self) -> Vec<PathBuf> {
        let data = self.fields.iter().flat_map(|field| &field.sources).map(|source| source.path.clone());
        let sources = self.cases.iter().map(|case| case.source.clone());
        std::iter::once(self.path.clone()).chain(data).chain(sources).collect()
    }
}

/// Which tiers: from `--tier`, else all, up to `--until`, else `--tier`, else what the file says.
fn tiers(args: &ValidateArgs, escalate_to: Tier) -> Result<Vec<Tier>, Failure> {
    let until = args.until.or(args.tier).unwrap_or(escalate_to);
    let from = args.tier.unwrap_or(Tier::L0);
    if from > until {
        return Err(Failure::usage(format!("`--until {until}` is before `--tier {from}`: leave one out")));
    }
    Ok(Tier::ALL.into_iter().filter(|tier| (from..=until).contains(tier)).collect())
}

fn costs_nothing(venue: &VenuePolicy) -> bool {
    venue.fee_bps == 0.0
        && venue.fees == FeeModel::default()
        && venue.slippage_bps == 0.0
        && venue.slippage == SlippageModel::default()
}

fn resolve(queue: &Path, path: &Path) -> PathBuf {
    queue.parent().unwrap_or(Path::new("")).join(path)
}

fn field(data: &DataEntry, queue: &Path) -> Result<Field, String> {
    let sources: Vec<Source> =
        data.sources.iter().map(|it| it.source(&|path| resolve(queue, path))).collect();
    if sources.is_empty() {
        return Err("`sources` is empty: name at least one file, as in `[{path: bars.csv}]`".to_owned());
    }
    sources.iter().try_for_each(Source::check).map_err(|error| told(&error.to_string()))?;
    let date = |name: &str, date: Option<&crate::sweep::Date>| {
        let parse = |date: &crate::sweep::Date| {
            parse_date(&date.0).map_err(|error| format!("`{name}`: {}", inline(&error.to_string())))
        };
        date.map(parse).transpose()
    };
    let (from, to) = (date("from", data.from.as_ref())?, date("to", data.to.as_ref())?);
    let before = |a: Option<i64>, b: Option<i64>| a.zip(b).is_none_or(|(a, b)| a < b);
    if !before(from, to) {
        return Err("`to` is not after `from`".to_owned());
    }
    let holdout = match &data.holdout {
        None => None,
        Some(held) => {
            let begin = date("holdout.from", Some(&held.from))?;
            let end = date("holdout.to", held.to.as_ref())?;
            if !before(from, begin) || !before(begin, end.or(to)) || !before(begin, to) {
                return Err("`holdout` must begin after `from`, and end after that".to_owned());
            }
            let end = match (end, to) {
                (Some(end), Some(to)) => Some(end.min(to)),
                (end, to) => end.or(to),
            };
            Some((begin, end))
        }
    };
    Ok(Field { sources, times: (from, to), holdout })
}
