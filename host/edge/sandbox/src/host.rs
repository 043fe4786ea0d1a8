//! What a run's store holds, and the few functions through which a guest reaches the host.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use stratbox_domain::{BarSource, Limits, Recorder};
use wasmtime::component::{Linker, WasmStr};
use wasmtime::{Engine, ResourceLimiter, StoreContextMut, UpdateDeadline};

use crate::meter::Meter;
use crate::text::escaped;
use crate::wasi::World;
use crate::wire::{WireColumns, WireFill, WireLevel};

/// One line of a guest's log may be this long; one panic message too.
pub(crate) const LINE_BYTES: usize = 2_048;
/// Rows per read, at most: what the driver asks for, and a bound on what a bug in it could ask for.
const MAX_ROWS: u32 = 4_096;
/// What a call for the log costs, in fuel, and what each of its bytes does: about what the host spends on them. Calls into
/// the host would be free otherwise, and a guest that does nothing else would be stopped by the clock.
pub(crate) const LOG_CALL_FUEL: u64 = 500;
pub(crate) const LOG_BYTE_FUEL: u64 = 1;
/// What a table element costs the host.
const ELEMENT_BYTES: usize = 16;

/// A guest's log, bounded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// What was kept, in order.
    pub lines: Vec<LogLine>,
    /// Lines dropped because the log was full.
    pub dropped: u64,
    bytes: usize,
}

/// One message: a guest's words, escaped and cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// `debug`, `info`, `warn` or `error`.
    pub level: &'static str,
    /// The message.
    pub message: String,
}

impl Log {
    fn push(&mut self, level: WireLevel, message: String, limit: usize) {
        // An empty line costs something too, or a guest could send any number of them.
        let cost = message.len() + size_of::<LogLine>();
        if self.bytes + cost > limit {
            self.dropped += 1;
        } else {
            self.bytes += cost;
            self.lines.push(LogLine { level: level.label(), message });
        }
    }
}

/// What a strategy said before it trapped.
#[derive(Debug, Clone)]
pub(crate) struct LastWords {
    pub(crate) message: String,
    pub(crate) place: String,
}

/// Why a store's own callback ended a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    #[error("its wall-clock time ran out")]
    Deadline,
    #[error("it was cancelled")]
    Cancelled,
}

/// Marks an error as ours, so that it is not taken for the guest's.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct HostBug(pub(crate) String);

/// What belongs to one run.
pub(crate) struct State<R> {
    pub(crate) bars: Option<Arc<dyn BarSource>>,
    pub(crate) recorder: Option<R>,
    pub(crate) log: Log,
    pub(crate) log_limit: usize,
    pub(crate) last_words: Option<LastWords>,
    pub(crate) memory: MemoryBudget,
    pub(crate) meter: Meter,
    pub(crate) deadline: Instant,
    pub(crate) cancel: Arc<AtomicBool>,
    /// First row of the chunk that is being played, for what is stopped from outside.
    pub(crate) row: Option<u64>,
    /// WASI, for a component that imports it.
    pub(crate) wasi: Option<Box<World>>,
}

impl<R> State<R> {
    /// Of a store without bars and without WASI.
    pub(crate) fn new(limits: &Limits, deadline: Instant, cancel: Arc<AtomicBool>) -> Self {
        Self {
            bars: None,
            recorder: None,
            log: Log::default(),
            log_limit: limits.log_bytes as usize,
            last_words: None,
            memory: MemoryBudget::new(limits.memory_bytes),
            meter: Meter::new(limits.fuel_per_bar, false),
            deadline,
            cancel,
            row: None,
            wasi: None,
        }
    }

    /// Asked at every tick of the epoch while the guest runs.
    pub(crate) fn on_tick(&self) -> wasmtime::Result<UpdateDeadline> {
        if self.cancel.load(Ordering::Relaxed) {
            Err(Stop::Cancelled.into())
        } else if Instant::now() >= self.deadline {
            Err(Stop::Deadline.into())
        } else {
            Ok(UpdateDeadline::Continue(1))
        }
    }
}

/// Counts every memory and table of a store against one limit: wasmtime's own limits are per memory.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    /// Bytes in all.
    pub(crate) limit: u64,
    left: usize,
    /// Whether the last growth was refused: what the guest then died of.
    pub(crate) refused: bool,
}

impl MemoryBudget {
    pub(crate) fn new(bytes: u64) -> Self {
        Self { limit: bytes, left: usize::try_from(bytes).unwrap_or(usize::MAX), refused: false }
    }

    /// A refusal is forgotten when a later, smaller wish is granted: then it is not what the guest died of.
    fn take(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(self.left);
        self.refused = left.is_none();
        !self.refused
    }
}

