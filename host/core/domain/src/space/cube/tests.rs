use super::super::AxisValues;
use super::*;
use proptest::prelude::*;

fn axis(name: &str, values: AxisValues) -> Axis {
    Axis { name: name.to_owned(), values }
}

fn cube(values: AxisValues) -> Cube {
    Cube::new(vec![axis("a", values)]).unwrap()
}

fn texts(values: &[&str]) -> AxisValues {
    AxisValues::List(values.iter().map(|value| ParamValue::Text((*value).to_owned())).collect())
}

fn numbers(values: &[f64]) -> AxisValues {
    AxisValues::List(values.iter().copied().map(ParamValue::Number).collect())
}

fn integers(min: i64, max: i64, step: i64) -> AxisValues {
    AxisValues::IntegerRange { min, max, step }
}

fn uniform(min: f64, max: f64, scale: Scale) -> AxisValues {
    AxisValues::UniformNumber { min, max, scale }
}

fn whole(min: i64, max: i64, scale: Scale) -> AxisValues {
    AxisValues::UniformInteger { min, max, scale }
}

fn point(value: ParamValue) -> Params {
    Params::from([("a".to_owned(), value)])
}

fn at(cube: &Cube, coordinate: f64) -> ParamValue {
    cube.at_unit(&[coordinate])["a"].clone()
}

#[test]
fn a_list_is_ordered_when_its_numbers_rise_or_fall_all_the_way() {
    assert_eq!(cube(numbers(&[1.0, 2.0, 5.0])).kind(0), AxisKind::Ordered(3));
    assert_eq!(cube(numbers(&[5.0, 2.0])).kind(0), AxisKind::Ordered(2));
    assert_eq!(cube(numbers(&[1.0, 5.0, 2.0])).kind(0), AxisKind::Unordered(3));
    assert_eq!(cube(texts(&["1", "2"])).kind(0), AxisKind::Unordered(2));
    assert_eq!(cube(texts(&["x"])).kind(0), AxisKind::Fixed);
    assert_eq!(cube(whole(1, 9, Scale::Log)).kind(0), AxisKind::Ordered(9));
    assert_eq!(cube(whole(i64::MIN, i64::MAX, Scale::Linear)).kind(0), AxisKind::Continuous);
    assert_eq!(cube(uniform(0.0, 1.0, Scale::Linear)).kind(0), AxisKind::Continuous);
    assert_eq!(cube(uniform(1.0, 1.0, Scale::Linear)).kind(0), AxisKind::Fixed);
}

#[test]
fn an_axis_of_values_is_cut_into_cells_of_the_same_width() {
    let cube = cube(integers(10, 30, 10));
    let values = [0.0, 0.33, 0.34, 0.66, 0.67, 0.99, 1.0].map(|it| at(&cube, it));
    assert_eq!(values, [10, 10, 20, 20, 30, 30, 30].map(ParamValue::Integer));
    assert_eq!(cube.cell(0, 1), Some((1.0 / 3.0, 2.0 / 3.0)));
    assert_eq!(cube.cell(0, 3), None);
}

#[test]
fn the_ends_of_a_range_of_numbers_are_its_bounds() {
    for scale in [Scale::Linear, Scale::Log] {
        let cube = cube(uniform(0.001, 10.0, scale));
        assert_eq!((at(&cube, 0.0), at(&cube, 1.0)), (ParamValue::Number(0.001), ParamValue::Number(10.0)));
    }
    let ParamValue::Number(middle) = at(&cube(uniform(0.01, 100.0, Scale::Log)), 0.5) else { panic!() };
    assert!((middle - 1.0).abs() < 1e-12, "{middle}");
}

#[test]
fn positions_that_make_no_sense_are_taken_to_the_nearest_that_does() {
    let cube = cube(whole(1, 9, Scale::Linear));
    assert_eq!(
        [f64::NAN, -3.0, 7.0, f64::INFINITY].map(|it| at(&cube, it)),
        [1, 1, 9, 9].map(ParamValue::Integer)
    );
    assert_eq!(cube.at_unit(&[])["a"], ParamValue::Integer(1));
}

#[test]
fn a_point_is_taken_as_its_axes_have_it() {
    let grid = cube(AxisValues::NumberRange { min: 0.1, max: 0.7, step: 0.1 });
    let third = grid.at_number(2).unwrap();
    assert_ne!(third["a"], ParamValue::Number(0.3), "the grid's own is a rounding away");
    assert_eq!(grid.accept(&point(ParamValue::Number(0.3))), Ok(third));
    let list = cube(AxisValues::List([1, 3].map(ParamValue::Integer).to_vec()));
    assert_eq!(list.accept(&point(ParamValue::Number(3.0))), Ok(point(ParamValue::Integer(3))));
    let whole = cube(integers(1, 5, 2));
    assert_eq!(whole.accept(&point(ParamValue::Number(3.0))), Ok(point(ParamValue::Integer(3))));
}

