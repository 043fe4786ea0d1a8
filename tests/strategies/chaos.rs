//! Trades at random: every kind of order, lifetime and call, decided by a seed and by what it sees. What it logs depends
//! on everything that the broker tells it, so that the smallest difference between two runs shows.

use stratbox_sdk::indicators::{Atr, Bollinger, Ema, Highest, Lowest, Macd, Rsi, Sma, Window};
use stratbox_sdk::math;
use stratbox_sdk::prelude::*;

/// Trades at random.
#[derive(Params)]
pub struct ChaosParams {
    /// what decides
    #[param(default = 1, min = 0, max = 1000000000)]
    seed: u64,
    /// chance of an order on a bar
    #[param(default = 0.3, min = 0.0, max = 1.0)]
    activity: f64,
    /// whether indicators decide too
    #[param(default = true)]
    watchful: bool,
    /// which price to look at
    #[param(default = "close", choices = ["open", "close"])]
    price: String,
}

/// The strategy.
pub struct Chaos {
    params: ChaosParams,
    state: u64,
    sent: Vec<OrderId>,
    watch: Watch,
    digest: u64,
}

struct Watch {
    sma: Sma,
    ema: Ema,
    rsi: Rsi,
    atr: Atr,
    bollinger: Bollinger,
    macd: Macd,
    highest: Highest,
    lowest: Lowest,
    window: Window<f64>,
}

impl Watch {
    fn update(&mut self, bar: &Bar, price: f64) -> f64 {
        self.window.push(price);
        let oldest = self.window.iter().next().copied().unwrap_or(price);
        let bands = self.bollinger.update(price).map_or(0.0, |bands| bands.upper - bands.lower);
        let macd = self.macd.update(price).map_or(0.0, |macd| macd.histogram);
        let rest = [
            self.sma.update(price),
            self.ema.update(price),
            self.rsi.update(price),
            self.atr.update(bar),
            self.highest.update(bar.high),
            self.lowest.update(bar.low),
        ];
        let sum: f64 = rest.into_iter().flatten().sum();
        sum + bands + macd + math::ln(price / oldest) + math::exp(math::sin(price))
    }
}

impl Chaos {
    fn random(&mut self) -> u64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.state >> 33
    }

    fn chance(&mut self) -> f64 {
        self.random() as f64 / (1_u64 << 31) as f64
    }

    fn note(&mut self, bits: u64) {
        self.digest = (self.digest ^ bits).wrapping_mul(0x0100_0000_01b3).rotate_left(17);
    }

    fn order(&mut self, bar: &Bar) -> Order {
        let quantity = match self.random() % 20 {
            0 => f64::NAN,
            1 => -1.0,
            2 => 1e300,
            _ => 1.0 + (self.chance() * 400.0).floor() / 10.0,
        };
        let near = |chance: f64| bar.close * (0.97 + 0.06 * chance);
        let (first, second) = (near(self.chance()), near(self.chance()));
        let instrument = if self.random().is_multiple_of(50) { 99 } else { bar.instrument };
        let order = if self.random().is_multiple_of(2) {
            Order::buy(instrument, quantity)
        } else {
            Order::sell(instrument, quantity)
        };
        let order = match self.random() % 4 {
            0 => order,
            1 => order.limit(first),
            2 => order.stop(first),
            _ => order.stop_limit(first, second),
        };
        let lifetimes = [
            TimeInForce::GoodTillCancelled,
            TimeInForce::Day,
            TimeInForce::ImmediateOrCancel,
            TimeInForce::FillOrKill,
        ];
        let order = order.time_in_force(lifetimes[(self.random() % 4) as usize]);
        self.dressed(order, bar)
    }

    /// The same with, at times, what only tickets can say.
    fn dressed(&mut self, order: Order, bar: &Bar) -> Order {
        let order = match self.random() % 12 {
            0 => order.trailing(Trail::Distance(bar.close * 0.02 * self.chance())),
            1 => order.trailing(Trail::Percent(3.0 * self.chance())),
            2 | 3 => {
                let sign = order.side.sign();
                let (profit, loss) = (self.chance() - 0.1, self.chance() - 0.1);
                order
                    .bracket(bar.close * (1.0 + sign * 0.05 * profit), bar.close * (1.0 - sign * 0.05 * loss))
            }
            4 => order.stop_loss(bar.close * (1.0 - order.side.sign() * 0.02)),
            5 => order.take_profit(bar.close * (1.0 + order.side.sign() * 0.02)),
            _ => order,
        };
        let order = if self.random().is_multiple_of(6) { order.reduce_only() } else { order };
        match self.sent.last().copied() {
            Some(other) if self.random().is_multiple_of(5) => order.one_cancels(other),
            _ => order,
        }
    }
}

impl Strategy for Chaos {
    type Params = ChaosParams;

    fn new(params: ChaosParams, _instruments: &[Instrument]) -> Result<Self, String> {
        let watch = Watch {
            sma: Sma::new(5),
            ema: Ema::new(7),
            rsi: Rsi::new(6),
            atr: Atr::new(9),
            bollinger: Bollinger::new(8, 2.0),
            macd: Macd::new(3, 8, 4),
            highest: Highest::new(6),
            lowest: Lowest::new(11),
            window: Window::new(4),
        };
        Ok(Self { state: params.seed, params, sent: Vec::new(), watch, digest: 0 })
    }

    fn on_bar(&mut self, bar: &Bar, broker: &mut Broker) {
        let price = if self.params.price == "open" { bar.open } else { bar.close };
        let seen = self.watch.update(bar, price);
        if self.params.watchful {
            self.state ^= seen.to_bits();
        }
        let position = broker.position(bar.instrument);
        for value in
            [position.quantity, position.average_price, position.realised_pnl, position.unrealised_pnl]
        {
            self.note(value.to_bits());
        }
        self.note(broker.quantity(bar.instrument).to_bits());
        while self.chance() < self.params.activity {
            let account = broker.account();
            self.note(account.equity.to_bits() ^ account.buying_power.to_bits());
            self.note(broker.financing().to_bits());
            if let Some(&id) = self.sent.last() {
                self.note(broker.open_quantity(id).to_bits() ^ broker.open_quantity(id + 1).to_bits());
            }
            let order = self.order(bar);
            match broker.submit(order) {
                Ok(id) => self.sent.push(id),
                Err(rejection) => self.note(rejection as u64),
            }
            if self.random().is_multiple_of(5) && !self.sent.is_empty() {
                let index = (self.random() as usize) % self.sent.len();
                let cancelled = broker.cancel(self.sent.swap_remove(index));
                self.note(u64::from(cancelled));
            }
            if self.random().is_multiple_of(9) {
                broker.close(bar.instrument);
            }
        }
        let forecast = self.chance() - 0.5;
        broker.signal(bar.instrument, forecast);
    }

    fn on_fill(&mut self, fill: &Fill, broker: &mut Broker) {
        self.note(fill.price.to_bits() ^ fill.order ^ broker.quantity(fill.instrument).to_bits());
        if self.random().is_multiple_of(3)
            && let Some(other) = self.sent.pop()
        {
            broker.cancel(other);
        }
    }

    fn finish(&mut self, broker: &mut Broker) {
        let refused = broker.submit(Order::buy(0, 1.0)).is_err();
        log::info(format!("{:x} {refused}", self.digest));
    }
}

strategy!(Chaos);
