//! `stratbox resume`: an experiment that stopped early, from what the workspace has of it.

use stratbox_store::{Experiment, ExperimentId, Status, Workspace};

use crate::cli::ResumeArgs;
use crate::failure::Failure;
use crate::render::text::{counted, grouped, inline};
use crate::session::Opened;
use crate::sweep::{self, Plan, SweepReport};
use crate::wiring::{Engine, Setting};

pub(crate) fn resume(
    args: &ResumeArgs,
    setting: &Setting,
    note: &dyn Fn(&str),
) -> Result<SweepReport, Failure> {
    let workspace = setting.existing_workspace()?;
    let reader = workspace.reader()?;
    let id = match args.experiment {
        Some(id) => id,
        None => last_stopped(&workspace)?,
    };
    // Before anything is read that another process may be changing.
    let lock = workspace.lock(id)?;
    let experiment = reader.experiment(id)?;
    let between_rungs =
        experiment.head.status == Status::Completed && sweep::kept(&experiment.plan)?.goes_on();
    if !between_rungs {
        may_go_on(&experiment)?;
    }
    let engine = Engine::start(setting, note)?;
    let mut plan = Plan::of_experiment(&engine, &workspace, &experiment)?;
    // Somebody may have held its bars out since.
    plan.check_firewall(&reader)?;
    let files = plan.sources.iter().flat_map(|source| [Some(&source.path), source.options.actions.as_ref()]);
    let inputs: Vec<_> = files.flatten().cloned().collect();
    sweep::check_targets(&args.session, &inputs, None)?;
    if between_rungs {
        let opened = sweep::next_rung(&engine, &mut plan, workspace, (&reader, id), note)?;
        return sweep::run(&engine, plan, opened, &args.session, setting, note);
    }
    let opened = Opened::resume(workspace, lock, &experiment, &plan)?;
    what_is_left(&experiment, &opened, &plan).iter().for_each(|line| note(line));
    sweep::run(&engine, plan, opened, &args.session, setting, note)
}

/// The last experiment that was stopped, or killed.
fn last_stopped(workspace: &Workspace) -> Result<ExperimentId, Failure> {
    let heads = workspace.reader()?.experiments()?;
    let stopped = |status| matches!(status, Status::Running | Status::Paused);
    let mut candidates = heads.iter().filter(|head| stopped(head.status));
    let last = candidates.find(|head| !workspace.is_running(head.id).unwrap_or(true));
    last.map(|head| head.id).ok_or_else(|| {
        Failure::input("there is nothing to resume: every experiment of the workspace is done, or runs now")
            .hint("`stratbox experiments list` shows them; `--workspace DIR` names another workspace")
    })
}

fn may_go_on(experiment: &Experiment) -> Result<(), Failure> {
    let head = &experiment.head;
    match head.status {
        Status::Running | Status::Paused => Ok(()),
        Status::Completed => {
            Err(Failure::input(format!("experiment {} is completed: nothing is left to do", head.id))
                .hint(format!("`stratbox experiments show {}` shows what came of it", head.id)))
        }
        Status::Failed => {
            let reason = head.reason.as_deref().unwrap_or("for a reason that was not written down");
            Err(Failure::input(format!(
                "experiment {} failed, and cannot go on: {}",
                head.id,
                inline(reason)
            ))
            .hint("run its sweep file anew"))
        }
    }
}

/// What will be done, and what of it was begun before.
fn what_is_left(experiment: &Experiment, opened: &Opened, plan: &Plan) -> Vec<String> {
    let head = &experiment.head;
    let (all, done) = (plan.variants(), opened.settled.len());
    let why = match (head.status, &head.reason) {
        (Status::Paused, Some(reason)) => format!(" ({})", inline(reason)),
        (Status::Running, _) => " (it was killed)".to_owned(),
        _ => String::new(),
    };
    let mut lines = vec![format!(
        "resuming experiment {} `{}`{why}: {} of {} have a result, {} to run",
        head.id,
        inline(&head.name),
        grouped(done),
        counted(all, "variant"),
        grouped(all - done),
    )];
    if !opened.histories.is_empty() {
        let again = counted(opened.histories.len() as u64, "variant");
        lines.push(format!("of these, {again} had failed attempts before, and will be tried again"));
        let mut examples = String::new();
        for (variant, history) in opened.histories.iter().take(3) {
            let strategy = experiment.strategy(*variant).map_or("", |strategy| &strategy.label);
            let strategy = inline(strategy);
            examples += &format!("; variant {variant} (`{strategy}`): attempt {}", history.attempts() + 1);
        }
        lines.push(examples.trim_start_matches("; ").to_owned());
    }
    lines
}
