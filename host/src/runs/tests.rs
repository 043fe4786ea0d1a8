//! What becomes of runs whose process does not behave. Each parameter `do` says what the run does to its process, which is
//! this test binary again: it speaks as every runner does, and runs no code.

mod script;

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use stratbox_domain::{Digest, Interruption, Limits, ParamValue, RunOutcome, VenuePolicy, WorkerLoss};
use stratbox_intake::component::Profile;

use super::*;
use crate::failure::FailureKind;
use crate::trace::Keeps;
use crate::wiring::parts;
use script::{ANSWER, DIE, DIE_ONCE, EXIT, FAIL, HANG, STOP};

/// Longer than anything here takes; a test that reaches it has failed.
const LONG: Duration = Duration::from_secs(60);

/// Runs in processes, and what they need.
struct Bench {
    runners: Runners,
    code: Code,
    cancel: Arc<AtomicBool>,
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self::limited(u64::try_from(LONG.as_millis()).unwrap())
    }

    fn limited(wall_ms: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bars = Arc::new(parts::bars(dir.path()));
        let shared = bars.share().unwrap();
        let cancel = Arc::<AtomicBool>::default();
        let conditions = Conditions {
            bars,
            policy: Arc::new(VenuePolicy::default()),
            limits: Limits { wall_ms, fuel: script::FUEL, ..Limits::default() },
            periods_per_year: None,
            cancel: Arc::clone(&cancel),
        };
        let runners = Runners::new(parts::jailer(script::program()), Profile::Strict, conditions, shared);
        Self { runners, code: Code::none(1), cancel, dir }
    }

    fn order(&self, what: &str) -> Run<'_> {
        let text = |text: &str| ParamValue::Text(text.to_owned());
        let mark = self.dir.path().join("mark");
        let params = [("do", text(what)), ("mark", text(mark.to_str().unwrap()))];
        let params: Params = params.map(|(name, value)| (name.to_owned(), value)).into();
        Run::new(&self.code, move || (params, Digest::of(b"run")))
    }

    fn run(&self, what: &[&str]) -> Vec<Came> {
        self.run_beating(what, &|| ())
    }

    fn run_beating(&self, what: &[&str], heartbeat: &dyn Fn()) -> Vec<Came> {
        let runs: Vec<Run<'_>> = what.iter().map(|what| self.order(what)).collect();
        self.runners
            .run(&runs, Keeps::default(), heartbeat, &mut |_, ran| ran)
            .into_iter()
            .map(Came::of)
            .collect()
    }

    /// The process of this thread.
    fn process(&self) -> u64 {
        match self.run(&[ANSWER])[..] {
            [Came::Answered(process)] => process,
            ref other => panic!("{other:?}"),
        }
    }
}

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    /// By the process of this number.
    Answered(u64),
    Lost(WorkerLoss),
    TimedOut,
    Cancelled,
    Failed(FailureKind),
}

impl Came {
    fn of(result: Result<Execution, Failure>) -> Self {
        match result {
            Err(failure) => Self::Failed(failure.kind),
            Ok(Execution { outcome: RunOutcome::Interrupted(reason), .. }) => match reason {
                Interruption::WorkerLost { cause } => Self::Lost(cause),
                Interruption::Timeout { .. } => Self::TimedOut,
                Interruption::Cancelled { .. } => Self::Cancelled,
            },
            Ok(execution) => Self::Answered(execution.fuel),
        }
    }

    fn is_answer(&self) -> bool {
        matches!(self, Self::Answered(_))
    }
}

/// All but the runs of these places were answered.
fn answered_but(came: &[Came], exceptions: &[(usize, Came)]) {
    for (at, one) in came.iter().enumerate() {
        match exceptions.iter().find(|(place, _)| *place == at) {
            Some((_, exception)) => assert_eq!(one, exception, "{came:?}"),
            None => assert!(one.is_answer(), "{at} of {came:?}"),
        }
    }
}

fn is_gone(process: u64) -> bool {
    !Path::new(&format!("/proc/{process}")).exists()
}

