use super::*;
use proptest::prelude::*;
use stratbox_domain::{Axis, AxisValues, Scale, Space, uniform};

fn axis(name: &str, values: AxisValues) -> Axis {
    Axis { name: name.to_owned(), values }
}

fn whole(name: &str, min: i64, max: i64) -> Axis {
    axis(name, AxisValues::IntegerRange { min, max, step: 1 })
}

fn number(name: &str) -> Axis {
    axis(name, AxisValues::UniformNumber { min: 0.0, max: 1.0, scale: Scale::Linear })
}

fn kinds(name: &str) -> Axis {
    axis(name, AxisValues::List(["x", "y", "z"].map(|kind| ParamValue::Text(kind.to_owned())).to_vec()))
}

fn at(point: &Params, name: &str) -> f64 {
    match &point[name] {
        ParamValue::Integer(value) => *value as f64,
        ParamValue::Number(value) => *value,
        ParamValue::Text(kind) => f64::from(kind.as_bytes()[0] - b'x'),
        ParamValue::Boolean(value) => f64::from(*value),
    }
}

/// All points of a space with a function's values.
fn landscape(space: &Space, direction: Direction, function: impl Fn(&Params) -> f64) -> Landscape {
    let points: Vec<(Params, f64)> = space.iter().map(|point| (point.clone(), function(&point))).collect();
    let cube = Cube::new(space.axes().to_vec()).unwrap();
    Landscape::new(cube, direction, points.iter().map(|(point, value)| (point, Some(*value)))).unwrap()
}

fn grid(axes: Vec<Axis>, function: impl Fn(&Params) -> f64) -> Landscape {
    landscape(&Space::grid(axes).unwrap(), Direction::HigherIsBetter, function)
}

fn shares(landscape: &Landscape) -> Vec<f64> {
    landscape.importance().unwrap().into_iter().map(|it| it.share.unwrap()).collect()
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-12
}

#[test]
fn on_a_grid_importance_is_the_first_order_sobol_index() {
    // Variances of 1..=5 and of 3 x {0, 1, 2}: 2 and 6. Without interaction they explain everything.
    let sum = grid(vec![whole("a", 1, 5), kinds("b")], |point| at(point, "a") + 3.0 * at(point, "b"));
    let of = shares(&sum);
    assert!(close(of[0], 0.25) && close(of[1], 0.75), "{of:?}");
    // Of a product of two centred parameters neither explains anything alone.
    let product = grid(vec![whole("a", -2, 2), whole("b", -3, 3)], |point| at(point, "a") * at(point, "b"));
    assert!(shares(&product).into_iter().all(|share| close(share, 0.0)));
}

#[test]
fn the_ishigami_function_has_its_published_indices() {
    // Ishigami and Homma (1990), a = 7 and b = 0.1: 0.3139, 0.4424 and 0 (Sobol and Levitan 1999).
    let function = |point: &Params| {
        let angle = |name| (at(point, name) - 0.5) * std::f64::consts::TAU;
        let (first, second, third) = (angle("a"), libm::sin(angle("b")), angle("c"));
        libm::sin(first) * (1.0 + 0.1 * third.powi(4)) + 7.0 * second * second
    };
    let fine = |name| {
        axis(name, AxisValues::NumberRange { min: 1.0 / 80.0, max: 1.0 - 1.0 / 80.0, step: 1.0 / 40.0 })
    };
    let of = shares(&grid(vec![fine("a"), fine("b"), fine("c")], function));
    for (share, published) in of.into_iter().zip([0.3139, 0.4424, 0.0]) {
        assert!((share - published).abs() < 0.002, "{share} for {published}");
    }
}

#[test]
fn with_random_points_what_chance_explains_is_taken_off() {
    let axes = vec![number("a"), number("b"), kinds("c")];
    let space = Space::random(axes, 400, 5).unwrap();
    let random = landscape(&space, Direction::HigherIsBetter, |point| at(point, "a"));
    let of = random.importance().unwrap();
    assert!(of[0].adjusted.unwrap() > 0.95, "{of:?}");
    assert!(of[1..].iter().all(|it| it.adjusted.unwrap() < 0.03), "{of:?}");
    assert_eq!(of.iter().map(|it| it.groups).collect::<Vec<_>>(), [10, 10, 3]);
}

