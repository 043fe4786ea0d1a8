//! Successive halving (Jamieson and Talwalkar 2016): many variants on little data, the best of them on more.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use stratbox_metrics::Direction;

use crate::evaluation::Outcome;
use crate::pareto::order;
use crate::settings::SettingsError;

/// How variants are stopped early.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HalvingSettings {
    /// One in so many variants goes on to the next rung, which has so many times the data; from 2 to 100, 3 by default.
    pub eta: u64,
    /// The smallest share of the data that a rung may have, above 0 and at most 1; a ninth by default.
    pub min_share: f64,
}

impl Default for HalvingSettings {
    fn default() -> Self {
        Self { eta: 3, min_share: 1.0 / 9.0 }
    }
}

/// What early stopping refuses.
#[derive(Debug, Clone, PartialEq)]
pub enum HalvingError {
    /// A setting is out of range.
    Settings(SettingsError),
    /// There is nothing to choose from.
    NoVariants,
    /// A variant is named twice.
    Twice(u64),
    /// There is nothing to get better at.
    NoObjective,
    /// A result for a variant that is not in this rung.
    NotInRung(u64),
    /// A result for a variant that has one in this rung.
    ToldTwice(u64),
    /// A result that makes no sense.
    Outcome {
        /// The variant.
        variant: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// Not all results of the rung are known: so many are missing.
    Waiting(usize),
    /// The last rung has none after it.
    LastRung,
}

impl fmt::Display for HalvingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(error) => error.fmt(f),
            Self::NoVariants => f.write_str("there are no variants to choose from"),
            Self::Twice(variant) => write!(f, "variant {variant} is named twice"),
            Self::NoObjective => f.write_str("there is no objective: early stopping needs at least one"),
            Self::NotInRung(variant) => write!(f, "variant {variant} is not in this rung"),
            Self::ToldTwice(variant) => write!(f, "variant {variant} has a result in this rung"),
            Self::Outcome { variant, problem } => {
                write!(f, "the result of variant {variant} makes no sense: {problem}")
            }
            Self::Waiting(missing) => {
                write!(f, "{missing} results of this rung are missing: a rung is decided when all are known")
            }
            Self::LastRung => f.write_str("this is the last rung: nothing comes after it"),
        }
    }
}

impl std::error::Error for HalvingError {}

impl From<SettingsError> for HalvingError {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error)
    }
}

/// One round on the same share of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rung {
    /// The rung has one part in so many of the data, from its start: 9 for the first ninth, 1 for all of it.
    pub one_in: u64,
    /// At most so many variants reach it; fewer when fewer have a result.
    pub variants: u64,
}

impl Rung {
    /// The share of the data, above 0 and at most 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        1.0 / self.one_in as f64
    }
}

/// How many evaluations some rungs take together at most; each of them is a trial.
#[must_use]
pub fn evaluations(rungs: &[Rung]) -> u64 {
    rungs.iter().fold(0, |total, rung| total.saturating_add(rung.variants))
}

impl HalvingSettings {
    /// Checks both fields.
    ///
    /// # Errors
    /// The first that is out of range.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let refuse = |field, problem| Err(SettingsError { field, problem });
        if !(2..=100).contains(&self.eta) {
            return refuse("eta", format!("is `{}`: it must be from 2 to 100", self.eta));
        }
        if !(self.min_share > 0.0 && self.min_share <= 1.0) {
            let problem = format!("is `{}`: it must be greater than 0 and at most 1", self.min_share);
            return refuse("min_share", problem);
        }
        Ok(())
    }

    /// The rungs for a number of variants: the last has all of the data, each one before it `eta` times less, as long as
    /// that is no less than `min_share`. The first has all variants, each one after it `eta` times fewer, rounded down,
    /// but at least one.
    ///
    /// # Errors
    /// A setting is out of range, or there are no variants.
    pub fn rungs(&self, variants: u64) -> Result<Vec<Rung>, HalvingError> {
        self.validate()?;
        if variants == 0 {
            return Err(HalvingError::NoVariants);
        }
        Ok(self.rungs_from(self.steps(), variants))
    }

    /// The brackets of Hyperband (Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar 2018): successive halving from as
    /// many variants on as little data as there may be, down to a few variants on all of it, each bracket with about the
    /// same amount of data in total. Each needs variants of its own, as many as its first rung says.
    ///
    /// # Errors
    /// A setting is out of range.
    pub fn brackets(&self) -> Result<Vec<Vec<Rung>>, SettingsError> {
        self.validate()?;
        let most = self.steps();
        let bracket = |steps: u32| {
            let variants =
                (u64::from(most) + 1).saturating_mul(self.power(steps)).div_ceil(u64::from(steps) + 1);
            self.rungs_from(steps, variants)
        };
        Ok((0..=most).rev().map(bracket).collect())
    }

    /// How often the data can be divided by `eta`.
    fn steps(&self) -> u32 {
        // A share that was written with some digits, such as 0.1111111112, means the ninth.
        let enough = |steps: &u32| 1.0 / self.power(*steps) as f64 >= self.min_share * (1.0 - 1e-9);
        (1..=62)
            .take_while(|steps| self.eta.checked_pow(*steps).is_some() && enough(steps))
            .last()
            .unwrap_or(0)
    }

    fn power(&self, steps: u32) -> u64 {
        self.eta.saturating_pow(steps)
    }

    fn rungs_from(&self, steps: u32, variants: u64) -> Vec<Rung> {
        let rung = |step: u32| Rung {
            one_in: self.power(steps - step),
            variants: (variants / self.power(step)).max(1),
        };
        (0..=steps).map(rung).collect()
    }
}

