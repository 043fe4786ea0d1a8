//! Statistics whose inputs are typed.

use std::collections::BTreeMap;

use stratbox_metrics::overfitting::{Convention, Evidence, expected_max, min_backtest_length};
use stratbox_metrics::{Figure, Missing, Stated, Unit};

use super::{Input, StatisticReport};
use crate::cli::{ConventionTyped, DsrArgs, EvidenceArgs, MinbtlArgs, MintrlArgs, PsrArgs};
use crate::failure::Failure;

type Inputs = BTreeMap<&'static str, Input>;

/// What was typed of a Sharpe ratio, per period.
struct Typed {
    evidence: Evidence,
    convention: Convention,
    /// Root of the periods a year that ratios were typed for; 1 when they are per period.
    root: f64,
    inputs: Inputs,
}

impl Typed {
    fn new(args: &EvidenceArgs, observations: u64) -> Result<Self, Failure> {
        let root = args.annual.map_or(1.0, f64::sqrt);
        let (kurtosis, how) = match (args.tails.kurtosis, args.tails.excess_kurtosis) {
            (_, Some(excess)) => (excess + 3.0, "raw (3 is normal), from excess kurtosis + 3"),
            (raw, None) => (raw.unwrap_or(3.0), "raw (3 is normal)"),
        };
        let evidence =
            Evidence { sharpe: args.sharpe / root, observations, skewness: args.skewness, kurtosis };
        if !evidence.is_possible() {
            return Err(impossible(args, kurtosis));
        }
        let convention = match args.convention {
            ConventionTyped::Y2012 => "2012: variance at the observed Sharpe ratio, over T - 1",
            ConventionTyped::Y2025 => "2025: variance under the null hypothesis, over T",
        };
        let mut inputs = Inputs::from([
            ("sharpe_per_period", evidence.sharpe.into()),
            ("skewness", evidence.skewness.into()),
            ("kurtosis", kurtosis.into()),
            ("kurtosis_is", how.to_owned().into()),
            ("convention", convention.to_owned().into()),
        ]);
        inputs.extend(args.annual.map(|periods| ("periods_per_year", periods.into())));
        Ok(Self { evidence, convention: args.convention.into(), root, inputs })
    }
}

/// Moments that no returns have, which most often are one convention's numbers in the place of the other's.
fn impossible(args: &EvidenceArgs, kurtosis: f64) -> Failure {
    let skewness = args.skewness;
    let problem = format!(
        "no returns with a skewness of `{skewness}` have a raw kurtosis of `{kurtosis}`: it is at least 1 + skewness^2, {}",
        1.0 + skewness * skewness
    );
    Failure::usage(problem).hint(match (args.tails.kurtosis, args.tails.excess_kurtosis) {
        (Some(_), _) => "if it is excess kurtosis (0 is normal), name it `--excess-kurtosis`",
        (None, Some(_)) => "`--excess-kurtosis` is raw kurtosis - 3; raw kurtosis is `--kurtosis`",
        (None, None) => "3 was assumed: say `--kurtosis`, or `--excess-kurtosis` (0 is normal)",
    })
}

const PROBABILITY: &str = "cdf((SR - SR*) sqrt(T - 1) / sqrt(1 - g3 SR + (g4 - 1)/4 SR^2))";
const PROBABILITY_2025: &str = "cdf((SR - SR*) sqrt(T) / sqrt(1 - g3 SR* + (g4 - 1)/4 SR*^2))";

fn probability_formula(convention: Convention) -> &'static str {
    if convention == Convention::Observed { PROBABILITY } else { PROBABILITY_2025 }
}

pub(super) fn psr(args: &PsrArgs) -> Result<StatisticReport, Failure> {
    let Typed { evidence, convention, root, mut inputs } = Typed::new(&args.evidence, args.observations)?;
    let target = args.target / root;
    inputs.extend([("observations", args.observations.into()), ("target_per_period", target.into())]);
    let mut figures = Stated::default();
    let probability = evidence.probability(target, convention);
    figures.push("psr", Unit::Probability, probability_formula(convention), probability);
    let error = evidence.standard_error(target, convention);
    figures.push("standard_error", Unit::Ratio, "of the Sharpe ratio, per period", error);
    Ok(StatisticReport { statistic: "psr", inputs, figures })
}

pub(super) fn dsr(args: &DsrArgs) -> Result<StatisticReport, Failure> {
    let Typed { evidence, convention, root, mut inputs } = Typed::new(&args.evidence, args.observations)?;
    let variance = args.variance / root / root;
    inputs.extend([
        ("observations", args.observations.into()),
        ("trials", args.trials.into()),
        ("variance_per_period", variance.into()),
    ]);
    let deflated = evidence.deflated(args.trials, variance, convention);
    let annual: Result<f64, Missing> = deflated.threshold.get().map(|threshold| threshold * root);
    let mut figures = Stated::default();
    figures.push("dsr", Unit::Probability, "PSR(SR0)", deflated.probability);
    figures.push(
        "sr0",
        Unit::Ratio,
        "per period: sqrt(variance) x expected maximum of N",
        deflated.threshold,
    );
    if args.evidence.annual.is_some() {
        figures.push("sr0_annual", Unit::Ratio, "a year: SR0 x sqrt(P)", annual.into());
    }
    let most = expected_max(args.trials);
    figures.push(
        "expected_max",
        Unit::Ratio,
        "of N standard normal values: (1 - g) z(1 - 1/N) + g z(1 - 1/(N e))",
        most,
    );
    let alone = evidence.probability(0.0, convention);
    figures.push("psr", Unit::Probability, "PSR(0), as if there had been one trial", alone);
    Ok(StatisticReport { statistic: "dsr", inputs, figures })
}

pub(super) fn mintrl(args: &MintrlArgs) -> Result<StatisticReport, Failure> {
    // The length does not depend on what was observed.
    let Typed { evidence, convention, root, mut inputs } = Typed::new(&args.evidence, 3)?;
    let target = args.target / root;
    inputs.extend([("target_per_period", target.into()), ("confidence", args.confidence.into())]);
    let length = evidence.min_track_record(target, args.confidence, convention);
    let formula = match convention {
        Convention::Observed => "1 + (1 - g3 SR + (g4 - 1)/4 SR^2) (z / (SR - SR*))^2",
        Convention::Null => "(1 - g3 SR* + (g4 - 1)/4 SR*^2) (z / (SR - SR*))^2",
    };
    let mut figures = Stated::default();
    figures.push("min_track_record", Unit::Periods, formula, length);
    if let Some(periods) = args.evidence.annual {
        let years: Figure = length.get().map(|length| length / periods).into();
        figures.push("min_track_record_years", Unit::Years, "the same / P", years);
    }
    Ok(StatisticReport { statistic: "mintrl", inputs, figures })
}

pub(super) fn minbtl(args: &MinbtlArgs) -> StatisticReport {
    let length = min_backtest_length(args.trials, args.sharpe);
    let inputs = Inputs::from([("sharpe_annual", args.sharpe.into()), ("trials", args.trials.into())]);
    let mut figures = Stated::default();
    figures.push("min_backtest_length", Unit::Years, "(expected maximum of N / SR)^2", length.years);
    figures.push("upper_bound", Unit::Years, "2 ln(N) / SR^2", length.upper_bound);
    let most = expected_max(args.trials);
    figures.push("expected_max", Unit::Ratio, "of N standard normal values", most);
    StatisticReport { statistic: "minbtl", inputs, figures }
}
