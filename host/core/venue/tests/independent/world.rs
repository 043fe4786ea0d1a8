//! Random markets, policies, and what is done in them. Numbers are few, so that prices meet.

use proptest::prelude::*;
use stratbox_domain::{
    Bar, Bracket, FeeModel, FillAt, Increments, LimitFill, MakerTaker, Order, OrderKind, PerShare, Side,
    SlippageModel, TimeInForce, Trail, VenuePolicy,
};

const HOUR: i64 = 3_600_000_000_000;

#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// An order, perhaps with one of those before as its group.
    Send(Order, Option<usize>),
    Cancel(usize),
    Close(u32),
    /// As much of an instrument as the account affords.
    AllIn(u32, Side),
}

#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) policy: VenuePolicy,
    pub(crate) increments: Vec<Increments>,
    pub(crate) bars: Vec<(Bar, Vec<Action>)>,
    pub(crate) answers: Vec<Action>,
}

fn price() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => (180..=220_u32).prop_map(|half| f64::from(half) / 2.0),
        2 => (9_000..=11_000_u32).prop_map(|cents| f64::from(cents) / 100.0),
        1 => 90.0..110.0f64,
    ]
}

fn kind() -> impl Strategy<Value = OrderKind> {
    prop_oneof![
        3 => Just(OrderKind::Market),
        3 => price().prop_map(OrderKind::Limit),
        2 => price().prop_map(OrderKind::Stop),
        2 => (price(), price()).prop_map(|(stop, limit)| OrderKind::StopLimit { stop, limit }),
        1 => (0.5..5.0f64).prop_map(|it| OrderKind::TrailingStop(Trail::Distance(it))),
        1 => (0.5..5.0f64).prop_map(|it| OrderKind::TrailingStop(Trail::Percent(it))),
        1 => Just(OrderKind::TrailingStop(Trail::Distance(150.0))),
    ]
}

fn lifetime() -> impl Strategy<Value = TimeInForce> {
    prop_oneof![
        4 => Just(TimeInForce::GoodTillCancelled),
        1 => Just(TimeInForce::Day),
        1 => Just(TimeInForce::ImmediateOrCancel),
        1 => Just(TimeInForce::FillOrKill),
    ]
}

fn quantity() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => (1..60_u32).prop_map(|units| f64::from(units) * 5.0),
        2 => (1..100_000_000_000_u64).prop_map(|units| units as f64 / 1e8),
        1 => 0.1..300.0f64,
        1 => Just(2_000.0),
    ]
}

fn bracket(side: Side) -> impl Strategy<Value = Bracket> {
    let near = (0..=12_u32).prop_map(|half| f64::from(half) / 2.0);
    let s = side.sign();
    (price(), near.clone(), near, 0..4_u8).prop_map(move |(middle, profit, loss, which)| Bracket {
        take_profit: (which != 1).then_some(middle + s * profit),
        stop_loss: (which != 2).then_some(middle - s * loss),
    })
}

fn order(instruments: u32) -> impl Strategy<Value = Order> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let parts = (0..instruments, side, kind(), quantity(), lifetime());
    (parts, prop::bool::weighted(0.15), prop::option::weighted(0.3, Just(()))).prop_flat_map(
        |((instrument, side, kind, quantity, time_in_force), reduce_only, has_bracket)| {
            let order = Order { side, kind, time_in_force, reduce_only, ..Order::buy(instrument, quantity) };
            match has_bracket {
                None => Just(order).boxed(),
                Some(()) => bracket(side).prop_map(move |it| Order { bracket: Some(it), ..order }).boxed(),
            }
        },
    )
}

fn action(instruments: u32) -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => (order(instruments), prop::option::weighted(0.2, any::<usize>()))
            .prop_map(|(order, group)| Action::Send(order, group)),
        1 => any::<usize>().prop_map(Action::Cancel),
        1 => (0..instruments).prop_map(Action::Close),
        1 => (0..instruments, prop_oneof![Just(Side::Buy), Just(Side::Sell)])
            .prop_map(|(instrument, side)| Action::AllIn(instrument, side)),
    ]
}

fn shape() -> impl Strategy<Value = (f64, f64, f64, f64, f64)> {
    let volume = prop_oneof![1 => Just(0.0), 6 => (1..40_u32).prop_map(|it| f64::from(it) * 50.0)];
    (prop::array::uniform4(price()), any::<bool>(), volume).prop_map(|(mut prices, up, volume)| {
        prices.sort_by(f64::total_cmp);
        let [low, first, second, high] = prices;
        let (open, close) = if up { (first, second) } else { (second, first) };
        (open, high, low, close, volume)
    })
}

