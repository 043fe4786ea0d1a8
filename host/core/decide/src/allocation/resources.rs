//! How a budget is shared among approaches.

use std::collections::BTreeSet;

use serde::Serialize;
use stratbox_metrics::{Direction, Figure};
use stratbox_search::{Halving, HalvingSettings, Outcome};

use super::{AllocationError, refuse};

/// From a priority on that is so far below the highest, a share gets no smaller.
const MAX_DOUBLINGS: u32 = 20;

/// How the variants of a round are shared among approaches. Written as a word, or as `{ reallocated = { eta = 3 } }`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resources {
    /// The same for each.
    #[default]
    Equal,
    /// Twice as much for a priority that is higher by one; from twenty below the highest on it gets no less.
    Priority,
    /// By what came of them so far (successive halving): the better one in so many goes on, and those that do share
    /// equally.
    Reallocated {
        /// One in so many, from 2 to 100, 3 by default; at least one goes on.
        eta: u64,
    },
}

/// An approach that is to have a share.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// What it is called; no two have the same name.
    pub name: String,
    /// The higher, the more.
    pub priority: i32,
    /// What came of it so far.
    pub so_far: So,
}

/// What came of an approach so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum So {
    /// Nothing: it has not had its first round.
    New,
    /// Its best figure; missing when no variant has one.
    Best(Figure),
    /// It failed, and can have no share.
    Failed,
}

/// What an approach is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// What it is called.
    pub name: String,
    /// Variants of this round.
    pub variants: u64,
    /// Whether it goes on. One that does may be given nothing when there is less than one for each.
    pub goes_on: bool,
}

impl Resources {
    /// Checks `eta`.
    ///
    /// # Errors
    /// It is out of range.
    pub fn check(&self) -> Result<(), AllocationError> {
        match self {
            Self::Reallocated { eta } if !(2..=100).contains(eta) => refuse("eta", eta, "from 2 to 100"),
            _ => Ok(()),
        }
    }

    /// The shares of a budget of variants, in the order of the names. They add up to the budget, unless nobody goes on.
    /// What cannot be divided goes to the largest remainders, equal ones in the order of the names.
    ///
    /// Those that failed get nothing. With [`Resources::Reallocated`], of those that have a figure the better one in `eta` goes on,
    /// at least one, equal ones in the order of their names; those that are new go on in any case.
    ///
    /// # Errors
    /// A setting is out of range, there is no approach, or one is there twice.
    pub fn shares(
        &self,
        budget: u64,
        claims: &[Claim],
        direction: Direction,
    ) -> Result<Vec<Share>, AllocationError> {
        self.check()?;
        let mut claims: Vec<&Claim> = claims.iter().collect();
        claims.sort_by(|one, other| one.name.cmp(&other.name));
        if claims.is_empty() {
            return Err(AllocationError::NoApproach);
        }
        if let Some(pair) = claims.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(AllocationError::Twice(pair[0].name.clone()));
        }
        let goes_on = match self {
            Self::Equal | Self::Priority => claims.iter().map(|claim| claim.so_far != So::Failed).collect(),
            Self::Reallocated { eta } => survivors(*eta, &claims, direction),
        };
        let divided = divide(budget, &self.weights(&claims, &goes_on));
        let shares = claims.iter().zip(goes_on).zip(divided);
        Ok(shares
            .map(|((claim, goes_on), variants)| Share { name: claim.name.clone(), variants, goes_on })
            .collect())
    }

    /// How much each counts; nothing for those that do not go on.
    fn weights(&self, claims: &[&Claim], goes_on: &[bool]) -> Vec<u64> {
        let among = || claims.iter().zip(goes_on).filter(|(_, goes_on)| **goes_on);
        let highest = among().map(|(claim, _)| claim.priority).max().unwrap_or_default();
        let weight = |claim: &Claim| match self {
            Self::Priority => {
                let below = highest.abs_diff(claim.priority).min(MAX_DOUBLINGS);
                1 << (MAX_DOUBLINGS - below)
            }
            Self::Equal | Self::Reallocated { .. } => 1,
        };
        claims.iter().zip(goes_on).map(|(claim, goes_on)| if *goes_on { weight(claim) } else { 0 }).collect()
    }
}

