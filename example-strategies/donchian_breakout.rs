//! Buys strength through a stop order above the market, and follows it with a stop order below.
//!
//! The venue watches the prices inside the bars, not the strategy: whatever level matters rests there as an order, and
//! is replaced when the level moves.

use stratbox_sdk::prelude::*;

/// Bars in the average true range.
const ATR_BARS: usize = 20;

/// Buys when the price leaves the channel of its recent highs, and sells when it falls through the recent lows or a
/// multiple of the average range below the entry, whichever is higher.
#[derive(Params)]
pub struct DonchianBreakoutParams {
    /// bars whose highest price is the entry's channel
    #[param(default = 50, min = 2, max = 250)]
    entry: usize,
    /// bars whose lowest price the stop follows
    #[param(default = 20, min = 2, max = 250)]
    exit: usize,
    /// how far beyond the channel it buys, in percent
    #[param(default = 0.1, min = 0.0, max = 5.0, step = 0.1)]
    margin: f64,
    /// average ranges between the entry and its first stop
    #[param(default = 3.0, min = 0.5, max = 10.0, step = 0.5)]
    atr_multiple: f64,
    /// share of the equity to invest; the rest pays for fees and gaps
    #[param(default = 0.95, min = 0.05, max = 1.0, step = 0.05)]
    fraction: f64,
}

/// The channel, and the stop order that rests at one side of it.
pub struct DonchianBreakout {
    params: DonchianBreakoutParams,
    highest: Highest,
    lowest: Lowest,
    atr: Atr,
    /// The order that rests, as it was sent: the entry while flat, the protection while holding.
    working: Option<(OrderId, Order)>,
    /// Least price of the protection; it only rises during a trade.
    stop: f64,
}

impl Strategy for DonchianBreakout {
    type Params = DonchianBreakoutParams;

    fn new(params: DonchianBreakoutParams, instruments: &[Instrument]) -> Result<Self, String> {
        let DonchianBreakoutParams { entry, exit, .. } = params;
        if exit > entry {
            return Err(format!("`exit` is `{exit}`: it must be at most `entry`, which is `{entry}`"));
        }
        if instruments.len() != 1 {
            return Err(format!(
                "it trades one instrument, not `{}`: run it on each alone",
                instruments.len()
            ));
        }
        let (highest, lowest) = (Highest::new(entry), Lowest::new(exit));
        Ok(Self { params, highest, lowest, atr: Atr::new(ATR_BARS), working: None, stop: 0.0 })
    }

    fn on_bar(&mut self, bar: &Bar, broker: &mut Broker) {
        let levels = (self.highest.update(bar.high), self.lowest.update(bar.low), self.atr.update(bar));
        let (Some(highest), Some(lowest), Some(_)) = levels else { return };
        let held = broker.quantity(bar.instrument);
        if held > 0.0 {
            self.stop = self.stop.max(lowest);
            self.work(Order::sell(bar.instrument, held).stop(self.stop), broker);
        } else {
            let price = highest * (1.0 + self.params.margin / 100.0);
            let quantity = (broker.account().equity * self.params.fraction / price).floor();
            if quantity > 0.0 {
                self.work(Order::buy(bar.instrument, quantity).stop(price), broker);
            }
        }
    }

    fn on_fill(&mut self, fill: &Fill, _broker: &mut Broker) {
        self.working = None;
        // The first stop depends on the price that was paid, which only the fill tells: a gap may have raised it. It is
        // sent when this bar has closed, in time for the next one.
        if fill.side == Side::Buy
            && let Some(range) = self.atr.value()
        {
            self.stop = fill.price - self.params.atr_multiple * range;
        }
    }
}

impl DonchianBreakout {
    /// Lets `order` rest instead of the one that does; nothing is sent when they are the same.
    fn work(&mut self, order: Order, broker: &mut Broker) {
        if self.working.is_some_and(|(_, resting)| resting == order) {
            return;
        }
        if let Some((id, _)) = self.working.take() {
            broker.cancel(id);
        }
        match broker.submit(order) {
            Ok(id) => self.working = Some((id, order)),
            Err(rejection) => log::warn(format!("{order:?} refused: {rejection}")),
        }
    }
}

strategy!(DonchianBreakout);
