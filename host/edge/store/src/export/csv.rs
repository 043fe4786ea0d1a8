//! Results as comma-separated values.

use std::borrow::Cow;
use std::io::Write;

use super::table::{Cell, columns};
use crate::{Rows, StoreError};

pub(super) fn write(rows: Rows<'_>, out: impl Write) -> Result<u64, StoreError> {
    let failed = |error: csv::Error| StoreError::Export(error.into());
    let columns = columns(rows.experiment());
    let mut writer = csv::WriterBuilder::new().buffer_capacity(64 << 10).from_writer(out);
    writer.write_record(columns.iter().map(|column| &column.name)).map_err(failed)?;
    let mut written = 0;
    for row in rows {
        let row = row?;
        let cells = columns.iter().map(|column| field(column.cell(&row)));
        cells.into_iter().try_for_each(|cell| writer.write_field(&*cell)).map_err(failed)?;
        writer.write_record(None::<&[u8]>).map_err(failed)?;
        written += 1;
    }
    writer.flush().map_err(StoreError::Export)?;
    Ok(written)
}

fn field(cell: Cell<'_>) -> Cow<'_, str> {
    match cell {
        Cell::Nothing => "".into(),
        Cell::Integer(value) => value.to_string().into(),
        // With an exponent where there would be many zeros.
        Cell::Number(value) => format!("{value:?}").into(),
        Cell::Boolean(value) => value.to_string().into(),
        Cell::Text(text) => defused(text),
    }
}

/// Text that no spreadsheet takes for a formula.
fn defused(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}").into() } else { text }
}
