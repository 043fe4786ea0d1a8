//! Train, validation and holdout.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::length::Gap;
use super::{Length, Moment, Part, SplitError, Timeline};

/// How bars are cut into train, validation and holdout, in this order: the table `[split]`.
///
/// ```toml
/// [split]
/// validation = 0.2                       # the last fifth before the holdout
/// holdout = { from = 2022-01-01 }        # up to the end; `to` ends it earlier. Or a date alone, or a share
/// purge = "5d"                           # or a number of bars: taken from the end of what comes before a part
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SplitSettings {
    /// What strategies are fitted to. Without it, all that is left before the other parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train: Option<Extent>,
    /// What choices are made by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Extent>,
    /// What nothing that chooses may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holdout: Option<Extent>,
    /// How far what is known at a step reaches into the future, as a label or a trade that is open does: steps that reach
    /// into a later part are in none.
    pub purge: Length,
}

/// Where a part is. In settings a share, a date from which on it is, or `{ from, to }` (half-open: `to` is not in it).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Extent {
    /// This share of all steps, rounded to the nearest number, just before the next part.
    Share(f64),
    /// By date.
    Between {
        /// From this moment on; `None` from the first bar on, which only the train part may be.
        from: Option<Moment>,
        /// Before this moment; `None` up to the next part.
        to: Option<Moment>,
    },
}

/// Parts that share no step, in the order of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Partition {
    /// What strategies are fitted to.
    pub train: Part,
    /// What choices are made by.
    pub validation: Option<Part>,
    /// What nothing that chooses may read.
    pub holdout: Option<Part>,
}

impl Partition {
    /// Everything that a choice may read: from the first step of train to the last one of validation.
    #[must_use]
    pub fn open_to_choices(&self, timeline: &Timeline) -> Part {
        let last = self.validation.as_ref().unwrap_or(&self.train);
        timeline.part(self.train.steps.start..last.steps.end)
    }
}

/// Where the part after one begins.
#[derive(Clone, Copy)]
struct Next {
    name: &'static str,
    step: usize,
    begins: i64,
}

impl SplitSettings {
    /// Whether they make sense, whatever the bars are.
    ///
    /// # Errors
    /// The first setting that does not.
    pub fn validate(&self) -> Result<(), SplitError> {
        let parts = [
            ("split.train", &self.train),
            ("split.validation", &self.validation),
            ("split.holdout", &self.holdout),
        ];
        let mut shares = 0.0;
        for (name, extent) in parts {
            match extent {
                Some(Extent::Share(share)) if !(*share > 0.0 && *share < 1.0) => {
                    return Err(SplitError::setting(name, not_a_share(*share)));
                }
                Some(Extent::Share(share)) => shares += share,
                Some(Extent::Between { from: None, .. }) if name != "split.train" => {
                    return Err(SplitError::setting(name, "needs `from`, or a share such as `0.2`"));
                }
                Some(Extent::Between { from: Some(from), to: Some(to) }) if from >= to => {
                    let problem = format!("ends at {to}, which is not after {from}, where it begins");
                    return Err(SplitError::setting(name, problem));
                }
                _ => {}
            }
        }
        if shares > 1.0 + 1e-9 {
            return Err(SplitError::setting("split", format!("has shares of together {shares}: at most 1")));
        }
        self.purge.check_gap("split.purge", false)
    }

    /// The parts of a timeline.
    ///
    /// # Errors
    /// Settings that make no sense; a part without bars; parts that overlap.
    pub fn partition(&self, timeline: &Timeline) -> Result<Partition, SplitError> {
        self.validate()?;
        let mut next = None;
        let mut place = |name, extent: Option<Extent>| {
            let steps = extent.map(|extent| place(timeline, name, extent, next)).transpose()?;
            if let (Some(steps), Some(extent)) = (&steps, extent) {
                let begins = match extent {
                    Extent::Between { from: Some(from), .. } => from.0,
                    _ => timeline.times()[steps.start],
                };
                next = Some(Next { name, step: steps.start, begins });
            }
            Ok(steps)
        };
        let holdout = place("holdout", self.holdout)?;
        let validation = place("validation", self.validation)?;
        let all = Extent::Between { from: None, to: None };
        let train = place("train", Some(self.train.unwrap_or(all)))?.unwrap_or_default();
        let later = [&validation, &holdout];
        let part = |name, steps: std::ops::Range<usize>, later: &[&Option<std::ops::Range<usize>>]| {
            let gap = Gap::of(&[self.purge], timeline.steps());
            let ends = later.iter().filter_map(|it| it.as_ref()).map(|it| timeline.end_before(it.start, gap));
            let end = ends.fold(steps.end, usize::min);
            if end <= steps.start {
                let why = format!("`split.purge` takes all {} of its bars", steps.len());
                return Err(SplitError::Empty { part: format!("split.{name}"), why });
            }
            Ok(timeline.part(steps.start..end))
        };
        Ok(Partition {
            train: part("train", train, &later)?,
            validation: validation.clone().map(|steps| part("validation", steps, &later[1..])).transpose()?,
            holdout: holdout.clone().map(|steps| timeline.part(steps)),
        })
    }
}

