//! What the columns of a Parquet file are read as.

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::column::reader::ColumnReader;
use parquet::errors::Result as Decoded;
use parquet::file::reader::RowGroupReader;
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor};

use crate::error::{Problem, clip};
use crate::read::Layout;
use crate::rules::{Breach, Column};

/// What a time column's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    /// Moments, in units of so many nanoseconds.
    Moments(i64),
    /// What a local clock shows, in units of so many nanoseconds.
    Local(i64),
    /// Integers whose unit their magnitude tells.
    Integers,
    /// Days since 1970.
    Days,
    /// Text, in any form that text files have.
    Text,
}

/// What a number column's values are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Numbers {
    Plain,
    Unsigned,
    /// Integers, to be divided by this power of ten.
    Decimal(f64),
}

/// Which columns of the file are what.
pub(crate) struct Table {
    pub(crate) time: (usize, Times),
    /// Open, high, low, close, volume, and the adjusted close if it is used.
    pub(crate) numbers: Vec<(Column, usize, Numbers)>,
    pub(crate) symbol: Option<usize>,
    /// Whether each of the file's columns may lack values.
    optional: Vec<bool>,
}

const NUMBERS: [Column; 6] =
    [Column::Open, Column::High, Column::Low, Column::Close, Column::Volume, Column::AdjustedClose];

impl Table {
    /// What the schema's columns are read as, or the first that cannot be.
    pub(crate) fn of<'s, C>(layout: &Layout, adjusted: bool, column: C) -> Result<Self, Breach>
    where
        C: Fn(usize) -> &'s ColumnDescPtr,
    {
        if layout.position(Column::TimeOfDay).is_some() {
            let (found, expected) = ("a time of day".to_owned(), "one column with date and time");
            return Err((Column::TimeOfDay, Problem::WrongType { found, expected }));
        }
        let flat = |which: Column, position: usize| {
            let column = column(position);
            if column.max_rep_level() > 0 || column.max_def_level() > 1 {
                let (found, expected) = ("lists or groups".to_owned(), "one value a row");
                return Err((which, Problem::WrongType { found, expected }));
            }
            Ok(column)
        };
        let mut numbers = Vec::new();
        let wanted = if adjusted { &NUMBERS[..] } else { &NUMBERS[..5] };
        for &which in wanted {
            let position = layout.position(which).unwrap_or_default();
            let kind = number_kind(flat(which, position)?).map_err(|problem| (which, problem))?;
            numbers.push((which, position, kind));
        }
        let position = layout.position(Column::Time).unwrap_or_default();
        let kind = time_kind(flat(Column::Time, position)?).map_err(|problem| (Column::Time, problem))?;
        let symbol = layout.position(Column::Symbol);
        if let Some(position) = symbol
            && flat(Column::Symbol, position)?.physical_type() != Physical::BYTE_ARRAY
        {
            let problem = Problem::WrongType { found: shown(column(position)), expected: "text" };
            return Err((Column::Symbol, problem));
        }
        let optional = (0..layout.names.len()).map(|position| column(position).max_def_level() > 0).collect();
        Ok(Self { time: (position, kind), numbers, symbol, optional })
    }

    /// Readers of the columns of a row group: time, numbers, symbol.
    pub(crate) fn open(&self, group: &dyn RowGroupReader) -> Decoded<Vec<(ColumnReader, bool)>> {
        let positions = std::iter::once(self.time.0)
            .chain(self.numbers.iter().map(|(_, position, _)| *position))
            .chain(self.symbol);
        positions.map(|position| Ok((group.get_column_reader(position)?, self.optional[position]))).collect()
    }
}

fn shown(column: &ColumnDescriptor) -> String {
    match column.logical_type_ref() {
        Some(logical) => clip(&format!("{} ({logical:?})", column.physical_type())),
        None => column.physical_type().to_string(),
    }
}

fn number_kind(column: &ColumnDescriptor) -> Result<Numbers, Problem> {
    let wrong =
        || Problem::WrongType { found: shown(column), expected: "numbers (DOUBLE, FLOAT, INT64 or INT32)" };
    let scale = match (column.logical_type_ref(), column.converted_type()) {
        (Some(LogicalType::Decimal(decimal)), _) => Some(decimal.scale),
        (None, ConvertedType::DECIMAL) => Some(column.type_scale()),
        _ => None,
    };
    let unsigned = matches!(column.logical_type_ref(), Some(LogicalType::Integer(kind)) if !kind.is_signed)
        || matches!(column.converted_type(), ConvertedType::UINT_32 | ConvertedType::UINT_64);
    let named = |logical: &LogicalType| !matches!(logical, LogicalType::Decimal(_) | LogicalType::Integer(_));
    if column.logical_type_ref().is_some_and(named) {
        return Err(wrong());
    }
    match (column.physical_type(), scale) {
        (Physical::DOUBLE | Physical::FLOAT, None) => Ok(Numbers::Plain),
        (Physical::INT32 | Physical::INT64, None) if unsigned => Ok(Numbers::Unsigned),
        (Physical::INT32 | Physical::INT64, None) => Ok(Numbers::Plain),
        (Physical::INT32 | Physical::INT64, Some(scale @ 0..=18)) => Ok(Numbers::Decimal(10_f64.powi(scale))),
        _ => Err(wrong()),
    }
}

fn time_kind(column: &ColumnDescriptor) -> Result<Times, Problem> {
    let expected = "times (TIMESTAMP, DATE, INT64 since 1970, or text)";
    let wrong = || Problem::WrongType { found: shown(column), expected };
    match (column.physical_type(), column.logical_type_ref(), column.converted_type()) {
        (Physical::INT64, Some(LogicalType::Timestamp(stamp)), _) => {
            let unit = match stamp.unit {
                TimeUnit::MILLIS => 1_000_000,
                TimeUnit::MICROS => 1_000,
                TimeUnit::NANOS => 1,
            };
            Ok(if stamp.is_adjusted_to_u_t_c { Times::Moments(unit) } else { Times::Local(unit) })
        }
        (Physical::INT64, None, ConvertedType::TIMESTAMP_MILLIS) => Ok(Times::Moments(1_000_000)),
        (Physical::INT64, None, ConvertedType::TIMESTAMP_MICROS) => Ok(Times::Moments(1_000)),
        (Physical::INT64, None, ConvertedType::NONE | ConvertedType::INT_64) => Ok(Times::Integers),
        (Physical::INT64, Some(LogicalType::Integer(kind)), _) if kind.is_signed => Ok(Times::Integers),
        (Physical::INT32, Some(LogicalType::Date), _) | (Physical::INT32, None, ConvertedType::DATE) => {
            Ok(Times::Days)
        }
        (Physical::INT32, None, ConvertedType::NONE) => Ok(Times::Integers),
        (Physical::BYTE_ARRAY, Some(LogicalType::String) | None, _) => Ok(Times::Text),
        _ => Err(wrong()),
    }
}
