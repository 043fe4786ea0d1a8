//! From what a run leaves behind to figures.
//!
//! An [`Accumulator`] takes a run's equity and fills as they come, in memory that does not grow with them, and ends in
//! [`Metrics`]. When the whole series is at hand, [`series`] has what else is said of returns, [`round_trips`] of trades, and
//! [`Detail`] turns both into a report of one run. [`overfitting`] says how much of a result is the number of attempts.
//!
//! Every figure is a [`Figure`]: a finite number or the reason why there is none. The same input gives the same bits, on
//! every machine and however a run's equity was cut into batches. What a figure means is said once, where it is computed.
//! Nothing in here judges or prints.

mod accumulator;
mod activity;
mod compact;
mod curve;
mod detail;
mod figure;
mod metrics;
mod name;
mod noise;
pub mod normal;
pub mod overfitting;
mod periods;
pub mod round_trips;
pub mod series;
mod stated;
mod stored;
mod sum;
mod trades;

pub use accumulator::Accumulator;
pub use activity::{Activity, activity, mean_turnover, turnover};
pub use compact::{CompactMetrics, NotMetrics};
pub use detail::{Detail, DetailReport, DrawdownRow};
pub use figure::{Figure, Missing};
pub use metrics::Metrics;
pub use name::{Direction, MetricName, UnknownMetric};
pub use periods::periods_per_year;
pub use stated::{Stated, Statement, Unit};
pub use trades::{Trade, TradeBook};
