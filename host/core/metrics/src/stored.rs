//! Metrics as JSON and the like, written and read back.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Figure, MetricName, Metrics, Missing};

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut reasons = BTreeMap::new();
        for name in MetricName::ALL {
            match name {
                MetricName::Trades => map.serialize_entry(&name, &self.trades)?,
                MetricName::Signals => map.serialize_entry(&name, &self.signals)?,
                _ => map.serialize_entry(&name, &self.get(name))?,
            }
            if let Some(missing) = self.get(name).missing() {
                reasons.insert(name, missing.sentence());
            }
        }
        map.serialize_entry("fills", &self.fills)?;
        map.serialize_entry("orders", &self.orders)?;
        map.serialize_entry("rejections", &self.rejections)?;
        map.serialize_entry("periods_per_year", &self.periods_per_year)?;
        if !reasons.is_empty() {
            map.serialize_entry("missing", &reasons)?;
        }
        map.end()
    }
}

/// The fields as they are written, before values and reasons are put together again.
#[derive(Deserialize)]
struct Stored {
    trades: u64,
    signals: u64,
    fills: u64,
    orders: u64,
    rejections: BTreeMap<String, u64>,
    periods_per_year: Option<f64>,
    #[serde(default)]
    missing: BTreeMap<MetricName, String>,
    #[serde(flatten)]
    values: BTreeMap<MetricName, Option<f64>>,
}

impl Stored {
    fn figure<E: de::Error>(&self, name: MetricName) -> Result<Figure, E> {
        if let Some(value) = self.values.get(&name).copied().flatten() {
            return Ok(Figure::of(value));
        }
        let reason = self
            .missing
            .get(&name)
            .ok_or_else(|| E::custom(format_args!("metric `{name}` has neither a value nor a reason")))?;
        Missing::named(reason)
            .map(Figure::from)
            .ok_or_else(|| E::custom(format_args!("`{reason}` is not a reason for `{name}` to be missing")))
    }
}

/// Metrics that are counts, and what goes with them.
pub(crate) struct Counts {
    pub(crate) trades: u64,
    pub(crate) signals: u64,
    pub(crate) fills: u64,
    pub(crate) orders: u64,
    pub(crate) rejections: BTreeMap<String, u64>,
    pub(crate) periods_per_year: Option<f64>,
}

impl Metrics {
    /// Puts metrics together that were taken apart.
    pub(crate) fn assemble<E>(
        counts: Counts,
        figure: impl Fn(MetricName) -> Result<Figure, E>,
    ) -> Result<Self, E> {
        let Counts { trades, signals, fills, orders, rejections, periods_per_year } = counts;
        Ok(Self {
            total_return: figure(MetricName::TotalReturn)?,
            cagr: figure(MetricName::Cagr)?,
            volatility: figure(MetricName::Volatility)?,
            sharpe: figure(MetricName::Sharpe)?,
            sortino: figure(MetricName::Sortino)?,
            calmar: figure(MetricName::Calmar)?,
            max_drawdown: figure(MetricName::MaxDrawdown)?,
            win_rate: figure(MetricName::WinRate)?,
            profit_factor: figure(MetricName::ProfitFactor)?,
            hit_rate: figure(MetricName::HitRate)?,
            exposure: figure(MetricName::Exposure)?,
            fees: figure(MetricName::Fees)?,
            final_equity: figure(MetricName::FinalEquity)?,
            financing: figure(MetricName::Financing)?,
            partial_fills: figure(MetricName::PartialFills)?,
            expired: figure(MetricName::Expired)?,
            dropped: figure(MetricName::Dropped)?,
            liquidations: figure(MetricName::Liquidations)?,
            trades,
            signals,
            fills,
            orders,
            rejections,
            periods_per_year,
        })
    }
}

impl<'de> Deserialize<'de> for Metrics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Stored::deserialize(deserializer)?;
        let counts = Counts {
            trades: stored.trades,
            signals: stored.signals,
            fills: stored.fills,
            orders: stored.orders,
            rejections: stored.rejections.clone(),
            periods_per_year: stored.periods_per_year,
        };
        Self::assemble(counts, |name| stored.figure(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn metrics() -> Metrics {
        let mut accumulator = crate::Accumulator::new(100.0, 252.0);
        accumulator.equity(&[101.0, 99.0, 102.5]);
        let mut summary =
            stratbox_domain::VenueSummary { final_equity: 102.5, steps: 3, ..Default::default() };
        summary.rejections[4] = 7;
        accumulator.finish(&summary, Some((0, 400 * 86_400_000_000_000)))
    }

    #[test]
    fn each_metric_is_a_number_or_null_with_its_reason() {
        let json = serde_json::to_value(metrics()).unwrap();
        assert_eq!(json["final_equity"], json!(102.5));
        assert_eq!(json["trades"].to_string(), "0");
        assert_eq!(json["win_rate"], Value::Null);
        assert_eq!(json["missing"]["win_rate"], json!("no trade was closed"));
        assert_eq!(json["rejections"], json!({ "insufficient_funds": 7 }));
        for name in MetricName::ALL {
            assert_eq!(json[name.as_str()].is_null(), json["missing"].get(name.as_str()).is_some(), "{name}");
        }
    }

    #[test]
    fn without_a_missing_metric_there_is_no_missing_object() {
        let mut complete = metrics();
        for figure in [&mut complete.win_rate, &mut complete.profit_factor, &mut complete.hit_rate] {
            *figure = Figure::of(0.5);
        }
        assert_eq!(serde_json::to_value(complete).unwrap().get("missing"), None);
        assert!(serde_json::to_value(metrics()).unwrap().get("missing").is_some());
    }

    #[test]
    fn metrics_survive_being_stored() {
        let text = serde_json::to_string(&metrics()).unwrap();
        assert_eq!(serde_json::from_str::<Metrics>(&text).unwrap(), metrics());
    }

    #[test]
    fn a_metric_without_value_and_reason_is_refused() {
        let mut json = serde_json::to_value(metrics()).unwrap();
        json["sharpe"] = Value::Null;
        let message = serde_json::from_value::<Metrics>(json).unwrap_err().to_string();
        assert_eq!(message, "metric `sharpe` has neither a value nor a reason");
    }
}