/// Bars of each instrument, some of them missing, at hours some of which are far apart.
fn bars(instruments: u32) -> impl Strategy<Value = Vec<(Bar, Vec<Action>)>> {
    let one = (prop::bool::weighted(0.85), shape(), prop::collection::vec(action(instruments), 0..3));
    let step =
        (prop_oneof![4 => 1..8_i64, 1 => 1..500_i64], prop::collection::vec(one, instruments as usize));
    prop::collection::vec(step, 1..25).prop_map(|steps| {
        let (mut bars, mut time) = (Vec::new(), 0);
        for (hours, step) in steps {
            time += hours * HOUR;
            for (instrument, (is_there, (open, high, low, close, volume), actions)) in (0..).zip(step) {
                if is_there {
                    bars.push((Bar { instrument, time, open, high, low, close, volume }, actions));
                }
            }
        }
        bars
    })
}

fn fees() -> impl Strategy<Value = (f64, FeeModel)> {
    prop_oneof![
        (0.0..30.0f64).prop_map(|bps| (bps, FeeModel::BasisPoints)),
        (0.0..3.0f64, 0.0..9.0f64).prop_map(|(maker_bps, taker_bps)| {
            (0.0, FeeModel::MakerTaker(MakerTaker { maker_bps, taker_bps }))
        }),
        (0.0..0.1f64, 0.0..3.0f64, prop::option::of(0.0..0.01f64)).prop_map(
            |(amount, minimum, maximum_share)| {
                (0.0, FeeModel::PerShare(PerShare { amount, minimum, maximum_share }))
            }
        ),
    ]
}

fn slippage() -> impl Strategy<Value = (f64, SlippageModel)> {
    prop_oneof![
        2 => Just((0.0, SlippageModel::BasisPoints)),
        1 => (0.0..50.0f64).prop_map(|bps| (bps, SlippageModel::BasisPoints)),
        1 => (0.0..50.0f64).prop_map(|bps| (0.0, SlippageModel::HalfSpreadBps(bps))),
        1 => (0.0..1.0f64).prop_map(|half| (0.0, SlippageModel::HalfSpread(half))),
        1 => (0.0..0.5f64).prop_map(|share| (0.0, SlippageModel::ShareOfRange(share))),
        1 => (0.0..1.0f64).prop_map(|coefficient| (0.0, SlippageModel::SquareRootImpact(coefficient))),
    ]
}

fn increments() -> impl Strategy<Value = Increments> {
    let step = |large: f64, small: f64| prop_oneof![3 => Just(0.0), 2 => Just(large), 1 => Just(small)];
    (step(0.5, 0.01), step(5.0, 1e-8), step(10.0, 0.1)).prop_map(|(tick, lot, min_quantity)| Increments {
        tick,
        lot,
        min_quantity,
    })
}

prop_compose! {
    fn policy()(
        initial_cash in prop_oneof![Just(20_000.0), Just(100_000.0)],
        (fee_bps, fees) in fees(),
        (slippage_bps, slippage) in slippage(),
        same_close in prop::bool::weighted(0.25),
        penetrate in any::<bool>(),
        volume_share in prop::option::of(prop_oneof![Just(0.1), 0.01..1.0f64]),
        leverage in prop_oneof![Just(1.0), 0.5..4.0f64],
        allow_short in any::<bool>(),
        margin in prop_oneof![Just(0.0), 0.9..1.0f64],
        rates in prop_oneof![Just([0.0; 3]), prop::array::uniform3(0.0..2_000.0f64)],
        max_open_orders in prop_oneof![Just(1_000), 2..12_u32],
        max_orders_per_bar in prop_oneof![4 => Just(1_000), 1 => 1..4_u32],
        max_orders in prop_oneof![4 => Just(1_000), 1 => 5..30_u32],
    ) -> VenuePolicy {
        let [borrow_bps_a_year, interest_bps_a_year, debit_bps_a_year] = rates;
        let policy = VenuePolicy {
            // So little that it is soon used up.
            initial_cash,
            fee_bps,
            fees,
            slippage_bps,
            slippage,
            fill_at: if same_close { FillAt::SameClose } else { FillAt::NextOpen },
            limit_fill: if penetrate { LimitFill::Penetrate } else { LimitFill::Touch },
            volume_share,
            leverage,
            allow_short,
            maintenance_margin: margin * (1.0_f64 / leverage).min(1.0),
            borrow_bps_a_year,
            interest_bps_a_year,
            debit_bps_a_year,
            max_open_orders,
            max_orders_per_bar,
            max_orders,
            ..VenuePolicy::default()
        };
        assert_eq!(policy.validate(), Ok(()));
        policy
    }
}

pub(crate) fn any_world() -> impl Strategy<Value = World> {
    (1..=3_u32).prop_flat_map(|instruments| {
        let increments = prop::collection::vec(increments(), instruments as usize);
        let answers = prop::collection::vec(action(instruments), 0..4);
        (policy(), increments, bars(instruments), answers)
            .prop_map(|(policy, increments, bars, answers)| World { policy, increments, bars, answers })
    })
}
