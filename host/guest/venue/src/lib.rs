//! The venue as a wasm component: a thin wrapper around `stratbox-venue`, and the batches in which results leave it.

// The generated bindings bring their own unsafe code and undocumented items.
#![allow(unsafe_code, missing_docs, unreachable_pub, unused_qualifications)]

use std::cell::UnsafeCell;

use exports::stratbox::engine::control;
use exports::stratbox::strategy::broker;
use stratbox::engine::recorder;
use stratbox::strategy::types as wire;
use stratbox_domain::{Bar, Fill, Order, OrderKind, Rejection, Side, TimeInForce, VenuePolicy};
use stratbox_venue::Venue;

wit_bindgen::generate!({
    world: "stratbox:engine/venue",
    path: ["../../../wit", "../wit"],
    generate_all,
    // There are no constructors to run, and asking each time costs a call on every bar.
    disable_run_ctors_once_workaround: true,
});

/// Entering the host costs as much as some twenty bars, and a batch of this size still fits the cache.
const BATCH: usize = 512;

struct State {
    venue: Venue,
    equity: [f64; BATCH],
    /// How many of `equity` are waiting.
    steps: usize,
    fills: Vec<wire::Fill>,
}

impl State {
    fn new(policy: VenuePolicy, instruments: u32) -> Self {
        let venue = Venue::new(policy, instruments);
        Self { venue, equity: [0.0; BATCH], steps: 0, fills: Vec::new() }
    }

    #[inline]
    fn push_equity(&mut self, value: f64) {
        self.equity[self.steps] = value;
        self.steps += 1;
        if self.steps == BATCH {
            self.flush_equity();
        }
    }

    fn push_fill(&mut self, fill: wire::Fill) {
        self.fills.push(fill);
        if self.fills.len() == BATCH {
            self.flush_fills();
        }
    }

    #[cold]
    #[inline(never)]
    fn flush_equity(&mut self) {
        recorder::equity(&self.equity[..self.steps]);
        self.steps = 0;
    }

    #[cold]
    #[inline(never)]
    fn flush_fills(&mut self) {
        recorder::fills(&self.fills);
        self.fills.clear();
    }
}

struct Slot(UnsafeCell<Option<State>>);

// SAFETY: wasm built for this contract has one thread.
unsafe impl Sync for Slot {}

static SLOT: Slot = Slot(UnsafeCell::new(None));

fn slot() -> &'static mut Option<State> {
    // SAFETY: there is one thread, the component model does not let a component be entered while it is running, and each
    // export takes this reference once.
    unsafe { &mut *SLOT.0.get() }
}

/// The state; before `open`, when a strategy asks for its broker in `describe`, an account of no instruments.
#[inline]
fn state() -> &'static mut State {
    let slot = slot();
    if slot.is_none() {
        open(VenuePolicy::default(), 0);
    }
    match slot {
        Some(state) => state,
        None => unreachable!("it was opened just now"),
    }
}

#[cold]
#[inline(never)]
fn open(policy: VenuePolicy, instruments: u32) {
    *slot() = Some(State::new(policy, instruments));
}

/// Uses the memory that the component starts with, where the standard library's would ask for more: a system call.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

struct Component;

export!(Component);

impl broker::Guest for Component {
    fn submit(order: wire::Order) -> Result<u64, wire::Rejection> {
        state().venue.submit(from_wire_order(&order)).map_err(to_wire_rejection)
    }

    fn cancel(order: u64) -> bool {
        state().venue.cancel(order)
    }

    fn position(instrument: u32) -> wire::Position {
        let position = state().venue.position(instrument);
        wire::Position {
            quantity: position.quantity,
            average_price: position.average_price,
            realised_pnl: position.realised_pnl,
            unrealised_pnl: position.unrealised_pnl,
        }
    }

    fn account() -> wire::Account {
        let account = state().venue.account();
        wire::Account {
            cash: account.cash,
            equity: account.equity,
            realised_pnl: account.realised_pnl,
            unrealised_pnl: account.unrealised_pnl,
            fees: account.fees,
            buying_power: account.buying_power,
        }
    }

    fn signal(instrument: u32, value: f64) {
        state().venue.signal(instrument, value);
    }
}