#[test]
fn a_point_outside_is_refused_with_what_would_be_inside() {
    let refused = |values, value| cube(values).accept(&point(value)).unwrap_err().to_string();
    assert_eq!(
        refused(integers(1, 9, 2), ParamValue::Integer(4)),
        "parameter `a`: `4` is not in the space: it takes 1 to 9 in steps of 2"
    );
    assert!(refused(integers(1, 9, 2), ParamValue::Integer(11)).contains("1 to 9"));
    assert!(refused(texts(&["x", "y"]), ParamValue::Text("z".into())).ends_with("it takes one of `x`, `y`"));
    assert!(refused(numbers(&[3.0]), ParamValue::Text("3".into())).ends_with("one of `3`"));
    let truth = AxisValues::List([false, true].map(ParamValue::Boolean).to_vec());
    assert!(refused(truth, ParamValue::Text("true".into())).ends_with("one of `false`, `true`"));
    assert!(refused(uniform(0.0, 1.0, Scale::Linear), ParamValue::Number(f64::NAN)).contains("from 0 to 1"));
    let cube = cube(integers(1, 9, 2));
    let missing = cube.accept(&Params::new()).unwrap_err().to_string();
    assert_eq!(missing, "parameter `a` has no value: a point needs all of them");
    let stray = Params::from([("b".to_owned(), ParamValue::Integer(1))]);
    let unknown = cube.to_unit(&stray).unwrap_err().to_string();
    assert_eq!(unknown, "parameter `b` is not searched: the parameters are `a`");
}

#[test]
fn only_what_can_be_counted_has_numbers() {
    let endless = cube(uniform(0.0, 1.0, Scale::Linear));
    assert_eq!((endless.cardinality(), endless.at_number(0)), (None, None));
    let many = ["a", "b", "c"].map(|name| axis(name, integers(1, 1_000_000, 1))).to_vec();
    assert_eq!(Cube::new(many).unwrap().cardinality(), None);
    let few = cube(integers(1, 9, 2));
    assert_eq!((few.cardinality(), few.at_number(5)), (Some(5), None));
    assert_eq!(few.number_of(&point(ParamValue::Integer(9))), Some(4));
}

fn any_axis() -> impl Strategy<Value = AxisValues> {
    let scale = prop_oneof![Just(Scale::Linear), Just(Scale::Log)];
    prop_oneof![
        (1_i64..500, 0_i64..5_000, scale.clone()).prop_map(|(min, width, scale)| whole(
            min,
            min + width,
            scale
        )),
        (1e-6..1e3_f64, 0.0..1e6_f64, scale).prop_map(|(min, width, scale)| uniform(min, min + width, scale)),
        (-50_i64..50, 0_i64..400, 1_i64..7).prop_map(|(min, width, step)| integers(min, min + width, step)),
        (-50_i32..50, 0_i32..400, 1_i32..7).prop_map(|(min, width, step)| {
            let tenth = |value: i32| f64::from(value) / 10.0;
            AxisValues::NumberRange { min: tenth(min), max: tenth(min + width), step: tenth(step) }
        }),
        Just(texts(&["x", "y", "z"])),
        Just(numbers(&[1.0, 8.0, 2.0])),
    ]
}

proptest! {
    #[test]
    fn every_position_is_a_point_of_the_space_and_comes_back_to_its_place(
        values in prop::collection::vec(any_axis(), 1..4),
        position in prop::collection::vec(0.0..=1.0_f64, 4),
    ) {
        let axes = values.into_iter().zip(["a", "b", "c"]).map(|(values, name)| axis(name, values)).collect();
        let cube = Cube::new(axes).unwrap();
        let point = cube.at_unit(&position);
        prop_assert_eq!(cube.accept(&point), Ok(point.clone()));
        let place = cube.to_unit(&point).unwrap();
        prop_assert!(place.iter().all(|it| (0.0..=1.0).contains(it)));
        for (index, coordinate) in place.iter().enumerate() {
            match cube.level(index, *coordinate) {
                Some(level) => {
                    prop_assert_eq!(cube.level(index, position[index]), Some(level));
                    let (low, high) = cube.cell(index, level).unwrap();
                    prop_assert!(low < *coordinate && *coordinate < high, "{low} {coordinate} {high}");
                }
                None => prop_assert!((coordinate - position[index]).abs() < 1e-6),
            }
        }
    }

    #[test]
    fn the_numbers_of_points_are_a_bijection(sizes in prop::collection::vec(1_i64..7, 1..4)) {
        let axes = sizes.iter().zip(["a", "b", "c"]).map(|(size, name)| axis(name, integers(1, *size, 1)));
        let cube = Cube::new(axes.collect()).unwrap();
        let len = cube.cardinality().unwrap();
        prop_assert_eq!(len, sizes.iter().product::<i64>() as u64);
        for number in 0..len {
            let point = cube.at_number(number).unwrap();
            prop_assert_eq!(cube.number_of(&point), Some(number));
        }
    }
}
