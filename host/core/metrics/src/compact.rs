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
        compact.named(&MetricName::ALL.map(Some))
    }
}

impl CompactMetrics {
    /// The metrics, when the figures are those of `names`: what they were when it was written down. A metric that is not
    /// among them is [`Missing::NotRecorded`]; `None` stands for a name that is no metric any more.
    ///
    /// # Errors
    /// There are more or fewer figures than names, or something is no metric's.
    pub fn named(self, names: &[Option<MetricName>]) -> Result<Metrics, NotMetrics> {
        let Self { figures, trades, signals, fills, orders, rejections, periods_per_year } = self;
        if figures.len() != names.len() {
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
        Metrics::assemble(counts, |name| {
            match names.iter().position(|it| *it == Some(name)).map(|place| figures[place]) {
                Some(Ok(value)) => Ok(Figure::of(value)),
                Some(Err(place)) => Missing::ALL
                    .get(usize::from(place))
                    .map(|missing| Figure::from(*missing))
                    .ok_or(NotMetrics("a reason for a missing metric")),
                None => Ok(Missing::NotRecorded.into()),
            }
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
    fn a_metric_that_was_not_known_is_not_recorded_and_a_name_that_is_none_any_more_is_passed_over() {
        let mut compact = CompactMetrics::from(&metrics());
        let mut names = MetricName::ALL.map(Some).to_vec();
        let sharpe = names.iter().position(|name| *name == Some(MetricName::Sharpe)).unwrap();
        names[sharpe] = None;
        assert_eq!(compact.clone().named(&names).unwrap().sharpe.get(), Err(Missing::NotRecorded));
        names.remove(sharpe);
        assert!(compact.clone().named(&names).is_err(), "one figure too many");
        let _ = compact.figures.remove(sharpe);
        let read = compact.named(&names).unwrap();
        assert_eq!(read, Metrics { sharpe: Missing::NotRecorded.into(), ..metrics() });
    }

    #[test]
    fn no_figure_comes_back_that_is_not_finite() {
        let figures = vec![Ok(f64::NAN); MetricName::ALL.len()];
        let metrics =
            Metrics::try_from(CompactMetrics { figures, ..CompactMetrics::from(&metrics()) }).unwrap();
        assert_eq!(metrics.sharpe.get(), Err(Missing::NotRepresentable));
    }
}
