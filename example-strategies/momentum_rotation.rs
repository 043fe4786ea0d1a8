//! Relative momentum: of several instruments, hold the one that has risen most.
//!
//! The bars of one day come one after the other with the same time. A comparison makes sense only when all of them are
//! in, so the strategy works in complete steps: times at which every instrument has had its bar.

use stratbox_sdk::prelude::*;

/// Every so many bars puts everything into the instrument with the best momentum.
#[derive(Params)]
pub struct MomentumRotationParams {
    /// bars over which the momentum is measured
    #[param(default = 120, min = 5, max = 500, step = 5)]
    lookback: usize,
    /// bars from one decision to the next
    #[param(default = 20, min = 1, max = 250)]
    every: usize,
    /// stay out of the market while no instrument has risen
    #[param(default = true)]
    absolute: bool,
    /// share of the equity to invest; the rest pays for fees and a gap at the open
    #[param(default = 0.95, min = 0.05, max = 1.0, step = 0.05)]
    fraction: f64,
}

/// The closes of the recent past, step by step.
pub struct MomentumRotation {
    params: MomentumRotationParams,
    /// Time of the step that is under way.
    time: i64,
    /// How many of its bars are in.
    arrived: usize,
    /// Latest closes, by instrument.
    closes: Vec<f64>,
    /// The same for the last complete steps.
    history: Window<Vec<f64>>,
    /// Complete steps to let pass before the next decision.
    wait: usize,
}

impl Strategy for MomentumRotation {
    type Params = MomentumRotationParams;

    fn new(params: MomentumRotationParams, instruments: &[Instrument]) -> Result<Self, String> {
        let count = instruments.len();
        if count < 2 {
            return Err(format!("it chooses among instruments and has `{count}`: give it two or more"));
        }
        let history = Window::new(params.lookback);
        Ok(Self { params, time: i64::MIN, arrived: 0, closes: vec![0.0; count], history, wait: 0 })
    }

    fn on_bar(&mut self, bar: &Bar, broker: &mut Broker) {
        if bar.time != self.time {
            (self.time, self.arrived) = (bar.time, 0);
        }
        self.closes[bar.instrument as usize] = bar.close;
        self.arrived += 1;
        if self.arrived == self.closes.len() {
            self.on_step(broker);
        }
    }
}

impl MomentumRotation {
    fn on_step(&mut self, broker: &mut Broker) {
        let Some(past) = self.history.push(self.closes.clone()) else { return };
        let momentum: Vec<f64> = self.closes.iter().zip(&past).map(|(now, then)| now / then - 1.0).collect();
        for (instrument, &value) in (0..).zip(&momentum) {
            broker.signal(instrument, value);
        }
        if self.wait > 0 {
            self.wait -= 1;
            return;
        }
        self.wait = self.params.every - 1;
        let best = (0..).zip(momentum).max_by(|(_, a), (_, b)| a.total_cmp(b));
        let chosen = best.filter(|(_, momentum)| *momentum > 0.0 || !self.params.absolute);
        self.hold_only(chosen.map(|(instrument, _)| instrument), broker);
    }

    /// Sells before it buys: a market order to sell frees its buying power at once.
    fn hold_only(&self, chosen: Option<u32>, broker: &mut Broker) {
        for instrument in (0..self.closes.len() as u32).filter(|instrument| chosen != Some(*instrument)) {
            broker.close(instrument);
        }
        let Some(chosen) = chosen.filter(|instrument| broker.quantity(*instrument) == 0.0) else { return };
        let close = self.closes[chosen as usize];
        let quantity = (broker.account().equity * self.params.fraction / close).floor();
        if quantity > 0.0
            && let Err(rejection) = broker.submit(Order::buy(chosen, quantity))
        {
            log::warn(format!("{quantity} units of instrument {chosen} not bought: {rejection}"));
        }
    }
}

strategy!(MomentumRotation);
