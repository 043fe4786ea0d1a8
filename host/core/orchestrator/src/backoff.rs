//! How long a retry waits: exponential backoff with full jitter, the same for the same task and attempt whatever else
//! happens.

use crate::job::TaskId;
use crate::settings::Millis;

/// How long a retry waits: a time that looks random, evenly distributed from 0 to a bound that doubles with each
/// attempt of the task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The bound after the first attempt.
    pub base: Millis,
    /// What the bound never exceeds.
    pub cap: Millis,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: 250, cap: 30_000 }
    }
}

impl Backoff {
    /// How long to wait after the failed attempt `attempt`, counted from 1.
    pub(crate) fn delay(&self, seed: u64, task: TaskId, attempt: u32) -> Millis {
        let factor = 1_u64.checked_shl(attempt.saturating_sub(1)).unwrap_or(u64::MAX);
        let bound = self.base.saturating_mul(factor).min(self.cap);
        let words = [u64::from(task.job.0), task.index, u64::from(attempt)];
        let hash = words.into_iter().fold(scrambled(seed), |hash, word| scrambled(hash ^ scrambled(word)));
        // The upper half of the product is evenly distributed over 0..=bound.
        ((u128::from(hash) * (u128::from(bound) + 1)) >> 64) as u64
    }
}

/// The mixing function of SplitMix64 (Steele, Lea and Flood 2014), after its increment.
fn scrambled(word: u64) -> u64 {
    let mut z = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobId;

    const BACKOFF: Backoff = Backoff { base: 100, cap: 1_000 };

    fn task(index: u64) -> TaskId {
        TaskId { job: JobId(1), index }
    }

    fn delays(attempt: u32) -> Vec<Millis> {
        (0..10_000).map(|index| BACKOFF.delay(7, task(index), attempt)).collect()
    }

    #[test]
    fn the_bound_doubles_with_each_attempt_up_to_the_cap() {
        for (attempt, bound) in
            [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1_000), (64, 1_000), (u32::MAX, 1_000)]
        {
            let delays = delays(attempt);
            let longest = delays.iter().copied().max().unwrap_or(0);
            assert!(longest <= bound && longest > bound * 9 / 10, "attempt {attempt}: {longest}");
        }
    }

    #[test]
    fn delays_are_spread_evenly_from_zero_to_the_bound() {
        let mut tenths = [0_usize; 10];
        for delay in delays(5) {
            tenths[(delay.min(999) / 100) as usize] += 1;
        }
        assert!(tenths.iter().all(|count| (800..1_200).contains(count)), "{tenths:?}");
    }

    #[test]
    fn the_same_task_and_attempt_wait_equally_long_and_others_do_not() {
        let delay = |seed, job, index, attempt| {
            Backoff { base: 1 << 40, cap: 1 << 40 }.delay(seed, TaskId { job: JobId(job), index }, attempt)
        };
        let first = delay(1, 2, 3, 4);
        assert_eq!(delay(1, 2, 3, 4), first);
        for other in
            [delay(2, 2, 3, 4), delay(1, 3, 3, 4), delay(1, 2, 4, 4), delay(1, 2, 3, 5), delay(1, 3, 2, 4)]
        {
            assert_ne!(other, first);
        }
    }

    #[test]
    fn without_a_base_or_a_cap_there_is_no_delay_and_the_longest_does_not_overflow() {
        assert_eq!(Backoff { base: 0, cap: 1_000 }.delay(7, task(1), 9), 0);
        assert_eq!(Backoff { base: 100, cap: 0 }.delay(7, task(1), 9), 0);
        let longest = Backoff { base: u64::MAX, cap: u64::MAX };
        assert_ne!(longest.delay(7, task(1), 9), longest.delay(7, task(2), 9));
    }
}
