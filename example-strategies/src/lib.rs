//! The example strategies as modules of one crate, so that they are tested natively.
//!
//! Each is a complete file by itself, next to this package's manifest, and that is how the engine compiles it.

#[path = "../buy_and_hold.rs"]
pub mod buy_and_hold;
#[path = "../donchian_breakout.rs"]
pub mod donchian_breakout;
#[path = "../momentum_rotation.rs"]
pub mod momentum_rotation;
#[path = "../pairs_spread.rs"]
pub mod pairs_spread;
#[path = "../rsi_reversion.rs"]
pub mod rsi_reversion;
#[path = "../sma_cross.rs"]
pub mod sma_cross;
