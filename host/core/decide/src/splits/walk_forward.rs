//! Walk-forward: train on what was, test on what comes next, move on.

use serde::{Deserialize, Serialize};

use super::length::{Gap, to_usize};
use super::{Length, Part, Period, SplitError, Timeline};

/// The most folds that are made.
pub const MAX_FOLDS: usize = 100_000;

/// How bars are cut into folds: the table `[walk_forward]`.
///
/// ```toml
/// [walk_forward]
/// kind = "rolling"   # or "anchored": every train part begins with the first bar
/// train = "3y"       # the first train part, and with "rolling" every one
/// test = "6m"
/// step = "6m"        # from the beginning of a test part to that of the next; without it as long as `test`
/// purge = 5          # bars, or a length of time
/// embargo = 0.01     # the same, or a share of all bars
/// partial = true     # whether the last test part may be shorter
/// ```
///
/// `train`, `test` and `step` are all in bars, or all in time. Times are by the calendar in UTC and counted from the first
/// bar: with `train = "3y"` and `step = "1m"` on bars from 31 January 2010 on, test parts begin at 31 January 2013, 28 February,
/// 31 March and so on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalkForwardSettings {
    /// Where train parts begin.
    #[serde(default)]
    pub kind: WalkForwardKind,
    /// How long the first train part is, its purged end included.
    pub train: Length,
    /// How long each test part is.
    pub test: Length,
    /// How far it is from one test part to the next, at least as long as `test`; without it just as long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Length>,
    /// How far what is known at a step reaches into the future: the end of a train part that reaches into the test part is in
    /// neither.
    #[serde(default)]
    pub purge: Length,
    /// How much more than `purge` is left out, as neighbouring steps resemble each other. Nothing is trained on after a test
    /// part of the same fold, so this too is taken from the end of the train part.
    #[serde(default)]
    pub embargo: Length,
    /// Whether the last test part may be shorter than the others. In time, one is as long as the others when there is a bar
    /// at its end or later.
    #[serde(default = "yes")]
    pub partial: bool,
}

fn yes() -> bool {
    true
}

/// Where train parts begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WalkForwardKind {
    /// They move on with the test parts and stay as long as they are.
    #[default]
    Rolling,
    /// With the first bar: they grow.
    Anchored,
}

/// One choice and its test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fold {
    /// What is chosen by; ends before `test` begins.
    pub train: Part,
    /// What the choice is judged by; no step is in the test parts of two folds.
    pub test: Part,
}

/// Folds in the order of time, at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Folds {
    /// The folds.
    pub folds: Vec<Fold>,
    /// Windows that have no bar to test on, or none to train on, as windows in time may: they are no folds.
    pub left_out: usize,
}

/// Train, test and step in the same measure.
#[derive(Clone, Copy)]
enum Windows {
    Bars { train: usize, test: usize, step: usize },
    Time { train: Period, test: Period, step: Period },
}

impl WalkForwardSettings {
    /// Whether they make sense, whatever the bars are.
    ///
    /// # Errors
    /// The first setting that does not.
    pub fn validate(&self) -> Result<(), SplitError> {
        self.windows()?;
        self.purge.check_gap("walk_forward.purge", false)?;
        self.embargo.check_gap("walk_forward.embargo", true)
    }

    /// The folds of a part of a timeline, which is what choices may read.
    ///
    /// # Errors
    /// Settings that make no sense; no fold has bars; test parts would overlap; more than [`MAX_FOLDS`] windows.
    pub fn folds(&self, timeline: &Timeline, within: &Part) -> Result<Folds, SplitError> {
        self.validate()?;
        let windows = self.windows()?;
        let gap = Gap::of(&[self.purge, self.embargo], within.len());
        let mut made = Folds { folds: Vec::new(), left_out: 0 };
        let mut tested = within.steps.start;
        for number in 0.. {
            let Some(Window { train, test, is_whole }) = window(windows, timeline, within, number) else {
                break;
            };
            if number as usize >= MAX_FOLDS {
                let hint = "make `walk_forward.step` longer";
                return Err(SplitError::TooMany { what: "windows", most: MAX_FOLDS, hint });
            }
            if test.start < tested {
                let problem = "is shorter than `walk_forward.test`: test parts would overlap";
                return Err(SplitError::setting("walk_forward.step", problem));
            }
            tested = test.end;
            if !is_whole && !self.partial {
                break;
            }
            let start = if self.kind == WalkForwardKind::Anchored { within.steps.start } else { train };
            let train = start..timeline.end_before(test.start, gap);
            if train.is_empty() || test.is_empty() {
                made.left_out += 1;
            } else {
                made.folds.push(Fold { train: timeline.part(train), test: timeline.part(test) });
            }
        }
        if made.folds.is_empty() {
            let why = format!(
                "in {} bars there is no train part with a test part after it; {}",
                within.len(),
                timeline.covered()
            );
            return Err(SplitError::Empty { part: "walk_forward".to_owned(), why });
        }
        Ok(made)
    }

    fn windows(&self) -> Result<Windows, SplitError> {
        let step = self.step.unwrap_or(self.test);
        let (train, test, step) = match (self.train, self.test, step) {
            (Length::Bars(train), Length::Bars(test), Length::Bars(step)) => (train, test, step),
            (Length::Time(train), Length::Time(test), Length::Time(step)) => {
                return Ok(Windows::Time { train, test, step });
            }
            _ => {
                let problem = "are to be all in bars (whole numbers), or all in time (such as `\"6m\"`)";
                return Err(SplitError::setting("walk_forward.train`, `test` and `step", problem));
            }
        };
        for (setting, bars) in [("walk_forward.train", train), ("walk_forward.test", test)] {
            if bars == 0 {
                return Err(SplitError::setting(setting, "is 0: at least one bar"));
            }
        }
        if step < test {
            let problem = format!("is {step}, less than `test` with {test}: test parts would overlap");
            return Err(SplitError::setting("walk_forward.step", problem));
        }
        let (train, test, step) = (to_usize(train), to_usize(test), to_usize(step));
        Ok(Windows::Bars { train, test, step })
    }
}

struct Window {
    /// Where a rolling train part begins.
    train: usize,
    test: std::ops::Range<usize>,
    /// Whether the bars go on to the end of the test part.
    is_whole: bool,
}

/// The window of some number; `None` when it would begin after the last step.
fn window(windows: Windows, timeline: &Timeline, within: &Part, number: i64) -> Option<Window> {
    let (first, end) = (within.steps.start, within.steps.end);
    match windows {
        Windows::Bars { train, test, step } => {
            let moved = step.saturating_mul(to_usize(number.unsigned_abs()));
            let at = |steps: usize| first.saturating_add(moved).saturating_add(steps);
            let (start, stop) = (at(train), at(train.saturating_add(test)));
            let test = start..stop.min(end);
            (start < end).then_some(Window { train: at(0), test, is_whole: stop <= end })
        }
        Windows::Time { train, test, step } => {
            let at = |period: Period| period.after(within.from);
            // Counted from the first bar: months that end a day early do not move those after them.
            let moved = step.times(number);
            let start = at(moved.plus(train));
            let stop = at(moved.plus(train).plus(test));
            let step_at = |time| timeline.between(Some(time), None).start.clamp(first, end);
            let is_whole = stop <= timeline.times()[end - 1];
            let window = Window { train: step_at(at(moved)), test: step_at(start)..step_at(stop), is_whole };
            (start < within.to).then_some(window)
        }
    }
}

#[cfg(test)]
#[path = "walk_forward_tests.rs"]
mod tests;
