//! Bars to trade on.

use std::io::Write;
use std::path::Path;

use stratbox_domain::Bar;
const SEED: u64 = 20;
const SECOND_NS: i64 = 1_000_000_000;
const HOUR_NS: i64 = 3_600 * SECOND_NS;
/// 2000-01-01.
const START: i64 = 946_684_800 * SECOND_NS;

/// Hourly bars of one instrument that wander at random from 100, the same every time. An hour moves the price by a
/// quarter of a percent or so, and decades leave it where a strategy still has something to trade with.
#[must_use]
pub fn hourly(count: usize) -> Vec<Bar> {
    let mut uniform = stratbox_domain::uniform(SEED);
    let mut last = 100.0;
    let hour = |hour| {
        let open = last;
        let close = open * (1.0 + 0.01 * (uniform() - 0.5));
        let high = f64::max(open, close) * (1.0 + 0.002 * uniform());
        let low = f64::min(open, close) * (1.0 - 0.002 * uniform());
        let volume = (1e6 * uniform()).floor();
        last = close;
        Bar { instrument: 0, time: START + hour * HOUR_NS, open, high, low, close, volume }
    };
    (0..).map(hour).take(count).collect()
}

/// Writes the bars of one instrument as a file that people would have.
///
/// # Errors
/// The file cannot be written.
pub fn write_csv(path: &Path, bars: &[Bar]) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    writeln!(file, "timestamp,open,high,low,close,volume")?;
    for Bar { time, open, high, low, close, volume, .. } in bars {
        writeln!(file, "{},{open},{high},{low},{close},{volume}", time / SECOND_NS)?;
    }
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use stratbox_domain::{BarSource, Instrument};
    use stratbox_market::{Dataset, Source};

    #[test]
    fn the_file_holds_the_same_bars_as_the_memory() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bars.csv");
        write_csv(&path, &hourly(1_000)).unwrap();
        let source = Source { symbol: Some("BENCH".to_owned()), ..Source::new(path) };
        let read = Dataset::open(&[source], dir.path()).unwrap();
        let symbol = |symbol: &str| vec![Instrument { symbol: symbol.to_owned() }];
        let made = Arc::new(Dataset::from_bars(symbol("BENCH"), hourly(1_000)).unwrap());
        assert_eq!(read.digest(), made.digest());
        assert_ne!(read.digest(), Dataset::from_bars(symbol("BENCH"), hourly(999)).unwrap().digest());
    }
}
