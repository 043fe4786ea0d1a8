//! What a strategy can do to the venue, as a script in bytes.

mod ledger;

use stratbox_domain::{
    Bar, Bracket, FeeModel, Fill, FillAt, Increments, LimitFill, MakerTaker, Order, OrderKind, PerShare,
    Side, SlippageModel, TimeInForce, Trail, VenuePolicy, VenueSummary,
};
use stratbox_venue::Venue;

use self::ledger::Ledger;
use crate::reader::Reader;

const MAX_INSTRUMENTS: u8 = 4;

/// Bars that keep to a bar's rules, orders of any bits, cancels and signals into the venue, under any policy that is valid.
///
/// # Panics
/// The books do not balance, a fill is outside of its bar or its order, or the policy is not kept.
pub fn venue(bytes: &[u8]) {
    run(bytes);
}

/// The same; says what was counted.
fn run(bytes: &[u8]) -> (VenueSummary, u64) {
    let mut script = Reader(bytes);
    let policy = policy(&mut script);
    let instruments = u32::from(1 + script.below(MAX_INSTRUMENTS));
    let increments = (0..instruments).map(|_| increments(&mut script)).collect();
    let mut play = Play {
        venue: Venue::with_increments(policy.clone(), increments),
        ledger: Ledger::new(policy, instruments),
        instruments,
        time: script.long() as i64,
        last: vec![None; instruments as usize],
    };
    while !script.is_empty() {
        match script.below(8) {
            0..3 => play.bar(&mut script),
            3..6 => play.order(&mut script),
            6 => play.cancel(&mut script),
            _ => play.signal(&mut script),
        }
    }
    play.close()
}

/// A policy that is valid, whatever the bytes.
fn policy(script: &mut Reader<'_>) -> VenuePolicy {
    let (fee_bps, fees) = match script.below(6) {
        0 => (0.0, FeeModel::PerShare(per_share(script))),
        1 => {
            let (maker_bps, taker_bps) = (script.share() * 10_000.0, script.share() * 10_000.0);
            (0.0, FeeModel::MakerTaker(MakerTaker { maker_bps, taker_bps }))
        }
        _ => (script.share() * 10_000.0, FeeModel::BasisPoints),
    };
    let (slippage_bps, slippage) = match script.below(8) {
        0 => (0.0, SlippageModel::HalfSpreadBps(script.share() * 10_000.0)),
        1 => (0.0, SlippageModel::HalfSpread(script.share() * 1e9)),
        2 => (0.0, SlippageModel::ShareOfRange(script.share())),
        3 => (0.0, SlippageModel::SquareRootImpact(script.share() * 100.0)),
        _ => (script.share() * 10_000.0, SlippageModel::BasisPoints),
    };
    let mut rate = || if script.flag() { script.share() * 100_000.0 } else { 0.0 };
    let [borrow_bps_a_year, interest_bps_a_year, debit_bps_a_year] = [rate(), rate(), rate()];
    let policy = VenuePolicy {
        initial_cash: 1e-6 * 1e21_f64.powf(script.share()),
        fee_bps,
        fees,
        slippage_bps,
        slippage,
        fill_at: if script.below(4) == 3 { FillAt::SameClose } else { FillAt::NextOpen },
        limit_fill: if script.flag() { LimitFill::Penetrate } else { LimitFill::Touch },
        volume_share: script.flag().then(|| script.share().max(1e-9)),
        borrow_bps_a_year,
        interest_bps_a_year,
        debit_bps_a_year,
        leverage: (0.01 * 1e5_f64.powf(script.share())).min(1_000.0),
        allow_short: script.flag(),
        max_open_orders: 1 + u32::from(script.byte()),
        max_orders_per_bar: 1 + u32::from(script.byte()),
        max_orders: 1 + u32::from(script.short()),
        ..VenuePolicy::default()
    };
    let initial_cash = policy.initial_cash.clamp(1e-6, 1e15);
    let margin = if script.flag() { script.share() * (1.0 / policy.leverage).min(1.0) } else { 0.0 };
    let policy = VenuePolicy { initial_cash, maintenance_margin: margin, ..policy };
    assert_eq!(policy.validate(), Ok(()));
    policy
}

fn per_share(script: &mut Reader<'_>) -> PerShare {
    let maximum_share = script.flag().then(|| script.share());
    PerShare { amount: script.share() * 10.0, minimum: script.share() * 10.0, maximum_share }
}

/// Mostly none.
fn increments(script: &mut Reader<'_>) -> Increments {
    let mut step = |step: f64| if script.below(4) == 3 { step } else { 0.0 };
    Increments { tick: step(0.5), lot: step(2.0), min_quantity: step(4.0) }
}

/// A run as the driver would do it.
struct Play {
    venue: Venue,
    ledger: Ledger,
    instruments: u32,
    time: i64,
    /// When each instrument had its last bar.
    last: Vec<Option<i64>>,
}

