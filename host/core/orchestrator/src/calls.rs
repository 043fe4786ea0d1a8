//! Calls to language models: how many a minute, and what they may cost.

use crate::settings::{CallLimits, Millis};

/// Parts of a call that one millisecond adds for each call a minute: with these, counting is exact.
const PARTS: u64 = 60_000;

/// A bucket of calls that fills with time, and a budget.
///
/// What a call may cost at most is set aside when it begins, and what it cost in fact is spent when it has ended.
#[derive(Debug)]
pub(crate) struct Calls {
    limits: CallLimits,
    /// Calls that may begin now, in [`PARTS`].
    parts: u64,
    filled_at: Millis,
    spent: u64,
    set_aside: u64,
}

fn capacity(limits: CallLimits) -> u64 {
    u64::from(limits.burst.get()) * PARTS
}

/// Whether a call may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowance {
    /// This many, at least one.
    Calls(usize),
    /// Not before this time.
    NotBefore(Millis),
    /// Perhaps when a call that runs turns out cheaper than it might have been, or never if no call runs.
    Unaffordable,
    /// Never.
    Never,
}

impl Calls {
    pub(crate) fn new(limits: CallLimits) -> Self {
        Self { limits, parts: capacity(limits), filled_at: 0, spent: 0, set_aside: 0 }
    }

    /// Lets time pass.
    pub(crate) fn fill(&mut self, now: Millis) {
        let passed = now.saturating_sub(self.filled_at);
        self.filled_at = now;
        let more = passed.saturating_mul(u64::from(self.limits.per_minute.get()));
        self.parts = self.parts.saturating_add(more).min(capacity(self.limits));
    }

    /// What calls cost so far, those that run with what they may cost at most.
    pub(crate) fn committed(&self) -> u64 {
        self.spent.saturating_add(self.set_aside)
    }

    /// How many calls that cost `cost` each may begin.
    pub(crate) fn allowance(&self, cost: u64) -> Allowance {
        let affordable = self.limits.budget.saturating_sub(self.committed()).checked_div(cost);
        match affordable {
            Some(0) if self.set_aside > 0 => return Allowance::Unaffordable,
            Some(0) => return Allowance::Never,
            _ => {}
        }
        let calls = self.parts / PARTS;
        if calls > 0 {
            let calls = affordable.map_or(calls, |affordable| affordable.min(calls));
            return Allowance::Calls(usize::try_from(calls).unwrap_or(usize::MAX));
        }
        let wait = (PARTS - self.parts).div_ceil(u64::from(self.limits.per_minute.get()));
        Allowance::NotBefore(self.filled_at.saturating_add(wait))
    }

    /// `calls` begin that cost `cost` each at most; no more than [`Self::allowance`] allows.
    pub(crate) fn begin(&mut self, calls: usize, cost: u64) {
        self.parts = self.parts.saturating_sub((calls as u64).saturating_mul(PARTS));
        self.set_aside = self.set_aside.saturating_add((calls as u64).saturating_mul(cost));
    }

    /// A call has ended, and cost `actual` in fact.
    pub(crate) fn end(&mut self, cost: u64, actual: u64) {
        self.set_aside = self.set_aside.saturating_sub(cost);
        self.spent = self.spent.saturating_add(actual);
    }

    /// A call that was to begin was not made.
    pub(crate) fn give_back(&mut self, cost: u64) {
        self.set_aside = self.set_aside.saturating_sub(cost);
        self.parts = self.parts.saturating_add(PARTS).min(capacity(self.limits));
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use super::*;

    fn calls(per_minute: u32, burst: u32, budget: u64) -> Calls {
        let number = |number| NonZeroU32::new(number).expect("tests use positive numbers");
        Calls::new(CallLimits { per_minute: number(per_minute), burst: number(burst), budget })
    }

    #[test]
    fn as_many_calls_begin_at_once_as_the_burst_allows_and_then_one_by_one_at_the_rate() {
        let mut calls = calls(60, 3, u64::MAX);
        assert_eq!(calls.allowance(0), Allowance::Calls(3));
        calls.begin(3, 0);
        assert_eq!(calls.allowance(0), Allowance::NotBefore(1_000));
        calls.fill(999);
        assert_eq!(calls.allowance(0), Allowance::NotBefore(1_000));
        calls.fill(1_000);
        assert_eq!(calls.allowance(0), Allowance::Calls(1));
        calls.fill(1_000_000);
        assert_eq!(calls.allowance(0), Allowance::Calls(3), "a pause saves up no more than the burst");
    }

    #[test]
    fn no_more_calls_begin_than_the_budget_can_pay_for() {
        let mut calls = calls(60, 100, 10);
        assert_eq!(calls.allowance(4), Allowance::Calls(2));
        assert_eq!(calls.allowance(11), Allowance::Never);
        calls.begin(2, 4);
        assert_eq!(calls.allowance(4), Allowance::Unaffordable, "one that runs may turn out cheaper");
        assert_eq!(calls.allowance(2), Allowance::Calls(1), "what is left pays for a cheaper one");
        assert_eq!(calls.allowance(0), Allowance::Calls(98), "one that costs nothing may always begin");
        calls.end(4, 1);
        assert_eq!(calls.allowance(4), Allowance::Calls(1));
        calls.end(4, 4);
        assert_eq!((calls.allowance(6), calls.committed()), (Allowance::Never, 5));
        assert_eq!(calls.allowance(5), Allowance::Calls(1));
    }

    #[test]
    fn a_call_that_was_not_made_costs_nothing() {
        let mut calls = calls(1, 1, 5);
        calls.begin(1, 5);
        assert_eq!(calls.allowance(5), Allowance::Unaffordable);
        calls.give_back(5);
        assert_eq!(calls.allowance(5), Allowance::Calls(1));
    }

    #[test]
    fn a_call_that_cost_more_than_it_might_is_counted_in_full() {
        let mut calls = calls(60, 10, 10);
        calls.begin(1, 4);
        calls.end(4, 9);
        assert_eq!(calls.allowance(2), Allowance::Never);
        assert_eq!(calls.allowance(1), Allowance::Calls(1));
    }

    proptest! {
        #[test]
        fn calls_never_exceed_the_rate_and_the_burst_and_their_next_time_is_exact(
            per_minute in 1..10_000_u32,
            burst in 1..20_u32,
            steps in prop::collection::vec(0..5_000_u64, 1..50),
        ) {
            let mut calls = calls(per_minute, burst, u64::MAX);
            let (mut now, mut begun) = (0, 0);
            for step in steps {
                now += step;
                calls.fill(now);
                match calls.allowance(1) {
                    Allowance::Calls(count) => {
                        calls.begin(count, 1);
                        begun += count as u64;
                    }
                    Allowance::NotBefore(time) => {
                        prop_assert!(time > now);
                        now = time;
                        calls.fill(now);
                        prop_assert_eq!(calls.allowance(1), Allowance::Calls(1));
                    }
                    other => prop_assert!(false, "{other:?}"),
                }
                prop_assert!(begun <= u64::from(burst) + now * u64::from(per_minute) / 60_000);
            }
        }
    }
}
