//! The wasm engine and its settings.

use std::hash::{Hash, Hasher};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use stratbox_domain::{Digest, KeyBuilder, Recorder};
use stratbox_intake::component::{FEATURES, Profile};
use wasmtime::component::Linker;
use wasmtime::{
    Config, Enabled, Engine, Inlining, InstanceAllocationStrategy, OperatorCost, OptLevel,
    PoolingAllocationConfig, WasmFeatures,
};

use crate::Error;
use crate::host::{self, LINE_BYTES, LOG_BYTE_FUEL, LOG_CALL_FUEL, State};
use crate::run::HOSTCALL_BYTES;
use crate::wasi::Wasi;

/// How often a running guest is asked whether its time is up: the precision of deadlines and of Ctrl-C.
const TICK: Duration = Duration::from_millis(5);

/// Runs at once on the threads of one process, at most. A slot reserves address space, not memory.
pub const MAX_RUNS: NonZeroU32 = NonZeroU32::new(64).expect("it is not zero");
/// A composed run has three components of a few core instances each (module, shim, fix-up, adapters).
const CORE_INSTANCES: u32 = 24;
/// What a strategy's module may have, as the gate's limits say by default, and what a run has with the engine's own parts.
const MODULE_MEMORIES: u32 = 2;
const MODULE_TABLES: u32 = 8;
const MEMORIES: u32 = 2 + MODULE_MEMORIES;
const TABLES: u32 = CORE_INSTANCES + MODULE_TABLES;
/// Memory of an idle slot that is zeroed by hand and kept: cheaper than giving the pages back, for runs that are small.
const KEEP_RESIDENT: usize = 256 << 10;
/// The most that one memory can be limited to (`Limits::validate`).
const MAX_MEMORY: usize = 4 << 30;
/// Native stack of a guest. Its own (shadow) stack in linear memory is limited by how it was linked.
const MAX_WASM_STACK: usize = 512 << 10;

/// The wasm engine, ready to compile and run. One serves a whole process; runs on different threads do not wait for one
/// another.
pub struct Sandbox<R: 'static> {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<State<R>>,
    /// Where components may import it.
    pub(crate) wasi: Option<Wasi>,
    version: String,
    ticker: OnceLock<Ticker>,
}

impl<R: Recorder> Sandbox<R> {
    /// Starts the engine for components that import nothing but the contract, with room for so many runs at once, at most
    /// [`MAX_RUNS`]. Only address space is reserved; no thread is started before the first run, so that a process can confine
    /// itself in between.
    ///
    /// # Errors
    /// The machine cannot run it.
    pub fn new(runs: NonZeroU32) -> Result<Self, Error> {
        Self::with_profile(runs, Profile::Strict)
    }

    /// The same for components that may import what `profile` says. What imports no WASI runs as it does without.
    ///
    /// # Errors
    /// The machine cannot run it, or this program was built without WASI (feature `wasi`) and the profile asks for it.
    pub fn with_profile(runs: NonZeroU32, profile: Profile) -> Result<Self, Error> {
        Self::start(&config(runs.min(MAX_RUNS).get()), profile)
    }

    /// The same for a process that only compiles: on all processors, or on one, where others do the same beside it. The machine
    /// code is the same.
    ///
    /// # Errors
    /// As above.
    pub fn for_compiling(profile: Profile, parallel: bool) -> Result<Self, Error> {
        Self::start(config(1).parallel_compilation(parallel), profile)
    }

    fn start(config: &Config, profile: Profile) -> Result<Self, Error> {
        let engine = Engine::new(config).map_err(|error| Error::engine(&error))?;
        // An upgrade of the engine must not widen what guests may use behind our back.
        if engine.get_wasm_features() != FEATURES {
            let surplus = engine.get_wasm_features().difference(FEATURES);
            let missing = FEATURES.difference(engine.get_wasm_features());
            return Err(Error::Engine(format!("wasm features are not as asked: +{surplus:?} -{missing:?}")));
        }
        let mut linker = host::linker(&engine).map_err(|error| Error::engine(&error))?;
        let version = format!("wasmtime {WASMTIME_VERSION} {}", settings().short());
        let wasi = match profile {
            Profile::Strict => None,
            Profile::Wasi => Some(Wasi::new(&version)?),
        };
        if let Some(wasi) = &wasi {
            wasi.link(&mut linker).map_err(|error| Error::engine(&error))?;
        }
        Ok(Self { engine, linker, wasi, version, ticker: OnceLock::new() })
    }

    /// Sees to it that time passes for guests.
    pub(crate) fn tick(&self) {
        self.ticker.get_or_init(|| Ticker::start(self.engine.clone()));
    }

    /// What components may import.
    pub(crate) fn profile(&self) -> Profile {
        if self.wasi.is_some() { Profile::Wasi } else { Profile::Strict }
    }

