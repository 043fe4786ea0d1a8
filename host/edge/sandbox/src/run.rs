//! One run: a fresh store, the call, the outcome.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use stratbox_domain::{
    BarSource, Fault, FaultLabel, Limits, Manifest, ParamKind, ParamSpec, Params, Recorder, RunOutcome,
    VenuePolicy, VenueSummary, must_be_escaped,
};
use wasmtime::component::Instance;
use wasmtime::{Store, Trap};

use crate::fault::classify;
use crate::host::{HostBug, LINE_BYTES, Log, MemoryBudget, State, Stop};
use crate::text::escaped;
use crate::wire::{
    WireInstrument, WireManifest, WireParameter, WirePolicy, WireSummary, to_wire_instruments,
    to_wire_parameters,
};
use crate::{Artifact, Error, Sandbox};

/// `describe` does nothing but name things.
const DESCRIBE: Limits = Limits { fuel: 100_000_000, memory_bytes: 32 << 20, wall_ms: 5_000, log_bytes: 0 };

/// What may cross into the host in one call: a batch of results is some kilobytes, a log line or a manifest less.
pub(crate) const HOSTCALL_BYTES: usize = 1 << 20;

/// What a run is made of.
#[derive(Clone)]
pub struct RunRequest<'a> {
    /// The bars, and their instruments.
    pub bars: Arc<dyn BarSource>,
    /// Every parameter of the strategy, within its bounds.
    pub params: &'a Params,
    /// The venue's conventions.
    pub policy: VenuePolicy,
    /// What the run may use.
    pub limits: Limits,
    /// Ends the run, within some milliseconds, once it is true.
    pub cancel: Arc<AtomicBool>,
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
}

impl<R: Recorder> Sandbox<R> {
    /// Asks a strategy for its manifest.
    ///
    /// # Errors
    /// The strategy failed to answer, or answered nonsense.
    pub fn describe(&self, artifact: &Artifact<R>) -> Result<Manifest, Error> {
        let cancel = Arc::new(AtomicBool::new(false));
        let mut store = self.store(&DESCRIBE, None, None, cancel)?;
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
    /// it came.
    ///
    /// # Errors
    /// A failure of the host; what the guest does is an outcome.
    pub fn run(
        &self,
        artifact: &Artifact<R>,
        request: &RunRequest<'_>,
        recorder: R,
    ) -> Result<(RunReport, R), Error> {
        let bars = Arc::clone(&request.bars);
        let mut store =
            self.store(&request.limits, Some(bars), Some(recorder), Arc::clone(&request.cancel))?;
        let instruments = to_wire_instruments(request.bars.instruments());
        let parameters = to_wire_parameters(request.params);
        let answer = (|| {
            let instance = instantiate(artifact, &mut store)?;
            type Arguments<'a> = (WirePolicy, &'a [WireInstrument<'a>], &'a [WireParameter<'a>]);
            let run = instance
                .get_typed_func::<Arguments<'_>, (Result<WireSummary, String>,)>(&mut store, &artifact.run)?;
            run.call(&mut store, (request.policy.into(), &instruments, &parameters))
        })();
        let outcome = match answer {
            Ok((Ok(summary),)) => RunOutcome::Completed(summary.into()),
            Ok((Err(message),)) => RunOutcome::Faulted(Fault {
                label: FaultLabel::InitRefused,
                bar: None,
                message: escaped(&message, LINE_BYTES),
            }),
            Err(error) => classify(&store, &error)?,
        };
        let left = store.get_fuel().map_err(|error| Error::engine(&error))?;
        let state = store.into_data();
        let recorder = state.recorder.ok_or_else(|| Error::Engine("the recorder is gone".to_owned()))?;
        Ok((RunReport { outcome, fuel: request.limits.fuel - left, log: state.log }, recorder))
    }

    fn store(
        &self,
        limits: &Limits,
        bars: Option<Arc<dyn BarSource>>,
        recorder: Option<R>,
        cancel: Arc<AtomicBool>,
    ) -> Result<Store<State<R>>, Error> {
        let state = State {
            bars,
            recorder,
            log: Log::default(),
            log_limit: limits.log_bytes as usize,
            last_words: None,
            memory: MemoryBudget::new(limits.memory_bytes),
            deadline: Instant::now() + Duration::from_millis(limits.wall_ms),
            cancel,
            row: None,
        };
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_fuel(limits.fuel).map_err(|error| Error::engine(&error))?;
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| context.data().on_tick());
        store.set_hostcall_fuel(HOSTCALL_BYTES);
        Ok(store)
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
fn bounded(manifest: Manifest) -> Result<Manifest, Error> {
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
