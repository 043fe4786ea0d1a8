//! How long it takes to select among 202 strategies, and how often what was planted among 200 random ones is selected.

#![expect(clippy::unwrap_used, reason = "a benchmark of something that fails must not go on")]

#[path = "../../../host/core/decide/tests/planted/mod.rs"]
mod planted;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::Write;

use criterion::{Criterion, SamplingMode};
use planted::{Judged, Planted, Selection, Who, World};
use stratbox_metrics::series::percentile;

/// The true Sharpe ratio a year of the edge.
const SHARPE: f64 = 2.5;
const WORLDS: u64 = 100;
/// As for experiments.
const BLOCKS: usize = 16;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let world = World::new(1, &[Planted::Overfitted, Planted::Edge(SHARPE)]);
    let mut group = criterion.benchmark_group("selection");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.bench_function("202 strategies", |bencher| {
        bencher.iter(|| black_box(&world).select(Judged::OnTheHoldout, BLOCKS).unwrap());
    });
    group.finish();
    criterion.final_summary();
    // Criterion has options to filter its benchmarks, and none for what is no benchmark.
    if std::env::args().any(|arg| arg == "worlds") {
        worlds();
    }
}

/// `cargo bench -p stratbox-bench --bench selection -- worlds`.
fn worlds() {
    let edge = Planted::Edge(SHARPE);
    say(&format!(
        "{:<32}{:>12}{:>8}{:>8}{:>8}{:>14}{:>14}  planted fails\n",
        "planted among 200 random", "overfitted", "edge", "random", "none", "random in L2", "median pbo"
    ));
    experiment("overfitted, judged in sample", &[Planted::Overfitted], Judged::InSample);
    experiment("nothing", &[], Judged::OnTheHoldout);
    experiment("overfitted", &[Planted::Overfitted], Judged::OnTheHoldout);
    experiment(&format!("edge of {SHARPE}"), &[edge], Judged::OnTheHoldout);
    experiment(&format!("overfitted, edge of {SHARPE}"), &[Planted::Overfitted, edge], Judged::OnTheHoldout);
    for sharpe in [1.5, 2.0, 3.0, 4.0] {
        experiment(&format!("edge of {sharpe}"), &[Planted::Edge(sharpe)], Judged::OnTheHoldout);
    }
}

/// Prints how often who was selected, how many strategies without an edge passed L1 a world, and which gates stopped what was
/// planted.
fn experiment(name: &str, planted: &[Planted], judged: Judged) {
    let select = |seed| World::new(seed, planted).select(judged, BLOCKS).unwrap();
    let selections: Vec<Selection> = (1..=WORLDS).map(select).collect();
    let count = |is: &dyn Fn(Option<Who>) -> bool| selections.iter().filter(|it| is(it.who)).count();
    let overfitted = count(&|who| who == Some(Who::Planted(Planted::Overfitted)));
    let edge = count(&|who| matches!(who, Some(Who::Planted(Planted::Edge(_)))));
    let (random, none) = (count(&|who| who == Some(Who::Random)), count(&|who| who.is_none()));
    let in_l2 = selections.iter().map(|it| it.random_in_l2).sum::<usize>() as f64 / WORLDS as f64;
    let mut pbo: Vec<f64> = selections.iter().map(|it| it.pbo.get().unwrap()).collect();
    pbo.sort_unstable_by(f64::total_cmp);
    let mut fails: BTreeMap<String, usize> = BTreeMap::new();
    for (who, figure) in selections.iter().flat_map(|it| &it.failed) {
        let who = if *who == Who::Planted(Planted::Overfitted) { "overfitted" } else { "edge" };
        *fails.entry(format!("{who} {figure}")).or_default() += 1;
    }
    let fails: Vec<String> = fails.into_iter().map(|(what, count)| format!("{what} {count}")).collect();
    say(&format!(
        "{name:<32}{overfitted:>12}{edge:>8}{random:>8}{none:>8}{in_l2:>14.2}{:>14.3}  {}\n",
        percentile(&pbo, 0.5),
        fails.join(", ")
    ));
}

fn say(line: &str) {
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}
