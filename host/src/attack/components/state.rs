//! What a run leaves behind, what a fault tells, and what must be the same every time.

use super::guest::{Guest, times};
use super::{and, case, check, messages};
use crate::attack::case::{Case, Expected, Told};
use crate::backtest::Outcome;

const TRAP: Expected = Expected::Fault(&["trap"]);

/// The mark of the engine's progress, which says that this is bar 76.
const FORGED: &str =
    "\\78\\6f\\62\\74\\61\\72\\74\\73\\73\\73\\65\\72\\67\\6f\\72\\70\\4d\\00\\00\\00\\00\\00\\00\\00";

pub(super) fn cases() -> Vec<Case> {
    vec![
        and(
            case("trap_at_bar_three", TRAP, || {
                Guest {
                    on_bar: "(if (i32.eq (global.get $bar) (i32.const 3)) (then (unreachable)))",
                    ..Guest::default()
                }
                .build()
            }),
            |told| is_at(told, Some(3)),
        ),
        and(
            case("trap_in_finish", TRAP, || Guest { finish: "(unreachable)", ..Guest::default() }.build()),
            |told| is_at(told, None),
        ),
        and(
            case("trap_in_init", TRAP, || Guest { init: "(unreachable)", ..Guest::default() }.build()),
            |told| is_at(told, None),
        ),
        case("trap_in_a_start_function", Expected::Contract, || {
            Guest { fields: "(func $f (unreachable)) (start $f)", ..Guest::default() }.build()
        }),
        // Whatever is found below the first page, in grown memory, in a table or in a global is from an earlier run.
        and(case("dirt_left_for_the_next_run", TRAP, || dirt("(unreachable)")), |told| is_at(told, Some(5))),
        case("dirt_left_by_a_run_that_completes", Expected::Nothing, || dirt("")),
        and(case("progress_mark_of_its_own", TRAP, || forging("")), |told| is_at(told, Some(4))),
        and(
            case("progress_mark_all_over_its_memory", TRAP, || {
                forging(
                    "(local.set $i (i32.const 65536))
            (loop $next (memory.copy (local.get $i) (i32.const 2048) (i32.const 24))
                (local.set $i (i32.add (local.get $i) (i32.const 24)))
                (br_if $next (i32.lt_u (local.get $i) (i32.const 260000))))",
                )
            }),
            |told| is_at(told, Some(4)),
        ),
        and(case("progress_mark_in_a_second_memory", TRAP, || second_memory(FORGED)), |told| {
            is_at(told, Some(4))
        }),
        and(
            case("progress_mark_in_what_is_logged", TRAP, || {
                let say = "(call $say (i32.const 2048) (i32.const 16)) (if (i32.eq (global.get $bar) (i32.const 4)) (then (unreachable)))";
                Guest {
                    fields: &format!("(data (i32.const 2048) \"{FORGED}\")"),
                    on_bar: say,
                    ..Guest::default()
                }
                .build()
            }),
            |told| is_at(told, Some(4)),
        ),
        and(case("progress_mark_in_the_driver_s_memory", TRAP, forged_in_the_driver), |told| {
            is_at(told, None)
        }),
        and(
            case("last_words_without_a_panic", Expected::Nothing, || {
                let say = "(call $panicked (i32.const 1120) (i32.const 7) (i32.const 1120) (i32.const 7) (i32.const 1) (i32.const 1))";
                Guest { on_bar: say, ..Guest::default() }.build()
            }),
            |told| messages(told).map(|_| ()),
        ),
        and(case("nan_made_in_many_ways", Expected::Nothing, nan_bits), |told| {
            let messages = messages(told)?;
            check(messages.len() > 10, || "it logged too little".to_owned())?;
            let strange = messages.iter().find(|bits| !CANONICAL.contains(bits));
            check(strange.is_none(), || format!("a computed NaN has the bits {strange:?}"))
        }),
        and(case("addresses_and_times_of_the_host_looked_for", Expected::Nothing, fingerprint), |told| {
            let messages = messages(told)?;
            check(messages.iter().all(|bits| *bits == "0000000000000000"), || {
                format!("memory held {messages:?}")
            })
        }),
    ]
}

/// A fault at this bar, and at no other.
fn is_at(told: &Told, bar: Option<u64>) -> Result<(), String> {
    match told {
        Told::Ran { outcome: Outcome::Faulted(fault), .. } => check(fault.bar == bar, || {
            format!("the fault is said to be at {:?}, and was at {bar:?}", fault.bar)
        }),
        _ => Err("it has no fault".to_owned()),
    }
}