fn place(
    timeline: &Timeline,
    name: &'static str,
    extent: Extent,
    next: Option<Next>,
) -> Result<std::ops::Range<usize>, SplitError> {
    let bound = next.map_or(timeline.steps(), |next| next.step);
    let empty = |why| Err(SplitError::Empty { part: format!("split.{name}"), why });
    match extent {
        Extent::Share(share) => {
            // Between 0 and the number of steps: nothing is lost in the conversion.
            let wanted = libm::round(share * timeline.steps() as f64) as usize;
            if wanted == 0 {
                return empty(format!("{share} of {} bars is none", timeline.steps()));
            }
            match bound.checked_sub(wanted) {
                Some(start) => Ok(start..bound),
                None => {
                    empty(format!("it is to have {wanted} bars, and there are {bound} before the next part"))
                }
            }
        }
        Extent::Between { from, to } => {
            if let (Some(to), Some(next)) = (to, next)
                && to.0 > next.begins
            {
                let (ends, begins) = (to.to_string(), Moment(next.begins).to_string());
                return Err(SplitError::Overlap { earlier: name, ends, later: next.name, begins });
            }
            let steps = timeline.between(from.map(|it| it.0), to.map(|it| it.0));
            let steps = steps.start..steps.end.min(bound);
            if !steps.is_empty() {
                return Ok(steps);
            }
            let from = from.map(|it| format!("from {it} on")).unwrap_or_default();
            let to = match (to, next) {
                (Some(to), _) => format!("before {to}"),
                (None, Some(next)) => format!("before `{}` begins at {}", next.name, Moment(next.begins)),
                (None, None) => String::new(),
            };
            let and = if from.is_empty() || to.is_empty() { "" } else { " and " };
            empty(format!("it is {from}{and}{to}, and {}", timeline.covered()))
        }
    }
}

fn not_a_share(share: f64) -> String {
    format!("is {share}: a share is above 0 and below 1")
}

impl Serialize for Extent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Between {
            #[serde(skip_serializing_if = "Option::is_none")]
            from: Option<Moment>,
            #[serde(skip_serializing_if = "Option::is_none")]
            to: Option<Moment>,
        }
        match *self {
            Self::Share(share) => serializer.serialize_f64(share),
            Self::Between { from, to } => Between { from, to }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Extent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ExtentVisitor;
        impl<'de> Visitor<'de> for ExtentVisitor {
            type Value = Extent;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a share such as `0.2`, a date, or `{ from = 2018-01-01, to = 2020-01-01 }`")
            }

            fn visit_f64<E: Error>(self, share: f64) -> Result<Extent, E> {
                if share > 0.0 && share < 1.0 {
                    return Ok(Extent::Share(share));
                }
                Err(E::custom(not_a_share(share)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Extent, E> {
                let from = Some(text.parse().map_err(E::custom)?);
                Ok(Extent::Between { from, to: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Extent, A::Error> {
                let (mut from, mut to) = (None, None);
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "from" => from = Some(map.next_value()?),
                        "to" => to = Some(map.next_value()?),
                        // A date of TOML.
                        "$__toml_private_datetime" => return self.visit_str(&map.next_value::<String>()?),
                        other => return Err(A::Error::unknown_field(other, &["from", "to"])),
                    }
                }
                Ok(Extent::Between { from, to })
            }
        }
        deserializer.deserialize_any(ExtentVisitor)
    }
}

#[cfg(test)]
#[path = "partition_tests.rs"]
mod tests;
