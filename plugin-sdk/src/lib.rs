//! What strategies for stratbox are written against.
//!
//! A strategy is one file. This is a complete one:
//!
//! ```
//! use stratbox_sdk::prelude::*;
//!
//! /// Holds the market while a fast average is above a slow one.
//! #[derive(Params)]
//! pub struct CrossParams {
//!     /// bars in the fast average
//!     #[param(default = 10, min = 2, max = 100)]
//!     fast: usize,
//!     /// bars in the slow average
//!     #[param(default = 50, min = 5, max = 400, step = 5)]
//!     slow: usize,
//! }
//!
//! pub struct Cross {
//!     fast: Sma,
//!     slow: Sma,
//! }
//!
//! impl Strategy for Cross {
//!     type Params = CrossParams;
//!
//!     fn new(params: CrossParams, _instruments: &[Instrument]) -> Result<Self, String> {
//!         if params.fast >= params.slow {
//!             return Err(format!("`fast` ({}) must be below `slow` ({})", params.fast, params.slow));
//!         }
//!         Ok(Self { fast: Sma::new(params.fast), slow: Sma::new(params.slow) })
//!     }
//!
//!     fn on_bar(&mut self, bar: &Bar, broker: &mut Broker) {
//!         let averages = (self.fast.update(bar.close), self.slow.update(bar.close));
//!         let (Some(fast), Some(slow)) = averages else { return };
//!         let held = broker.quantity(bar.instrument);
//!         if fast > slow && held == 0.0 {
//!             let quantity = (broker.account().equity * 0.95 / bar.close).floor();
//!             if let Err(rejection) = broker.submit(Order::buy(bar.instrument, quantity)) {
//!                 log::warn(format!("not bought: {rejection}"));
//!             }
//!         } else if fast <= slow && held > 0.0 {
//!             broker.close(bar.instrument);
//!         }
//!     }
//! }
//!
//! strategy!(Cross);
//! # use stratbox_sdk::testing::{Backtest, bars_from_closes};
//! # let closes: Vec<f64> = (0..200).map(|i| 100.0 + f64::from(i)).collect();
//! # let report = Backtest::new(bars_from_closes(&closes)).run::<Cross>(CrossParams::defaults()).unwrap();
//! # assert_eq!(report.fills.len(), 1);
//! ```
//!
//! `stratbox run cross.rs --data bars.csv -p fast=20` runs it in the sandbox. The `testing` feature's module runs the same code natively,
//! against the same venue, so that `cargo test` in your own crate needs no wasm and gives the same figures to the bit.
//!
//! What to know:
//!
//! - Bars arrive one at a time, closed, in the order of time; an order sent on a bar fills in a later one, at the
//!   earliest at the next bar's open.
//! - Orders are answered at once: accepted with an id, or rejected with a reason.
//! - There are no files, no network, no clock and no randomness; a run with the same inputs gives the same bits.
//!   `HashMap`'s order is arbitrary, and another one natively: prefer `BTreeMap`. For `exp`, `ln`, `pow` and the like use
//!   [`math`].
//! - A panic ends the run as a fault with its message and line. Fuel and memory are limited.

// The derive macro names this crate from outside; the examples and tests in here must be able to as well.
extern crate self as stratbox_sdk;

mod broker;
#[cfg(target_family = "wasm")]
mod guest;
pub mod indicators;
pub mod log;
pub mod math;
mod params;
mod strategy;
#[cfg(all(feature = "testing", not(target_family = "wasm")))]
pub mod testing;

pub use broker::Broker;
pub use params::Params;
pub use stratbox_domain::{
    Account, Bar, Bracket, FeeModel, Fill, FillAt, Instrument, InstrumentPolicy, LimitFill, MakerTaker,
    Manifest, Order, OrderId, OrderKind, ParamError, ParamKind, ParamSpec, ParamValue, PerShare, Position,
    Rejection, Side, SlippageModel, TimeInForce, Trail, VenuePolicy, VenueSummary,
};
pub use stratbox_sdk_macros::Params;
pub use strategy::Strategy;

/// Everything a strategy usually needs.
pub mod prelude {
    pub use crate::indicators::{Atr, Bollinger, Ema, Highest, Lowest, Macd, Rsi, Sma, Window};
    pub use crate::{
        Account, Bar, Broker, Fill, Instrument, Order, OrderId, OrderKind, Params, Position, Rejection, Side,
        Strategy, TimeInForce, Trail, log, strategy,
    };
}

/// Names the type that is this file's strategy. Write it once, at the end of the file.
#[macro_export]
macro_rules! strategy {
    ($strategy:ty) => {
        #[doc(hidden)]
        pub type StratboxStrategy = $strategy;
        const _: fn() = || {
            fn must_implement_strategy<T: $crate::Strategy>() {}
            must_implement_strategy::<$strategy>();
        };
    };
}

/// What the macros and the generated entry points use. Not for strategies.
#[doc(hidden)]
pub mod __private {
    pub use crate::params::derived::{Accepted, Result, String, Values, Vec};

    #[cfg(target_family = "wasm")]
    pub use crate::guest::{Slot, bindings, describe, init};
}
