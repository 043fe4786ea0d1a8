//! What stands in for WASI in a program that was built without it: types of which there are no values.

use stratbox_domain::{Digest, Recorder};
use wasmtime::Store;
use wasmtime::component::Linker;

use crate::Error;
use crate::host::State;
use crate::traps::Meaning;

/// There is none.
pub(crate) enum Wasi {}

impl Wasi {
    pub(crate) fn new(_engine: &str) -> Result<Self, Error> {
        Err(Error::Engine("this program was built without WASI".to_owned()))
    }

    pub(crate) fn version(&self) -> &str {
        match *self {}
    }

    pub(crate) fn link<R: Recorder>(&self, _linker: &mut Linker<State<R>>) -> wasmtime::Result<()> {
        match *self {}
    }

    pub(crate) fn world(&self, _seed: &Digest, _start: i64) -> Box<World> {
        match *self {}
    }

    pub(crate) fn bound<R: Recorder>(&self, _store: &mut Store<State<R>>) {
        match *self {}
    }

    pub(crate) fn enter(&self) -> Self {
        match *self {}
    }
}

/// No run has it.
pub(crate) enum World {}

impl World {
    pub(crate) fn set_time(&mut self, _now: i64) {
        match *self {}
    }
}

pub(crate) fn meaning(_error: &wasmtime::Error) -> Option<Meaning> {
    None
}
