use proptest::prelude::*;
use stratbox_domain::{OrderKind, Side, TimeInForce};

use super::*;

const DAY: i64 = DAY_NS;

fn bar(day: i64, open: f64, high: f64, low: f64, close: f64) -> Bar {
    Bar { instrument: 0, time: day * DAY, open, high, low, close, volume: 1.0 }
}

fn order(side: Side, kind: OrderKind, quantity: f64) -> Order {
    Order { side, kind, ..Order::buy(0, quantity) }
}

fn buy(kind: OrderKind) -> Order {
    order(Side::Buy, kind, 10.0)
}

fn sell(kind: OrderKind) -> Order {
    order(Side::Sell, kind, 10.0)
}

fn policy() -> VenuePolicy {
    VenuePolicy { fee_bps: 0.0, ..VenuePolicy::default() }
}

/// A venue after one bar that closed at 100.
fn venue_with(policy: VenuePolicy) -> Venue {
    let mut venue = Venue::new(policy, 1);
    venue.step(&bar(0, 100.0, 100.0, 100.0, 100.0));
    venue
}

fn venue() -> Venue {
    venue_with(policy())
}

/// A venue that holds ten units bought at 100.
fn long() -> Venue {
    let mut venue = venue();
    venue.submit(buy(OrderKind::Market)).expect("accepted");
    play(&mut venue, &bar(1, 100.0, 100.0, 100.0, 100.0));
    venue
}

fn play(venue: &mut Venue, bar: &Bar) -> Vec<Fill> {
    let mut fills = Vec::new();
    let (_, mut traded) = venue.step(bar);
    while traded {
        fills.extend(venue.last_fill());
        traded = venue.resume();
    }
    fills
}

fn prices(venue: &mut Venue, bar: &Bar) -> Vec<f64> {
    play(venue, bar).iter().map(|fill| fill.price).collect()
}

#[test]
fn a_market_order_fills_at_the_next_open() {
    let mut venue = venue();
    venue.submit(buy(OrderKind::Market)).expect("accepted");
    assert_eq!(prices(&mut venue, &bar(1, 101.0, 105.0, 99.0, 104.0)), [101.0]);
    assert_eq!(venue.account().equity, 100_000.0 + 10.0 * 3.0);
}

#[test]
fn a_buy_limit_fills_at_its_price_when_touched_and_at_the_open_when_gapped_through() {
    for (next, expected) in [
        (bar(1, 100.0, 101.0, 95.0, 98.0), vec![95.0]),
        (bar(1, 90.0, 96.0, 89.0, 92.0), vec![90.0]),
        (bar(1, 100.0, 101.0, 95.5, 98.0), vec![]),
    ] {
        let mut venue = venue();
        venue.submit(buy(OrderKind::Limit(95.0))).expect("accepted");
        assert_eq!(prices(&mut venue, &next), expected);
    }
}

#[test]
fn a_sell_stop_fills_at_its_price_inside_the_bar_and_at_the_open_when_gapped_through() {
    for (next, expected) in [
        (bar(2, 100.0, 101.0, 94.0, 98.0), vec![95.0]),
        (bar(2, 90.0, 96.0, 89.0, 92.0), vec![90.0]),
        (bar(2, 100.0, 101.0, 95.5, 98.0), vec![]),
    ] {
        let mut venue = long();
        venue.submit(sell(OrderKind::Stop(95.0))).expect("accepted");
        assert_eq!(prices(&mut venue, &next), expected);
    }
}

#[test]
fn a_stop_limit_woken_by_a_gap_waits_at_its_limit_within_the_same_bar() {
    let kind = OrderKind::StopLimit { stop: 105.0, limit: 106.0 };
    for (next, expected) in [
        (bar(1, 100.0, 105.5, 99.0, 103.0), vec![105.0]),
        (bar(1, 105.5, 107.0, 105.0, 106.0), vec![105.5]),
        (bar(1, 110.0, 111.0, 106.0, 108.0), vec![106.0]),
        (bar(1, 110.0, 111.0, 107.0, 108.0), vec![]),
    ] {
        let mut venue = venue();
        venue.submit(buy(kind)).expect("accepted");
        assert_eq!(prices(&mut venue, &next), expected, "{next:?}");
    }
}

