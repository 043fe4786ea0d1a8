//! The backtest without a sandbox: the limit that the sandbox is measured against.

use stratbox_domain::{Bar, BarSource, Columns, Recorder, VenueSummary};
use stratbox_examples::sma_cross::SmaCross;
use stratbox_sdk::{Params as _, Strategy, testing};
use stratbox_venue::Venue;

use crate::Result;
use crate::backtest::{Backtest, Figures};

pub(crate) fn run(backtest: &Backtest, figures: &mut Figures) -> Result<VenueSummary> {
    let instruments = backtest.bars.instruments();
    let params = <SmaCross as Strategy>::Params::from_values(&backtest.params)?;
    let mut strategy = SmaCross::new(params, instruments)?;
    let mut venue = Venue::new(backtest.policy.clone(), instruments.len() as u32);
    let rows = u32::try_from(backtest.bars.rows())?;
    let columns = backtest.bars.columns(0, rows);
    let mut fills = Vec::new();
    let (mut equity, mut fill) = (|value| figures.equity(&[value]), |fill| fills.push(fill));
    testing::drive(&mut strategy, &mut venue, decoded(&columns), &mut equity, &mut fill);
    fills.iter().for_each(|fill| figures.fill(fill));
    Ok(venue.summary())
}

/// Each row as a bar, out of the dataset's own memory. In one piece: chunks are for the sandbox, which gets a copy, and
/// would only slow this side down. So would a list of all bars, by a quarter, waiting for memory.
fn decoded(columns: &Columns) -> impl Iterator<Item = Bar> {
    let instruments = columns.instrument.as_chunks().0;
    let times = columns.time.as_chunks().0;
    let prices = columns.ohlcv.as_chunks().0.as_chunks().0;
    instruments.iter().zip(times).zip(prices).map(|((instrument, time), prices)| {
        let [open, high, low, close, volume] = prices.map(f64::from_le_bytes);
        let (instrument, time) = (u32::from_le_bytes(*instrument), i64::from_le_bytes(*time));
        Bar { instrument, time, open, high, low, close, volume }
    })
}
