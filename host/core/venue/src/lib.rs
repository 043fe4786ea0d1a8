//! The venue: orders in, fills and an account out.
//!
//! Pure and deterministic. The same code is compiled to wasm for the sandbox and natively for authors' unit tests, and
//! both agree to the last bit: only `+ - * /` and comparisons are used.
//!
//! One bar goes through the venue like this: [`Venue::step`] brings the bar, and answers whether an order traded;
//! while it did, the strategy hears of the [`Venue::last_fill`] (and may cancel what the fill makes superfluous) before
//! [`Venue::resume`] looks for the next one. When nothing more trades, the account is marked to the close.
//!
//! The conventions of matching are those of [`stratbox_domain::VenuePolicy`].

mod matching;
mod position;
mod risk;
#[cfg(test)]
mod tests;

use matching::{Match, Moment, match_order, slipped};
use position::Holding;
use stratbox_domain::{
    Account, Bar, Fill, Order, OrderId, OrderKind, Position, Rejection, TimeInForce, VenuePolicy,
    VenueSummary,
};

/// One hundredth of a percent.
const BASIS_POINT: f64 = 1e-4;
const DAY_NS: i64 = 86_400_000_000_000;

#[derive(Debug, Clone, Copy)]
struct OpenOrder {
    id: OrderId,
    order: Order,
    /// It can fill in bars after this time only: never in the one whose close it was sent on.
    sent: i64,
    /// The UTC day of the first bar on which it could fill.
    first_day: Option<i64>,
}

/// The order book, the positions and the cash of one run.
#[derive(Debug, Clone)]
pub struct Venue {
    policy: VenuePolicy,
    holdings: Vec<Holding>,
    orders: Vec<OpenOrder>,
    cash: f64,
    /// Time of the current bar.
    now: i64,
    has_bar: bool,
    /// The bar that orders are being matched against.
    bar: Bar,
    closed: bool,
    last_fill: Option<Fill>,
    next_id: OrderId,
    /// Orders accepted at the time of the latest one, with that time.
    sent: (i64, u32),
    counts: VenueSummary,
}

impl Venue {
    /// An account with the policy's initial cash, for `instruments` instruments.
    #[must_use]
    pub fn new(policy: VenuePolicy, instruments: u32) -> Self {
        let nothing =
            Bar { instrument: 0, time: i64::MIN, open: 0.0, high: 0.0, low: 0.0, close: 0.0, volume: 0.0 };
        Self {
            policy,
            holdings: vec![Holding::default(); instruments as usize],
            orders: Vec::new(),
            cash: policy.initial_cash,
            now: 0,
            has_bar: false,
            bar: nothing,
            closed: false,
            last_fill: None,
            next_id: 1,
            sent: (i64::MIN, 0),
            counts: VenueSummary::default(),
        }
    }

    /// Starts the next bar. Bars come in the order of time; several instruments may share a time.
    ///
    /// Returns the equity at the end of the previous time step when this bar begins a new one, and whether an order
    /// traded: then call [`Venue::resume`] until none does.
    #[inline]
    pub fn step(&mut self, bar: &Bar) -> (Option<f64>, bool) {
        let ended = self.begin(bar.time);
        if self.is_quiet() {
            self.mark(bar.instrument, bar.close);
            return (ended, false);
        }
        (ended, self.match_bar(bar))
    }

    /// Whether no order is open, so that all a bar can do is to move the marks: then [`Venue::step_quiet`] does as well
    /// as [`Venue::step`].
    #[must_use]
    #[inline]
    pub fn is_quiet(&self) -> bool {
        self.orders.is_empty()
    }

    /// [`Venue::step`] for the bars, most of them, on which nothing can trade.
    #[inline]
    pub fn step_quiet(&mut self, instrument: u32, time: i64, close: f64) -> Option<f64> {
        debug_assert!(self.is_quiet());
        let ended = self.begin(time);
        self.mark(instrument, close);
        ended
    }

