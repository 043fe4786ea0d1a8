//! Compiled code: made from a component, or loaded from bytes that were made before.

use stratbox_domain::{Digest, KeyBuilder, Recorder};
use stratbox_intake::component::Profile;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

use crate::compose::{Guests, SIMULATION, compose, is_wasi};
use crate::engine::fingerprint;
use crate::host::State;
use crate::text::escaped;
use crate::{Error, Sandbox};

/// A strategy compiled together with the engine's parts: what [`Sandbox::run`] runs, on any number of threads at once.
pub struct Artifact<R: 'static> {
    pub(crate) pre: InstancePre<State<R>>,
    pub(crate) run: ComponentExportIndex,
    pub(crate) describe: ComponentExportIndex,
    /// Whether it imports WASI.
    pub(crate) profile: Profile,
}

/// What a component becomes, before anyone has compiled it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Digest of the strategy's component.
    pub component: Digest,
    /// Digest of what is run: the strategy's component and the engine's own. With the engine's version it decides results,
    /// on every machine of one architecture.
    pub composition: Digest,
    /// Digest of everything that the compiled code depends on: what is run, and the engine's version, settings and
    /// instruction set.
    pub code: Digest,
}

/// Machine code, and the word of whoever holds it that this engine made it.
#[derive(Debug, Clone, Copy)]
pub struct TrustedCode<'a>(&'a [u8]);

impl<'a> TrustedCode<'a> {
    /// Vouches for `code`: [`Sandbox::precompile`] of this very program made it, in this process or in another of this
    /// installation's, and nobody can have changed it since, because it came over a private pipe or out of a file whose
    /// keyed digest was verified in memory. Loading anything else is running a stranger's machine code.
    #[must_use]
    pub fn vouched(code: &'a [u8]) -> Self {
        Self(code)
    }
}

impl<R: Recorder> Sandbox<R> {
    /// What a component becomes together with the engine's parts.
    #[must_use]
    pub fn identify(&self, guests: &Guests, component: &[u8]) -> Identity {
        let component = Digest::of(component);
        let composition = KeyBuilder::new("composition")
            .field("component", component.as_bytes())
            .field("venue", Digest::of(&guests.venue).as_bytes())
            .field("driver", Digest::of(&guests.driver).as_bytes())
            .finish();
        let code = KeyBuilder::new("artifact")
            .field("composition", composition.as_bytes())
            .field("engine", fingerprint(&self.engine).as_bytes())
            .finish();
        Identity { component, composition, code }
    }

    /// Composes a strategy's component with the engine's parts and compiles the whole to machine code.
    ///
    /// # Errors
    /// The component does not fit the contract, or the engine cannot hold what it became.
    pub fn precompile(&self, guests: &Guests, component: &[u8]) -> Result<Vec<u8>, Error> {
        let refused = |error: wasmtime::Error| Error::Component(escaped(&format!("{error:#}"), 1_000));
        let composed = compose(guests, component, self.profile())?;
        let code = self.engine.precompile_component(&composed).map_err(refused)?;
        // What the engine compiles but cannot hold (its tables, its memories) is the component's fault too.
        self.artifact(TrustedCode(&code)).map_err(refused)?;
        Ok(code)
    }

    /// Makes compiled code ready to run.
    ///
    /// # Errors
    /// It was made by another engine.
    pub fn load(&self, code: TrustedCode<'_>) -> Result<Artifact<R>, Error> {
        self.artifact(code).map_err(|error| Error::engine(&error))
    }

    fn artifact(&self, code: TrustedCode<'_>) -> wasmtime::Result<Artifact<R>> {
        let loaded = self.deserialize(code)?;
        let export = |name| {
            let instance = loaded.get_export_index(None, SIMULATION);
            let found = instance.and_then(|instance| loaded.get_export_index(Some(&instance), name));
            found.ok_or_else(|| wasmtime::Error::msg(format!("the composed component lacks `{name}`")))
        };
        let (run, describe) = (export("run")?, export("describe")?);
        let imports_wasi = loaded.component_type().imports(&self.engine).any(|(name, _)| is_wasi(name));
        let profile = if imports_wasi { Profile::Wasi } else { Profile::Strict };
        Ok(Artifact { pre: self.linker.instantiate_pre(&loaded)?, run, describe, profile })
    }

    #[expect(unsafe_code, reason = "compiled code can only be loaded on trust")]
    fn deserialize(&self, TrustedCode(code): TrustedCode<'_>) -> wasmtime::Result<Component> {
        // SAFETY: a `TrustedCode` is made in two places: above, of what this engine returned a moment ago; and by callers of
        // `vouched`, who have taken the code from where only this installation can have put it. wasmtime itself checks the
        // engine's version and settings again.
        unsafe { Component::deserialize(&self.engine, code) }
    }
}
