//! The books, kept a second time from what the venue says it did.

use std::collections::BTreeMap;

use stratbox_domain::{
    Bar, Fill, FillAt, Order, OrderId, OrderKind, Rejection, Side, VenuePolicy, VenueSummary,
};
use stratbox_venue::Venue;

/// Beyond this, prices and quantities were so large that rounding hides everything.
const TOO_LARGE: f64 = 1e100;
/// Rounding, as a share of everything that was ever moved.
const ROUNDING: f64 = 1e-9;

/// What happened to an order that was accepted.
#[derive(Debug, Clone, Copy)]
struct Sent {
    order: Order,
    time: i64,
    /// Withdrawn, or wholly filled.
    gone: bool,
    filled: f64,
    /// Whether it came of a bracket.
    is_leg: bool,
}

/// What is known of an instrument.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    bar: Option<Bar>,
    highest: f64,
    /// Units traded, in all and in this bar.
    units: f64,
    in_bar: f64,
    position: f64,
}

/// What the account must be.
#[derive(Debug)]
pub(super) struct Ledger {
    policy: VenuePolicy,
    /// Without what financing brought.
    cash: f64,
    fees: f64,
    fills: u64,
    sent: BTreeMap<OrderId, Sent>,
    known: Vec<Known>,
}

impl Ledger {
    pub(super) fn new(policy: VenuePolicy, instruments: u32) -> Self {
        let known = vec![Known::default(); instruments as usize];
        Self { cash: policy.initial_cash, policy, fees: 0.0, fills: 0, sent: BTreeMap::new(), known }
    }

    pub(super) fn bar(&mut self, bar: &Bar) {
        let known = &mut self.known[bar.instrument as usize];
        let highest = known.highest.max(bar.high);
        *known = Known { bar: Some(*bar), highest, in_bar: 0.0, ..*known };
    }

    /// The last close; zero without one.
    pub(super) fn price(&self, instrument: u32) -> f64 {
        self.known.get(instrument as usize).and_then(|it| it.bar).map_or(0.0, |bar| bar.close)
    }

    /// The number of the latest order that was accepted.
    pub(super) fn latest(&self) -> OrderId {
        self.sent.keys().next_back().copied().unwrap_or_default()
    }

    pub(super) fn order(&mut self, order: Order, time: i64, answer: Result<OrderId, Rejection>) {
        let Ok(id) = answer else { return };
        assert!(order.has_valid_quantity() && order.has_valid_prices(), "{order:?} is accepted");
        assert!(self.price(order.instrument) > 0.0, "an order on an instrument without a price is accepted");
        let sent = Sent { order, time, gone: false, filled: 0.0, is_leg: false };
        let before = self.sent.insert(id, sent);
        assert!(before.is_none(), "two orders are number {id}");
        let orders = || self.sent.values().filter(|sent| !sent.is_leg);
        assert!(orders().count() <= self.policy.max_orders as usize);
        let now = orders().filter(|sent| sent.time == time).count();
        assert!(now <= self.policy.max_orders_per_bar as usize, "{now} orders at one time");
        let Some(bracket) = order.bracket else { return };
        let side = if order.side == Side::Buy { Side::Sell } else { Side::Buy };
        let stop = bracket.stop_loss.map(|price| (id + 1, OrderKind::Stop(price)));
        let target = bracket.take_profit.map(|price| (id + 2, OrderKind::Limit(price)));
        for (id, kind) in stop.into_iter().chain(target) {
            let order = Order { side, kind, reduce_only: true, bracket: None, ..order };
            let before = self.sent.insert(id, Sent { order, is_leg: true, ..sent });
            assert!(before.is_none(), "two orders are number {id}");
        }
    }

    pub(super) fn cancel(&mut self, id: OrderId, done: bool) {
        match self.sent.get_mut(&id) {
            Some(sent) => {
                assert!(!(done && sent.gone), "order {id} is withdrawn after its end");
                sent.gone |= done;
            }
            None => assert!(!done, "order {id}, which there is not, is withdrawn"),
        }
    }

