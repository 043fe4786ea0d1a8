use std::collections::BTreeMap;
use std::fmt;

/// The value of one parameter.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize), serde(untagged))]
pub enum ParamValue {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Number(f64),
    /// One of a list of choices.
    Text(String),
}

impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
        }
    }
}

/// Parameter values by name, in the names' order.
pub type Params = BTreeMap<String, ParamValue>;

/// What values a parameter takes. Bounds are inclusive; a grid starts at `min` and goes up by `step`.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "host",
    derive(serde::Serialize, serde::Deserialize),
    serde(tag = "type", rename_all = "snake_case")
)]
pub enum ParamKind {
    /// Whole numbers.
    Integer {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
        /// Distance of a grid's points, greater than zero.
        step: i64,
        /// Used when nothing is said.
        default: i64,
    },
    /// Finite numbers.
    Number {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
        /// Distance of a grid's points, greater than zero.
        step: f64,
        /// Used when nothing is said.
        default: f64,
    },
    /// `true` or `false`.
    Boolean {
        /// Used when nothing is said.
        default: bool,
    },
    /// One of a list.
    Choice {
        /// The list.
        choices: Vec<String>,
        /// Used when nothing is said; one of the list.
        default: String,
    },
}

/// A parameter of a strategy.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize))]
pub struct ParamSpec {
    /// Name, as used in `-p name=value` and in sweep files.
    pub name: String,
    /// What it means.
    pub description: String,
    /// What values it takes.
    #[cfg_attr(feature = "host", serde(flatten))]
    pub kind: ParamKind,
}

/// A value that a parameter does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamError {
    /// The parameter.
    pub name: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for ParamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "parameter `{}`: {}", self.name, self.message)
    }
}

impl std::error::Error for ParamError {}

impl ParamKind {
    /// The value used when nothing is said.
    #[must_use]
    pub fn default_value(&self) -> ParamValue {
        match self {
            Self::Integer { default, .. } => ParamValue::Integer(*default),
            Self::Number { default, .. } => ParamValue::Number(*default),
            Self::Boolean { default } => ParamValue::Boolean(*default),
            Self::Choice { default, .. } => ParamValue::Text(default.clone()),
        }
    }

    /// The allowed values in words, such as `a whole number from 2 to 200`.
    #[must_use]
    pub fn allowed(&self) -> String {
        match self {
            Self::Integer { min, max, .. } => format!("a whole number from {min} to {max}"),
            Self::Number { min, max, .. } => format!("a number from {min} to {max}"),
            Self::Boolean { .. } => "`true` or `false`".to_owned(),
            Self::Choice { choices, .. } => {
                let list: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
                format!("one of {}", list.join(", "))
            }
        }
    }
}

impl ParamSpec {
    /// Brings a value to this parameter's type and checks its bounds: a whole number serves as a number, and a number
    /// without a fraction as a whole number.
    ///
    /// # Errors
    /// The value is of another type, or out of bounds; the message names what is allowed.
    pub fn accept(&self, value: &ParamValue) -> Result<ParamValue, ParamError> {
        let accepted = match (&self.kind, value) {
            (ParamKind::Integer { min, max, .. }, value) => {
                whole(value).filter(|v| v >= min && v <= max).map(ParamValue::Integer)
            }
            (ParamKind::Number { min, max, .. }, value) => {
                number(value).filter(|v| v >= min && v <= max).map(ParamValue::Number)
            }
            (ParamKind::Boolean { .. }, ParamValue::Boolean(v)) => Some(ParamValue::Boolean(*v)),
            (ParamKind::Choice { choices, .. }, ParamValue::Text(v)) if choices.contains(v) => {
                Some(value.clone())
            }
            _ => None,
        };
        accepted
            .ok_or_else(|| self.error(format!("`{value}` is not allowed: it takes {}", self.kind.allowed())))
    }

