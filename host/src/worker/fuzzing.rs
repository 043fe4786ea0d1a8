//! A door for fuzz targets: bytes as a worker's answers.

use std::time::Duration;

use serde_bytes::ByteBuf;
use stratbox_domain::{
    Axis, AxisValues, Fault, FaultLabel, Interruption, Limits, Manifest, ParamKind, ParamSpec, RunOutcome,
    Scale, Space, VenueSummary, must_be_escaped,
};
use stratbox_jail::fuzzing::{first, framed};
use stratbox_metrics::{Accumulator, MetricName};

use super::protocol::{Answer, Assembled, RanAnswer, RefusedComponent};
use crate::backtest::{CompactOutcome, Ended, Execution, LogLine, LogLines, Outcome, Timing};
use crate::failure::Failure;
use crate::trace::{Keeps, Trace};

/// What a worker may send at once.
const MAX_BYTES: usize = 1 << 20;
/// How long ago the worker was asked.
const PASSED: Duration = Duration::from_secs(1);
/// What the spool has room for in a row, besides what it adds itself.
const MAX_OUTCOME_BYTES: usize = 63 << 10;

/// Reads `bytes` as the messages of a worker, up to the first failure: of a runner when the first byte is even, else of an
/// assembler.
///
/// # Panics
/// An answer passes its checks that should not.
pub fn answers(bytes: &[u8]) {
    let Some((kind, mut rest)) = bytes.split_first() else { return };
    if kind % 2 == 0 {
        while let Ok(Some((answer, more))) = first::<Answer>(rest, MAX_BYTES) {
            answered(answer);
            rest = more;
        }
    } else {
        while let Ok(Some((answer, more))) = first::<Assembled>(rest, MAX_BYTES) {
            if let Assembled::Refused(refused) = answer {
                let failure = Failure::refused(refused);
                [Some(failure.message), failure.hint, failure.rule].iter().flatten().for_each(|it| plain(it));
            }
            rest = more;
        }
    }
}

fn answered(answer: Answer) {
    match answer {
        Answer::Ran(ran) => {
            if let Ok(execution) = ran.check(&Limits::default(), 0, PASSED) {
                ran_well(&execution);
            }
        }
        Answer::Described(manifest) => {
            if let Ok(manifest) = stratbox_sandbox::bounded(*manifest) {
                described(&manifest);
            }
        }
        Answer::Done | Answer::Alive | Answer::NotDescribed(_) | Answer::Failed(_) => {}
    }
}

/// What passed the check is fit to be printed, ranked and kept.
fn ran_well(execution: &Execution) {
    assert!(execution.fuel <= Limits::default().fuel);
    assert!(execution.timing.total() <= PASSED);
    for line in &execution.log.lines {
        plain(&line.level);
        plain(&line.message);
    }
    match &execution.outcome {
        RunOutcome::Completed(metrics) => {
            let values = MetricName::ALL.into_iter().filter_map(|name| metrics.get(name).value());
            assert!(values.into_iter().all(f64::is_finite));
        }
        RunOutcome::Faulted(fault) => [&fault.code, &*fault.message, &fault.hint].into_iter().for_each(plain),
        RunOutcome::Interrupted(_) => {}
    }
    serde_json::to_string(&Ended::from(&execution.outcome)).expect("every outcome is a document");
    let row = rmp_serde::to_vec(&CompactOutcome::from(&execution.outcome)).expect("every outcome is a row");
    assert!(row.len() <= MAX_OUTCOME_BYTES, "a row of {} bytes", row.len());
    let read: CompactOutcome = rmp_serde::from_slice(&row).expect("what was written can be read");
    assert!(Outcome::try_from(read).is_ok_and(|outcome| outcome == execution.outcome));
}

/// What a strategy may say of itself is printable, and each parameter takes every value of its own range.
fn described(manifest: &Manifest) {
    [&manifest.name, &manifest.version, &manifest.description].into_iter().for_each(|text| plain(text));
    for spec in &manifest.parameters {
        plain(&spec.name);
        plain(&spec.description);
        let takes = |value| assert!(spec.accept(&value).is_ok(), "{spec:?} does not take `{value}`");
        takes(spec.kind.default_value());
        let (grid, uniform) = axes(&spec.kind);
        let axis = |values| vec![Axis { name: spec.name.clone(), values }];
        let spaces = [Space::grid(axis(grid)), Space::random(axis(uniform), 3, 7)];
        for space in spaces.into_iter().flatten() {
            let ends = [space.get(0), space.get(space.len() - 1)];
            ends.into_iter().flatten().flatten().for_each(|(_, value)| takes(value));
        }
    }
}

