//! Market data: files to a [`Dataset`] that is validated, digested and shared by every worker.
//!
//! Files are read once, a part at a time, in memory that does not grow with them. What they hold is checked to the last
//! cell, made into the bars that [`SourceOptions`] ask for, merged by time and kept as one Arrow IPC file in a cache
//! directory, named by the digest of what was read; from then on every process maps that file into memory and hands out
//! slices of it, so that any number of workers share one copy. The file is ordinary Arrow, for other tools to read.
//!
//! This crate knows files and bars. It knows nothing of strategies, splits or runs.
//!
//! # What a file looks like
//!
//! CSV (packed with gzip or zstd, or not) or Parquet, which the content tells. Columns are known by name, in any order and
//! case:
//!
//! - `date` or `timestamp`: see below; with `date`, a column `time` is its time of day;
//! - `open`, `high`, `low`, `close`: greater than zero, `low <= open, close <= high` exactly;
//! - `volume`: not negative;
//! - `adj close` (optional): ignored unless [`Adjust::AdjClose`] asks for it. One adjusted price beside four unadjusted ones
//!   would make a bar that never traded;
//! - `symbol` or `instrument` (optional): several instruments in one file.
//!
//! Times are RFC 3339 with an offset; local times and days of the source's zone, by default UTC; dates whose order of day
//! and month the file or a setting decides; or integers since the Unix epoch in seconds, milliseconds, microseconds or
//! nanoseconds. The integer's magnitude tells its unit: below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds,
//! else nanoseconds; a file uses one unit. Each instrument's rows are in the order of time, without repeats.
//!
//! A row's time is when its bar opened. Where there are several instruments, all bars are of one length (the smallest
//! distance between neighbouring bars of an instrument), and none opens while another's is open, or one bar would show
//! another's future. Slower bars of the same instruments are *views*, delivered when they are known to have closed.

// Columns are handed out as the bytes that lie in memory, and their readers expect little-endian values.
#[cfg(not(target_endian = "little"))]
compile_error!("stratbox-market needs a little-endian machine");

mod adjust;
mod arrow_file;
mod assembly;
mod cache;
mod calendar;
mod chunk;
mod clock_text;
mod cut;
mod dataset;
mod date;
mod error;
mod frequent;
mod input;
mod inspect;
mod intake;
mod number;
mod options;
mod outliers;
#[cfg(feature = "parquet")]
mod parquet_file;
#[cfg(feature = "parquet")]
mod parquet_schema;
#[cfg(feature = "parquet")]
mod parquet_write;
mod read;
mod records;
mod resample;
mod rules;
mod shared;
mod source;
mod span;
mod spool;
mod timing;
mod views;
mod write;
mod zone;

pub use adjust::Adjustment;
pub use assembly::check_file;
pub use calendar::CalendarReport;
pub use cut::Cut;
pub use dataset::{Dataset, DatasetView};
pub use date::{DateError, parse_date};
pub use error::{MarketError, Place, Problem};
pub use inspect::{Gap, Inspection, InstrumentReport, Run};
pub use options::{Adjust, DateFormat, Delimiter, Dst, Partial, SourceOptions, Stamp, TimeOfDay};
pub use outliers::Outlier;
pub use resample::LeftOut;
pub use shared::{SharedBars, SharedHeader};
pub use source::Source;
pub use span::Span;
pub use write::{Output, Packing};