#[test]
fn a_stop_limit_woken_inside_a_bar_below_its_stop_waits_for_the_next_bar() {
    let mut venue = venue();
    venue.submit(buy(OrderKind::StopLimit { stop: 105.0, limit: 102.0 })).expect("accepted");
    assert_eq!(prices(&mut venue, &bar(1, 100.0, 106.0, 99.0, 104.0)), [0.0; 0]);
    assert_eq!(prices(&mut venue, &bar(2, 104.0, 104.0, 101.0, 103.0)), [102.0]);
}

#[test]
fn the_stop_goes_before_the_target_and_cancelling_the_target_then_is_in_time() {
    let mut venue = long();
    let target = venue.submit(sell(OrderKind::Limit(110.0))).expect("accepted");
    venue.submit(sell(OrderKind::Stop(95.0))).expect("accepted");
    let (_, traded) = venue.step(&bar(2, 100.0, 112.0, 94.0, 100.0));
    assert!(traded);
    assert_eq!(venue.last_fill().map(|fill| (fill.price, fill.position)), Some((95.0, 0.0)));
    assert!(venue.cancel(target));
    assert!(!venue.resume());
    assert_eq!(venue.quantity(0), 0.0);
}

#[test]
fn slippage_moves_market_and_stop_fills_against_the_order_within_the_bar_and_leaves_limits_alone() {
    let slippery = VenuePolicy { slippage_bps: 100.0, ..policy() };
    let next = bar(1, 100.0, 100.5, 90.0, 95.0);
    for (sent, expected) in [
        (sell(OrderKind::Market), 99.0),
        (buy(OrderKind::Market), 100.5),
        (sell(OrderKind::Stop(95.0)), 95.0 * 0.99),
        (buy(OrderKind::Limit(95.0)), 95.0),
    ] {
        let mut venue = venue_with(slippery.clone());
        venue.submit(sent).expect("accepted");
        assert_eq!(prices(&mut venue, &next), [expected], "{sent:?}");
    }
}

#[test]
fn fees_are_basis_points_of_the_traded_value() {
    let mut venue = venue_with(VenuePolicy { fee_bps: 10.0, ..policy() });
    venue.submit(buy(OrderKind::Market)).expect("accepted");
    let fills = play(&mut venue, &bar(1, 200.0, 200.0, 200.0, 200.0));
    assert_eq!(fills[0].fee, 2.0);
    assert_eq!(venue.account().cash, 100_000.0 - 2_000.0 - 2.0);
}

#[test]
fn an_order_sent_on_one_instrument_cannot_fill_in_another_bar_of_the_same_time() {
    let mut venue = Venue::new(policy(), 2);
    let second = |day, price| Bar { instrument: 1, ..bar(day, price, price, price, price) };
    play(&mut venue, &bar(0, 100.0, 100.0, 100.0, 100.0));
    play(&mut venue, &second(0, 50.0));
    play(&mut venue, &bar(1, 100.0, 100.0, 100.0, 100.0));
    venue.submit(Order { instrument: 1, ..buy(OrderKind::Market) }).expect("accepted");
    assert!(play(&mut venue, &second(1, 60.0)).is_empty(), "this bar opened before the order was sent");
    assert_eq!(prices(&mut venue, &second(2, 70.0)), [70.0]);
}

#[test]
fn only_so_many_orders_are_accepted_at_one_time_and_in_all() {
    let limited = VenuePolicy { max_orders_per_bar: 2, max_orders: 3, ..policy() };
    let mut venue = venue_with(limited);
    let send = |venue: &mut Venue| {
        let sent = venue.submit(buy(OrderKind::Limit(1.0)));
        sent.map(|id| assert!(venue.cancel(id)))
    };
    assert_eq!([(); 3].map(|()| send(&mut venue)), [Ok(()), Ok(()), Err(Rejection::TooManyOpenOrders)]);
    play(&mut venue, &bar(1, 100.0, 100.0, 100.0, 100.0));
    assert_eq!([(); 2].map(|()| send(&mut venue)), [Ok(()), Err(Rejection::TooManyOpenOrders)]);
    assert_eq!(venue.summary().orders, 3);
}

