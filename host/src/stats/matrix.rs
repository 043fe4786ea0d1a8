//! Statistics of all variants together, from a table of their returns.

use std::collections::BTreeMap;

use stratbox_metrics::overfitting::{Pbo, Resampling, Spa, effective_trials};
use stratbox_metrics::{Figure, Missing, Stated, Unit, overfitting};

use super::StatisticReport;
use super::table::{self, Header, Table, Wanted};
use crate::cli::{MatrixArgs, PboArgs, SpaArgs};
use crate::failure::Failure;

/// The most additions of a test, some minutes of them.
const MAX_WORK: f64 = 2e11;

pub(super) fn pbo(args: &PboArgs) -> Result<StatisticReport, Failure> {
    let table = read(&args.matrix, None)?;
    // Each of C(S, S/2) halves adds up half of the blocks of each column.
    let blocks = args.blocks as u64;
    let splits = (1..=blocks / 2).fold(1.0, |splits, k| splits * (blocks / 2 + k) as f64 / k as f64);
    check_work(
        splits * args.blocks as f64 * table.columns.len() as f64,
        "use fewer `--blocks`, or fewer columns",
    )?;
    let found = overfitting::pbo(&table.columns, args.blocks)
        .map_err(|missing| refusal(&args.matrix, "PBO", missing))?;
    let trials = effective_trials(&table.columns).map_err(|missing| refusal(&args.matrix, "PBO", missing))?;
    let Pbo { splits, rows, rows_left_out, variants, flat_variants, .. } = found;
    let mut inputs = BTreeMap::from([
        ("file", table::plain_name(&args.matrix.file).into()),
        ("rows", (rows as u64).into()),
        ("rows_left_out", ((rows_left_out + table.left_out) as u64).into()),
        ("blocks", blocks.into()),
        ("splits", splits.into()),
        ("variants", (variants as u64).into()),
        ("performance", "Sharpe ratio per period, ddof 1, risk-free rate 0".to_owned().into()),
        ("ties", "mean rank out of sample; equal best ones in sample share their split".to_owned().into()),
    ]);
    if flat_variants > 0 {
        inputs.insert("flat_variants_left_out", (flat_variants as u64).into());
    }
    let yes = |is: bool| Figure::of(f64::from(u8::from(is)));
    let mut figures = Stated::default();
    let mut say = |name, unit, convention, figure| figures.push(name, unit, convention, figure);
    say(
        "pbo",
        Unit::Probability,
        "share of splits with logit <= 0, w = rank / (N + 1), logit = ln(w / (1 - w))",
        found.probability,
    );
    say("mean_logit", Unit::Ratio, "mean over the splits", found.mean_logit);
    say("median_logit", Unit::Ratio, "median over the splits", found.median_logit);
    say(
        "probability_of_loss",
        Unit::Probability,
        "share of splits whose best has a Sharpe ratio < 0 out of sample",
        found.probability_of_loss,
    );
    say(
        "degradation_slope",
        Unit::Ratio,
        "of the best's Sharpe ratio out of sample on that in sample",
        found.degradation_slope,
    );
    say("degradation_intercept", Unit::Ratio, "of that regression, per period", found.degradation_intercept);
    say("degradation_r2", Unit::Share, "of that regression", found.degradation_r2);
    say(
        "first_order_dominance",
        Unit::Ratio,
        "1 if the best ones dominate all variants out of sample",
        yes(found.dominance.first_order),
    );
    say(
        "second_order_dominance",
        Unit::Ratio,
        "1 if they do in the second order",
        yes(found.dominance.second_order),
    );
    say("mean_correlation", Unit::Ratio, "rho, of all pairs of variants that vary", trials.mean_correlation);
    say(
        "effective_trials",
        Unit::Count,
        "rho + (1 - rho) M of all M columns, at most M",
        Figure::of(trials.effective),
    );
    Ok(StatisticReport { statistic: "pbo", inputs, figures })
}

