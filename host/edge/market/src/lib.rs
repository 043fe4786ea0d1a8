//! Market data: files to a [`Dataset`] that is validated, digested and shared by every worker.
//!
//! CSV files are read once. What they hold is checked to the last cell, merged by time and kept as one Arrow IPC file in
//! a cache directory, named by the digest of what was read; from then on every process maps that file into memory and
//! hands out slices of it, so that any number of workers share one copy. The file is ordinary Arrow, for other tools to
//! read.
//!
//! This crate knows files and bars. It knows nothing of strategies, splits or runs.
//!
//! # What a file looks like
//!
//! A header and a row for each bar, comma-separated, UTF-8. Columns are known by name, in any order and case:
//!
//! - `date` (as Yahoo writes it) or `timestamp`: see below;
//! - `open`, `high`, `low`, `close`: greater than zero, `low <= open, close <= high` exactly;
//! - `volume`: not negative;
//! - `adj close` (optional): ignored. Prices are used as they are; one adjusted price beside four unadjusted ones would
//!   make a bar that never traded;
//! - `symbol` or `instrument` (optional): several instruments in one file.
//!
//! Dates are `2018-12-31` or `12/31/2018` (midnight UTC), `2018-12-31 16:00[:00]` (UTC), RFC 3339 with an offset, or an
//! integer since the Unix epoch in seconds, milliseconds, microseconds or nanoseconds. The integer's magnitude tells its
//! unit: below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds; a file uses one unit.
//! Each instrument's rows are in the order of time, without repeats.
//!
//! A row's time is when its bar opened. Where there are several instruments, all bars are of one length (the smallest
//! distance between neighbouring bars of an instrument) and open at the same times within it, or one bar would show
//! another's future.

// Columns are handed out as the bytes that lie in memory, and their readers expect little-endian values.
#[cfg(not(target_endian = "little"))]
compile_error!("stratbox-market needs a little-endian machine");

mod builder;
mod cache;
mod dataset;
mod date;
mod error;
mod read;
mod shared;
mod source;
mod timing;

pub use dataset::{Dataset, DatasetView};
pub use date::{DateError, parse_date};
pub use error::{MarketError, Place, Problem};
pub use shared::{SharedBars, SharedHeader};
pub use source::Source;
