//! What holds whatever is sent, on whatever bars, under whatever policy.

use std::collections::BTreeMap;

use proptest::prelude::*;
use stratbox_domain::{
    FeeModel, FillAt, Increments, LimitFill, MakerTaker, PerShare, SlippageModel, TimeInForce, Trail,
};

use super::*;

/// Orders by the bar after which they are sent, and ids to cancel.
type Script = Vec<(Bar, Vec<Order>, Option<OrderId>)>;

fn any_kind() -> impl Strategy<Value = OrderKind> {
    let price = || 80.0..120.0f64;
    prop_oneof![
        2 => Just(OrderKind::Market),
        2 => price().prop_map(OrderKind::Limit),
        1 => price().prop_map(OrderKind::Stop),
        1 => (price(), price()).prop_map(|(stop, limit)| OrderKind::StopLimit { stop, limit }),
        1 => (0.1..9.0f64).prop_map(|it| OrderKind::TrailingStop(Trail::Percent(it))),
    ]
}

fn any_order() -> impl Strategy<Value = Order> {
    let lifetime = prop_oneof![
        3 => Just(TimeInForce::GoodTillCancelled),
        1 => Just(TimeInForce::Day),
        1 => Just(TimeInForce::ImmediateOrCancel),
        1 => Just(TimeInForce::FillOrKill),
    ];
    let extras =
        (prop::bool::weighted(0.2), prop::option::weighted(0.2, 1..30_u64), prop::bool::weighted(0.3));
    (0..2_u32, any::<bool>(), any_kind(), 1..400_u32, lifetime, extras).prop_map(
        |(instrument, is_buy, kind, quantity, time_in_force, (reduce_only, one_cancels, has_bracket))| {
            let side = if is_buy { Side::Buy } else { Side::Sell };
            let order = Order { side, kind, time_in_force, ..Order::buy(instrument, f64::from(quantity)) };
            let order = Order { reduce_only, one_cancels, ..order };
            let s = side.sign();
            if has_bracket { order.bracket(100.0 + 25.0 * s, 100.0 - 25.0 * s) } else { order }
        },
    )
}

prop_compose! {
    fn any_bar()(open in 85.0..115.0f64, close in 85.0..115.0f64, up in 0.0..9.0f64, down in 0.0..9.0f64, volume in 0..2_000_u32)
        -> Bar {
        Bar { volume: f64::from(volume), ..bar(0, open, open.max(close) + up, open.min(close) - down, close) }
    }
}

fn any_script() -> impl Strategy<Value = Script> {
    let one =
        || (any_bar(), prop::collection::vec(any_order(), 0..3), prop::option::weighted(0.3, 1..40_u64));
    prop::collection::vec((one(), one()), 1..30).prop_map(|steps| {
        let timed = |(step, (first, second)): (usize, (_, _))| {
            let at = |(bar, orders, cancelled): (Bar, _, _), instrument| {
                (Bar { instrument, time: step as i64 * DAY / 3, ..bar }, orders, cancelled)
            };
            [at(first, 0), at(second, 1)]
        };
        steps.into_iter().enumerate().flat_map(timed).collect()
    })
}

prop_compose! {
    fn any_policy()(
        fees in prop_oneof![
            Just(FeeModel::MakerTaker(MakerTaker { maker_bps: 1.0, taker_bps: 7.0 })),
            Just(FeeModel::PerShare(PerShare { amount: 0.02, minimum: 1.0, maximum_share: Some(0.001) })),
        ],
        slippage in prop_oneof![
            Just(SlippageModel::HalfSpread(0.3)),
            Just(SlippageModel::ShareOfRange(0.2)),
            Just(SlippageModel::SquareRootImpact(1.0)),
        ],
        same_close in prop::bool::weighted(0.3),
        penetrate in any::<bool>(),
        volume_share in prop::option::of(0.01..1.0f64),
        leverage in 0.5..3.0f64,
        allow_short in any::<bool>(),
        margin in prop_oneof![Just(0.0), Just(0.95)],
        rate in prop_oneof![Just(0.0), Just(900.0)],
    ) -> VenuePolicy {
        VenuePolicy {
            initial_cash: 50_000.0,
            fee_bps: 0.0,
            fees,
            slippage,
            fill_at: if same_close { FillAt::SameClose } else { FillAt::NextOpen },
            limit_fill: if penetrate { LimitFill::Penetrate } else { LimitFill::Touch },
            volume_share,
            leverage,
            allow_short,
            maintenance_margin: margin * (1.0_f64 / leverage).min(1.0),
            borrow_bps_a_year: rate,
            interest_bps_a_year: rate / 2.0,
            debit_bps_a_year: rate * 2.0,
            ..VenuePolicy::default()
        }
    }
}