/// Waits until a process stands still.
fn await_stop(process: u64) {
    let patience = Instant::now() + LONG;
    let stat = || std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    while !stat().rsplit_once(") ").unwrap().1.starts_with('T') {
        assert!(Instant::now() < patience, "it does not stop");
        std::thread::yield_now();
    }
}

#[test]
fn runs_of_one_thread_are_answered_in_order_by_one_process() {
    let bench = Bench::new();
    let process = bench.process();
    assert_eq!(bench.run(&[ANSWER; 300]), [Came::Answered(process); 300]);
    let other = std::thread::scope(|scope| scope.spawn(|| bench.process()).join().unwrap());
    assert_ne!(other, process);
}

#[test]
fn a_process_that_dies_takes_the_run_with_it_that_killed_it_and_no_other() {
    for (what, cause) in [(EXIT, WorkerLoss::Crashed), (DIE, WorkerLoss::Killed)] {
        for place in [0, 3, 6] {
            let mut batch = [ANSWER; 7];
            batch[place] = what;
            let came = Bench::new().run(&batch);
            assert_eq!(came.len(), 7, "{came:?}");
            answered_but(&came, &[(place, Came::Lost(cause))]);
        }
        assert_eq!(Bench::new().run(&[what; 3]), [Came::Lost(cause); 3]);
    }
}

#[test]
fn a_process_that_somebody_kills_among_many_runs_takes_none_of_them_with_it() {
    let came = Bench::new().run(&[ANSWER, ANSWER, DIE_ONCE, ANSWER, ANSWER]);
    assert_eq!(came.len(), 5);
    answered_but(&came, &[]);
    // The control: alone, it is what is lost.
    assert_eq!(Bench::new().run(&[DIE_ONCE]), [Came::Lost(WorkerLoss::Killed)]);
}

#[test]
fn an_idle_process_that_somebody_kills_takes_no_run_with_it() {
    let bench = Bench::new();
    let process = bench.process();
    let pid = rustix::process::Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let came = bench.run(&[ANSWER; 3]);
    assert_eq!(came.len(), 3);
    answered_but(&came, &[]);
    assert_ne!(came[0], Came::Answered(process));
}

#[test]
fn a_worker_that_lies_is_not_believed_and_takes_no_other_run_with_it() {
    let lost = Came::Lost(WorkerLoss::Protocol);
    for lie in script::LIES {
        assert_eq!(Bench::new().run(&[lie]), [lost], "{lie}");
        let came = Bench::new().run(&[ANSWER, lie, ANSWER]);
        assert_eq!(came.len(), 3, "{lie}");
        answered_but(&came, &[(1, lost)]);
    }
    // The control: as much as can be true.
    assert_eq!(Bench::new().run(&[script::MOST]), [Came::Answered(script::FUEL)]);
}

#[test]
fn a_worker_that_fails_ends_the_list() {
    let came = Bench::new().run(&[ANSWER, FAIL, ANSWER]);
    assert!(matches!(came[..], [Came::Answered(_), Came::Failed(FailureKind::Environment)]), "{came:?}");
}

#[test]
fn a_run_that_hangs_ends_with_the_clock_and_the_others_are_done() {
    // More than a worker keeps an answer to itself, and less than it takes until it says that it is alive.
    let came = Bench::limited(500).run(&[ANSWER, HANG, ANSWER]);
    assert_eq!(came.len(), 3, "{came:?}");
    answered_but(&came, &[(1, Came::TimedOut)]);
}

#[test]
fn a_worker_shows_that_it_is_alive_during_a_long_run() {
    let bench = Bench::new();
    let killer = bench.runners.killer();
    let beats = Cell::new(0);
    let came = bench.run_beating(&[HANG], &|| {
        beats.set(beats.get() + 1);
        // That it is ready, and twice that it is at work.
        if beats.get() == 3 {
            killer.kill();
        }
    });
    assert_eq!((came.as_slice(), beats.get()), (&[Came::Lost(WorkerLoss::Killed)][..], 3));
}

