//! Trend following at its simplest: two moving averages, long or out.

use stratbox_sdk::prelude::*;

/// Holds an instrument while its fast moving average is above its slow one.
#[derive(Params)]
pub struct SmaCrossParams {
    /// bars in the fast average
    #[param(default = 10, min = 2, max = 200)]
    fast: usize,
    /// bars in the slow average
    #[param(default = 50, min = 5, max = 500, step = 5)]
    slow: usize,
    /// share of the equity to invest; the rest pays for fees and a gap at the open
    #[param(default = 0.95, min = 0.05, max = 1.0, step = 0.05)]
    fraction: f64,
}

/// Both averages of every instrument.
pub struct SmaCross {
    /// Fast and slow, by instrument.
    averages: Vec<(Sma, Sma)>,
    /// Share of the equity for one instrument.
    share: f64,
}

impl Strategy for SmaCross {
    type Params = SmaCrossParams;

    fn new(params: SmaCrossParams, instruments: &[Instrument]) -> Result<Self, String> {
        let SmaCrossParams { fast, slow, fraction } = params;
        if fast >= slow {
            return Err(format!("`fast` is `{fast}`: it must be below `slow`, which is `{slow}`"));
        }
        let averages = vec![(Sma::new(fast), Sma::new(slow)); instruments.len()];
        Ok(Self { share: fraction / averages.len() as f64, averages })
    }

    fn on_bar(&mut self, bar: &Bar, broker: &mut Broker) {
        let (fast, slow) = &mut self.averages[bar.instrument as usize];
        let values = (fast.update(bar.close), slow.update(bar.close));
        let (Some(fast), Some(slow)) = values else { return };
        let held = broker.quantity(bar.instrument);
        if fast > slow && held == 0.0 {
            self.enter(bar, broker);
        } else if fast <= slow && held > 0.0 {
            broker.close(bar.instrument);
        }
    }
}

impl SmaCross {
    fn enter(&self, bar: &Bar, broker: &mut Broker) {
        let account = broker.account();
        // The other instruments may have grown beyond their share.
        let budget = (account.equity * self.share).min(account.buying_power);
        let quantity = (budget / bar.close).floor();
        if quantity > 0.0
            && let Err(rejection) = broker.submit(Order::buy(bar.instrument, quantity))
        {
            log::warn(format!("{quantity} units at {} not bought: {rejection}", bar.close));
        }
    }
}

strategy!(SmaCross);
