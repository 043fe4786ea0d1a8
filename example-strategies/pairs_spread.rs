//! Statistical arbitrage in a nutshell: two instruments that belong together, one bought and one sold short when their
//! ratio is far from its mean.

use stratbox_sdk::math;
use stratbox_sdk::prelude::*;

/// Bets on the return of the ratio of two instruments to its recent mean, long the cheap one and short the dear one.
#[derive(Params)]
pub struct PairsSpreadParams {
    /// bars over which the ratio's mean and deviation are taken
    #[param(default = 60, min = 10, max = 500, step = 10)]
    lookback: usize,
    /// standard deviations from the mean at which it enters
    #[param(default = 2.0, min = 0.5, max = 4.0, step = 0.25)]
    entry: f64,
    /// standard deviations from the mean at which it leaves
    #[param(default = 0.5, min = 0.0, max = 3.0, step = 0.25)]
    exit: f64,
    /// share of the equity that both legs take together; the rest pays for fees and gaps at the open
    #[param(default = 0.9, min = 0.05, max = 1.0, step = 0.05)]
    fraction: f64,
}

/// The spread of the pair, and on which side of its mean there is a bet.
pub struct PairsSpread {
    params: PairsSpreadParams,
    /// Latest bars of the two.
    latest: [Option<Bar>; 2],
    /// Mean and one standard deviation of the spread, the logarithm of the first price over the second.
    spread: Bollinger,
    /// Where the spread has strayed to: 1 above its mean, -1 below, 0 when the way back is done. One bet for each time,
    /// also when it was refused.
    strayed: f64,
}

impl Strategy for PairsSpread {
    type Params = PairsSpreadParams;

    fn new(params: PairsSpreadParams, instruments: &[Instrument]) -> Result<Self, String> {
        let PairsSpreadParams { lookback, entry, exit, .. } = params;
        if exit >= entry {
            return Err(format!("`exit` is `{exit}`: it must be below `entry`, which is `{entry}`"));
        }
        if instruments.len() != 2 {
            return Err(format!("it trades a pair, not `{}` instruments: give it two", instruments.len()));
        }
        Ok(Self { params, latest: [None; 2], spread: Bollinger::new(lookback, 1.0), strayed: 0.0 })
    }

    fn on_bar(&mut self, bar: &Bar, broker: &mut Broker) {
        self.latest[bar.instrument as usize] = Some(*bar);
        // The second of two bars with the same time completes the pair.
        if let [Some(first), Some(second)] = self.latest
            && first.time == second.time
        {
            self.on_pair(first.close, second.close, broker);
        }
    }
}

impl PairsSpread {
    fn on_pair(&mut self, first: f64, second: f64, broker: &mut Broker) {
        let spread = math::ln(first / second);
        let Some(bands) = self.spread.update(spread) else { return };
        let deviation = bands.upper - bands.middle;
        if deviation <= 0.0 {
            return;
        }
        let z = (spread - bands.middle) / deviation;
        if self.strayed != 0.0 {
            // Past the mean is back as well, however far the spread jumped.
            if z * self.strayed <= self.params.exit {
                self.strayed = 0.0;
                broker.close(0);
                broker.close(1);
            }
        } else if z.abs() >= self.params.entry {
            self.strayed = z.signum();
            let (dear, cheap) = if z > 0.0 { ((0, first), (1, second)) } else { ((1, second), (0, first)) };
            if let Err(rejection) = self.enter(dear, cheap, broker) {
                log::warn(format!("no bet at {z:.2} deviations: {rejection}"));
            }
        }
    }

    /// Both legs or none, as (instrument, close). The short one goes first: not every account may have it.
    fn enter(&self, dear: (u32, f64), cheap: (u32, f64), broker: &mut Broker) -> Result<(), Rejection> {
        let budget = broker.account().equity * self.params.fraction / 2.0;
        let short = broker.submit(Order::sell(dear.0, (budget / dear.1).floor()))?;
        let long = broker.submit(Order::buy(cheap.0, (budget / cheap.1).floor()));
        if long.is_err() {
            broker.cancel(short);
        }
        long.map(|_| ())
    }
}

strategy!(PairsSpread);
