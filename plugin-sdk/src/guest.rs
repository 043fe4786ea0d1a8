//! A strategy as a wasm component: the contract's bindings, and the translation between them and the SDK's types.

use std::cell::UnsafeCell;

use bindings::exports::stratbox::strategy::strategy as contract;
use bindings::stratbox::strategy::{broker, log, types as wire};
use stratbox_domain::{
    Account, Bar, Instrument, Manifest, Order, OrderId, ParamKind, ParamSpec, ParamValue, Params as Values,
    Position, Rejection,
};
use translated::{from_fill, from_refusal, from_rejection, to_order, to_ticket};

use crate::log::Level;
use crate::{Broker, Params, Strategy};

#[expect(missing_docs, reason = "generated code")]
pub mod bindings {
    wit_bindgen::generate!({
        world: "plugin",
        path: "../wit",
        generate_all,
        // There are no constructors to run, and asking each time costs a call on every bar.
        disable_run_ctors_once_workaround: true,
        pub_export_macro: true,
        export_macro_name: "export_component",
        default_bindings_module: "stratbox_sdk::__private::bindings",
    });
}

stratbox_domain::translate_orders!(wire);

/// Uses the memory that the component starts with, where the standard library's would ask for more: a system call.
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// The broker's interface as imported, and a copy of the positions: they change only by fills, which the contract
/// delivers with the position after them, so that asking for one every bar need not leave the component.
#[derive(Default)]
pub(crate) struct Backend {
    positions: Vec<f64>,
}

impl Backend {
    pub(crate) fn submit(&mut self, order: Order) -> Result<OrderId, Rejection> {
        if order.is_plain() {
            return broker::submit(to_order(&order)).map_err(|reason| from_rejection(reason, &order));
        }
        place(&order)
    }

    pub(crate) fn open_quantity(&self, order: OrderId) -> f64 {
        broker::open_quantity(order)
    }

    pub(crate) fn financing(&self) -> f64 {
        broker::financing()
    }

    pub(crate) fn cancel(&mut self, order: OrderId) -> bool {
        broker::cancel(order)
    }

    #[inline]
    pub(crate) fn quantity(&self, instrument: u32) -> f64 {
        self.positions.get(instrument as usize).copied().unwrap_or(0.0)
    }

    pub(crate) fn position(&self, instrument: u32) -> Position {
        let wire::Position { quantity, average_price, realised_pnl, unrealised_pnl } =
            broker::position(instrument);
        Position { quantity, average_price, realised_pnl, unrealised_pnl }
    }

    pub(crate) fn account(&self) -> Account {
        let wire::Account { cash, equity, realised_pnl, unrealised_pnl, fees, buying_power } =
            broker::account();
        Account { cash, equity, realised_pnl, unrealised_pnl, fees, buying_power }
    }

    pub(crate) fn signal(&mut self, instrument: u32, value: f64) {
        broker::signal(instrument, value);
    }
}

/// Kept out of the way of plain orders.
#[inline(never)]
fn place(order: &Order) -> Result<OrderId, Rejection> {
    broker::place(to_ticket(order)).map_err(from_refusal)
}

pub(crate) fn write_log(level: Level, message: &str) {
    let level = match level {
        Level::Debug => log::Level::Debug,
        Level::Info => log::Level::Info,
        Level::Warn => log::Level::Warn,
        Level::Error => log::Level::Error,
    };
    log::write(level, start_of(message));
}

/// As much of a message as may cross at once; the host keeps less.
fn start_of(message: &str) -> &str {
    const MAX_BYTES: usize = 64 << 10;
    &message[..message.floor_char_boundary(MAX_BYTES.min(message.len()))]
}

/// A run's strategy and what the SDK keeps for it.
pub struct Instance<S> {
    strategy: S,
    backend: Backend,
}

impl<S: Strategy> Instance<S> {
    #[inline]
    pub fn on_bar(&mut self, bar: contract::Bar) {
        let contract::Bar { instrument, time, open, high, low, close, volume } = bar;
        let bar = Bar { instrument, time, open, high, low, close, volume };
        self.strategy.on_bar(&bar, &mut Broker::new(&mut self.backend));
    }

    pub fn on_fill(&mut self, fill: contract::Fill) {
        let fill = from_fill(&fill);
        if let Some(held) = self.backend.positions.get_mut(fill.instrument as usize) {
            *held = fill.position;
        }
        self.strategy.on_fill(&fill, &mut Broker::new(&mut self.backend));
    }

