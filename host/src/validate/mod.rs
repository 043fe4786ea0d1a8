//! `stratbox validate`: the strategies of a queue, tier by tier, several at once.
//!
//! The queue as it is written (`settings`, `cases`), what is going to be done (`plan`), on which bars (`grounds`), and where strategies
//! really stand (`standing`); tier after tier (`climb`, `phase`) gives strategies to workers (`work`, `floor`, `tiers`) and writes down what comes of them (`book`, `rows`, `ledger`, `kept`); before the
//! last tier everything that was tried on the way is looked at (`population`). What a failure means, and when somebody is asked, is
//! `stratbox-decide`'s.

mod book;
mod cases;
mod claims;
mod climb;
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
mod standing;
mod targets;
mod tiers;
mod work;

pub(crate) use history::HistoryReport;
pub(crate) use plan::Plan;
pub(crate) use report::{Escalated, StrategyReport, TierReport, ValidateReport};

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use stratbox_decide::validation::{Counts, Timing, alerts};
use stratbox_decide::{Category, Status, Tier};
use stratbox_queue::Queue;

use crate::Finished;
use crate::cli::{Format, ValidateArgs};
use crate::failure::{Failure, shown};
use crate::file::write;
use crate::render::text::shell_word;
use crate::render::{self, document};
use crate::session::{Stream, Subject};
use crate::wiring::{Engine, Setting};
use book::Desk;
use cases::Asked;
use climb::{Whole, climb};
use events::Happened;
use grounds::Ground;
use history::{Past, Took};
use kept::Shelf;
use ledger::Ledger;
use phase::Stand;
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
    let mut asked = Asked::read(&Queue::read(args.queue()?)?, args)?;
    asked.limit(args.queue_size, &BTreeSet::new());
    let past = setting.workspace.as_deref().and_then(Shelf::existing).map(|shelf| history::read(&shelf).0);
    Ok(Plan::of(&asked, args, &past.unwrap_or_default()))
}

fn validate(args: &ValidateArgs, setting: &Setting, note: &dyn Fn(&str)) -> Result<ValidateReport, Failure> {
    let mut queue = Queue::open(args.queue()?)?;
    let mut asked = Asked::read(queue.document(), args)?;
    let target = plan::target(args, &asked.path);
    targets::check(args, &asked, &target)?;
    let workspace = setting.workspace()?;
    let shelf = Shelf::open(workspace.path())?;
    let leaving = Arc::default();
    let subject = Subject::Validation(shown(Path::new(asked.path.file_stem().unwrap_or_default())));
    let mut stream = Stream::new(args.events.as_deref(), subject, Arc::clone(&leaving));
    let mut whole = Whole { command: command(args, setting), ..Whole::default() };
    let mut isolation = None;
    if asked.due.is_empty() {
        foretell(args, &asked, (&shelf, &target), note)?;
    } else {
        // A worker is one processor, however many there are.
        let engine = Engine::start(setting, note)?.compiling_side_by_side();
        let waited = waiting(&asked);
        isolation = Some(engine.walls());
        let grounds = grounds::open(&engine, &asked, &workspace)?;
        whole.notes = locate(&engine, (&mut asked, &grounds, &shelf), args, note)?;
        foretell(args, &asked, (&shelf, &target), note)?;
        let ledger = Ledger::open(&workspace, &shelf)?;
        let (grounds, cancel) = (grounds.as_slice(), Arc::default());
        let stand = Stand { engine: &engine, grounds, shelf: &shelf, leaving: Arc::clone(&leaving), cancel };
        let mut desk = Desk { ledger, queue: &mut queue, stream: &mut stream, note };
        let started = Instant::now();
        let ran = climb(&stand, &mut asked, args, setting.attended, &mut desk, &mut whole);
        whole.wall = started.elapsed();
        whole.failure = whole.failure.take().or(ran.err());
        whole.interrupted = leaving.load(Ordering::Relaxed);
        whole.waiting = (waited, waiting_now(args, &asked));
    }
    let mut report = whole.report(&asked, isolation);
    let concluded = conclude(args, &report, &whole, &asked, (&shelf, stream), note);
    // What was validated is shown, whatever cannot be written of it.
    report.failure = report.failure.or(concluded.err());
    Ok(report)
}

/// Finds out at which tier strategies really are due, and how many of them are taken; says why that is not where the queue says.
fn locate(
    engine: &Engine,
    (asked, grounds, shelf): (&mut Asked, &[Ground], &Shelf),
    args: &ValidateArgs,
    note: &dyn Fn(&str),
) -> Result<BTreeMap<Tier, Vec<String>>, Failure> {
    let workers = plan::workers(asked, args, asked.due.len());
    let (mut notes, mut unchanged): (BTreeMap<Tier, Vec<String>>, _) = (BTreeMap::new(), BTreeSet::new());
    for (place, standing) in standing::survey(engine, (asked, grounds, shelf), workers)? {
        let case = &mut asked.cases[place];
        case.due = Some(standing.tier);
        if standing.unchanged {
            unchanged.insert(place);
        }
        if let Some(why) = standing.why {
            let line = format!("`{}` is due at {}: {why}", case.id, standing.tier);
            note(&line);
            notes.entry(standing.tier).or_default().push(line);
        }
    }
    asked.limit(args.queue_size, &unchanged);
    Ok(notes)
}

/// Writes down what is going to be done.
fn foretell(
    args: &ValidateArgs,
    asked: &Asked,
    (shelf, target): (&Shelf, &Path),
    note: &dyn Fn(&str),
) -> Result<(), Failure> {
    let (past, damaged) = history::read(shelf);
    damaged.iter().for_each(|problem| note(&format!("earlier validations cannot be read: {problem}")));
    let plan = Plan::of(asked, args, &past);
    plan.write(target)?;
    note(&render::validate::plan_line(&plan, &shown(target)));
    Ok(())
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

/// Strategies that are due by what the queue says now, in which somebody may have written others.
fn waiting_now(args: &ValidateArgs, asked: &Asked) -> u64 {
    let document = args.queue().ok().and_then(|path| Queue::read(path).ok());
    let again = document.and_then(|document| Asked::read(&document, args).ok());
    waiting(again.as_ref().unwrap_or(asked))
}

/// Strategies that wait for a worker.
fn waiting(now: &Asked) -> u64 {
    // What failed in a way that may be mended waits for somebody, and for no worker.
    let waits = |place: &usize| match now.cases[*place].managed.status {
        Status::Done(_, category) => category == Category::Pass && now.due_at(*place).is_some(),
        Status::Pending | Status::Validating(_) => now.due_at(*place).is_some(),
    };
    (0..now.cases.len()).filter(waits).count() as u64
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
            stopped: self.stopped.take(),
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
    // Where nothing was due there is nothing to remember.
    if !report.tiers.is_empty() {
        history::add(shelf, past)?;
    }
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
