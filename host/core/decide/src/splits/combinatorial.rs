//! Variants judged by combinatorial purged cross-validation.

use serde::Serialize;
use stratbox_metrics::{Figure, Missing};

use super::moments::{best_of, check, sharpe};
use super::{Choice, Cpcv, SplitError, Timeline};

/// What came of choosing and testing in every split. Sharpe ratios are per step.
///
/// One variant alone has the same returns on every path: paths differ by what was chosen for them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Combinatorial {
    /// By split.
    pub choices: Vec<Choice>,
    /// By path: the Sharpe ratio of [`path_returns`].
    pub paths: Vec<Figure>,
    /// How they are spread.
    pub spread: PathSpread,
}

/// How the paths' Sharpe ratios are spread: a distribution in the place of the one number of a single backtest. Values are
/// absent where no path has a Sharpe ratio.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PathSpread {
    /// Paths with a Sharpe ratio.
    pub count: usize,
    /// Paths without one.
    pub missing: usize,
    /// Mean.
    pub mean: Option<f64>,
    /// Standard deviation (ddof 1); from two paths on.
    pub deviation: Option<f64>,
    /// Smallest.
    pub min: Option<f64>,
    /// Half of the paths are below; of an even number the mean of the two in the middle.
    pub median: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
    /// Share of the paths whose Sharpe ratio is zero or below.
    pub losing: Option<f64>,
}

/// Chooses in the train parts of each split by the Sharpe ratio, and judges the choices path by path.
///
/// `series` has each variant's return at each step of the timeline.
///
/// # Errors
/// A variant whose returns are not as many as steps, or not all numbers.
pub fn combinatorial(
    series: &[impl AsRef<[f64]>],
    timeline: &Timeline,
    cpcv: &Cpcv,
) -> Result<Combinatorial, SplitError> {
    check(series, timeline.steps())?;
    let ranges = |split: &super::CpcvSplit| split.train.iter().map(|part| part.steps.clone()).collect();
    let trains: Vec<Vec<_>> = cpcv.splits.iter().map(ranges).collect();
    let mut tested = Vec::new();
    let choice = |(split, best): (&super::CpcvSplit, Result<(usize, f64), Missing>)| {
        tested.clear();
        for group in &split.test_groups {
            let steps = cpcv.groups[*group].steps.clone();
            match best {
                Ok((variant, _)) => tested.extend_from_slice(&series[variant].as_ref()[steps]),
                Err(_) => tested.resize(tested.len() + steps.len(), 0.0),
            }
        }
        Choice::of(best, sharpe(&tested))
    };
    let choices: Vec<Choice> = cpcv.splits.iter().zip(best_of(series, &trains)).map(choice).collect();
    let path = |path| sharpe(&path_returns(series, cpcv, &choices, path));
    let paths: Vec<Figure> = (0..cpcv.paths.len()).map(path).collect();
    let spread = spread(&paths);
    Ok(Combinatorial { choices, paths, spread })
}

/// The returns of one path, a step of every group after the other: for each group those of what was chosen in the split
/// whose test of it belongs to the path, and zero where nothing was.
///
/// # Panics
/// If there is no such path, or the choices are those of other splits.
#[must_use]
pub fn path_returns(series: &[impl AsRef<[f64]>], cpcv: &Cpcv, choices: &[Choice], path: usize) -> Vec<f64> {
    let mut returns = Vec::new();
    for (group, split) in cpcv.paths[path].iter().enumerate() {
        let steps = cpcv.groups[group].steps.clone();
        match choices[*split].variant {
            Some(variant) => returns.extend_from_slice(&series[variant].as_ref()[steps]),
            None => returns.resize(returns.len() + steps.len(), 0.0),
        }
    }
    returns
}

