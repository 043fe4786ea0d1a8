//! One run: a fresh store, the call, the outcome.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use stratbox_domain::{
    BarSource, Digest, Fault, FaultLabel, Limits, Manifest, ParamKind, ParamSpec, Params, Recorder,
    RunOutcome, VenuePolicy, VenueSummary, must_be_escaped,
};
use stratbox_intake::component::Profile;
use wasmtime::component::Instance;
use wasmtime::{Store, Trap};

use crate::fault::classify;
use crate::host::{HostBug, LINE_BYTES, Log, State, Stop};
use crate::meter::{Exhausted, Meter};
use crate::text::escaped;
use crate::wasi::Wasi;
use crate::wire::{
    WireIncrements, WireInstrument, WireManifest, WireParameter, WirePolicy, WireSummary,
    to_wire_instruments, to_wire_parameters,
};
use crate::{Artifact, Error, Sandbox};

/// `describe` does nothing but name things.
const DESCRIBE: Limits = Limits {
    fuel: 100_000_000,
    fuel_per_bar: 100_000_000,
    // All that the gate lets a component begin with, and room for the engine's own parts.
    memory_bytes: 96 << 20,
    wall_ms: 5_000,
    log_bytes: 0,
};

/// What of a manifest may cross into the host, as copies of its own.
pub(crate) const HOSTCALL_BYTES: usize = 1 << 20;
/// What one call of a run with WASI may have copied into the host; what the engine's own parts send is a third of it.
pub(crate) const WASI_CALL_BYTES: usize = 128 << 10;

/// What a run is made of.
#[derive(Clone)]
pub struct RunRequest<'a> {
    /// The bars, and their instruments.
    pub bars: Arc<dyn BarSource>,
    /// Every parameter of the strategy, within its bounds.
    pub params: &'a Params,
    /// The venue's conventions.
    pub policy: &'a VenuePolicy,
    /// What the run may use.
    pub limits: Limits,
    /// Ends the run, within some milliseconds, once it is true.
    pub cancel: Arc<AtomicBool>,
    /// Decides what WASI's randomness gives, to a component that imports it: the run's key, so that the same run has the same.
    pub seed: Digest,
}

/// What came of a run.
#[derive(Debug)]
pub struct RunReport {
    /// How it ended.
    pub outcome: RunOutcome<VenueSummary>,
    /// Fuel it used: the same figure every time, for one engine version.
    pub fuel: u64,
    /// What the strategy logged.
    pub log: Log,
    /// How long it took, which is never part of a result.
    pub timing: Timing,
}

/// How long a run took; both together are all of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timing {
    /// Making the instance.
    pub instantiate: Duration,
    /// Everything else.
    pub run: Duration,
}

impl<R: Recorder> Sandbox<R> {
    /// Asks a strategy for its manifest. `seed` decides what WASI's randomness gives it; the time is that of the Unix epoch.
    ///
    /// # Errors
    /// The strategy failed to answer, or answered nonsense.
    pub fn describe(&self, artifact: &Artifact<R>, seed: &Digest) -> Result<Manifest, Error> {
        let cancel = Arc::new(AtomicBool::new(false));
        let wasi = self.wasi_of(artifact);
        let world = wasi.map(|wasi| wasi.world(seed, 0));
        let _inside = wasi.map(Wasi::enter);
        let state =
            State { wasi: world, ..State::new(&DESCRIBE, deadline(Instant::now(), &DESCRIBE), cancel) };
        let mut store = self.store(state, &DESCRIBE, HOSTCALL_BYTES)?;
        let answer = (|| {
            let instance = instantiate(artifact, &mut store)?;
            let describe = instance.get_typed_func::<(), (WireManifest,)>(&mut store, &artifact.describe)?;
            describe.call(&mut store, ())
        })();
        match answer {
            Ok((manifest,)) => bounded(manifest.into()),
            Err(error) => match classify::<R, Manifest>(&store, &error)? {
                RunOutcome::Faulted(fault) => {
                    Err(Error::Describe(format!("{}: {}", fault.label, fault.message)))
                }
                _ => Err(Error::Describe("it took too long".to_owned())),
            },
        }
    }

