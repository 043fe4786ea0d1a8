//! How metrics are spread, exactly, in memory that does not grow with the rows.
//!
//! Figures are written to one file a metric. A quartile's value is then found from its highest bits down: one pass through
//! the file counts how many values there are of each pattern of the next sixteen bits.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use rusqlite::Connection;
use stratbox_domain::RunOutcome;
use stratbox_metrics::MetricName;

use crate::convert::{bytes, column};
use crate::db::Problem;
use crate::{Experiment, OutcomeKind, Spread, StoreError, outcome};

/// What is known of one metric while the rows go by.
struct Column {
    metric: MetricName,
    file: BufWriter<File>,
    count: u64,
    missing: u64,
    /// By Welford's method, in the order of the rows.
    mean: f64,
    squares: f64,
    min: f64,
    max: f64,
}

pub(super) fn aggregate(
    connection: &Connection,
    workspace: &Path,
    experiment: &Experiment,
) -> Result<Vec<Spread>, Problem> {
    let failed = |source| Problem::Store(StoreError::file(workspace, source));
    let id = experiment.head.id;
    let columns = experiment.metrics.iter().map(|metric| Column::new(metric, workspace));
    let mut columns: Vec<Column> = columns.collect::<Result<_, _>>().map_err(failed)?;
    let mut statement = connection.prepare_cached(
        "SELECT variant, outcome FROM trials WHERE experiment = ?1 AND kind = ?2 ORDER BY iteration, variant",
    )?;
    let mut rows = statement.query([id.0, OutcomeKind::Completed.number()])?;
    while let Some(row) = rows.next()? {
        match outcome::decode(OutcomeKind::Completed, bytes(row, 1)?, &experiment.metrics) {
            Ok(RunOutcome::Completed(metrics)) => {
                for column in &mut columns {
                    column.add(metrics.get(column.metric).value()).map_err(failed)?;
                }
            }
            Ok(_) => {}
            Err(error) => {
                let variant: i64 = column(row, 0)?;
                return Err(Problem::Damaged(format!("variant {variant} of experiment `{id}`: {error}")));
            }
        }
    }
    columns.into_iter().map(Column::finish).collect::<Result<_, _>>().map_err(failed)
}

impl Column {
    fn new(metric: MetricName, dir: &Path) -> io::Result<Self> {
        let file = BufWriter::new(tempfile::tempfile_in(dir)?);
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        Ok(Self { metric, file, count: 0, missing: 0, mean: 0.0, squares: 0.0, min, max })
    }

    fn add(&mut self, value: Option<f64>) -> io::Result<()> {
        let Some(value) = value else {
            self.missing += 1;
            return Ok(());
        };
        self.count += 1;
        let distance = value - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (value - self.mean);
        (self.min, self.max) = (self.min.min(value), self.max.max(value));
        self.file.write_all(&ordered(value).to_le_bytes())
    }

    fn finish(self) -> io::Result<Spread> {
        let Self { metric, file, count, missing, mean, squares, min, max } = self;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        // Sums of figures near the end of the numbers may be beyond it.
        let known = |value: f64| (count > 0 && value.is_finite()).then_some(value);
        let [lower_quartile, median, upper_quartile] = quartiles(&file, count)?;
        let std = known((squares / (count.max(2) - 1) as f64).sqrt()).filter(|_| count > 1);
        let (mean, min, max) = (known(mean), known(min), known(max));
        Ok(Spread { metric, count, missing, mean, std, min, lower_quartile, median, upper_quartile, max })
    }
}

/// The quartiles of the numbers in a file, linear between two of them.
fn quartiles(file: &File, count: u64) -> io::Result<[Option<f64>; 3]> {
    let Some(last) = count.checked_sub(1) else { return Ok([None; 3]) };
    // Quarter `n` lies at `last * n / 4` of the sorted numbers.
    let places = [1, 2, 3].map(|n| (last / 4 * n + last % 4 * n / 4, (last % 4 * n % 4) as f64 / 4.0));
    let ranks: Vec<u64> = places.iter().flat_map(|(rank, _)| [*rank, (rank + 1).min(last)]).collect();
    let values = order_statistics(file, &ranks)?;
    let between = |low: f64, high: f64, share: f64| low * (1.0 - share) + high * share;
    let of = |n: usize| Some(between(values[2 * n], values[2 * n + 1], places[n].1));
    Ok([of(0), of(1), of(2)])
}

