//! Technical indicators, one bar at a time.
//!
//! Every indicator starts empty, takes one value (or [`Bar`](crate::Bar)) per `update` in constant time, and answers
//! `None` until it has seen as much as its definition asks for. `value` repeats the latest answer.
//!
//! They are written here rather than taken from a crate because a figure must have the same bits on every machine and
//! in the sandbox, at any length of history: nothing but `+ - * /` and `sqrt` (no fused multiply-add, which WebAssembly
//! has to emulate), and no running sum that subtracts what leaves its window and so collects rounding errors.
//!
//! Bars are free of NaN. One that a strategy computes and feeds is not hidden: it makes the answer NaN for as long as
//! it is in the window, and for good in the averages without a window ([`Ema`], [`Rsi`], [`Atr`], [`Macd`]).

mod average;
mod momentum;
mod sliding;
mod volatility;
mod window;

pub use average::{Ema, Sma};
pub use momentum::{Macd, MacdValue, Rsi};
pub use sliding::{Highest, Lowest};
pub use volatility::{Atr, Bands, Bollinger};
pub use window::Window;

/// A length that an average or a window can have.
#[track_caller]
fn checked(length: usize, of: &str) -> usize {
    assert!(length > 0, "{of} needs a length of at least 1, got `0`");
    length
}
