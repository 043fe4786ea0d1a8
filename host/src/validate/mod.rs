//! `stratbox validate`: the strategies of a queue, tier by tier, several at once.
//!
//! The queue as it is written (`settings`, `cases`), what is going to be done (`plan`), on which bars (`grounds`); a tier (`phase`)
//! gives strategies to workers (`work`, `floor`, `tiers`) and writes down what comes of them (`book`, `rows`, `ledger`, `kept`); before the
//! last tier everything that was tried on the way is looked at (`population`). What a failure means, and when somebody is asked, is
//! `stratbox-decide`'s.

mod book;
mod cases;
mod claims;
mod events;
mod fingerprint;
mod floor;
mod grounds;
mod history;
mod kept;
mod ledger;
mod phase;
mod plan;
mod population;
mod report;
mod rows;
mod settings;
mod tiers;
mod work;

pub(crate) use history::HistoryReport;
pub(crate) use plan::Plan;
pub(crate) use report::{Escalated, StrategyReport, TierReport, ValidateReport};

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use stratbox_decide::validation::{Counts, EscalationSettings, ResultKey, Timing, alerts, escalation, merge};
use stratbox_decide::{Category, Status, Tier};
use stratbox_queue::Queue;

use crate::Finished;
use crate::ask;
use crate::cli::{Format, OnFailures, ValidateArgs};
use crate::failure::{Failure, shown};
use crate::file::{check_target, write};
use crate::render::text::shell_word;
use crate::render::{self, document};
use crate::session::{Stream, Subject};
use crate::wiring::{Engine, Setting};
use book::Desk;
use cases::Asked;
use events::Happened;
use grounds::Ground;
use history::{Past, Took};
use kept::{Finding, Shelf};
use ledger::Ledger;
use phase::{Over, Stand, Task};
use population::Finals;
use rows::{Row, Way};

pub(crate) fn execute(
    args: &ValidateArgs,
    format: Format,
    setting: &Setting,
    note: &dyn Fn(&str),
    stdout: &mut (dyn Write + Send),
) -> Finished {
    if args.history {
        return render::finish(format, Ok(history::show(setting)), stdout);
    }
    if args.dry_run {
        return render::finish(format, foresee(args, setting), stdout);
    }
    let report = validate(args, setting, note);
    let is_taken = args.events.as_deref().is_some_and(|events| events == Path::new("-"));
    let mut stderr = std::io::stderr();
    render::finish(format, report, if is_taken { &mut stderr } else { stdout })
}

/// Says what would be done, and touches nothing.
fn foresee(args: &ValidateArgs, setting: &Setting) -> Result<Plan, Failure> {
    let asked = Asked::read(&Queue::read(args.queue()?)?, args)?;
    let past = setting.workspace.as_deref().and_then(Shelf::existing).map(|shelf| history::read(&shelf).0);
    Ok(Plan::of(&asked, args, &past.unwrap_or_default()))
}

fn validate(args: &ValidateArgs, setting: &Setting, note: &dyn Fn(&str)) -> Result<ValidateReport, Failure> {
    let mut queue = Queue::open(args.queue()?)?;
    let mut asked = Asked::read(queue.document(), args)?;
    let target = plan::target(args, &asked.path);
    check_targets(args, &asked, &target)?;
    let workspace = setting.workspace()?;
    let shelf = Shelf::open(workspace.path())?;
    let (past, damaged) = history::read(&shelf);
    damaged.iter().for_each(|problem| note(&format!("earlier validations cannot be read: {problem}")));
    let plan = Plan::of(&asked, args, &past);
    plan.write(&target)?;
    note(&render::validate::plan_line(&plan, &shown(&target)));
    if asked.due.is_empty() {
        return Ok(Whole::default().report(&asked, None));
    }
    let engine = Engine::start(setting, note)?;
    let grounds = grounds::open(&engine, &asked, &workspace)?;
    let name = asked.path.canonicalize().unwrap_or_else(|_| asked.path.clone());
    let ledger = Ledger::open(&workspace, &shelf, &name.to_string_lossy())?;
    let stand = Stand {
        engine: &engine,
        grounds: &grounds,
        shelf: &shelf,
        leaving: Arc::default(),
        cancel: Arc::default(),
    };
    let subject = Subject::Validation(shown(Path::new(asked.path.file_stem().unwrap_or_default())));
    let mut stream = Stream::new(args.events.as_deref(), subject, Arc::clone(&stand.leaving));
    let mut desk = Desk { ledger, queue: &mut queue, stream: &mut stream, note };
    let started = Instant::now();
    let mut whole = Whole { command: command(args, setting), ..Whole::default() };
    let ran = climb(&stand, &mut asked, args, setting.attended, &mut desk, &mut whole);
    whole.wall = started.elapsed();
    whole.failure = whole.failure.take().or(ran.err());
    whole.interrupted = stand.leaving.load(Ordering::Relaxed);
    whole.waiting = (asked.due.len() as u64, waiting(args, &asked));
    let mut report = whole.report(&asked, Some(engine.walls()));
    let concluded = conclude(args, &report, &whole, &asked, (&shelf, stream), note);
    // What was validated is shown, whatever cannot be written of it.
    report.failure = report.failure.or(concluded.err());
    Ok(report)
}

