//! What the workers of these tests do.

use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use stratbox_domain::{Fault, FaultLabel, ParamValue, RunOutcome};
use stratbox_intake::component::Profile;
use stratbox_jail::Program;

use crate::backtest::{Execution, LogLines, Timing};
use crate::trace::{Keeps, Trace};
use crate::worker::batch::RunOrder;
use crate::worker::protocol::{Answer, Order, RanAnswer, runner};
use crate::worker::runner::{Work, serve};

/// Answers with the number of the process as fuel.
pub(super) const ANSWER: &str = "answer";
/// Ends the process.
pub(super) const EXIT: &str = "exit";
/// Kills the process.
pub(super) const DIE: &str = "die";
/// Kills the first process that it is in.
pub(super) const DIE_ONCE: &str = "die once";
/// Stops the process.
pub(super) const STOP: &str = "stop";
/// Never ends.
pub(super) const HANG: &str = "hang";
/// The engine's failure.
pub(super) const FAIL: &str = "fail";
/// As much as may be said.
pub(super) const MOST: &str = "most";
const FUEL_LIE: &str = "more fuel than there was";
const TIME_LIE: &str = "longer than it can have taken";
const OFTEN: &str = "alive though nobody waited";
const DONE: &str = "something else";
pub(super) const LIES: [&str; 4] = [FUEL_LIE, TIME_LIE, OFTEN, DONE];

/// More than the largest number of a process.
pub(super) const FUEL: u64 = 1 << 30;

/// How this binary runs nothing but [`worker`].
const ARGUMENTS: [&str; 4] = ["runs::tests::script::worker", "--exact", "--ignored", "--test-threads=1"];

pub(super) fn program() -> Program {
    Program::this(ARGUMENTS).unwrap()
}

#[test]
#[ignore = "this is what the workers of other tests are"]
fn worker() {
    // It ends with its parent, and closes what is open: nothing for a process that has other tests.
    if std::env::args().skip(1).eq(ARGUMENTS) {
        let _ = stratbox_jail::child(|role| {
            assert_eq!(role, runner(Profile::Strict));
            Some(Box::new(|connection| match serve(connection, &mut Script) {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            }))
        });
    }
}

fn hang() -> ! {
    loop {
        std::thread::park_timeout(Duration::MAX);
    }
}

struct Script;

impl Work for Script {
    fn prepare(&mut self, _: Order, _: Option<OwnedFd>) -> Answer {
        Answer::Done
    }

    fn run(&mut self, run: &RunOrder, keeps: Keeps) -> Answer {
        let text = |name: &str| match &run.params[name] {
            ParamValue::Text(text) => text.as_str(),
            other => panic!("{other:?}"),
        };
        let signal = |signal| kill_process(getpid(), signal).unwrap();
        let process = getpid().as_raw_pid().unsigned_abs().into();
        let (mut fuel, mut timing) = (process, Timing::default());
        match text("do") {
            ANSWER => {}
            EXIT => std::process::exit(3),
            DIE => signal(Signal::KILL),
            DIE_ONCE => {
                if std::fs::File::create_new(text("mark")).is_ok() {
                    signal(Signal::KILL);
                }
            }
            STOP => {
                // Another thread may be told first, and this one goes on until it is.
                signal(Signal::STOP);
                hang()
            }
            HANG => hang(),
            FAIL => return Answer::Failed("no memory".to_owned()),
            MOST => fuel = FUEL,
            FUEL_LIE => fuel = FUEL + 1,
            TIME_LIE => timing.run_us = u32::MAX,
            OFTEN => return Answer::Alive,
            DONE => return Answer::Done,
            other => panic!("{other}"),
        }
        let fault = Fault {
            label: FaultLabel::InitRefused,
            code: "init_refused".into(),
            bar: None,
            message: "no".to_owned(),
            hint: "".into(),
        };
        let (outcome, log) = (RunOutcome::Faulted(fault), LogLines::default());
        Answer::Ran(Box::new(RanAnswer::new(
            Execution { outcome, fuel, log, timing, trace: Trace::default() },
            keeps,
        )))
    }
}