#[test]
fn a_result_is_not_held_back_by_a_long_run_after_it() {
    let bench = Bench::new();
    let killer = bench.runners.killer();
    let process = bench.process();
    let beats = Cell::new(0);
    let came = bench.run_beating(&[ANSWER, HANG], &|| {
        beats.set(beats.get() + 1);
        if beats.get() == 2 {
            killer.kill();
        }
    });
    assert_eq!(came, [Came::Answered(process), Came::Lost(WorkerLoss::Killed)]);
}

#[test]
fn a_worker_that_stands_still_can_be_killed_by_another_thread() {
    let bench = Bench::new();
    let (process, killer) = (bench.process(), bench.runners.killer());
    let came = std::thread::scope(|scope| {
        scope.spawn(|| {
            await_stop(process);
            killer.kill();
        });
        bench.run(&[STOP, ANSWER])
    });
    assert_eq!(came, [Came::Lost(WorkerLoss::Killed)], "nobody wants the rest");
    assert!(is_gone(process), "it has been reaped");
    let next = bench.process();
    assert_ne!(next, process);
    assert_eq!(bench.run(&[ANSWER]), [Came::Answered(next)], "what was killed is forgotten");
}

#[test]
fn a_worker_that_is_killed_while_it_does_nothing_is_replaced() {
    let bench = Bench::new();
    let process = bench.process();
    assert_eq!(bench.process(), process);
    bench.runners.killer().kill();
    let came = bench.run(&[ANSWER; 2]);
    assert_eq!(came.len(), 2);
    answered_but(&came, &[]);
    assert_ne!(came[0], Came::Answered(process));
}

#[test]
fn a_killer_ends_the_worker_of_its_own_thread_only() {
    let bench = Bench::new();
    let (process, killer) = (bench.process(), bench.runners.killer());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let other = bench.process();
            killer.kill();
            assert_eq!(bench.process(), other);
        });
    });
    assert_ne!(bench.process(), process);
}

#[test]
fn a_fresh_run_has_a_process_that_ran_nothing_before() {
    let bench = Bench::new();
    let process = Came::Answered(bench.process());
    let fresh = |what| Run { fresh: true, ..bench.order(what) };
    let run = |runs: &[Run<'_>]| -> Vec<Came> {
        bench
            .runners
            .run(runs, Keeps::default(), &|| (), &mut |_, ran| ran)
            .into_iter()
            .map(Came::of)
            .collect()
    };
    let came = run(&[bench.order(ANSWER), fresh(ANSWER), bench.order(ANSWER), fresh(ANSWER)]);
    assert!(came.len() == 4 && came.iter().all(Came::is_answer), "{came:?}");
    assert_eq!((came[0], came[1]), (process, came[2]));
    assert!(came[1] != process && came[3] != process && came[3] != came[1], "{came:?}");
    assert_eq!(run(&[bench.order(ANSWER)]), [came[3]]);
    let again = run(&[fresh(EXIT), fresh(ANSWER)]);
    assert_eq!(again[0], Came::Lost(WorkerLoss::Crashed));
    assert!(again[1].is_answer());
}

#[test]
fn a_run_is_fresh_in_a_process_that_only_loaded_its_code() {
    let bench = Bench::new();
    bench.runners.ready(&bench.code).unwrap();
    let seat = |seat: &mut runners::Seat| seat.idle.as_ref().map(|runner| u64::from(runner.worker.pid()));
    let process = bench.runners.seat(seat).unwrap();
    let came = bench.runners.run(
        &[Run { fresh: true, ..bench.order(ANSWER) }],
        Keeps::default(),
        &|| (),
        &mut |_, ran| ran,
    );
    assert_eq!(came.into_iter().map(Came::of).collect::<Vec<_>>(), [Came::Answered(process)]);
}

#[test]
fn what_is_cancelled_ends_the_list() {
    let bench = Bench::new();
    let came = bench.run_beating(&[ANSWER, HANG, ANSWER], &|| bench.cancel.store(true, Ordering::Relaxed));
    assert_eq!(came.last(), Some(&Came::Cancelled), "{came:?}");
    assert!(came.len() <= 2, "{came:?}");
}
