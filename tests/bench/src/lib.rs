//! What the benchmarks measure, set up in one place for the quick runner (`src/main.rs`) and for criterion
//! (`benches/stratbox.rs`).
//!
//! Both sides of a comparison do the same whole backtest: the bars of one [`Dataset`](stratbox_market::Dataset), the
//! strategy of one source file, the code of one venue, and one accumulator of metrics at the end. Natively everything is
//! compiled into this process, optimised alike and dispatched statically; sandboxed it runs with the product's own
//! settings, fuel and deadline included. Nobody compares speeds before [`Backtest::check`] has found both to give the
//! same bits.

mod backtest;
mod bars;
mod lab;
mod native;
mod neighbour;
mod overhead;
pub mod quick;
mod sweep;
mod table;
mod validation;

pub use backtest::{Backtest, Code, Figures};
pub use bars::{hourly, write_csv};
pub use lab::{Lab, Workshop, serve_if_worker, this_binary};

use std::path::{Path, PathBuf};

/// Bars of a run that is measured by the bar. So many that what a run costs once, some twenty microseconds, is a percent
/// of it; and so few that it fits a time slice of the operating system, since on a machine that others use as well every
/// longer run would be interrupted, the sandboxed one more often than the native one.
pub const BARS: usize = 50_000;

/// Why there is no figure.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// The workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where the kit is kept from one benchmark to the next.
fn cache_dir() -> PathBuf {
    root().join("target/bench-cache")
}
