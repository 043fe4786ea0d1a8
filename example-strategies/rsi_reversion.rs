//! Buys weakness and sells the rebound, with limit orders on both sides.
//!
//! One order is open at a time: a bid while flat, an offer while holding. Both are tied to what they were meant for: the
//! bid to the close it was placed under, the offer to the price that was paid.

use stratbox_sdk::prelude::*;

/// Bids below the close while the relative strength index is low, and takes a profit above its entry or leaves when its
/// time is up.
#[derive(Params)]
pub struct RsiReversionParams {
    /// price changes in the relative strength index
    #[param(default = 5, min = 2, max = 50)]
    length: usize,
    /// index below which it bids
    #[param(default = 30.0, min = 5.0, max = 50.0, step = 5.0)]
    oversold: f64,
    /// how far below the close it bids, in percent
    #[param(default = 0.5, min = 0.0, max = 5.0, step = 0.25)]
    discount: f64,
    /// how far above its entry it takes the profit, in percent
    #[param(default = 2.0, min = 0.25, max = 20.0, step = 0.25)]
    target: f64,
    /// bars, the entry's among them, after which it leaves without the profit
    #[param(default = 10, min = 1, max = 100)]
    patience: usize,
    /// share of the equity to invest; the rest pays for fees
    #[param(default = 0.95, min = 0.05, max = 1.0, step = 0.05)]
    fraction: f64,
}

/// The index, and the order that waits.
pub struct RsiReversion {
    params: RsiReversionParams,
    rsi: Rsi,
    working: Option<OrderId>,
    bars_held: usize,
}

impl Strategy for RsiReversion {
    type Params = RsiReversionParams;

    fn new(params: RsiReversionParams, instruments: &[Instrument]) -> Result<Self, String> {
        if instruments.len() != 1 {
            return Err(format!(
                "it trades one instrument, not `{}`: run it on each alone",
                instruments.len()
            ));
        }
        Ok(Self { rsi: Rsi::new(params.length), params, working: None, bars_held: 0 })
    }

    fn on_bar(&mut self, bar: &Bar, broker: &mut Broker) {
        let rsi = self.rsi.update(bar.close);
        if broker.quantity(bar.instrument) > 0.0 {
            self.bars_held += 1;
            if self.bars_held >= self.params.patience {
                self.withdraw(broker);
                self.working = broker.close(bar.instrument);
            }
        } else {
            // A bid that was not hit is stale: it was placed under a close that has passed.
            self.withdraw(broker);
            if rsi.is_some_and(|rsi| rsi < self.params.oversold) {
                self.bid(bar, broker);
            }
        }
    }

    fn on_fill(&mut self, fill: &Fill, broker: &mut Broker) {
        self.working = None;
        if fill.side == Side::Buy {
            self.bars_held = 0;
            let price = fill.price * (1.0 + self.params.target / 100.0);
            self.place(Order::sell(fill.instrument, fill.quantity).limit(price), broker);
        }
    }
}

impl RsiReversion {
    fn bid(&mut self, bar: &Bar, broker: &mut Broker) {
        let price = bar.close * (1.0 - self.params.discount / 100.0);
        let quantity = (broker.account().equity * self.params.fraction / price).floor();
        if quantity > 0.0 {
            self.place(Order::buy(bar.instrument, quantity).limit(price), broker);
        }
    }

    fn place(&mut self, order: Order, broker: &mut Broker) {
        match broker.submit(order) {
            Ok(id) => self.working = Some(id),
            Err(rejection) => log::warn(format!("{order:?} refused: {rejection}")),
        }
    }

    fn withdraw(&mut self, broker: &mut Broker) {
        if let Some(id) = self.working.take() {
            broker.cancel(id);
        }
    }
}

strategy!(RsiReversion);
