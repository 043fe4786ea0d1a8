//! What the process says in its exit code. The one table of codes; `--help` prints it.

use std::fmt::Write;
use std::process::ExitCode;

/// How the program ended, for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked for was done; faults of single variants are results of a sweep, not failures.
    Ok,
    /// The one run that was asked for ended with a fault.
    Faulted,
    /// The command line or an input file is wrong.
    Usage,
    /// The strategy cannot be run by anyone.
    Strategy,
    /// This machine or installation cannot do it.
    Environment,
    /// The one run that was asked for ran out of time.
    TimedOut,
    /// The process in which the one run happened died.
    WorkerLost,
    /// An attack had an effect that it must not have.
    Breached,
    /// Too many variants or strategies failed, and nobody was there to say that this is well.
    Paused,
    /// Ctrl-C.
    Cancelled,
}

impl Exit {
    /// Every way to end, in the order of codes.
    pub const ALL: [Self; 10] = [
        Self::Ok,
        Self::Faulted,
        Self::Usage,
        Self::Strategy,
        Self::Environment,
        Self::TimedOut,
        Self::WorkerLost,
        Self::Breached,
        Self::Paused,
        Self::Cancelled,
    ];

    /// The process's exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        self.row().0
    }

    fn row(self) -> (u8, &'static str) {
        match self {
            Self::Ok => (0, "done"),
            Self::Faulted => (1, "`run`: the strategy faulted"),
            // clap's own code for a command line that it does not understand.
            Self::Usage => (2, "the command line or an input file is wrong"),
            Self::Strategy => (3, "the strategy does not compile or does not fit the contract"),
            Self::Environment => (4, "the environment: toolchain, network, cache or engine"),
            Self::TimedOut => (5, "`run`: the run's time limit ended it"),
            Self::WorkerLost => (6, "`run`: the process that ran the strategy died"),
            Self::Breached => (7, "`attack`: a case did not end as it must"),
            Self::Paused => (8, "paused, because too many variants or strategies failed"),
            // What shells report for a process that SIGINT ended: 128 + 2.
            Self::Cancelled => (130, "Ctrl-C; what was done is kept, and `resume` goes on"),
        }
    }

    /// The codes and their meanings, for `--help`.
    pub(crate) fn table() -> String {
        let mut text = String::from("Exit codes:\n");
        for exit in Self::ALL {
            let (code, meaning) = exit.row();
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {code:>3}  {meaning}");
        }
        text
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_all_of_them_are_in_the_table() {
        let table = Exit::table();
        let codes = Exit::ALL.map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 130]);
        assert!(codes.iter().all(|code| table.contains(&format!("\n  {code:>3}  "))), "{table}");
    }
}