    /// Looks for the next execution in the current bar; `false` when there is none and the account has been marked to
    /// the close.
    pub fn resume(&mut self) -> bool {
        if self.match_next() {
            return true;
        }
        self.expire();
        self.mark(self.bar.instrument, self.bar.close);
        false
    }

    /// The execution that [`Venue::step`] or [`Venue::resume`] last answered `true` for.
    #[must_use]
    pub fn last_fill(&self) -> Option<Fill> {
        self.last_fill
    }

    /// Ends the run: no order is accepted after this. Returns the equity at the end of the last time step; `None`
    /// without bars.
    pub fn close(&mut self) -> Option<f64> {
        let ended = (self.has_bar && !self.closed).then(|| self.end_of_step());
        self.closed = true;
        ended
    }

    /// Accepts an order, or says why not. A rejected order changes nothing but the count of rejections.
    ///
    /// # Errors
    /// The first reason that applies.
    pub fn submit(&mut self, order: Order) -> Result<OrderId, Rejection> {
        match self.check(&order) {
            Ok(()) => {
                let id = self.next_id;
                self.next_id += 1;
                self.counts.orders += 1;
                self.sent = (self.now, if self.sent.0 == self.now { self.sent.1 + 1 } else { 1 });
                self.orders.push(OpenOrder { id, order, sent: self.now, first_day: None });
                Ok(id)
            }
            Err(rejection) => {
                self.counts.rejections[rejection as usize] += 1;
                Err(rejection)
            }
        }
    }

    /// Withdraws an open order; `false` when it is not open.
    pub fn cancel(&mut self, id: OrderId) -> bool {
        let found = self.orders.iter().position(|open| open.id == id);
        found.map(|index| self.orders.remove(index)).is_some()
    }

    /// The position in one instrument; all zero for an unknown one.
    #[must_use]
    pub fn position(&self, instrument: u32) -> Position {
        self.holdings.get(instrument as usize).map(Holding::position).unwrap_or_default()
    }

    /// Units held of one instrument; zero for an unknown one.
    #[must_use]
    #[inline]
    pub fn quantity(&self, instrument: u32) -> f64 {
        self.holdings.get(instrument as usize).map_or(0.0, |holding| holding.quantity)
    }

    /// The account at the last close.
    #[must_use]
    pub fn account(&self) -> Account {
        Account {
            cash: self.cash,
            equity: self.equity(),
            realised_pnl: self.holdings.iter().map(Holding::realised).sum(),
            unrealised_pnl: self.holdings.iter().map(Holding::unrealised).sum(),
            fees: self.counts.fees,
            buying_power: self.buying_power(),
        }
    }

    /// Sets the forecast for an instrument's next bar, which is one of a later time; zero, NaN and infinity withdraw it.
    pub fn signal(&mut self, instrument: u32, value: f64) {
        if let Some(holding) = self.holdings.get_mut(instrument as usize)
            && holding.mark > 0.0
        {
            holding.signal = if value.is_finite() { value } else { 0.0 };
            holding.signalled = self.now;
        }
    }

    /// What was counted so far.
    #[must_use]
    pub fn summary(&self) -> VenueSummary {
        VenueSummary { final_equity: self.equity(), ..self.counts.clone() }
    }

    fn equity(&self) -> f64 {
        self.cash + self.holdings.iter().map(Holding::value).sum::<f64>()
    }

    #[inline]
    fn end_of_step(&mut self) -> f64 {
        self.counts.steps += 1;
        // One instrument is the usual case, and its sum needs no loop.
        if let [only] = self.holdings.as_slice() {
            self.counts.steps_in_market += u64::from(only.quantity != 0.0);
            return self.cash + only.value();
        }
        self.counts.steps_in_market += u64::from(self.holdings.iter().any(|holding| holding.quantity != 0.0));
        self.equity()
    }

