//! Variants judged by walking forward.

use std::fmt;

use serde::{Serialize, Serializer};
use stratbox_metrics::{Figure, Missing};

use super::moments::{best_of, check, sharpe};
use super::{Folds, SplitError, Timeline};

/// What was chosen in one fold or split.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Choice {
    /// The variant with the highest Sharpe ratio in training, the first of equal ones. `None` when no variant has one: then
    /// nothing is traded in the test, whose returns are zero.
    pub variant: Option<usize>,
    /// Its Sharpe ratio in training, per step.
    pub in_sample: Figure,
    /// Its Sharpe ratio in the test, per step.
    pub out_of_sample: Figure,
}

impl Choice {
    pub(super) fn of(best: Result<(usize, f64), Missing>, out_of_sample: Figure) -> Self {
        let in_sample = best.map_or_else(Figure::from, |(_, sharpe)| Figure::of(sharpe));
        Self { variant: best.ok().map(|(variant, _)| variant), in_sample, out_of_sample }
    }
}

/// What came of choosing and testing in every fold. Sharpe ratios are per step: times the root of the steps a year, they
/// are annual.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WalkForward {
    /// By fold.
    pub choices: Vec<Choice>,
    /// The steps of all test parts, ascending.
    pub steps: Vec<usize>,
    /// The return of what was chosen at each of these steps: the series that nothing was fitted to.
    pub returns: Vec<f64>,
    /// The mean of the chosen variants' Sharpe ratios in training; a reason when nothing was ever chosen.
    pub in_sample: Figure,
    /// The Sharpe ratio of `returns`.
    pub out_of_sample: Figure,
    /// `out_of_sample / in_sample`: how much of what training promises is left.
    #[serde(serialize_with = "number_or_null")]
    pub efficiency: Result<f64, NoEfficiency>,
}

/// Why there is no efficiency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoEfficiency {
    /// No fold has a variant with a Sharpe ratio in training.
    NothingChosen,
    /// The mean Sharpe ratio in training is zero or below: a ratio to it would mean nothing.
    NoGainInSample,
    /// There is no Sharpe ratio out of sample.
    OutOfSample(Missing),
}

impl fmt::Display for NoEfficiency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingChosen => f.write_str("no variant had a Sharpe ratio in training"),
            Self::NoGainInSample => f.write_str("the Sharpe ratio in training was zero or below"),
            Self::OutOfSample(missing) => write!(f, "out of sample {missing}"),
        }
    }
}

fn number_or_null<S: Serializer>(
    value: &Result<f64, NoEfficiency>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value.ok().serialize(serializer)
}

/// Chooses in each fold's train part by the Sharpe ratio, and takes the choice's returns of its test part.
///
/// `series` has each variant's return at each step of the timeline. Variants must have been run without choosing anything
/// themselves by later steps.
///
/// # Errors
/// A variant whose returns are not as many as steps, or not all numbers.
pub fn walk_forward(
    series: &[impl AsRef<[f64]>],
    timeline: &Timeline,
    folds: &Folds,
) -> Result<WalkForward, SplitError> {
    check(series, timeline.steps())?;
    let trains: Vec<_> = folds.folds.iter().map(|fold| vec![fold.train.steps.clone()]).collect();
    let (mut choices, mut steps, mut returns) = (Vec::new(), Vec::new(), Vec::new());
    for (fold, best) in folds.folds.iter().zip(best_of(series, &trains)) {
        let test = fold.test.steps.clone();
        steps.extend(test.clone());
        let begin = returns.len();
        match best {
            Ok((variant, _)) => returns.extend_from_slice(&series[variant].as_ref()[test]),
            Err(_) => returns.resize(begin + test.len(), 0.0),
        }
        choices.push(Choice::of(best, sharpe(&returns[begin..])));
    }
    let chosen: Vec<f64> = choices.iter().filter_map(|choice| choice.in_sample.value()).collect();
    let in_sample = if chosen.is_empty() {
        choices.first().map_or(Missing::NoData.into(), |choice| choice.in_sample)
    } else {
        Figure::of(chosen.iter().sum::<f64>() / chosen.len() as f64)
    };
    let out_of_sample = sharpe(&returns);
    let efficiency = match (in_sample.value(), out_of_sample.get()) {
        (None, _) => Err(NoEfficiency::NothingChosen),
        (Some(inside), _) if inside <= 0.0 => Err(NoEfficiency::NoGainInSample),
        (Some(_), Err(missing)) => Err(NoEfficiency::OutOfSample(missing)),
        (Some(inside), Ok(outside)) => Figure::of(outside / inside).get().map_err(NoEfficiency::OutOfSample),
    };
    Ok(WalkForward { choices, steps, returns, in_sample, out_of_sample, efficiency })
}

