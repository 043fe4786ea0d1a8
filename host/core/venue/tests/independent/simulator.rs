//! The venue a second time, as plainly as possible and from the text of `docs/venue.md` alone: lists that are searched
//! from end to end, nothing that is remembered that can be worked out.

use stratbox_domain::{
    Account, Bar, Bracket, Fill, FillAt, Increments, Order, OrderKind, Rejection, Side, TimeInForce, Trail,
    VenuePolicy,
};

mod matching;

use matching::Where;

const DAY: i64 = 86_400_000_000_000;
const TINY: f64 = 1e-12;

/// Where an order of the book stands.
#[derive(Debug, Clone)]
struct Entry {
    id: u64,
    order: Order,
    left: f64,
    /// It trades in bars after this time.
    after: i64,
    /// In the bar of this time, not before this moment.
    not_before: Option<(i64, usize)>,
    first_bar: Option<i64>,
    /// When volume was last missing.
    missed: Option<i64>,
    best: f64,
    group: Option<u64>,
    bracket: Option<Bracket>,
}

#[derive(Debug, Clone, Default)]
struct Holding {
    units: f64,
    average: f64,
    realised: f64,
    close: Option<f64>,
    closing: bool,
    /// The latest bar, and what of its volume is left.
    bar: Option<(Bar, f64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Counts {
    pub(crate) orders: u64,
    pub(crate) partial: u64,
    pub(crate) expired: u64,
    pub(crate) dropped: u64,
    pub(crate) liquidations: u64,
}

pub(crate) struct Simulator {
    policy: VenuePolicy,
    steps: Vec<Increments>,
    held: Vec<Holding>,
    book: Vec<Entry>,
    cash: f64,
    fees: f64,
    financing: f64,
    clock: Option<i64>,
    accepted_at: Vec<i64>,
    next: u64,
    pub(crate) equity: Vec<f64>,
    pub(crate) counts: Counts,
}

fn sign(side: Side) -> f64 {
    if side == Side::Buy { 1.0 } else { -1.0 }
}

fn is_multiple(value: f64, step: f64) -> bool {
    let quotient = value / step;
    let distance = (quotient - quotient.round_ties_even()).abs();
    step == 0.0 || distance <= (quotient.abs() / 2.0_f64.powi(50)).max(1e-6)
}

fn whole_lots(value: f64, lot: f64) -> f64 {
    if lot == 0.0 {
        return value;
    }
    let quotient = value / lot;
    let lots = if is_multiple(value, lot) { quotient.round_ties_even() } else { quotient.floor() };
    (lots * lot).min(value)
}

fn level(trail: Trail, side: Side, best: f64) -> f64 {
    match trail {
        Trail::Distance(distance) => best + sign(side) * distance,
        Trail::Percent(percent) => best * (1.0 + sign(side) * (percent / 100.0)),
    }
}

impl Simulator {
    pub(crate) fn new(policy: VenuePolicy, steps: Vec<Increments>) -> Self {
        Self {
            cash: policy.initial_cash,
            policy,
            held: vec![Holding::default(); steps.len()],
            steps,
            book: Vec::new(),
            fees: 0.0,
            financing: 0.0,
            clock: None,
            accepted_at: Vec::new(),
            next: 1,
            equity: Vec::new(),
            counts: Counts::default(),
        }
    }

    fn value(&self, instrument: usize) -> f64 {
        self.held[instrument].units * self.held[instrument].close.unwrap_or(0.0)
    }

    fn worth(&self) -> f64 {
        self.cash + (0..self.held.len()).map(|instrument| self.value(instrument)).sum::<f64>()
    }

    pub(crate) fn account(&self) -> (Account, f64) {
        let unrealised = |h: &Holding| h.units * (h.close.unwrap_or(0.0) - h.average);
        let account = Account {
            cash: self.cash,
            equity: self.worth(),
            realised_pnl: self.held.iter().map(|h| h.realised).sum(),
            unrealised_pnl: self.held.iter().map(unrealised).sum(),
            fees: self.fees,
            buying_power: (self.policy.leverage * self.worth() - self.all_exposure(None)).max(0.0),
        };
        (account, self.financing)
    }

    pub(crate) fn open_quantity(&self, id: u64) -> f64 {
        self.book.iter().find(|entry| entry.id == id).map_or(0.0, |entry| entry.left)
    }

    // Time.

    /// Steps 1 to 5 of a bar; `on_fill` runs after each execution.
    pub(crate) fn bar(&mut self, bar: &Bar, on_fill: &mut dyn FnMut(&mut Self, Fill)) {
        if self.clock.is_some_and(|clock| clock != bar.time) {
            self.end_step();
            self.check_margin();
            self.accrue(bar.time);
        }
        self.clock = Some(bar.time);
        let volume = self.policy.volume_share.map_or(f64::INFINITY, |share| share * bar.volume);
        self.held[bar.instrument as usize].bar = Some((*bar, volume));
        self.note_first_bars(bar);
        self.expire(bar, |entry, first| {
            entry.order.time_in_force == TimeInForce::Day && first.div_euclid(DAY) != bar.time.div_euclid(DAY)
        });
        while let Some(fill) = self.close_out(bar).or_else(|| self.next_execution(bar)) {
            on_fill(self, fill);
        }
        let same_close = self.policy.fill_at == FillAt::SameClose;
        self.expire(bar, |entry, _| {
            matches!(entry.order.time_in_force, TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill)
                && !(same_close && entry.order.kind == OrderKind::Market)
        });
        for entry in self.book.iter_mut().filter(|entry| entry.order.instrument == bar.instrument) {
            if entry.after < bar.time && matches!(entry.order.kind, OrderKind::TrailingStop(_)) {
                entry.best = match entry.order.side {
                    Side::Sell => entry.best.max(bar.high),
                    Side::Buy => entry.best.min(bar.low),
                };
            }
        }
        self.held[bar.instrument as usize].close = Some(bar.close);
    }

    /// Step 6, after `on_bar`.
    pub(crate) fn after_bar(&mut self, on_fill: &mut dyn FnMut(&mut Self, Fill)) {
        if self.policy.fill_at != FillAt::SameClose {
            return;
        }
        let now = self.clock.expect("there was a bar");
        let bound = self.next;
        loop {
            let due = self.book.iter().position(|entry| {
                entry.order.kind == OrderKind::Market
                    && entry.id < bound
                    && self.bar_of(entry.order.instrument).is_some_and(|bar| bar.time == now)
                    && entry.missed != Some(now)
            });
            let Some(index) = due else { break };
            self.book[index].first_bar.get_or_insert(now);
            let close = self.bar_of(self.book[index].order.instrument).expect("it has one").close;
            if let Some(fill) = self.trade_order(index, close, true, false, Where::Close) {
                on_fill(self, fill);
            }
        }
        let before = self.book.len();
        let latest: Vec<Option<i64>> =
            (0..self.held.len()).map(|i| self.bar_of(i as u32).map(|bar| bar.time)).collect();
        self.book.retain(|entry| {
            let one_bar =
                matches!(entry.order.time_in_force, TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill);
            let due = entry.order.kind == OrderKind::Market
                && entry.id < bound
                && latest[entry.order.instrument as usize] == Some(now);
            !(one_bar && due)
        });
        self.counts.expired += (before - self.book.len()) as u64;
    }

    pub(crate) fn end(&mut self) {
        if self.clock.is_some() {
            self.end_step();
        }
    }

    fn end_step(&mut self) {
        self.equity.push(self.worth());
    }

    fn bar_of(&self, instrument: u32) -> Option<Bar> {
        self.held[instrument as usize].bar.map(|(bar, _)| bar)
    }

    fn note_first_bars(&mut self, bar: &Bar) {
        for entry in &mut self.book {
            if entry.order.instrument == bar.instrument && entry.after < bar.time {
                entry.first_bar.get_or_insert(bar.time);
            }
        }
    }

    /// Takes out of the book those of the bar's instrument that have had their first bar and of which `is_over` holds.
    fn expire(&mut self, bar: &Bar, is_over: impl Fn(&Entry, i64) -> bool) {
        let before = self.book.len();
        self.book.retain(|entry| {
            let over = entry.first_bar.is_some_and(|first| is_over(entry, first));
            entry.order.instrument != bar.instrument || !over
        });
        self.counts.expired += (before - self.book.len()) as u64;
    }

    fn check_margin(&mut self) {
        let gross: f64 = (0..self.held.len()).map(|instrument| self.value(instrument).abs()).sum();
        if self.policy.maintenance_margin == 0.0
            || gross == 0.0
            || self.worth() >= self.policy.maintenance_margin * gross
        {
            return;
        }
        self.counts.dropped += self.book.len() as u64;
        self.book.clear();
        self.held.iter_mut().for_each(|holding| holding.closing = holding.units != 0.0);
    }

    fn accrue(&mut self, time: i64) {
        let nanoseconds = (i128::from(time) - i128::from(self.clock.unwrap_or(time))) as f64;
        let years = nanoseconds / (365.0 * 86_400e9);
        let VenuePolicy { borrow_bps_a_year, interest_bps_a_year, debit_bps_a_year, .. } = self.policy;
        let rate = if self.cash > 0.0 { interest_bps_a_year } else { debit_bps_a_year };
        let mut short = 0.0;
        for instrument in 0..self.held.len() {
            let value = self.value(instrument);
            if value < 0.0 {
                short -= value;
            }
        }
        let earned = self.cash * (rate / 1e4) * years - short * (borrow_bps_a_year / 1e4) * years;
        self.cash += earned;
        self.financing += earned;
    }

    // Acceptance.

    pub(crate) fn submit(&mut self, order: Order) -> Result<u64, Rejection> {
        let bracket = order.bracket.filter(|b| b.take_profit.is_some() || b.stop_loss.is_some());
        self.reason_against(&order, bracket).map_or(Ok(()), Err)?;
        let (id, now) = (self.next, self.clock.expect("it has a price"));
        self.next += if bracket.is_some() { 3 } else { 1 };
        self.counts.orders += 1;
        self.accepted_at.push(now);
        let group = order.one_cancels.map(|other| {
            let other = self.book.iter_mut().find(|entry| entry.id == other).expect("it is open");
            *other.group.get_or_insert(other.id)
        });
        let best = self.held[order.instrument as usize].close.expect("it has a price");
        self.book.push(Entry {
            id,
            order,
            left: order.quantity,
            after: now,
            not_before: None,
            first_bar: None,
            missed: None,
            best,
            group,
            bracket,
        });
        Ok(id)
    }

    fn reason_against(&self, order: &Order, bracket: Option<Bracket>) -> Option<Rejection> {
        let is_number = |number: f64| number.is_finite() && number > 0.0;
        let Some(holding) = self.held.get(order.instrument as usize) else {
            return Some(Rejection::UnknownInstrument);
        };
        let steps = self.steps[order.instrument as usize];
        if !is_number(order.quantity) {
            return Some(Rejection::InvalidQuantity);
        }
        let own = match order.kind {
            OrderKind::Limit(price) | OrderKind::Stop(price) => vec![price],
            OrderKind::StopLimit { stop, limit } => vec![stop, limit],
            OrderKind::Market | OrderKind::TrailingStop(_) => vec![],
        };
        let profit = bracket.and_then(|bracket| bracket.take_profit);
        let loss = bracket.and_then(|bracket| bracket.stop_loss);
        let mut prices = own.clone();
        prices.extend(profit);
        prices.extend(loss);
        let trail = match order.kind {
            OrderKind::TrailingStop(trail) => Some(trail),
            _ => None,
        };
        let trails = match trail {
            Some(Trail::Distance(distance)) => is_number(distance),
            Some(Trail::Percent(percent)) => is_number(percent) && percent < 100.0,
            None => true,
        };
        if !trails || !prices.iter().all(|price| is_number(*price)) {
            return Some(Rejection::InvalidPrice);
        }
        if !prices.iter().all(|price| is_multiple(*price, steps.tick)) {
            return Some(Rejection::OffTick);
        }
        let to_zero = sign(order.side) * order.quantity + holding.units == 0.0;
        if !to_zero && (!is_multiple(order.quantity, steps.lot) || order.quantity < steps.min_quantity) {
            return Some(Rejection::OffLot);
        }
        if bracket.is_some() {
            let s = sign(order.side);
            let crossed = profit.zip(loss).is_some_and(|(profit, loss)| (profit - loss) * s <= 0.0);
            let loses = loss.is_none_or(|loss| own.iter().all(|price| (price - loss) * s > 0.0));
            let wins = profit.is_none_or(|profit| own.iter().all(|price| (profit - price) * s > 0.0));
            if order.reduce_only || trail.is_some() || crossed || !loses || !wins {
                return Some(Rejection::InvalidTicket);
            }
        }
        let Some(close) = holding.close else { return Some(Rejection::NoPrice) };
        if trail.is_some_and(|trail| level(trail, order.side, close) <= 0.0) {
            return Some(Rejection::InvalidPrice);
        }
        if order.one_cancels.is_some_and(|other| !self.book.iter().any(|entry| entry.id == other)) {
            return Some(Rejection::UnknownOrder);
        }
        let legs = |bracket: Option<Bracket>| {
            bracket.map_or(0, |b| usize::from(b.take_profit.is_some()) + usize::from(b.stop_loss.is_some()))
        };
        let open: usize = self.book.iter().map(|entry| 1 + legs(entry.bracket)).sum();
        let now = self.accepted_at.iter().filter(|at| Some(**at) == self.clock).count();
        if open + 1 + legs(bracket) > self.policy.max_open_orders as usize
            || now >= self.policy.max_orders_per_bar as usize
            || self.accepted_at.len() >= self.policy.max_orders as usize
        {
            return Some(Rejection::TooManyOpenOrders);
        }
        let market = self.book.iter().filter(|entry| {
            entry.order.instrument == order.instrument && entry.order.kind == OrderKind::Market
        });
        let done = market.fold(holding.units, |units, entry| {
            if entry.order.reduce_only {
                towards_nothing(units, entry.order.side, entry.left)
            } else {
                units + sign(entry.order.side) * entry.left
            }
        });
        if order.side == Side::Sell
            && !order.reduce_only
            && !self.policy.allow_short
            && is_smaller(done, order.quantity)
        {
            return Some(Rejection::ShortNotAllowed);
        }
        let before = self.exposure(order.instrument, None);
        let after = self.exposure(order.instrument, Some(order));
        let all = self.all_exposure(None) - before + after;
        let fits = all <= self.policy.leverage * self.worth() * (1.0 + 1e-9);
        if holding.closing || !(order.reduce_only || after <= before || fits) {
            return Some(Rejection::InsufficientFunds);
        }
        None
    }

    fn exposure(&self, instrument: u32, extra: Option<&Order>) -> f64 {
        let close = self.held[instrument as usize].close.unwrap_or(0.0);
        let open = self.book.iter().map(|entry| (&entry.order, entry.left, entry.best));
        let all = open.chain(extra.map(|order| (order, order.quantity, close)));
        let (mut base, mut buys, mut sells) = (self.value(instrument as usize), 0.0, 0.0);
        for (order, left, best) in all {
            if order.instrument != instrument || (order.reduce_only && order.kind != OrderKind::Market) {
                continue;
            }
            if order.reduce_only {
                base = towards_nothing(base, order.side, left * close);
                continue;
            }
            let at = match (order.side, order.kind) {
                (_, OrderKind::Market) => {
                    base += sign(order.side) * (left * close);
                    continue;
                }
                (Side::Buy, OrderKind::Limit(limit) | OrderKind::StopLimit { limit, .. }) => limit,
                (Side::Sell, OrderKind::Stop(stop)) => stop,
                (Side::Sell, OrderKind::Limit(limit) | OrderKind::StopLimit { limit, .. }) => {
                    limit.max(close)
                }
                (Side::Buy, OrderKind::Stop(stop)) => stop.max(close),
                (Side::Buy, OrderKind::TrailingStop(trail)) => level(trail, Side::Buy, best).max(close),
                (Side::Sell, OrderKind::TrailingStop(_)) => best.max(close),
            };
            match order.side {
                Side::Buy => buys += left * at,
                Side::Sell => sells += left * at,
            }
        }
        base.abs().max((base + buys).abs()).max((base - sells).abs())
    }

    fn all_exposure(&self, extra: Option<&Order>) -> f64 {
        (0..self.held.len() as u32).map(|instrument| self.exposure(instrument, extra)).sum()
    }

    pub(crate) fn cancel(&mut self, id: u64) -> bool {
        let before = self.book.len();
        self.book.retain(|entry| entry.id != id);
        let mut found = self.book.len() < before;
        for entry in &mut self.book {
            let Some(bracket) = &mut entry.bracket else { continue };
            if entry.id + 1 == id {
                found |= bracket.stop_loss.take().is_some();
            } else if entry.id + 2 == id {
                found |= bracket.take_profit.take().is_some();
            }
        }
        found
    }
}

/// Whether a position is smaller than a quantity.
fn is_smaller(position: f64, quantity: f64) -> bool {
    quantity - position > TINY * quantity.max(position.abs())
}

/// What is left of a position when so much of it may be closed on one side.
fn towards_nothing(held: f64, side: Side, most: f64) -> f64 {
    match side {
        Side::Sell if held > 0.0 => (held - most).max(0.0),
        Side::Buy if held < 0.0 => (held + most).min(0.0),
        _ => held,
    }
}