/// An order as it was sent, and when.
type Sent = BTreeMap<OrderId, (Order, i64)>;

/// Looks at the venue and its bar, at what has filled, and at what was sent.
type See<'a> = dyn FnMut(&Venue, &Bar, &[Fill], &Sent) + 'a;

/// Plays a script; `see` is shown the venue after each bar, and after its close, with what has filled.
fn run(policy: &VenuePolicy, script: &Script, see: &mut See<'_>) -> Venue {
    let steps = Increments { tick: 0.0, lot: 1.0, min_quantity: 0.0 };
    let mut venue = Venue::with_increments(policy.clone(), vec![steps, Increments::default()]);
    let mut known = Sent::new();
    for (bar, orders, cancelled) in script {
        let fills = play(&mut venue, bar);
        see(&venue, bar, &fills, &known);
        for order in orders {
            if let Ok(id) = venue.submit(*order) {
                known.insert(id, (*order, bar.time));
                legs(order).into_iter().for_each(|(next, leg)| {
                    known.insert(id + next, (leg, bar.time));
                });
            }
        }
        cancelled.iter().for_each(|id| {
            venue.cancel(*id);
        });
        let traded = venue.settle();
        let fills = finish(&mut venue, traded);
        see(&venue, bar, &fills, &known);
    }
    venue
}

/// The orders of a bracket, by what their ids are more than the entry's.
fn legs(order: &Order) -> Vec<(OrderId, Order)> {
    let Some(bracket) = order.bracket else { return Vec::new() };
    let side = if order.side == Side::Buy { Side::Sell } else { Side::Buy };
    let leg = |kind| Order { side, kind, ..Order::buy(order.instrument, order.quantity).reduce_only() };
    let stop = bracket.stop_loss.map(|price| (1, leg(OrderKind::Stop(price))));
    let target = bracket.take_profit.map(|price| (2, leg(OrderKind::Limit(price))));
    stop.into_iter().chain(target).collect()
}

/// The bars that each instrument has had last.
fn latest(bars: &mut BTreeMap<u32, Bar>, bar: &Bar) {
    bars.insert(bar.instrument, *bar);
}

