//! The strategy that all others have to beat: buy once, and sit still.

use stratbox_sdk::prelude::*;

/// Buys every instrument at its first opportunity, in equal parts, and holds to the end.
#[derive(Params)]
pub struct BuyAndHoldParams {
    /// share of the equity to invest; the rest pays for fees and a gap at the open
    #[param(default = 0.95, min = 0.05, max = 1.0, step = 0.05)]
    fraction: f64,
}

/// Knows what it still has to buy.
pub struct BuyAndHold {
    /// Share of the equity for one instrument.
    share: f64,
    /// By instrument, whether its first bar is still to come.
    wanted: Vec<bool>,
}

impl Strategy for BuyAndHold {
    type Params = BuyAndHoldParams;

    fn new(params: BuyAndHoldParams, instruments: &[Instrument]) -> Result<Self, String> {
        let count = instruments.len();
        Ok(Self { share: params.fraction / count as f64, wanted: vec![true; count] })
    }

    fn on_bar(&mut self, bar: &Bar, broker: &mut Broker) {
        // One attempt each: an order that was refused once would be refused at every bar.
        if !std::mem::take(&mut self.wanted[bar.instrument as usize]) {
            return;
        }
        let account = broker.account();
        // What came first may have grown beyond its share before the others had their first bar.
        let budget = (account.equity * self.share).min(account.buying_power);
        let quantity = (budget / bar.close).floor();
        if let Err(rejection) = broker.submit(Order::buy(bar.instrument, quantity)) {
            log::warn(format!("{quantity} units at {} not bought: {rejection}", bar.close));
        }
    }
}

strategy!(BuyAndHold);