/// Finds out before the work whether there is a place for what comes of it.
fn check_targets(args: &ValidateArgs, asked: &Asked, plan: &Path) -> Result<(), Failure> {
    let inputs = asked.inputs();
    check_target(plan, &inputs)?;
    args.out.as_deref().map_or(Ok(()), |out| check_target(out, &inputs))?;
    let events = args.events.as_deref().filter(|events| *events != Path::new("-"));
    // A pipe or a device costs nobody anything.
    let is_special =
        |path: &Path| std::fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir());
    match events {
        Some(events) if !is_special(events) => check_target(events, &inputs),
        _ => Ok(()),
    }
}

/// What came of all tiers so far.
#[derive(Default)]
struct Whole {
    rows: Vec<Row>,
    tiers: Vec<TierReport>,
    escalation: Option<Escalated>,
    timed_out: u64,
    wall: Duration,
    /// Strategies that were due before and after it.
    waiting: (u64, u64),
    workers: usize,
    interrupted: bool,
    failure: Option<Failure>,
    /// What to type to go on.
    command: String,
}

/// Tier after tier, as long as there is somebody to go on with.
fn climb(
    stand: &Stand<'_>,
    asked: &mut Asked,
    args: &ValidateArgs,
    attended: bool,
    desk: &mut Desk<'_>,
    whole: &mut Whole,
) -> Result<(), Failure> {
    for tier in asked.tiers.clone() {
        let due = |place: &usize| asked.due_at(asked.cases[*place].managed.status) == Some(tier);
        let order: Vec<usize> = asked.due.iter().copied().filter(due).collect();
        if order.is_empty() {
            continue;
        }
        let over = one(stand, asked, args, (tier, &order), desk)?;
        let goes_on = conclude_tier(asked, args, attended, (tier, &order, over), desk, whole)?;
        if !goes_on || stand.leaving.load(Ordering::Relaxed) {
            return Ok(());
        }
    }
    Ok(())
}

/// One tier.
fn one(
    stand: &Stand<'_>,
    asked: &Asked,
    args: &ValidateArgs,
    (tier, order): (Tier, &[usize]),
    desk: &mut Desk<'_>,
) -> Result<(Over, Vec<String>, usize), Failure> {
    let workers = plan::workers(asked, args, order.len());
    let (strategies, count) = (order.len() as u64, workers.get() as u64);
    desk.stream.tell(&Happened::Start { tier, strategies, workers: count })?;
    let finals = match tier {
        Tier::L0 | Tier::L1 => None,
        Tier::L2 => {
            (desk.note)(
                "L2: running what was tried on the way again, for its returns: these are no new trials",
            );
            Some(population::prepare(stand.engine, (asked, stand.grounds), order, workers, &stand.cancel)?)
        }
    };
    let trials = trials(stand, asked, (tier, order), finals.as_ref(), &desk.ledger)?;
    let notes = finals.as_ref().map(|finals| finals.notes.clone()).unwrap_or_default();
    notes.iter().for_each(|line| (desk.note)(line));
    // Somebody may have asked for an end meanwhile.
    let order = if stand.leaving.load(Ordering::Relaxed) { &[] } else { order };
    let task = Task { tier, order, finals: finals.as_ref(), trials: &trials, workers };
    Ok((phase::run(stand, asked, &task, desk)?, notes, workers.get()))
}

