//! What to do when none of the approaches passes.

use serde::{Deserialize, Serialize};
use stratbox_metrics::{Direction, Figure};

use super::variants::moves;

/// What to do when none passes its gates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IfNonePass {
    /// Try more variants of all approaches.
    NewVariants,
    /// Try more variants near the best one.
    RefineBest,
    /// Go back to research: other approaches are needed.
    Research,
    /// Let what is known decide between these: see [`after_failure`].
    Decide,
    /// Leave it at that.
    #[default]
    Stop,
}

/// What is known when a round has ended and none passed.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// Rounds so far.
    pub rounds: u64,
    /// Rounds that there may be.
    pub max_rounds: u64,
    /// The best figure up to the end of each round.
    pub best_after: &'a [Figure],
    /// Which way that gets better.
    pub direction: Direction,
    /// Why the best may be mended by other parameters, when its misses are narrow.
    pub near_miss: Option<&'a str>,
    /// So many rounds without getting better by enough are a standstill; at least one.
    pub patience: u64,
    /// What is enough, as a share of the size of the best figure before them.
    pub min_improvement: f64,
}

/// What is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    /// Another round, with more variants of all approaches.
    NewVariants,
    /// Another round, with more variants near the best one.
    RefineBest,
    /// Other approaches are needed: somebody has to think of them.
    Research,
    /// That was all.
    Stop,
}

/// What is next, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Next {
    /// What.
    pub step: NextStep,
    /// Why, in a sentence.
    pub reason: String,
}

/// What to do when none passed. [`IfNonePass::Decide`] goes by what is known, the first that applies:
///
/// 1. the best misses its gates narrowly: refine it;
/// 2. the best has stopped getting better: research, as more of the same does not help;
/// 3. else: new variants.
///
/// When there may be no more rounds, none is begun; research needs none.
#[must_use]
pub fn after_failure(setting: IfNonePass, evidence: &Evidence<'_>) -> Next {
    let asked = |step| (step, "none passed, and that is what was asked for then".to_owned());
    let (step, reason) = match setting {
        IfNonePass::NewVariants => asked(NextStep::NewVariants),
        IfNonePass::RefineBest => asked(NextStep::RefineBest),
        IfNonePass::Research => asked(NextStep::Research),
        IfNonePass::Stop => asked(NextStep::Stop),
        IfNonePass::Decide => decide(evidence),
    };
    let Evidence { rounds, max_rounds, .. } = *evidence;
    let another = matches!(step, NextStep::NewVariants | NextStep::RefineBest);
    if another && rounds >= max_rounds {
        let reason =
            format!("none passed, and there may be no more rounds: {rounds} of {max_rounds} are done");
        return Next { step: NextStep::Stop, reason };
    }
    Next { step, reason }
}

fn decide(evidence: &Evidence<'_>) -> (NextStep, String) {
    if let Some(why) = evidence.near_miss {
        return (NextStep::RefineBest, format!("the best misses its gates narrowly: {why}"));
    }
    let patience = evidence.patience.max(1);
    if moves(evidence.best_after, evidence.direction, patience, evidence.min_improvement) {
        (NextStep::NewVariants, "the best misses its gates by far, and may still get better".to_owned())
    } else {
        let rounds = if patience == 1 { "the last round".to_owned() } else { format!("{patience} rounds") };
        (NextStep::Research, format!("the best misses its gates by far, and got no better in {rounds}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence<'a>(best_after: &'a [Figure], near_miss: Option<&'a str>) -> Evidence<'a> {
        let direction = Direction::HigherIsBetter;
        let rounds = best_after.len() as u64;
        Evidence {
            rounds,
            max_rounds: 5,
            best_after,
            direction,
            near_miss,
            patience: 2,
            min_improvement: 0.01,
        }
    }

    fn decided(values: &[f64], near_miss: Option<&str>) -> NextStep {
        let figures: Vec<Figure> = values.iter().copied().map(Figure::of).collect();
        after_failure(IfNonePass::Decide, &evidence(&figures, near_miss)).step
    }

    #[test]
    fn what_was_asked_for_is_done_whatever_is_known() {
        for (setting, step) in [
            (IfNonePass::NewVariants, NextStep::NewVariants),
            (IfNonePass::RefineBest, NextStep::RefineBest),
            (IfNonePass::Research, NextStep::Research),
            (IfNonePass::Stop, NextStep::Stop),
        ] {
            assert_eq!(after_failure(setting, &evidence(&[Figure::of(1.0)], Some("narrow"))).step, step);
        }
    }

    #[test]
    fn a_narrow_miss_is_refined() {
        assert_eq!(decided(&[1.0, 1.0, 1.0], Some("`sharpe` is 0.9")), NextStep::RefineBest);
        let figures = [Figure::of(1.0)];
        let next = after_failure(IfNonePass::Decide, &evidence(&figures, Some("`sharpe` is 0.9")));
        assert!(next.reason.contains("`sharpe` is 0.9"), "{}", next.reason);
    }

    #[test]
    fn a_best_that_stopped_getting_better_needs_other_ideas_and_one_that_moves_needs_variants() {
        assert_eq!(decided(&[1.0, 1.0, 1.0], None), NextStep::Research);
        assert_eq!(decided(&[1.0, 1.0, 1.5], None), NextStep::NewVariants);
        assert_eq!(decided(&[1.0], None), NextStep::NewVariants);
    }

    #[test]
    fn when_the_rounds_are_used_up_none_is_begun() {
        assert_eq!(decided(&[1.0, 2.0, 3.0, 4.0], None), NextStep::NewVariants);
        assert_eq!(decided(&[1.0, 2.0, 3.0, 4.0, 5.0], None), NextStep::Stop);
        assert_eq!(decided(&[1.0; 5], None), NextStep::Research, "which needs no round");
    }
}