/// A strategy that ends by a contract fault, not a trap, if it finds anything that it did not write; writes all over what it
/// has; and at its sixth bar does this.
fn dirt(end: &str) -> Vec<u8> {
    let look = "(if (i32.or (global.get $dirt) (i32.eqz (ref.is_null (table.get $t (i32.const 5))))) (then (return (i32.const 17))))
        (if (i32.eq (memory.grow (i32.const 100)) (i32.const -1)) (then (return (i32.const 17))))
        (local.set $i (i32.const 131072))
        (loop $next
            (if (i64.ne (i64.load (local.get $i)) (i64.const 0)) (then (return (i32.const 17))))
            (local.set $i (i32.add (local.get $i) (i32.const 8)))
            (br_if $next (i32.lt_u (local.get $i) (i32.const 6815744))))
        (memory.fill (i32.const 131072) (i32.const 0xaa) (i32.const 6684672))
        (global.set $dirt (i32.const 1))
        (table.set $t (i32.const 5) (ref.func $f))
        (i32.const 16)";
    let fields =
        "(global $dirt (mut i32) (i32.const 0)) (func $f) (elem declare func $f) (table $t 10 funcref)";
    let on_bar = format!("(if (i32.eq (global.get $bar) (i32.const 5)) (then {end}))");
    Guest { fields, init: look, on_bar: &on_bar, ..Guest::default() }.build()
}

fn forging(code: &str) -> Vec<u8> {
    let on_bar = format!("{code} (if (i32.eq (global.get $bar) (i32.const 4)) (then (unreachable)))");
    Guest { fields: &format!("(data (i32.const 2048) \"{FORGED}\")"), on_bar: &on_bar, ..Guest::default() }
        .build()
}

fn second_memory(data: &str) -> Vec<u8> {
    let component = format!(
        "(core module $second (memory (export \"m\") 1) (data (i32.const 0) \"{data}\")) (core instance (instantiate $second))"
    );
    let on_bar = "(if (i32.eq (global.get $bar) (i32.const 4)) (then (unreachable)))";
    Guest { component: &component, on_bar, ..Guest::default() }.build()
}

/// The text of an error crosses into the memory of the driver, which is where the mark is looked for; and when it has, the
/// strategy traps.
fn forged_in_the_driver() -> Vec<u8> {
    let init = "(i32.store8 (i32.const 16) (i32.const 1)) (i32.store (i32.const 20) (i32.const 2048))
        (i32.store (i32.const 24) (i32.const 24)) (i32.const 16)";
    let fields = format!("(data (i32.const 2048) \"{FORGED}\")");
    Guest { fields: &fields, init, after_init: "(unreachable)", ..Guest::default() }.build()
}

/// The NaN of the format, and the same of 32 bits.
const CANONICAL: [&str; 2] = ["7ff8000000000000", "000000007fc00000"];

/// A strategy that logs the bits of NaNs that come of calculations, with operands that only the run knows.
fn nan_bits() -> Vec<u8> {
    let zero = "(f64.sub (local.get $close) (local.get $close))";
    let doubles = [
        format!("(f64.div {zero} {zero})"),
        format!("(f64.sqrt (f64.sub {zero} (local.get $close)))"),
        "(f64.sub (f64.const inf) (f64.mul (local.get $close) (f64.const inf)))".to_owned(),
        format!("(f64.mul {zero} (f64.const inf))"),
        "(f64.add (local.get $close) (f64.const nan:0x123456789abcd))".to_owned(),
        "(f64.add (f64.const -nan:0x8000000000001) (local.get $close))".to_owned(),
        "(f64.min (local.get $close) (f64.const -nan:0x4000000000007))".to_owned(),
        "(f64.max (f64.const nan:0x4000000000007) (local.get $close))".to_owned(),
        "(f64.floor (f64.add (local.get $close) (f64.const -nan)))".to_owned(),
        "(f64.promote_f32 (f32.add (f32.demote_f64 (local.get $close)) (f32.const -nan:0x200001)))"
            .to_owned(),
        "(f64.nearest (f64.mul (f64.const -nan:0xfffffffffffff) (local.get $close)))".to_owned(),
    ];
    let singles = [
        "(f32.demote_f64 (f64.add (local.get $close) (f64.const -nan:0x123456789abcd)))".to_owned(),
        format!("(f32.div (f32.demote_f64 {zero}) (f32.demote_f64 {zero}))"),
        "(f32.sqrt (f32.neg (f32.demote_f64 (local.get $close))))".to_owned(),
    ];
    let mut on_bar: String =
        doubles.iter().map(|nan| format!("(call $say-bits (i64.reinterpret_f64 {nan}))")).collect();
    on_bar.extend(
        singles.iter().map(|nan| format!("(call $say-bits (i64.extend_i32_u (i32.reinterpret_f32 {nan})))")),
    );
    let once = format!("(if (i32.eqz (global.get $bar)) (then {on_bar}))");
    Guest { on_bar: &once, ..Guest::default() }.build()
}

/// A strategy that logs what is in memory that it never wrote, at some places of each kind.
fn fingerprint() -> Vec<u8> {
    let look = times(8, "(call $say-bits (i64.load offset=# (i32.const 200000)))");
    let grown = "(drop (memory.grow (i32.const 50)))
        (call $say-bits (i64.load (i32.const 300000))) (call $say-bits (i64.load (i32.const 3000000)))";
    let once = format!("(if (i32.eqz (global.get $bar)) (then {look} {grown}))");
    Guest { on_bar: &once, ..Guest::default() }.build()
}