pub(super) fn spa(args: &SpaArgs) -> Result<StatisticReport, Failure> {
    let mut table = read(&args.matrix, args.benchmark.as_deref())?;
    if args.benchmark.is_some() {
        // It was read as the last column.
        let benchmark = table.columns.pop().unwrap_or_default();
        table.names.pop();
        for column in &mut table.columns {
            column.iter_mut().zip(&benchmark).for_each(|(value, benchmark)| *value -= benchmark);
        }
    }
    let cells = table.columns.len() as f64 * table.lines.len() as f64;
    check_work(cells * args.resamples as f64, "use fewer `--resamples`, or fewer columns")?;
    let how = Resampling { resamples: args.resamples, block_length: args.block_length, seed: args.seed };
    let found = overfitting::spa(&table.columns, how).map_err(|missing| match missing {
        Missing::OutOfRange => {
            let half = table.lines.len() / 2;
            Failure::usage(format!("`--block-length` must be from 1 to half of the rows, {half}"))
        }
        missing => refusal(&args.matrix, "the test", missing),
    })?;
    let Spa { rows, variants, flat_variants, resamples, block_length, seed, .. } = found;
    let benchmark = args.benchmark.as_deref().map_or("returns of zero".to_owned(), str::to_owned);
    let mut inputs = BTreeMap::from([
        ("file", table::plain_name(&args.matrix.file).into()),
        ("benchmark", benchmark.into()),
        ("rows", (rows as u64).into()),
        ("rows_left_out", (table.left_out as u64).into()),
        ("variants", (variants as u64).into()),
        ("resamples", resamples.into()),
        ("block_length", block_length.into()),
        ("seed", seed.into()),
        ("best", table.names[found.best].clone().into()),
        ("best_studentised", table.names[found.best_studentised].clone().into()),
        ("bootstrap", "stationary (Politis and Romano)".to_owned().into()),
    ]);
    if flat_variants > 0 {
        inputs.insert("flat_variants_left_out", (flat_variants as u64).into());
    }
    let mut figures = Stated::default();
    let mut say = |name, unit, convention, figure| figures.push(name, unit, convention, Figure::of(figure));
    say(
        "reality_check",
        Unit::Probability,
        "White: p-value of the largest mean, all re-centred; 0 is below 1 / resamples",
        found.plain.upper,
    );
    say(
        "spa_lower",
        Unit::Probability,
        "p-value as `arch` has it, not studentised: worse variants keep their means",
        found.plain.lower,
    );
    say(
        "spa_consistent",
        Unit::Probability,
        "the same: variants worse by sqrt(omega^2/T 2 ln ln T) keep their means",
        found.plain.consistent,
    );
    say("spa_upper", Unit::Probability, "the same: all are re-centred", found.plain.upper);
    say(
        "spa_studentised_lower",
        Unit::Probability,
        "Hansen's statistic, max(0, sqrt(T) mean / omega); lower",
        found.studentised.lower,
    );
    say(
        "spa_studentised_consistent",
        Unit::Probability,
        "the same; consistent",
        found.studentised.consistent,
    );
    say("spa_studentised_upper", Unit::Probability, "the same; upper", found.studentised.upper);
    say("best_mean", Unit::Share, "largest mean of return less the benchmark's, a period", found.best_mean);
    Ok(StatisticReport { statistic: "spa", inputs, figures })
}

/// Every column but the time's; the benchmark's, if there is one, last.
fn read(args: &MatrixArgs, benchmark: Option<&str>) -> Result<Table, Failure> {
    table::read(&args.file, args.no_header, |header: &Header| {
        let nameless = || header.names.first().filter(|name| name.is_empty()).map(|_| 0);
        let time = args.time.as_deref().map(|name| header.find(name)).transpose()?;
        let named = time.or_else(|| header.time());
        let benchmark = benchmark.map(|name| header.find(name)).transpose()?;
        // A column without a name is another tool's index, which need not be times.
        let apart = named.or_else(nameless);
        let is_variant = |place: &usize| Some(*place) != apart && Some(*place) != benchmark;
        let values: Vec<usize> = (0..header.names.len()).filter(is_variant).chain(benchmark).collect();
        if values.len() == usize::from(benchmark.is_some()) {
            let problem = format!("{} has no column of a variant", table::name(&args.file));
            return Err(Failure::input(problem).hint("it needs one column of returns for each variant"));
        }
        Ok(Wanted { time: named, values, ..Wanted::default() })
    })
}

fn check_work(work: f64, hint: &str) -> Result<(), Failure> {
    if work <= MAX_WORK {
        return Ok(());
    }
    Err(Failure::usage(format!("that would take {work:.0} additions, and at most {MAX_WORK:.0} are made"))
        .hint(hint))
}

fn refusal(args: &MatrixArgs, what: &str, missing: Missing) -> Failure {
    Failure::input(format!("{}: {what} is not defined here: {missing}", table::name(&args.file)))
}