impl ResourceLimiter for MemoryBudget {
    fn memory_growing(
        &mut self,
        now: usize,
        wanted: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(maximum.is_none_or(|maximum| wanted <= maximum) && self.take(wanted.saturating_sub(now)))
    }

    fn table_growing(&mut self, now: usize, wanted: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let bytes = wanted.saturating_sub(now).saturating_mul(ELEMENT_BYTES);
        Ok(maximum.is_none_or(|maximum| wanted <= maximum) && self.take(bytes))
    }
}

/// Everything a guest may call.
pub(crate) fn linker<R: Recorder>(engine: &Engine) -> wasmtime::Result<Linker<State<R>>> {
    type Context<'a, R> = StoreContextMut<'a, State<R>>;
    let mut linker = Linker::new(engine);

    linker.instance("stratbox:engine/market@0.1.0")?.func_wrap(
        "read",
        |mut store: Context<'_, R>, (start, count): (u64, u32)| {
            let fuel = store.get_fuel()?;
            let state = store.data_mut();
            let bars =
                state.bars.as_ref().ok_or_else(|| HostBug("bars were read outside of a run".to_owned()))?;
            let columns = bars.columns(start, state.meter.plan(fuel, count.min(MAX_ROWS)));
            let fuel = state.meter.fill(u32::try_from(columns.rows).unwrap_or(u32::MAX));
            state.row = Some(start);
            // With WASI a chunk is one bar, and its time is what the clock says.
            if let (Some(world), Some(time)) = (&mut state.wasi, columns.time.first_chunk()) {
                world.set_time(i64::from_le_bytes(*time));
            }
            store.set_fuel(fuel)?;
            Ok((WireColumns::from(columns),))
        },
    )?;

    let mut recorder = linker.instance("stratbox:engine/recorder@0.1.0")?;
    recorder.func_wrap("equity", |mut store: Context<'_, R>, (values,): (Vec<f64>,)| {
        if let Some(recorder) = &mut store.data_mut().recorder {
            recorder.equity(&values);
        }
        Ok(())
    })?;
    recorder.func_wrap("fills", |mut store: Context<'_, R>, (fills,): (Vec<WireFill>,)| {
        if let Some(recorder) = &mut store.data_mut().recorder {
            fills.into_iter().for_each(|fill| recorder.fill(&fill.into()));
        }
        Ok(())
    })?;

    recorder.func_wrap("signals", |mut store: Context<'_, R>, (values,): (Vec<f64>,)| {
        let (pairs, rest) = values.as_chunks();
        if !rest.is_empty() {
            return Err(HostBug("a forecast was recorded without its return".to_owned()).into());
        }
        if let Some(recorder) = &mut store.data_mut().recorder {
            recorder.signals(pairs);
        }
        Ok(())
    })?;

    let mut log = linker.instance("stratbox:strategy/log@0.1.0")?;
    log.func_wrap("write", |mut store: Context<'_, R>, (level, message): (WireLevel, WasmStr)| {
        let (message, bytes) = line(&store, &message)?;
        charge(&mut store, bytes)?;
        let state = store.data_mut();
        state.log.push(level, message, state.log_limit);
        Ok(())
    })?;
    log.func_wrap(
        "panicked",
        |mut store: Context<'_, R>, (message, file, row, column): (WasmStr, WasmStr, u32, u32)| {
            let (message, bytes) = line(&store, &message)?;
            let (file, file_bytes) = line(&store, &file)?;
            charge(&mut store, bytes + file_bytes)?;
            let place = format!("{}:{row}:{column}", escaped(&file, 200));
            store.data_mut().last_words = Some(LastWords { message, place });
            Ok(())
        },
    )?;
    Ok(linker)
}

/// A guest's text as one line of ours, and its length in bytes. It is read where it lies: however long it is, only what is
/// kept of it is copied.
fn line<R: Recorder>(
    store: &StoreContextMut<'_, State<R>>,
    text: &WasmStr,
) -> wasmtime::Result<(String, usize)> {
    let text: Cow<'_, str> = text.to_str(store)?;
    Ok((escaped(&text, LINE_BYTES), text.len()))
}

/// Takes fuel for a message; what is missing then stops the guest at its next check.
fn charge<R>(store: &mut StoreContextMut<'_, State<R>>, bytes: usize) -> wasmtime::Result<()> {
    let cost = LOG_CALL_FUEL + LOG_BYTE_FUEL * bytes as u64;
    let left = store.get_fuel()?;
    store.set_fuel(left.saturating_sub(cost))
}