proptest! {
    /// Cash is what the fills and financing left; equity is cash and positions, and also what was there and was earned.
    #[test]
    fn money_is_conserved(script in any_script(), policy in any_policy()) {
        let (mut traded, mut marks) = (0.0, [0.0; 2]);
        run(&policy, &script, &mut |venue, bar, fills, _| {
            for fill in fills {
                traded -= fill.side.sign() * fill.price * fill.quantity + fill.fee;
            }
            marks[bar.instrument as usize] = bar.close;
            let account = venue.account();
            let value: f64 = (0..2).map(|i| venue.quantity(i) * marks[i as usize]).sum();
            let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} {b} {account:?}");
            near(account.cash, policy.initial_cash + traded + venue.financing());
            near(account.equity, account.cash + value);
            let earned = account.realised_pnl + account.unrealised_pnl - account.fees + venue.financing();
            near(account.equity, policy.initial_cash + earned);
            assert!(account.buying_power >= 0.0);
        });
    }

    /// Every fill is inside its bar, after its order, no worse than its limit and no more than was asked; nothing goes
    /// short that must not, and nothing that only reduces adds.
    #[test]
    fn every_fill_keeps_to_its_bar_and_its_order(script in any_script(), policy in any_policy()) {
        let (mut bars, mut held, mut done) = (BTreeMap::new(), [0.0; 2], BTreeMap::<OrderId, f64>::new());
        run(&policy, &script, &mut |_, bar, fills, sent| {
            latest(&mut bars, bar);
            for fill in fills {
                let bar = bars[&fill.instrument];
                assert_eq!(fill.time, bar.time);
                assert!(fill.price >= bar.low && fill.price <= bar.high, "{fill:?} {bar:?}");
                assert!(fill.fee >= 0.0 && fill.quantity > 0.0);
                assert!(policy.allow_short || fill.position >= 0.0, "{fill:?}");
                let before = std::mem::replace(&mut held[fill.instrument as usize], fill.position);
                if fill.order == 0 {
                    assert!(fill.position.abs() < before.abs());
                    continue;
                }
                let (order, at) = sent[&fill.order];
                let at_close = policy.fill_at == FillAt::SameClose && at == fill.time;
                assert!(at < fill.time || at_close, "{fill:?} was sent at {at}");
                if let OrderKind::Limit(limit) | OrderKind::StopLimit { limit, .. } = order.kind {
                    assert!((fill.price - limit) * fill.side.sign() <= 0.0, "{fill:?} {order:?}");
                }
                if order.reduce_only {
                    assert!(fill.position.abs() < before.abs() && fill.position * before >= 0.0, "{fill:?}");
                }
                let all = done.entry(fill.order).or_default();
                *all += fill.quantity;
                assert!(*all <= order.quantity * (1.0 + 1e-9), "{fill:?} {order:?}");
            }
        });
    }

    /// What fills in one bar is never more than the policy's share of its volume.
    #[test]
    fn the_volume_cap_is_never_exceeded(script in any_script(), policy in any_policy(), share in 0.001..1.0f64) {
        let policy = VenuePolicy { volume_share: Some(share), ..policy };
        let mut traded = BTreeMap::<(u32, i64), f64>::new();
        let mut bars = BTreeMap::new();
        run(&policy, &script, &mut |_, bar, fills, _| {
            latest(&mut bars, bar);
            for fill in fills {
                let all = traded.entry((fill.instrument, fill.time)).or_default();
                *all += fill.quantity;
                assert!(*all <= share * bars[&fill.instrument].volume * (1.0 + 1e-9), "{fill:?}");
            }
        });
    }

    /// Bars after some time change nothing that was decided, filled or booked by then.
    #[test]
    fn what_comes_later_changes_nothing_before(
        script in any_script(),
        policy in any_policy(),
        cut in 0..60_usize,
        factor in 0.5..2.0f64,
    ) {
        let trace = |script: &Script| {
            let mut seen = Vec::new();
            run(&policy, script, &mut |venue, _, fills, _| {
                let account = venue.account();
                let numbers = [account.cash, account.equity, account.fees, account.buying_power, venue.financing()];
                seen.push((fills.to_vec(), numbers.map(f64::to_bits)));
            });
            seen
        };
        let cut = cut.min(script.len());
        let mut altered = script.clone();
        for (bar, ..) in &mut altered[cut..] {
            let by = |price: f64| price * factor;
            (bar.open, bar.high, bar.low, bar.close) = (by(bar.open), by(bar.high), by(bar.low), by(bar.close));
            bar.volume *= factor;
        }
        prop_assert_eq!(&trace(&script)[..2 * cut], &trace(&altered)[..2 * cut]);
    }

    /// The short way for bars on which nothing can happen leaves the same books.
    #[test]
    fn quiet_bars_may_go_the_short_way(script in any_script(), policy in any_policy()) {
        let mut venue = Venue::new(policy, 2);
        let mut short = venue.clone();
        for (bar, orders, _) in &script {
            let ended = venue.step(bar);
            let fills = finish(&mut venue, ended.1);
            let (ended_short, fills_short) = if short.is_quiet() {
                (short.step_quiet(bar.instrument, bar.time, bar.close), Vec::new())
            } else {
                let ended = short.step(bar);
                (ended.0, finish(&mut short, ended.1))
            };
            prop_assert_eq!((ended.0, fills), (ended_short, fills_short));
            for order in orders {
                prop_assert_eq!(venue.submit(*order), short.submit(*order));
            }
            let (settled, settled_short) = (venue.settle(), short.settle());
            prop_assert_eq!(finish(&mut venue, settled), finish(&mut short, settled_short));
        }
        prop_assert_eq!(venue.summary(), short.summary());
    }
}
