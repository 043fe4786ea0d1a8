//! Which order of a bar trades next, at what price, and what follows from it.

use stratbox_domain::{
    Bar, Bracket, FeeModel, Fill, FillAt, LimitFill, Order, OrderKind, Side, SlippageModel, TimeInForce,
};

use super::{Entry, Simulator, TINY, is_multiple, is_smaller, level, sign, whole_lots};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Where {
    Open,
    Inside,
    Close,
}

impl Simulator {
    /// What a margin call does in a bar.
    pub(super) fn close_out(&mut self, bar: &Bar) -> Option<Fill> {
        let holding = &self.held[bar.instrument as usize];
        if !holding.closing {
            return None;
        }
        let (units, left) = (holding.units, holding.bar.map_or(0.0, |(_, left)| left));
        let lot = self.steps[bar.instrument as usize].lot;
        let quantity = if units.abs() <= left { units.abs() } else { whole_lots(left, lot) };
        if quantity <= 0.0 {
            return None;
        }
        let side = if units > 0.0 { Side::Sell } else { Side::Buy };
        let fill = self.book_trade(0, bar.instrument, side, quantity, bar.open, true, false);
        self.counts.liquidations += 1;
        self.drop_reducers(bar.instrument, units);
        self.held[bar.instrument as usize].closing = self.held[bar.instrument as usize].units != 0.0;
        Some(fill)
    }

    /// The first order that trades, moment by moment.
    pub(super) fn next_execution(&mut self, bar: &Bar) -> Option<Fill> {
        for moment in 0..3 {
            let mut index = 0;
            while index < self.book.len() {
                let (id, count) = (self.book[index].id, self.book.len());
                if let Some(fill) = self.meet(index, moment, bar) {
                    return Some(fill);
                }
                // It may have been dropped.
                if self.book.len() == count && self.book[index].id == id {
                    index += 1;
                }
            }
        }
        None
    }

    fn meet(&mut self, index: usize, moment: usize, bar: &Bar) -> Option<Fill> {
        let entry = &self.book[index];
        let (side, order) = (entry.order.side, entry.order);
        let too_early = entry.not_before.is_some_and(|(time, from)| time == bar.time && moment < from);
        let had_its_chance = entry.after >= bar.time || entry.missed == Some(bar.time);
        if order.instrument != bar.instrument || had_its_chance || too_early {
            return None;
        }
        if order.kind == OrderKind::Market && self.policy.fill_at == FillAt::SameClose {
            return None;
        }
        let buys = side == Side::Buy;
        let satisfies = |price: f64, limit: f64| match self.policy.limit_fill {
            LimitFill::Touch if buys => price <= limit,
            LimitFill::Touch => price >= limit,
            LimitFill::Penetrate if buys => price < limit,
            LimitFill::Penetrate => price > limit,
        };
        let reaches = |price: f64, stop: f64| if buys { price >= stop } else { price <= stop };
        let (worst, best) = if buys { (bar.high, bar.low) } else { (bar.low, bar.high) };
        let stop = match order.kind {
            OrderKind::Stop(stop) => Some(stop),
            OrderKind::TrailingStop(trail) => Some(level(trail, side, entry.best)),
            _ => None,
        };
        match moment {
            0 => match order.kind {
                OrderKind::Market => self.trade_order(index, bar.open, true, false, Where::Open),
                OrderKind::Limit(limit) if satisfies(bar.open, limit) => {
                    self.trade_order(index, bar.open, false, false, Where::Open)
                }
                OrderKind::StopLimit { stop, limit } if reaches(bar.open, stop) => {
                    if satisfies(bar.open, limit) {
                        return self.trade_order(index, bar.open, false, false, Where::Open);
                    }
                    self.book[index].order.kind = OrderKind::Limit(limit);
                    None
                }
                _ if stop.is_some_and(|stop| reaches(bar.open, stop)) => {
                    self.trade_order(index, bar.open, true, false, Where::Open)
                }
                _ => None,
            },
            1 => match order.kind {
                OrderKind::StopLimit { stop, limit } if reaches(worst, stop) => {
                    if satisfies(stop, limit) {
                        return self.trade_order(index, stop, false, false, Where::Inside);
                    }
                    self.book[index].order.kind = OrderKind::Limit(limit);
                    self.book[index].after = bar.time;
                    None
                }
                _ => {
                    let stop = stop.filter(|stop| reaches(worst, *stop))?;
                    self.trade_order(index, stop, true, false, Where::Inside)
                }
            },
            _ => match order.kind {
                OrderKind::Limit(limit) if satisfies(best, limit) => {
                    self.trade_order(index, limit, false, true, Where::Inside)
                }
                _ => None,
            },
        }
    }

