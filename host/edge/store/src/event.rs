//! What happens in an experiment, as it is published: one JSON object a line.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use stratbox_domain::RunKey;
use stratbox_metrics::MetricName;

use crate::{Counts, ExperimentId};

/// The version of the lines' format.
pub const EVENT_VERSION: u8 = 1;

/// Something that happened in an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its number in the experiment: 1, 2, 3 and so on, without gaps.
    pub seq: u64,
    /// When, milliseconds since the Unix epoch; never before the event with the number before.
    pub at: u64,
    /// The experiment.
    pub experiment: ExperimentId,
    /// What happened.
    pub what: Happening,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Happening {
    /// The experiment was created.
    ExperimentStarted {
        /// What people call it.
        name: String,
        /// What its variants are ranked by.
        objective: MetricName,
        /// How many variants are to be settled.
        variants: u64,
    },
    /// It goes on after a pause or after it was killed.
    ExperimentResumed {
        /// Why, when that was said.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The workflow entered a phase.
    PhaseChanged {
        /// Its name.
        phase: String,
        /// Why, when that was said.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// An attempt failed, and there will be another.
    AttemptFailed {
        /// The variant.
        variant: u64,
        /// The round of the workflow.
        iteration: u32,
        /// The strategy's label.
        #[serde(serialize_with = "shared_text")]
        strategy: Arc<str>,
        /// From 1.
        attempt: u32,
        /// A stable label.
        reason: String,
        /// For people.
        detail: String,
        /// The worker that ran it.
        worker: u32,
        /// How long the next attempt waits, milliseconds.
        delay_ms: u64,
    },
    /// A variant has its result.
    VariantSettled {
        /// The variant.
        variant: u64,
        /// The round of the workflow.
        iteration: u32,
        /// The strategy's label.
        #[serde(serialize_with = "shared_text")]
        strategy: Arc<str>,
        /// What was run.
        #[serde(serialize_with = "hexadecimal")]
        run_key: RunKey,
        /// `completed`, `faulted` or `interrupted`.
        outcome: &'static str,
        /// The fault's label.
        #[serde(skip_serializing_if = "Option::is_none")]
        fault: Option<Cow<'static, str>>,
        /// What interrupted it.
        #[serde(skip_serializing_if = "Option::is_none")]
        interruption: Option<Cow<'static, str>>,
        /// What it is ranked by, or null.
        figure: Option<f64>,
        /// Of the last attempt.
        fuel: u64,
        /// How many there were.
        attempts: u32,
        /// Why there was no other attempt.
        settled: Cow<'static, str>,
        /// The experiment whose answer this is.
        #[serde(skip_serializing_if = "Option::is_none")]
        reused: Option<ExperimentId>,
    },
    /// It was stopped, and can go on.
    ExperimentPaused {
        /// Why, when that was said.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// All that was asked is done.
    ExperimentCompleted {
        /// What was settled.
        counts: Counts,
    },
    /// It cannot go on.
    ExperimentFailed {
        /// Why, when that was said.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

#[derive(Serialize)]
struct Line<'a> {
    v: u8,
    seq: u64,
    at: u64,
    experiment: ExperimentId,
    #[serde(flatten)]
    what: &'a Happening,
}

impl Event {
    /// Appends the event's line, with the line feed at its end.
    pub fn write_line(&self, out: &mut Vec<u8>) {
        let Self { seq, at, experiment, ref what } = *self;
        let line = Line { v: EVENT_VERSION, seq, at, experiment, what };
        serde_json::to_writer(&mut *out, &line)
            .expect("every event is a JSON object, and memory takes every byte");
        out.push(b'\n');
    }
}

fn shared_text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

fn hexadecimal<S: Serializer>(key: &RunKey, serializer: S) -> Result<S::Ok, S::Error> {
    let mut buffer = [0; 64];
    serializer.serialize_str(hex(key, &mut buffer))
}

/// The text of a digest without the cost of formatting: it is a good part of a line.
pub(crate) fn hex<'a>(digest: &RunKey, buffer: &'a mut [u8; 64]) -> &'a str {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in digest.as_bytes().iter().zip(buffer.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    std::str::from_utf8(buffer).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(what: Happening) -> String {
        let mut out = Vec::new();
        Event { seq: 12, at: 1_764_000_000_000, experiment: ExperimentId(3), what }.write_line(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_is_one_json_object_with_its_version_first() {
        let phase = line(Happening::PhaseChanged { phase: "Backtesting".into(), reason: None });
        assert_eq!(
            phase,
            "{\"v\":1,\"seq\":12,\"at\":1764000000000,\"experiment\":3,\"event\":\"phase_changed\",\
             \"phase\":\"Backtesting\"}\n"
        );
    }

    #[test]
    fn a_settled_variant_says_what_came_of_it_and_leaves_out_what_did_not() {
        let key = RunKey::of(b"run");
        let settled = line(Happening::VariantSettled {
            variant: 7,
            iteration: 1,
            strategy: "sma_cross".into(),
            run_key: key,
            outcome: "completed",
            fault: None,
            interruption: None,
            figure: Some(1.5),
            fuel: 99,
            attempts: 1,
            settled: "conclusive".into(),
            reused: None,
        });
        assert_eq!(
            settled,
            format!(
                "{{\"v\":1,\"seq\":12,\"at\":1764000000000,\"experiment\":3,\"event\":\"variant_settled\",\"variant\":7,\
                 \"iteration\":1,\"strategy\":\"sma_cross\",\"run_key\":\"{key}\",\"outcome\":\"completed\",\
                 \"figure\":1.5,\"fuel\":99,\"attempts\":1,\"settled\":\"conclusive\"}}\n"
            )
        );
    }

    #[test]
    fn text_with_line_feeds_stays_on_one_line() {
        let failed = line(Happening::ExperimentFailed { reason: Some("a\nb\"c".into()) });
        assert_eq!(failed.lines().count(), 1);
        assert!(failed.ends_with("\"reason\":\"a\\nb\\\"c\"}\n"), "{failed}");
    }

    #[test]
    fn the_fast_text_of_a_digest_is_its_text() {
        let key = RunKey::of(b"any");
        assert_eq!(hex(&key, &mut [0; 64]), key.to_string());
    }
}