#[test]
fn orders_that_cannot_be_are_rejected_with_their_reason() {
    let too_many = VenuePolicy { max_open_orders: 1, ..policy() };
    let no_short = VenuePolicy { allow_short: false, ..policy() };
    let cases = [
        (Order { instrument: 7, ..buy(OrderKind::Market) }, policy(), Rejection::UnknownInstrument),
        (order(Side::Buy, OrderKind::Market, f64::NAN), policy(), Rejection::InvalidQuantity),
        (order(Side::Buy, OrderKind::Market, -1.0), policy(), Rejection::InvalidQuantity),
        (order(Side::Buy, OrderKind::Market, f64::INFINITY), policy(), Rejection::InvalidQuantity),
        (order(Side::Buy, OrderKind::Market, 0.0), policy(), Rejection::InvalidQuantity),
        (buy(OrderKind::Limit(f64::NAN)), policy(), Rejection::InvalidPrice),
        (buy(OrderKind::StopLimit { stop: 1.0, limit: -1.0 }), policy(), Rejection::InvalidPrice),
        (order(Side::Buy, OrderKind::Market, 1_000.1), policy(), Rejection::InsufficientFunds),
        (order(Side::Buy, OrderKind::Market, 1e308), policy(), Rejection::InsufficientFunds),
        (order(Side::Sell, OrderKind::Market, 1_000.1), policy(), Rejection::InsufficientFunds),
        (sell(OrderKind::Market), no_short, Rejection::ShortNotAllowed),
    ];
    for (order, policy, reason) in cases {
        let mut venue = venue_with(policy);
        let account = venue.account();
        assert_eq!(venue.submit(order), Err(reason), "{order:?}");
        assert_eq!(venue.account(), account, "a rejected order leaves the books untouched");
        assert_eq!(venue.summary().rejections[reason as usize], 1);
        assert!(venue.submit(buy(OrderKind::Market)).is_ok(), "an order without the fault is accepted");
    }
    let mut venue = venue_with(too_many);
    assert!(venue.submit(buy(OrderKind::Limit(50.0))).is_ok());
    assert_eq!(venue.submit(buy(OrderKind::Market)), Err(Rejection::TooManyOpenOrders));
}

#[test]
fn nothing_is_accepted_before_the_first_bar_or_after_the_last() {
    let mut venue = Venue::new(policy(), 1);
    assert_eq!(venue.submit(buy(OrderKind::Market)), Err(Rejection::NoPrice));
    venue.step(&bar(0, 100.0, 100.0, 100.0, 100.0));
    assert_eq!(venue.close(), Some(100_000.0));
    assert_eq!(venue.submit(buy(OrderKind::Market)), Err(Rejection::MarketClosed));
    assert_eq!(venue.close(), None);
}

#[test]
fn exactly_all_of_the_account_is_affordable_and_nothing_more_after_it() {
    let mut venue = venue();
    venue.submit(order(Side::Buy, OrderKind::Market, 1_000.0)).expect("all of it");
    assert_eq!(
        venue.submit(order(Side::Buy, OrderKind::Limit(90.0), 1.0)),
        Err(Rejection::InsufficientFunds)
    );
    assert_eq!(venue.account().buying_power, 0.0);
}

#[test]
fn getting_out_is_always_accepted_and_a_stop_and_a_target_count_once() {
    let mut venue = venue();
    venue.submit(order(Side::Buy, OrderKind::Market, 1_000.0)).expect("accepted");
    play(&mut venue, &bar(1, 100.0, 100.0, 80.0, 90.0));
    venue.submit(order(Side::Sell, OrderKind::Stop(80.0), 1_000.0)).expect("stop");
    venue.submit(order(Side::Sell, OrderKind::Limit(90.0), 1_000.0)).expect("target");
}

#[test]
fn selling_one_instrument_frees_the_funds_for_another_at_once() {
    let mut venue = Venue::new(policy(), 2);
    let other = |day| Bar { instrument: 1, ..bar(day, 100.0, 100.0, 100.0, 100.0) };
    play(&mut venue, &bar(0, 100.0, 100.0, 100.0, 100.0));
    play(&mut venue, &other(0));
    venue.submit(order(Side::Buy, OrderKind::Market, 1_000.0)).expect("accepted");
    play(&mut venue, &bar(1, 100.0, 100.0, 100.0, 100.0));
    play(&mut venue, &other(1));
    let rotate = Order { instrument: 1, ..order(Side::Buy, OrderKind::Market, 1_000.0) };
    assert_eq!(venue.submit(rotate), Err(Rejection::InsufficientFunds));
    venue.submit(order(Side::Sell, OrderKind::Market, 1_000.0)).expect("accepted");
    venue.submit(rotate).expect("paid for by the sale");
}