    /// The equity at the end of the time step that a bar of another time ends.
    #[inline]
    fn begin(&mut self, time: i64) -> Option<f64> {
        let ended = (time != self.now && self.has_bar).then(|| self.end_of_step());
        self.has_bar = true;
        self.now = time;
        ended
    }

    /// Kept out of the way of quiet bars.
    #[inline(never)]
    fn match_bar(&mut self, bar: &Bar) -> bool {
        self.bar = *bar;
        self.activate();
        self.resume()
    }

    /// Ends a bar: its close is what the position is worth.
    #[inline]
    fn mark(&mut self, instrument: u32, close: f64) {
        if let Some(holding) = self.holdings.get_mut(instrument as usize) {
            if holding.signal != 0.0 && holding.signalled < self.now {
                self.counts.signals += 1;
                self.counts.signal_hits += u64::from((close - holding.mark) * holding.signal > 0.0);
                holding.signal = 0.0;
            }
            holding.mark = close;
        }
    }

    /// Executes the first order that trades in the current bar, if any.
    fn match_next(&mut self) -> bool {
        let bar = self.bar;
        for moment in Moment::ALL {
            let mut index = 0;
            while index < self.orders.len() {
                let OpenOrder { order, sent, .. } = self.orders[index];
                if order.instrument != bar.instrument || sent >= bar.time {
                    index += 1;
                    continue;
                }
                match match_order(order.kind, order.side, &bar, moment) {
                    Match::None => index += 1,
                    Match::Woken { limit, this_bar } => {
                        let open = &mut self.orders[index];
                        open.order.kind = OrderKind::Limit(limit);
                        if !this_bar {
                            open.sent = bar.time;
                        }
                        index += 1;
                    }
                    Match::AtLimit(price) => {
                        if self.execute(index, price) {
                            return true;
                        }
                    }
                    Match::AtMarket(price) => {
                        let price = slipped(price, order.side, &bar, self.policy.slippage_bps * BASIS_POINT);
                        if self.execute(index, price) {
                            return true;
                        }
                    }
                }
            }
        }
        false
    }

    /// Trades an open order at a price. `false` when it was dropped instead, because the account it was accepted for is
    /// no longer there.
    fn execute(&mut self, index: usize, price: f64) -> bool {
        let OpenOrder { id, order, .. } = self.orders[index];
        let permitted = self.check_fill(&order);
        self.orders.remove(index);
        if let Err(rejection) = permitted {
            self.counts.rejections[rejection as usize] += 1;
            return false;
        }
        let holding = &mut self.holdings[order.instrument as usize];
        holding.execute(order.side, order.quantity, price);
        let traded = price * order.quantity;
        let fee = traded * self.policy.fee_bps * BASIS_POINT;
        self.cash -= order.side.sign() * traded + fee;
        self.counts.fees += fee;
        self.last_fill = Some(Fill {
            order: id,
            instrument: order.instrument,
            time: self.bar.time,
            side: order.side,
            price,
            quantity: order.quantity,
            fee,
            position: holding.quantity,
        });
        true
    }

    /// Notes which orders this bar may fill, and drops the day orders of earlier days.
    fn activate(&mut self) {
        let Bar { instrument, time, .. } = self.bar;
        let today = time.div_euclid(DAY_NS);
        self.orders.retain_mut(|open| {
            if open.order.instrument != instrument || open.sent >= time {
                return true;
            }
            let first_day = *open.first_day.get_or_insert(today);
            open.order.time_in_force != TimeInForce::Day || first_day == today
        });
    }

    /// Drops the orders that had this one bar to fill.
    fn expire(&mut self) {
        let instrument = self.bar.instrument;
        self.orders.retain(|open| {
            let had_its_bar = open.order.instrument == instrument && open.first_day.is_some();
            let one_bar_only =
                matches!(open.order.time_in_force, TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill);
            !(had_its_bar && one_bar_only)
        });
    }
}
