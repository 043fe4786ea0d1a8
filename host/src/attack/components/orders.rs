//! Orders that could break the books.

use super::guest::Guest;
use super::{and, beside, case, check};
use crate::attack::case::{Case, Expected, Told};
use crate::backtest::Outcome;

pub(super) fn cases() -> Vec<Case> {
    [quantities(), floods()].into_iter().flatten().collect()
}

/// A market order with this quantity, at every bar.
macro_rules! quantity {
    ($name:literal, $quantity:literal) => {
        and(
            beside($name, Expected::Nothing, || sending(0, "0", $quantity), || sending(0, "0", "1")),
            books_are_untouched,
        )
    };
}

/// An order with this kind and these prices, at every bar.
macro_rules! price {
    ($name:literal, $kind:literal, $price:literal) => {
        and(
            beside($name, Expected::Nothing, || priced($kind, $price), || priced($kind, "1e-3")),
            books_are_untouched,
        )
    };
}

fn quantities() -> Vec<Case> {
    vec![
        quantity!("order_of_nan_units", "nan"),
        quantity!("order_of_nan_units_with_a_message", "-nan:0x7345678901234"),
        quantity!("order_of_infinitely_many_units", "inf"),
        quantity!("order_of_minus_infinitely_many_units", "-inf"),
        quantity!("order_of_no_units", "0"),
        quantity!("order_of_minus_no_units", "-0"),
        quantity!("order_of_less_than_no_units", "-5"),
        quantity!("order_of_1e308_units", "1e308"),
        quantity!("order_of_far_too_many_units", "1e15"),
        price!("limit_at_nan", 1, "nan"),
        price!("limit_at_infinity", 1, "inf"),
        price!("limit_at_nothing", 1, "0"),
        price!("limit_below_nothing", 1, "-1"),
        price!("limit_at_1e308", 1, "1e308"),
        price!("stop_at_nan", 2, "nan"),
        price!("stop_at_infinity", 2, "inf"),
        price!("stop_limit_at_nan", 3, "nan"),
        and(
            case("order_in_an_unknown_instrument", Expected::Nothing, || sending(-1, "0", "1")),
            books_are_untouched,
        ),
        and(
            case("order_in_the_next_instrument", Expected::Nothing, || sending(60_000, "0", "1")),
            books_are_untouched,
        ),
        and(
            case("order_in_init", Expected::Nothing, || {
                Guest { init: &format!("{} (i32.const 16)", submit(0, 0, "0", "1")), ..Guest::default() }
                    .build()
            }),
            books_are_untouched,
        ),
        and(
            case("order_in_finish", Expected::Nothing, || {
                Guest { finish: &submit(0, 0, "0", "1"), ..Guest::default() }.build()
            }),
            books_are_untouched,
        ),
        case("order_in_describe", Expected::Nothing, || {
            Guest { describe: &format!("{} (i32.const 1024)", submit(0, 0, "0", "1")), ..Guest::default() }
                .build()
        }),
        and(
            case("cancellation_of_what_was_never_sent", Expected::Nothing, || {
                let cancel = "(if (i32.or (call $cancel (i64.const -1)) (i32.or (call $cancel (i64.const 0)) (call $cancel (i64.const 1)))) (then (unreachable)))";
                Guest { on_bar: cancel, ..Guest::default() }.build()
            }),
            nothing_happened,
        ),
        and(
            case("signals_that_are_no_numbers", Expected::Nothing, || {
                let signal = "(call $signal (i32.const 0) (f64.const nan)) (call $signal (i32.const 0) (f64.const inf))
                (call $signal (i32.const 0) (f64.const -inf)) (call $signal (i32.const 0) (f64.const -0))
                (call $signal (i32.const -1) (f64.const 1))";
                Guest { on_bar: signal, ..Guest::default() }.build()
            }),
            |told| {
                nothing_happened(told)?;
                let signals = metrics(told)?.signals;
                check(signals == 0, || format!("{signals} signals were counted"))
            },
        ),
    ]
}

