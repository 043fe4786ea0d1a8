//! The sweep files next to the strategies ask for what the strategies take.

use std::fs;
use std::path::Path;

use stratbox_domain::{Axis, AxisValues, Scale, Space};
use stratbox_examples::buy_and_hold::BuyAndHold;
use stratbox_examples::donchian_breakout::DonchianBreakout;
use stratbox_examples::momentum_rotation::MomentumRotation;
use stratbox_examples::pairs_spread::PairsSpread;
use stratbox_examples::rsi_reversion::RsiReversion;
use stratbox_examples::sma_cross::SmaCross;
use stratbox_sdk::{Instrument, ParamKind, ParamSpec, ParamValue, Params, Strategy};
use toml::{Table, Value};

use crate::here;

const SWEEPS: [(&str, u64); 6] = [
    ("sma_cross.toml", 210),
    ("rsi_reversion.toml", 600),
    ("donchian_breakout.toml", 480),
    ("momentum_rotation.toml", 130),
    ("pairs_spread.toml", 150),
    ("demo.toml", 1_264),
];

/// Approaches instead of strategies, each of whose parameters is drawn.
const EXPLORATIONS: [&str; 1] = ["explore.toml"];

#[test]
fn every_sweep_has_the_variants_its_comments_promise_and_no_strategy_refuses_one() {
    for (file, expected) in SWEEPS {
        let sweep: Table = fs::read_to_string(here(file)).unwrap().parse().unwrap();
        let sources = sweep["data"]["sources"].as_array().unwrap();
        for source in sources {
            assert!(here(source["path"].as_str().unwrap()).exists(), "{file}: {source:?}");
        }
        let instruments = vec![Instrument { symbol: "X".to_owned() }; sources.len()];
        let strategies = sweep["strategy"].as_array().unwrap();
        let variants: u64 = strategies.iter().map(|strategy| try_all(strategy, &instruments)).sum();
        assert_eq!(variants, expected, "{file}");
    }
}

#[test]
fn every_exploration_asks_for_what_its_approaches_take_and_none_of_them_refuses_it() {
    for file in EXPLORATIONS {
        let exploration: Table = fs::read_to_string(here(file)).unwrap().parse().unwrap();
        let instruments = vec![Instrument { symbol: "X".to_owned() }];
        for approach in exploration["approach"].as_array().unwrap() {
            let mut drawn = approach.as_table().unwrap().clone();
            drawn.insert("search".to_owned(), Value::String("random".to_owned()));
            drawn.extend(
                [("samples", 100), ("seed", 0)].map(|(key, it)| (key.to_owned(), Value::Integer(it))),
            );
            assert_eq!(try_all(&Value::Table(drawn), &instruments), 100, "{file}: {approach:?}");
        }
    }
}

#[test]
fn every_file_is_among_those_that_are_checked() {
    let files = fs::read_dir(here("")).unwrap().map(|entry| entry.unwrap().path());
    let sweeps =
        files.filter(|path| path.extension().is_some_and(|it| it == "toml") && !path.ends_with("Cargo.toml"));
    let mut names: Vec<String> =
        sweeps.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    let mut known: Vec<&str> = SWEEPS.map(|(file, _)| file).into_iter().chain(EXPLORATIONS).collect();
    known.sort_unstable();
    assert_eq!(names, known);
}

/// Prepares a run of every variant; how many there are.
fn try_all(strategy: &Value, instruments: &[Instrument]) -> u64 {
    let source = strategy["source"].as_str().unwrap();
    assert!(Path::new(&here(source)).exists());
    match source {
        "buy_and_hold.rs" => try_each::<BuyAndHold>(strategy, instruments),
        "donchian_breakout.rs" => try_each::<DonchianBreakout>(strategy, instruments),
        "momentum_rotation.rs" => try_each::<MomentumRotation>(strategy, instruments),
        "pairs_spread.rs" => try_each::<PairsSpread>(strategy, instruments),
        "rsi_reversion.rs" => try_each::<RsiReversion>(strategy, instruments),
        "sma_cross.rs" => try_each::<SmaCross>(strategy, instruments),
        other => panic!("`{other}` is not one of the examples"),
    }
}

fn try_each<S: Strategy>(strategy: &Value, instruments: &[Instrument]) -> u64 {
    let space = space(strategy, &S::Params::specs());
    for values in space.iter() {
        let params = S::Params::from_values(&values).map_err(|error| error.to_string());
        let prepared = params.and_then(|params| S::new(params, instruments));
        assert_eq!(prepared.err(), None, "{values:?}");
    }
    space.len()
}

fn space(strategy: &Value, specs: &[ParamSpec]) -> Space {
    let random = strategy.get("search").is_some_and(|search| search.as_str() == Some("random"));
    let axis = |(name, values): (&String, &Value)| {
        let spec =
            specs.iter().find(|spec| spec.name == *name).unwrap_or_else(|| panic!("no parameter `{name}`"));
        Axis { name: name.clone(), values: axis_values(values, &spec.kind, random) }
    };
    let axes = strategy["params"].as_table().unwrap().iter().map(axis).collect();
    if !random {
        return Space::grid(axes).unwrap();
    }
    let number = |key: &str| strategy[key].as_integer().unwrap() as u64;
    Space::random(axes, number("samples"), number("seed")).unwrap()
}

fn axis_values(values: &Value, kind: &ParamKind, random: bool) -> AxisValues {
    let range = match values {
        Value::Table(range) => range,
        Value::Array(list) => return AxisValues::List(list.iter().map(param_value).collect()),
        fixed => return AxisValues::List(vec![param_value(fixed)]),
    };
    let scale = if range.contains_key("scale") { Scale::Log } else { Scale::Linear };
    let uniform = random && !range.contains_key("step");
    match *kind {
        ParamKind::Integer { min, max, step, .. } => {
            let get =
                |key: &str, default| range.get(key).map_or(default, |value| value.as_integer().unwrap());
            let (min, max, step) = (get("min", min), get("max", max), get("step", step));
            if uniform {
                AxisValues::UniformInteger { min, max, scale }
            } else {
                AxisValues::IntegerRange { min, max, step }
            }
        }
        ParamKind::Number { min, max, step, .. } => {
            let get = |key: &str, default| range.get(key).map_or(default, |value| value.as_float().unwrap());
            let (min, max, step) = (get("min", min), get("max", max), get("step", step));
            if uniform {
                AxisValues::UniformNumber { min, max, scale }
            } else {
                AxisValues::NumberRange { min, max, step }
            }
        }
        _ => panic!("only numbers have a range, not {kind:?}"),
    }
}

fn param_value(value: &Value) -> ParamValue {
    match value {
        Value::Integer(value) => ParamValue::Integer(*value),
        Value::Float(value) => ParamValue::Number(*value),
        Value::Boolean(value) => ParamValue::Boolean(*value),
        Value::String(value) => ParamValue::Text(value.clone()),
        other => panic!("not a parameter's value: {other:?}"),
    }
}
