//! Numbers that differ from run to run elsewhere: each goes into the log, and two runs must have the same.

use super::told::logged;
use super::{Bypassed, Case, Expected, case, plain, refused, strategy};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "the_order_of_a_hash_map",
            Expected::Nothing,
            || {
                let body = "let map: std::collections::HashMap<u64, u64> = (0..100).map(|i| (i, i)).collect();
            log::info(format!(\"order {:?}\", map.keys().collect::<Vec<_>>()));";
                strategy("", body)
            },
            plain,
        )
        .also(|told| logged(told, "order ")),
        case(
            "the_seed_of_a_hash_map",
            Expected::Nothing,
            || {
                let body = "use std::hash::{BuildHasher, Hasher};
            let seed = || std::hash::RandomState::new().build_hasher().finish();
            log::info(format!(\"seed {} {}\", seed(), seed()));";
                strategy("", body)
            },
            plain,
        )
        .also(|told| logged(told, "seed ")),
        case(
            "addresses_as_numbers",
            Expected::Nothing,
            || {
                let items = "static PLACE: u8 = 1; thread_local! { static OWN: u8 = const { 1 }; }";
                let body = "let (on_the_stack, on_the_heap) = (1_u8, Box::new(1_u8));
            log::info(format!(\"at {:p} {:p} {:p} {:p} {}\", &on_the_stack, &*on_the_heap, &PLACE, broker, plain_address as *const () as usize));
            OWN.with(|own| log::info(format!(\"own {own:p}\")));
            fn plain_address() {}";
                strategy(items, body)
            },
            plain,
        )
        .also(|told| logged(told, "at ")),
        case(
            "memory_that_nobody_wrote",
            Expected::Nothing,
            || {
                let body = "let grown = core::arch::wasm32::memory_size::<0>();
            let fresh = vec![0_u8; 1 << 20];
            log::info(format!(\"fresh {grown} {}\", fresh.iter().map(|byte| u64::from(*byte)).sum::<u64>()));";
                strategy("", body)
            },
            plain,
        )
        .also(|told| logged(told, "fresh ")),
        case(
            "the_bits_of_no_number",
            Expected::Nothing,
            || {
                let body = "let zero = std::hint::black_box(0.0_f64);
            let all = [zero / zero, -(zero / zero), f64::INFINITY - f64::INFINITY, (-1.0_f64 - zero).sqrt(), f64::from(zero as f32 / 0.0)];
            log::info(format!(\"bits {:x?}\", all.map(f64::to_bits)));";
                strategy("", body)
            },
            plain,
        )
        .also(|told| logged(told, "bits ")),
        case(
            "the_identity_of_a_thread",
            Expected::Nothing,
            || {
                let items = "macro_rules! own { ($($x:tt)*) => { std::$($x)* } }";
                strategy(items, "log::info(format!(\"thread {:?}\", own!(thread::current()).id()));")
            },
            plain,
        )
        .also(|told| logged(told, "thread ")),
        refused(
            "the_name_of_a_thread",
            ("starts_threads", Bypassed::Harmless),
            || strategy("", "log::info(format!(\"thread {:?}\", std::thread::current().name()));"),
            plain,
        ),
        case("answers_that_were_worked_out_before", Expected::Nothing, answers, plain).also(|told| logged(told, "bought")),
    ]
}

/// A table of what to do at each bar: nothing forbids it, and `literal_data` tells.
pub(super) fn answers() -> String {
    let mut table = String::new();
    for index in 0..5_000_u32 {
        let is_last = if index % 20 == 19 { "\n" } else { "" };
        table.push_str(&format!("{}, {is_last}", i32::from(index.wrapping_mul(2_654_435_761) >> 31 == 1)));
    }
    let items = format!("static ANSWERS: [i8; 5_000] = [\n{table}];");
    strategy(
        &items,
        "if ANSWERS[self.bars as usize] >= 0 { let _ = broker.submit(Order::buy(0, 1.0)); log::info(\"bought\"); }",
    )
}
