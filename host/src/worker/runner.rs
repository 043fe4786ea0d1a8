//! The worker that runs strategies: no files, no network, no compiler; code and bars come from the parent.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::sync::Arc;

use stratbox_domain::{BarSource, Digest, Limits, VenuePolicy};
use stratbox_intake::component::Profile;
use stratbox_jail::{Connection, Failure, Server};
use stratbox_market::SharedBars;
use stratbox_sandbox::{Artifact, Error, Sandbox, TrustedCode};

use super::batch::{Batch, RunOrder};
use super::protocol::{Answer, Order, RanAnswer};
use crate::backtest::Conditions;
use crate::trace::Keeps;
use crate::wiring::RunRecorder;

/// The engine is made before the jail closes, since it reserves address space; it sees no stranger's byte until then.
pub(super) fn prepare(profile: Profile) -> Option<Server> {
    let sandbox = Sandbox::<RunRecorder>::with_profile(NonZeroU32::MIN, profile).ok()?;
    Some(Box::new(move |connection| {
        let mut runner = Runner { sandbox, codes: BTreeMap::new(), conditions: None };
        match serve(connection, &mut runner) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        }
    }))
}

/// What a runner does.
pub(crate) trait Work {
    /// Does what an order says that is no run.
    fn prepare(&mut self, order: Order, file: Option<OwnedFd>) -> Answer;

    /// Does one run.
    fn run(&mut self, run: &RunOrder, keeps: Keeps) -> Answer;
}

/// Does what the parent says until it is gone.
pub(crate) fn serve(mut connection: Connection, work: &mut impl Work) -> Result<(), Failure> {
    let voice = connection.voice(&Answer::Alive)?;
    while let Some((order, file)) = connection.receive_with::<Order>()? {
        match order {
            Order::Run(batch) => {
                let Batch { promptly, keeps, .. } = batch;
                voice.begin();
                for run in batch.into_runs() {
                    voice.say(&work.run(&run, keeps), promptly)?;
                }
                voice.end()?;
            }
            order => voice.say(&work.prepare(order, file), true)?,
        }
    }
    Ok(())
}

struct Runner {
    sandbox: Sandbox<RunRecorder>,
    codes: BTreeMap<u32, Artifact<RunRecorder>>,
    conditions: Option<Conditions>,
}

impl Work for Runner {
    fn prepare(&mut self, order: Order, file: Option<OwnedFd>) -> Answer {
        let prepared = match order {
            Order::Bars { header, policy, limits, periods_per_year } => {
                let map = |file| SharedBars::map(header, &file).map_err(|error| error.to_string());
                let bars = file.ok_or_else(|| "the bars did not come along".to_owned()).and_then(map);
                bars.map(|bars| {
                    self.conditions = Some(conditions(Arc::new(bars), policy, limits, periods_per_year));
                })
            }
            Order::Load { number, code } => {
                // The parent made the code, or has verified that this installation did; the socket between us is private.
                let loaded = self.sandbox.load(TrustedCode::vouched(&code));
                loaded.map(|code| drop(self.codes.insert(number, code))).map_err(|error| error.to_string())
            }
            Order::Describe { number, component } => return self.describe(number, &component),
            Order::Run(_) => Err("runs are not prepared".to_owned()),
        };
        prepared.map_or_else(Answer::Failed, |()| Answer::Done)
    }

    fn run(&mut self, run: &RunOrder, keeps: Keeps) -> Answer {
        let (Some(code), Some(conditions)) = (self.codes.get(&run.number), &self.conditions) else {
            return unknown();
        };
        match conditions.run(&self.sandbox, code, &run.params, run.key, keeps) {
            Ok(execution) => Answer::Ran(Box::new(RanAnswer::new(execution, keeps))),
            Err(error) => Answer::Failed(error.to_string()),
        }
    }
}

impl Runner {
    fn describe(&self, number: u32, component: &Digest) -> Answer {
        let Some(code) = self.codes.get(&number) else { return unknown() };
        match self.sandbox.describe(code, component) {
            Ok(manifest) => Answer::Described(Box::new(manifest)),
            Err(Error::Describe(problem)) => Answer::NotDescribed(problem),
            Err(error) => Answer::Failed(error.to_string()),
        }
    }
}

fn conditions(
    bars: Arc<dyn BarSource>,
    policy: Box<VenuePolicy>,
    limits: Limits,
    periods_per_year: Option<f64>,
) -> Conditions {
    // Nobody cancels a run in here: the parent ends the process.
    let policy = Arc::from(policy);
    Conditions { bars, policy, limits, periods_per_year, cancel: Arc::default() }
}

fn unknown() -> Answer {
    Answer::Failed("an order for code or bars that never came".to_owned())
}