/// Trials that the verdicts of a tier take into account, by the places of data: all that were made before it, and all that are made
/// in it, so that a verdict does not depend on which strategy came first.
fn trials(
    stand: &Stand<'_>,
    asked: &Asked,
    (tier, order): (Tier, &[usize]),
    finals: Option<&Finals>,
    ledger: &Ledger<'_>,
) -> Result<Vec<u64>, Failure> {
    let of = |(field, ground): (usize, &Ground)| {
        let Ok(stage) = ground.stage(tier) else { return Ok(0) };
        let cases = order.iter().filter(|place| asked.cases[**place].field == field);
        let (before, own): (u64, u64) = match (tier, finals) {
            (Tier::L2, finals) => {
                let chosen = cases.filter_map(|place| finals.and_then(|finals| finals.chosen.get(place)));
                // The same is looked at once.
                let chosen: BTreeSet<&str> = chosen.map(|it| it.fingerprint.as_str()).collect();
                let is_kept = |it: &&str| matches!(stand.shelf.evaluation(tier, it), kept::Found::Whole(_));
                let new = chosen.iter().filter(|it| !is_kept(it)).count() as u64;
                let looks = ledger.looks_a_run(&stage.range)?;
                (stage.trials_of_all(ledger.reader())?, new * looks)
            }
            (Tier::L1, _) => {
                (stage.trials(ledger.reader())?, cases.map(|place| asked.cases[*place].variants()).sum())
            }
            (Tier::L0, _) => (stage.trials(ledger.reader())?, cases.count() as u64),
        };
        Ok(before.saturating_add(own))
    };
    stand.grounds.iter().enumerate().map(of).collect()
}

/// Adds up a tier, and says whether the next one is to begin.
fn conclude_tier(
    asked: &mut Asked,
    args: &ValidateArgs,
    attended: bool,
    (tier, order, (over, notes, workers)): (Tier, &[usize], (Over, Vec<String>, usize)),
    desk: &mut Desk<'_>,
    whole: &mut Whole,
) -> Result<bool, Failure> {
    let Over { left, wall, failure } = over;
    let mut rows = left.rows;
    rows.sort_unstable_by_key(|row| row.place);
    check_merged(asked, &rows)?;
    for row in &rows {
        let managed = &mut asked.cases[row.place].managed;
        managed.status = Status::Done(tier, row.category);
        managed.attempts = row.tries;
        managed.fingerprint.clone_from(&row.fingerprint);
    }
    let counts: Counts = rows.iter().map(|row| row.category).collect();
    let done: BTreeSet<usize> = rows.iter().map(|row| row.place).collect();
    let name = |place: &usize| asked.cases[*place].id.clone();
    whole.tiers.push(TierReport {
        tier,
        workers,
        wall_seconds: wall.as_secs_f64(),
        categories: counts.clone(),
        strategies: rows.iter().map(|row| StrategyReport::of(asked, row)).collect(),
        without_result: order.iter().filter(|place| !done.contains(place)).map(name).collect(),
        notes,
    });
    whole.workers = whole.workers.max(workers);
    whole.timed_out += left.timed_out;
    if left.edited {
        whole.failure = Some(edited(asked, &rows, &whole.command));
    }
    whole.failure = whole.failure.take().or(failure);
    let settings = EscalationSettings {
        share: asked.validation.auto_escalate_threshold,
        ..EscalationSettings::default()
    };
    let verdicts = rows.iter().filter_map(|row| match row.evaluation.as_deref().map(|it| &it.finding) {
        Some(Finding::Judged(verdict)) => Some(verdict),
        _ => None,
    });
    // Of what was not validated again, nothing new is to be decided.
    let fresh = rows.iter().filter(|row| row.origin != Way::Unchanged);
    let question = escalation(tier, &fresh.map(|row| row.category).collect(), verdicts, &settings);
    let failed_fast = asked.validation.fail_fast && counts.not_passed() > 0;
    whole.rows.extend(rows);
    if whole.failure.is_some() {
        return Ok(false);
    }
    if let Some(escalation) = question {
        desk.stream.tell(&Happened::Escalated { escalation: &escalation })?;
        let to_do =
            escalation.options.iter().map(|it| report::to_do(&it.what, tier, &whole.command)).collect();
        let mut escalated = Escalated { escalation, to_do, decision: "stop" };
        if decide(args, attended, &escalated, desk.note) {
            escalated.decision = "continue";
        }
        let goes_on = escalated.decision == "continue";
        whole.escalation = Some(escalated);
        if !goes_on {
            return Ok(false);
        }
    }
    Ok(!failed_fast)
}

/// Whether to go on although much failed.
fn decide(args: &ValidateArgs, attended: bool, escalated: &Escalated, note: &dyn Fn(&str)) -> bool {
    match args.on_failures {
        OnFailures::Continue => true,
        OnFailures::Ask if attended => {
            note(&render::validate::question(escalated));
            ask::yes("Go on with those that passed?")
        }
        OnFailures::Ask | OnFailures::Stop => false,
    }
}