    /// Runs a strategy over the bars. Gives back the recorder with everything that was recorded up to the end, however
    /// it came. `recorder` makes an empty one: a run may have to be done anew (see `meter`).
    ///
    /// # Errors
    /// A failure of the host; what the guest does is an outcome.
    pub fn run(
        &self,
        artifact: &Artifact<R>,
        request: &RunRequest<'_>,
        recorder: impl Fn() -> R,
    ) -> Result<(RunReport, R), Error> {
        let begun = Instant::now();
        let deadline = deadline(begun, &request.limits);
        let run = |careful| self.run_once(artifact, request, recorder(), deadline, careful);
        let (mut report, recorder) = match run(false)? {
            Some(done) => done,
            None => run(true)?.ok_or_else(|| Error::Engine("a bar ran dry that was no bar".to_owned()))?,
        };
        report.timing.run = begun.elapsed().saturating_sub(report.timing.instantiate);
        Ok((report, recorder))
    }

    /// `None` when a chunk of bars ran out of fuel and it must be done anew a bar at a time.
    fn run_once(
        &self,
        artifact: &Artifact<R>,
        request: &RunRequest<'_>,
        recorder: R,
        deadline: Instant,
        careful: bool,
    ) -> Result<Option<(RunReport, R)>, Error> {
        let limits = &request.limits;
        let wasi = self.wasi_of(artifact);
        let start = request.bars.span().map_or(0, |(first, _)| first);
        let _inside = wasi.map(Wasi::enter);
        let state = State {
            bars: Some(Arc::clone(&request.bars)),
            recorder: Some(recorder),
            // The clock is set where bars are read, so that with WASI they are read one at a time.
            meter: Meter::new(limits.fuel_per_bar, careful || wasi.is_some()),
            wasi: wasi.map(|wasi| wasi.world(&request.seed, start)),
            ..State::new(limits, deadline, Arc::clone(&request.cancel))
        };
        let hostcall_bytes = match wasi {
            Some(_) => WASI_CALL_BYTES,
            // No text is longer than the memory it lies in, and none is copied whole.
            None => usize::try_from(limits.memory_bytes).unwrap_or(usize::MAX),
        };
        let mut store = self.store(state, limits, hostcall_bytes)?;
        let tradable = tradable(request)?;
        let instruments = to_wire_instruments(request.bars.instruments());
        let parameters = to_wire_parameters(request.params);
        let begun = Instant::now();
        let mut timing = Timing::default();
        let answer = (|| {
            let instance = instantiate(artifact, &mut store);
            timing.instantiate = begun.elapsed();
            let instance = instance?;
            type Arguments<'a> =
                (WirePolicy, &'a [WireIncrements], &'a [WireInstrument<'a>], &'a [WireParameter<'a>]);
            let run = instance
                .get_typed_func::<Arguments<'_>, (Result<WireSummary, String>,)>(&mut store, &artifact.run)?;
            run.call(&mut store, (request.policy.into(), &tradable, &instruments, &parameters))
        })();
        let outcome = match answer {
            Ok((Ok(summary),)) => RunOutcome::Completed(summary.into()),
            Ok((Err(message),)) => RunOutcome::Faulted(refused(&message)),
            Err(error) if ran_dry(&error) && store.data().meter.exhausted() == Exhausted::Chunk => {
                return Ok(None);
            }
            Err(error) => classify(&store, &error)?,
        };
        let left = store.get_fuel().map_err(|error| Error::engine(&error))?;
        let state = store.into_data();
        let fuel = limits.fuel - state.meter.left(left);
        let recorder = state.recorder.ok_or_else(|| Error::Engine("the recorder is gone".to_owned()))?;
        Ok(Some((RunReport { outcome, fuel, log: state.log, timing }, recorder)))
    }

    /// WASI, if the component imports it.
    fn wasi_of(&self, artifact: &Artifact<R>) -> Option<&Wasi> {
        self.wasi.as_ref().filter(|_| artifact.profile == Profile::Wasi)
    }

    fn store(
        &self,
        state: State<R>,
        limits: &Limits,
        hostcall_bytes: usize,
    ) -> Result<Store<State<R>>, Error> {
        self.tick();
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_fuel(limits.fuel).map_err(|error| Error::engine(&error))?;
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| context.data().on_tick());
        store.set_hostcall_fuel(hostcall_bytes);
        if let Some(wasi) = self.wasi.as_ref().filter(|_| store.data().wasi.is_some()) {
            wasi.bound(&mut store);
        }
        Ok(store)
    }
}

fn deadline(begun: Instant, limits: &Limits) -> Instant {
    begun + Duration::from_millis(limits.wall_ms)
}

fn ran_dry(error: &wasmtime::Error) -> bool {
    matches!(error.downcast_ref::<Trap>(), Some(Trap::OutOfFuel))
}

/// The increments of what can be traded. That the policy fits the instruments has been found out before.
fn tradable(request: &RunRequest<'_>) -> Result<Vec<WireIncrements>, Error> {
    let bars = &request.bars;
    let tradable = bars.instruments().iter().take(bars.tradable() as usize).cloned().collect::<Vec<_>>();
    let increments = request.policy.increments(&tradable);
    let increments = increments.map_err(|problem| Error::Engine(format!("the venue's policy: {problem}")))?;
    Ok(increments.into_iter().map(WireIncrements::from).collect())
}

/// The strategy's own no to its parameters.
fn refused(message: &str) -> Fault {
    Fault {
        label: FaultLabel::InitRefused,
        code: "init_refused".into(),
        bar: None,
        message: escaped(message, LINE_BYTES),
        hint: "choose other parameters: the words are the strategy's own".into(),
    }
}

/// A fresh instance. One that the engine could not make is our failure, such as a pool without a free slot; but its start
/// functions are the guest's, and so is memory that it may not have.
fn instantiate<R>(artifact: &Artifact<R>, store: &mut Store<State<R>>) -> wasmtime::Result<Instance> {
    artifact.pre.instantiate(&mut *store).map_err(|error| {
        let is_guests = error.is::<Trap>() || error.is::<Stop>() || store.data().memory.refused;
        if is_guests { error } else { HostBug(format!("{error:#}")).into() }
    })
}

/// Takes a manifest for what it is, a stranger's words: bounded, escaped, and sound as a specification.
///
/// # Errors
/// What is wrong with it.
pub fn bounded(manifest: Manifest) -> Result<Manifest, Error> {
    const MAX_PARAMETERS: usize = 64;
    if manifest.parameters.len() > MAX_PARAMETERS {
        let count = manifest.parameters.len();
        return Err(Error::Describe(format!(
            "it names {count} parameters, at most {MAX_PARAMETERS} are allowed"
        )));
    }
    let mut names = std::collections::BTreeSet::new();
    for spec in &manifest.parameters {
        let is_plain = !spec.name.is_empty()
            && spec.name.len() <= 64
            && spec.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_plain {
            let name = escaped(&spec.name, 64);
            return Err(Error::Describe(format!(
                "`{name}` is not a parameter name: use letters, digits and `_`"
            )));
        }
        if !names.insert(&spec.name) {
            return Err(Error::Describe(format!("it names parameter `{}` twice", spec.name)));
        }
        check_choices(spec)?;
        spec.validate().map_err(|error| Error::Describe(escaped(&error.to_string(), 500)))?;
    }
    let parameters = manifest.parameters.into_iter().map(|mut spec| {
        spec.description = escaped(&spec.description, 1_000);
        spec
    });
    Ok(Manifest {
        name: escaped(&manifest.name, 100),
        version: escaped(&manifest.version, 50),
        description: escaped(&manifest.description, 2_000),
        parameters: parameters.collect(),
    })
}

/// Choices are values, so they are refused rather than escaped.
fn check_choices(spec: &ParamSpec) -> Result<(), Error> {
    const MAX_CHOICES: usize = 64;
    const MAX_BYTES: usize = 64;
    let ParamKind::Choice { choices, default } = &spec.kind else { return Ok(()) };
    let is_plain = |choice: &String| choice.len() <= MAX_BYTES && !choice.chars().any(must_be_escaped);
    if choices.len() <= MAX_CHOICES && choices.iter().chain([default]).all(is_plain) {
        return Ok(());
    }
    Err(Error::Describe(format!(
        "parameter `{}` has choices that are not plain text of at most {MAX_BYTES} bytes, or more than {MAX_CHOICES} of them",
        spec.name
    )))
}
