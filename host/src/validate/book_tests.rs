//! What becomes of attempts, told by workers that find what they are told to find.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use stratbox_decide::{Bound, Gate, Verdict};
use stratbox_metrics::Figure;
use stratbox_orchestrator::{
    Admission, Assigned, Batches, CallLimits, Ending, FailureGate, Job, Needs, RetryPolicy, Settings,
};
use stratbox_scheduler::{Attempt, Setup, Work, channel};
use stratbox_store::Workspace;

use super::*;
use crate::cli::{OnFailures, ValidateArgs};
use crate::session::Subject;
use crate::validate::kept::Shelf;

/// What each attempt at each strategy comes to.
type Script = fn(place: usize, attempt: u32) -> (Ending, Came);

struct Scripted<'a> {
    script: Script,
    begun: &'a Mutex<Vec<usize>>,
}

impl Work for Scripted<'_> {
    type Output = Attempted;
    type Error = Failure;

    fn attempt(
        &self,
        _: WorkerId,
        tasks: &[Assigned],
        _: &dyn Fn(),
    ) -> Vec<Result<Attempt<Attempted>, Failure>> {
        let attempt = |assigned: &Assigned| {
            let place = assigned.task.index as usize;
            self.begun.lock().unwrap().push(place);
            let (ending, came) = (self.script)(place, assigned.attempt);
            let left = Leavings { timed_out: ending == Ending::TimedOut, ..Leavings::default() };
            let output = Attempted { came, left, micros: 10 };
            Ok(Attempt { ending, micros: 10, output })
        };
        tasks.iter().map(attempt).collect()
    }

    fn kill(&self, _: WorkerId) {}

    fn processes(&self) -> Vec<u32> {
        Vec::new()
    }
}

fn evaluation(finding: Finding) -> Came {
    let evaluation = Evaluation::new(Tier::L0, "f00d", finding);
    Came::Answered(Arc::new(evaluation), Origin::Ran, Box::default())
}

fn passed() -> (Ending, Came) {
    let verdict = Verdict::of(&[Gate::new("ic", Bound::Above(0.01))], |_| Figure::of(0.5));
    let evaluation = Arc::new(Evaluation::new(Tier::L0, "f00d", Finding::Measured));
    let judgement = Judgement { verdict: Some(verdict), ..Judgement::default() };
    (Ending::Final, Came::Answered(evaluation, Origin::Ran, Box::new(judgement)))
}

fn slow() -> (Ending, Came) {
    (Ending::TimedOut, Came::Nothing(Why::TimedOut, "no result after 1 s".to_owned()))
}

fn settings() -> Settings {
    let retry = RetryPolicy::default();
    Settings {
        seed: 0,
        workers: NonZeroUsize::MIN,
        batches: Batches { most: NonZeroUsize::MIN, target: 1 },
        retry: RetryPolicy { backoff: stratbox_orchestrator::Backoff { base: 0, cap: 0 }, ..retry },
        admission: Admission { cpu: 1.0, memory: 1.0, memory_per_worker: 0 },
        silence: u64::MAX,
        failures: FailureGate::default(),
        backlog: 1,
        window: 2,
        calls: CallLimits::default(),
    }
}

