//! The venue: orders in, fills and an account out. `docs/venue.md` has its rules.
//!
//! Pure and deterministic. The same code is compiled to wasm for the sandbox and natively for authors' unit tests, and
//! both agree to the last bit: only `+ - * /`, roots, rounding to whole numbers and comparisons are used.
//!
//! One bar goes through the venue like this: [`Venue::step`] brings the bar, and answers whether an order traded;
//! while it did, the strategy hears of the [`Venue::last_fill`] (and may cancel what the fill makes superfluous) before
//! [`Venue::resume`] looks for the next one. When nothing more trades, the account is marked to the close. Then the
//! strategy sees the bar, and after it, where market orders fill at the close, [`Venue::settle`] does that.

mod execution;
mod fees;
mod financing;
mod increments;
mod margin;
mod matching;
mod orders;
mod position;
mod risk;
mod settlement;
mod slippage;
#[cfg(test)]
mod tests;

use orders::OpenOrder;
use position::Holding;
use stratbox_domain::{
    Account, Bar, Fill, FillAt, Increments, Order, OrderId, Position, Rejection, VenuePolicy, VenueSummary,
};

/// One hundredth of a percent.
const BASIS_POINT: f64 = 1e-4;
const DAY_NS: i64 = 86_400_000_000_000;

/// The latest bar of an instrument, and how much of its volume orders may still trade.
#[derive(Debug, Clone, Copy)]
struct Tape {
    bar: Bar,
    left: f64,
}

/// The order book, the positions and the cash of one run.
#[derive(Debug, Clone)]
pub struct Venue {
    policy: VenuePolicy,
    increments: Vec<Increments>,
    holdings: Vec<Holding>,
    /// Of the bars that orders were, or could have been, matched against.
    tapes: Vec<Tape>,
    orders: Vec<OpenOrder>,
    cash: f64,
    /// Time of the current bar.
    now: i64,
    has_bar: bool,
    /// Whether the policy needs every bar, and not only those with an open order.
    attentive: bool,
    /// The instrument whose bar orders are being matched against.
    instrument: u32,
    /// While market orders fill at the close: orders from this one on were sent too late for it.
    settling: Option<OrderId>,
    closed: bool,
    last_fill: Option<Fill>,
    next_id: OrderId,
    /// Orders accepted at the time of the latest one, with that time.
    sent: (i64, u32),
    counts: VenueSummary,
    /// Forecasts, each with the return that followed it, that nobody has taken note of.
    scored: Vec<[f64; 2]>,
}

impl Venue {
    /// An account with the policy's initial cash, for `instruments` instruments of any tick and lot.
    #[must_use]
    pub fn new(policy: VenuePolicy, instruments: u32) -> Self {
        Self::with_increments(policy, vec![Increments::default(); instruments as usize])
    }

    /// The same for instruments of these ticks and lots. The policy's own table of instruments, which goes by symbols, is
    /// not looked at: see [`VenuePolicy::increments`].
    #[must_use]
    pub fn with_increments(policy: VenuePolicy, increments: Vec<Increments>) -> Self {
        let bar =
            Bar { instrument: 0, time: i64::MIN, open: 0.0, high: 0.0, low: 0.0, close: 0.0, volume: 0.0 };
        Self {
            holdings: vec![Holding::default(); increments.len()],
            tapes: vec![Tape { bar, left: 0.0 }; increments.len()],
            increments,
            orders: Vec::new(),
            cash: policy.initial_cash,
            now: 0,
            has_bar: false,
            attentive: policy.fill_at == FillAt::SameClose
                || policy.maintenance_margin > 0.0
                || financing::is_charged(&policy),
            policy,
            instrument: 0,
            settling: None,
            closed: false,
            last_fill: None,
            next_id: 1,
            sent: (i64::MIN, 0),
            counts: VenueSummary::default(),
            scored: Vec::new(),
        }
    }

    /// How many instruments can be traded. Bars of others are none of the venue's.
    #[must_use]
    pub fn tradable(&self) -> u32 {
        self.holdings.len() as u32
    }

