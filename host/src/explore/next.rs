//! What the next round is, if there is one: a function of what is known, so that it can be told again.

use stratbox_decide::allocation::{Claim, Evidence, NextStep, Resources, Share, Variants, after_failure};
use stratbox_metrics::{Direction, Figure};

use super::settings::Settings;
use crate::failure::Failure;

/// Rounds of one exploration, whatever they are for.
const MOST_ROUNDS: usize = 200;

/// What is known of an approach that may be given more.
#[derive(Debug, Clone)]
pub(super) struct Grower {
    /// Its place among the approaches.
    pub(super) place: usize,
    pub(super) claim: Claim,
    /// The best figure after each of its rounds.
    pub(super) best_after: Vec<Figure>,
    /// Points that it has.
    pub(super) samples: u64,
}

/// What is known after a round.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub(super) settings: &'a Settings,
    pub(super) direction: Direction,
    /// Rounds so far.
    pub(super) rounds: usize,
    /// Rounds so far that were begun because none had passed.
    pub(super) retries: u32,
    /// The best figure of all approaches after each round.
    pub(super) best_after: &'a [Figure],
    /// Those that may be given more, in the order of the approaches.
    pub(super) growers: Vec<Grower>,
    /// The approach whose best is the best of all.
    pub(super) leader: Option<usize>,
    /// The one whose best is the best of those that have time left.
    pub(super) refinable: Option<usize>,
}

/// Another round, or none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// So many more for these, and these are given no more from now on.
    More { shares: Vec<(usize, u64)>, out: Vec<usize>, why: String, retry: bool },
    /// So many around the best of this one.
    Refine { place: usize, samples: u64, why: String },
    /// No more, and what is to be done instead, if anything is.
    Stop { why: String, research: bool },
}

/// What those who never ran begin with: their own numbers, or their shares.
///
/// # Errors
/// The claims make no sense.
pub(super) fn first_shares(
    settings: &Settings,
    claims: &[Claim],
    direction: Direction,
) -> Result<Vec<Share>, Failure> {
    // What came of it decides later.
    let resources = match settings.resources {
        Resources::Reallocated { .. } => Resources::Equal,
        resources => resources,
    };
    shares(resources, settings.first().saturating_mul(claims.len() as u64), claims, direction)
}

fn shares(
    resources: Resources,
    budget: u64,
    claims: &[Claim],
    direction: Direction,
) -> Result<Vec<Share>, Failure> {
    let shares = resources.shares(budget, claims, direction);
    shares.map_err(|error| Failure::input(format!("the variants cannot be shared: {error}")))
}

