//! The figures of the quick benchmark for people.

use std::fmt::Write as _;

use crate::quick::Quick;

/// What a figure is to be.
struct Target {
    /// Otherwise at least.
    is_most: bool,
    bound: f64,
    /// What to aim for beyond that.
    aim: Option<f64>,
}

impl Target {
    fn at_most(at_most: f64) -> Option<Self> {
        Some(Self { is_most: true, bound: at_most, aim: None })
    }

    fn at_least(at_least: f64) -> Option<Self> {
        Some(Self { is_most: false, bound: at_least, aim: None })
    }
}

pub(crate) fn human(quick: &Quick) -> String {
    let tax = Some(Target { is_most: true, bound: 3.0, aim: Some(2.0) });
    let rows = [
        ("native", quick.native_ns_per_bar, "ns/bar", None),
        ("sandbox", quick.sandbox_ns_per_bar, "ns/bar", None),
        ("sandbox tax", quick.sandbox_tax, "x", tax),
        ("instantiate", quick.instantiate_us, "us", Target::at_most(30.0)),
        ("source to artifact", quick.source_to_artifact_ms, "ms", Target::at_most(500.0)),
        ("cached artifact", quick.cached_artifact_ms, "ms", Target::at_most(5.0)),
        ("sweep 1,000 x 8,760", quick.sweep_s, "s", Target::at_most(0.3)),
        ("processes / threads", quick.process_tax, "x", Target::at_most(1.05)),
        ("101,460 x 1,000", quick.sweep_tax, "x", Target::at_most(1.18)),
        ("101,460 x 40", quick.sweep_tax_40, "x", Target::at_most(1.18)),
        ("two workers", quick.speed_up, "x", Target::at_least(1.9)),
        ("validation, 2 / 1", quick.validation_share, "x", Target::at_most(0.6)),
        ("hostile neighbour", quick.neighbour_tax, "x", Target::at_most(1.2)),
    ];
    let mut text = format!("{:19}  {:>15}  target\n", "", "result");
    for (what, value, unit, target) in rows {
        let result = format!("{} {unit:6}", rounded(value));
        let line =
            format!("{what:19}  {result:>15}  {}", target.map_or_else(String::new, |it| beside(value, &it)));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let Quick { engine, cores, .. } = quick;
    let _ = write!(text, "{engine}, {cores} cores; medians");
    text
}

fn beside(value: f64, Target { is_most, bound, aim }: &Target) -> String {
    let met = if *is_most { value <= *bound } else { value >= *bound };
    let (verdict, most) = (if met { "met" } else { "missed" }, if *is_most { "most" } else { "least" });
    let aim = aim.map_or_else(String::new, |aim| format!(", aiming at {aim}"));
    format!("at {most} {bound}{aim}: {verdict}")
}

/// Three digits that count.
fn rounded(value: f64) -> String {
    let decimals = match value {
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_stands_beside_its_result_and_whether_it_was_met() {
        let quick = Quick {
            native_ns_per_bar: 8.126,
            sandbox_ns_per_bar: 24.0,
            sandbox_tax: 2.954,
            instantiate_us: 30.04,
            source_to_artifact_ms: 421.6,
            cached_artifact_ms: 5.0,
            sweep_s: 0.31,
            process_tax: 1.02,
            sweep_tax: 1.18,
            sweep_tax_40: 1.3,
            speed_up: 1.9,
            validation_share: 0.55,
            neighbour_tax: 1.3,
            engine: "wasmtime 48 abc".to_owned(),
            cores: 2,
        };
        let expected = "
                              result  target
native                   8.13 ns/bar
sandbox                  24.0 ns/bar
sandbox tax              2.95 x       at most 3, aiming at 2: met
instantiate              30.0 us      at most 30: missed
source to artifact        422 ms      at most 500: met
cached artifact          5.00 ms      at most 5: met
sweep 1,000 x 8,760      0.31 s       at most 0.3: missed
processes / threads      1.02 x       at most 1.05: met
101,460 x 1,000          1.18 x       at most 1.18: met
101,460 x 40             1.30 x       at most 1.18: missed
two workers              1.90 x       at least 1.9: met
validation, 2 / 1        0.55 x       at most 0.6: met
hostile neighbour        1.30 x       at most 1.2: missed
wasmtime 48 abc, 2 cores; medians";
        assert_eq!(format!("\n{}", quick.human()), expected);
    }
}
