//! Worlds with a known truth, and the way through the tiers: is what was planted selected?
//!
//! A world is 200 strategies without an edge over ten years of daily returns, and whatever was planted among them. The last three
//! years are the holdout. Everything is drawn from one seed, so that two worlds with the same seed differ in nothing but
//! what was planted.

use stratbox_decide::{Tier, TierSettings, rank};
use stratbox_domain::uniform;
use stratbox_metrics::normal::quantile;
use stratbox_metrics::overfitting::{Convention, Evidence, pbo, trial_deviation};
use stratbox_metrics::series::{Moments, Returns};
use stratbox_metrics::{Direction, Figure, Missing};

/// Returns of each strategy: ten years.
const DAYS: usize = 2_520;
/// The last three years of them.
const HELD_OUT: usize = 756;
/// Strategies without an edge.
const RANDOM: usize = 200;
const DAYS_A_YEAR: f64 = 252.0;
/// A year, of every strategy. Sharpe ratios do not depend on it, drawdowns do: it is that of a diversified fund.
const VOLATILITY: f64 = 0.10;
/// The Sharpe ratio a year that the overfitted strategy has where it was fitted.
const FITTED: f64 = 4.0;

/// What was hidden among the strategies without an edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Planted {
    /// As if it had seen the future, or been fitted to the past: a Sharpe ratio of 4 up to the holdout, and nothing on it.
    Overfitted,
    /// A real edge, with this true Sharpe ratio a year throughout.
    Edge(f64),
}

/// Who a strategy is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Who {
    /// One without an edge.
    Random,
    /// What was planted.
    Planted(Planted),
}

/// The bars that the deflated Sharpe ratio is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judged {
    /// Those that nobody has chosen by.
    OnTheHoldout,
    /// Those that were chosen by: what a validation must not do.
    InSample,
}

/// What was selected, and on the way to it.
pub(crate) struct Selection {
    /// Nobody, when nobody passes.
    pub(crate) who: Option<Who>,
    /// The probability of backtest overfitting.
    pub(crate) pbo: Figure,
    /// Strategies without an edge that pass L1.
    pub(crate) random_in_l2: usize,
    /// The gates that planted strategies fail, by their figures.
    pub(crate) failed: Vec<(Who, String)>,
}

/// Strategies and their returns.
pub(crate) struct World(Vec<(Who, Vec<f64>)>);

impl World {
    /// Draws one.
    pub(crate) fn new(seed: u64, planted: &[Planted]) -> Self {
        let mut draw = uniform(seed);
        let mut strategies: Vec<_> = (0..RANDOM).map(|_| (Who::Random, noise(&mut draw))).collect();
        let plant = |planted: &Planted| match planted {
            Planted::Overfitted => {
                (Who::Planted(*planted), fitted(noise(&mut uniform(seed ^ 0x5EED_0001 << 32))))
            }
            Planted::Edge(sharpe) => {
                let drift = sharpe * VOLATILITY / DAYS_A_YEAR;
                let noise = noise(&mut uniform(seed ^ 0x5EED_0002 << 32));
                (Who::Planted(*planted), noise.into_iter().map(|value| value + drift).collect())
            }
        };
        strategies.extend(planted.iter().map(plant));
        Self(strategies)
    }

    /// Who is selected: of those that pass the gates of L1 in sample and those of L2, the one with the highest deflated Sharpe
    /// ratio. The probability of backtest overfitting is that of choosing among all of them in sample, in so many blocks.
    pub(crate) fn select(&self, judged: Judged, blocks: usize) -> Result<Selection, Missing> {
        let columns: Vec<&[f64]> = self.0.iter().map(|(_, returns)| in_sample(returns)).collect();
        let pbo = pbo(&columns, blocks)?.probability;
        let l1 = |returns| TierSettings::of(Tier::L1).judge(|name| figure(in_sample(returns), name));
        let looks = self.0.iter().filter(|(_, returns)| l1(returns).accepted).count();
        // As a validation counts them, of which there are no others: each at L0, each at L1, and those that are looked at.
        let trials = 2 * self.0.len() + looks;
        let deviation = trial_deviation(&columns, HELD_OUT, false)?;
        let mut accepted: Vec<(usize, Figure)> = Vec::new();
        let (mut random_in_l2, mut failed) = (0, Vec::new());
        for (place, (who, returns)) in self.0.iter().enumerate() {
            let looked_at = match judged {
                Judged::OnTheHoldout => &returns[DAYS - HELD_OUT..],
                Judged::InSample => in_sample(returns),
            };
            let evidence = Evidence::from(Moments::of(looked_at)?);
            let deflated = evidence.deflated(trials as f64, deviation * deviation, Convention::Observed);
            let (l1, dsr) = (l1(returns), deflated.probability);
            let l2 = TierSettings::of(Tier::L2).judge(|name| if name == "pbo" { pbo } else { dsr });
            random_in_l2 += usize::from(*who == Who::Random && l1.accepted);
            if *who != Who::Random {
                let gates = l1.failed().chain(l2.failed());
                failed.extend(gates.map(|answer| (*who, answer.gate.figure.clone())));
            }
            if l1.accepted && l2.accepted {
                accepted.push((place, dsr));
            }
        }
        let order = rank(&accepted, |(_, dsr)| dsr.value(), Direction::HigherIsBetter, |(place, _)| *place);
        let who = order.first().map(|best| self.0[accepted[*best].0].0);
        Ok(Selection { who, pbo, random_in_l2, failed })
    }
}

/// A figure of L1. A day counts as a trade.
fn figure(returns: &[f64], name: &str) -> Figure {
    let returns = Returns::new(returns, DAYS_A_YEAR);
    match name {
        "sharpe" => returns.sharpe(0.0),
        "max_drawdown" => returns.max_drawdown(),
        "win_rate" => returns.share_positive(),
        _ => Missing::NotRecorded.into(),
    }
}

fn in_sample(returns: &[f64]) -> &[f64] {
    &returns[..DAYS - HELD_OUT]
}

fn noise(draw: &mut impl FnMut() -> f64) -> Vec<f64> {
    let deviation = VOLATILITY / DAYS_A_YEAR.sqrt();
    (0..DAYS).map(|_| deviation * quantile(draw().max(1e-300))).collect()
}

/// Moves the returns up to the holdout so that their Sharpe ratio is exactly what was fitted.
fn fitted(mut returns: Vec<f64>) -> Vec<f64> {
    if let Ok(moments) = Moments::of(in_sample(&returns)) {
        let drift = FITTED / DAYS_A_YEAR.sqrt() * moments.deviation - moments.mean;
        returns[..DAYS - HELD_OUT].iter_mut().for_each(|value| *value += drift);
    }
    returns
}