    /// The engine's version and a digest of the settings that can change a result: figures, fuel among them, are only
    /// comparable within one. The machine's instruction set is not among them.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The same for runs of components that import WASI: how it is given can change their results. The engine's own version
    /// where none may.
    #[must_use]
    pub fn version_with_wasi(&self) -> &str {
        self.wasi.as_ref().map_or(&self.version, Wasi::version)
    }
}

/// Kept equal to `Cargo.lock` by a test.
const WASMTIME_VERSION: &str = "48.0.8";

fn config(slots: u32) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots * CORE_INSTANCES)
        .max_core_instances_per_component(CORE_INSTANCES)
        .total_memories(slots * MEMORIES)
        .max_memories_per_component(MEMORIES)
        .max_memories_per_module(MODULE_MEMORIES)
        .total_tables(slots * TABLES)
        .max_tables_per_component(TABLES)
        .max_tables_per_module(MODULE_TABLES)
        .max_memory_size(MAX_MEMORY)
        .pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(16 << 10);
    let mut config = Config::new();
    config
        .gc_support(false)
        .concurrency_support(false)
        .wasm_features(WasmFeatures::all().difference(FEATURES), false)
        .wasm_features(FEATURES, true)
        .consume_fuel(true)
        .operator_cost(costs())
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .cranelift_opt_level(OptLevel::Speed)
        .compiler_inlining(Inlining::InterModule)
        .max_wasm_stack(MAX_WASM_STACK)
        .wasm_backtrace_max_frames(None)
        .coredump_on_trap(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// What is a call into the host costs about what that call takes; by default these cost as much as an addition, and a loop
/// of them is stopped by the clock and not by fuel. What moves many bytes is paid for by the byte already.
fn costs() -> OperatorCost {
    OperatorCost {
        MemoryGrow: GROW_FUEL,
        TableGrow: GROW_FUEL,
        DataDrop: DROP_FUEL,
        ElemDrop: DROP_FUEL,
        ..OperatorCost::new()
    }
}

const GROW_FUEL: u8 = 255;
const DROP_FUEL: u8 = 50;

/// A digest of what decides how a run ends, other than the run's own limits.
fn settings() -> Digest {
    let numbers = [MAX_WASM_STACK, MAX_MEMORY, HOSTCALL_BYTES, LINE_BYTES].map(usize::to_le_bytes).concat();
    let metering = [LOG_CALL_FUEL, LOG_BYTE_FUEL, GROW_FUEL.into(), DROP_FUEL.into()];
    let metering = metering.map(u64::to_le_bytes).concat();
    KeyBuilder::new("settings")
        .field("features", &FEATURES.bits().to_le_bytes())
        .field("numbers", &numbers)
        .field("metering", &metering)
        .field("nan canonicalisation", &[1])
        .finish()
}

/// A digest of everything that compiled code depends on: the engine's exact version, target and settings.
pub(crate) fn fingerprint(engine: &Engine) -> Digest {
    struct Bytes(Vec<u8>);
    impl Hasher for Bytes {
        fn write(&mut self, bytes: &[u8]) {
            self.0.extend_from_slice(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut bytes = Bytes(Vec::new());
    engine.precompile_compatibility_hash().hash(&mut bytes);
    KeyBuilder::new("engine").field("settings", &bytes.0).finish()
}

/// Advances the engine's epoch. Each store decides in its own callback what that means for it.
struct Ticker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    fn start(engine: Engine) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::park_timeout(TICK);
                engine.increment_epoch();
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It panics only if the engine does, and there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_has_room_for_what_the_gate_lets_through() {
        let gate = stratbox_intake::component::ComponentLimits::default();
        assert_eq!((gate.memories, gate.tables), (u64::from(MODULE_MEMORIES), u64::from(MODULE_TABLES)));
    }

    #[test]
    fn the_version_we_tell_is_the_version_that_is_locked() {
        let lock = include_str!("../../../../Cargo.lock");
        assert!(lock.contains(&format!("name = \"wasmtime\"\nversion = \"{WASMTIME_VERSION}\"\n")));
    }

    #[test]
    fn a_feature_that_was_not_asked_for_is_refused() {
        let engine = Engine::new(&config(1)).unwrap();
        let compiles = |body: &str| {
            let component = wat::parse_str(format!("(component (core module {body}))")).unwrap();
            engine.precompile_component(&component).is_ok()
        };
        assert!(compiles("(memory 1) (func (result i32) i32.const 1)"));
        for denied in [
            "(memory i64 1)",
            "(memory 1 1 shared)",
            "(func (result v128) v128.const i64x2 0 0)",
            "(func (param v128) (result v128) (i32x4.relaxed_trunc_f32x4_s (local.get 0)))",
            "(tag)",
            "(type (struct (field i32)))",
            "(func (param funcref) (result funcref) (ref.as_non_null (local.get 0)))",
            "(func $f (return_call $f))",
            "(global i32 (i32.add (i32.const 1) (i32.const 2)))",
            "(memory 1 (pagesize 1))",
            "(func (result i64 i64) (i64.add128 (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)))",
        ] {
            assert!(!compiles(denied), "{denied}");
        }
    }
}
