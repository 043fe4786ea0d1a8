use proptest::prelude::*;
use stratbox_metrics::Figure;

use super::*;
use crate::{Gate, TierSettings};

fn l0(signals: f64, hit_rate: f64, ic: f64) -> Verdict {
    TierSettings::of(Tier::L0).judge(|name| {
        Figure::of(match name {
            "signals" => signals,
            "hit_rate" => hit_rate,
            _ => ic,
        })
    })
}

fn missing(figure: &str, missing: Missing) -> Verdict {
    Verdict::of(&[Gate::new(figure, Bound::AtLeast(0.5))], |_| missing.into())
}

#[test]
fn too_few_signals_by_a_little_may_be_mended() {
    let reason = fixable(&l0(8.0, 0.55, 0.05), DEFAULT_MARGIN);
    assert_eq!(reason, Some("`signals` is 8: less than 10 by 2 (a narrow miss)".to_owned()));
    assert_eq!(fixable(&l0(7.0, 0.55, 0.05), DEFAULT_MARGIN), None);
}

#[test]
fn a_hit_rate_near_one_half_may_be_mended_however_near_it_is() {
    for rate in [0.498, 0.5] {
        assert!(fixable(&l0(100.0, rate, 0.05), 0.0).is_some());
    }
}

#[test]
fn every_missed_gate_must_be_one_that_may_be_mended() {
    let both = fixable(&l0(8.0, 0.498, 0.05), DEFAULT_MARGIN).unwrap();
    assert!(both.contains("`signals` is 8") && both.contains("`hit_rate` is 0.498"), "{both}");
    assert_eq!(fixable(&l0(8.0, 0.498, -0.05), DEFAULT_MARGIN), None);
}

#[test]
fn figures_that_are_missing_for_lack_of_trades_or_signals_may_be_mended_and_others_not() {
    let lacking = |figure, why| fixable(&missing(figure, why), DEFAULT_MARGIN).is_some();
    assert!(lacking("win_rate", Missing::NoClosedTrades) && lacking("hit_rate", Missing::NoSignals));
    assert!(lacking("sharpe", Missing::ZeroVariance) && lacking("ic", Missing::TooFewReturns));
    assert!(!lacking("sharpe", Missing::TooFewReturns) && !lacking("pbo", Missing::TooFewVariants));
}

#[test]
fn what_passed_has_nothing_to_mend() {
    assert_eq!(fixable(&l0(100.0, 0.55, 0.05), DEFAULT_MARGIN), None);
    assert_eq!(fixable(&Verdict::of(&[], |_| Figure::of(1.0)), DEFAULT_MARGIN), None);
}

#[test]
fn an_outcome_has_a_category_and_whoever_did_not_pass_a_reason() {
    let (passed, near, far) = (l0(100.0, 0.55, 0.05), l0(8.0, 0.55, 0.05), l0(1.0, 0.55, 0.05));
    for (outcome, category, reason) in [
        (Outcome::Judged(Tier::L0, &passed), Category::Pass, None),
        (
            Outcome::Judged(Tier::L0, &near),
            Category::Fixable,
            Some("`signals` is 8: less than 10 by 2 (a narrow miss)"),
        ),
        (Outcome::Judged(Tier::L0, &far), Category::Fail, Some("`signals` is 1: less than 10 by 9")),
        (Outcome::Broken(Tier::L1, "it panicked"), Category::Fixable, Some("it panicked")),
        (Outcome::TimedOut("after 600 s"), Category::Timeout, Some("after 600 s")),
        (Outcome::Lost("killed three times"), Category::Error, Some("killed three times")),
        (Outcome::NoData("no bars"), Category::DataUnavailable, Some("no bars")),
    ] {
        let settled = outcome.settle(DEFAULT_MARGIN);
        assert_eq!((settled.category, settled.reason.as_deref()), (category, reason));
    }
}

#[test]
fn nobody_is_mended_until_they_pass_the_holdout() {
    let narrowly = Verdict::of(&TierSettings::of(Tier::L2).gates, |name| {
        Figure::of(if name == "dsr" { 0.94 } else { 0.1 })
    });
    let of = |tier| Outcome::Judged(tier, &narrowly).settle(DEFAULT_MARGIN).category;
    assert_eq!((of(Tier::L1), of(Tier::L2)), (Category::Fixable, Category::Fail));
}

#[test]
fn a_mistake_that_shows_on_the_holdout_is_a_failure_for_good_and_one_before_it_is_fixable() {
    let of = |tier| Outcome::Broken(tier, "a fault").settle(DEFAULT_MARGIN).category;
    assert_eq!(Tier::ALL.map(of), [Category::Fixable, Category::Fixable, Category::Fail]);
}

#[test]
fn what_is_fixable_is_tried_again_as_often_as_the_limit_says_and_then_failed() {
    let next: Vec<Next> = (1..=4).map(|attempts| next_try(Category::Fixable, attempts, 3)).collect();
    let again = |left| Next::Again { left };
    assert_eq!(next, [again(2), again(1), again(0), Next::Final(Category::Fail)]);
    assert_eq!(next_try(Category::Fixable, 1, 0), Next::Final(Category::Fail));
}

#[test]
fn everything_else_is_what_it_is() {
    for category in Category::ALL.into_iter().filter(|it| *it != Category::Fixable) {
        assert_eq!(next_try(category, 1, 3), Next::Final(category));
    }
}

proptest! {
    #[test]
    fn a_wider_margin_never_makes_less_fixable(
        signals in 0.0..30.0_f64, rate in 0.4..0.6_f64, ic in -0.05..0.05_f64, narrow in 0.0..1.0_f64, more in 0.0..1.0_f64,
    ) {
        let verdict = l0(signals, rate, ic);
        prop_assert!(fixable(&verdict, narrow).is_none() || fixable(&verdict, narrow + more).is_some());
    }

    #[test]
    fn nothing_is_tried_again_for_ever(limit in 0_u32..20) {
        let tries = (1..).take_while(|attempts| matches!(next_try(Category::Fixable, *attempts, limit), Next::Again { .. }));
        prop_assert_eq!(tries.count(), limit as usize);
    }
}
