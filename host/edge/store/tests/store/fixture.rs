//! A workspace with an experiment whose results are functions of their numbers.

use std::path::Path;

use stratbox_domain::{
    Axis, AxisValues, Digest, Fault, FaultLabel, Interruption, ParamValue, RunKey, RunOutcome, Space,
    VenueSummary,
};
use stratbox_metrics::{Accumulator, MetricName, Metrics};
use stratbox_store::{
    Batch, DataRange, EncodedOutcome, EventLog, ExperimentId, ExperimentLock, FailedAttempt, Milestone,
    NewExperiment, NewLook, NewStrategy, Status, Transition, Trial, Workspace, Writer,
};
use tempfile::TempDir;

/// Long enough ago that no clock is involved.
pub(crate) const START: u64 = 1_764_000_000_000;
pub(crate) const COMPONENT: &[u8] = b"component";

pub(crate) type Outcome = RunOutcome<Box<Metrics>>;

/// A workspace in a directory of its own, with an experiment that runs.
pub(crate) struct Fixture {
    pub(crate) dir: TempDir,
    pub(crate) workspace: Workspace,
    pub(crate) writer: Writer,
    pub(crate) id: ExperimentId,
    pub(crate) lock: ExperimentLock,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::of(&experiment())
    }

    pub(crate) fn of(experiment: &NewExperiment) -> Self {
        Self::made_by(experiment, |path| Workspace::open(path).unwrap())
    }

    pub(crate) fn made_by(experiment: &NewExperiment, open: impl FnOnce(&Path) -> Workspace) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let workspace = open(&dir.path().join("workspace"));
        workspace.keep_component(&Digest::of(COMPONENT), COMPONENT).unwrap();
        let mut writer = workspace.writer().unwrap();
        let (id, lock) = writer.create(experiment, "{}", START).unwrap();
        Self { dir, workspace, writer, id, lock }
    }

    /// One in which `n` variants are settled, of every kind, and some attempts have failed.
    pub(crate) fn with_results(n: u64) -> Self {
        Self::new().and_results(n)
    }

    pub(crate) fn and_results(mut self, n: u64) -> Self {
        self.commit((0..n).map(settled).collect());
        let attempts = (0..n).step_by(5).map(failed_attempt).collect();
        self.writer.commit(self.id, &Batch { attempts, ..Batch::default() }).unwrap();
        self
    }

    pub(crate) fn commit(&mut self, trials: Vec<Trial>) {
        self.writer.commit(self.id, &Batch { trials, ..Batch::default() }).unwrap();
    }

    /// Another experiment like the first.
    pub(crate) fn another(&mut self) -> ExperimentId {
        self.writer.create(&experiment(), "{}", START).unwrap().0
    }

    pub(crate) fn log(&self) -> EventLog {
        EventLog::open(&self.workspace, self.id).unwrap()
    }

    pub(crate) fn log_text(&self) -> String {
        std::fs::read_to_string(self.workspace.events_path(self.id)).unwrap()
    }
}

/// Two strategies: `alpha` owns the variants 0 to 59, `beta`, which has no parameters, 60.
pub(crate) fn experiment() -> NewExperiment {
    let names = ["=fast", "slow", "-1"].map(|name| ParamValue::Text(name.to_owned()));
    let axes = vec![
        Axis { name: "length".into(), values: AxisValues::IntegerRange { min: 1, max: 10, step: 1 } },
        Axis { name: "mode".into(), values: AxisValues::List(names.to_vec()) },
        Axis {
            name: "strict".into(),
            values: AxisValues::List([false, true].map(ParamValue::Boolean).to_vec()),
        },
    ];
    let strategy = |label: &str, first, space: Option<Space>| NewStrategy {
        label: label.to_owned(),
        source: format!("{label}.rs"),
        component: Digest::of(COMPONENT),
        base: Digest::of(label.as_bytes()),
        first,
        points: space.as_ref().map_or(1, Space::len),
        space,
    };
    NewExperiment {
        name: "try".into(),
        file: "try.toml".into(),
        objective: MetricName::TotalReturn,
        engine: "engine 1".into(),
        data: data(),
        plan: format!(r#"{{"version":1,"from":1000,"to":null,"bars":"{}"}}"#, data().dataset),
        strategies: vec![strategy("alpha", 0, Some(Space::grid(axes).unwrap())), strategy("beta", 60, None)],
        variants: 61,
    }
}

/// The bars of the experiment: from some time on.
pub(crate) fn data() -> DataRange {
    DataRange { dataset: Digest::of(b"bars"), from: Some(1_000), to: None }
}

/// A look at a holdout that is accounted for.
pub(crate) fn look(holdout: stratbox_store::HoldoutId) -> NewLook {
    NewLook {
        holdout,
        experiment: None,
        variant: Some(4),
        key: key(4),
        who: "ada".into(),
        why: "the last check before money".into(),
        figures: r#"{"sharpe":1.5,"cagr":null}"#.into(),
        at: START + 9,
    }
}

pub(crate) fn key(variant: u64) -> RunKey {
    RunKey::of(&variant.to_le_bytes())
}

pub(crate) fn metrics(total_return: f64) -> Metrics {
    let last = 100.0 * (1.0 + total_return);
    let mut accumulator = Accumulator::new(100.0, 252.0);
    accumulator.equity(&[101.0, 99.0, last]);
    let summary = VenueSummary { final_equity: last, steps: 3, ..Default::default() };
    accumulator.finish(&summary, Some((0, 400 * 86_400_000_000_000)))
}

pub(crate) fn completed(total_return: f64) -> Outcome {
    RunOutcome::Completed(Box::new(metrics(total_return)))
}

pub(crate) fn faulted(label: FaultLabel) -> Outcome {
    RunOutcome::Faulted(Fault {
        label,
        code: "some_code".into(),
        bar: Some(7),
        message: "=cmd(\"x\"), as it said".into(),
        hint: "".into(),
    })
}

pub(crate) fn interrupted() -> Outcome {
    RunOutcome::Interrupted(Interruption::Timeout { bar: Some(3) })
}

pub(crate) fn trial(variant: u64, outcome: &Outcome) -> Trial {
    let figure = match outcome {
        RunOutcome::Completed(metrics) => metrics.total_return.value(),
        _ => None,
    };
    let outcome = EncodedOutcome::new(outcome);
    Trial {
        variant,
        iteration: 1,
        key: key(variant),
        outcome,
        figure,
        fuel: 100 + variant,
        attempts: 1,
        settled: "conclusive",
        reused: None,
        at: START + variant,
    }
}

/// A trial whose outcome is a function of its number: most complete.
pub(crate) fn settled(variant: u64) -> Trial {
    let outcome = match variant % 10 {
        3 => faulted(FaultLabel::Panic),
        6 => faulted(FaultLabel::Fuel),
        8 => interrupted(),
        _ => completed((variant * 7_919 % 101) as f64 / 100.0),
    };
    trial(variant, &outcome)
}

pub(crate) fn failed_attempt(variant: u64) -> FailedAttempt {
    FailedAttempt {
        variant,
        iteration: 1,
        attempt: 1,
        reason: "worker_lost killed".into(),
        detail: "signal 9\nby somebody".into(),
        worker: 2,
        delay_ms: 250,
        at: START + variant,
    }
}

pub(crate) fn transition(what: Milestone, status: Status) -> Transition {
    Transition { what, status, reason: None, state: r#"{"phase":1}"#.into() }
}

pub(crate) fn batch_of(transition: Transition, at: u64) -> Batch {
    Batch { transitions: vec![transition], at, ..Batch::default() }
}
