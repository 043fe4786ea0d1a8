//! Bars to Parquet.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, Encoding, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::Result as Encoded;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnPath, Type};
use stratbox_domain::{Bar, BarSource};

use crate::DatasetView;

/// Held in memory at once: some seven megabytes.
const ROWS_PER_GROUP: usize = 128 << 10;
const NUMBERS: [&str; 5] = ["open", "high", "low", "close", "volume"];

pub(crate) fn write(view: &DatasetView, out: &mut (dyn Write + Send)) -> Encoded<u64> {
    let symbols = view.tradable() > 1;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        // Prices hardly repeat, and plain ones are read fastest; symbols do nothing else.
        .set_dictionary_enabled(false)
        .set_encoding(Encoding::PLAIN)
        .set_column_dictionary_enabled(ColumnPath::from("symbol"), true)
        // Not the library's version: the same bars give the same bytes.
        .set_created_by("stratbox".to_owned())
        .build();
    let mut writer = SerializedFileWriter::new(out, schema(symbols)?, Arc::new(properties))?;
    let mut bars = view.tradable_bars();
    let mut written = 0;
    loop {
        let group: Vec<Bar> = bars.by_ref().take(ROWS_PER_GROUP).collect();
        if group.is_empty() && written > 0 {
            break;
        }
        let mut out = writer.next_row_group()?;
        column::<Int64Type, _>(&mut out, &group, |bar| bar.time)?;
        for (index, _) in NUMBERS.iter().enumerate() {
            column::<DoubleType, _>(&mut out, &group, |bar| {
                [bar.open, bar.high, bar.low, bar.close, bar.volume][index]
            })?;
        }
        if symbols {
            let symbol =
                |bar: &Bar| ByteArray::from(view.instruments()[bar.instrument as usize].symbol.as_str());
            column::<ByteArrayType, _>(&mut out, &group, symbol)?;
        }
        out.close()?;
        written += group.len() as u64;
        if group.len() < ROWS_PER_GROUP {
            break;
        }
    }
    writer.close()?;
    Ok(written)
}

fn schema(symbols: bool) -> Encoded<Arc<Type>> {
    let field = |name: &str, physical, logical| {
        let field = Type::primitive_type_builder(name, physical).with_repetition(Repetition::REQUIRED);
        field.with_logical_type(logical).build().map(Arc::new)
    };
    let mut fields =
        vec![field("timestamp", Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::NANOS)))?];
    for name in NUMBERS {
        fields.push(field(name, Physical::DOUBLE, None)?);
    }
    if symbols {
        fields.push(field("symbol", Physical::BYTE_ARRAY, Some(LogicalType::String))?);
    }
    Type::group_type_builder("bars").with_fields(fields).build().map(Arc::new)
}

fn column<T: DataType, W: Write + Send>(
    out: &mut SerializedRowGroupWriter<'_, W>,
    bars: &[Bar],
    value: impl Fn(&Bar) -> T::T,
) -> Encoded<()> {
    if let Some(mut writer) = out.next_column()? {
        let values: Vec<T::T> = bars.iter().map(value).collect();
        writer.typed::<T>().write_batch(&values, None, None)?;
        writer.close()?;
    }
    Ok(())
}