    /// What happens to an order that is about to trade at a price.
    pub(super) fn trade_order(
        &mut self,
        index: usize,
        price: f64,
        slips: bool,
        is_maker: bool,
        at: Where,
    ) -> Option<Fill> {
        let entry = self.book[index].clone();
        let Order { instrument, side, .. } = entry.order;
        let now = self.clock.expect("there is a bar");
        let units = self.held[instrument as usize].units;
        let reducible = (-sign(side) * units).max(0.0);
        let wanted = if entry.order.reduce_only { entry.left.min(reducible) } else { entry.left };
        if wanted <= 0.0 {
            self.drop_entry(entry.id);
            return None;
        }
        let left = self.held[instrument as usize].bar.map_or(0.0, |(_, left)| left);
        let lot = self.steps[instrument as usize].lot;
        let quantity = if wanted <= left { wanted } else { whole_lots(left, lot) };
        let is_all = quantity >= wanted;
        if quantity <= 0.0 || (!is_all && entry.order.time_in_force == TimeInForce::FillOrKill) {
            self.reach(entry.id, now);
            return None;
        }
        if side == Side::Sell && !self.policy.allow_short && is_smaller(units, quantity) {
            self.drop_entry(entry.id);
            return None;
        }
        let grows = (units + sign(side) * quantity).abs() > units.abs();
        let bound = self.policy.leverage * self.worth() * 1.25;
        if grows && self.all_exposure(None) > bound {
            self.drop_entry(entry.id);
            return None;
        }
        let rest = wanted - quantity;
        let is_done = is_all || rest <= TINY * wanted;
        if is_done {
            self.book.retain(|other| other.id != entry.id);
        } else {
            self.reach(entry.id, now);
            self.counts.partial += 1;
            let open = self.book.iter_mut().find(|other| other.id == entry.id).expect("it is open");
            open.left = rest;
        }
        let fill = self.book_trade(entry.id, instrument, side, quantity, price, slips, is_maker);
        if let Some(group) = entry.group {
            self.shrink(group, entry.id, if is_done { 1.0 } else { quantity / wanted });
        }
        self.drop_reducers(instrument, units);
        self.open_bracket(&entry, quantity, at, now);
        Some(fill)
    }

    fn drop_entry(&mut self, id: u64) {
        self.book.retain(|entry| entry.id != id);
        self.counts.dropped += 1;
    }

    /// An order that the volume has kept from trading, or from trading wholly: it stays reached, for the next bar.
    fn reach(&mut self, id: u64, now: i64) {
        let entry = self.book.iter_mut().find(|entry| entry.id == id).expect("it is open");
        entry.missed = Some(now);
        entry.order.kind = match entry.order.kind {
            OrderKind::Stop(_) | OrderKind::TrailingStop(_) => OrderKind::Market,
            OrderKind::StopLimit { limit, .. } => OrderKind::Limit(limit),
            kind => kind,
        };
    }

    fn shrink(&mut self, group: u64, filled: u64, share: f64) {
        let steps = self.steps.clone();
        self.book.retain_mut(|entry| {
            if entry.group != Some(group) || entry.id == filled {
                return true;
            }
            let lot = steps[entry.order.instrument as usize].lot;
            entry.left = whole_lots(entry.left * (1.0 - share), lot);
            entry.left > TINY * entry.order.quantity
        });
    }

    fn drop_reducers(&mut self, instrument: u32, before: f64) {
        let after = self.held[instrument as usize].units;
        let is_over = before != 0.0 && (after == 0.0 || (after > 0.0) != (before > 0.0));
        let count = self.book.len();
        self.book.retain(|entry| {
            let nothing_to_reduce = -sign(entry.order.side) * after <= 0.0;
            let reduces = entry.order.instrument == instrument && entry.order.reduce_only;
            !(is_over && reduces && nothing_to_reduce)
        });
        self.counts.dropped += (count - self.book.len()) as u64;
    }