    /// Starts the next bar. Bars come in the order of time; several instruments may share a time.
    ///
    /// Returns the equity at the end of the previous time step when this bar begins a new one, and whether an order
    /// traded: then call [`Venue::resume`] until none does.
    #[inline]
    pub fn step(&mut self, bar: &Bar) -> (Option<f64>, bool) {
        let before = self.now;
        let ended = self.begin(bar.time);
        if self.is_quiet() {
            self.mark(bar.instrument, bar.close);
            return (ended, false);
        }
        (ended, self.match_bar(bar, ended.map(|_| before)))
    }

    /// Whether no order is open and the policy needs nothing of a bar but its close, so that all that it can do is to move
    /// the marks: then [`Venue::step_quiet`] does as well as [`Venue::step`].
    #[must_use]
    #[inline]
    pub fn is_quiet(&self) -> bool {
        self.orders.is_empty() && !self.attentive
    }

    /// [`Venue::step`] for the bars, most of them, on which nothing can trade.
    #[inline]
    pub fn step_quiet(&mut self, instrument: u32, time: i64, close: f64) -> Option<f64> {
        debug_assert!(self.is_quiet());
        let ended = self.begin(time);
        self.mark(instrument, close);
        ended
    }

    /// Looks for the next execution in the current bar, or at its close; `false` when there is none, and the account has
    /// been marked to the close.
    pub fn resume(&mut self) -> bool {
        if self.settling.is_some() {
            return self.settle_next();
        }
        if self.match_next() {
            return true;
        }
        self.end_bar();
        if let Some(Tape { bar, .. }) = self.tapes.get(self.instrument as usize).copied() {
            self.mark(bar.instrument, bar.close);
        }
        false
    }

    /// The execution that [`Venue::step`], [`Venue::resume`] or [`Venue::settle`] last answered `true` for.
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
        // A bracket of nothing is none.
        let bracket = order.bracket.filter(|bracket| bracket.prices().next().is_some());
        let order = Order { bracket, ..order };
        match self.check(&order) {
            Ok(mark) => Ok(self.accept(order, mark)),
            Err(rejection) => Err(self.refuse(rejection)),
        }
    }

    /// Counts an order that is rejected for a reason found elsewhere, and gives the reason back.
    pub fn refuse(&mut self, rejection: Rejection) -> Rejection {
        self.counts.rejections[rejection as usize] += 1;
        rejection
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

    /// Interest received so far, minus interest and borrowing costs paid.
    #[must_use]
    pub fn financing(&self) -> f64 {
        self.counts.financing
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

    /// Forecasts that were scored since [`Venue::forget_scored`], in the order of the bars that scored them: the value, and the
    /// instrument's return from the close that the forecast was made at to the next bar's, `close / close before - 1`. As many as
    /// were counted as `signals`.
    #[must_use]
    pub fn scored(&self) -> &[[f64; 2]] {
        &self.scored
    }

    /// Forgets the forecasts of [`Venue::scored`]; they stay counted.
    pub fn forget_scored(&mut self) {
        self.scored.clear();
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

    /// Kept out of the way of quiet bars. `before` is the time of the step that this bar has ended, if it has.
    #[inline(never)]
    fn match_bar(&mut self, bar: &Bar, before: Option<i64>) -> bool {
        if let Some(before) = before {
            self.call_margin();
            self.accrue(before);
        }
        self.instrument = bar.instrument;
        let left = self.policy.volume_share.map_or(f64::INFINITY, |share| share * bar.volume);
        if let Some(tape) = self.tapes.get_mut(bar.instrument as usize) {
            *tape = Tape { bar: *bar, left };
            self.activate(bar);
        }
        self.resume()
    }

    /// Ends a bar: its close is what the position is worth.
    #[inline]
    fn mark(&mut self, instrument: u32, close: f64) {
        if let Some(holding) = self.holdings.get_mut(instrument as usize) {
            if holding.signal != 0.0 && holding.signalled < self.now {
                self.counts.signals += 1;
                self.counts.signal_hits += u64::from((close - holding.mark) * holding.signal > 0.0);
                self.scored.push([holding.signal, close / holding.mark - 1.0]);
                holding.signal = 0.0;
            }
            holding.mark = close;
        }
    }
}
