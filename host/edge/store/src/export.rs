//! Results for other programs.
//!
//! A row for every settled variant, by round and variant. What is written depends on what was asked and what came of it
//! alone: no times, no attempts, no numbers of experiments, and nothing of how far an interrupted run had come.

mod csv;
mod json;
#[cfg(feature = "parquet")]
mod parquet;
mod table;

use std::io::Write;
use std::str::FromStr;

use crate::{ExperimentId, Reader, StoreError};

/// A format of exported results.
///
/// Columns are `variant`, `iteration`, `strategy`, `run_key`, `outcome`, `fault_label`, `fault_code`, `fault_bar`,
/// `fault_message`, `interruption`, `fuel`, every metric by its name, and `param.<name>` for every parameter that a
/// strategy of the experiment has. What a row does not have is empty or null: so is the fuel of an interrupted run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A JSON object a line. Metrics and parameters are objects of their own, `metrics` and `params`.
    Jsonl,
    /// Comma-separated values with a header. Text that a spreadsheet would take for a formula, as it begins with `=`, `+`,
    /// `-` or `@`, has a `'` in front of it; numbers are as they are.
    Csv,
    /// Parquet, with typed columns.
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Format {
    /// Every format.
    #[cfg(feature = "parquet")]
    pub const ALL: &'static [Self] = &[Self::Jsonl, Self::Csv, Self::Parquet];
    /// Every format.
    #[cfg(not(feature = "parquet"))]
    pub const ALL: &'static [Self] = &[Self::Jsonl, Self::Csv];

    /// Its name, which is the ending of such files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            #[cfg(feature = "parquet")]
            Self::Parquet => "parquet",
        }
    }
}

/// Text that names no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a format of results: use one of {known}", known = known())]
pub struct UnknownFormat(pub String);

fn known() -> String {
    let names: Vec<String> = Format::ALL.iter().map(|format| format!("`{}`", format.as_str())).collect();
    names.join(", ")
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.iter().copied().find(|it| it.as_str() == text).ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

impl Reader {
    /// Writes the results of an experiment, and says how many rows these are; see [`Format`]. The same results give the
    /// same bytes.
    ///
    /// # Errors
    /// There is no such experiment, or not any more before its last row is read; the store cannot be read; `out` cannot be
    /// written. What was written then is no whole export.
    pub fn export(
        &self,
        id: ExperimentId,
        format: Format,
        out: impl Write + Send,
    ) -> Result<u64, StoreError> {
        let rows = self.rows(id)?;
        match format {
            Format::Jsonl => json::write(rows, out),
            Format::Csv => csv::write(rows, out),
            #[cfg(feature = "parquet")]
            Format::Parquet => parquet::write(rows, out),
        }
    }
}