#[cfg(test)]
mod tests {
    use super::super::{Length, WalkForwardKind, WalkForwardSettings};
    use super::*;

    fn folds(timeline: &Timeline) -> Folds {
        let bars = Length::Bars(4);
        let settings = WalkForwardSettings {
            kind: WalkForwardKind::Rolling,
            train: bars,
            test: bars,
            step: None,
            purge: Length::default(),
            embargo: Length::default(),
            partial: true,
        };
        settings.folds(timeline, &timeline.whole()).unwrap()
    }

    #[test]
    fn the_best_of_training_is_tested_and_the_tests_follow_one_another() {
        let timeline = Timeline::new(0..12).unwrap();
        let first = [0.1, 0.2, 0.1, 0.2, -0.5, -0.4, -0.5, -0.4, 0.3, 0.5, 0.3, 0.5];
        let second = [-0.1, 0.0, -0.1, 0.0, 0.2, 0.4, 0.2, 0.4, -0.3, -0.1, -0.3, -0.1];
        let result = walk_forward(&[first, second], &timeline, &folds(&timeline)).unwrap();
        assert_eq!(result.choices.iter().map(|it| it.variant).collect::<Vec<_>>(), [Some(0), Some(1)]);
        assert_eq!(result.steps, (4..12).collect::<Vec<_>>());
        assert_eq!(result.returns, [&first[4..8], &second[8..12]].concat());
        let root = (0.01_f64 / 3.0).sqrt();
        let expected = (0.15 / root + 0.3 / (2.0 * root)) / 2.0;
        assert!((result.in_sample.value().unwrap() - expected).abs() < 1e-12);
        assert!(result.efficiency.unwrap() < 0.0);
    }

    #[test]
    fn where_nothing_can_be_chosen_nothing_is_traded() {
        let timeline = Timeline::new(0..12).unwrap();
        let late = [0.0, 0.0, 0.0, 0.0, 0.1, 0.2, 0.1, 0.2, 0.1, 0.3, 0.1, 0.3];
        let result = walk_forward(&[late], &timeline, &folds(&timeline)).unwrap();
        assert_eq!(result.choices[0].variant, None);
        assert_eq!(result.returns, [0.0, 0.0, 0.0, 0.0, 0.1, 0.3, 0.1, 0.3]);
        let flat = walk_forward(&[[0.0; 12]], &timeline, &folds(&timeline)).unwrap();
        assert_eq!(flat.efficiency, Err(NoEfficiency::NothingChosen));
        let none = walk_forward(&[[0.0; 12]; 0], &timeline, &folds(&timeline)).unwrap();
        assert_eq!(none.returns, [0.0; 8]);
    }

    #[test]
    fn a_loss_in_training_has_no_efficiency() {
        let timeline = Timeline::new(0..12).unwrap();
        let loss: Vec<f64> = (0..12).map(|step| -0.1 * f64::from(step % 3)).collect();
        let result = walk_forward(&[loss], &timeline, &folds(&timeline)).unwrap();
        assert_eq!(result.efficiency, Err(NoEfficiency::NoGainInSample));
        assert_eq!(serde_json::to_value(&result).unwrap()["efficiency"], serde_json::Value::Null);
    }

    #[test]
    fn returns_that_do_not_fit_are_refused_by_variant_and_step() {
        let timeline = Timeline::new(0..12).unwrap();
        let refused =
            |series: &[Vec<f64>]| walk_forward(series, &timeline, &folds(&timeline)).unwrap_err().to_string();
        assert_eq!(
            refused(&[vec![0.0; 12], vec![0.0; 11]]),
            "the returns of variant 1: there are 11 of them, and 12 steps"
        );
        let mut broken = vec![0.0; 12];
        broken[5] = f64::NAN;
        assert_eq!(refused(&[broken]), "the returns of variant 0: that of step 5 is NaN");
    }
}
