//! Sessions, and what is said of them.

mod alerts;
mod bottlenecks;
mod comparisons;
mod reports;
mod words;

use super::*;

const SECOND: u64 = 1_000_000;

/// A second on two workers and as many processors.
const SESSION: Session = Session { wall_micros: SECOND, workers: 2, processors: Some(2) };

/// An attempt that completed, in `run_micros` after 10 microseconds of getting ready.
fn task(worker: u32, variant: u64, run_micros: u64) -> TaskFacts {
    TaskFacts {
        worker,
        variant,
        end: TaskEnd::Completed,
        queue_micros: 500,
        instantiate_micros: 10,
        run_micros,
    }
}

/// A session of `tasks` tasks on two workers in turn, each of which completed in `run_micros` and was settled.
fn ran(tasks: u64, run_micros: u64) -> Recorder {
    let mut recorder = Recorder::new();
    (0..2).for_each(|worker| recorder.worker_started(worker));
    for variant in 0..tasks {
        recorder.task(&task((variant % 2) as u32, variant, run_micros));
        recorder.settled(false);
    }
    (0..2).for_each(|_| recorder.worker_completed());
    recorder
}

fn finite(value: f64) -> Option<Finite> {
    Finite::of(value)
}
