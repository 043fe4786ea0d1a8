//! How many tasks a worker takes at a time: pure arithmetic on what was measured.

use std::num::NonZeroUsize;

/// How many tasks a worker takes at a time. Time decides only this, never a result.
///
/// Each job starts with one task, and finds the size at which a batch takes about `target`. Batches shrink as the
/// tasks run out, so that all workers end at about the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batches {
    /// Tasks in a batch at most. With 1, tasks are taken one by one, and the other field does not matter.
    pub most: NonZeroUsize,
    /// How long a batch is to take, in microseconds. Batches of a job double while they take less than half of this,
    /// and are halved when they take more than twice as long.
    pub target: u64,
}

impl Batches {
    /// The size a job is to aim at that aimed at `aim`, after `attempted` tasks in one batch took `micros`.
    ///
    /// Several batches are under way at once, and some are smaller than what was aimed at: a small one never lowers
    /// the aim by being small, and what was learnt from one is not doubled again by another of the same size.
    pub(crate) fn aim(&self, aim: usize, attempted: usize, micros: u64) -> usize {
        let aim = if micros < self.target / 2 {
            aim.max(attempted.saturating_mul(2))
        } else if micros > self.target.saturating_mul(2) {
            aim.min(attempted / 2)
        } else {
            aim
        };
        aim.clamp(1, self.most.get())
    }

    /// The size of the next batch of a job that aims at `aim`, when all `workers` have `left` tasks left to take.
    pub(crate) fn size(&self, aim: usize, left: u64, workers: NonZeroUsize) -> usize {
        let share = left.div_ceil((workers.get() as u64).saturating_mul(2));
        let share = usize::try_from(share).unwrap_or(usize::MAX);
        aim.min(share).clamp(1, self.most.get())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000;

    fn number(number: usize) -> NonZeroUsize {
        NonZeroUsize::new(number).expect("tests use positive numbers")
    }

    /// Batches of at most 16 tasks that are to take a second.
    fn batches() -> Batches {
        Batches { most: number(16), target: SECOND }
    }

    #[test]
    fn a_batch_that_takes_less_than_half_of_the_target_is_followed_by_one_of_twice_the_size() {
        assert_eq!(batches().aim(1, 1, 0), 2);
        assert_eq!(batches().aim(4, 4, SECOND / 2 - 1), 8);
    }

    #[test]
    fn a_batch_that_takes_more_than_twice_the_target_is_followed_by_one_of_half_the_size() {
        assert_eq!(batches().aim(8, 8, SECOND * 2 + 1), 4);
        assert_eq!(batches().aim(5, 5, u64::MAX), 2);
    }

    #[test]
    fn a_batch_that_takes_about_the_target_is_followed_by_one_of_its_size() {
        for micros in [SECOND / 2, SECOND, SECOND * 2] {
            assert_eq!(batches().aim(4, 4, micros), 4, "{micros}");
        }
    }

    #[test]
    fn batches_of_the_same_size_that_ran_side_by_side_are_learnt_from_once() {
        let after_the_first = batches().aim(2, 2, 0);
        assert_eq!(batches().aim(after_the_first, 2, 0), 4);
        let after_the_first = batches().aim(8, 8, u64::MAX);
        assert_eq!(batches().aim(after_the_first, 8, u64::MAX), 4);
    }

    #[test]
    fn a_small_batch_that_was_fast_does_not_lower_the_aim() {
        assert_eq!(batches().aim(16, 1, 0), 16);
    }

    #[test]
    fn a_job_aims_at_one_task_at_least_and_at_the_most_at_most() {
        assert_eq!(batches().aim(1, 1, u64::MAX), 1);
        assert_eq!(batches().aim(1, 0, 0), 1);
        assert_eq!(batches().aim(9, 9, 0), 16);
        assert_eq!(batches().aim(usize::MAX, usize::MAX, 0), 16);
    }

    #[test]
    fn a_batch_has_the_size_the_job_aims_at_while_there_are_many_tasks() {
        assert_eq!(batches().size(8, 1_000, number(4)), 8);
        assert_eq!(batches().size(8, 64, number(4)), 8);
    }

    #[test]
    fn a_batch_is_half_a_worker_s_share_of_the_tasks_left_rounded_up_when_these_are_few() {
        assert_eq!(batches().size(8, 56, number(4)), 7);
        assert_eq!(batches().size(8, 49, number(4)), 7);
        assert_eq!(batches().size(8, 48, number(4)), 6);
        assert_eq!(batches().size(8, 1, number(4)), 1);
    }

    #[test]
    fn a_batch_has_a_task_even_when_none_was_announced() {
        assert_eq!(batches().size(8, 0, number(4)), 1);
    }

    fn any_number() -> impl Strategy<Value = NonZeroUsize> {
        prop_oneof![(1..100_usize).prop_map(number), Just(NonZeroUsize::MAX)]
    }

    fn any_amount() -> impl Strategy<Value = u64> {
        prop_oneof![0..10_000_u64, any::<u64>()]
    }

    proptest! {
        #[test]
        fn a_batch_is_never_empty_nor_larger_than_the_most_whatever_was_measured(
            most in any_number(),
            target in any_amount(),
            micros in any_amount(),
            aim in any::<usize>(),
            attempted in any::<usize>(),
            left in any_amount(),
            workers in any_number(),
        ) {
            let batches = Batches { most, target };
            let aim = batches.aim(aim, attempted, micros);
            prop_assert!((1..=most.get()).contains(&aim));
            prop_assert!((1..=aim).contains(&batches.size(aim, left, workers)));
        }

        #[test]
        fn a_batch_leaves_as_much_for_every_other_worker(
            aim in any_number(),
            left in 1..10_000_u64,
            workers in 2..100_usize,
        ) {
            let batches = Batches { most: NonZeroUsize::MAX, ..batches() };
            let size = batches.size(aim.get(), left, number(workers)) as u64;
            prop_assert!(size == 1 || size * workers as u64 <= left);
        }
    }
}
