//! How much of a result is the number of attempts at it.
//!
//! Everything here is told what was tried; nothing here can know it. A Sharpe ratio is **per period** unless its name says
//! otherwise, kurtosis is **raw** (3 for a normal distribution), and a figure that the inputs do not allow is a reason.

mod backtest_length;
mod block_length;
mod bootstrap;
mod effective_trials;
mod evidence;
mod expected_max;
mod intervals;
mod pbo;
mod performance;
mod spa;
mod trial_deviation;

pub use backtest_length::{MinimumBacktest, min_backtest_length};
pub use block_length::stationary_block_length;
pub use bootstrap::StationaryBootstrap;
pub use effective_trials::{EffectiveTrials, effective_trials};
pub use evidence::{Convention, Deflated, Evidence};
pub use expected_max::expected_max;
pub use intervals::{Interval, Intervals, Resampling};
pub use pbo::{Dominance, MAX_BLOCKS, Pbo, pbo};
pub use spa::{Centrings, Spa, spa};
pub use trial_deviation::trial_deviation;
