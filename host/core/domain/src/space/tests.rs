use super::*;
use proptest::prelude::*;

fn axis(name: &str, values: AxisValues) -> Axis {
    Axis { name: name.to_owned(), values }
}

fn integers(min: i64, max: i64, step: i64) -> AxisValues {
    AxisValues::IntegerRange { min, max, step }
}

fn numbers(min: f64, max: f64, step: f64) -> AxisValues {
    AxisValues::NumberRange { min, max, step }
}

fn choices(values: &[&str]) -> AxisValues {
    AxisValues::List(values.iter().map(|value| ParamValue::Text((*value).to_owned())).collect())
}

fn grid(values: AxisValues) -> Result<Space, SpaceError> {
    Space::grid(vec![axis("a", values)])
}

fn random(values: AxisValues, count: u64) -> Result<Space, SpaceError> {
    Space::random(vec![axis("a", values)], count, 7)
}

fn problem(space: Result<Space, SpaceError>) -> String {
    space.expect_err("it makes no sense").to_string()
}

/// The values of the axis `a`, in the order of points.
fn values(space: &Space) -> Vec<ParamValue> {
    space.iter().map(|point| point["a"].clone()).collect()
}

fn floats(space: &Space) -> Vec<f64> {
    let float = |value: ParamValue| match value {
        ParamValue::Number(value) => value,
        ParamValue::Integer(value) => value as f64,
        other => panic!("{other} is no number"),
    };
    values(space).into_iter().map(float).collect()
}

#[test]
fn the_last_axis_of_a_grid_varies_fastest() {
    let axes = vec![axis("b", choices(&["x", "y"])), axis("a", integers(1, 5, 2))];
    let space = Space::grid(axes).unwrap();
    let points: Vec<String> = space.iter().map(|p| format!("{}{}", p["b"], p["a"])).collect();
    assert_eq!(points, ["x1", "x3", "x5", "y1", "y3", "y5"]);
    assert_eq!((space.len(), space.get(6)), (6, None));
}

#[test]
fn a_million_million_points_take_no_room_and_one_more_is_refused() {
    let million = |name| axis(name, integers(1, 1_000_000, 1));
    let space = Space::grid(vec![million("a"), million("b")]).unwrap();
    assert_eq!(space.len(), 1_000_000_000_000);
    let last = space.get(space.len() - 1).unwrap();
    assert_eq!((&last["a"], &last["b"]), (&ParamValue::Integer(1_000_000), &ParamValue::Integer(1_000_000)));

    let more = vec![million("a"), axis("b", integers(0, 1_000_000, 1))];
    assert_eq!(Space::grid(more), Err(SpaceError::TooManyPoints));
    let overflow = ["a", "b", "c", "d"].map(million).to_vec();
    assert_eq!(Space::grid(overflow), Err(SpaceError::TooManyPoints));
}

#[test]
fn a_step_that_reaches_the_end_up_to_rounding_reaches_it_exactly() {
    assert_eq!(floats(&grid(numbers(0.1, 0.3, 0.1)).unwrap()), [0.1, 0.2, 0.3]);
    assert_eq!(grid(numbers(0.0, 1.0, 0.1)).unwrap().len(), 11);
    assert_eq!(floats(&grid(numbers(0.0, 1.0, 0.4)).unwrap()), [0.0, 0.4, 0.8]);
    assert_eq!(floats(&grid(numbers(2.5, 2.5, 1.0)).unwrap()), [2.5]);
    assert_eq!(grid(numbers(-f64::MAX, f64::MAX, f64::MAX)).unwrap().len(), 3);
}

#[test]
fn ranges_of_any_whole_numbers_do_not_overflow() {
    let ends = grid(integers(i64::MIN, i64::MAX, i64::MAX)).unwrap();
    let expected = [i64::MIN, -1, i64::MAX - 1].map(ParamValue::Integer);
    assert_eq!(values(&ends), expected);
    let uniform = AxisValues::UniformInteger { min: i64::MIN, max: i64::MAX, scale: Scale::Linear };
    let drawn = floats(&random(uniform, 100).unwrap());
    assert!(drawn.iter().any(|value| *value < -4e18) && drawn.iter().any(|value| *value > 4e18));
}

#[test]
fn a_space_needs_axes_and_points_and_each_name_once() {
    assert_eq!(Space::grid(vec![]), Err(SpaceError::NoAxes));
    assert_eq!(random(integers(1, 2, 1), 0), Err(SpaceError::NoPoints));
    assert_eq!(random(integers(1, 2, 1), MAX_POINTS + 1), Err(SpaceError::TooManyPoints));
    assert!(random(integers(1, 2, 1), MAX_POINTS).is_ok());
    let twice = vec![axis("a", integers(1, 2, 1)), axis("a", integers(3, 4, 1))];
    assert_eq!(Space::grid(twice), Err(SpaceError::DuplicateAxis("a".to_owned())));
}