fn floods() -> Vec<Case> {
    vec![
        and(
            case("hundred_thousand_wrong_orders_at_one_bar", Expected::Nothing, || {
                flood(100_000, &submit(0, 0, "0", "nan"))
            }),
            books_are_untouched,
        ),
        and(
            case("hundred_thousand_small_orders_at_one_bar", Expected::Nothing, || {
                flood(100_000, &submit(0, 1, "1e-3", "1"))
            }),
            |told| {
                let metrics = metrics(told)?;
                check(metrics.orders <= 1_000, || {
                    format!("{} orders were accepted at one bar", metrics.orders)
                })
            },
        ),
        case("million_orders_at_one_bar", Expected::Fault(&["fuel"]), || {
            flood(100_000_000, &submit(0, 1, "1e-3", "1"))
        }),
        and(
            case("orders_sent_and_cancelled_without_an_end", Expected::Fault(&["fuel"]), || {
                let again =
                    format!("{} (drop (call $cancel (i64.load (i32.const 72))))", submit(0, 1, "1e-3", "1"));
                flood(100_000_000, &again)
            }),
            |_| Ok(()),
        ),
        // Each fill sends two more: as many are open as may be, and valuing them at every bar is work that is paid for.
        case("order_for_every_fill", Expected::Fault(&["fuel"]), || {
            let buy = submit(0, 0, "0", "0.001");
            let more = format!("{} {}", submit(0, 0, "0", "0.001"), submit(0, 1, "1e9", "0.001"));
            Guest { on_bar: &buy, on_fill: &more, ..Guest::default() }.build()
        }),
    ]
}

/// `submit` as instructions: an order to buy.
fn submit(instrument: i32, kind: u32, price: &str, quantity: &str) -> String {
    format!(
        "(call $submit (i32.const {instrument}) (i32.const 0) (i32.const {kind}) (f64.const {price}) (f64.const {price})
            (f64.const {quantity}) (i32.const 0) (i32.const 64))"
    )
}

fn sending(instrument: i32, price: &str, quantity: &str) -> Vec<u8> {
    Guest { on_bar: &submit(instrument, 0, price, quantity), ..Guest::default() }.build()
}

fn priced(kind: u32, price: &str) -> Vec<u8> {
    Guest { on_bar: &submit(0, kind, price, "1"), ..Guest::default() }.build()
}

/// A strategy that does this so many times at its second bar.
fn flood(count: u32, code: &str) -> Vec<u8> {
    let flood = format!(
        "(if (i32.eq (global.get $bar) (i32.const 1)) (then
            (global.set $free (i32.const {count}))
            (loop $again {code} (global.set $free (i32.sub (global.get $free) (i32.const 1))) (br_if $again (global.get $free)))))"
    );
    Guest { on_bar: &flood, ..Guest::default() }.build()
}

fn metrics(told: &Told) -> Result<&stratbox_metrics::Metrics, String> {
    match told {
        Told::Ran { outcome: Outcome::Completed(metrics), .. } => Ok(metrics),
        _ => Err("it did not complete".to_owned()),
    }
}

/// Not one order was taken, and the account is what it was.
fn nothing_happened(told: &Told) -> Result<(), String> {
    let metrics = metrics(told)?;
    let gained = metrics.total_return.value();
    check(gained == Some(0.0), || format!("the account has gained {gained:?}"))?;
    check(metrics.orders == 0 && metrics.fills == 0 && metrics.trades == 0, || {
        format!("{} orders were taken, {} of them filled", metrics.orders, metrics.fills)
    })
}

/// The same, and the orders were counted as rejected.
fn books_are_untouched(told: &Told) -> Result<(), String> {
    nothing_happened(told)?;
    check(!metrics(told)?.rejections.is_empty(), || "no order was rejected".to_owned())
}
