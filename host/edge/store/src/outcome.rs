//! Outcomes as they are stored.

use serde::{Deserialize, Serialize};
use stratbox_domain::{Fault, Interruption, RunOutcome};
use stratbox_metrics::{CompactMetrics, MetricName, Metrics, NotMetrics};

use crate::OutcomeKind;

/// An outcome in the bytes in which it is stored. Making them is the costliest part of storing a trial, so it is done by
/// whoever has the outcome, and not by the one thread that writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedOutcome {
    pub(crate) kind: OutcomeKind,
    /// The fault's or interruption's label.
    pub(crate) label: Option<&'static str>,
    pub(crate) bytes: Vec<u8>,
}

/// Stored bytes that are no outcome.
#[derive(Debug, thiserror::Error)]
#[error("it is not an outcome: {0}")]
pub struct NotAnOutcome(String);

impl From<NotMetrics> for NotAnOutcome {
    fn from(problem: NotMetrics) -> Self {
        Self(problem.to_string())
    }
}

impl From<rmp_serde::decode::Error> for NotAnOutcome {
    fn from(problem: rmp_serde::decode::Error) -> Self {
        Self(problem.to_string())
    }
}

impl EncodedOutcome {
    /// Encodes an outcome; metrics are those of [`MetricNames::current`].
    #[must_use]
    pub fn new(outcome: &RunOutcome<Box<Metrics>>) -> Self {
        fn encode(value: &impl Serialize) -> Vec<u8> {
            rmp_serde::to_vec(value).expect("numbers, text and lists of known lengths can be encoded")
        }
        let bytes = match outcome {
            RunOutcome::Completed(metrics) => encode(&CompactMetrics::from(&**metrics)),
            RunOutcome::Faulted(fault) => encode(fault),
            RunOutcome::Interrupted(reason) => encode(reason),
        };
        Self::of(outcome, bytes)
    }

    /// An outcome whose bytes are known.
    pub(crate) fn of(outcome: &RunOutcome<Box<Metrics>>, bytes: Vec<u8>) -> Self {
        let kind = OutcomeKind::of(outcome);
        let label = match outcome {
            RunOutcome::Completed(_) => None,
            RunOutcome::Faulted(fault) => Some(fault.label.label()),
            RunOutcome::Interrupted(reason) => Some(reason.label()),
        };
        Self { kind, label, bytes }
    }

    /// How it ended.
    #[must_use]
    pub fn kind(&self) -> OutcomeKind {
        self.kind
    }

    /// The outcome, of an experiment that has these metrics.
    ///
    /// # Errors
    /// It was made with other metrics.
    pub fn decode(&self, names: &MetricNames) -> Result<RunOutcome<Box<Metrics>>, NotAnOutcome> {
        decode(self.kind, &self.bytes, names)
    }
}

pub(crate) fn decode(
    kind: OutcomeKind,
    bytes: &[u8],
    names: &MetricNames,
) -> Result<RunOutcome<Box<Metrics>>, NotAnOutcome> {
    Ok(match kind {
        OutcomeKind::Completed => {
            let compact: CompactMetrics = rmp_serde::from_slice(bytes)?;
            RunOutcome::Completed(Box::new(compact.named(&names.0)?))
        }
        OutcomeKind::Faulted => RunOutcome::Faulted(rmp_serde::from_slice::<Fault>(bytes)?),
        OutcomeKind::Interrupted => RunOutcome::Interrupted(rmp_serde::from_slice::<Interruption>(bytes)?),
    })
}

/// The metrics that an experiment's outcomes have, in their order. Kept with every experiment, so that metrics that are
/// added or removed later do not make its outcomes unreadable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct MetricNames(Vec<Option<MetricName>>);

impl MetricNames {
    /// Those that are known today.
    #[must_use]
    pub fn current() -> Self {
        Self(MetricName::ALL.map(Some).to_vec())
    }

    /// Whether outcomes have this one.
    #[must_use]
    pub fn contains(&self, name: MetricName) -> bool {
        self.0.contains(&Some(name))
    }

    /// Those that are metrics today.
    pub fn iter(&self) -> impl Iterator<Item = MetricName> {
        MetricName::ALL.into_iter().filter(|name| self.contains(*name))
    }
}

impl From<Vec<String>> for MetricNames {
    fn from(names: Vec<String>) -> Self {
        Self(names.iter().map(|name| name.parse().ok()).collect())
    }
}

impl From<MetricNames> for Vec<String> {
    fn from(MetricNames(names): MetricNames) -> Self {
        names.into_iter().map(|name| name.map_or_else(String::new, |name| name.to_string())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stratbox_domain::{FaultLabel, VenueSummary, WorkerLoss};
    use stratbox_metrics::{Accumulator, Missing};

    fn metrics() -> Metrics {
        let mut accumulator = Accumulator::new(100.0, 252.0);
        accumulator.equity(&[101.0, 99.0, 102.5]);
        accumulator.finish(
            &VenueSummary { final_equity: 102.5, steps: 3, ..Default::default() },
            Some((0, 400 * 86_400_000_000_000)),
        )
    }

    fn outcomes() -> Vec<RunOutcome<Box<Metrics>>> {
        let fault = Fault {
            label: FaultLabel::Trap,
            code: "integer_divide_by_zero".into(),
            bar: Some(7),
            message: "a\nb".into(),
            hint: "".into(),
        };
        let mut all = vec![RunOutcome::Completed(Box::new(metrics())), RunOutcome::Faulted(fault)];
        let losses = [WorkerLoss::Crashed, WorkerLoss::OutOfMemory, WorkerLoss::Protocol];
        all.extend(losses.map(|cause| RunOutcome::Interrupted(Interruption::WorkerLost { cause })));
        for bar in [None, Some(3)] {
            all.push(RunOutcome::Interrupted(Interruption::Timeout { bar }));
            all.push(RunOutcome::Interrupted(Interruption::Cancelled { bar }));
        }
        all
    }

    #[test]
    fn every_outcome_survives_its_bytes() {
        for outcome in outcomes() {
            let encoded = EncodedOutcome::new(&outcome);
            assert_eq!(encoded.decode(&MetricNames::current()).unwrap(), outcome);
            assert!(encoded.bytes.len() < 500, "a row stays on its page: {}", encoded.bytes.len());
        }
    }

    #[test]
    fn bytes_cut_short_are_no_outcome() {
        for outcome in outcomes() {
            let encoded = EncodedOutcome::new(&outcome);
            for end in 0..encoded.bytes.len() {
                assert!(decode(encoded.kind, &encoded.bytes[..end], &MetricNames::current()).is_err());
            }
        }
    }

    #[test]
    fn an_outcome_from_before_a_metric_was_known_can_be_read() {
        let mut names: Vec<String> = MetricNames::current().into();
        let retired = names.iter().position(|name| name == "sharpe").unwrap();
        names[retired] = "sharpness".to_owned();
        let then = MetricNames::from(names);
        assert!(!then.contains(MetricName::Sharpe) && then.contains(MetricName::Cagr));
        let read = EncodedOutcome::new(&outcomes()[0]).decode(&then).unwrap();
        let expected = Metrics { sharpe: Missing::NotRecorded.into(), ..metrics() };
        assert_eq!(read, RunOutcome::Completed(Box::new(expected)));
    }
}