    pub fn finish(&mut self) {
        self.strategy.finish(&mut Broker::new(&mut self.backend));
    }
}

/// Where a component keeps its one instance.
pub struct Slot<S>(UnsafeCell<Option<Instance<S>>>);

impl<S> Slot<S> {
    /// A slot without an instance.
    ///
    /// # Safety
    /// It is only used at the top of a component's exports, and nothing that they call can reach it: then no reference
    /// to the instance is ever made while there is another.
    #[expect(unsafe_code, reason = "what it promises cannot be checked here")]
    pub const unsafe fn new() -> Self {
        Self(UnsafeCell::new(None))
    }

    /// Puts an instance in.
    pub fn set(&self, instance: Instance<S>) {
        *self.get() = Some(instance);
    }

    /// Calls `f` with the instance, when there is one.
    #[inline]
    pub fn with(&self, f: impl FnOnce(&mut Instance<S>)) {
        if let Some(instance) = self.get() {
            f(instance);
        }
    }

    #[expect(unsafe_code, clippy::mut_from_ref, reason = "the one place that knows why it is exclusive")]
    #[inline]
    fn get(&self) -> &mut Option<Instance<S>> {
        // SAFETY: whoever made the slot promised that only the tops of exports use it. The component model does not let a
        // component be entered while it is already running, and wasm built for this contract has no threads.
        unsafe { &mut *self.0.get() }
    }
}

#[expect(unsafe_code, reason = "a static must be Sync")]
// SAFETY: wasm built for this contract has one thread.
unsafe impl<S> Sync for Slot<S> {}

/// Answers the contract's `describe`.
pub fn describe<S: Strategy>() -> contract::Manifest {
    tell_of_panics();
    to_wire_manifest(S::manifest())
}

/// Answers the contract's `init`.
pub fn init<S: Strategy>(
    instruments: Vec<contract::Instrument>,
    parameters: Vec<contract::Parameter>,
) -> Result<Instance<S>, String> {
    tell_of_panics();
    let (instruments, values) = received(instruments, parameters);
    let params = S::Params::from_values(&values).map_err(|error| error.to_string())?;
    let strategy = S::new(params, &instruments)?;
    Ok(Instance { strategy, backend: Backend { positions: vec![0.0; instruments.len()] } })
}

// Not generic, so that they are compiled with the kit and not again with every strategy.

fn received(
    instruments: Vec<contract::Instrument>,
    parameters: Vec<contract::Parameter>,
) -> (Vec<Instrument>, Values) {
    let instruments =
        instruments.into_iter().map(|instrument| Instrument { symbol: instrument.symbol }).collect();
    let values =
        parameters.into_iter().map(|parameter| (parameter.name, from_wire_value(parameter.value))).collect();
    (instruments, values)
}

fn to_wire_manifest(manifest: Manifest) -> contract::Manifest {
    contract::Manifest {
        name: manifest.name,
        version: manifest.version,
        description: manifest.description,
        parameters: manifest.parameters.into_iter().map(to_wire_spec).collect(),
    }
}

/// A trap carries no words, so they go ahead of it.
fn tell_of_panics() {
    std::panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("the panic carries no message");
        let (file, line, column) =
            info.location().map_or(("", 0, 0), |place| (place.file(), place.line(), place.column()));
        log::panicked(start_of(message), file, line, column);
    }));
}

fn from_wire_value(value: wire::ParameterValue) -> ParamValue {
    match value {
        wire::ParameterValue::Integer(v) => ParamValue::Integer(v),
        wire::ParameterValue::Number(v) => ParamValue::Number(v),
        wire::ParameterValue::Boolean(v) => ParamValue::Boolean(v),
        wire::ParameterValue::Text(v) => ParamValue::Text(v),
    }
}

fn to_wire_spec(spec: ParamSpec) -> wire::ParameterSpec {
    let kind = match spec.kind {
        ParamKind::Integer { min, max, step, default } => {
            wire::ParameterKind::Integer(wire::IntegerRange { min, max, step, default })
        }
        ParamKind::Number { min, max, step, default } => {
            wire::ParameterKind::Number(wire::NumberRange { min, max, step, default })
        }
        ParamKind::Boolean { default } => wire::ParameterKind::Boolean(default),
        ParamKind::Choice { choices, default } => {
            wire::ParameterKind::Choice(wire::Choice { choices, default })
        }
    };
    wire::ParameterSpec { name: spec.name, description: spec.description, kind }
}