/// Validates some strategies as the script says; what is left, and the queue.
fn run(dir: &Path, settings_of: &str, script: Script) -> (Left, String) {
    let path = dir.join("queue.yaml");
    let strategies: String = (0..3).map(|n| format!("  - id: S{n}\n    source: s.rs\n")).collect();
    if !path.exists() {
        std::fs::write(dir.join("s.rs"), "").unwrap();
        let text = format!("data: {{sources: [{{path: a.csv}}]}}\n{settings_of}strategies:\n{strategies}");
        std::fs::write(&path, text).unwrap();
    }
    let mut queue = Queue::open(&path).unwrap();
    let args = ValidateArgs {
        file: Some(path.clone()),
        workers: None,
        tier: None,
        until: None,
        queue_size: None,
        dry_run: false,
        plan: None,
        out: None,
        events: None,
        on_failures: OnFailures::Continue,
        history: false,
    };
    let asked = Asked::read(queue.document(), &args).unwrap();
    let workspace = Workspace::open(&dir.join("workspace")).unwrap();
    let shelf = Shelf::open(workspace.path()).unwrap();
    let ledger = Ledger::open(&workspace, &shelf).unwrap();
    let mut stream = Stream::new(None, Subject::Validation("queue".to_owned()), Arc::default());
    let mut desk = Desk { ledger, queue: &mut queue, stream: &mut stream, note: &|_| () };
    let (grounds, begun) = ([Ground::none()], Mutex::default());
    let order: Vec<usize> = asked.due.clone();
    let (control, inbox) = channel();
    let mut book = Register::new(
        (&asked, Tier::L0),
        &grounds,
        (&order, &begun),
        control,
        &mut desk,
        ProgressBar::hidden(),
    );
    let job = Job {
        id: JobId(0),
        priority: 0,
        after: Vec::new(),
        weight: 1,
        tasks: order.len() as u64,
        needs: Needs::Worker,
    };
    let setup = Setup { settings: settings(), grace: Duration::from_secs(60) };
    let work = Scripted { script, begun: &begun };
    stratbox_scheduler::run(setup, vec![job], &work, &mut book, inbox).map_err(|_| "it failed").unwrap();
    let left = book.close().unwrap();
    (left, std::fs::read_to_string(&path).unwrap())
}

fn categories(left: &Left) -> Vec<Category> {
    left.rows.iter().map(|row| row.category).collect()
}

#[test]
fn a_time_out_is_tried_once_more_and_passes_when_there_is_time() {
    let dir = tempfile::tempdir().unwrap();
    let (left, queue) =
        run(dir.path(), "", |place, attempt| if place == 1 && attempt == 1 { slow() } else { passed() });
    assert_eq!(categories(&left), [Category::Pass; 3]);
    let late = left.rows.iter().find(|row| row.place == 1).unwrap();
    assert_eq!((late.retries, late.micros, left.timed_out), (1, 20, 1));
    assert_eq!(queue.matches("status: L0_PASSED").count(), 3, "{queue}");
}

#[test]
fn a_second_time_out_is_the_end_and_counts_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let (left, queue) = run(dir.path(), "", |place, _| if place == 1 { slow() } else { passed() });
    assert_eq!(left.timed_out, 2);
    assert!(queue.contains("status: L0_TIMEOUT"), "{queue}");
    assert!(queue.contains("no result after 1 s"), "{queue}");
}

#[test]
fn a_worker_that_is_lost_is_replaced_three_times_and_then_it_is_an_error() {
    fn lost() -> (Ending, Came) {
        (Ending::Lost { poison: false }, Came::Nothing(Why::Lost, "its process ended".to_owned()))
    }
    let dir = tempfile::tempdir().unwrap();
    let (left, _) =
        run(dir.path(), "", |place, attempt| if place == 0 && attempt <= 3 { lost() } else { passed() });
    assert_eq!(categories(&left), [Category::Pass; 3]);
    let dir = tempfile::tempdir().unwrap();
    let (left, queue) = run(dir.path(), "", |place, _| if place == 0 { lost() } else { passed() });
    assert!(categories(&left).contains(&Category::Error));
    assert!(queue.contains("status: L0_ERROR"), "{queue}");
}

#[test]
fn after_the_first_failure_nothing_more_is_begun_where_that_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let broken = |_, _| (Ending::Final, evaluation(Finding::Broken("no".to_owned())));
    let (left, queue) = run(dir.path(), "validation: {fail_fast: true}\n", broken);
    assert_eq!(categories(&left), [Category::Fixable]);
    assert_eq!(queue.matches("status:").count(), 1, "{queue}");
}

#[test]
fn a_failure_that_may_be_mended_is_one_like_any_other_where_nothing_is_to_be_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let broken = |_, _| (Ending::Final, evaluation(Finding::Broken("no".to_owned())));
    let (left, _) = run(dir.path(), "validation: {auto_retry_fixable: false}\n", broken);
    assert_eq!(categories(&left), [Category::Fail; 3]);
}

#[test]
fn one_that_was_not_finished_is_as_it_was_before() {
    let dir = tempfile::tempdir().unwrap();
    let cancelled = |_, _| (Ending::Cancelled, Came::Nothing(Why::Cancelled, "it was cancelled".to_owned()));
    let (left, queue) = run(dir.path(), "", cancelled);
    assert!(left.rows.is_empty());
    assert!(!queue.contains("VALIDATING"), "{queue}");
}