impl Play {
    /// The next bar: of a later time, or of the same for an instrument that has not had one.
    fn bar(&mut self, script: &mut Reader<'_>) {
        self.settle();
        let instrument = u32::from(script.below(self.instruments as u8));
        // From the same moment to a few days, or months.
        let ahead = i64::from(script.byte()).pow(2) * 3_600_000_000_000 / 16;
        let taken =
            self.last[instrument as usize].is_some_and(|last| last >= self.time.saturating_add(ahead));
        let Some(time) = self.time.checked_add(if taken { ahead.max(1) } else { ahead }) else { return };
        self.time = time;
        self.last[instrument as usize] = Some(time);
        let mut prices = [(); 4].map(|()| price(script));
        prices.sort_by(f64::total_cmp);
        let [low, middle, other, high] = prices;
        let (open, close) = if script.flag() { (middle, other) } else { (other, middle) };
        let volume = f64::from(script.byte());
        self.step(&Bar { instrument, time, open, high, low, close, volume });
    }

    fn step(&mut self, bar: &Bar) {
        let quiet = self.venue.is_quiet().then(|| self.venue.clone());
        let before = self.venue.clone();
        let (ended, mut traded) = self.venue.step(bar);
        if let Some(mut venue) = quiet {
            let short = venue.step_quiet(bar.instrument, bar.time, bar.close);
            assert!(!traded && same(short, ended), "the short way differs");
            assert!(same(Some(venue.account().equity), Some(self.venue.account().equity)));
        }
        self.ledger.bar(bar);
        let mut fills: Vec<Fill> = Vec::new();
        while traded {
            let fill = self.venue.last_fill().expect("what traded has a fill");
            self.ledger.fill(&fill);
            assert_eq!(fill.instrument, bar.instrument);
            assert_eq!(fill.position.to_bits(), self.venue.quantity(bar.instrument).to_bits());
            fills.push(fill);
            traded = self.venue.resume();
        }
        let again = replayed(before, bar);
        assert!(again.len() == fills.len(), "the same bar fills other orders");
        self.ledger.balance(&self.venue);
    }

    /// What the strategy's orders at the close come to.
    fn settle(&mut self) {
        let mut traded = self.venue.settle();
        while traded {
            let fill = self.venue.last_fill().expect("what traded has a fill");
            self.ledger.fill(&fill);
            traded = self.venue.resume();
        }
        self.ledger.balance(&self.venue);
    }

    fn order(&mut self, script: &mut Reader<'_>) {
        let instrument = match script.byte() {
            255 => script.long() as u32,
            known => u32::from(known) % self.instruments,
        };
        let side = if script.flag() { Side::Buy } else { Side::Sell };
        let kind = match script.below(6) {
            0 => OrderKind::Market,
            1 => OrderKind::Limit(number(script)),
            2 => OrderKind::Stop(number(script)),
            3 => OrderKind::StopLimit { stop: number(script), limit: number(script) },
            4 => OrderKind::TrailingStop(Trail::Distance(number(script) / 20.0)),
            _ => OrderKind::TrailingStop(Trail::Percent(number(script) / 20.0)),
        };
        let time_in_force = match script.below(4) {
            0 => TimeInForce::GoodTillCancelled,
            1 => TimeInForce::Day,
            2 => TimeInForce::ImmediateOrCancel,
            _ => TimeInForce::FillOrKill,
        };
        let quantity = match script.byte() {
            0..100 => {
                self.venue.account().buying_power * script.share() / self.ledger.price(instrument).max(1e-9)
            }
            100..150 => self.venue.quantity(instrument).abs(),
            _ => number(script),
        };
        let extras = script.byte();
        let reduce_only = extras & 7 == 1;
        let one_cancels =
            (extras & 24 == 8).then(|| self.ledger.latest().saturating_sub(u64::from(script.below(8))));
        let bracket = (extras & 96 == 32).then(|| Bracket {
            take_profit: script.flag().then(|| number(script)),
            stop_loss: script.flag().then(|| number(script)),
        });
        let order =
            Order { instrument, side, kind, quantity, time_in_force, reduce_only, one_cancels, bracket };
        let answer = self.venue.submit(order);
        self.ledger.order(order, self.time, answer);
    }

    fn cancel(&mut self, script: &mut Reader<'_>) {
        let id = match script.byte() {
            255 => script.long(),
            near => self.ledger.latest().saturating_sub(u64::from(near)),
        };
        let done = self.venue.cancel(id);
        self.ledger.cancel(id, done);
    }

    fn signal(&mut self, script: &mut Reader<'_>) {
        let instrument = u32::from(script.byte());
        let value = script.float();
        self.venue.signal(instrument, value);
        let position = self.venue.position(u32::MAX - instrument);
        assert_eq!(position, stratbox_domain::Position::default(), "an unknown instrument is not held");
    }

