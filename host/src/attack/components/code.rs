//! Functions that are too large for a compiler: in one count, or together.

use super::beside;
use super::guest::{leb, with_function, with_raw_module};
use crate::attack::case::{Case, Expected};

pub(super) fn cases() -> Vec<Case> {
    [code(), together()].into_iter().flatten().collect()
}

fn code() -> Vec<Case> {
    vec![
        refused!("fifty_thousand_locals", ["too_many_locals"], locals(50_000), locals(5_000)),
        refused!("four_billion_locals", ["too_many_locals"], locals(u32::MAX.into()), locals(1_000)),
        refused!(
            "six_hundred_thousand_locals_in_all",
            ["too_many_locals_in_all"],
            functions(300, 2_000, 0),
            functions(30, 2_000, 0)
        ),
        refused!(
            "thousand_parameters_of_many_functions",
            ["too_many_parameters"],
            functions(10_000, 0, 1_000),
            functions(100, 0, 64)
        ),
        refused!(
            "sixty_parameters_of_very_many_functions",
            ["too_many_signature_values"],
            functions(19_000, 0, 60),
            functions(2_000, 0, 60)
        ),
        refused!(
            "two_hundred_thousand_functions",
            ["too_many_functions"],
            functions(200_000, 0, 0),
            functions(19_000, 0, 0)
        ),
        refused!(
            "function_of_a_megabyte",
            ["function_too_large"],
            with_function(&[0], &vec![1; 1 << 20]),
            with_function(&[0], &vec![1; 200_000])
        ),
        refused!(
            "function_of_seven_megabytes",
            ["too_large"],
            with_function(&[0], &vec![1; 7 << 20]),
            with_function(&[0], &vec![1; 200_000])
        ),
        refused!(
            "jump_table_of_two_hundred_thousand_targets",
            ["too_many_jump_targets"],
            jumps(200_000),
            jumps(8_192)
        ),
        refused!(
            "jump_table_of_a_million_targets",
            ["too_many_jump_targets", "function_too_large"],
            jumps(1_000_000),
            jumps(8_192)
        ),
        refused!("eighty_thousand_nested_blocks", ["blocks_nested_too_deep"], blocks(80_000), blocks(2_000)),
        refused!(
            "million_nested_blocks",
            ["blocks_nested_too_deep", "function_too_large"],
            blocks(1_000_000),
            blocks(2_000)
        ),
        refused!("hundred_results_of_one_function", ["too_many_results"], results(100), results(16)),
    ]
}

fn locals(count: u64) -> Vec<u8> {
    with_function(&[&[1][..], &leb(count), &[0x7e]].concat(), &[])
}

/// So many functions with so many local variables and parameters each.
fn functions(count: u64, locals: u64, parameters: u64) -> Vec<u8> {
    let ty = [&[1, 0x60][..], &leb(parameters), &vec![0x7e; parameters as usize], &[0]].concat();
    let declared = [leb(count), vec![0; count as usize]].concat();
    let body = [&[1][..], &leb(locals), &[0x7e, 0x0b]].concat();
    let body = [leb(body.len() as u64), body].concat();
    let bodies = [leb(count), body.repeat(count as usize)].concat();
    with_raw_module(&[(1, &ty), (3, &declared), (10, &bodies)])
}

fn jumps(targets: u64) -> Vec<u8> {
    with_function(&[0], &[&[0x41, 0, 0x0e][..], &leb(targets), &vec![0; targets as usize + 1]].concat())
}

fn blocks(depth: usize) -> Vec<u8> {
    with_function(&[0], &[[0x02, 0x40].repeat(depth), vec![0x0b; depth]].concat())
}

fn results(count: u64) -> Vec<u8> {
    let ty = [&[1, 0x60, 0][..], &leb(count), &vec![0x7f; count as usize]].concat();
    let body = [&[0][..], &[0x41, 0].repeat(count as usize), &[0x0b]].concat();
    let code = [&leb(1)[..], &leb(body.len() as u64), &body].concat();
    with_raw_module(&[(1, &ty), (3, b"\x01\0"), (10, &code)])
}

