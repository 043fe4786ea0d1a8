//! What is logged of what happens inside, for people or for machines, to standard error.

use tracing::level_filters::LevelFilter;

use crate::cli::{Format, LogLevel, Logs};

/// Begins to log, once in a process: a program that has a subscriber of its own keeps it.
pub(crate) fn begin(logs: Logs) {
    let level = match logs.level {
        LogLevel::Off => return,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(level)
        // Nobody can be told that nobody can be told.
        .log_internal_errors(false);
    // The other answer is that there is one already.
    let _ = match logs.format {
        Format::Human => tracing::subscriber::set_global_default(subscriber.with_ansi(false).finish()),
        Format::Json => tracing::subscriber::set_global_default(subscriber.json().finish()),
    };
}