    /// What the venue counted, and how many orders filled.
    fn close(mut self) -> (VenueSummary, u64) {
        self.settle();
        let has_bars = self.last.iter().any(Option::is_some);
        assert_eq!(self.venue.close().is_some(), has_bars);
        assert_eq!(self.venue.close(), None, "a run ends once");
        assert_eq!(self.venue.submit(Order::buy(0, 1.0)), Err(stratbox_domain::Rejection::MarketClosed));
        let summary = self.venue.summary();
        let fills = self.ledger.summary(&summary);
        (summary, fills)
    }
}

/// The fills of a bar, looked for once more.
fn replayed(mut venue: Venue, bar: &Bar) -> Vec<Fill> {
    let mut fills = Vec::new();
    let (_, mut traded) = venue.step(bar);
    while traded {
        fills.extend(venue.last_fill());
        traded = venue.resume();
    }
    fills
}

/// To the last bit, since a number that is none is not equal to itself.
fn same(a: Option<f64>, b: Option<f64>) -> bool {
    a.map(f64::to_bits) == b.map(f64::to_bits)
}

/// A price that a bar may have: mostly an ordinary one.
fn price(script: &mut Reader<'_>) -> f64 {
    match script.byte() {
        255 => {
            let any = script.float().abs();
            if any.is_finite() && any > 0.0 { any } else { f64::MIN_POSITIVE }
        }
        ordinary => 50.0 + f64::from(ordinary) / 2.0 + script.share(),
    }
}

/// What a strategy may write for a number: mostly an ordinary one.
fn number(script: &mut Reader<'_>) -> f64 {
    match script.byte() {
        255 => script.float(),
        ordinary => 50.0 + f64::from(ordinary) / 2.0 + script.share(),
    }
}

/// An ordinary run, one in which everything is at its limit, and one that uses every form of order and policy.
pub(crate) fn samples() -> Vec<Vec<u8>> {
    let bar =
        |instrument: u8, ahead: u8| [&[0, instrument, ahead][..], &[90, 0, 0].repeat(4), &[0, 1]].concat();
    let order = |side: u8, kind: u8, prices: usize, extras: &[u8]| {
        [&[3, 0, side, kind][..], &[100, 0, 0].repeat(prices), &[0, 50, 0, 40], extras].concat()
    };
    // Basis points, no rates, next open, touch, no cap; numbers of orders; no margin; two instruments of any tick and lot.
    let header = |s: u8, short: u8| {
        let policy = [2, s, s, 4, s, s, 1, 1, 1, s, s, 0, 1, 1, s, s, short, 9, 9, 99, 0, 1];
        [&policy[..], &[1], &[0; 6], &[0; 8]].concat()
    };
    // Makers and takers, impact, three rates, a cap, a margin; ticks and lots.
    let rich = |fill_at: u8| {
        let costs = [1, 0, 1, 0, 9, 3, 0, 1, 0, 0, 9, 0, 0, 9, 0, 0, 9];
        let rest = [0, 200, fill_at, 0, 0, 0, 200, 0, 160, 0, 90, 90, 99, 0, 0, 0, 250];
        [&costs[..], &rest, &[1, 3, 3, 3, 0, 0, 0], &[0; 8]].concat()
    };
    let orders: Vec<u8> = (0..12)
        .flat_map(|kind| order(kind / 6, kind % 6, [0, 1, 1, 2, 1, 1][kind as usize % 6], &[0]))
        .collect();
    let script: Vec<u8> =
        (0..6).flat_map(|step| [bar(step % 2, 40), orders.clone(), vec![6, step]].concat()).collect();
    // Reduce-only, in a group, and with a bracket: a target of 120 and a stop of 80.
    let bracket = [32, 0, 140, 0, 0, 0, 60, 0, 0];
    let dressed = [order(0, 0, 0, &bracket), order(1, 1, 1, &[1]), order(0, 2, 1, &[8, 1])].concat();
    let dressed: Vec<u8> = (0..12).flat_map(|_| [bar(0, 40), dressed.clone()].concat()).collect();
    let signals: Vec<u8> =
        (0..6).flat_map(|step| [bar(0, step), vec![7, 0, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]].concat()).collect();
    let extreme =
        [bar(0, 1), vec![0, 0, 1], [255_u8; 60].to_vec(), order(1, 0, 0, &[0]), [255; 40].to_vec()].concat();
    vec![
        [header(128, 0), script.clone()].concat(),
        [header(100, 1), script.clone()].concat(),
        [header(50, 0), signals].concat(),
        [header(255, 0), extreme].concat(),
        [rich(0), script].concat(),
        [header(100, 0), dressed.clone()].concat(),
        [rich(3), dressed].concat(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_samples_fill_orders_have_some_rejected_and_forecast() {
        let (mut fills, mut rejections, mut signals) = (0, 0, 0);
        for sample in samples() {
            let (summary, filled) = run(&sample);
            fills += filled;
            rejections += summary.rejections.iter().sum::<u64>();
            signals += summary.signals;
        }
        assert!(fills > 5 && rejections > 5 && signals > 2, "{fills}, {rejections}, {signals}");
    }
}