/// Within every limit: the compiler bears it, or dies alone.
fn together() -> Vec<Case> {
    vec![
        beside("calls_of_sixty_four_arguments", Expected::Nothing, || calls(15, 1_900), || calls(1, 20)),
        beside("large_jump_tables_all_over", Expected::Contract, || tables(15, 31), || tables(1, 2)),
        beside(
            "blocks_of_sixteen_values_all_over",
            Expected::Nothing,
            || many_values(15, 1_900, 1_000),
            || many_values(1, 10, 10),
        ),
        beside(
            "every_local_changes_in_every_loop",
            Expected::Contract,
            || loops_and_locals(15, 1_900, 4_900),
            || loops_and_locals(1, 20, 50),
        ),
    ]
}

/// So many functions of loops inside of one another, in the innermost of which every local variable changes: what holds at
/// the head of each loop is one value for each of them.
fn loops_and_locals(functions: u64, loops: u64, locals: u64) -> Vec<u8> {
    let changes: Vec<u8> = (0..locals)
        .flat_map(|local| [&[0x20][..], &leb(local), &[0x42, 1, 0x7c, 0x21], &leb(local)].concat())
        .collect();
    let depth = loops as usize;
    let code = [[0x03, 0x40].repeat(depth), changes, [0x41, 0, 0x0d, 0, 0x0b].repeat(depth)].concat();
    let body = [&[1][..], &leb(locals), &[0x7e], &code, &[0x0b]].concat();
    let body = [leb(body.len() as u64), body].concat();
    let bodies = [leb(functions), body.repeat(functions as usize)].concat();
    with_raw_module(&[
        (1, b"\x01\x60\0\0"),
        (3, &[leb(functions), vec![0; functions as usize]].concat()),
        (10, &bodies),
    ])
}

fn bodies(functions: u64, ty: &[u8], body: &[u8]) -> Vec<u8> {
    let body = [&leb(body.len() as u64)[..], body].concat();
    let bodies = [leb(functions), body.repeat(functions as usize)].concat();
    with_raw_module(&[(1, ty), (3, &[leb(functions), vec![0; functions as usize]].concat()), (10, &bodies)])
}

/// So many functions that call the first so often, each time with all of their 64 parameters.
fn calls(functions: u64, calls: usize) -> Vec<u8> {
    let ty = [&[1, 0x60, 64][..], &[0x7e; 64], &[0]].concat();
    let arguments: Vec<u8> = (0..64).flat_map(|local| [0x20, 63 - local]).collect();
    let call = [&arguments[..], &[0x10, 0]].concat();
    bodies(functions, &ty, &[&[0][..], &call.repeat(calls), &[0x0b]].concat())
}

/// So many functions with so many jump tables, each to all of 127 blocks in turn.
fn tables(functions: u64, tables: usize) -> Vec<u8> {
    let targets: Vec<u8> = (0..8_193_u32).map(|target| (target % 127) as u8).collect();
    let table = [&[0x02, 0x40, 0x20, 0, 0x0e][..], &leb(8_192), &targets, &[0x0b]].concat();
    let code = [[0x02, 0x40].repeat(127), table.repeat(tables), vec![0x0b; 127]].concat();
    bodies(functions, b"\x01\x60\x01\x7f\0", &[&[0][..], &code, &[0x0b]].concat())
}

/// So many functions of nested blocks that give 16 values, left from the innermost to each of them again and again.
fn many_values(functions: u64, depth: u64, rounds: u64) -> Vec<u8> {
    let ty = [&[2, 0x60, 1, 0x7f, 0, 0x60, 0, 16][..], &[0x7f; 16]].concat();
    let values = [0x20, 0].repeat(16);
    let leave: Vec<u8> = (0..depth.min(rounds))
        .flat_map(|label| [&values[..], &[0x20, 0, 0x0d], &leb(label), &[0x1a; 16]].concat())
        .collect();
    let out: Vec<u8> = (0..depth).flat_map(|_| [&[0x0b][..], &[0x1a; 16], &values].concat()).collect();
    let code = [[0x02, 1].repeat(depth as usize), leave, values, out, vec![0x1a; 16]].concat();
    bodies(functions, &ty, &[&[0][..], &code, &[0x0b]].concat())
}
