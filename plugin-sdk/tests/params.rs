//! How a strategy's parameters are described and read.

use proptest::prelude::*;
use std::collections::BTreeMap;
use stratbox_sdk::{ParamKind, ParamSpec, ParamValue, Params};

/// Buys while a fast average
/// is above a slow one.
#[derive(Debug, Clone, PartialEq, Params)]
struct Cross {
    /// bars in the fast average
    #[param(default = 10, min = 2, max = 200)]
    fast: usize,
    #[param(default = 0.95, min = 0.1, max = 1.0, step = 0.05)]
    fraction: f64,
    /// threshold
    #[param(default = 0.25, min = -1, max = 1)]
    threshold: f32,
    #[param(default = true)]
    allow_short: bool,
    #[param(default = "close", choices = ["close", "typical"])]
    price: String,
}

fn values<const N: usize>(values: [(&str, ParamValue); N]) -> BTreeMap<String, ParamValue> {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn refusal<const N: usize>(given: [(&str, ParamValue); N]) -> String {
    Cross::from_values(&values(given)).expect_err("refused").to_string()
}

#[test]
fn doc_comments_become_descriptions_and_may_be_missing() {
    assert_eq!(Cross::DESCRIPTION, "Buys while a fast average is above a slow one.");
    let descriptions: Vec<String> = Cross::specs().into_iter().map(|spec| spec.description).collect();
    assert_eq!(descriptions, ["bars in the fast average", "", "threshold", "", ""]);
}

#[test]
fn specifications_come_in_the_order_of_the_fields() {
    let names: Vec<String> = Cross::specs().into_iter().map(|spec| spec.name).collect();
    assert_eq!(names, ["fast", "fraction", "threshold", "allow_short", "price"]);
}

#[test]
fn the_step_is_1_for_whole_numbers_and_a_twentieth_of_the_range_for_others_unless_given() {
    let kinds: Vec<ParamKind> = Cross::specs().into_iter().map(|spec| spec.kind).collect();
    assert_eq!(kinds[0], ParamKind::Integer { min: 2, max: 200, step: 1, default: 10 });
    assert_eq!(kinds[1], ParamKind::Number { min: 0.1, max: 1.0, step: 0.05, default: 0.95 });
    assert_eq!(kinds[2], ParamKind::Number { min: -1.0, max: 1.0, step: 0.1, default: 0.25 });
}

#[test]
fn every_specification_is_sound() {
    assert_eq!(
        Cross::specs().iter().map(ParamSpec::validate).collect::<Result<Vec<()>, _>>(),
        Ok(vec![(); 5])
    );
}

#[test]
fn a_parameter_without_a_value_gets_its_default() {
    assert_eq!(Cross::from_values(&values([])), Ok(Cross::defaults()));
    let given = values([("fast", ParamValue::Integer(20)), ("price", ParamValue::Text("typical".into()))]);
    let expected = Cross { fast: 20, price: "typical".into(), ..Cross::defaults() };
    assert_eq!(Cross::from_values(&given), Ok(expected));
}

#[test]
fn a_whole_number_serves_as_a_number() {
    let given = values([("fraction", ParamValue::Integer(1)), ("threshold", ParamValue::Integer(-1))]);
    let expected = Cross { fraction: 1.0, threshold: -1.0, ..Cross::defaults() };
    assert_eq!(Cross::from_values(&given), Ok(expected));
}

#[test]
fn a_name_that_is_no_parameter_is_refused_with_those_that_are() {
    assert_eq!(
        refusal([("fats", ParamValue::Integer(20))]),
        "parameter `fats`: the strategy has no parameter of this name: it has `fast`, `fraction`, `threshold`, \
         `allow_short`, `price`"
    );
}

#[test]
fn a_value_out_of_bounds_or_of_another_type_is_refused_with_what_is_allowed() {
    assert_eq!(
        refusal([("fast", ParamValue::Integer(1))]),
        "parameter `fast`: `1` is not allowed: it takes a whole number from 2 to 200"
    );
    assert_eq!(
        refusal([("allow_short", ParamValue::Integer(1))]),
        "parameter `allow_short`: `1` is not allowed: it takes `true` or `false`"
    );
    assert_eq!(
        refusal([("price", ParamValue::Text("open".into()))]),
        "parameter `price`: `open` is not allowed: it takes one of `close`, `typical`"
    );
}

#[test]
fn a_strategy_without_parameters_takes_no_values() {
    assert_eq!(<()>::specs(), []);
    assert_eq!(<()>::from_values(&values([])), Ok(()));
    let error = <()>::from_values(&values([("fast", ParamValue::Integer(1))])).expect_err("refused");
    assert_eq!(error.to_string(), "parameter `fast`: the strategy has no parameters: leave it out");
}

proptest! {
    #[test]
    fn values_within_bounds_arrive_unchanged(
        fast in 2_i64..=200, fraction in 0.1..=1.0, allow_short: bool, typical: bool,
    ) {
        let price = if typical { "typical" } else { "close" };
        let given = values([
            ("fast", ParamValue::Integer(fast)),
            ("fraction", ParamValue::Number(fraction)),
            ("allow_short", ParamValue::Boolean(allow_short)),
            ("price", ParamValue::Text(price.into())),
        ]);
        let read = Cross::from_values(&given).expect("within bounds");
        prop_assert_eq!((read.fast as i64, read.fraction, read.allow_short), (fast, fraction, allow_short));
        prop_assert_eq!(read.price, price);
    }

    #[test]
    fn whole_numbers_out_of_bounds_are_refused(fast in prop_oneof![i64::MIN..2, 201..=i64::MAX]) {
        prop_assert!(Cross::from_values(&values([("fast", ParamValue::Integer(fast))])).is_err());
    }
}
