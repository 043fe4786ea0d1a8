//! How points are chosen.

use std::fmt;

use serde::{Deserialize, Serialize};

/// More points than this are a mistake: at a microsecond each they would take eleven days.
pub(crate) const MAX_SAMPLES: u64 = 1_000_000_000_000;

/// Most points of a method that looks at all earlier results before each.
const MAX_ADAPTIVE: u64 = 10_000;

/// A way to choose points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Every combination of the axes' values.
    #[default]
    Grid,
    /// Independent uniform draws.
    Random,
    /// As many strata on each axis as points, one point in each.
    LatinHypercube,
    /// A Sobol sequence.
    Sobol,
    /// Where earlier results were good and few were bad: the tree-structured Parzen estimator.
    Tpe,
}

impl Method {
    /// The name, as in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Random => "random",
            Self::LatinHypercube => "latin_hypercube",
            Self::Sobol => "sobol",
            Self::Tpe => "tpe",
        }
    }
}

/// How points are chosen. What is left out has the default that is said at its field; what a method has no use for is
/// refused.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How.
    pub method: Method,
    /// Points that the method chooses, from 1 to 10^12 (10,000 for `tpe`); enqueued ones come on top. For every method
    /// but `grid`, which has as many as there are combinations.
    pub samples: Option<u64>,
    /// Whether a Sobol sequence is scrambled by the seed; it is by default. Without, its first point is every axis's
    /// smallest value.
    pub scramble: Option<bool>,
    /// Random points before `tpe` begins to learn, enqueued ones counted: 10 by default.
    pub startup: Option<u64>,
    /// Share of the results that count as good for `tpe`, above 0 and at most 0.5: 0.1 by default, and at most 25
    /// results.
    pub gamma: Option<f64>,
    /// Draws of `tpe` on each axis of which the most promising is taken, from 1 to 1,000: 24 by default.
    pub candidates: Option<u32>,
    /// Points that `tpe` suggests before it waits for the results of all of them, from 1 to 1,000: 8 by default. More
    /// keep more workers busy, fewer learn faster.
    pub batch: Option<u32>,
}

/// A setting that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// The offending field.
    pub field: &'static str,
    /// What is wrong with it and what would be right.
    pub problem: String,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.field, self.problem)
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Checks every field against its range and its method.
    ///
    /// # Errors
    /// The first field that is out of range, missing, or of another method.
    pub fn validate(&self) -> Result<(), SettingsError> {
        self.strays()?;
        match self.method {
            Method::Grid => {}
            Method::Tpe => self.samples_up_to(MAX_ADAPTIVE)?,
            Method::Random | Method::LatinHypercube | Method::Sobol => self.samples_up_to(MAX_SAMPLES)?,
        }
        within("startup", self.startup.map(|it| it as f64), 1.0, MAX_ADAPTIVE as f64, "from 1 to 10000")?;
        within("gamma", self.gamma, f64::MIN_POSITIVE, 0.5, "greater than 0 and at most 0.5")?;
        within("candidates", self.candidates.map(f64::from), 1.0, 1e3, "from 1 to 1000")?;
        within("batch", self.batch.map(f64::from), 1.0, 1e3, "from 1 to 1000")
    }

    fn strays(&self) -> Result<(), SettingsError> {
        let tpe = [Method::Tpe].as_slice();
        let drawn = [Method::Random, Method::LatinHypercube, Method::Sobol, Method::Tpe].as_slice();
        let fields = [
            ("samples", self.samples.is_some(), drawn),
            ("scramble", self.scramble.is_some(), &[Method::Sobol]),
            ("startup", self.startup.is_some(), tpe),
            ("gamma", self.gamma.is_some(), tpe),
            ("candidates", self.candidates.is_some(), tpe),
            ("batch", self.batch.is_some(), tpe),
        ];
        match fields.into_iter().find(|(_, given, methods)| *given && !methods.contains(&self.method)) {
            None => Ok(()),
            Some((field, _, methods)) => {
                let methods: Vec<String> = methods.iter().map(|it| format!("`{}`", it.as_str())).collect();
                let (methods, method) = (methods.join(", "), self.method.as_str());
                let problem = format!("is for {methods}: method `{method}` has no use for it");
                Err(SettingsError { field, problem })
            }
        }
    }

    fn samples_up_to(&self, most: u64) -> Result<(), SettingsError> {
        let field = "samples";
        match self.samples {
            None => {
                let problem = format!(
                    "is missing: method `{}` needs to know how many points to try",
                    self.method.as_str()
                );
                Err(SettingsError { field, problem })
            }
            Some(samples) if (1..=most).contains(&samples) => Ok(()),
            Some(samples) => {
                let problem = format!(
                    "is `{samples}`: for method `{}` it must be from 1 to {most}",
                    self.method.as_str()
                );
                Err(SettingsError { field, problem })
            }
        }
    }
}

