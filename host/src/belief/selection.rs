//! What choosing among the variants would have earned on bars that the choice had not seen.

use serde::Serialize;
use stratbox_decide::splits::{
    Combinatorial, SplitError, Timeline, WalkForward, combinatorial, walk_forward,
};
use stratbox_domain::BarSource;

use super::sample::Sample;
use crate::sweep::Plan;
use crate::trace::{self, Keeps};

/// What is said of choosing.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Selection {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) walk_forward: Option<WalkForward>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpcv: Option<Combinatorial>,
    /// Why something that was asked for is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) folds_missing: Option<String>,
}

impl Selection {
    /// What the plan asks for, on the sample's series.
    pub(super) fn of(plan: &Plan, sample: &Sample) -> Self {
        if plan.walk_forward.is_none() && plan.cpcv.is_none() {
            return Self::default();
        }
        let missing = |problem: String| Self { folds_missing: Some(problem), ..Self::default() };
        if sample.columns.is_empty() {
            return missing("no variant of the sample has returns".to_owned());
        }
        Self::judged(plan, sample).unwrap_or_else(|error| missing(error.to_string()))
    }

    fn judged(plan: &Plan, sample: &Sample) -> Result<Self, SplitError> {
        let steps = plan.bars.source.steps();
        let keeps = Keeps::equity(steps, steps.div_ceil(sample.stride()));
        let timeline = Timeline::new(trace::times(&*plan.bars.source, keeps))?;
        let whole = timeline.whole();
        let walk = |settings: &stratbox_decide::splits::WalkForwardSettings| {
            let folds = settings.folds(&timeline, &whole)?;
            walk_forward(&sample.columns, &timeline, &folds)
        };
        let combine = |settings: &stratbox_decide::splits::CpcvSettings| {
            let splits = settings.splits(&timeline, &whole)?;
            combinatorial(&sample.columns, &timeline, &splits)
        };
        Ok(Self {
            walk_forward: plan.walk_forward.as_ref().map(walk).transpose()?,
            cpcv: plan.cpcv.as_ref().map(combine).transpose()?,
            folds_missing: None,
        })
    }
}