/// Which of the claims, in the order of their names, go on by what came of them.
fn survivors(eta: u64, claims: &[&Claim], direction: Direction) -> Vec<bool> {
    let judged = |claim: &&Claim| claim.so_far != So::New;
    let numbers = (0..).zip(claims).filter(|(_, claim)| judged(claim)).map(|(number, _)| number);
    // One rung for what is known, and one for what follows.
    let settings = HalvingSettings { eta, min_share: 1.0 / eta as f64 };
    let promoted = || -> Result<BTreeSet<u64>, stratbox_search::HalvingError> {
        let mut halving = Halving::new(&settings, &[direction], numbers)?;
        for number in halving.waiting().collect::<Vec<_>>() {
            let outcome = match claims[number as usize].so_far {
                So::Best(figure) => Some(Outcome::feasible(vec![figure.value()])),
                So::New | So::Failed => None,
            };
            halving.tell(number, outcome)?;
        }
        halving.promote()?;
        Ok(halving.waiting().collect())
    };
    // Of what could be refused, only that nobody was judged yet can be: then there is nobody to promote.
    let promoted = promoted().unwrap_or_default();
    (0..).zip(claims).map(|(number, claim)| !judged(claim) || promoted.contains(&number)).collect()
}

/// Whole numbers in proportion to weights that add up to `budget`, by the largest remainders.
fn divide(budget: u64, weights: &[u64]) -> Vec<u64> {
    let total: u128 = weights.iter().copied().map(u128::from).sum();
    if total == 0 {
        return vec![0; weights.len()];
    }
    let parts = weights.iter().map(|weight| u128::from(budget) * u128::from(*weight));
    let (mut shares, remainders): (Vec<u64>, Vec<u128>) =
        parts.map(|part| (u64::try_from(part / total).unwrap_or(u64::MAX), part % total)).unzip();
    let left = budget - shares.iter().sum::<u64>();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&one, &other| remainders[other].cmp(&remainders[one]));
    order.into_iter().zip(0..left).for_each(|(index, _)| shares[index] += 1);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{HigherIsBetter as Higher, LowerIsBetter as Lower};
    use proptest::prelude::*;
    use stratbox_metrics::Missing;

    fn claim(name: &str, priority: i32, so_far: So) -> Claim {
        Claim { name: name.to_owned(), priority, so_far }
    }

    fn best(name: &str, value: f64) -> Claim {
        claim(name, 0, So::Best(Figure::of(value)))
    }

    fn given(resources: Resources, budget: u64, claims: &[Claim]) -> Vec<(String, u64)> {
        let shares = resources.shares(budget, claims, Higher).unwrap();
        shares.into_iter().map(|share| (share.name, share.variants)).collect()
    }

    fn named(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
        expected.iter().map(|(name, share)| ((*name).to_owned(), *share)).collect()
    }

    #[test]
    fn equal_shares_differ_by_one_at_most_and_the_first_by_name_get_what_is_left() {
        let claims = ["c", "a", "b"].map(|name| claim(name, 5, So::New));
        assert_eq!(given(Resources::Equal, 11, &claims), named(&[("a", 4), ("b", 4), ("c", 3)]));
        assert_eq!(given(Resources::Equal, 2, &claims), named(&[("a", 1), ("b", 1), ("c", 0)]));
    }

    #[test]
    fn a_priority_that_is_higher_by_one_is_worth_twice_as_much() {
        let claims = [claim("a", 1, So::New), claim("b", -1, So::New), claim("c", 0, So::New)];
        assert_eq!(given(Resources::Priority, 70, &claims), named(&[("a", 40), ("b", 10), ("c", 20)]));
        let far = [claim("a", i32::MAX, So::New), claim("b", i32::MIN, So::New)];
        assert_eq!(given(Resources::Priority, (1 << 20) + 1, &far), named(&[("a", 1 << 20), ("b", 1)]));
    }

    #[test]
    fn who_failed_gets_nothing() {
        let claims = [claim("a", 0, So::Failed), claim("b", 0, So::Best(Missing::NoSignals.into()))];
        for resources in [Resources::Equal, Resources::Priority, Resources::Reallocated { eta: 2 }] {
            assert_eq!(given(resources, 9, &claims), named(&[("a", 0), ("b", 9)]));
        }
        let nobody = Resources::Equal.shares(9, &claims[..1], Higher).unwrap();
        assert!(!nobody[0].goes_on && nobody[0].variants == 0);
    }

    #[test]
    fn the_better_one_in_so_many_goes_on_and_shares_what_there_is() {
        let claims = [best("a", 1.0), best("b", 4.0), best("c", 3.0), best("d", 2.0)];
        let halved = Resources::Reallocated { eta: 2 };
        assert_eq!(given(halved, 9, &claims), named(&[("a", 0), ("b", 5), ("c", 4), ("d", 0)]));
        assert_eq!(given(Resources::Reallocated { eta: 9 }, 9, &claims)[1].1, 9, "at least one");
        let lower = halved.shares(9, &claims, Lower).unwrap();
        assert_eq!(lower.iter().map(|share| share.goes_on).collect::<Vec<_>>(), [true, false, false, true]);
    }

    #[test]
    fn of_equal_ones_the_first_by_name_go_on_and_new_ones_in_any_case() {
        let claims = [best("c", 1.0), best("b", 1.0), best("a", 1.0), claim("d", 0, So::New)];
        let shares = given(Resources::Reallocated { eta: 3 }, 8, &claims);
        assert_eq!(shares, named(&[("a", 4), ("b", 0), ("c", 0), ("d", 4)]));
        let new = ["a", "b"].map(|name| claim(name, 0, So::New));
        assert_eq!(given(Resources::Reallocated { eta: 2 }, 4, &new), named(&[("a", 2), ("b", 2)]));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let refused = |resources: Resources, claims: &[Claim]| {
            resources.shares(1, claims, Higher).unwrap_err().to_string()
        };
        let twice = [best("a", 1.0), best("a", 2.0)];
        assert_eq!(
            refused(Resources::Equal, &twice),
            "approach `a` is there twice: give each a name of its own"
        );
        assert_eq!(refused(Resources::Equal, &[]), "there is no approach to give a share to");
        let eta = refused(Resources::Reallocated { eta: 1 }, &twice[..1]);
        assert_eq!(eta, "`eta` is `1`: it must be from 2 to 100");
    }

    fn any_claims() -> impl Strategy<Value = Vec<Claim>> {
        let so_far = prop_oneof![
            Just(So::New),
            Just(So::Failed),
            Just(So::Best(Missing::NoSignals.into())),
            (-3_i32..3).prop_map(|value| So::Best(Figure::of(f64::from(value)))),
        ];
        prop::collection::vec((-30_i32..30, so_far), 1..12).prop_map(|all| {
            let named = |(place, (priority, so_far))| claim(&format!("approach {place}"), priority, so_far);
            all.into_iter().enumerate().map(named).collect()
        })
    }

    fn any_resources() -> impl Strategy<Value = Resources> {
        let eta = (2_u64..6).prop_map(|eta| Resources::Reallocated { eta });
        prop_oneof![Just(Resources::Equal), Just(Resources::Priority), eta]
    }

    proptest! {
        #[test]
        fn shares_add_up_to_the_budget_unless_nobody_goes_on(
            claims in any_claims(), resources in any_resources(), budget in prop_oneof![0_u64..50, Just(u64::MAX)],
        ) {
            let shares = resources.shares(budget, &claims, Higher).unwrap();
            let total: u128 = shares.iter().map(|share| u128::from(share.variants)).sum();
            let anybody = shares.iter().any(|share| share.goes_on);
            prop_assert_eq!(total, if anybody { u128::from(budget) } else { 0 });
            prop_assert!(shares.iter().all(|share| share.goes_on || share.variants == 0));
            prop_assert_eq!(anybody, claims.iter().any(|claim| claim.so_far != So::Failed));
        }

        #[test]
        fn the_order_of_the_claims_does_not_matter(
            (claims, shuffled) in any_claims().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
            resources in any_resources(), budget in 0_u64..100,
        ) {
            let shares = |claims: &[Claim]| resources.shares(budget, claims, Higher);
            prop_assert_eq!(shares(&claims), shares(&shuffled));
        }

        #[test]
        fn halving_again_and_again_ends_with_the_best(
            values in prop::collection::vec(-9_i32..9, 1..20), eta in 2_u64..5,
        ) {
            let named = |(place, value): (usize, &i32)| best(&format!("{place:02}"), f64::from(*value));
            let mut left: Vec<Claim> = values.iter().enumerate().map(named).collect();
            let resources = Resources::Reallocated { eta };
            for _ in 0..values.len() {
                let shares = resources.shares(100, &left, Higher).unwrap();
                left.retain(|claim| shares.iter().any(|share| share.goes_on && share.name == claim.name));
            }
            prop_assert_eq!(left.len(), 1);
            let highest = values.iter().max().copied().map(f64::from);
            prop_assert!(matches!(left[0].so_far, So::Best(figure) if figure.value() == highest));
        }
    }
}
