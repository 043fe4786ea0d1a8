//! Metrics as they pass between processes: few bytes, no names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::stored::Counts;
use crate::{Figure, MetricName, Metrics, Missing};

/// [`Metrics`] in the order of [`MetricName::ALL`]. What is read back from a process that ran a stranger's code is
/// checked like any input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompactMetrics {
    /// Each metric's value, or the place of its reason in [`Missing::ALL`].
    figures: Vec<Result<f64, u8>>,
    trades: u64,
    signals: u64,
    fills: u64,
    orders: u64,
    rejections: BTreeMap<String, u64>,
    periods_per_year: Option<f64>,
}

/// Compact metrics that are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the metrics of a run are not what they should be: {0}")]
pub struct NotMetrics(&'static str);

impl From<&Metrics> for CompactMetrics {
    fn from(metrics: &Metrics) -> Self {
        let place = |missing: Missing| Missing::ALL.iter().position(|it| *it == missing).unwrap_or_default();
        let figure = |name| metrics.get(name).get().map_err(|missing| place(missing) as u8);
        Self {
            figures: MetricName::ALL.into_iter().map(figure).collect(),
            trades: metrics.trades,
            signals: metrics.signals,
            fills: metrics.fills,
            orders: metrics.orders,
            rejections: metrics.rejections.clone(),
            periods_per_year: metrics.periods_per_year,
        }
    }
}

impl TryFrom<CompactMetrics> for Metrics {
    type Error = NotMetrics;

    fn try_from(compact: CompactMetrics) -> Result<Self, NotMetrics> {
        let CompactMetrics { figures, trades, signals, fills, orders, rejections, periods_per_year } =
            compact;
        if figures.len() != MetricName::ALL.len() {
            return Err(NotMetrics("their number"));
        }
        if rejections.keys().any(|label| stratbox_domain::Rejection::ALL.iter().all(|it| it.label() != label))
        {
            return Err(NotMetrics("a reason for a rejection"));
        }
        if periods_per_year.is_some_and(|periods| !(periods.is_finite() && periods > 0.0)) {
            return Err(NotMetrics("the periods of a year"));
        }
        let counts = Counts { trades, signals, fills, orders, rejections, periods_per_year };
        let all: BTreeMap<MetricName, Result<f64, u8>> = MetricName::ALL.into_iter().zip(figures).collect();
        Metrics::assemble(counts, |name| match all.get(&name) {
            Some(Ok(value)) => Ok(Figure::of(*value)),
            Some(Err(place)) => Missing::ALL
                .get(usize::from(*place))
                .map(|missing| Figure::from(*missing))
                .ok_or(NotMetrics("a reason for a missing metric")),
            None => Err(NotMetrics("their number")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics() -> Metrics {
        let mut accumulator = crate::Accumulator::new(100.0, 252.0);
        accumulator.equity(&[101.0, 99.0, 102.5]);
        let mut summary =
            stratbox_domain::VenueSummary { final_equity: 102.5, steps: 3, ..Default::default() };
        summary.rejections[4] = 7;
        accumulator.finish(&summary, Some((0, 400 * 86_400_000_000_000)))
    }

    #[test]
    fn metrics_come_back_as_they_went() {
        assert_eq!(Metrics::try_from(CompactMetrics::from(&metrics())), Ok(metrics()));
    }

    #[test]
    fn what_makes_no_sense_does_not_come_back() {
        let compact = || CompactMetrics::from(&metrics());
        let refused = |compact| Metrics::try_from(compact).is_err();
        assert!(refused(CompactMetrics { figures: Vec::new(), ..compact() }));
        assert!(refused(CompactMetrics { periods_per_year: Some(f64::NAN), ..compact() }));
        assert!(refused(CompactMetrics { rejections: [("x".to_owned(), 1)].into(), ..compact() }));
        assert!(refused(CompactMetrics { figures: vec![Err(99); MetricName::ALL.len()], ..compact() }));
        assert!(!refused(compact()));
    }

    #[test]
    fn no_figure_comes_back_that_is_not_finite() {
        let figures = vec![Ok(f64::NAN); MetricName::ALL.len()];
        let metrics =
            Metrics::try_from(CompactMetrics { figures, ..CompactMetrics::from(&metrics()) }).unwrap();
        assert_eq!(metrics.sharpe.get(), Err(Missing::NotRepresentable));
    }
}
