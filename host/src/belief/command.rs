//! `stratbox judge` and `stratbox trials`: an experiment that is done, looked at again.

use serde::Serialize;
use stratbox_store::{ExperimentId, Status, Trials};

use super::{Belief, Care, judge};
use crate::cli::{JudgeArgs, TrialsArgs};
use crate::failure::Failure;
use crate::render::text::counted;
use crate::render::{self, Report};
use crate::sweep::{LookDocument, Plan, looks, looks_line};
use crate::wiring::{Engine, Setting};

/// How much the best variant of an experiment deserves belief.
#[derive(Serialize)]
pub(crate) struct JudgeReport {
    pub(crate) experiment: ExperimentId,
    /// Variants that have no result, because it was stopped or its time was used up: it is judged by the others.
    pub(crate) not_tried: u64,
    pub(crate) belief: Belief,
    /// Looks at bars of the dataset that anybody holds out.
    pub(crate) looks: Vec<LookDocument>,
}

/// What was tried on an experiment's bars.
#[derive(Serialize)]
pub(crate) struct TrialsReport {
    pub(crate) experiment: ExperimentId,
    /// N: what a choice on these bars is deflated by.
    pub(crate) made: u64,
    #[serde(flatten)]
    pub(crate) trials: Trials,
}

/// Judges the best variant of an experiment, more thoroughly than a sweep does at its end.
pub(crate) fn again(
    args: &JudgeArgs,
    setting: &Setting,
    note: &dyn Fn(&str),
) -> Result<JudgeReport, Failure> {
    let workspace = setting.existing_workspace()?;
    let reader = workspace.reader()?;
    let experiment = reader.experiment(args.experiment)?;
    let id = experiment.head.id;
    if !matches!(experiment.head.status, Status::Completed | Status::Paused) {
        let problem = format!("experiment {id} is not done: what is missing could be better or worse");
        return Err(Failure::input(problem).hint(crate::session::resume_command(setting, id)));
    }
    let engine = Engine::start(setting, note)?;
    let plan = Plan::of_experiment(&engine, &workspace, &experiment)?;
    super::resample(&plan, &reader, id)?;
    let processors = std::thread::available_parallelism().ok();
    let care = Care {
        sample: args.sample,
        resamples: args.resamples as usize,
        tests: Some(args.tests as usize),
        workers: args.workers.or(processors).unwrap_or(std::num::NonZeroUsize::MIN),
    };
    let counted = reader.trials(&plan.data, &[plan.bars.summary.digest])?;
    let belief = judge(&engine, &plan, (&reader, id), &counted, care)?;
    let belief = belief.ok_or_else(|| {
        Failure::input(format!("experiment {id} has no best variant: none has a figure to rank by"))
    })?;
    let looks = looks(&reader, plan.data.dataset)?;
    let not_tried = plan.variants().saturating_sub(experiment.head.counts.settled());
    Ok(JudgeReport { experiment: id, not_tried, belief, looks })
}

/// Counts what was tried on an experiment's bars, by whomever.
pub(crate) fn trials(args: &TrialsArgs, setting: &Setting) -> Result<TrialsReport, Failure> {
    let workspace = setting.existing_workspace()?;
    let reader = workspace.reader()?;
    let head = reader.experiment(args.experiment)?.head;
    let trials = reader.trials(&head.data, &[])?;
    Ok(TrialsReport { experiment: head.id, made: trials.made(), trials })
}

impl Report for JudgeReport {
    fn human(&self) -> String {
        let looks = if self.looks.is_empty() {
            String::new()
        } else {
            format!("\nholdout {}\n", looks_line(&self.looks))
        };
        let left = match self.not_tried {
            0 => String::new(),
            left => format!(
                "\nnote: {} without a result could be better or worse; this is judged by the others\n",
                counted(left, "variant")
            ),
        };
        render::belief::human(&self.belief) + &looks + &left
    }
}

impl Report for TrialsReport {
    fn human(&self) -> String {
        render::belief::trials(self)
    }
}
