//! What it costs to decide: gates, Pareto front, ranking and selection over a hundred thousand variants, and the matrix of
//! the ten best.

#![expect(clippy::unwrap_used, reason = "a benchmark of something that fails must not go on")]

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode};
use stratbox_decide::comparison::{self, Candidate, Comparison, ComparisonSettings, Scale, compare};
use stratbox_decide::selection::{Contender, Rule, Selection, SelectionSettings, select};
use stratbox_decide::{Bound, Gate, Verdict, rank};
use stratbox_domain::uniform;
use stratbox_metrics::{Direction, Figure};
use stratbox_search::{Outcome, pareto_front};

const VARIANTS: usize = 100_000;
const NAMES: [&str; 3] = ["sharpe", "max_drawdown", "win_rate"];
const DIRECTIONS: [Direction; 3] = [Direction::HigherIsBetter; 3];

/// Three figures a variant.
type Figures = Vec<[f64; 3]>;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (name, figures) in cases() {
        let mut group = criterion.benchmark_group(name);
        group.sampling_mode(SamplingMode::Flat).sample_size(10);
        let outcomes = outcomes(&figures);
        let contenders = contenders(&figures, &gates(&figures));
        group.bench_function("gates", |bencher| bencher.iter(|| gates(black_box(&figures))));
        group.bench_function("front", |bencher| {
            bencher.iter(|| pareto_front(black_box(&outcomes), &DIRECTIONS));
        });
        group.bench_function("ranking", |bencher| bencher.iter(|| ranking(black_box(&figures))));
        for (name, rule) in [("top 10", Rule::TopK(10)), ("pareto", Rule::Pareto)] {
            group.bench_function(format!("selection, {name}"), |bencher| {
                bencher.iter(|| selection(black_box(&contenders), rule.clone()));
            });
        }
        group.bench_function("everything", |bencher| bencher.iter(|| everything(black_box(&figures))));
        group.finish();
    }
    criterion.final_summary();
    // Criterion has options to filter its benchmarks, and none for what is no benchmark.
    if std::env::args().any(|arg| arg == "median") {
        medians();
    }
}

/// Figures that know nothing of one another; figures none of which is better than another in all, so that all of them are
/// on the front; and figures each of which is better than the one before, so that each has a front of its own.
fn cases() -> [(&'static str, Figures); 3] {
    let mut draw = uniform(1);
    let random = (0..VARIANTS).map(|_| [draw(), draw(), draw()]).collect();
    let level = |(one, other): (f64, f64)| [one, other, 2.0 - one - other];
    let all_on_the_front = (0..VARIANTS).map(|_| level((draw(), draw()))).collect();
    let mut chain: Figures = (0..VARIANTS).map(|at| [at as f64; 3]).collect();
    chain.sort_by_key(|it| it[0].to_bits().wrapping_mul(0x9e37_79b9_7f4a_7c15));
    [("random figures", random), ("all on the front", all_on_the_front), ("a chain", chain)]
}

fn gates(figures: &Figures) -> Vec<Verdict> {
    let gates = NAMES.map(|name| Gate::new(name, Bound::AtLeast(0.2)));
    let figure = |row: &[f64; 3], name: &str| {
        let place = NAMES.iter().position(|it| *it == name).unwrap();
        Figure::of(row[place])
    };
    figures.iter().map(|row| Verdict::of(&gates, |name| figure(row, name))).collect()
}

fn outcomes(figures: &Figures) -> Vec<Outcome> {
    figures.iter().map(|row| Outcome::feasible(row.iter().copied().map(Some).collect())).collect()
}

fn ranking(figures: &Figures) -> Vec<usize> {
    let numbered: Vec<(f64, usize)> = figures.iter().map(|row| row[0]).zip(0..).collect();
    rank(&numbered, |row| Some(row.0), Direction::HigherIsBetter, |row| row.1)
}

fn contenders<'a>(figures: &Figures, verdicts: &[Verdict]) -> Vec<Contender<'a, u64>> {
    let contender = |((key, row), verdict): ((u64, &[f64; 3]), &Verdict)| Contender {
        key,
        name: format!("variant {key}"),
        figures: row.map(Figure::of).to_vec(),
        score: None,
        accepted: verdict.accepted,
        returns: None,
    };
    (0..).zip(figures).zip(verdicts).map(contender).collect()
}

fn selection(contenders: &[Contender<'_, u64>], rule: Rule) -> Selection<u64> {
    let settings = SelectionSettings { rule, ..SelectionSettings::default() };
    select(contenders, &DIRECTIONS, &settings, VARIANTS as u64).unwrap()
}

fn matrix(contenders: &[Contender<'_, u64>], selected: &Selection<u64>) -> Comparison {
    let criterion = |name: &&str| comparison::Criterion {
        name: (*name).to_owned(),
        weight: 1.0,
        direction: Direction::HigherIsBetter,
        scale: Scale::Relative,
    };
    let criteria: Vec<_> = NAMES.iter().map(criterion).collect();
    let candidate = |key: u64| {
        let Contender { name, figures, .. } = &contenders[usize::try_from(key).unwrap()];
        Candidate { name: name.clone(), figures: figures.clone(), failure: None }
    };
    let candidates: Vec<_> = selected.chosen.iter().map(|it| candidate(it.key)).collect();
    compare(&criteria, &candidates, &ComparisonSettings::default()).unwrap()
}

/// What deciding takes, step by step: gates, front, ranking, selection of ten, and their matrix.
fn steps(figures: &Figures) -> [Duration; 5] {
    let begun = Instant::now();
    let verdicts = gates(figures);
    let gates = begun.elapsed();
    let front = pareto_front(&outcomes(figures), &DIRECTIONS);
    let fronted = begun.elapsed();
    let order = ranking(figures);
    let ranked = begun.elapsed();
    let contenders = contenders(figures, &verdicts);
    let selected = selection(&contenders, Rule::TopK(10));
    let chosen = begun.elapsed();
    let compared = matrix(&contenders, &selected);
    let done = begun.elapsed();
    assert!(selected.chosen.len() == 10 && compared.rows.len() == 10);
    black_box((front, order));
    [gates, fronted - gates, ranked - fronted, chosen - ranked, done - chosen]
}

fn everything(figures: &Figures) -> Duration {
    steps(figures).iter().sum()
}

/// `cargo bench -p stratbox-bench --bench decisions -- median`: the median of 21 times, whole and step by step.
fn medians() {
    for (name, figures) in cases() {
        let times: Vec<[Duration; 5]> = (0..21).map(|_| steps(&figures)).collect();
        let median = |of: &dyn Fn(&[Duration; 5]) -> Duration| {
            let mut sorted: Vec<Duration> = times.iter().map(of).collect();
            sorted.sort();
            sorted[sorted.len() / 2].as_secs_f64() * 1e3
        };
        let [gates, front, ranking, selection, matrix] = std::array::from_fn(|step| median(&|it| it[step]));
        let all = median(&|it| it.iter().sum());
        let line = format!(
            "deciding over {VARIANTS} variants, {name}: median {all:.1} ms (gates {gates:.1}, front {front:.1}, ranking {ranking:.1}, \
             selection {selection:.1}, matrix {matrix:.3})\n"
        );
        std::io::stdout().write_all(line.as_bytes()).unwrap();
    }
}
