//! The interfaces that would ask the machine, answered without it.

use std::pin::Pin;

use stratbox_domain::Recorder;
use wasmtime::component::{HasSelf, Linker, Resource};
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};
use wasmtime_wasi::p2::bindings::sync::io::poll;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::{MAX_RANDOM_BYTES, POLLABLE_FUEL, RANDOM_BYTE_FUEL, World};
use crate::host::State;

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// Puts these in the place of `wasmtime-wasi`'s.
pub(super) fn replace<R: Recorder>(linker: &mut Linker<State<R>>) -> wasmtime::Result<()> {
    type Ours = HasSelf<World>;
    wall_clock::add_to_linker::<_, Ours>(linker, State::world)?;
    monotonic_clock::add_to_linker::<_, Ours>(linker, State::world)?;
    poll::add_to_linker::<_, Ours>(linker, State::world)?;
    random::add_to_linker::<_, Ours>(linker, State::world)?;
    insecure::add_to_linker::<_, Ours>(linker, State::world)?;
    insecure_seed::add_to_linker::<_, Ours>(linker, State::world)
}

impl wall_clock::Host for World {
    /// WASI knows no time before 1970.
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        let now = self.clock.now.max(0);
        Ok(wall_clock::Datetime {
            seconds: (now / SECOND).unsigned_abs(),
            nanoseconds: u32::try_from(now % SECOND).unwrap_or_default(),
        })
    }

    fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime { seconds: 0, nanoseconds: 1 })
    }
}

/// Time stands still while a bar is played, so that waiting for it to pass would never end: whoever waits is told at once
/// that it has passed.
impl monotonic_clock::Host for World {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.clock.now.abs_diff(self.clock.start))
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1)
    }

    fn subscribe_instant(&mut self, _: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.passed()
    }

    fn subscribe_duration(&mut self, _: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.passed()
    }
}

impl World {
    fn passed(&mut self) -> wasmtime::Result<Resource<DynPollable>> {
        let passed = self.table.push(Passed)?;
        subscribe(&mut self.table, passed)
    }
}

/// A time that has passed.
struct Passed;

impl Pollable for Passed {
    fn ready<'a, 'f>(&'a mut self) -> Pin<Box<dyn Future<Output = ()> + Send + 'f>>
    where
        'a: 'f,
        Self: 'f,
    {
        Box::pin(std::future::ready(()))
    }
}

/// Times have passed, input is closed and output goes nowhere: whatever there is to wait for is ready.
impl poll::Host for World {
    fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        let count = u32::try_from(pollables.len())?;
        if count == 0 {
            wasmtime::bail!("it waits for nothing (`poll` with an empty list)");
        }
        self.due += POLLABLE_FUEL * u64::from(count);
        Ok((0..count).collect())
    }
}

impl poll::HostPollable for World {
    fn ready(&mut self, _: Resource<DynPollable>) -> wasmtime::Result<bool> {
        Ok(true)
    }

    fn block(&mut self, _: Resource<DynPollable>) -> wasmtime::Result<()> {
        Ok(())
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        poll::HostPollable::drop(&mut self.table, pollable)
    }
}

impl World {
    fn pay_for_random(&mut self, bytes: u64) -> wasmtime::Result<Vec<u8>> {
        if bytes > MAX_RANDOM_BYTES {
            wasmtime::bail!(
                "it asked for {bytes} random bytes at once, and {MAX_RANDOM_BYTES} is the most that there are"
            );
        }
        self.due += RANDOM_BYTE_FUEL * bytes;
        Ok(vec![0; usize::try_from(bytes)?])
    }
}

impl random::Host for World {
    fn get_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        let mut bytes = self.pay_for_random(len)?;
        self.secure.fill(&mut bytes);
        Ok(bytes)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.secure.number())
    }
}

impl insecure::Host for World {
    fn get_insecure_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        let mut bytes = self.pay_for_random(len)?;
        self.insecure.fill(&mut bytes);
        Ok(bytes)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.insecure.number())
    }
}

impl insecure_seed::Host for World {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        Ok(self.insecure_seed)
    }
}