/// Nothing may have two results.
fn check_merged(asked: &Asked, rows: &[Row]) -> Result<(), Failure> {
    let results = rows.iter().map(|row| {
        let fingerprint = row.fingerprint.clone().unwrap_or_default();
        let key = ResultKey { id: asked.cases[row.place].id.clone(), tier: row.tier, fingerprint };
        (key, (row.category, row.reason.clone()))
    });
    merge(results).map(drop).map_err(|conflict| {
        Failure::environment(conflict.to_string()).hint("this is a bug in stratbox; please report it")
    })
}

/// What to say when somebody has edited the queue meanwhile.
fn edited(asked: &Asked, rows: &[Row], command: &str) -> Failure {
    let ids: Vec<String> = rows.iter().map(|row| format!("`{}`", asked.cases[row.place].id)).collect();
    let kept = if ids.is_empty() { "nothing".to_owned() } else { ids.join(", ") };
    let problem = format!(
        "`{}` was edited while it was validated: it is left as it was edited; kept in the workspace are the results of {kept}",
        shown(&asked.path)
    );
    Failure::input(problem).hint(format!("`{command}` writes them, and validates what is left"))
}

/// Strategies that are due now.
fn waiting(args: &ValidateArgs, asked: &Asked) -> u64 {
    let document = args.queue().ok().and_then(|path| Queue::read(path).ok());
    let again = document.and_then(|document| Asked::read(&document, args).ok());
    let now = again.as_ref().unwrap_or(asked);
    // What failed in a way that may be mended waits for somebody, and for no worker.
    let waits = |status: Status| match status {
        Status::Done(_, category) => category == Category::Pass && now.due_at(status).is_some(),
        Status::Pending | Status::Validating(_) => now.due_at(status).is_some(),
    };
    now.cases.iter().filter(|case| waits(case.managed.status)).count() as u64
}

impl Whole {
    fn report(&mut self, asked: &Asked, isolation: Option<crate::wiring::Walls>) -> ValidateReport {
        let micros = u64::try_from(self.wall.as_micros()).unwrap_or(u64::MAX);
        let summary = report::summary(&self.rows, self.timed_out, micros);
        let name = |it: Timing| {
            let place = it.id.parse::<usize>().ok();
            let id = place.and_then(|place| asked.cases.get(place)).map(|case| case.id.clone());
            Timing { id: id.unwrap_or(it.id), micros: it.micros }
        };
        let times: Vec<Timing> = report::times(&self.rows).into_iter().map(name).collect();
        let fresh = self.rows.iter().filter(|row| row.origin != Way::Unchanged);
        let fresh: Counts = fresh.map(|row| row.category).collect();
        let ended = format!("{:.0}", jiff::Timestamp::now());
        ValidateReport {
            queue: shown(&asked.path),
            not_due: asked.cases.len() - asked.due.len(),
            tiers: std::mem::take(&mut self.tiers),
            alerts: alerts(&times, &fresh, self.waiting),
            metrics: report::Metrics { run_date: ended, summary },
            failures: report::failures(&self.rows),
            escalation: self.escalation.take(),
            isolation,
            interrupted: self.interrupted,
            failure: self.failure.take(),
        }
    }
}

/// Writes down how it went, and tells whoever listens that it is over.
fn conclude(
    args: &ValidateArgs,
    report: &ValidateReport,
    whole: &Whole,
    asked: &Asked,
    (shelf, mut stream): (&Shelf, Stream),
    note: &dyn Fn(&str),
) -> Result<(), Failure> {
    let metrics = &report.metrics.summary;
    let took = |row: &Row| Took {
        id: asked.cases[row.place].id.clone(),
        tier: row.tier,
        seconds: row.micros as f64 / 1e6,
    };
    let ran = whole.rows.iter().filter(|row| row.origin == Way::Ran);
    let past = Past {
        run_date: report.metrics.run_date.clone(),
        queue: report.queue.clone(),
        workers: whole.workers as u64,
        metrics: metrics.clone(),
        times: ran.map(took).collect(),
    };
    history::add(shelf, past)?;
    stream.tell(&Happened::Complete { metrics })?;
    if let Some(complaint) = stream.end() {
        note(&complaint);
    }
    args.out.as_deref().map_or(Ok(()), |out| write(out, |to| document(to, report)))
}

/// What to type to go on.
fn command(args: &ValidateArgs, setting: &Setting) -> String {
    let word = |path: &Path| shell_word(&shown(path));
    let mut words = vec!["stratbox validate".to_owned()];
    words.extend(args.file.as_deref().map(word));
    words.extend(args.tier.map(|tier| format!("--tier {tier}")));
    words.extend(args.until.map(|tier| format!("--until {tier}")));
    words.extend(setting.workspace.as_deref().map(|dir| format!("--workspace {}", word(dir))));
    words.extend(setting.typed.iter().cloned());
    words.join(" ")
}