fn spread(paths: &[Figure]) -> PathSpread {
    let mut values: Vec<f64> = paths.iter().filter_map(|figure| figure.value()).collect();
    values.sort_by(f64::total_cmp);
    let count = values.len();
    let number = count as f64;
    let mean = (count > 0).then(|| values.iter().sum::<f64>() / number);
    let squares = |mean: f64| values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>();
    let middle = |place: usize| values.get(place).copied();
    let median = match count {
        0 => None,
        _ if count % 2 == 1 => middle(count / 2),
        _ => middle(count / 2 - 1).zip(middle(count / 2)).map(|(low, high)| low + (high - low) / 2.0),
    };
    PathSpread {
        count,
        missing: paths.len() - count,
        mean,
        deviation: mean.filter(|_| count > 1).map(|mean| libm::sqrt(squares(mean) / (number - 1.0))),
        min: values.first().copied(),
        median,
        max: values.last().copied(),
        losing: mean.map(|_| values.iter().filter(|value| **value <= 0.0).count() as f64 / number),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CpcvSettings, Length};
    use super::*;

    fn cpcv(timeline: &Timeline, groups: u32, test_groups: u32) -> Cpcv {
        let none = Length::default();
        let settings = CpcvSettings { groups, test_groups, purge: none, embargo: none };
        settings.splits(timeline, &timeline.whole()).unwrap()
    }

    /// One that is good in some of four groups of five steps each, and bad in the others.
    fn good_in(groups: &[usize]) -> Vec<f64> {
        let sign = |step: usize| if groups.contains(&(step / 5)) { 1.0 } else { -1.0 };
        (0..20).map(|step| sign(step) * (1.0 + 0.1 * (step % 5) as f64)).collect()
    }

    #[test]
    fn each_split_is_judged_by_what_its_other_groups_chose() {
        let timeline = Timeline::new(0..20).unwrap();
        let cpcv = cpcv(&timeline, 4, 1);
        let series = [good_in(&[0, 1]), good_in(&[2, 3])];
        let result = combinatorial(&series, &timeline, &cpcv).unwrap();
        let chosen: Vec<_> = result.choices.iter().map(|choice| choice.variant.unwrap()).collect();
        assert_eq!(chosen, [1, 1, 0, 0], "what is good elsewhere");
        let path = path_returns(&series, &cpcv, &result.choices, 0);
        assert!(path.iter().all(|value| *value < 0.0), "and bad here");
        assert_eq!(result.spread.losing, Some(1.0));
    }

    #[test]
    fn one_variant_alone_has_the_same_returns_on_every_path() {
        let timeline = Timeline::new(0..20).unwrap();
        let cpcv = cpcv(&timeline, 4, 2);
        let series = [good_in(&[0, 2, 3])];
        let result = combinatorial(&series, &timeline, &cpcv).unwrap();
        assert_eq!(result.paths.len(), 3);
        for path in 0..3 {
            assert_eq!(path_returns(&series, &cpcv, &result.choices, path), series[0]);
        }
        let spread = result.spread;
        assert_eq!((spread.count, spread.missing, spread.deviation), (3, 0, Some(0.0)));
        assert_eq!((spread.min, spread.median), (spread.max, spread.mean));
    }

    #[test]
    fn paths_of_nothing_have_no_spread() {
        let timeline = Timeline::new(0..20).unwrap();
        let result = combinatorial(&[[0.0; 20]], &timeline, &cpcv(&timeline, 4, 2)).unwrap();
        assert_eq!((result.spread.count, result.spread.missing), (0, 3));
        assert_eq!((result.spread.mean, result.spread.losing), (None, None));
    }

    #[test]
    fn the_spread_is_that_of_the_values() {
        let figures = [3.0, -1.0, 1.0, 2.0].map(Figure::of);
        let found = spread(&figures);
        assert_eq!((found.min, found.median, found.max), (Some(-1.0), Some(1.5), Some(3.0)));
        assert_eq!((found.mean, found.losing), (Some(1.25), Some(0.25)));
        assert!((found.deviation.unwrap() - (8.75_f64 / 3.0).sqrt()).abs() < 1e-15);
    }
}