    fn open_bracket(&mut self, entry: &Entry, quantity: f64, at: Where, now: i64) {
        let Some(Bracket { take_profit, stop_loss }) = entry.bracket else { return };
        let legs = [
            (entry.id + 1, stop_loss.map(OrderKind::Stop), at == Where::Close),
            (entry.id + 2, take_profit.map(OrderKind::Limit), at != Where::Open),
        ];
        for (id, kind, waits) in legs {
            let Some(kind) = kind else { continue };
            if let Some(open) = self.book.iter_mut().find(|open| open.id == id) {
                open.left += quantity;
                if waits {
                    open.after = now;
                }
                continue;
            }
            let side = if entry.order.side == Side::Buy { Side::Sell } else { Side::Buy };
            let mut order = Order::buy(entry.order.instrument, quantity).reduce_only();
            (order.side, order.kind) = (side, kind);
            self.book.push(Entry {
                id,
                order,
                left: quantity,
                after: if waits { now } else { now - 1 },
                not_before: (at == Where::Inside).then_some((now, 1)),
                first_bar: None,
                missed: None,
                best: 0.0,
                group: Some(entry.id + 1),
                bracket: None,
            });
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a trade")]
    fn book_trade(
        &mut self,
        order: u64,
        instrument: u32,
        side: Side,
        quantity: f64,
        price: f64,
        slips: bool,
        is_maker: bool,
    ) -> Fill {
        let (bar, left) = self.held[instrument as usize].bar.expect("there is a bar");
        let tick = self.steps[instrument as usize].tick;
        let price = if slips { self.slipped(price, side, quantity, &bar, tick) } else { price };
        let value = price * quantity;
        let fee = match self.policy.fees {
            FeeModel::BasisPoints => value * self.policy.fee_bps / 1e4,
            FeeModel::MakerTaker(fees) => {
                value * if is_maker { fees.maker_bps } else { fees.taker_bps } / 1e4
            }
            FeeModel::PerShare(fees) => {
                let fee = (fees.amount * quantity).max(fees.minimum);
                fees.maximum_share.map_or(fee, |share| fee.min(share * value))
            }
        };
        let holding = &mut self.held[instrument as usize];
        holding.bar = Some((bar, (left - quantity).max(0.0)));
        let before = holding.units;
        let mut after = before + sign(side) * quantity;
        if after.abs() <= TINY * quantity.max(before.abs()) {
            after = 0.0;
        }
        if before * sign(side) >= 0.0 {
            holding.average = (holding.average * before.abs() + price * quantity) / (before.abs() + quantity);
        } else {
            let closed = quantity.min(before.abs());
            holding.realised += closed * (price - holding.average) * before.signum();
            if after == 0.0 {
                holding.average = 0.0;
            } else if after * before < 0.0 {
                holding.average = price;
            }
        }
        holding.units = after;
        self.cash -= sign(side) * value + fee;
        self.fees += fee;
        Fill { order, instrument, time: bar.time, side, price, quantity, fee, position: after }
    }

    fn slipped(&self, price: f64, side: Side, quantity: f64, bar: &Bar, tick: f64) -> f64 {
        let s = sign(side);
        let range = bar.high - bar.low;
        let moved = match self.policy.slippage {
            SlippageModel::BasisPoints => price * (1.0 + s * (self.policy.slippage_bps * 1e-4)),
            SlippageModel::HalfSpreadBps(bps) => price * (1.0 + s * (bps * 1e-4)),
            SlippageModel::HalfSpread(half) => price + s * half,
            SlippageModel::ShareOfRange(share) => price + s * (share * range),
            SlippageModel::SquareRootImpact(coefficient) => {
                let share = if bar.volume > 0.0 { quantity / bar.volume } else { 1.0 };
                price * (1.0 + s * (coefficient * (range / bar.close) * share.sqrt()))
            }
        };
        let stepped = match side {
            _ if moved == bar.open || is_multiple(moved, tick) => moved,
            Side::Buy => (moved / tick).ceil() * tick,
            Side::Sell => (moved / tick).floor() * tick,
        };
        stepped.max(bar.low).min(bar.high)
    }
}