#[test]
fn without_short_positions_a_second_exit_is_dropped_instead_of_going_short() {
    let mut venue = Venue::new(VenuePolicy { allow_short: false, ..policy() }, 1);
    play(&mut venue, &bar(0, 100.0, 100.0, 100.0, 100.0));
    venue.submit(buy(OrderKind::Market)).expect("accepted");
    play(&mut venue, &bar(1, 100.0, 100.0, 100.0, 100.0));
    venue.submit(sell(OrderKind::Limit(110.0))).expect("target");
    venue.submit(sell(OrderKind::Stop(95.0))).expect("stop");
    assert_eq!(prices(&mut venue, &bar(2, 100.0, 112.0, 94.0, 100.0)), [95.0]);
    assert_eq!(venue.quantity(0), 0.0);
}

#[test]
fn orders_live_as_long_as_they_say() {
    let hour = DAY / 24;
    let at = |time| Bar { time, ..bar(0, 100.0, 101.0, 99.0, 100.0) };
    let touched = |time| Bar { time, ..bar(0, 100.0, 101.0, 94.0, 100.0) };
    // The order is sent at midnight; its first bar is at one o'clock.
    for (lifetime, bars, fills) in [
        (TimeInForce::GoodTillCancelled, [at(hour), touched(30 * hour)], 1),
        (TimeInForce::Day, [at(hour), touched(23 * hour)], 1),
        (TimeInForce::Day, [at(hour), touched(24 * hour)], 0),
        (TimeInForce::Day, [at(24 * hour), touched(25 * hour)], 1),
        (TimeInForce::ImmediateOrCancel, [touched(hour), at(2 * hour)], 1),
        (TimeInForce::ImmediateOrCancel, [at(hour), touched(2 * hour)], 0),
        (TimeInForce::FillOrKill, [touched(hour), at(2 * hour)], 1),
        (TimeInForce::FillOrKill, [at(hour), touched(2 * hour)], 0),
    ] {
        let mut venue = venue();
        venue.submit(Order { time_in_force: lifetime, ..buy(OrderKind::Limit(95.0)) }).expect("accepted");
        let filled: usize = bars.iter().map(|bar| play(&mut venue, bar).len()).sum();
        assert_eq!(filled, fills, "{lifetime:?} {bars:?}");
    }
}

#[test]
fn a_signal_is_a_hit_when_the_next_bar_goes_its_way() {
    let mut venue = venue();
    for (day, (signal, close)) in
        [(1.0, 101.0), (-1.0, 100.0), (1.0, 99.0), (1.0, 99.0), (f64::NAN, 98.0)].into_iter().enumerate()
    {
        venue.signal(0, signal);
        play(&mut venue, &bar(day as i64 + 1, close, close, close, close));
    }
    assert_eq!((venue.summary().signals, venue.summary().signal_hits), (4, 2));
}

#[test]
fn a_scored_signal_is_told_with_the_return_from_the_close_it_was_made_at_to_the_next() {
    let mut venue = venue();
    venue.signal(0, 0.5);
    play(&mut venue, &bar(1, 90.0, 130.0, 80.0, 125.0));
    play(&mut venue, &bar(2, 100.0, 100.0, 100.0, 100.0));
    venue.signal(0, 3.0);
    venue.signal(0, -2.0);
    assert_eq!(
        venue.scored(),
        [[0.5, 0.25]],
        "the bar without a forecast scores none, and the last one is not over"
    );
    play(&mut venue, &bar(3, 100.0, 100.0, 100.0, 75.0));
    assert_eq!(venue.scored(), [[0.5, 0.25], [-2.0, -0.25]]);
    venue.forget_scored();
    assert_eq!((venue.scored().len(), venue.summary().signals), (0, 2));
}

#[test]
fn as_many_signals_are_told_as_are_counted_whether_or_not_an_order_is_open() {
    for order in [None, Some(buy(OrderKind::Limit(1.0)))] {
        let mut venue = venue();
        order.map(|order| venue.submit(order).expect("accepted"));
        for day in 1..9 {
            venue.signal(0, if day % 3 == 0 { 0.0 } else { f64::from(day) });
            play(&mut venue, &bar(i64::from(day), 100.0, 100.0, 100.0, 100.0 + f64::from(day)));
        }
        assert_eq!((venue.scored().len(), venue.summary().signals), (6, 6));
        assert_eq!(venue.scored()[0], [1.0, 101.0 / 100.0 - 1.0]);
    }
}

