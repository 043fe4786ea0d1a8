//! What is made of runs, whatever they were.

use stratbox_domain::Side;

use super::*;

fn fault(label: FaultLabel) -> Fault {
    let (code, hint) = ("code".into(), "hint".into());
    Fault { label, code, bar: Some(7), message: "holdout return 0.319".to_owned(), hint }
}

fn params(value: i64) -> Params {
    [("n".to_owned(), stratbox_domain::ParamValue::Integer(value))].into()
}

fn ran(completed: Vec<(usize, ())>, refused: Vec<usize>, faulted: Option<usize>) -> Ran<()> {
    let first = refused.first().map(|_| fault(FaultLabel::InitRefused));
    let faulted = faulted.map(|place| Faulted { place, fault: fault(FaultLabel::Panic), fuel: 3 });
    Ran { completed, refused: (refused, first), fault: faulted }
}

#[test]
fn who_loses_everything_stays_with_that_and_does_not_come_back() {
    let returns = returns_to_the_end(100.0, &[110.0, 55.0, -5.0, 20.0, 30.0]).unwrap();
    assert_eq!(returns[1..], [-0.5, -1.0, 0.0, 0.0]);
    assert_eq!(returns_to_the_end(100.0, &[0.0, 0.0]).unwrap(), [-1.0, 0.0]);
    assert_eq!(returns_to_the_end(100.0, &[f64::NAN]), None);
}

#[test]
fn returns_of_who_loses_not_everything_are_those_of_the_equity() {
    let equity = [101.0, 99.5, 120.0];
    assert_eq!(returns_to_the_end(100.0, &equity), equity_returns(100.0, &equity).ok());
}

#[test]
fn one_variant_that_faults_late_is_a_mistake_of_the_whole_and_its_parameters_are_named() {
    let variants = [params(1), params(2)];
    let Some(Judged::Faulted(Ending::Faulted(_), why)) =
        faulted(&ran(vec![(0, ())], Vec::new(), Some(1)), &variants)
    else {
        panic!("it faulted");
    };
    assert!(why.starts_with("panic at bar 7") && why.ends_with("(with n = 2)"), "{why}");
}

#[test]
fn refused_parameters_are_left_out_unless_there_are_no_others() {
    let variants = [params(1), params(2)];
    assert!(faulted(&ran(vec![(1, ())], vec![0], None), &variants).is_none());
    let all = faulted(&ran(Vec::new(), vec![0, 1], None), &variants);
    assert!(matches!(all, Some(Judged::Faulted(Ending::Final, why)) if why.contains("with n = 1")));
}

#[test]
fn a_trade_is_of_a_part_when_it_begins_and_ends_there() {
    let trade = |entry_time, exit_time, pnl| Trade {
        instrument: 0,
        side: Side::Buy,
        entry_time,
        exit_time,
        quantity: 1.0,
        entry_price: 1.0,
        exit_price: 1.0,
        pnl,
        fees: 0.0,
    };
    let all = [trade(5, 11, 1.0), trade(11, 19, 2.0), trade(19, 20, 3.0)];
    assert_eq!(within(&all, 10..20).collect::<Vec<_>>(), [2.0]);
}

#[test]
fn what_a_strategy_says_on_the_holdout_is_not_written_down() {
    let RunOutcome::Faulted(left) = redacted(RunOutcome::Faulted(fault(FaultLabel::Panic))) else {
        panic!("it is a fault");
    };
    assert_eq!((left.label, left.bar), (FaultLabel::Panic, None));
    assert!(!format!("{left:?}").contains("0.319"), "{left:?}");
    let late = redacted(RunOutcome::Interrupted(Interruption::Timeout { bar: Some(9) }));
    assert_eq!(late, RunOutcome::Interrupted(Interruption::Timeout { bar: None }));
}

#[test]
fn figures_of_test_parts_in_which_all_was_lost_say_so() {
    let walked = WalkForward {
        choices: Vec::new(),
        steps: (0..4).collect(),
        returns: vec![0.1, -1.0, 0.0, 0.0],
        in_sample: Figure::of(1.0),
        out_of_sample: Figure::of(1.0),
        efficiency: Ok(1.0),
    };
    let figures = walked_figures(&walked, &[], Some(252.0));
    assert_eq!((figures["total_return"].value(), figures["max_drawdown"].value()), (Some(-1.0), Some(-1.0)));
    assert_eq!(figures["sharpe"].missing(), Some(Missing::EquityNotPositive));
}

#[test]
fn more_steps_than_can_be_kept_are_data_that_cannot_be_had() {
    assert!(few_enough(MOST_STEPS as u64, "a holdout may have").is_ok());
    let Err(Stop::Ended(Ending::Unavailable, why)) = few_enough(MOST_STEPS as u64 + 1, "a holdout may have")
    else {
        panic!("these are too many");
    };
    assert_eq!(why, "a holdout may have at most 65536 time steps, and these are 65537: resample the bars");
}
