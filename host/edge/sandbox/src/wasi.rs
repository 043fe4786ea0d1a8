//! WASI 0.2 for components that cannot do without it, and nothing of the machine in it: no files, no network, no arguments,
//! no environment, input that is closed, output that goes nowhere, a clock that is the bar's time, and randomness that the
//! run's seed decides. What a component is told is the same in every run of the same key.
//!
//! Most of it is `wasmtime-wasi`, given nothing. What of it would ask the machine (clocks, randomness, waiting) is replaced
//! in `interfaces`.

mod interfaces;

use stratbox_domain::{Digest, FaultLabel, KeyBuilder, Recorder};
use tokio::runtime::{Builder, EnterGuard, Runtime};
use wasmtime::component::{Linker, ResourceTable, ResourceTableError};
use wasmtime::{Store, StoreContextMut};
use wasmtime_wasi::{I32Exit, WasiCtx, WasiCtxView, WasiView};

use crate::Error;
use crate::host::State;
use crate::run::WASI_CALL_BYTES;
use crate::traps::Meaning;

/// What a call costs, in fuel: more than the host spends on most, so that a guest which does nothing else stops.
const CALL_FUEL: u64 = 5_000;
/// What each thing costs that a guest waits for in one call.
const POLLABLE_FUEL: u64 = 50;
/// What each random byte costs.
const RANDOM_BYTE_FUEL: u64 = 2;
/// Random bytes in one call.
const MAX_RANDOM_BYTES: u64 = 64 << 10;
/// Things that a run may hold: streams, and what it waits for. Those who bring an interpreter hold some ten.
const MAX_HANDLES: usize = 4_096;

/// What an engine needs to give WASI to its runs.
pub(crate) struct Wasi {
    version: String,
    /// `wasmtime-wasi` looks for a runtime where WASI could wait, and would start one that has threads and watches descriptors.
    /// This one has neither: nothing of what is given ever waits.
    runtime: Runtime,
}

impl Wasi {
    /// Starts no thread and opens no descriptor. `engine` is the engine's own version.
    pub(crate) fn new(engine: &str) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread()
            .build()
            .map_err(|error| Error::Engine(format!("WASI cannot be given: {error}")))?;
        Ok(Self { version: format!("{engine} with WASI {}", settings().short()), runtime })
    }

    /// The engine's version and settings, for runs with WASI.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Gives a linker every interface.
    pub(crate) fn link<R: Recorder>(&self, linker: &mut Linker<State<R>>) -> wasmtime::Result<()> {
        linker.allow_shadowing(true);
        wasmtime_wasi::p2::add_to_linker_sync(linker)?;
        interfaces::replace(linker)?;
        linker.allow_shadowing(false);
        Ok(())
    }

    /// What one run is given: randomness of `seed`, and a clock that begins at `start`, in nanoseconds since the Unix epoch.
    pub(crate) fn world(&self, seed: &Digest, start: i64) -> Box<World> {
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_HANDLES);
        // Made of defaults: no arguments, variables, directories or sockets; closed input, output to nowhere.
        let ctx = WasiCtx::builder().build();
        let random = |purpose| Random::new(purpose, seed);
        let mut insecure_seed = random("stratbox wasi:random/insecure-seed");
        Box::new(World {
            ctx,
            table,
            clock: Clock { start, now: start },
            secure: random("stratbox wasi:random/random"),
            insecure: random("stratbox wasi:random/insecure"),
            insecure_seed: (insecure_seed.number(), insecure_seed.number()),
            due: 0,
        })
    }

    /// Bounds what WASI lets a run take of the host.
    pub(crate) fn bound<R: Recorder>(&self, store: &mut Store<State<R>>) {
        store.set_max_component_handles(MAX_HANDLES);
        store.call_hook(|store, transition| if transition.entering_host() { Ok(()) } else { collect(store) });
    }

    /// Makes the runtime known on this thread for as long as the guard lives.
    pub(crate) fn enter(&self) -> EnterGuard<'_> {
        self.runtime.enter()
    }
}