#[test]
fn an_axis_that_makes_no_sense_is_named_with_what_would() {
    let message = problem(grid(integers(5, 3, 1)));
    assert_eq!(message, "axis `a`: `min` is `5`: it must be at most `max`, which is `3`");
    assert!(problem(grid(AxisValues::List(vec![]))).contains("the list is empty"));
    assert!(problem(grid(integers(1, 3, 0))).contains("`step` is `0`: it must be greater than zero"));
    assert!(problem(grid(numbers(1.0, 3.0, -0.5))).contains("`step` is `-0.5`"));
    assert!(problem(grid(numbers(f64::NAN, 3.0, 1.0))).contains("`min` is `NaN`: it must be a finite"));
    assert!(problem(grid(numbers(0.0, f64::INFINITY, 1.0))).contains("`max` is `inf`"));
    assert!(problem(grid(numbers(1.0, 2.0, 1e-16))).contains("too small to tell"));
    assert!(problem(grid(numbers(0.0, 2.0, 1e-12))).contains("more than 10^12 values"));
    assert!(problem(grid(integers(0, i64::MAX, 1))).contains("more than 10^12 values"));
}

#[test]
fn values_that_read_the_same_are_one_value() {
    let list = |values: &[ParamValue]| grid(AxisValues::List(values.to_vec()));
    let (three, also) = (ParamValue::Integer(3), ParamValue::Number(3.0));
    assert!(problem(list(&[three.clone(), also])).contains("value `3` appears twice"));
    assert!(list(&[three, ParamValue::Number(3.5)]).is_ok());
    assert!(problem(list(&[ParamValue::Number(f64::INFINITY)])).contains("finite"));
}

#[test]
fn a_uniform_range_is_for_random_spaces_only() {
    let uniform = AxisValues::UniformNumber { min: 0.0, max: 1.0, scale: Scale::Linear };
    assert!(random(uniform.clone(), 3).is_ok());
    assert!(problem(grid(uniform)).contains("a uniform range has no grid"));
}

#[test]
fn a_logarithmic_scale_starts_above_zero() {
    let number = |min| AxisValues::UniformNumber { min, max: 1.0, scale: Scale::Log };
    assert!(random(number(1e-9), 3).is_ok());
    assert!(problem(random(number(0.0), 3)).contains("logarithmic scale"));
    let integer = |min| AxisValues::UniformInteger { min, max: 9, scale: Scale::Log };
    assert!(random(integer(1), 3).is_ok());
    assert!(problem(random(integer(0), 3)).contains("logarithmic scale"));
}

#[test]
fn draws_are_spread_evenly_over_their_scale() {
    let below = |values: AxisValues, middle: f64| {
        floats(&random(values, 10_000).unwrap()).iter().filter(|value| **value < middle).count()
    };
    let number = |scale| AxisValues::UniformNumber { min: 1.0, max: 10_000.0, scale };
    let integer = |scale| AxisValues::UniformInteger { min: 1, max: 9_999, scale };
    let halves = [
        below(number(Scale::Linear), 5_000.5),
        below(number(Scale::Log), 100.0),
        below(integer(Scale::Linear), 5_000.0),
        below(integer(Scale::Log), 100.0),
        below(integers(1, 100, 1), 51.0),
    ];
    // Five standard deviations of 10,000 coin flips.
    assert!(halves.iter().all(|count| (4_750..=5_250).contains(count)), "{halves:?}");
}

#[test]
fn the_largest_whole_number_is_drawn_on_a_logarithmic_scale_too() {
    let drawn =
        floats(&random(AxisValues::UniformInteger { min: 1, max: 2, scale: Scale::Log }, 1_000).unwrap());
    let twos = drawn.iter().filter(|value| **value > 1.5).count();
    assert!((300..450).contains(&twos), "ln(3/2) / ln(3) is 37 %: {twos}");
}

#[test]
fn a_random_value_depends_on_seed_index_and_name_alone() {
    let uniform = || AxisValues::UniformNumber { min: 0.0, max: 1.0, scale: Scale::Linear };
    let space = |axes: &[&str], count, seed| {
        Space::random(axes.iter().map(|name| axis(name, uniform())).collect(), count, seed).unwrap()
    };
    let short = values(&space(&["a"], 5, 1));
    assert_eq!(values(&space(&["b", "a"], 9, 1))[..5], short);
    assert_ne!(values(&space(&["a"], 5, 2)), short);
    assert_ne!(short[0], short[1]);
    let point = space(&["a", "b"], 1, 1).get(0).unwrap();
    assert_ne!(point["a"], point["b"]);
}

#[test]
fn a_seed_keeps_its_points_for_ever() {
    let drawn = values(&random(integers(0, 999, 1), 4).unwrap());
    assert_eq!(drawn, [850, 250, 569, 546].map(ParamValue::Integer));
    let log = AxisValues::UniformNumber { min: 0.001, max: 10.0, scale: Scale::Log };
    assert_eq!(floats(&random(log, 2).unwrap()), [2.533002568964273, 0.01007023523935949]);
}

