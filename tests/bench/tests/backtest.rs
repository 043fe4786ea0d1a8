//! What is compared must be the same work on both sides, and work at all.

use stratbox_bench::{Backtest, Lab};
use stratbox_jail::Program;

fn lab() -> Lab {
    let path = env!("CARGO_BIN_EXE_stratbox-bench").into();
    let worker = Program { path, arguments: vec![stratbox::worker::ARGUMENT.into()] };
    Lab::open(worker, &mut || {}).expect("there is a toolchain")
}

#[test]
fn both_sides_of_a_backtest_end_in_the_same_figures() {
    let lab = lab();
    let code = lab.workshop().unwrap().build(&lab.strategy().unwrap()).unwrap();
    Backtest::new(2_000).unwrap().check(&lab, &code).unwrap();
}

#[test]
fn a_backtest_that_never_trades_is_not_worth_comparing() {
    let lab = lab();
    let code = lab.workshop().unwrap().build(&lab.strategy().unwrap()).unwrap();
    let refusal = Backtest::new(10).unwrap().check(&lab, &code).unwrap_err();
    assert!(refusal.to_string().contains("never traded"));
}