impl control::Guest for Component {
    fn open(policy: control::Policy, instruments: u32) {
        let policy = VenuePolicy {
            initial_cash: policy.initial_cash,
            fee_bps: policy.fee_bps,
            slippage_bps: policy.slippage_bps,
            leverage: policy.leverage,
            allow_short: policy.allow_short,
            max_open_orders: policy.max_open_orders,
            max_orders_per_bar: policy.max_orders_per_bar,
            max_orders: policy.max_orders,
        };
        crate::open(policy, instruments);
    }

    #[inline]
    fn begin(instrument: u32, time: i64, close: f64) -> bool {
        let state = state();
        if !state.venue.is_quiet() {
            return true;
        }
        if let Some(value) = state.venue.step_quiet(instrument, time, close) {
            state.push_equity(value);
        }
        false
    }

    fn step(bar: control::Bar) -> bool {
        let control::Bar { instrument, time, open, high, low, close, volume } = bar;
        let state = state();
        let (ended, traded) = state.venue.step(&Bar { instrument, time, open, high, low, close, volume });
        if let Some(value) = ended {
            state.push_equity(value);
        }
        traded
    }

    fn last_fill() -> Option<wire::Fill> {
        let state = state();
        let fill = state.venue.last_fill().map(to_wire_fill);
        if let Some(fill) = fill {
            state.push_fill(fill);
        }
        fill
    }

    fn resume() -> bool {
        state().venue.resume()
    }

    fn close() {
        let state = state();
        if let Some(value) = state.venue.close() {
            state.push_equity(value);
        }
        state.flush_equity();
        state.flush_fills();
    }

    fn report() -> control::Summary {
        let summary = state().venue.summary();
        control::Summary {
            final_equity: summary.final_equity,
            fees: summary.fees,
            steps: summary.steps,
            steps_in_market: summary.steps_in_market,
            orders: summary.orders,
            rejections: summary.rejections.to_vec(),
            signals: summary.signals,
            signal_hits: summary.signal_hits,
        }
    }
}

fn from_wire_order(order: &wire::Order) -> Order {
    Order {
        instrument: order.instrument,
        side: match order.side {
            wire::Side::Buy => Side::Buy,
            wire::Side::Sell => Side::Sell,
        },
        kind: match order.kind {
            wire::OrderKind::Market => OrderKind::Market,
            wire::OrderKind::Limit(price) => OrderKind::Limit(price),
            wire::OrderKind::Stop(price) => OrderKind::Stop(price),
            wire::OrderKind::StopLimit(wire::StopLimit { stop, limit }) => {
                OrderKind::StopLimit { stop, limit }
            }
        },
        quantity: order.quantity,
        time_in_force: match order.time_in_force {
            wire::TimeInForce::GoodTillCancelled => TimeInForce::GoodTillCancelled,
            wire::TimeInForce::Day => TimeInForce::Day,
            wire::TimeInForce::ImmediateOrCancel => TimeInForce::ImmediateOrCancel,
            wire::TimeInForce::FillOrKill => TimeInForce::FillOrKill,
        },
    }
}

fn to_wire_fill(fill: Fill) -> wire::Fill {
    wire::Fill {
        order: fill.order,
        instrument: fill.instrument,
        time: fill.time,
        side: match fill.side {
            Side::Buy => wire::Side::Buy,
            Side::Sell => wire::Side::Sell,
        },
        price: fill.price,
        quantity: fill.quantity,
        fee: fill.fee,
        position: fill.position,
    }
}

fn to_wire_rejection(rejection: Rejection) -> wire::Rejection {
    match rejection {
        Rejection::UnknownInstrument => wire::Rejection::UnknownInstrument,
        Rejection::InvalidQuantity => wire::Rejection::InvalidQuantity,
        Rejection::InvalidPrice => wire::Rejection::InvalidPrice,
        Rejection::NoPrice => wire::Rejection::NoPrice,
        Rejection::InsufficientFunds => wire::Rejection::InsufficientFunds,
        Rejection::ShortNotAllowed => wire::Rejection::ShortNotAllowed,
        Rejection::TooManyOpenOrders => wire::Rejection::TooManyOpenOrders,
        Rejection::MarketClosed => wire::Rejection::MarketClosed,
    }
}
