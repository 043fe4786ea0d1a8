//! `stratbox holdout`: looking at bars that nothing that chooses may read, and who did.

use serde::Serialize;
use stratbox_domain::{Params, RunKey, RunOutcome};
use stratbox_store::{Experiment, ExperimentId, NewLook, Reader, Workspace};

use crate::backtest::{Ended, Outcome};
use crate::bars::{Bars, BarsSummary};
use crate::cli::{HoldoutShowArgs, LookArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::{self, Report};
use crate::replay::Replay;
use crate::session;
use crate::sweep::{HeldOut, Plan, held_out, kept};
use crate::trace::Keeps;
use crate::wiring::{Engine, Setting};

/// What somebody saw.
pub(crate) struct LookReport {
    pub(crate) experiment: ExperimentId,
    pub(crate) variant: u64,
    pub(crate) strategy: String,
    pub(crate) params: Params,
    pub(crate) data: BarsSummary,
    pub(crate) run_key: RunKey,
    pub(crate) outcome: Outcome,
    /// All looks at these bars, with this one.
    pub(crate) holdout: HeldOut,
}

/// What an experiment holds out.
#[derive(Serialize)]
pub(crate) struct HoldoutReport {
    pub(crate) experiment: ExperimentId,
    pub(crate) holdout: HeldOut,
}

/// Runs one variant on what its experiment holds out. The look is written down before anything is shown.
pub(crate) fn look(args: &LookArgs, setting: &Setting, note: &dyn Fn(&str)) -> Result<LookReport, Failure> {
    let workspace = setting.existing_workspace()?;
    let reader = workspace.reader()?;
    let experiment = reader.experiment(args.experiment)?;
    let range = range(&experiment)?;
    let id = experiment.head.id;
    let variant = variant(&reader, &experiment, args.variant)?;
    let engine = Engine::start(setting, note)?;
    let plan = Plan::of_experiment(&engine, &workspace, &experiment)?;
    super::resample(&plan, &reader, id)?;
    let Some((_, planned)) = plan.strategy_of(variant) else {
        return Err(Failure::input(format!("experiment {id} has no variant {variant}")));
    };
    let bars = Bars::of(std::sync::Arc::clone(&plan.bars.dataset), (range.from, range.to))?;
    let replay = Replay::new(&engine, &plan, &bars, std::num::NonZeroUsize::MIN)?;
    let Some(ran) = replay.run(&[variant], Keeps::default())?.pop() else {
        return Err(Failure::environment("the variant was not run"));
    };
    let figures = serde_json::to_string(&Ended::from(&ran.outcome))
        .map_err(|error| Failure::environment(error.to_string()))?;
    let mut writer = workspace.writer()?;
    let holdout = writer.declare_holdout(&range, Some(id), session::now())?;
    let (who, why) = (args.who.clone(), args.why.clone());
    writer.record_look(&NewLook {
        holdout,
        experiment: Some(id),
        variant: Some(variant),
        key: ran.key,
        who,
        why,
        figures,
        at: session::now(),
    })?;
    Ok(LookReport {
        experiment: id,
        variant,
        strategy: planned.label.clone(),
        params: planned.params(variant - planned.first),
        data: bars.summary,
        run_key: ran.key,
        outcome: ran.outcome,
        holdout: held_out(&reader, &range)?,
    })
}

/// What an experiment holds out, and who looked.
pub(crate) fn show(args: &HoldoutShowArgs, setting: &Setting) -> Result<HoldoutReport, Failure> {
    let workspace: Workspace = setting.existing_workspace()?;
    let reader = workspace.reader()?;
    let experiment = reader.experiment(args.experiment)?;
    let holdout = held_out(&reader, &range(&experiment)?)?;
    Ok(HoldoutReport { experiment: experiment.head.id, holdout })
}

fn range(experiment: &Experiment) -> Result<stratbox_store::DataRange, Failure> {
    let held = kept(&experiment.plan)?.division.holdout;
    let (from, to) = held.ok_or_else(|| {
        Failure::input(format!("experiment {} holds nothing out", experiment.head.id))
            .hint("a sweep file does it with `holdout` in `[split]`")
    })?;
    Ok(stratbox_store::DataRange { dataset: experiment.head.data.dataset, from, to })
}

/// The variant that was asked for, or the best one: it must have a result.
fn variant(reader: &Reader, experiment: &Experiment, asked: Option<u64>) -> Result<u64, Failure> {
    let id = experiment.head.id;
    if let Some(variant) = asked {
        let known = reader.trial(id, variant)?.is_some();
        let none = || Failure::input(format!("experiment {id} has no variant {variant} with a result"));
        return known.then_some(variant).ok_or_else(none);
    }
    let best = reader.leaders(id, 1)?.pop().filter(|row| row.figure.is_some());
    best.map(|row| row.variant).ok_or_else(|| {
        Failure::input(format!("experiment {id} has no best variant: none has a figure to rank by"))
            .hint("name one with `--variant`")
    })
}

impl Serialize for LookReport {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Document<'a> {
            experiment: ExperimentId,
            variant: u64,
            strategy: &'a str,
            params: &'a Params,
            data: &'a BarsSummary,
            run_key: &'a RunKey,
            #[serde(flatten)]
            ended: Ended<'a>,
            holdout: &'a HeldOut,
        }
        Document {
            experiment: self.experiment,
            variant: self.variant,
            strategy: &self.strategy,
            params: &self.params,
            data: &self.data,
            run_key: &self.run_key,
            ended: Ended::from(&self.outcome),
            holdout: &self.holdout,
        }
        .serialize(serializer)
    }
}

impl Report for LookReport {
    fn human(&self) -> String {
        render::belief::look(self)
    }

    fn exit(&self) -> Exit {
        match &self.outcome {
            RunOutcome::Completed(_) => Exit::Ok,
            RunOutcome::Faulted(_) => Exit::Faulted,
            RunOutcome::Interrupted(_) => Exit::WorkerLost,
        }
    }
}

impl Report for HoldoutReport {
    fn human(&self) -> String {
        render::belief::holdout(&self.holdout)
    }
}
