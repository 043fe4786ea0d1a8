//! The time of day, for people who read logs: never part of a result, and never backwards.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch, as the system says, but never below what it said before: somebody may set it back.
#[derive(Debug, Default)]
pub(super) struct Clock {
    last: u64,
}

impl Clock {
    pub(super) fn now(&mut self) -> u64 {
        self.read(SystemTime::now())
    }

    fn read(&mut self, now: SystemTime) -> u64 {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.last = self.last.max(u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_clock_that_jumps_back_stands_still_and_one_that_jumps_ahead_is_believed() {
        let mut clock = Clock::default();
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(clock.read(at(100)), 100_000);
        assert_eq!(clock.read(at(10)), 100_000);
        assert_eq!(clock.read(UNIX_EPOCH - Duration::from_secs(1)), 100_000);
        assert_eq!(clock.read(at(1_000)), 1_000_000);
    }
}