#[test]
fn too_few_points_or_equal_ones_have_no_importance_but_a_reason() {
    let few = grid(vec![whole("a", 1, 9)], |point| at(point, "a"));
    assert_eq!(few.importance(), Err(Reason::TooFewPoints { have: 9, need: 10 }));
    let constant = grid(vec![whole("a", 1, 20)], |_| 3.0);
    assert_eq!(constant.importance(), Err(Reason::Constant));
    let space = Space::grid(vec![whole("a", 1, 20), whole("b", 1, 2)]).unwrap();
    let points: Vec<Params> = space.iter().filter(|point| at(point, "b") < 1.5).collect();
    let half = points.iter().map(|point| (point, Some(at(point, "a"))));
    let half =
        Landscape::new(Cube::new(space.axes().to_vec()).unwrap(), Direction::HigherIsBetter, half).unwrap();
    let of = half.importance().unwrap();
    assert!(of[0].share.unwrap() > 0.95);
    assert_eq!((of[1].share, of[1].adjusted), (Err(Reason::OneValue), Err(Reason::OneValue)));
}

#[test]
fn values_as_large_as_can_be_have_an_importance() {
    let sign = |point: &Params| if at(point, "a") > 5.5 { f64::MAX } else { -f64::MAX };
    let of = shares(&grid(vec![whole("a", 1, 10), whole("b", 1, 2)], sign));
    assert!(close(of[0], 1.0) && close(of[1], 0.0), "{of:?}");
}

#[test]
fn a_broad_hill_is_a_plateau_and_a_spike_is_not() {
    let settings = PlateauSettings::default();
    let hill = grid(vec![whole("a", 0, 20), whole("b", 0, 20)], |point| {
        100.0 - (at(point, "a") - 10.0).abs() - (at(point, "b") - 10.0).abs()
    });
    let plateau = hill.plateau(&settings).unwrap();
    assert_eq!((plateau.value, plateau.neighbours), (100.0, 24), "two steps around are within a tenth");
    assert_eq!(plateau.median, Ok(97.5));
    assert!(close(plateau.retained.unwrap(), 0.975));
    assert_eq!(plateau.within, Ok(1.0));

    let spike = grid(vec![whole("a", 0, 20), whole("b", 0, 20)], |point| {
        if at(point, "a") == 10.0 && at(point, "b") == 10.0 { 100.0 } else { 5.0 }
    });
    let plateau = spike.plateau(&settings).unwrap();
    assert!(close(plateau.retained.unwrap(), 0.05));
    assert_eq!(plateau.within, Ok(0.0));
}

#[test]
fn a_fall_has_the_same_meaning_when_less_is_better_or_values_are_negative() {
    for (direction, sign) in [(Direction::LowerIsBetter, 1.0), (Direction::HigherIsBetter, -1.0)] {
        let space = Space::grid(vec![whole("a", 1, 5)]).unwrap();
        let valley = landscape(&space, direction, |point| sign * (10.0 + (at(point, "a") - 3.0).abs()));
        let plateau = valley.plateau(&PlateauSettings::default()).unwrap();
        assert_eq!((plateau.best, plateau.neighbours), (2, 2));
        assert!(close(plateau.retained.unwrap(), 0.9), "{plateau:?}");
        assert_eq!(plateau.within, Ok(1.0), "a tenth is within a tenth");
    }
}

#[test]
fn neighbours_are_one_value_away_at_least_and_have_the_same_choice() {
    let coarse = grid(vec![whole("a", 1, 3), kinds("b")], |point| at(point, "a") + 10.0 * at(point, "b"));
    assert_eq!(coarse.plateau(&PlateauSettings::default()).unwrap().neighbours, 1);
    let random = Space::random(vec![number("a")], 200, 1).unwrap();
    let near = |radius| {
        let random = landscape(&random, Direction::HigherIsBetter, |point| -(at(point, "a") - 0.5).abs());
        random.plateau(&PlateauSettings { radius, tolerance: 0.1 }).unwrap().neighbours
    };
    assert!((25..55).contains(&near(0.1)), "{}", near(0.1));
    assert_eq!(near(0.0), 0);
}

