//! Figures with everything that must be said with them.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::Figure;

/// What a figure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A share: 0.1 is 10 %.
    Share,
    /// A number without a unit.
    Ratio,
    /// A probability from 0 to 1.
    Probability,
    /// Returns, trades and so on.
    Count,
    /// Periods: time steps.
    Periods,
    /// Years.
    Years,
    /// Nanoseconds.
    Nanoseconds,
    /// The account's currency.
    Money,
}

/// What a figure means: its name, unit, and the convention it follows, in one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// Stable, in snake case.
    pub name: &'static str,
    /// What it is counted in.
    pub unit: Unit,
    /// Formula and convention.
    pub convention: &'static str,
}

/// Named figures in the order of reports. Serialises as a map from names to `{value, unit, convention}`, with `missing`, the
/// reason, beside a value that is null.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stated(Vec<(Statement, Figure)>);

impl Stated {
    /// Adds a figure.
    pub fn push(&mut self, name: &'static str, unit: Unit, convention: &'static str, figure: Figure) {
        self.0.push((Statement { name, unit, convention }, figure));
    }

    /// The figure of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Figure> {
        self.0.iter().find(|(statement, _)| statement.name == name).map(|(_, figure)| *figure)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &(Statement, Figure)> {
        self.0.iter()
    }
}

impl Serialize for Stated {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Entry {
            value: Figure,
            #[serde(skip_serializing_if = "Option::is_none")]
            missing: Option<&'static str>,
            unit: Unit,
            convention: &'static str,
        }
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (Statement { name, unit, convention }, figure) in &self.0 {
            let missing = figure.missing().map(crate::Missing::sentence);
            map.serialize_entry(name, &Entry { value: *figure, missing, unit: *unit, convention })?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Missing;
    use serde_json::json;

    #[test]
    fn a_figure_goes_with_its_unit_and_convention_and_a_missing_one_with_its_reason() {
        let mut stated = Stated::default();
        stated.push("sharpe", Unit::Ratio, "mean / std", Figure::of(1.5));
        stated.push("calmar", Unit::Ratio, "cagr / depth", Missing::NoDrawdown.into());
        assert_eq!(
            serde_json::to_value(&stated).unwrap(),
            json!({
                "sharpe": {"value": 1.5, "unit": "ratio", "convention": "mean / std"},
                "calmar": {
                    "value": null,
                    "missing": "equity never fell below an earlier peak",
                    "unit": "ratio",
                    "convention": "cagr / depth",
                },
            })
        );
        assert_eq!(stated.get("sharpe"), Some(Figure::of(1.5)));
        assert_eq!(stated.get("nothing"), None);
    }
}