/// All that a parameter says it takes, to be counted and to be drawn from.
fn axes(kind: &ParamKind) -> (AxisValues, AxisValues) {
    match kind {
        &ParamKind::Integer { min, max, step, .. } => (
            AxisValues::IntegerRange { min, max, step },
            AxisValues::UniformInteger { min, max, scale: Scale::Log },
        ),
        &ParamKind::Number { min, max, step, .. } => (
            AxisValues::NumberRange { min, max, step },
            AxisValues::UniformNumber { min, max, scale: Scale::Linear },
        ),
        ParamKind::Boolean { .. } | ParamKind::Choice { .. } => {
            let values = AxisValues::List(vec![kind.default_value()]);
            (values.clone(), values)
        }
    }
}

fn plain(text: &str) {
    assert!(!text.chars().any(must_be_escaped), "{text:?}");
}

/// Answers of every kind, as an honest worker sends them.
pub fn samples() -> Vec<Vec<u8>> {
    let (done, refused) = (framed(&Answer::Done), framed(&Assembled::Failed("no memory".to_owned())));
    let runner = outcomes().map(|outcome| {
        let line = LogLine { level: "info".to_owned(), message: "started".to_owned() };
        let log = LogLines { lines: vec![line], dropped: 2 };
        let timing = Timing { instantiate_us: 12, run_us: 34 };
        framed(&Answer::Ran(Box::new(RanAnswer::new(
            Execution { outcome, fuel: 5, log, timing, trace: Trace::default() },
            Keeps { log: true, ..Keeps::default() },
        ))))
    });
    let manifest = framed(&Answer::Described(Box::new(manifest())));
    let described =
        [manifest, framed(&Answer::NotDescribed("it panicked".to_owned())), done, framed(&Answer::Alive)];
    let component = framed(&Assembled::Component(ByteBuf::from([0, 1, 2])));
    let refusal = |text: &str| text.to_owned();
    let rule = RefusedComponent { rule: refusal("too_large"), message: refusal("big"), hint: refusal("cut") };
    let code = Assembled::Code { code: ByteBuf::from([1]), shape: Box::default() };
    let assembler = [component, framed(&Assembled::Refused(rule)), framed(&code), refused];
    let sent = |kind: u8, frames: &[Vec<u8>]| [vec![kind], frames.concat()].concat();
    let each = runner.iter().chain(&described).map(|frame| sent(0, std::slice::from_ref(frame)));
    let all = [sent(0, &runner), sent(1, &assembler)];
    each.chain(assembler.iter().map(|frame| sent(1, std::slice::from_ref(frame)))).chain(all).collect()
}

fn outcomes() -> [Outcome; 3] {
    let mut accumulator = Accumulator::new(100.0, 252.0);
    accumulator.equity(&[101.0, 99.0, 102.5]);
    let mut summary = VenueSummary { final_equity: 102.5, steps: 3, ..VenueSummary::default() };
    summary.rejections[4] = 7;
    let fault = Fault {
        label: FaultLabel::Trap,
        code: "integer_divide_by_zero".into(),
        bar: Some(7),
        message: "it divided by zero".to_owned(),
        hint: "check the divisor".into(),
    };
    [
        RunOutcome::Completed(Box::new(accumulator.finish(&summary, Some((0, 400 * 86_400_000_000_000))))),
        RunOutcome::Faulted(fault),
        RunOutcome::Interrupted(Interruption::Timeout { bar: Some(7) }),
    ]
}

fn manifest() -> Manifest {
    let kinds = [
        ("length", ParamKind::Integer { min: 2, max: 200, step: 1, default: 10 }),
        ("share", ParamKind::Number { min: 0.0, max: 1.0, step: 0.1, default: 0.5 }),
        ("shorts", ParamKind::Boolean { default: true }),
        ("mode", ParamKind::Choice { choices: vec!["fast".into(), "slow".into()], default: "fast".into() }),
    ];
    let spec = |(name, kind): (&str, ParamKind)| ParamSpec {
        name: name.to_owned(),
        description: "what it means".to_owned(),
        kind,
    };
    Manifest {
        name: "sample".to_owned(),
        version: "1".to_owned(),
        description: "what it does".to_owned(),
        parameters: kinds.into_iter().map(spec).collect(),
    }
}
