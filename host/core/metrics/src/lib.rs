//! From what a run leaves behind to figures.
//!
//! An [`Accumulator`] takes a run's equity and fills as they come, in memory that does not grow with them, and ends in
//! [`Metrics`]. Every metric is a [`Figure`]: a finite number or the reason why there is none. The same run gives the
//! same bits, however its equity was cut into batches.
//!
//! What a metric means is said once, at its field in [`Metrics`]. Nothing in here compares, judges or prints.

mod accumulator;
mod compact;
mod curve;
mod figure;
mod metrics;
mod name;
mod periods;
mod stored;
mod sum;
mod trades;

pub use accumulator::Accumulator;
pub use compact::{CompactMetrics, NotMetrics};
pub use figure::{Figure, Missing};
pub use metrics::Metrics;
pub use name::{Direction, MetricName, UnknownMetric};
pub use periods::periods_per_year;
pub use trades::{Trade, TradeBook};
