//! The venue as a wasm component: a thin wrapper around `stratbox-venue`, and the batches in which results leave it.

// The generated bindings bring their own unsafe code and undocumented items.
#![allow(unsafe_code, missing_docs, unreachable_pub, unused_qualifications)]

use std::cell::UnsafeCell;

use exports::stratbox::engine::control;
use exports::stratbox::strategy::broker;
use stratbox::engine::{recorder, settings};
use stratbox::strategy::types as wire;
use stratbox_domain::{
    Bar, FeeModel, FillAt, Increments, LimitFill, MakerTaker, PerShare, Rejection, SlippageModel, VenuePolicy,
};
use stratbox_venue::Venue;
use translated::{from_order, from_ticket, to_fill, to_refusal, to_rejection};

wit_bindgen::generate!({
    world: "stratbox:engine/venue",
    path: ["../../../wit", "../wit"],
    generate_all,
    // There are no constructors to run, and asking each time costs a call on every bar.
    disable_run_ctors_once_workaround: true,
});

stratbox_domain::translate_orders!(wire);

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
    fn new(policy: VenuePolicy, tradable: Vec<Increments>) -> Self {
        let venue = Venue::with_increments(policy, tradable);
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

    #[cold]
    #[inline(never)]
    fn flush_signals(&mut self) {
        recorder::signals(self.venue.scored().as_flattened());
        self.venue.forget_scored();
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
        open(VenuePolicy::default(), Vec::new());
    }
    match slot {
        Some(state) => state,
        None => unreachable!("it was opened just now"),
    }
}

#[cold]
#[inline(never)]
fn open(policy: VenuePolicy, tradable: Vec<Increments>) {
    *slot() = Some(State::new(policy, tradable));
}

/// Uses the memory that the component starts with, where the standard library's would ask for more: a system call.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

struct Component;

export!(Component);

impl broker::Guest for Component {
    fn submit(order: wire::Order) -> Result<u64, wire::Rejection> {
        state().venue.submit(from_order(&order)).map_err(to_rejection)
    }

    fn place(ticket: wire::Ticket) -> Result<u64, wire::Refusal> {
        let venue = &mut state().venue;
        let order = from_ticket(&ticket).ok_or_else(|| venue.refuse(Rejection::InvalidTicket));
        order.and_then(|order| venue.submit(order)).map_err(to_refusal)
    }

    fn open_quantity(order: u64) -> f64 {
        state().venue.open_quantity(order)
    }

    fn financing() -> f64 {
        state().venue.financing()
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
        let state = state();
        state.venue.signal(instrument, value);
        // Here and not where they are scored: bars of strategies that forecast nothing pay nothing.
        if state.venue.scored().len() >= BATCH {
            state.flush_signals();
        }
    }
}

impl control::Guest for Component {
    fn open(policy: settings::Policy, tradable: Vec<settings::Increments>) {
        let increments = |it: settings::Increments| Increments {
            tick: it.tick,
            lot: it.lot,
            min_quantity: it.min_quantity,
        };
        crate::open(from_wire_policy(&policy), tradable.into_iter().map(increments).collect());
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
        let fill = state.venue.last_fill().as_ref().map(to_fill);
        if let Some(fill) = fill {
            state.push_fill(fill);
        }
        fill
    }

    fn resume() -> bool {
        state().venue.resume()
    }

    fn settle() -> bool {
        state().venue.settle()
    }

    fn close() {
        let state = state();
        if let Some(value) = state.venue.close() {
            state.push_equity(value);
        }
        state.flush_equity();
        state.flush_fills();
        state.flush_signals();
    }

    fn report() -> settings::Summary {
        let summary = state().venue.summary();
        settings::Summary {
            final_equity: summary.final_equity,
            fees: summary.fees,
            financing: summary.financing,
            steps: summary.steps,
            steps_in_market: summary.steps_in_market,
            orders: summary.orders,
            rejections: summary.rejections.to_vec(),
            partial_fills: summary.partial_fills,
            expired: summary.expired,
            dropped: summary.dropped,
            liquidations: summary.liquidations,
            signals: summary.signals,
            signal_hits: summary.signal_hits,
        }
    }
}

fn from_wire_policy(policy: &settings::Policy) -> VenuePolicy {
    VenuePolicy {
        initial_cash: policy.initial_cash,
        fee_bps: policy.fee_bps,
        fees: match policy.fees {
            settings::FeeModel::BasisPoints => FeeModel::BasisPoints,
            settings::FeeModel::PerShare(settings::PerShare { amount, minimum, maximum_share }) => {
                FeeModel::PerShare(PerShare { amount, minimum, maximum_share })
            }
            settings::FeeModel::MakerTaker(settings::MakerTaker { maker_bps, taker_bps }) => {
                FeeModel::MakerTaker(MakerTaker { maker_bps, taker_bps })
            }
        },
        slippage_bps: policy.slippage_bps,
        slippage: match policy.slippage {
            settings::SlippageModel::BasisPoints => SlippageModel::BasisPoints,
            settings::SlippageModel::HalfSpreadBps(bps) => SlippageModel::HalfSpreadBps(bps),
            settings::SlippageModel::HalfSpread(price) => SlippageModel::HalfSpread(price),
            settings::SlippageModel::ShareOfRange(share) => SlippageModel::ShareOfRange(share),
            settings::SlippageModel::SquareRootImpact(coefficient) => {
                SlippageModel::SquareRootImpact(coefficient)
            }
        },
        fill_at: match policy.fill_at {
            settings::FillAt::NextOpen => FillAt::NextOpen,
            settings::FillAt::SameClose => FillAt::SameClose,
        },
        limit_fill: match policy.limit_fill {
            settings::LimitFill::Touch => LimitFill::Touch,
            settings::LimitFill::Penetrate => LimitFill::Penetrate,
        },
        volume_share: policy.volume_share,
        leverage: policy.leverage,
        allow_short: policy.allow_short,
        maintenance_margin: policy.maintenance_margin,
        borrow_bps_a_year: policy.borrow_bps_a_year,
        interest_bps_a_year: policy.interest_bps_a_year,
        debit_bps_a_year: policy.debit_bps_a_year,
        max_open_orders: policy.max_open_orders,
        max_orders_per_bar: policy.max_orders_per_bar,
        max_orders: policy.max_orders,
        // Names are for the host: here there are numbers and increments.
        ..VenuePolicy::default()
    }
}