fn range() -> impl Strategy<Value = (f64, f64, f64)> {
    let scale = prop_oneof![Just(1e-3), Just(0.1), Just(1.0), Just(1e9)];
    (scale, -1_000_i32..1_000, 0_i32..1_000, 1_u8..40).prop_map(|(scale, min, width, step)| {
        let max = f64::from(min + width);
        (f64::from(min) * scale, max * scale, f64::from(step) * scale / 4.0)
    })
}

proptest! {
    #[test]
    fn the_points_of_a_grid_are_distinct_and_in_bounds((min, max, step) in range(), width in 0_i64..9) {
        let axes = vec![axis("a", numbers(min, max, step)), axis("b", integers(-3, -3 + width, 2))];
        let space = Space::grid(axes).unwrap();
        let points: Vec<Params> = space.iter().collect();
        let distinct: BTreeSet<String> = points.iter().map(|point| format!("{point:?}")).collect();
        prop_assert_eq!(distinct.len() as u64, space.len());
        prop_assert_eq!(points.len() as u64, space.len());
        let floats = floats(&space);
        prop_assert!(floats.iter().all(|value| (min..=max).contains(value)));
        prop_assert!(max - floats[floats.len() - 1] < step, "the last point is less than a step from the end");
    }

    #[test]
    fn a_number_range_has_the_points_that_decimal_arithmetic_gives(
        min in -1_000_i32..1_000, steps in 0_i32..2_000, step in 1_i32..100, digits in 0_i32..9,
    ) {
        let decimal = |units: i32| format!("{units}e-{digits}").parse::<f64>().unwrap();
        let space = grid(numbers(decimal(min), decimal(min + steps * step), decimal(step))).unwrap();
        prop_assert_eq!(space.len(), steps as u64 + 1);
    }

    #[test]
    fn random_points_are_in_bounds_and_the_same_in_any_order(
        seed: u64,
        (min, width) in (1e-300..1e300_f64, 0.0..1e300_f64),
        (low, high) in (1..i64::MAX, 1..i64::MAX),
        indices in Just((0..20_u64).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let (low, high, max) = (low.min(high), low.max(high), min + width);
        let mut axes = vec![axis("list", choices(&["x", "y"])), axis("grid", integers(-5, 5, 5))];
        for (suffix, scale) in [("linear", Scale::Linear), ("log", Scale::Log)] {
            let number = AxisValues::UniformNumber { min, max, scale };
            let integer = AxisValues::UniformInteger { min: low, max: high, scale };
            axes.extend([axis(&format!("n {suffix}"), number), axis(&format!("i {suffix}"), integer)]);
        }
        let space = Space::random(axes, 20, seed).unwrap();
        let in_order: Vec<Params> = space.iter().collect();
        for index in indices {
            let point = space.get(index).unwrap();
            prop_assert_eq!(&point, &in_order[index as usize]);
            for (name, value) in &point {
                prop_assert!(match value {
                    ParamValue::Number(value) => (min..=max).contains(value),
                    ParamValue::Integer(value) if name == "grid" => [-5, 0, 5].contains(value),
                    ParamValue::Integer(value) => (low..=high).contains(value),
                    ParamValue::Text(value) => ["x", "y"].contains(&value.as_str()),
                    ParamValue::Boolean(_) => false,
                }, "{name} is {value}");
            }
        }
    }
}

fn stored(space: &Space) -> String {
    serde_json::to_string(space).unwrap()
}

#[test]
fn a_stored_space_is_what_it_was_made_from_and_has_the_same_points() {
    let lists = AxisValues::List(vec![
        ParamValue::Boolean(true),
        ParamValue::Integer(3),
        ParamValue::Number(4.0),
        ParamValue::Text("x".to_owned()),
    ]);
    let grid = vec![axis("a", lists), axis("b", integers(1, 6, 2)), axis("c", numbers(0.1, 0.3, 0.1))];
    let mut random = grid.clone();
    random.push(axis("d", AxisValues::UniformInteger { min: 1, max: 900, scale: Scale::Log }));
    random.push(axis("e", AxisValues::UniformNumber { min: -1.0, max: 1e300, scale: Scale::Linear }));
    for space in [Space::grid(grid).unwrap(), Space::random(random, 50, u64::MAX).unwrap()] {
        let read: Space = serde_json::from_str(&stored(&space)).unwrap();
        assert_eq!(read, space);
        assert!(read.iter().eq(space.iter()));
    }
}

#[test]
fn a_stored_space_that_makes_no_sense_is_refused() {
    let text = stored(&grid(integers(1, 5, 2)).unwrap());
    assert_eq!(
        text,
        r#"{"grid":{"axes":[{"name":"a","values":{"integer_range":{"min":1,"max":5,"step":2}}}]}}"#
    );
    assert!(serde_json::from_str::<Space>(&text).is_ok());
    let refused = |from: &str, to: &str| {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        serde_json::from_str::<Space>(&changed).unwrap_err().to_string()
    };
    assert!(refused(r#""step":2"#, r#""step":0"#).contains("must be greater than zero"));
    assert!(refused(r#""max":5"#, r#""max":0"#).contains("must be at most"));
    assert!(refused(r#""step":2"#, r#""steps":2"#).contains("unknown field"));
}
