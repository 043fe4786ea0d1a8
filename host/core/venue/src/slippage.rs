//! How far from the price of the bar a market or stop order really trades.

use stratbox_domain::{Bar, Side, SlippageModel, VenuePolicy};

use crate::BASIS_POINT;
use crate::increments::rounded_against;

/// A market or stop price moved against the order, then rounded to a tick against it as well, unless it is the bar's
/// open as it was printed; but never out of the bar: nobody traded there.
pub(crate) fn slipped(
    policy: &VenuePolicy,
    tick: f64,
    price: f64,
    side: Side,
    quantity: f64,
    bar: &Bar,
) -> f64 {
    let moved = moved(policy, price, side, quantity, bar);
    let at_step = if moved == bar.open { moved } else { rounded_against(moved, side, tick) };
    if at_step.is_nan() {
        // Prices so large that their products are none: the worst there is.
        return if side == Side::Buy { bar.high } else { bar.low };
    }
    at_step.clamp(bar.low, bar.high)
}

fn moved(policy: &VenuePolicy, price: f64, side: Side, quantity: f64, bar: &Bar) -> f64 {
    let by_share = |share: f64| price * (1.0 + side.sign() * share);
    let range = bar.high - bar.low;
    match policy.slippage {
        SlippageModel::BasisPoints => by_share(policy.slippage_bps * BASIS_POINT),
        SlippageModel::HalfSpreadBps(bps) => by_share(bps * BASIS_POINT),
        SlippageModel::HalfSpread(half) => price + side.sign() * half,
        SlippageModel::ShareOfRange(share) => price + side.sign() * (share * range),
        SlippageModel::SquareRootImpact(coefficient) => {
            // Where nothing trades, an order is all that there is.
            let participation = if bar.volume > 0.0 { quantity / bar.volume } else { 1.0 };
            by_share(coefficient * (range / bar.close) * participation.sqrt())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAR: Bar =
        Bar { instrument: 0, time: 0, open: 100.0, high: 110.0, low: 90.0, close: 100.0, volume: 400.0 };

    fn at(slippage: SlippageModel, side: Side, quantity: f64) -> f64 {
        slipped(&VenuePolicy { slippage, ..VenuePolicy::default() }, 0.0, BAR.open, side, quantity, &BAR)
    }

    #[test]
    fn every_model_moves_the_price_against_the_order() {
        for (model, by) in [
            (SlippageModel::HalfSpreadBps(50.0), 0.5),
            (SlippageModel::HalfSpread(0.25), 0.25),
            (SlippageModel::ShareOfRange(0.1), 2.0),
            // A range of 20 % of the close, a quarter of the volume: 0.5 x 0.2 x 0.5 = 5 %.
            (SlippageModel::SquareRootImpact(0.5), 5.0),
        ] {
            for side in [Side::Buy, Side::Sell] {
                let expected = 100.0 + side.sign() * by;
                assert!((at(model, side, 100.0) - expected).abs() < 1e-12, "{model:?}");
            }
        }
    }

    #[test]
    fn four_times_the_quantity_has_twice_the_impact() {
        let impact = |quantity| at(SlippageModel::SquareRootImpact(0.1), Side::Buy, quantity) - 100.0;
        assert!((impact(64.0) - 2.0 * impact(16.0)).abs() < 1e-12);
    }

    #[test]
    fn no_model_leaves_the_bar() {
        assert_eq!(at(SlippageModel::HalfSpread(1e9), Side::Buy, 1.0), 110.0);
        assert_eq!(at(SlippageModel::SquareRootImpact(100.0), Side::Sell, 1e9), 90.0);
    }

    #[test]
    fn a_moved_price_is_rounded_to_a_tick_against_the_order_and_the_open_stays_what_it_was() {
        let policy =
            |half| VenuePolicy { slippage: SlippageModel::HalfSpread(half), ..VenuePolicy::default() };
        let at = |half, side, open| slipped(&policy(half), 0.5, open, side, 1.0, &Bar { open, ..BAR });
        assert_eq!(at(0.1, Side::Buy, 100.0), 100.5);
        assert_eq!(at(0.1, Side::Sell, 100.0), 99.5);
        assert_eq!(at(0.5, Side::Buy, 100.0), 100.5, "it is on a tick");
        assert_eq!(at(0.0, Side::Buy, 100.3), 100.3, "the open was printed off the tick");
        assert_eq!(at(9.8, Side::Buy, 100.0), 110.0, "the high is the end");
    }
}