#[test]
fn a_signal_is_not_scored_on_another_instruments_bar_of_the_same_time() {
    let mut venue = Venue::new(policy(), 2);
    let second = |day, price| Bar { instrument: 1, ..bar(day, price, price, price, price) };
    play(&mut venue, &bar(0, 100.0, 100.0, 100.0, 100.0));
    play(&mut venue, &second(0, 50.0));
    play(&mut venue, &bar(1, 110.0, 110.0, 110.0, 110.0));
    venue.signal(1, 1.0);
    play(&mut venue, &second(1, 55.0));
    assert_eq!(venue.summary().signals, 0, "this bar was over when the forecast was made");
    play(&mut venue, &second(2, 54.0));
    assert_eq!((venue.summary().signals, venue.summary().signal_hits), (1, 0));
}

#[test]
fn an_order_on_the_wrong_side_of_the_market_is_valued_at_the_market() {
    for sent in [
        order(Side::Buy, OrderKind::Stop(0.01), 1_001.0),
        order(Side::Sell, OrderKind::Limit(0.01), 1_001.0),
        order(Side::Sell, OrderKind::StopLimit { stop: 99.0, limit: 0.01 }, 1_001.0),
    ] {
        assert_eq!(venue().submit(sent), Err(Rejection::InsufficientFunds), "{sent:?}");
        assert!(venue().submit(Order { quantity: 999.0, ..sent }).is_ok());
    }
}

#[test]
fn withdrawing_what_paid_for_an_order_takes_that_order_along() {
    let mut venue = venue();
    let mut sells = Vec::new();
    for _ in 0..20 {
        sells.push(venue.submit(order(Side::Sell, OrderKind::Market, 1_000.0)).expect("within the limit"));
        venue.submit(order(Side::Buy, OrderKind::Market, 1_000.0)).expect("it takes the exposure back");
    }
    sells.into_iter().for_each(|id| assert!(venue.cancel(id)));
    let filled: f64 =
        play(&mut venue, &bar(1, 100.0, 100.0, 100.0, 100.0)).iter().map(|fill| fill.quantity).sum();
    assert_eq!(filled, 1_000.0);
    assert_eq!((venue.summary().dropped, venue.summary().orders), (19, 40));
    assert_eq!(venue.summary().rejections, [0; Rejection::ALL.len()], "what was accepted was not rejected");
}

#[test]
fn a_gap_does_not_keep_an_accepted_order_from_filling() {
    let mut venue = venue();
    venue.submit(order(Side::Buy, OrderKind::Market, 1_000.0)).expect("all of the account");
    assert_eq!(prices(&mut venue, &bar(1, 140.0, 140.0, 140.0, 140.0)), [140.0]);
    assert_eq!(venue.account().cash, -40_000.0);
}

#[test]
fn equity_is_reported_once_a_time_step_after_its_last_bar() {
    let mut venue = Venue::new(policy(), 2);
    let first = bar(0, 100.0, 100.0, 100.0, 100.0);
    let second = Bar { instrument: 1, ..first };
    assert_eq!(venue.step(&first).0, None);
    assert_eq!(venue.step(&second).0, None);
    assert_eq!(venue.step(&bar(1, 100.0, 100.0, 100.0, 100.0)).0, Some(100_000.0));
    assert_eq!(venue.close(), Some(100_000.0));
    assert_eq!(venue.summary().steps, 2);
}

prop_compose! {
    fn any_bar()(open in 50.0..150.0f64, close in 50.0..150.0f64, up in 0.0..10.0f64, down in 0.0..10.0f64)
        -> (f64, f64, f64, f64) {
        (open, open.max(close) + up, open.min(close) - down, close)
    }
}

fn any_kind() -> impl Strategy<Value = OrderKind> {
    prop_oneof![
        Just(OrderKind::Market),
        (40.0..160.0f64).prop_map(OrderKind::Limit),
        (40.0..160.0f64).prop_map(OrderKind::Stop),
        (40.0..160.0f64, 40.0..160.0f64).prop_map(|(stop, limit)| OrderKind::StopLimit { stop, limit }),
    ]
}