/// Takes the fuel that a call has cost; what is missing then stops the guest at its next check.
fn collect<R>(mut store: StoreContextMut<'_, State<R>>) -> wasmtime::Result<()> {
    match store.data_mut().wasi.as_mut().map_or(0, |world| std::mem::take(&mut world.due)) {
        0 => Ok(()),
        due => {
            let left = store.get_fuel()?;
            store.set_fuel(left.saturating_sub(due))
        }
    }
}

/// A digest of what can change the result of a run with WASI, besides what can change any.
fn settings() -> Digest {
    let fuel = [CALL_FUEL, POLLABLE_FUEL, RANDOM_BYTE_FUEL].map(u64::to_le_bytes).concat();
    let most = [MAX_RANDOM_BYTES, MAX_HANDLES as u64, WASI_CALL_BYTES as u64].map(u64::to_le_bytes).concat();
    KeyBuilder::new("wasi").field("fuel", &fuel).field("most", &most).finish()
}

/// What one run is given.
pub(crate) struct World {
    ctx: WasiCtx,
    table: ResourceTable,
    clock: Clock,
    secure: Random,
    insecure: Random,
    insecure_seed: (u64, u64),
    /// Fuel that calls have cost and nobody has taken yet.
    due: u64,
}

impl World {
    /// Sets the clock, in nanoseconds since the Unix epoch.
    pub(crate) fn set_time(&mut self, now: i64) {
        self.clock.now = now;
    }
}

/// Nanoseconds since the Unix epoch.
struct Clock {
    start: i64,
    now: i64,
}

/// Bytes that look random and are the same for the same seed.
struct Random(blake3::OutputReader);

impl Random {
    fn new(purpose: &str, seed: &Digest) -> Self {
        Self(blake3::Hasher::new_derive_key(purpose).update(seed.as_bytes()).finalize_xof())
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn number(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

impl<R> State<R> {
    /// What the run is given, at the price of a call.
    fn world(&mut self) -> &mut World {
        let world = self.wasi.as_deref_mut().expect("whoever imports WASI is given it");
        world.due += CALL_FUEL;
        world
    }
}

impl<R: Recorder> WasiView for State<R> {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let World { ctx, table, .. } = self.world();
        WasiCtxView { ctx, table }
    }
}

/// What an error of WASI means to whoever wrote the strategy, if it is one of those that have a meaning of their own.
pub(crate) fn meaning(error: &wasmtime::Error) -> Option<Meaning> {
    if error.is::<I32Exit>() {
        return Some(Meaning {
            label: FaultLabel::Trap,
            code: "exited",
            sentence: "it ended its own program (`exit`)",
            hint: "let `init` return an error when parameters cannot work together, and let other functions return",
        });
    }
    matches!(error.downcast_ref(), Some(ResourceTableError::Full)).then_some(Meaning {
        label: FaultLabel::Memory,
        code: "too_many_handles",
        sentence: "it holds more streams and pollables than it may",
        hint: "drop those that are no longer needed",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interfaces_are_of_the_version_of_the_engine() {
        let lock = include_str!("../../../../Cargo.lock");
        let version = |name: &str| {
            let package =
                lock.split("[[package]]").find(|text| text.contains(&format!("\nname = \"{name}\"\n")));
            package.unwrap().lines().find(|line| line.starts_with("version = ")).unwrap().to_owned()
        };
        assert_eq!(version("wasmtime-wasi"), version("wasmtime"));
    }

    #[test]
    fn randomness_is_decided_by_the_seed_and_by_what_it_is_for() {
        let first = |purpose: &str, seed: &[u8]| Random::new(purpose, &Digest::of(seed)).number();
        assert_eq!(first("a", b"seed"), first("a", b"seed"));
        assert_ne!(first("a", b"seed"), first("a", b"other"));
        assert_ne!(first("a", b"seed"), first("b", b"seed"));
        let mut random = Random::new("a", &Digest::of(b"seed"));
        assert_ne!(random.number(), random.number());
    }
}
