//! The books, kept a second time from what the venue says it did.

use std::collections::BTreeMap;

use stratbox_domain::{Bar, Fill, Order, OrderId, OrderKind, Rejection, Side, VenuePolicy, VenueSummary};
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
    gone: bool,
}

/// What the account must be.
#[derive(Debug)]
pub(super) struct Ledger {
    policy: VenuePolicy,
    cash: f64,
    fees: f64,
    fills: u64,
    sent: BTreeMap<OrderId, Sent>,
    /// Of each instrument: the last close, the highest price, and units traded.
    marks: Vec<(f64, f64, f64)>,
}

impl Ledger {
    pub(super) fn new(policy: VenuePolicy, instruments: u32) -> Self {
        let marks = vec![(0.0, 0.0, 0.0); instruments as usize];
        Self { policy, cash: policy.initial_cash, fees: 0.0, fills: 0, sent: BTreeMap::new(), marks }
    }

    pub(super) fn bar(&mut self, bar: &Bar) {
        let (mark, highest, _) = &mut self.marks[bar.instrument as usize];
        (*mark, *highest) = (bar.close, highest.max(bar.high));
    }

    /// The last close; zero without one.
    pub(super) fn price(&self, instrument: u32) -> f64 {
        self.marks.get(instrument as usize).map_or(0.0, |(mark, ..)| *mark)
    }

    /// The number of the latest order that was accepted.
    pub(super) fn latest(&self) -> OrderId {
        self.sent.keys().next_back().copied().unwrap_or_default()
    }

    pub(super) fn order(&mut self, order: Order, time: i64, answer: Result<OrderId, Rejection>) {
        let is_number = |value: f64| value.is_finite() && value > 0.0;
        let prices = match order.kind {
            OrderKind::Market => true,
            OrderKind::Limit(price) | OrderKind::Stop(price) => is_number(price),
            OrderKind::StopLimit { stop, limit } => is_number(stop) && is_number(limit),
        };
        let Ok(id) = answer else { return };
        assert!(is_number(order.quantity) && prices, "{order:?} is accepted");
        assert!(self.price(order.instrument) > 0.0, "an order on an instrument without a price is accepted");
        let before = self.sent.insert(id, Sent { order, time, gone: false });
        assert!(before.is_none(), "two orders are number {id}");
        assert!(self.sent.len() <= self.policy.max_orders as usize);
        let now = self.sent.values().filter(|sent| sent.time == time).count();
        assert!(now <= self.policy.max_orders_per_bar as usize, "{now} orders at one time");
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

    pub(super) fn fill(&mut self, bar: &Bar, fill: &Fill) {
        let sent = self.sent.get_mut(&fill.order).expect("what fills was sent");
        assert!(!sent.gone && sent.time < bar.time, "{fill:?} fills twice, or in the bar of its order");
        sent.gone = true;
        let Order { instrument, side, kind, quantity, .. } = sent.order;
        assert_eq!((fill.instrument, fill.side, fill.time), (instrument, side, bar.time));
        assert_eq!((fill.instrument, fill.quantity), (bar.instrument, quantity));
        assert!(fill.price >= bar.low && fill.price <= bar.high, "{fill:?} is outside of {bar:?}");
        if let OrderKind::Limit(limit) | OrderKind::StopLimit { limit, .. } = kind {
            assert!(if side == Side::Buy { fill.price <= limit } else { fill.price >= limit });
        }
        assert!(self.policy.allow_short || fill.position >= 0.0, "{fill:?} goes short");
        assert!(fill.fee >= 0.0, "{fill:?}");
        self.cash -= side.sign() * fill.price * quantity + fill.fee;
        self.fees += fill.fee;
        self.fills += 1;
        self.marks[instrument as usize].2 += quantity;
    }

    /// Equity is cash and positions, and the initial cash and what was earned minus fees.
    pub(super) fn balance(&self, venue: &Venue) {
        let account = venue.account();
        assert!(account.buying_power >= 0.0, "{account:?}");
        let moved = self.marks.iter().map(|(_, highest, units)| highest * units).sum::<f64>();
        let scale = self.policy.initial_cash + moved * (1.0 + self.policy.fee_bps * 1e-4);
        if is_too_large(scale) {
            return;
        }
        let value: f64 =
            (0..).zip(&self.marks).map(|(instrument, (mark, ..))| venue.quantity(instrument) * mark).sum();
        let near = |a: f64, b: f64| (a - b).abs() <= ROUNDING * scale;
        assert!(account.equity.is_finite() && near(account.cash, self.cash), "{account:?}, {self:?}");
        assert!(
            near(account.equity, account.cash + value) && near(account.fees, self.fees),
            "{account:?}, {self:?}"
        );
        let earned = account.realised_pnl + account.unrealised_pnl - account.fees;
        assert!(near(account.equity, self.policy.initial_cash + earned), "{account:?}, {self:?}");
        for instrument in 0..self.marks.len() as u32 {
            let position = venue.position(instrument);
            assert!(self.policy.allow_short || position.quantity >= 0.0);
            assert!(position.quantity != 0.0 || position.average_price == 0.0, "{position:?}");
        }
    }

    /// Checks what was counted; answers how many orders filled.
    pub(super) fn summary(&self, summary: &VenueSummary) -> u64 {
        assert_eq!(summary.orders, self.sent.len() as u64);
        assert!(summary.fees >= 0.0 || is_too_large(self.fees));
        assert!(summary.signal_hits <= summary.signals && summary.steps_in_market <= summary.steps);
        assert!(self.fills <= summary.orders);
        self.fills
    }
}

fn is_too_large(value: f64) -> bool {
    value >= TOO_LARGE || value.is_nan()
}