impl Known<'_> {
    /// More, while the best of anybody still moves, or halves are left to choose from; `None` when that is over.
    pub(super) fn going_on(&self) -> Result<Option<Next>, Failure> {
        if self.rounds >= MOST_ROUNDS {
            return Ok(None);
        }
        match self.settings.variants {
            Variants::Adaptive(adaptive) => {
                let moving = self.growers.iter().filter_map(|grower| {
                    let more = self.settings.variants.next(&grower.best_after, self.direction)?;
                    (grower.samples < adaptive.most).then_some((grower, more))
                });
                let (moving, wanted): (Vec<&Grower>, Vec<u64>) = moving.unzip();
                let budget = wanted.iter().sum();
                let why = "the best still moves".to_owned();
                self.shared(&moving, budget, why)
            }
            Variants::Fixed(first) => {
                let Resources::Reallocated { .. } = self.settings.resources else { return Ok(None) };
                let growers: Vec<&Grower> = self.growers.iter().collect();
                if growers.len() < 2 {
                    return Ok(None);
                }
                let why = "the better ones share what there is".to_owned();
                let budget = first.saturating_mul(growers.len() as u64);
                self.shared(&growers, budget, why)
            }
        }
    }

    /// Divides a budget; `None` when nobody gets anything.
    fn shared(&self, growers: &[&Grower], budget: u64, why: String) -> Result<Option<Next>, Failure> {
        if growers.is_empty() {
            return Ok(None);
        }
        let most = match self.settings.variants {
            Variants::Adaptive(adaptive) => adaptive.most,
            Variants::Fixed(_) => u64::MAX,
        };
        let claims: Vec<Claim> = growers.iter().map(|grower| grower.claim.clone()).collect();
        let shares = shares(self.settings.resources, budget, &claims, self.direction)?;
        let (mut given, mut out) = (Vec::new(), Vec::new());
        for grower in growers {
            let Some(share) = shares.iter().find(|share| share.name == grower.claim.name) else { continue };
            let room = most.saturating_sub(grower.samples);
            match share.variants.min(room) {
                _ if !share.goes_on => out.push(grower.place),
                0 => {}
                variants => given.push((grower.place, variants)),
            }
        }
        Ok((!given.is_empty()).then_some(Next::More { shares: given, out, why, retry: false }))
    }

    /// What follows when no approach passed its gates.
    pub(super) fn none_passed(&self, near_miss: Option<&str>) -> Result<Next, Failure> {
        let (patience, min_improvement) = match self.settings.variants {
            Variants::Adaptive(adaptive) => (adaptive.patience, adaptive.min_improvement),
            Variants::Fixed(_) => (1, 0.01),
        };
        let evidence = Evidence {
            rounds: u64::from(self.retries) + 1,
            max_rounds: u64::from(self.settings.max_rounds),
            best_after: self.best_after,
            direction: self.direction,
            near_miss,
            patience,
            min_improvement,
        };
        let next = after_failure(self.settings.if_none_pass, &evidence);
        let (first, why) = (self.settings.first(), next.reason);
        let nobody = |research| Next::Stop {
            why: "none passed, and no approach can be given more variants".to_owned(),
            research,
        };
        Ok(match next.step {
            NextStep::Stop => Next::Stop { why, research: false },
            NextStep::Research => Next::Stop { why, research: true },
            NextStep::RefineBest => match (self.refinable, self.leader) {
                (Some(place), _) => Next::Refine { place, samples: first, why },
                (None, Some(_)) => {
                    let why = "none passed, and the time of whoever could be refined is used up".to_owned();
                    Next::Stop { why, research: false }
                }
                (None, None) => nobody(true),
            },
            NextStep::NewVariants => {
                let growers: Vec<&Grower> = self.growers.iter().collect();
                let budget = first.saturating_mul(growers.len() as u64);
                match self.shared(&growers, budget, why)? {
                    Some(Next::More { shares, out, why, .. }) => Next::More { shares, out, why, retry: true },
                    _ => nobody(true),
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::HigherIsBetter;
    use stratbox_decide::allocation::{Adaptive, IfNonePass, So};

    fn settings(variants: Variants, resources: Resources, if_none_pass: IfNonePass) -> Settings {
        Settings { variants, resources, if_none_pass, max_rounds: 3, ..Settings::default() }
    }

    /// Approaches whose best figures after each of their rounds are these.
    fn known<'a>(settings: &'a Settings, bests: &[&[f64]], samples: u64) -> Known<'a> {
        let grower = |(place, best_after): (usize, &&[f64])| {
            let best_after: Vec<Figure> = best_after.iter().copied().map(Figure::of).collect();
            let so_far = best_after.last().map_or(So::New, |best| So::Best(*best));
            let claim = Claim { name: format!("a{place}"), priority: 0, so_far };
            Grower { place, claim, best_after, samples }
        };
        Known {
            settings,
            direction: HigherIsBetter,
            rounds: 1,
            retries: 0,
            best_after: &[],
            growers: bests.iter().enumerate().map(grower).collect(),
            leader: Some(0),
            refinable: Some(0),
        }
    }

    fn shares_of(next: Option<Next>) -> Vec<(usize, u64)> {
        match next {
            Some(Next::More { shares, .. }) => shares,
            _ => Vec::new(),
        }
    }

    const ADAPTIVE: Adaptive = Adaptive { batch: 4, most: 12, patience: 1, min_improvement: 0.1 };

    #[test]
    fn who_still_gets_better_is_given_more_and_nobody_else() {
        let settings = settings(Variants::Adaptive(ADAPTIVE), Resources::Equal, IfNonePass::Stop);
        let next = known(&settings, &[&[1.0, 2.0], &[1.0, 1.0]], 8).going_on().unwrap();
        assert_eq!(shares_of(next), [(0, 4)]);
        let next = known(&settings, &[&[1.0, 1.0], &[1.0, 1.0]], 8).going_on().unwrap();
        assert_eq!(next, None);
    }

    #[test]
    fn nobody_is_given_more_than_the_most() {
        let settings = settings(Variants::Adaptive(ADAPTIVE), Resources::Equal, IfNonePass::Stop);
        let next = known(&settings, &[&[1.0, 2.0]], 11).going_on().unwrap();
        assert_eq!(shares_of(next), [(0, 1)]);
        assert_eq!(known(&settings, &[&[1.0, 2.0]], 12).going_on().unwrap(), None);
    }

    #[test]
    fn the_better_ones_share_what_the_others_are_not_given() {
        let settings = settings(Variants::Fixed(6), Resources::Reallocated { eta: 2 }, IfNonePass::Stop);
        let bests: [&[f64]; 4] = [&[1.0], &[4.0], &[3.0], &[2.0]];
        let next = known(&settings, &bests, 6).going_on().unwrap();
        let Some(Next::More { shares, out, .. }) = next else { panic!("there is a round: {next:?}") };
        assert_eq!((shares, out), (vec![(1, 12), (2, 12)], vec![0, 3]));
        assert_eq!(known(&settings, &bests[..1], 6).going_on().unwrap(), None, "one is left");
    }

    #[test]
    fn what_is_said_of_none_passing_is_done_until_there_are_no_more_rounds() {
        let bests: [&[f64]; 2] = [&[1.0], &[2.0]];
        let next = |then, retries| {
            let settings = settings(Variants::Fixed(5), Resources::Equal, then);
            Known { retries, ..known(&settings, &bests, 5) }.none_passed(None).unwrap()
        };
        let more = next(IfNonePass::NewVariants, 0);
        assert!(
            matches!(&more, Next::More { shares, retry: true, .. } if *shares == [(0, 5), (1, 5)]),
            "{more:?}"
        );
        assert!(matches!(next(IfNonePass::NewVariants, 2), Next::Stop { research: false, .. }));
        assert!(matches!(next(IfNonePass::RefineBest, 0), Next::Refine { place: 0, samples: 5, .. }));
        assert!(matches!(next(IfNonePass::Research, 0), Next::Stop { research: true, .. }));
    }

    #[test]
    fn the_best_that_has_time_left_is_refined_and_nobody_whose_time_is_used_up() {
        let settings = settings(Variants::Fixed(5), Resources::Equal, IfNonePass::RefineBest);
        let next = |refinable| {
            let known = known(&settings, &[&[1.0], &[2.0]], 5);
            Known { leader: Some(1), refinable, ..known }.none_passed(None).unwrap()
        };
        assert!(matches!(next(Some(0)), Next::Refine { place: 0, .. }));
        let stopped = next(None);
        assert!(
            matches!(&stopped, Next::Stop { why, research: false } if why.contains("is used up")),
            "{stopped:?}"
        );
    }

    #[test]
    fn without_anybody_who_can_be_given_more_other_ideas_are_needed() {
        let settings = settings(Variants::Fixed(5), Resources::Equal, IfNonePass::NewVariants);
        let next = known(&settings, &[], 5).none_passed(None).unwrap();
        assert!(matches!(next, Next::Stop { research: true, .. }), "{next:?}");
    }
}
