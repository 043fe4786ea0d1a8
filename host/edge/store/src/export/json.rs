//! Results as lines of JSON.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};

use serde::Serialize;
use stratbox_domain::{Params, RunKey};
use stratbox_metrics::{MetricName, Metrics};

use super::table;
use crate::{Row, Rows, StoreError};

#[derive(Serialize)]
struct Line<'a> {
    variant: u64,
    iteration: u32,
    strategy: &'a str,
    run_key: RunKey,
    outcome: &'static str,
    fault_label: Option<&'static str>,
    fault_code: Option<&'a str>,
    fault_bar: Option<u64>,
    fault_message: Option<&'a str>,
    interruption: Option<&'static str>,
    fuel: Option<u64>,
    params: &'a Params,
    metrics: Option<BTreeMap<MetricName, Value>>,
}

/// A count is a whole number.
#[derive(Serialize)]
#[serde(untagged)]
enum Value {
    Count(u64),
    Figure(Option<f64>),
}

pub(super) fn write(rows: Rows<'_>, out: impl Write) -> Result<u64, StoreError> {
    let mut out = BufWriter::with_capacity(64 << 10, out);
    let mut written = 0;
    for row in rows {
        let row = row?;
        serde_json::to_writer(&mut out, &line(&row)).map_err(|error| StoreError::Export(error.into()))?;
        out.write_all(b"\n").map_err(StoreError::Export)?;
        written += 1;
    }
    out.flush().map_err(StoreError::Export)?;
    Ok(written)
}

fn line(row: &Row) -> Line<'_> {
    let fault = table::fault(row);
    Line {
        variant: row.variant,
        iteration: row.iteration,
        strategy: &row.strategy,
        run_key: row.key,
        outcome: table::kind(row).label(),
        fault_label: fault.map(|fault| fault.label.label()),
        fault_code: fault.map(|fault| &*fault.code),
        fault_bar: fault.and_then(|fault| fault.bar),
        fault_message: fault.map(|fault| &*fault.message),
        interruption: table::interruption(row),
        fuel: table::fuel(row),
        params: &row.params,
        metrics: table::metrics(row).map(values),
    }
}

fn values(metrics: &Metrics) -> BTreeMap<MetricName, Value> {
    let value = |name| match name {
        MetricName::Trades => Value::Count(metrics.trades),
        MetricName::Signals => Value::Count(metrics.signals),
        _ => Value::Figure(metrics.get(name).value()),
    };
    MetricName::ALL.into_iter().map(|name| (name, value(name))).collect()
}
