use super::*;
use crate::{Method, Sampler, Settings};
use std::f64::consts::PI;
use stratbox_domain::{Axis, AxisValues, ParamValue, Scale};

fn number(params: &Params, name: &str) -> f64 {
    match &params[name] {
        ParamValue::Number(value) => *value,
        ParamValue::Integer(value) => *value as f64,
        other => panic!("{other} is no number"),
    }
}

fn range(name: &str, min: f64, max: f64) -> Axis {
    Axis { name: name.to_owned(), values: AxisValues::UniformNumber { min, max, scale: Scale::Linear } }
}

/// A function with one or more minima, and where to look for them.
struct Problem {
    axes: Vec<Axis>,
    function: fn(&Params) -> f64,
}

/// Branin and Hoo: three minima of 0.397887.
fn branin() -> Problem {
    Problem {
        axes: vec![range("x", -5.0, 10.0), range("y", 0.0, 15.0)],
        function: |at| {
            let (x, y) = (number(at, "x"), number(at, "y"));
            let bend = y - 5.1 / (4.0 * PI * PI) * x * x + 5.0 / PI * x - 6.0;
            bend * bend + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * libm::cos(x) + 10.0
        },
    }
}

/// Hartmann's function of six variables: a minimum of -3.32237.
fn hartmann6() -> Problem {
    const SCALES: [[f64; 6]; 4] = [
        [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
        [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
        [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
        [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
    ];
    const CENTRES: [[f64; 6]; 4] = [
        [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
        [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
        [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
    ];
    Problem {
        axes: (0..6).map(|axis| range(&format!("x{axis}"), 0.0, 1.0)).collect(),
        function: |at| {
            let well = |(weight, well): (f64, usize)| {
                let exponent = (0..6).map(|axis| {
                    let distance = number(at, &format!("x{axis}")) - CENTRES[well][axis];
                    SCALES[well][axis] * distance * distance
                });
                -weight * libm::exp(-exponent.sum::<f64>())
            };
            [1.0, 1.2, 3.0, 3.2].into_iter().zip(0..4).map(well).sum()
        },
    }
}

/// Whole numbers on both scales, choices and a step: a minimum of 0 at `slow` = 60, `fast` = 12, `kind` = `b`, `stop` = 0.3.
fn mixed() -> Problem {
    let axis = |name: &str, values| Axis { name: name.to_owned(), values };
    let kinds = ["a", "b", "c", "d"].map(|kind| ParamValue::Text(kind.to_owned())).to_vec();
    Problem {
        axes: vec![
            axis("slow", AxisValues::UniformInteger { min: 2, max: 500, scale: Scale::Log }),
            axis("fast", AxisValues::IntegerRange { min: 1, max: 50, step: 1 }),
            axis("kind", AxisValues::List(kinds)),
            axis("stop", AxisValues::NumberRange { min: 0.0, max: 1.0, step: 0.05 }),
        ],
        function: |at| {
            let slow = libm::log(number(at, "slow") / 60.0);
            let fast = (number(at, "fast") - 12.0) / 10.0;
            let kind = if at["kind"] == ParamValue::Text("b".to_owned()) { 0.0 } else { 1.0 };
            let stop = number(at, "stop") - 0.3;
            slow * slow + fast * fast + kind + 4.0 * stop * stop
        },
    }
}

fn sampler(problem: &Problem, settings: &Settings, seed: u64) -> Sampler {
    let cube = Cube::new(problem.axes.clone()).unwrap();
    Sampler::new(cube, &[Direction::LowerIsBetter], settings, seed).unwrap()
}

fn completed(value: f64) -> Evaluation {
    Evaluation::Completed(Outcome::feasible(vec![Some(value)]))
}

/// The least value found.
fn found(problem: &Problem, settings: &Settings, seed: u64) -> f64 {
    let mut sampler = sampler(problem, settings, seed);
    let mut least = f64::INFINITY;
    loop {
        let asked = sampler.ask(usize::MAX);
        if asked.is_empty() {
            return least;
        }
        for suggestion in asked {
            let value = (problem.function)(&suggestion.point);
            least = least.min(value);
            sampler.tell(suggestion.id, completed(value)).unwrap();
        }
    }
}

fn settings(method: Method, samples: u64) -> Settings {
    Settings { method, samples: Some(samples), ..Settings::default() }
}

fn median_found(problem: &Problem, settings: &Settings, seeds: u64) -> f64 {
    let mut found: Vec<f64> = (0..seeds).map(|seed| found(problem, settings, seed)).collect();
    found.sort_by(f64::total_cmp);
    found[found.len() / 2]
}

/// The median of the least value that random points and that this method find over fifteen seeds.
fn medians(problem: &Problem, samples: u64) -> (f64, f64) {
    let of = |method| median_found(problem, &settings(method, samples), 15);
    (of(Method::Random), of(Method::Tpe))
}

#[test]
fn a_hundred_points_come_nearer_to_the_minimum_of_branin_than_random_ones() {
    let (random, tpe) = medians(&branin(), 100);
    assert!(tpe < 0.5 && random > 0.6, "random {random}, tpe {tpe}, the minimum 0.398");
}

#[test]
fn a_hundred_points_come_nearer_to_the_minimum_of_hartmann_than_random_ones() {
    let (random, tpe) = medians(&hartmann6(), 100);
    assert!(tpe < -2.8 && random > -2.5, "random {random}, tpe {tpe}, the minimum -3.322");
}

#[test]
fn a_hundred_points_come_nearer_to_the_minimum_over_whole_numbers_and_choices_than_random_ones() {
    let (random, tpe) = medians(&mixed(), 100);
    assert!(tpe < 0.1 && random > 0.3, "random {random}, tpe {tpe}, the minimum 0");
}

#[test]
fn it_begins_with_random_points() {
    let (problem, startup) = (mixed(), 5);
    let random = sampler(&problem, &settings(Method::Random, 5), 3).ask(5);
    let tpe = Settings { startup: Some(startup), ..settings(Method::Tpe, 50) };
    assert_eq!(sampler(&problem, &tpe, 3).ask(50), random);
}

#[test]
fn a_seed_keeps_its_points_for_ever() {
    let problem = branin();
    let at =
        Params::from([("x".to_owned(), ParamValue::Number(0.0)), ("y".to_owned(), ParamValue::Number(0.0))]);
    let mut sampler = sampler(&problem, &settings(Method::Tpe, 50), 1);
    sampler.enqueue(&at).unwrap();
    for suggestion in sampler.ask(50) {
        let value = (problem.function)(&suggestion.point);
        sampler.tell(suggestion.id, completed(value)).unwrap();
    }
    let learnt = &sampler.ask(1)[0].point;
    assert_eq!((number(learnt, "x"), number(learnt, "y")), (-4.148569534607619, 1.2485012171295047));
}

/// Where the points after forty results are, which are good at either end of `x`.
fn learnt(evaluate: impl Fn(f64) -> Evaluation, directions: &[Direction]) -> Vec<f64> {
    let cube = Cube::new(vec![range("x", 0.0, 1.0)]).unwrap();
    let tpe = Settings { startup: Some(40), ..settings(Method::Tpe, 48) };
    let mut sampler = Sampler::new(cube, directions, &tpe, 5).unwrap();
    for suggestion in sampler.ask(40) {
        sampler.tell(suggestion.id, evaluate(number(&suggestion.point, "x"))).unwrap();
    }
    sampler.ask(8).iter().map(|suggestion| number(&suggestion.point, "x")).collect()
}

fn share_above(points: &[f64], bound: f64) -> f64 {
    points.iter().filter(|point| **point > bound).count() as f64 / points.len() as f64
}

#[test]
fn better_is_what_the_direction_says() {
    let up = learnt(completed, &[Direction::HigherIsBetter]);
    let down = learnt(completed, &[Direction::LowerIsBetter]);
    assert!(share_above(&up, 0.6) >= 0.75, "{up:?}");
    assert!(share_above(&down, 0.4) <= 0.25, "{down:?}");
}

#[test]
fn what_fails_is_pruned_or_misses_a_constraint_is_not_looked_for() {
    let failing: [fn(f64) -> Evaluation; 3] = [
        |_| Evaluation::Failed { reason: "fault".to_owned() },
        |_| Evaluation::Pruned { reason: "behind".to_owned() },
        |x| Evaluation::Completed(Outcome { values: vec![Some(x)], violation: Some(x) }),
    ];
    for fails in failing {
        let evaluate = |x: f64| if x > 0.5 { fails(x) } else { completed(x) };
        let points = learnt(evaluate, &[Direction::HigherIsBetter]);
        assert!(share_above(&points, 0.6) <= 0.25, "{points:?}");
    }
}

#[test]
fn with_nothing_good_it_explores() {
    let points = learnt(|_| Evaluation::Failed { reason: "fault".to_owned() }, &[Direction::HigherIsBetter]);
    assert!(points.iter().all(|point| (0.0..=1.0).contains(point)));
}

#[test]
fn several_objectives_are_looked_for_where_none_dominates() {
    // Between 0.2 and 0.4 one objective is paid for with the other; elsewhere both are worse.
    let both = |x: f64| {
        let values = [(x - 0.2).abs(), (x - 0.4).abs()].map(Some).to_vec();
        Evaluation::Completed(Outcome::feasible(values))
    };
    let points = learnt(both, &[Direction::LowerIsBetter; 2]);
    let between = points.iter().filter(|point| (0.1..0.5).contains(*point)).count();
    assert!(between >= 6, "{points:?}");
}