    /// Reads a value as typed on a command line.
    ///
    /// # Errors
    /// The text is not a value of this parameter's type, or out of bounds.
    pub fn parse(&self, text: &str) -> Result<ParamValue, ParamError> {
        let value = match &self.kind {
            ParamKind::Integer { .. } => text.parse().ok().map(ParamValue::Integer),
            ParamKind::Number { .. } => text.parse().ok().map(ParamValue::Number),
            ParamKind::Boolean { .. } => text.parse().ok().map(ParamValue::Boolean),
            ParamKind::Choice { .. } => None,
        };
        self.accept(&value.unwrap_or_else(|| ParamValue::Text(text.to_owned())))
    }

    /// Checks the specification itself: a default inside its bounds, bounds in order, a step greater than zero.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn validate(&self) -> Result<(), ParamError> {
        let sound = match &self.kind {
            ParamKind::Integer { min, max, step, .. } => min <= max && *step > 0,
            ParamKind::Number { min, max, step, .. } => {
                min.is_finite() && max.is_finite() && min <= max && step.is_finite() && *step > 0.0
            }
            ParamKind::Boolean { .. } => true,
            ParamKind::Choice { choices, .. } => !choices.is_empty(),
        };
        if !sound {
            return Err(
                self.error("its bounds are not in order, or its step is not greater than zero".to_owned())
            );
        }
        self.accept(&self.kind.default_value())
            .map(|_| ())
            .map_err(|error| self.error(format!("its default is out of its own bounds: {}", error.message)))
    }

    fn error(&self, message: String) -> ParamError {
        ParamError { name: self.name.clone(), message }
    }
}

fn whole(value: &ParamValue) -> Option<i64> {
    // Beyond 2^53 neighbouring whole numbers share a float, so a fraction could hide.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        ParamValue::Integer(v) => Some(*v),
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53 by the guard")]
        ParamValue::Number(v) if v.fract() == 0.0 && v.abs() <= EXACT => Some(*v as i64),
        _ => None,
    }
}

fn number(value: &ParamValue) -> Option<f64> {
    match value {
        ParamValue::Number(v) if v.is_finite() => Some(*v),
        #[expect(
            clippy::cast_precision_loss,
            reason = "parameters beyond 2^53 are not meaningful as numbers"
        )]
        ParamValue::Integer(v) => Some(*v as f64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(kind: ParamKind) -> ParamSpec {
        ParamSpec { name: "length".into(), description: String::new(), kind }
    }

    fn integer() -> ParamSpec {
        spec(ParamKind::Integer { min: 2, max: 200, step: 1, default: 10 })
    }

    #[test]
    fn bounds_are_inclusive() {
        assert_eq!(integer().parse("2"), Ok(ParamValue::Integer(2)));
        assert_eq!(integer().parse("200"), Ok(ParamValue::Integer(200)));
        assert!(integer().parse("201").is_err());
    }

    #[test]
    fn an_error_names_the_parameter_and_what_is_allowed() {
        let message = integer().parse("1").expect_err("out of bounds").to_string();
        assert_eq!(message, "parameter `length`: `1` is not allowed: it takes a whole number from 2 to 200");
    }

    #[test]
    fn a_number_with_a_fraction_is_not_a_whole_number() {
        assert_eq!(integer().accept(&ParamValue::Number(3.0)), Ok(ParamValue::Integer(3)));
        assert!(integer().accept(&ParamValue::Number(3.5)).is_err());
    }

    #[test]
    fn nan_is_never_within_bounds() {
        let number = spec(ParamKind::Number { min: 0.0, max: 1.0, step: 0.1, default: 0.5 });
        assert_eq!(number.parse("0.25"), Ok(ParamValue::Number(0.25)));
        assert!(number.parse("NaN").is_err());
    }

    #[test]
    fn a_default_outside_its_bounds_is_an_unsound_specification() {
        assert!(integer().validate().is_ok());
        assert!(spec(ParamKind::Integer { min: 2, max: 5, step: 1, default: 10 }).validate().is_err());
        assert!(spec(ParamKind::Integer { min: 2, max: 5, step: 0, default: 3 }).validate().is_err());
        assert!(spec(ParamKind::Choice { choices: vec![], default: "a".into() }).validate().is_err());
    }
}
