//! An honest strategy: what it does alone it must do beside every attack, to the bit.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use stratbox_compiler::Source;
use stratbox_domain::{Digest, Limits, Params};

use super::harness::{LIMITS, conditions, defaults, fingerprint};
use crate::bars::Bars;
use crate::failure::Failure;
use crate::runs::{Run, Runs};
use crate::trace::Keeps;
use crate::wiring::{Code, Engine};

/// Between two of its runs beside an attack: often enough to be there, and no load.
const PAUSE: Duration = Duration::from_millis(50);
/// It needs a hundredth of it: a machine that is busy with attacks must not make it time out.
const PATIENT: Limits = Limits { wall_ms: 60_000, ..LIMITS };

/// The strategy, and what came of its run when nothing else ran.
pub(super) struct Honest {
    code: Code,
    params: Params,
    alone: Vec<u8>,
}

impl Honest {
    /// Runs it alone.
    pub(super) fn new(engine: &Engine, bars: &Bars) -> Result<Self, Failure> {
        let source = Source::new("honest.rs", crate::scaffold::strategy("honest"));
        let code = engine.link(&engine.compile(&source)?.component)?;
        let params = defaults(&engine.describe(&code)?);
        let mut honest = Self { code, params, alone: Vec::new() };
        honest.alone = honest.run(&engine.runs(conditions(bars, PATIENT), bars)?)?;
        Ok(honest)
    }

    /// Does `work` while the strategy runs in a process of its own, again and again and once more afterwards; a problem when
    /// one of its runs was not as it is alone.
    pub(super) fn beside<T>(
        &self,
        engine: &Engine,
        bars: &Bars,
        work: impl FnOnce() -> T,
    ) -> (T, Option<String>) {
        let (at_work, done) = channel::<()>();
        std::thread::scope(|scope| {
            let neighbour = scope.spawn(move || -> Result<(), String> {
                let failed = |failure: Failure| format!("a neighbour's run failed: {}", failure.message);
                let runs = engine.runs(conditions(bars, PATIENT), bars).map_err(failed)?;
                loop {
                    let ended = done.recv_timeout(PAUSE) == Err(RecvTimeoutError::Disconnected);
                    if self.run(&runs).map_err(failed)? != self.alone {
                        return Err("a neighbour's run was not what it is alone".to_owned());
                    }
                    if ended {
                        return Ok(());
                    }
                }
            });
            let result = work();
            drop(at_work);
            let problem =
                neighbour.join().unwrap_or_else(|_| Err("a neighbour's thread panicked".to_owned())).err();
            (result, problem)
        })
    }

    /// Whether this code, made anew, does the same in a new process.
    pub(super) fn is_the_same(&self, engine: &Engine, bars: &Bars, code: &Code) -> Result<bool, Failure> {
        let runs = engine.runs(conditions(bars, PATIENT), bars)?;
        Ok(self.run_as(&runs, code)? == self.alone)
    }

    fn run(&self, runs: &Runs<'_>) -> Result<Vec<u8>, Failure> {
        self.run_as(runs, &self.code)
    }

    fn run_as(&self, runs: &Runs<'_>, code: &Code) -> Result<Vec<u8>, Failure> {
        // An honest strategy draws nothing, so that it does not matter what its run is called.
        let run = Run::new(code, || (self.params.clone(), Digest::of(b"honest")));
        Ok(fingerprint(&runs.one(run, Keeps::log(true))?))
    }
}
