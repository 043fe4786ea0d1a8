//! Results as Parquet.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::table::{Cell, Column, Kind, columns};
use crate::{Row, Rows, StoreError};

/// What is held in memory at once.
const ROWS_PER_GROUP: usize = 8 << 10;

pub(super) fn write(mut rows: Rows<'_>, out: impl Write + Send) -> Result<u64, StoreError> {
    let columns = columns(rows.experiment());
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        // Not the library's version: the same results give the same bytes.
        .set_created_by("stratbox".to_owned())
        .build();
    let schema = schema(&columns).map_err(failed)?;
    let mut writer = SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(failed)?;
    let mut written = 0;
    loop {
        let group: Vec<Row> = rows.by_ref().take(ROWS_PER_GROUP).collect::<Result<_, _>>()?;
        if group.is_empty() {
            break;
        }
        let mut out = writer.next_row_group().map_err(failed)?;
        columns.iter().try_for_each(|column| write_column(&mut out, column, &group)).map_err(failed)?;
        out.close().map_err(failed)?;
        written += group.len() as u64;
    }
    writer.close().map_err(failed)?;
    Ok(written)
}

fn failed(error: ParquetError) -> StoreError {
    StoreError::Export(match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => *source,
            Err(source) => std::io::Error::other(source),
        },
        error => std::io::Error::other(error),
    })
}

/// Every column may be null, as every row lacks something.
fn schema(columns: &[Column]) -> Result<Arc<Type>, ParquetError> {
    let field = |column: &Column| {
        let (physical, logical) = match column.kind {
            Kind::Integer => (Physical::INT64, None),
            Kind::Number => (Physical::DOUBLE, None),
            Kind::Boolean => (Physical::BOOLEAN, None),
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let field = Type::primitive_type_builder(&column.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        field.build().map(Arc::new)
    };
    let fields = columns.iter().map(field).collect::<Result<_, _>>()?;
    Type::group_type_builder("results").with_fields(fields).build().map(Arc::new)
}

fn write_column<W: Write + Send>(
    out: &mut SerializedRowGroupWriter<'_, W>,
    column: &Column,
    rows: &[Row],
) -> Result<(), ParquetError> {
    let Some(mut writer) = out.next_column()? else {
        return Err(ParquetError::General("a column has no place".to_owned()));
    };
    let cells: Vec<Cell<'_>> = rows.iter().map(|row| column.cell(row)).collect();
    let present: Vec<i16> = cells.iter().map(|cell| i16::from(*cell != Cell::Nothing)).collect();
    let present = Some(&*present);
    match writer.untyped() {
        ColumnWriter::Int64ColumnWriter(writer) => {
            let value = |cell| if let Cell::Integer(value) = cell { Some(value) } else { None };
            writer.write_batch(&cells.into_iter().filter_map(value).collect::<Vec<_>>(), present, None)?;
        }
        ColumnWriter::DoubleColumnWriter(writer) => {
            let value = |cell| if let Cell::Number(value) = cell { Some(value) } else { None };
            writer.write_batch(&cells.into_iter().filter_map(value).collect::<Vec<_>>(), present, None)?;
        }
        ColumnWriter::BoolColumnWriter(writer) => {
            let value = |cell| if let Cell::Boolean(value) = cell { Some(value) } else { None };
            writer.write_batch(&cells.into_iter().filter_map(value).collect::<Vec<_>>(), present, None)?;
        }
        ColumnWriter::ByteArrayColumnWriter(writer) => {
            let value = |cell| if let Cell::Text(text) = cell { Some(ByteArray::from(&*text)) } else { None };
            writer.write_batch(&cells.into_iter().filter_map(value).collect::<Vec<_>>(), present, None)?;
        }
        _ => {
            return Err(ParquetError::General(format!("column `{}` has a type of no use here", column.name)));
        }
    }
    writer.close()
}