/// The numbers that have these ranks, from 0.
fn order_statistics(mut file: &File, ranks: &[u64]) -> io::Result<Vec<f64>> {
    const BITS: u32 = 16;
    // Of each rank: the bits that are known, and the rank among the numbers that begin with them.
    let mut targets: Vec<(u64, u64)> = ranks.iter().map(|rank| (0, *rank)).collect();
    for shift in [48, 32, 16, 0] {
        let patterns = || vec![0_u64; 1 << BITS];
        let mut counts: BTreeMap<u64, Vec<u64>> =
            targets.iter().map(|(known, _)| (*known, patterns())).collect();
        file.rewind()?;
        let mut reader = BufReader::with_capacity(64 << 10, file);
        let mut bytes = [0; 8];
        while !reader.fill_buf()?.is_empty() {
            reader.read_exact(&mut bytes)?;
            let bits = u64::from_le_bytes(bytes) >> shift;
            if let Some(counts) = counts.get_mut(&(bits >> BITS)) {
                counts[(bits & 0xffff) as usize] += 1;
            }
        }
        for (known, rank) in &mut targets {
            let mut next = 0;
            for (pattern, count) in (0_u64..).zip(&counts[known]) {
                next = pattern;
                if *rank < *count {
                    break;
                }
                *rank -= count;
            }
            *known = (*known << BITS) | next;
        }
    }
    Ok(targets.into_iter().map(|(bits, _)| from_ordered(bits)).collect())
}

/// Bits that compare as the numbers do.
fn ordered(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn from_ordered(bits: u64) -> f64 {
    f64::from_bits(if bits >> 63 == 1 { bits & !(1 << 63) } else { !bits })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spread(values: &[f64]) -> Spread {
        let dir = tempfile::tempdir().unwrap();
        let mut column = Column::new(MetricName::Sharpe, dir.path()).unwrap();
        values.iter().for_each(|value| column.add(Some(*value)).unwrap());
        column.finish().unwrap()
    }

    #[test]
    fn quartiles_lie_between_values_linearly() {
        let found = spread(&[4.0, -1.0, 2.0, 1.0]);
        assert_eq!((found.min, found.max, found.mean), (Some(-1.0), Some(4.0), Some(1.5)));
        assert_eq!(
            (found.lower_quartile, found.median, found.upper_quartile),
            (Some(0.5), Some(1.5), Some(2.5))
        );
        assert!((found.std.unwrap() - 4.333_333_333_333_333_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn one_value_is_every_quartile_and_has_no_deviation() {
        let found = spread(&[3.0]);
        assert_eq!((found.lower_quartile, found.upper_quartile, found.std), (Some(3.0), Some(3.0), None));
    }

    #[test]
    fn without_values_nothing_is_known() {
        let found = spread(&[]);
        assert_eq!((found.count, found.mean, found.min, found.median), (0, None, None, None));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn order_statistics_are_those_of_the_sorted_numbers(
            mut values in prop::collection::vec(prop_oneof![-1e3..1e3, Just(0.0), Just(7.0), prop::num::f64::NORMAL], 1..60),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let mut file = tempfile::tempfile_in(dir.path()).unwrap();
            values.iter().for_each(|value| file.write_all(&ordered(*value).to_le_bytes()).unwrap());
            values.sort_by(f64::total_cmp);
            let ranks = [0, values.len() / 3, values.len() / 2, values.len() - 1];
            let found = order_statistics(&file, &ranks.map(|rank| rank as u64)).unwrap();
            prop_assert_eq!(found, ranks.map(|rank| values[rank]));
        }
    }
}
