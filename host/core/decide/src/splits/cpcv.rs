//! Combinatorial purged cross-validation, after Lopez de Prado, Advances in Financial Machine Learning (2018), chapters 7
//! and 12.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::length::Gap;
use super::{Length, Part, SplitError, Timeline};

/// The most splits that are made.
pub const MAX_SPLITS: usize = 100_000;

/// How bars are cut into groups and groups are combined: the table `[cpcv]`.
///
/// ```toml
/// [cpcv]
/// groups = 10        # N
/// test_groups = 2    # k: every k of the N groups are tested once together, and the others trained on
/// purge = 5          # bars, or a length of time
/// embargo = 0.01     # the same, or a share of all bars
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CpcvSettings {
    /// N, at least 2.
    pub groups: u32,
    /// k, at least 1 and less than N.
    pub test_groups: u32,
    /// How far what is known at a step reaches into the future: so much is left out of training before each test group,
    /// where it would reach into the test, and after it, where the test reaches into it.
    #[serde(default)]
    pub purge: Length,
    /// How much more is left out after each test group, as steps after it resemble it.
    #[serde(default)]
    pub embargo: Length,
}

/// Groups, splits and paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cpcv {
    /// The N groups in the order of time: T / N steps each, rounded down, and the last with what is left over.
    pub groups: Vec<Part>,
    /// Every k of the groups, in lexicographic order: C(N, k) splits.
    pub splits: Vec<CpcvSplit>,
    /// The phi = k / N C(N, k) backtest paths: for each group the split whose test of it belongs to the path. The path j of a
    /// group is the j-th split that tests it, so that each test of each split is in just one path.
    pub paths: Vec<Vec<usize>>,
}

/// One choice and its tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CpcvSplit {
    /// The groups that are tested, ascending.
    pub test_groups: Vec<usize>,
    /// What is trained on: the other groups without what is purged or under embargo, in the order of time. Neighbouring
    /// groups are one part.
    pub train: Vec<Part>,
}

impl CpcvSettings {
    /// Whether they make sense, whatever the bars are.
    ///
    /// # Errors
    /// The first setting that does not.
    pub fn validate(&self) -> Result<(), SplitError> {
        let (n, k) = (self.groups, self.test_groups);
        if n < 2 {
            return Err(SplitError::setting("cpcv.groups", format!("is {n}: at least 2")));
        }
        if k == 0 || k >= n {
            let problem = format!("is {k}: from 1 to {}, as others must be left to train on", n - 1);
            return Err(SplitError::setting("cpcv.test_groups", problem));
        }
        if combinations(n, k).is_none_or(|splits| splits > MAX_SPLITS) {
            let hint = "make `cpcv.groups` or `cpcv.test_groups` less";
            return Err(SplitError::TooMany { what: "splits", most: MAX_SPLITS, hint });
        }
        self.purge.check_gap("cpcv.purge", false)?;
        self.embargo.check_gap("cpcv.embargo", true)
    }

    /// The splits of a part of a timeline, which is what choices may read.
    ///
    /// # Errors
    /// Settings that make no sense; fewer steps than groups; a split that has nothing to train on.
    pub fn splits(&self, timeline: &Timeline, within: &Part) -> Result<Cpcv, SplitError> {
        self.validate()?;
        let (n, k) = (self.groups as usize, self.test_groups as usize);
        let size = within.len() / n;
        if size == 0 {
            let why = format!("{} bars cannot be cut into {n}", within.len());
            return Err(SplitError::Empty { part: "cpcv.groups".to_owned(), why });
        }
        let bounds = |group: usize| {
            let start = within.steps.start + group * size;
            start..if group + 1 == n { within.steps.end } else { start + size }
        };
        let groups: Vec<Range<usize>> = (0..n).map(bounds).collect();
        let gaps = Gaps {
            before: Gap::of(&[self.purge], within.len()),
            after: Gap::of(&[self.purge, self.embargo], within.len()),
        };
        let mut splits = Vec::new();
        for test_groups in subsets(n, k) {
            let train = train(timeline, within, &groups, &test_groups, gaps);
            if train.is_empty() {
                let named: Vec<String> = test_groups.iter().map(|group| (group + 1).to_string()).collect();
                let why = format!(
                    "`purge` and `embargo` leave nothing to train on when groups {} are tested",
                    named.join(", ")
                );
                return Err(SplitError::Empty { part: "cpcv".to_owned(), why });
            }
            splits.push(CpcvSplit { test_groups, train });
        }
        let paths = paths(n, &splits);
        let groups = groups.into_iter().map(|steps| timeline.part(steps)).collect();
        Ok(Cpcv { groups, splits, paths })
    }
}

impl Cpcv {
    /// One path from one end of the groups to the other: `tested` gives, for a split and a group that it tests, what came of
    /// that test, such as its returns.
    ///
    /// # Panics
    /// If there is no such path.
    pub fn assemble<'a, T: Clone + 'a>(
        &self,
        path: usize,
        mut tested: impl FnMut(usize, usize) -> &'a [T],
    ) -> Vec<T> {
        let parts = self.paths[path].iter().enumerate();
        parts.flat_map(|(group, split)| tested(*split, group).iter().cloned()).collect()
    }
}

#[derive(Clone, Copy)]
struct Gaps {
    before: Gap,
    after: Gap,
}

/// What is left to train on between and around the tested groups.
fn train(
    timeline: &Timeline,
    within: &Part,
    groups: &[Range<usize>],
    tested: &[usize],
    gaps: Gaps,
) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut start = within.steps.start;
    for group in tested {
        // Where a gap begins and ends moves on with the groups, so that later tests take nothing more from here.
        let end = timeline.end_before(groups[*group].start, gaps.before);
        if start < end {
            parts.push(timeline.part(start..end));
        }
        start = start.max(timeline.start_after(groups[*group].end, gaps.after));
    }
    if start < within.steps.end {
        parts.push(timeline.part(start..within.steps.end));
    }
    parts
}

/// Every `k` of the numbers below `n`, in lexicographic order.
fn subsets(n: usize, k: usize) -> impl Iterator<Item = Vec<usize>> {
    let mut next = Some((0..k).collect::<Vec<_>>());
    std::iter::from_fn(move || {
        let this = next.take()?;
        // The last number that can grow does, and those after it follow.
        let grows = (0..k).rev().find(|place| this[*place] < n - k + place);
        next = grows.map(|place| {
            let mut after = this.clone();
            for (offset, number) in after[place..].iter_mut().enumerate() {
                *number = this[place] + 1 + offset;
            }
            after
        });
        Some(this)
    })
}

fn paths(n: usize, splits: &[CpcvSplit]) -> Vec<Vec<usize>> {
    let tests = |group: usize| {
        let is_tested = move |(_, split): &(usize, &CpcvSplit)| split.test_groups.contains(&group);
        splits.iter().enumerate().filter(is_tested).map(|(split, _)| split).collect::<Vec<_>>()
    };
    let tests: Vec<Vec<usize>> = (0..n).map(tests).collect();
    (0..tests[0].len()).map(|path| tests.iter().map(|splits| splits[path]).collect()).collect()
}

/// C(n, k), when it is not beyond all bounds.
fn combinations(n: u32, k: u32) -> Option<usize> {
    let k = k.min(n - k);
    let mut found = 1_u128;
    for i in 0..u128::from(k) {
        found = found.checked_mul(u128::from(n) - i)? / (i + 1);
        if found > MAX_SPLITS as u128 {
            return None;
        }
    }
    usize::try_from(found).ok()
}

#[cfg(test)]
#[path = "cpcv_tests.rs"]
mod tests;
