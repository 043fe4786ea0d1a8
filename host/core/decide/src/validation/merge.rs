//! Results of several workers as one list without duplicates.

use std::collections::BTreeMap;

use crate::Tier;

/// What makes two results those of the same validation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResultKey {
    /// The strategy's name in the queue.
    pub id: String,
    /// How thoroughly it was validated.
    pub tier: Tier,
    /// What makes two validations the same one: strategy, parameters, data, settings.
    pub fingerprint: String,
}

/// Two different results of one validation, which cannot both be right. The id is as it was given: escape it before you show it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two different results of `{}` in {} (fingerprint {}): keep one of them", .0.id, .0.tier, .0.fingerprint)]
pub struct Conflict(pub ResultKey);

/// One result a key, in the order of keys; the same result twice counts once.
///
/// # Errors
/// When a key has two different results: the first such key, in whatever order they came.
pub fn merge<T: PartialEq>(
    results: impl IntoIterator<Item = (ResultKey, T)>,
) -> Result<BTreeMap<ResultKey, T>, Conflict> {
    let mut merged: BTreeMap<ResultKey, T> = BTreeMap::new();
    let mut conflict: Option<ResultKey> = None;
    for (key, result) in results {
        match merged.get(&key) {
            Some(known) if *known == result => {}
            Some(_) => conflict = Some(conflict.map_or(key.clone(), |other| other.min(key))),
            None => {
                merged.insert(key, result);
            }
        }
    }
    conflict.map_or(Ok(merged), |key| Err(Conflict(key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(id: &str) -> ResultKey {
        ResultKey { id: id.to_owned(), tier: Tier::L0, fingerprint: "f".to_owned() }
    }

    #[test]
    fn the_same_result_twice_counts_once() {
        let merged = merge([(key("b"), 1), (key("a"), 2), (key("b"), 1)]).unwrap();
        assert_eq!(merged.into_iter().collect::<Vec<_>>(), [(key("a"), 2), (key("b"), 1)]);
    }

    #[test]
    fn two_different_results_of_one_validation_are_an_error_that_names_it() {
        let said = merge([(key("b"), 1), (key("b"), 2)]).unwrap_err().to_string();
        assert_eq!(said, "two different results of `b` in L0 (fingerprint f): keep one of them");
    }

    #[test]
    fn another_tier_or_another_fingerprint_is_another_validation() {
        let other = ResultKey { tier: Tier::L1, ..key("a") };
        let changed = ResultKey { fingerprint: "g".to_owned(), ..key("a") };
        assert_eq!(merge([(key("a"), 1), (other, 2), (changed, 3)]).unwrap().len(), 3);
    }

    fn results() -> impl Strategy<Value = Vec<(ResultKey, u8)>> {
        prop::collection::vec(("[ab]", 0..2_u8).prop_map(|(id, result)| (key(&id), result)), 0..6)
    }

    proptest! {
        #[test]
        fn the_order_of_results_does_not_matter(
            (one, other) in results().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        ) {
            prop_assert_eq!(merge(one), merge(other));
        }

        #[test]
        fn merging_what_was_merged_changes_nothing(results in results()) {
            if let Ok(merged) = merge(results.clone()) {
                prop_assert_eq!(&merge(merged.clone()).unwrap(), &merged);
                prop_assert_eq!(&merge(results.into_iter().chain(merged.clone())).unwrap(), &merged);
            }
        }
    }
}