fn any_order() -> impl Strategy<Value = Order> {
    let lifetime = prop_oneof![
        Just(TimeInForce::GoodTillCancelled),
        Just(TimeInForce::Day),
        Just(TimeInForce::ImmediateOrCancel),
        Just(TimeInForce::FillOrKill),
    ];
    (0..2u32, any::<bool>(), any_kind(), 0.1..500.0f64, lifetime).prop_map(
        |(instrument, is_buy, kind, quantity, time_in_force)| Order {
            side: if is_buy { Side::Buy } else { Side::Sell },
            kind,
            time_in_force,
            ..Order::buy(instrument, quantity)
        },
    )
}

proptest! {
    /// Whatever is sent and withdrawn, and in whatever order: on a market that does not move, positions stay within the
    /// limit and its slack.
    #[test]
    fn exposure_stays_within_the_leverage(
        script in prop::collection::vec((prop::collection::vec(any_order(), 0..6), any::<u8>()), 1..40),
        leverage in 0.5..3.0f64,
    ) {
        let policy = VenuePolicy { fee_bps: 0.0, leverage, ..VenuePolicy::default() };
        let mut venue = Venue::new(policy, 2);
        let mut sent = Vec::new();
        for (step, (orders, cancels)) in script.into_iter().enumerate() {
            for instrument in 0..2 {
                play(&mut venue, &Bar { instrument, ..bar(step as i64, 100.0, 100.0, 100.0, 100.0) });
            }
            let gross: f64 = (0..2).map(|i| venue.quantity(i).abs() * 100.0).sum();
            prop_assert!(gross <= leverage * venue.account().equity * (1.25 + 1e-9), "{gross}");
            for order in orders {
                sent.extend(venue.submit(Order { quantity: order.quantity * 4.0, ..order }));
            }
            for _ in 0..cancels % 4 {
                if let Some(id) = (!sent.is_empty()).then(|| sent.remove(cancels as usize % sent.len())) {
                    venue.cancel(id);
                }
            }
        }
    }

    /// Money is conserved: cash is what the fills left, and equity is the initial cash plus what was earned minus fees.
    /// No fill is outside its bar, at a worse price than its limit, or in a bar that is not after its order.
    #[test]
    fn the_books_balance_at_every_bar(
        script in prop::collection::vec((any_bar(), any_bar(), prop::collection::vec(any_order(), 0..3)), 1..60),
        allow_short in any::<bool>(),
        leverage in 0.5..3.0f64,
    ) {
        let policy = VenuePolicy { fee_bps: 7.0, slippage_bps: 3.0, allow_short, leverage, ..VenuePolicy::default() };
        let mut venue = Venue::new(policy.clone(), 2);
        let mut cash = policy.initial_cash;
        let mut sent = std::collections::BTreeMap::new();
        for (step, (first, second, orders)) in script.into_iter().enumerate() {
            let time = step as i64 * DAY / 2;
            for (instrument, (open, high, low, close)) in [(0, first), (1, second)] {
                let bar = Bar { instrument, time, open, high, low, close, volume: 1.0 };
                for fill in play(&mut venue, &bar) {
                    let (order, at): (Order, i64) = sent[&fill.order];
                    prop_assert!(at < time);
                    prop_assert!(fill.price >= low && fill.price <= high);
                    if let OrderKind::Limit(limit) | OrderKind::StopLimit { limit, .. } = order.kind {
                        prop_assert!((fill.price - limit) * fill.side.sign() <= 0.0);
                    }
                    cash -= fill.side.sign() * fill.price * fill.quantity + fill.fee;
                    prop_assert!(allow_short || fill.position >= 0.0);
                }
                let account = venue.account();
                let value: f64 = (0..2).map(|i| venue.position(i).quantity * venue.holdings[i as usize].mark).sum();
                let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * policy.initial_cash;
                prop_assert!(near(account.cash, cash));
                prop_assert!(near(account.equity, account.cash + value));
                let earned = account.realised_pnl + account.unrealised_pnl - account.fees;
                prop_assert!(near(account.equity, policy.initial_cash + earned));
                prop_assert!(account.buying_power >= 0.0);
            }
            for order in orders {
                if let Ok(id) = venue.submit(order) {
                    sent.insert(id, (order, time));
                }
            }
        }
    }
}
