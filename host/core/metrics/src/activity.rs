//! How much was traded and how often something was held.

use std::collections::BTreeMap;

use serde::Serialize;
use stratbox_domain::{Bar, Fill};

use crate::noise::{NOISE, finite};
use crate::periods::as_number;
use crate::series::total;
use crate::{Figure, Missing};

/// What was traded and held, one entry a time step.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Activity {
    /// Times of the steps, nanoseconds since the Unix epoch.
    pub times: Vec<i64>,
    /// Value of all fills in each step, `sum of price * quantity`.
    pub traded: Vec<f64>,
    /// Value of all positions at the end of each step, `sum of |position| * close`.
    pub gross: Vec<f64>,
}

impl Activity {
    /// Share of the steps that ended with a position.
    #[must_use]
    pub fn exposure(&self) -> Figure {
        let held = self.gross.iter().filter(|gross| **gross > 0.0).count();
        if self.gross.is_empty() {
            return Missing::NoData.into();
        }
        Figure::of(as_number(held as u64) / as_number(self.gross.len() as u64))
    }
}

/// What a run traded and held, from its fills and its bars, both in the order of time. A fill belongs to the last step whose time
/// is not after its own.
#[must_use]
pub fn activity(fills: &[Fill], bars: &[Bar]) -> Activity {
    let mut activity = Activity::default();
    let (mut positions, mut closes) = (BTreeMap::new(), BTreeMap::new());
    let mut fills = fills.iter().peekable();
    for step in bars.chunk_by(|a, b| a.time == b.time) {
        let next = bars.get(activity_end(bars, step)).map(|bar| bar.time);
        let mut traded = 0.0;
        while let Some(fill) = fills.next_if(|fill| next.is_none_or(|next| fill.time < next)) {
            traded += fill.price * fill.quantity;
            positions.insert(fill.instrument, fill.position);
        }
        closes.extend(step.iter().map(|bar| (bar.instrument, bar.close)));
        let held = positions.iter().map(|(instrument, position): (&u32, &f64)| {
            position.abs() * closes.get(instrument).copied().unwrap_or_default()
        });
        activity.times.push(step[0].time);
        activity.traded.push(traded);
        activity.gross.push(held.sum());
    }
    activity
}

/// Where the bars after `step`, a part of `bars`, begin.
fn activity_end(bars: &[Bar], step: &[Bar]) -> usize {
    bars.partition_point(|bar| bar.time <= step[0].time)
}

/// Turnover of each step: traded value over the mean of the gross value at the step's end and at the end of the step before
/// (pyfolio's `get_turnover`, denominator `AGB`); before the first step it was 0. 0 where nothing was traded, and
/// [`Missing::NothingHeld`] where something was and nothing was held.
#[must_use]
pub fn turnover(traded: &[f64], gross: &[f64]) -> Vec<Figure> {
    let before = std::iter::once(&0.0).chain(gross);
    let step =
        |((traded, gross), before): ((&f64, &f64), &f64)| ratio(*traded, (gross + before) / 2.0).into();
    traded.iter().zip(gross).zip(before).map(step).collect()
}

/// Mean turnover a step: all that was traded over the sum of the mean gross values that [`turnover`] divides by. (The mean of
/// its ratios would be spoilt by the steps in which next to nothing was held.)
#[must_use]
pub fn mean_turnover(traded: &[f64], gross: &[f64]) -> Figure {
    if traded.is_empty() {
        return Missing::NoData.into();
    }
    let before = std::iter::once(&0.0).chain(gross);
    let held = total(gross.iter().zip(before).map(|(gross, before)| (gross + before) / 2.0));
    ratio(total(traded.iter().copied()), held).into()
}

fn ratio(traded: f64, held: f64) -> Result<f64, Missing> {
    let (traded, held) = (finite(traded)?, finite(held)?);
    match () {
        () if traded == 0.0 => Ok(0.0),
        () if held <= NOISE * traded => Err(Missing::NothingHeld),
        () => finite(traded / held),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stratbox_domain::Side;

    fn bar(instrument: u32, time: i64, close: f64) -> Bar {
        Bar { instrument, time, open: close, high: close, low: close, close, volume: 1.0 }
    }

    fn fill(instrument: u32, time: i64, price: f64, quantity: f64, position: f64) -> Fill {
        Fill { order: 1, instrument, time, side: Side::Buy, price, quantity, fee: 0.0, position }
    }

    #[test]
    fn pyfolio_turnover() {
        // `test_get_turnover`: 20 days with 10 or 40 held, of which 20 are traded.
        let gross: Vec<f64> = (0..20).map(|day| if day % 2 == 0 { 40.0 } else { 10.0 }).collect();
        let values: Vec<f64> =
            turnover(&[20.0; 20], &gross).iter().map(|figure| figure.get().unwrap()).collect();
        assert_eq!(values[0], 1.0);
        assert!(values[1..].iter().all(|value| (value - 0.8).abs() < 1e-15));
        assert!(turnover(&[0.0; 20], &gross).iter().all(|figure| figure.get() == Ok(0.0)));
    }

    #[test]
    fn what_was_traded_without_being_held_has_no_turnover() {
        assert_eq!(turnover(&[5.0], &[0.0])[0].get(), Err(Missing::NothingHeld));
        assert_eq!(mean_turnover(&[5.0, 5.0], &[0.0, 0.0]).get(), Err(Missing::NothingHeld));
        assert_eq!(mean_turnover(&[0.0], &[0.0]).get(), Ok(0.0));
        assert_eq!(mean_turnover(&[], &[]).get(), Err(Missing::NoData));
        assert_eq!(mean_turnover(&[10.0, 10.0], &[10.0, 10.0]).get(), Ok(20.0 / 15.0));
    }

    #[test]
    fn fills_and_bars_become_what_was_traded_and_held() {
        let bars = [bar(0, 10, 5.0), bar(1, 10, 7.0), bar(0, 20, 6.0), bar(1, 30, 8.0)];
        let fills = [fill(0, 10, 5.0, 2.0, 2.0), fill(1, 25, 7.5, 1.0, -1.0), fill(0, 30, 6.5, 2.0, 0.0)];
        let found = activity(&fills, &bars);
        assert_eq!(found.times, [10, 20, 30]);
        assert_eq!(found.traded, [10.0, 7.5, 13.0]);
        assert_eq!(found.gross, [10.0, 12.0 + 7.0, 8.0]);
        assert_eq!(found.exposure().get(), Ok(1.0));
        assert_eq!(activity(&[], &bars).exposure().get(), Ok(0.0));
        assert_eq!(activity(&[], &[]).exposure().get(), Err(Missing::NoData));
    }
}
