//! Notes for whoever reads the run's log. The host keeps a bounded amount; what is beyond is counted and dropped.

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For whoever works on the strategy.
    Debug,
    /// Worth knowing.
    Info,
    /// Not as it should be.
    Warn,
    /// Wrong.
    Error,
}

/// Notes something for whoever works on the strategy.
pub fn debug(message: impl AsRef<str>) {
    write(Level::Debug, message.as_ref());
}

/// Notes something worth knowing.
pub fn info(message: impl AsRef<str>) {
    write(Level::Info, message.as_ref());
}

/// Notes something that is not as it should be.
pub fn warn(message: impl AsRef<str>) {
    write(Level::Warn, message.as_ref());
}

/// Notes something wrong.
pub fn error(message: impl AsRef<str>) {
    write(Level::Error, message.as_ref());
}

#[cfg(target_family = "wasm")]
use crate::guest::write_log as write;

#[cfg(all(not(target_family = "wasm"), not(feature = "testing")))]
fn write(_level: Level, _message: &str) {
    // Outside of a run there is nobody to tell.
}

#[cfg(all(not(target_family = "wasm"), feature = "testing"))]
use crate::testing::write_log as write;