#[test]
fn a_plateau_that_cannot_be_measured_has_reasons() {
    let settings = PlateauSettings::default();
    let zero = grid(vec![whole("a", 1, 3)], |point| at(point, "a") - 3.0).plateau(&settings).unwrap();
    assert_eq!(
        (zero.median, zero.retained, zero.within),
        (Ok(-1.0), Err(Reason::BestIsZero), Err(Reason::BestIsZero))
    );
    let alone = grid(vec![whole("a", 1, 1)], |_| 2.0).plateau(&settings).unwrap();
    let none = Err(Reason::NoNeighbours);
    assert_eq!((alone.median, alone.retained, alone.within), (none, none, none));
    let nothing = grid(vec![whole("a", 1, 3)], |_| f64::NAN);
    assert_eq!(nothing.plateau(&settings).err(), Some(Reason::TooFewPoints { have: 0, need: 1 }));
    let far = grid(vec![whole("a", 1, 2)], |point| if at(point, "a") > 1.0 { f64::MAX } else { -f64::MAX });
    assert_eq!(far.plateau(&settings).unwrap().retained, Err(Reason::NotRepresentable));
}

#[test]
fn settings_of_a_plateau_are_checked() {
    let refused =
        |radius, tolerance| PlateauSettings { radius, tolerance }.validate().unwrap_err().to_string();
    assert_eq!(refused(0.6, 0.1), "`radius` is `0.6`: it must be from 0 to 0.5");
    assert_eq!(refused(0.1, f64::NAN), "`tolerance` is `NaN`: it must be from 0 to 1");
    assert_eq!(PlateauSettings::default().validate(), Ok(()));
}

#[test]
fn a_best_point_at_a_bound_says_where_to_go_on() {
    let axes = || vec![whole("a", 1, 9), number("b"), kinds("c"), whole("d", 1, 9), whole("e", 2, 2)];
    let space = Space::random(axes(), 20_000, 3).unwrap();
    let slope = |point: &Params| {
        1_000.0 * at(point, "a") - 100.0 * (at(point, "d") - 5.0).abs() - 50.0 * at(point, "b")
    };
    let mut found = landscape(&space, Direction::HigherIsBetter, slope).edges().unwrap();
    assert_eq!(
        found.iter().map(|it| (it.axis.as_str(), it.side)).collect::<Vec<_>>(),
        [("a", Side::High), ("b", Side::Low)]
    );
    assert_eq!(found.remove(0).value, ParamValue::Integer(9));
    let falling = axis("a", AxisValues::List([9, 4, 1].map(ParamValue::Integer).to_vec()));
    let falling = grid(vec![falling], |point| at(point, "a")).edges().unwrap();
    assert_eq!(falling[0].to_string(), "`a` is best at `9`, the largest that was tried: search above it too");
    let inside = grid(vec![whole("a", 1, 9)], |point| -(at(point, "a") - 4.0).abs());
    assert_eq!(inside.edges(), Ok(vec![]));
    assert_eq!(
        grid(vec![whole("a", 1, 3)], |_| f64::NAN).edges(),
        Err(Reason::TooFewPoints { have: 0, need: 1 })
    );
}

#[test]
fn a_point_outside_of_the_space_is_refused() {
    let cube = Cube::new(vec![whole("a", 1, 3)]).unwrap();
    let stray = Params::from([("a".to_owned(), ParamValue::Integer(4))]);
    assert!(Landscape::new(cube, Direction::HigherIsBetter, [(&stray, Some(1.0))]).is_err());
}

proptest! {
    #[test]
    fn importances_on_a_grid_add_up_to_one_at_most_and_do_not_know_units(
        (a, b, seed, scale) in (2_i64..6, 5_i64..9, any::<u64>(), prop_oneof![Just(1.0), Just(-1e-9), Just(1e200)]),
    ) {
        let mut random = uniform(seed);
        let values: Vec<f64> = (0..a * b).map(|_| random()).collect();
        let value = |point: &Params| values[((at(point, "a") as i64 - 1) * b + at(point, "b") as i64 - 1) as usize];
        let axes = || vec![whole("a", 1, a), whole("b", 1, b)];
        let of = shares(&grid(axes(), value));
        prop_assert!(of.iter().sum::<f64>() <= 1.0 + 1e-9);
        let scaled = shares(&grid(axes(), |point| value(point) * scale));
        prop_assert!(of.iter().zip(scaled).all(|(one, other)| (one - other).abs() < 1e-9));
    }
}