    pub(super) fn fill(&mut self, fill: &Fill) {
        let known = &mut self.known[fill.instrument as usize];
        let bar = known.bar.expect("there is a bar to fill in");
        assert_eq!(fill.time, bar.time);
        assert!(fill.price >= bar.low && fill.price <= bar.high, "{fill:?} is outside of {bar:?}");
        assert!(fill.quantity > 0.0 && fill.fee >= 0.0, "{fill:?}");
        let before = std::mem::replace(&mut known.position, fill.position);
        known.units += fill.quantity;
        known.in_bar += fill.quantity;
        if let Some(share) = self.policy.volume_share {
            assert!(known.in_bar <= share * bar.volume * (1.0 + ROUNDING), "{fill:?} exceeds the volume");
        }
        assert!(self.policy.allow_short || fill.position >= 0.0, "{fill:?} goes short");
        self.cash -= fill.side.sign() * fill.price * fill.quantity + fill.fee;
        self.fees += fill.fee;
        self.fills += 1;
        let reduces = fill.position.abs() < before.abs()
            && (fill.position == 0.0 || (fill.position > 0.0) == (before > 0.0));
        if fill.order == 0 {
            assert!(self.policy.maintenance_margin > 0.0 && reduces, "{fill:?} from {before}");
            return;
        }
        let sent = self.sent.get_mut(&fill.order).expect("what fills was sent");
        let Order { instrument, side, kind, quantity, reduce_only, .. } = sent.order;
        let at_close = self.policy.fill_at == FillAt::SameClose && sent.time == bar.time && !sent.is_leg;
        assert!(!sent.gone && (sent.time < bar.time || at_close), "{fill:?} is not due");
        assert_eq!((fill.instrument, fill.side), (instrument, side));
        sent.filled += fill.quantity;
        assert!(sent.filled <= quantity * (1.0 + ROUNDING), "{fill:?} is more than was asked");
        sent.gone = sent.filled >= quantity;
        if let OrderKind::Limit(limit) | OrderKind::StopLimit { limit, .. } = kind {
            assert!(if side == Side::Buy { fill.price <= limit } else { fill.price >= limit });
        }
        // Where a unit is less than what can be told of the position, nothing can be.
        let visible = fill.quantity > before.abs() * 1e-12;
        assert!(!reduce_only || reduces || !visible, "{fill:?} from {before} does not reduce");
    }

    /// Equity is cash and positions, and the initial cash and what was earned minus fees.
    pub(super) fn balance(&self, venue: &Venue) {
        let account = venue.account();
        assert!(account.buying_power >= 0.0, "{account:?}");
        let moved = self.known.iter().map(|known| known.highest * known.units).sum::<f64>();
        let financing = venue.financing();
        let scale = self.policy.initial_cash + moved + self.fees + financing.abs();
        if is_too_large(scale) {
            return;
        }
        let value: f64 = (0..self.known.len() as u32).map(|it| venue.quantity(it) * self.price(it)).sum();
        let near = |a: f64, b: f64| (a - b).abs() <= ROUNDING * scale;
        assert!(
            account.equity.is_finite() && near(account.cash, self.cash + financing),
            "{account:?}, {self:?}"
        );
        assert!(
            near(account.equity, account.cash + value) && near(account.fees, self.fees),
            "{account:?}, {self:?}"
        );
        let earned = account.realised_pnl + account.unrealised_pnl - account.fees + financing;
        assert!(near(account.equity, self.policy.initial_cash + earned), "{account:?}, {self:?}");
        for instrument in 0..self.known.len() as u32 {
            let position = venue.position(instrument);
            assert!(self.policy.allow_short || position.quantity >= 0.0);
            assert!(position.quantity != 0.0 || position.average_price == 0.0, "{position:?}");
        }
    }

    /// Checks what was counted; answers how many orders filled.
    pub(super) fn summary(&self, summary: &VenueSummary) -> u64 {
        assert_eq!(summary.orders, self.sent.values().filter(|sent| !sent.is_leg).count() as u64);
        assert!(summary.fees >= 0.0 || is_too_large(self.fees));
        assert!(summary.partial_fills + summary.liquidations <= self.fills);
        assert!(summary.signal_hits <= summary.signals && summary.steps_in_market <= summary.steps);
        self.fills
    }
}

fn is_too_large(value: f64) -> bool {
    value >= TOO_LARGE || value.is_nan()
}