fn within(
    field: &'static str,
    value: Option<f64>,
    low: f64,
    high: f64,
    allowed: &str,
) -> Result<(), SettingsError> {
    match value {
        Some(value) if !(low..=high).contains(&value) => {
            Err(SettingsError { field, problem: format!("is `{value}`: it must be {allowed}") })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, String> {
        let settings: Settings = serde_json::from_str(text).map_err(|error| error.to_string())?;
        settings.validate().map_err(|error| error.to_string())?;
        Ok(settings)
    }

    #[test]
    fn a_grid_needs_nothing() {
        assert_eq!(read("{}"), Ok(Settings::default()));
    }

    #[test]
    fn every_other_method_needs_to_know_how_many_points() {
        for method in ["random", "latin_hypercube", "sobol", "tpe"] {
            assert!(read(&format!(r#"{{"method":"{method}","samples":10}}"#)).is_ok());
            let refused = read(&format!(r#"{{"method":"{method}"}}"#)).unwrap_err();
            assert!(
                refused.starts_with(&format!("`samples` is missing: method `{method}` needs")),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_setting_of_another_method_is_refused_rather_than_ignored() {
        let refused = read(r#"{"method":"sobol","samples":10,"gamma":0.2}"#).unwrap_err();
        assert_eq!(refused, "`gamma` is for `tpe`: method `sobol` has no use for it");
        assert!(read(r#"{"samples":10}"#).unwrap_err().ends_with("method `grid` has no use for it"));
        assert!(read(r#"{"method":"random","samples":10,"scramble":true}"#).is_err());
        assert!(read(r#"{"method":"sobol","samples":10,"scramble":false}"#).is_ok());
    }

    #[test]
    fn what_is_out_of_range_is_named_with_its_range() {
        for (setting, said) in [
            (r#""samples":0"#, "`samples` is `0`: for method `tpe` it must be from 1 to 10000"),
            (r#""samples":10001"#, "`samples` is `10001`: for method `tpe` it must be from 1 to 10000"),
            (r#""samples":9,"gamma":0.0"#, "`gamma` is `0`: it must be greater than 0 and at most 0.5"),
            (r#""samples":9,"batch":0"#, "`batch` is `0`: it must be from 1 to 1000"),
            (r#""samples":9,"candidates":1001"#, "`candidates` is `1001`: it must be from 1 to 1000"),
            (r#""samples":9,"startup":0"#, "`startup` is `0`: it must be from 1 to 10000"),
        ] {
            assert_eq!(read(&format!(r#"{{"method":"tpe",{setting}}}"#)), Err(said.to_owned()));
        }
        let nan =
            Settings { method: Method::Tpe, samples: Some(1), gamma: Some(f64::NAN), ..Settings::default() };
        assert!(nan.validate().is_err());
    }

    #[test]
    fn an_unknown_setting_or_method_is_refused() {
        assert!(read(r#"{"steps":1}"#).unwrap_err().contains("unknown field `steps`"));
        assert!(read(r#"{"method":"annealing"}"#).unwrap_err().contains("unknown variant `annealing`"));
    }
}