/// Successive halving under way. A rung is decided when all of its results are known, so that who goes on depends on the
/// results alone, never on the order in which they came.
#[derive(Debug, Clone)]
pub struct Halving {
    directions: Vec<Direction>,
    rungs: Vec<Rung>,
    rung: usize,
    /// The variants of this rung, and what became of them; the inner `None` is a variant without a result.
    results: BTreeMap<u64, Option<Option<Outcome>>>,
    trials: u64,
}

impl Halving {
    /// Starts with the first rung of `variants`, which are known by numbers of their own.
    ///
    /// # Errors
    /// A setting is out of range, there is no variant or no objective, or a variant is named twice.
    pub fn new(
        settings: &HalvingSettings,
        directions: &[Direction],
        variants: impl IntoIterator<Item = u64>,
    ) -> Result<Self, HalvingError> {
        if directions.is_empty() {
            return Err(HalvingError::NoObjective);
        }
        let mut results = BTreeMap::new();
        for variant in variants {
            if results.insert(variant, None).is_some() {
                return Err(HalvingError::Twice(variant));
            }
        }
        let rungs = settings.rungs(results.len() as u64)?;
        Ok(Self { directions: directions.to_vec(), rungs, rung: 0, results, trials: 0 })
    }

    /// The rung at hand. As many variants as it says are in it, or fewer when fewer had a result.
    #[must_use]
    pub fn rung(&self) -> Rung {
        self.rungs[self.rung]
    }

    /// Whether this rung has all of the data.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.rung + 1 == self.rungs.len()
    }

    /// The variants of this rung that have no result yet, in the order of their numbers.
    pub fn waiting(&self) -> impl Iterator<Item = u64> {
        self.results.iter().filter(|(_, result)| result.is_none()).map(|(variant, _)| *variant)
    }

    /// Results told so far, of all rungs: each was an evaluation that a choice could have used, so each is a trial.
    #[must_use]
    pub fn trials(&self) -> u64 {
        self.trials
    }

    /// Takes the result of a variant in this rung; `None` when it failed.
    ///
    /// # Errors
    /// The variant is not in this rung, has a result in it, or the result makes no sense. Nothing has changed then.
    pub fn tell(&mut self, variant: u64, outcome: Option<Outcome>) -> Result<(), HalvingError> {
        if let Some(outcome) = &outcome {
            let checked = outcome.check(self.directions.len());
            checked.map_err(|problem| HalvingError::Outcome { variant, problem })?;
        }
        match self.results.get_mut(&variant) {
            None => Err(HalvingError::NotInRung(variant)),
            Some(Some(_)) => Err(HalvingError::ToldTwice(variant)),
            Some(result) => {
                *result = Some(outcome);
                self.trials += 1;
                Ok(())
            }
        }
    }

    /// Goes on to the next rung, with the best of this one by [`order`](crate::order()), equal ones by their numbers. One
    /// that failed does not go on; one with a missing value does when there is room.
    ///
    /// Returns the variants that were stopped, in the order of their numbers. When nothing goes on, the next rung is
    /// empty, and so are all after it.
    ///
    /// # Errors
    /// Results of this rung are missing, or it is the last.
    pub fn promote(&mut self) -> Result<Vec<u64>, HalvingError> {
        let missing = self.waiting().count();
        if missing > 0 {
            return Err(HalvingError::Waiting(missing));
        }
        let Some(next) = self.rungs.get(self.rung + 1) else { return Err(HalvingError::LastRung) };
        let told = std::mem::take(&mut self.results);
        let all: Vec<u64> = told.keys().copied().collect();
        let (variants, outcomes): (Vec<u64>, Vec<Outcome>) =
            told.into_iter().filter_map(|(variant, result)| Some((variant, result??))).unzip();
        let best = order(&outcomes, &self.directions, |index| variants[index]);
        let survivors = best.into_iter().take(usize::try_from(next.variants).unwrap_or(usize::MAX));
        self.results = survivors.map(|index| (variants[index], None)).collect();
        self.rung += 1;
        Ok(all.into_iter().filter(|variant| !self.results.contains_key(variant)).collect())
    }

    /// The results of the last rung, best first; `None` before they are all known. Those that failed are left out.
    #[must_use]
    pub fn ranking(&self) -> Option<Vec<u64>> {
        if !self.is_last() || self.waiting().next().is_some() {
            return None;
        }
        let completed =
            |(variant, result): (&u64, &Option<Option<Outcome>>)| Some((*variant, result.clone().flatten()?));
        let (variants, outcomes): (Vec<u64>, Vec<Outcome>) =
            self.results.iter().filter_map(completed).unzip();
        let best = order(&outcomes, &self.directions, |index| variants[index]);
        Some(best.into_iter().map(|index| variants[index]).collect())
    }
}

#[cfg(test)]
mod tests;
