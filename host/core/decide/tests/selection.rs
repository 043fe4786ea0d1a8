//! What the tiers select where the truth is known.

mod planted;

use planted::{Judged, Planted, Selection, Who, World};
use stratbox_decide::Bound;

const WORLDS: usize = 5;
/// Fewer than for experiments: 252 splits of ten years say the same, in a fiftieth of the time.
const BLOCKS: usize = 10;

fn selections(planted: &[Planted], judged: Judged) -> Vec<Selection> {
    let of = |seed| World::new(seed as u64, planted).select(judged, BLOCKS).expect("returns that vary");
    (1..=WORLDS).map(of).collect()
}

/// Who is selected in each world.
fn selected(planted: &[Planted], judged: Judged) -> Vec<Option<Who>> {
    selections(planted, judged).iter().map(|selection| selection.who).collect()
}

#[test]
fn an_overfitted_strategy_is_not_selected_as_nothing_is_left_of_it_on_the_holdout() {
    for selection in selections(&[Planted::Overfitted], Judged::OnTheHoldout) {
        assert_eq!(selection.who, None);
        assert_eq!(selection.failed, [(Who::Planted(Planted::Overfitted), "dsr".to_owned())]);
        assert!(
            Bound::Below(0.01).admits(selection.pbo.get().unwrap()),
            "it is as good in all that was fitted"
        );
    }
}

#[test]
fn random_strategies_that_pass_l1_are_not_selected_either() {
    let selections = selections(&[], Judged::OnTheHoldout);
    assert!(selections.iter().any(|selection| selection.random_in_l2 > 0));
    assert!(selections.iter().all(|selection| selection.who.is_none()));
}

#[test]
fn without_a_holdout_the_overfitted_strategy_would_be_selected() {
    let overfitted = Some(Who::Planted(Planted::Overfitted));
    assert_eq!(selected(&[Planted::Overfitted], Judged::InSample), [overfitted; WORLDS]);
}

#[test]
fn an_edge_that_is_as_good_as_the_overfitted_strategy_looked_is_selected_in_its_place() {
    let edge = Planted::Edge(4.0);
    let with_both = selected(&[Planted::Overfitted, edge], Judged::OnTheHoldout);
    assert_eq!(with_both, [Some(Who::Planted(edge)); WORLDS]);
}

#[test]
fn a_real_edge_is_selected() {
    let edge = Planted::Edge(4.0);
    assert_eq!(selected(&[edge], Judged::OnTheHoldout), [Some(Who::Planted(edge)); WORLDS]);
}
